"""What a message is made from, as a page shows it: hidden unless it is revealed."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from notifyctl.errors import InvalidInput
from notifyctl.notification import Channel, EmailPayload, Notification
from notifyctl.views.personal import masked

if TYPE_CHECKING:
    from collections.abc import Mapping

    from notifyctl.app import App
    from notifyctl.engine.jobs import Job

__all__ = ["Written", "payload_shown", "written"]

_HIDDEN = "•••"


def payload_shown(payload: bytes, *, reveal: bool) -> dict[str, Any] | None:
    """What a job is made from, or its names without its values; None where it is nothing that can be read.

    Args:
        payload: What is stored of it.
        reveal: With its values.
    """
    try:
        stored = json.loads(payload)
    except ValueError:
        return None
    if not isinstance(stored, dict):
        return None
    shown = {name: value for name, value in stored.items() if name != "v"}
    return shown if reveal else {name: _hidden(name, value, shown) for name, value in shown.items()}


def _hidden(name: str, value: Any, stored: Mapping[str, Any]) -> Any:
    if name in ("channel", "template", "locale", "order_id"):
        return value
    if name == "to":
        return masked(str(stored.get("channel", "")), str(value))
    return _without_values(value)


def _without_values(value: Any) -> Any:
    """The shape of a value: its names, and nothing of what they stand for."""
    if isinstance(value, dict):
        return {name: _without_values(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_without_values(inner) for inner in value]
    return _HIDDEN if value not in ("", None) else value


@dataclass(frozen=True, slots=True)
class Written:
    """What a customer reads.

    Attributes:
        subject: Of a mail; empty on other channels.
        text: The message's text.
        fault: Why there is none, where there is none.
    """

    subject: str = ""
    text: str = ""
    fault: str = ""


def written(core: App, job: Job) -> Written | None:
    """What a job's customer reads, as today's templates write it; None where it is no message of ours."""
    if job.queue not in set(Channel):
        return None
    try:
        notification = Notification.decode(job.payload)
        render = core.rendering.of(notification.channel)
        made = render(notification, job.job_id, job.created_at_ms)
    except InvalidInput as error:
        return Written(fault=error.message)
    return Written(made.subject if isinstance(made, EmailPayload) else "", made.text)
