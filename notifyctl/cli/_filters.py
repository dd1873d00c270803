"""The filters that every list and every verb over many jobs takes, and the readers of their values.

A command that is `filtered` has them all as options, and gets what they say as one argument, `chosen`.
"""

import inspect
from collections.abc import Callable
from datetime import datetime
from functools import wraps
from typing import TYPE_CHECKING, Annotated, Any

import typer

from notifyctl import moments
from notifyctl.cli._complete import queue_names, template_names
from notifyctl.engine.states import State

if TYPE_CHECKING:
    from notifyctl.views.filters import Chosen

__all__ = ["CursorOption", "filtered", "read_time"]


def read_time(text: str) -> datetime:
    """Return the moment that a text means, as `notifyctl.moments` reads it."""
    try:
        return moments.read_time(text)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None


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
    states: tuple[State, ...], *, queue: list[str] | None, state: list[State] | None = None, **texts: Any
) -> "Chosen":
    from notifyctl.settings import Settings
    from notifyctl.views.filters import choose

    region = Settings.load().default_region if texts["to"] and "@" not in texts["to"] else None
    return choose(states or tuple(state or ()), queues=queue or (), region=region, fixed=bool(states), **texts)
