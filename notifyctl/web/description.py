"""The API's description (OpenAPI 3.1), made from its routes and from the schema of what commands print.

It is written to `openapi.json` beside this module by `docs/generate_openapi.py`, and served from there.
"""

from __future__ import annotations

from importlib.resources import files
from typing import TYPE_CHECKING, Any

from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute, iter_route_contexts

from notifyctl.access import Permission, Role

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from fastapi import FastAPI
    from fastapi.dependencies.models import Dependant

__all__ = ["described", "needed", "routes_of", "text"]

_TAGS = {
    "intake": "Where shops hand over orders and messages.",
    "orders": "What became of the messages about an order.",
    "jobs": "Single messages, wherever they are.",
    "dead letters": "Messages that will not be tried again until somebody decides.",
    "replays": "Dead letters that workers send again, step by step.",
    "queues": "Counts, pauses and limits; live, for all workers at once.",
    "providers": "Who is asked to send, and who is left alone for now.",
    "templates": "The texts that customers read.",
    "outbox": "What was kept here instead of being sent.",
    "fleet": "Workers, the spool, and what doctor finds.",
    "acts and events": "What people did, and what happened by itself.",
    "identity": "Who the caller is.",
    "health": "Signs of life. They need no token.",
}
_ABOUT = """
Every request shows a token, but for signs of life and the deliveries of shop systems, which are signed:
`Authorization: Bearer ntf_…`. `notifyctl token create` makes one; its role says what it may do. Addresses and numbers
are masked, unless they are revealed, which is audited.

Lists come page by page: pass the `cursor` of one as a parameter to get the next. What goes wrong is answered as problem
details (RFC 9457): `code` is one word for programs, `detail` and `hint` are for people. Fields are only ever added.
"""
_PROBLEM: dict[str, Any] = {
    "type": "object",
    "description": "What is wrong, and what to do about it (RFC 9457).",
    "properties": {
        "type": {"type": "string", "format": "uri", "description": "Names the kind of problem."},
        "title": {"type": "string", "description": "The status in words."},
        "status": {"type": "integer", "description": "The HTTP status."},
        "detail": {"type": "string", "description": "What is wrong, and what was expected."},
        "hint": {"type": "string", "description": "What to do about it."},
        "code": {"type": "string", "description": "One word for programs; as commands print it."},
        "instance": {"type": "string", "description": "The path that was asked for."},
        "errors": {
            "type": "array",
            "description": "What is wrong with the input, part by part.",
            "items": {
                "type": "object",
                "properties": {
                    "pointer": {"type": "string", "description": "Where (RFC 6901)."},
                    "detail": {"type": "string"},
                },
                "required": ["pointer", "detail"],
            },
        },
    },
    "required": ["type", "title", "status", "detail"],
    "example": {
        "type": "urn:notifyctl:problem:wrong_state",
        "title": "Conflict",
        "status": 409,
        "detail": "job 3r9k2m4p8t6w1x5z is completed, not dead: it cannot be retried",
        "code": "wrong_state",
        "instance": "/api/admin/dlq/3r9k2m4p8t6w1x5z/retry",
    },
}


def text() -> str:
    """The description as it was written, for whoever asks for it."""
    return (files("notifyctl.web") / "openapi.json").read_text(encoding="utf-8")


def described(web: FastAPI, records: Mapping[str, Any], examples: Mapping[str, Any]) -> dict[str, Any]:
    """Return the description of an application.

    Args:
        web: The application.
        records: The definitions of `docs/reference/output.schema.json`.
        examples: A record of each kind, by its name there.
    """
    found = get_openapi(
        title=web.title,
        version=web.version,
        summary=web.summary,
        description=_ABOUT.strip(),
        routes=web.routes,
        tags=[{"name": name, "description": about} for name, about in _TAGS.items()],
        license_info={"name": "MIT", "identifier": "MIT"},
    )
    for route in routes_of(web):
        for method in route.methods if route.include_in_schema else ():
            operation = found["paths"][route.path_format][method.lower()]
            if permissions := needed(route.dependant):
                operation["description"] += f"\n\nFor: {', '.join(_roles(permissions))}."
                operation["x-permissions"] = [permission.value for permission in permissions]
    schemas = found.setdefault("components", {}).setdefault("schemas", {})
    for unused in ("HTTPValidationError", "ValidationError"):
        schemas.pop(unused, None)
    schemas |= {name: _moved(schema) for name, schema in records.items()}
    schemas["problem"] = _PROBLEM
    for name, example in examples.items():
        schemas[name]["example"] = example
    _prune(found)
    return found


def routes_of(web: FastAPI) -> Iterator[Any]:
    """The routes of an application, of the API and of pages; what is mounted is left out."""
    return (route for route in iter_route_contexts(web.routes) if isinstance(route.original_route, APIRoute))


def needed(dependant: Dependant) -> tuple[Permission, ...]:
    """The permissions of which a route's caller needs one; none for a route that anybody may call."""
    for one in _all(dependant):
        if permissions := getattr(one.call, "permissions", ()):
            return tuple(permissions)
    return ()


def _all(dependant: Dependant) -> Iterator[Dependant]:
    yield dependant
    for one in dependant.dependencies:
        yield from _all(one)


def _roles(permissions: tuple[Permission, ...]) -> list[str]:
    return [role.value for role in Role if any(map(role.may, permissions))]


def _moved(schema: Any) -> Any:
    """A schema whose references point to where OpenAPI keeps schemas."""
    if isinstance(schema, dict):
        return {name: _moved(part) for name, part in schema.items()}
    if isinstance(schema, list):
        return [_moved(part) for part in schema]
    return schema.replace("#/$defs/", "#/components/schemas/") if isinstance(schema, str) else schema


def _prune(found: dict[str, Any]) -> None:
    """Leave out the schemas that no route names."""
    schemas = found["components"]["schemas"]
    used: set[str] = set()
    ahead = set(_named(found["paths"]))
    while ahead:
        name = ahead.pop()
        used.add(name)
        ahead |= set(_named(schemas[name])) - used
    found["components"]["schemas"] = {name: schemas[name] for name in sorted(used)}


def _named(part: Any) -> Iterator[str]:
    if isinstance(part, dict):
        reference = part.get("$ref")
        if isinstance(reference, str):
            yield reference.rpartition("/")[2]
        for value in part.values():
            yield from _named(value)
    elif isinstance(part, list):
        for value in part:
            yield from _named(value)
