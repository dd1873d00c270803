"""The filters that every list and every verb over many jobs takes, and the readers of their values.

A command that is `filtered` has them all as options, and gets what they say as one argument, `chosen`.
"""

import inspect
import re
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from functools import wraps
from typing import TYPE_CHECKING, Annotated, Any

import typer

from notifyctl.cli._complete import queue_names, template_names
from notifyctl.engine.states import State
from notifyctl.units import parse_duration

if TYPE_CHECKING:
    from notifyctl.engine.search import JobFilter

__all__ = ["Chosen", "CursorOption", "filtered", "read_time"]

_DAYS = {"today": 0, "yesterday": 1}
_ON_A_DAY = re.compile(r"(today|yesterday)?\s*(\d{1,2}:\d\d(?::\d\d)?)?", re.IGNORECASE)


def read_time(text: str, *, now: datetime | None = None) -> datetime:
    """Return the moment that a text means.

    Args:
        text: ISO 8601; or `2h`, which is two hours ago; or `yesterday 18:00`, `today`, `18:00`, `2026-05-01`. Without
            a zone it is this machine's.
        now: The present, in tests.

    Raises:
        typer.BadParameter: It means none.
    """
    now = now or datetime.now().astimezone()
    with suppress(ValueError, OverflowError):
        return now - parse_duration(text)
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = _on_a_day(text, now)
    return moment if moment.tzinfo else moment.astimezone()


def _on_a_day(text: str, now: datetime) -> datetime:
    found = _ON_A_DAY.fullmatch(text.strip())
    if not found or not any(found.groups()):
        raise typer.BadParameter("expected a time such as 2h (ago), 'yesterday 18:00', or ISO 8601: 2026-05-01T18:00Z")
    day = now.date() - timedelta(days=_DAYS[(found[1] or "today").lower()])
    try:
        hours, minutes, seconds, *_ = *map(int, (found[2] or "0:00").split(":")), 0
        return datetime.combine(day, time(hours, minutes, seconds))
    except ValueError:
        raise typer.BadParameter(f"there is no such time of day as {found[2]}") from None


@dataclass(frozen=True, slots=True)
class Chosen:
    """What the filters of a command say.

    Attributes:
        where: Which jobs.
        queues: Of these queues; of all where there is none.
        given: Whether any filter was given.
    """

    where: "JobFilter"
    queues: tuple[str, ...]
    given: bool


_OPTIONS: dict[str, tuple[Any, Any]] = {
    "queue": (
        Annotated[
            list[str] | None,
            typer.Option(metavar="QUEUE", autocompletion=queue_names, help="Those of this queue; again for more."),
        ],
        None,
    ),
    "state": (
        Annotated[list[State] | None, typer.Option(metavar="STATE", help="Those in this state; again for more.")],
        None,
    ),
    "code": (
        Annotated[str, typer.Option(metavar="CODE", help="Those that failed with this code, reason or outcome.")],
        "",
    ),
    "error": (Annotated[str, typer.Option(metavar="TEXT", help="Those whose last error has this in it.")], ""),
    "provider": (Annotated[str, typer.Option(metavar="NAME", help="Those that this provider was asked to send.")], ""),
    "template": (
        Annotated[str, typer.Option(metavar="NAME", autocompletion=template_names, help="Those of this template.")],
        "",
    ),
    "order": (Annotated[str, typer.Option(metavar="ID", help="Those about this order.")], ""),
    "to": (Annotated[str, typer.Option(metavar="ADDRESS", help="Those to this address or number.")], ""),
    "since": (
        Annotated[
            datetime | None,
            typer.Option(metavar="TIME", parser=read_time, help="Those ended, or else queued, since: 2h, today, …"),
        ],
        None,
    ),
    "until": (
        Annotated[datetime | None, typer.Option(metavar="TIME", parser=read_time, help="The same, until.")],
        None,
    ),
    "attempts": (
        Annotated[
            int, typer.Option(min=0, metavar="N", show_default=False, help="Those with so many attempts at least.")
        ],
        0,
    ),
}

CursorOption = Annotated[str, typer.Option(metavar="CURSOR", help="Go on where an earlier list ended.")]


def filtered(*states: State) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Give a command the filters.

    Args:
        states: Which states it is about; then there is no `--state`.
    """

    def with_filters(command: Callable[..., None]) -> Callable[..., None]:
        own = inspect.signature(command).parameters
        names = [name for name in _OPTIONS if name != "state" or not states]
        shared = [
            inspect.Parameter(
                name, inspect.Parameter.KEYWORD_ONLY, annotation=_OPTIONS[name][0], default=_OPTIONS[name][1]
            )
            for name in names
        ]
        parameters = [parameter for name, parameter in own.items() if name != "chosen"]
        at = sum(parameter.kind is not inspect.Parameter.KEYWORD_ONLY for parameter in parameters)
        parameters[at:at] = shared

        @wraps(command)
        def run(**values: Any) -> None:
            said = {name: values.pop(name) for name in names}
            command(**values, chosen=_chosen(states, **said))

        run.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
        run.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
        return run

    return with_filters


def _chosen(
    states: tuple[State, ...],
    *,
    queue: list[str] | None,
    order: str,
    to: str,
    since: datetime | None,
    until: datetime | None,
    state: list[State] | None = None,
    **texts: Any,
) -> Chosen:
    from notifyctl.clock import to_ms
    from notifyctl.engine.search import JobFilter

    where = JobFilter(
        states=states or tuple(state or ()),
        order_id=order,
        recipient=_address(to) if to else "",
        since_ms=to_ms(since) if since else 0,
        until_ms=to_ms(until) if until else 0,
        **texts,
    )
    return Chosen(where, tuple(queue or ()), given=bool(queue) or where != JobFilter(states=states))


def _address(text: str) -> str:
    """Return an address as its channel writes it."""
    from notifyctl.channels.email import parse_address
    from notifyctl.channels.whatsapp import parse_number
    from notifyctl.settings import Settings

    return parse_address(text) if "@" in text else parse_number(text, Settings.load().default_region)
