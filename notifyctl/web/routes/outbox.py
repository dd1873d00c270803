"""The outbox: messages that were kept here instead of being sent."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Path, Query, Response

from notifyctl.access import Permission
from notifyctl.views.outbox import entries, entry_record, find_entry, whole_entry_record
from notifyctl.web.answers import many, one, problem, record_of, records_of
from notifyctl.web.caller import Caller, allowed
from notifyctl.web.context import Core
from notifyctl.web.problems import RESPONSES
from notifyctl.web.reasons import Why

__all__ = ["router"]

router = APIRouter(prefix="/api/admin/outbox", tags=["outbox"], responses=RESPONSES)

Reader = Annotated[Caller, Depends(allowed(Permission.READ))]
Revealer = Annotated[Caller, Depends(allowed(Permission.REVEAL))]
MessageId = Annotated[str, Path(description="The message's id.", examples=["3r9k2m4p8t6w1x5z"], max_length=200)]

_MESSAGE = record_of("entry_page", "The message.")
_MISSING = problem(404, "There is no such message in the outbox.")


@router.get("", summary="List the outbox", responses=records_of("entry", "Messages, the newest last."))
def list_outbox(
    caller: Reader,
    app: Core,
    channel: Annotated[Literal["email", "whatsapp"] | None, Query(description="Of this channel alone.")] = None,
    limit: Annotated[int, Query(description="So many of the newest at most.", ge=1, le=500)] = 50,
) -> Response:
    """List the messages in the outbox, the newest last."""
    del caller
    return many(map(entry_record, entries(app, channel, limit=limit)))


@router.get("/{message_id}", summary="Show a message of the outbox", responses=_MESSAGE | _MISSING)
def show_outbox_message(caller: Reader, app: Core, message_id: MessageId) -> Response:
    """Show a message as its customer would read it, addresses and numbers masked."""
    del caller
    return one(whole_entry_record(find_entry(app, message_id)))


@router.post("/{message_id}/reveal", summary="Show a message of the outbox as it is", responses=_MESSAGE | _MISSING)
def reveal_outbox_message(caller: Revealer, app: Core, message_id: MessageId, why: Why) -> Response:
    """Show a message as it is. The audit log keeps who looked."""
    entry = find_entry(app, message_id)
    app.inspector.note("revealed", f"{entry.id} in the outbox", by=caller.by, why=why)
    return one(whole_entry_record(entry, reveal=True))
