"""The outbox: mails and messages that were kept here instead of being sent, as their customers would read them.

Addresses and numbers are masked until somebody who may asks to see them, which is kept in the audit log. What they then
see has a URL that holds for a few minutes, for their session alone.
"""

from __future__ import annotations

from email import message_from_bytes
from email.policy import default
from typing import TYPE_CHECKING, Final, Literal

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse
from itsdangerous import BadSignature, TimestampSigner

from notifyctl.errors import Forbidden
from notifyctl.notification import Channel
from notifyctl.views.outbox import find_entry
from notifyctl.views.personal import masked, without_personal
from notifyctl.web.context import Core
from notifyctl.web.dashboard.callers import Revealer, Visitor
from notifyctl.web.dashboard.frames import framed
from notifyctl.web.dashboard.pages import render

if TYPE_CHECKING:
    from notifyctl.providers.outbox import OutboxEntry
    from notifyctl.web.caller import Caller

__all__ = ["router"]

router = APIRouter()

_PAGE = 50
_REVEALED_S: Final = 300


@router.get("/outbox", response_class=HTMLResponse)
def outbox(
    request: Request, core: Core, caller: Visitor, channel: Literal["", "email", "whatsapp"] = "", cursor: str = ""
) -> HTMLResponse:
    """List what is in the outbox, the newest first."""
    folders = [each for each in Channel if channel in ("", each.value)]
    found = [entry for each in folders for entry in core.outbox(each).latest(_PAGE + 1, before=cursor)]
    found.sort(key=lambda entry: entry.cursor, reverse=True)
    shown = found[:_PAGE]
    return render(
        request,
        "outbox.html.j2",
        caller,
        entries=[(entry, masked(entry.channel, entry.to)) for entry in shown],
        channel=channel,
        cursor=cursor,
        next_cursor=shown[-1].cursor if len(found) > _PAGE else "",
        sandboxed=[each.value for each in Channel if core.sandboxed(each)],
    )


@router.get("/outbox/{entry_id}", response_class=HTMLResponse)
def message(request: Request, entry_id: str, core: Core, caller: Visitor) -> HTMLResponse:
    """Show a message, addresses and numbers masked."""
    entry = find_entry(core, entry_id)
    return _page(request, caller, entry, revealed=False)


@router.post("/outbox/{entry_id}", response_class=HTMLResponse)
def revealed_message(request: Request, entry_id: str, core: Core, caller: Revealer) -> HTMLResponse:
    """Show a message as it is; the audit log says who looked."""
    entry = find_entry(core, entry_id)
    core.inspector.note("revealed", f"{entry.id} in the outbox", by=caller.by)
    return _page(request, caller, entry, revealed=True)


@router.get("/outbox/{entry_id}/mail", response_class=HTMLResponse)
def mail(entry_id: str, core: Core, caller: Visitor, key: str = "") -> HTMLResponse:
    """The HTML of a mail alone, for the frame of the page that shows it; `key` is from a page that revealed it."""
    entry = find_entry(core, entry_id)
    html = _html(entry)
    if key:
        _check(caller, entry, key)
        return framed(html)
    return framed(without_personal(html))


def _page(request: Request, caller: Caller, entry: OutboxEntry, *, revealed: bool) -> HTMLResponse:
    key = _signer(caller).sign(entry.id).decode() if revealed else ""
    return render(
        request,
        "message.html.j2",
        caller,
        entry=entry,
        to=entry.to if revealed else masked(entry.channel, entry.to),
        text=entry.text if revealed else without_personal(entry.text),
        has_html=bool(_html(entry)),
        revealed=revealed,
        key=key,
    )


def _signer(caller: Caller) -> TimestampSigner:
    return TimestampSigner(caller.proof, salt="revealed")


def _check(caller: Caller, entry: OutboxEntry, key: str) -> None:
    try:
        named = _signer(caller).unsign(key, max_age=_REVEALED_S).decode()
    except BadSignature:
        named = ""
    if named != entry.id:
        raise Forbidden("this look at a message is over", hint="Go back to it, and reveal it again.")


def _html(entry: OutboxEntry) -> str:
    """The HTML of a mail; empty where there is none."""
    if entry.channel is not Channel.EMAIL:
        return ""
    body = message_from_bytes(entry.path.read_bytes(), policy=default).get_body(("html",))
    return str(body.get_content()) if body else ""
