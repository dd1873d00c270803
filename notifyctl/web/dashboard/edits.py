"""Mending what a dead letter is made from: a form over it, checked before it is kept."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response

from notifyctl.access import Permission
from notifyctl.engine.states import State
from notifyctl.errors import Forbidden, InvalidInput, InvalidRecipient, NotifyError, WrongState
from notifyctl.notification import Channel, Notification, Recipient
from notifyctl.views.doubts import may_repeat
from notifyctl.web.context import Core
from notifyctl.web.dashboard.callers import Repairer
from notifyctl.web.dashboard.links import job_url
from notifyctl.web.dashboard.pages import redirect, render
from notifyctl.web.dashboard.selection import Sent

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from notifyctl.app import App
    from notifyctl.engine.jobs import Job
    from notifyctl.web.caller import Caller

__all__ = ["router"]

router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)

_FIELDS: Final = ("to", "name", "template", "locale", "data", "reason", "seen")


class _Unusable(Exception):
    """A field cannot be used.

    Args:
        field: Which one.
        why: Why not, and what was expected.
    """

    def __init__(self, field: str, why: str) -> None:
        super().__init__(why)
        self.field = field
        self.why = why


@router.post("/jobs/{job_id}/edit")
def edit_job(request: Request, core: Core, me: Repairer, job_id: str, sent: Sent) -> Response:
    """Show the form, which is a look at what is personal; or keep what it says, where a message can be made of it."""
    if not me.may(Permission.REVEAL):
        raise Forbidden("this shows what is personal", hint="It takes a token of role support or operator.")
    job = core.inspector.job(job_id)
    if job.state is not State.DEAD:
        return redirect(job_url(job_id), f"This message is {job.state}, not dead: it cannot be edited.", "bad")
    original = Notification.decode(job.payload)
    if not sent.get("save"):
        core.inspector.note("revealed", job.job_id, by=me.by)
        return _page(request, core, me, job, _told(job, original), {})
    given = {name: str(sent.get(name, "")) for name in _FIELDS}
    if given["seen"] != _mark(job):
        told = "Nothing was changed: somebody else edited this message meanwhile. Look at it, and begin anew."
        return redirect(job_url(job_id), told, "bad")
    try:
        changed = _checked(core, original, given)
    except _Unusable as fault:
        return _page(request, core, me, job, given, {fault.field: fault.why})
    return _keep(core, me, job, changed, given["reason"][:200], then=str(sent.get("then", "")))


def _mark(job: Job) -> str:
    """What tells the content that was looked at from any other."""
    return hashlib.sha256(job.payload).hexdigest()


def _told(job: Job, notification: Notification) -> dict[str, str]:
    data = json.dumps(dict(notification.data), indent=2, ensure_ascii=False)
    return {
        "to": notification.to.address,
        "name": notification.to.name,
        "template": notification.template,
        "locale": notification.locale,
        "data": data,
        "reason": "",
        "seen": _mark(job),
    }


def _page(request: Request, core: App, me: Caller, job: Job, given: dict[str, str], errors: dict[str, str]) -> Response:
    names = _templates(core, job.queue)
    templates = names if given["template"] in names else [given["template"], *names]
    return render(
        request, "edit.html.j2", me, status=422 if errors else 200,
        job=job, url=job_url(job.job_id), given=given, errors=errors, templates=templates,
    )  # fmt: skip


def _templates(core: App, channel: str) -> list[str]:
    return core.catalog.email_names() if channel == Channel.EMAIL else core.catalog.whatsapp_names()


def _checked(core: App, original: Notification, given: Mapping[str, str]) -> Notification:
    """Return what the form says, as it can be sent.

    Raises:
        _Unusable: A field of it cannot be used.
    """
    try:
        data: Any = json.loads(given["data"])
    except json.JSONDecodeError as error:
        raise _Unusable("data", f"This is no JSON: see line {error.lineno}, column {error.colno}.") from None
    except (ValueError, RecursionError):
        raise _Unusable(
            "data", "This JSON cannot be read: a number in it is too long, or it is nested too deep."
        ) from None
    if not isinstance(data, dict):
        raise _Unusable("data", 'Expected an object of variables, such as {"note": "…"}.')
    if given["template"].strip() not in _templates(core, original.channel):
        raise _Unusable("template", "There is no such template.")
    if not given["name"].strip().isprintable():
        raise _Unusable("name", "A name holds no line breaks or control characters.")
    changed = replace(
        original,
        to=Recipient(given["to"].strip(), given["name"].strip()),
        template=given["template"].strip(),
        locale=given["locale"].strip() or original.locale,
        data=data,
    )
    try:
        checked = core.rendering.checked(changed)
        checked.encode()
    except InvalidRecipient as error:
        raise _Unusable("to", _sentence(error)) from None
    except InvalidInput as error:
        raise _Unusable("data", _sentence(error)) from None
    return checked


def _sentence(error: NotifyError) -> str:
    """What is wrong, as it is: who reads it has typed it, and sees it in the form."""
    return f"{error.message[:1].upper()}{error.message[1:]}. {error.hint}".strip()


def _keep(core: App, me: Caller, job: Job, changed: Notification, reason: str, *, then: str) -> Response:
    url = job_url(job.job_id)
    try:
        core.inspector.edit(
            job.job_id, changed.encode(), before=job.payload, template=changed.template,
            address=changed.to.address, by=me.by, why=reason,
        )  # fmt: skip
        if then != "retry":
            return redirect(url, "Changed. It stays dead until somebody sends it again.")
        if may_repeat(job):
            return redirect(url, "Changed, and not sent yet: it may have arrived already. Send it again below.", "warn")
        core.inspector.replay(job.job_id, by=me.by, why=reason)
    except WrongState as error:
        return redirect(url, error.message, "bad")
    return redirect(url, "Changed, and on its way again.")
