"""What routes that take something from shops share: the reading of a request, and the answer to it."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, Final, TypeVar, cast

from fastapi import Request
from fastapi.responses import Response
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException

from notifyctl.errors import InvalidInput
from notifyctl.reception import Handover, Repeated
from notifyctl.web.caller import Caller

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Mapping

    T = TypeVar("T")

__all__ = ["DirectRoute", "accepted", "answered", "flag", "idempotency_key", "json_body", "one_of", "shown_key"]

_KEY: Final = re.compile(r"[\x21-\x7e]{1,255}")


class DirectRoute(APIRoute):
    """A route whose endpoint is given the request and its caller: FastAPI has nothing to work out for it.

    That takes a third of the time of such a request. What its parameters are is described all the same.
    """

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Return what answers a request."""
        (caller,) = (one.call for one in self.dependant.dependencies)
        endpoint = self.endpoint

        async def handle(request: Request) -> Response:
            return cast("Response", await endpoint(request, await cast("Any", caller)(request)))

        return handle


async def json_body(request: Request) -> bytes:
    """Return a request's body, which has to say that it is JSON.

    Raises:
        HTTPException: It says that it is something else (415).
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/json" and not (kind.startswith("application/") and kind.endswith("+json")):
        raise HTTPException(415, "expected a body of type application/json")
    return await request.body()


def idempotency_key(request: Request, caller: Caller) -> str:
    """Return what tells a request from all others of all callers, where it carries a key; empty where it does not.

    Raises:
        InvalidInput: The header holds no key.
    """
    return f"{caller.token_id} {request.scope['path']} {key}" if (key := shown_key(request)) else ""


def shown_key(request: Request) -> str:
    """Return the key that a request carries, with or without the quotation marks that the draft wants around it.

    Raises:
        InvalidInput: The header holds no key.
    """
    values = request.headers.getlist("idempotency-key")
    if not values:
        return ""
    key = values[0].strip()
    if len(key) > 1 and key[0] == key[-1] == '"':
        key = key[1:-1]
    if len(values) > 1 or not _KEY.fullmatch(key):
        raise InvalidInput("Idempotency-Key must be one key of at most 255 printable characters without blanks")
    return key


def one_of(query: Mapping[str, str], name: str, known: Mapping[str, T]) -> T | None:
    """Return what a parameter of the query names; None where it is not given.

    Raises:
        InvalidInput: It names nothing that is known.
    """
    text = query.get(name)
    if text is None:
        return None
    if text not in known:
        raise InvalidInput(f"{name} must be one of {', '.join(known)}")
    return known[text]


def flag(query: Mapping[str, str], name: str) -> bool:
    """Return whether a parameter of the query is set; raises as `one_of` does."""
    return bool(one_of(query, name, {"true": True, "false": False}))


async def accepted(request: Request, handover: Handover) -> Response:
    """Hand a request over, and answer it."""
    found = await request.app.state.desk.hand_over(handover)
    if isinstance(found, Repeated):
        return answered(found.answer, 202, {"Idempotent-Replayed": "true"})
    return answered(found, 200 if handover.dry_run else 202)


def answered(record: dict[str, Any], status: int, headers: dict[str, str] | None = None) -> Response:
    """Return a record as JSON."""
    body = json.dumps(record, ensure_ascii=False, separators=(",", ":"))
    return Response(body, status, headers, media_type="application/json")
