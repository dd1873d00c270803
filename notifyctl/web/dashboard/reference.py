"""The API's description, to read: what each route does, takes and answers, made from `openapi.json`."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from notifyctl.web import description
from notifyctl.web.context import Core
from notifyctl.web.dashboard.callers import Visitor
from notifyctl.web.dashboard.pages import render

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

__all__ = ["router"]

router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)


@dataclass(frozen=True, slots=True)
class Answer:
    """What a route may answer.

    Attributes:
        status: The HTTP status.
        words: What it means.
        example: One, as JSON; empty for an answer without a body, and for one that says what is wrong.
    """

    status: int
    words: str
    example: str


@dataclass(frozen=True, slots=True)
class Operation:
    """What can be done at a path.

    Attributes:
        anchor: Its name in links.
        method, path: Where.
        summary, words: What it does, in a few words and in full.
        roles: Whose tokens may do it; empty for anybody.
        parameters: Each one's name, where it stands, and what it is.
        body: An example of what it takes, as JSON; may be empty.
        answers: What it answers.
        curl: A command to try it with.
    """

    anchor: str
    method: str
    path: str
    summary: str
    words: str
    roles: str
    parameters: list[tuple[str, str, str]]
    body: str
    answers: list[Answer]
    curl: str


@router.get("/api")
def show_reference(request: Request, core: Core, me: Visitor) -> HTMLResponse:
    """Show what the API can do."""
    del core
    return render(request, "reference.html.j2", me, groups=_groups())


@cache
def _groups() -> list[tuple[str, str, list[Operation]]]:
    """The operations by their subject, with a sentence about it."""
    api = json.loads(description.text())
    groups: dict[str, tuple[str, list[Operation]]] = {tag["name"]: (tag["description"], []) for tag in api["tags"]}
    for path, methods in api["paths"].items():
        for method, operation in methods.items():
            groups[operation["tags"][0]][1].append(_operation(api, method.upper(), path, operation))
    return [(name, about, found) for name, (about, found) in groups.items() if found]


def _operation(api: Mapping[str, Any], method: str, path: str, operation: Mapping[str, Any]) -> Operation:
    words, _, roles = _plain(operation["description"]).partition("\n\nFor: ")
    content = operation.get("requestBody", {}).get("content", {})
    body = next((_example(api, part) for part in content.values()), None)
    answers = [
        Answer(
            int(status),
            _plain(answer["description"]),
            _pretty(_answer_example(api, answer) if int(status) < 300 else None),
        )
        for status, answer in sorted(operation["responses"].items())
    ]
    parameters = [
        (one["name"], one["in"], _plain(one.get("description", ""))) for one in operation.get("parameters", ())
    ]
    curl = _curl(method, path, operation, body, needs_token=bool(roles))
    return Operation(
        operation["operationId"], method, path, operation["summary"], words, roles.rstrip("."), parameters,
        _pretty(body), answers, curl,
    )  # fmt: skip


def _plain(text: str) -> str:
    """A text without what marks code in Markdown."""
    return text.replace("`", "")


def _answer_example(api: Mapping[str, Any], answer: Mapping[str, Any]) -> Any:
    return next((_example(api, part) for part in answer.get("content", {}).values()), None)


def _example(api: Mapping[str, Any], part: Mapping[str, Any]) -> Any:
    """An example of a content: its own, or that of its schema, or of what it is a list of."""
    if "example" in part:
        return part["example"]
    if examples := part.get("examples"):
        return next(iter(examples.values())).get("value")
    return _of_schema(api, part.get("schema", {}))


def _of_schema(api: Mapping[str, Any], schema: Mapping[str, Any]) -> Any:
    if reference := schema.get("$ref"):
        schema = api["components"]["schemas"][reference.rpartition("/")[2]]
    if "example" in schema:
        return schema["example"]
    for known in ("examples", "anyOf", "oneOf"):
        if found := schema.get(known):
            return found[0] if known == "examples" else _of_schema(api, found[0])
    if "properties" in schema:
        return {name: _of_schema(api, one) for name, one in schema["properties"].items()}
    return [_of_schema(api, schema["items"])] if "items" in schema else schema.get("const")


def _curl(method: str, path: str, operation: Mapping[str, Any], body: Any, *, needs_token: bool) -> str:
    """A command to copy; `$API` is where the server is, `$TOKEN` a token."""
    for one in operation.get("parameters", ()):
        if one["in"] == "path":
            example = next(iter(_examples(one)), one["name"])
            path = path.replace("{" + one["name"] + "}", quote(str(example), safe=""))
    parts = ["curl", *(["-X", method] if method != "GET" else [])]
    parts += ["-H", '"Authorization: Bearer $TOKEN"'] if needs_token else []
    if body is not None:
        parts += ["-H", "'Content-Type: application/json'", "-d", "'" + json.dumps(body).replace("'", "'\\''") + "'"]
    return " ".join([*parts, f'"$API{path}"'])


def _examples(parameter: Mapping[str, Any]) -> Iterator[Any]:
    yield from parameter["schema"].get("examples", ())
    if "example" in parameter:
        yield parameter["example"]


def _pretty(value: Any) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False) if value is not None else ""
