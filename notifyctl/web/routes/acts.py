"""What people did, and what happened by itself: the audit log, and the events, also as they come."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated, Any, cast

import anyio
from anyio import CapacityLimiter, to_thread
from fastapi import APIRouter, Depends, Header, Query, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import StreamingResponse

from notifyctl.access import Permission
from notifyctl.app import App
from notifyctl.clock import to_ms
from notifyctl.engine.events import Event
from notifyctl.errors import BrokerUnavailable, Unauthorized
from notifyctl.views import versioned
from notifyctl.views.acts import audit_record, event_record
from notifyctl.web.answers import Described, many, page_of
from notifyctl.web.caller import Caller, allowed
from notifyctl.web.context import Core
from notifyctl.web.filters import Moment, Paging
from notifyctl.web.problems import RESPONSES

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

__all__ = ["router"]

router = APIRouter(prefix="/api/admin", tags=["acts and events"], responses=RESPONSES)

Reader = Annotated[Caller, Depends(allowed(Permission.READ))]

_EVENT_ID = r"^\d{1,19}-\d{1,19}$"
_EVERY_S = 1.0
_THREADS = 4
#: So often a quiet stream says that it is still there.
_SIGN_OF_LIFE_S = 15
_STREAM: Described = {
    200: {
        "description": "Events as they come; `id` is an event's place, `data` its record.",
        "content": {
            "text/event-stream": {
                "schema": {"type": "string"},
                "example": 'id: 1793534400000-0\nevent: circuit_opened\ndata: {"kind": "circuit_opened", …}\n\n',
            }
        },
    }
}


@router.get("/audit", summary="List what people did", responses=page_of("act", "Entries of the audit log."))
def list_audit(
    caller: Reader,
    app: Core,
    paging: Paging,
    verb: Annotated[str, Query(description="Only this, such as `purged`.", max_length=100)] = "",
    what: Annotated[str, Query(description="Only to this job, queue, provider or token.", max_length=200)] = "",
    by: Annotated[str, Query(description="Only by whom this is a part of the name of.", max_length=200)] = "",
    since: Annotated[Moment | None, Query(description="Only since: ISO 8601, `2h` (ago), `yesterday 18:00`.")] = None,
    until: Annotated[Moment | None, Query(description="Only until: the same.")] = None,
) -> Response:
    """List who changed what, and who looked at an address, the newest first."""
    del caller
    page = app.audit.entries(
        paging.limit,
        cursor=paging.cursor,
        verb=verb,
        what=what,
        by=by,
        since_ms=to_ms(since) if since else 0,
        until_ms=to_ms(until) if until else 0,
    )
    return many(map(audit_record, page.entries), page.cursor)


@router.get("/events", summary="List what happened by itself", responses=page_of("event", "Events, the oldest first."))
def list_events(
    caller: Reader,
    app: Core,
    limit: Annotated[int, Query(description="So many at most.", ge=1, le=500)] = 50,
    cursor: Annotated[
        str | None, Query(description="Those after this event; without it, the newest ones.", pattern=_EVENT_ID)
    ] = None,
) -> Response:
    """List the newest events, or those after one: circuits, workers, queues. The `cursor` of a page goes on from it."""
    del caller
    found = app.events.entries(cursor, limit) if cursor else app.events.last(limit)
    return many(map(event_record, found), found[-1].event_id if found else cursor or "")


@router.get(
    "/events/stream", summary="Follow what happens by itself", response_class=StreamingResponse, responses=_STREAM
)
async def follow_events(
    caller: Reader,
    request: Request,
    app: Core,
    last: Annotated[
        str | None, Header(alias="Last-Event-ID", description="Go on after this event.", pattern=_EVENT_ID)
    ] = None,
) -> StreamingResponse:
    """Tell of each event as it comes (server-sent events), until the caller leaves.

    While Redis is away, the stream waits for it, and leaves nothing out. It ends with the token.
    """
    after = await _place(app) if last is None else last
    return StreamingResponse(_told(request, app, caller, after), media_type="text/event-stream")


async def _place(app: App) -> str:
    """Where a caller begins who has seen nothing yet: behind the newest event."""
    return await run_in_threadpool(app.events.newest_id)


async def _told(request: Request, app: App, caller: Caller, after: str) -> AsyncIterator[str]:
    threads = _threads(request.app.state)
    yield "retry: 3000\n\n"
    quiet_s = 0.0
    while not getattr(request.app.state, "closing", False):
        try:
            # not waited for in Redis: that would keep a thread for each stream
            found = await to_thread.run_sync(_news, app, caller, after, limiter=threads)
        except Unauthorized:
            return
        except BrokerUnavailable as error:
            yield f": {error.message}\n\n"
            found = []
        for event in found:
            after, quiet_s = event.event_id, 0.0
            yield _line(event)
        await anyio.sleep(_EVERY_S)
        quiet_s += _EVERY_S
        if quiet_s >= _SIGN_OF_LIFE_S:
            quiet_s = 0.0
            yield ": nothing happened\n\n"


def _threads(state: Any) -> CapacityLimiter:
    """The few threads of all streams: where Redis hangs, theirs do, and all other requests have their own."""
    if not hasattr(state, "stream_threads"):
        state.stream_threads = CapacityLimiter(_THREADS)
    return cast("CapacityLimiter", state.stream_threads)


def _news(app: App, caller: Caller, after: str) -> list[Event]:
    """What has happened since; raises `Unauthorized` where the caller's token has ended meanwhile."""
    app.tokens.still(caller.token_id)
    return app.events.entries(after)


def _line(event: Event) -> str:
    data = json.dumps(versioned(event_record(event)), ensure_ascii=False)
    return f"id: {event.event_id}\nevent: {event.kind}\ndata: {data}\n\n"
