"""The filters of a list as its page has them: what was typed, what that means or why it means nothing, and its chips.

In the URL they are called as on the command line and in the API. A browser sends empty fields, too: those say nothing.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from notifyctl.engine.states import State
from notifyctl.errors import InvalidInput, UnknownQueue
from notifyctl.moments import read_time
from notifyctl.views.filters import Chosen, choose
from notifyctl.views.personal import masked, without_personal
from notifyctl.web.dashboard.links import url

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from starlette.datastructures import ImmutableMultiDict

    from notifyctl.app import App

__all__ = ["Asked", "read_filters"]

#: What a filter is called in a chip, before its value.
FILTERS = {
    "queue": "queue",
    "state": "",
    "template": "template",
    "provider": "provider",
    "code": "code",
    "error": "error with",
    "order": "order",
    "to": "to",
    "since": "since",
    "until": "until",
    "attempts": "attempts at least",
}
_SEVERAL = ("queue", "state")
_AS_THEY_ARE = ("template", "provider", "order", "code", "error")


@dataclass(frozen=True, slots=True)
class Asked:
    """What the filters of a page say.

    Attributes:
        values: What was typed, by filter; "" where nothing was.
        pairs: The same as the parameters of a URL, without what is empty.
        chosen: What it means; None where some of it means nothing.
        errors: Why, by filter.
        active: A chip for each filter: its words, and the pairs without it.
    """

    values: dict[str, str]
    pairs: list[tuple[str, str]]
    chosen: Chosen | None
    errors: dict[str, str]
    active: list[tuple[str, list[tuple[str, str]]]]

    def chips(self, path: str) -> list[tuple[str, str]]:
        """The chips: words, and the URL without that filter."""
        return [(words, url(path, rest)) for words, rest in self.active]


def read_filters(core: App, query: ImmutableMultiDict[str, Any], *states: State) -> Asked:
    """Return what the filters in a URL say.

    Args:
        core: Knows the queues, and the country of numbers.
        query: The URL's parameters, or a form's.
        states: Which states the page is about; then there is no filter for them.
    """
    names = [name for name in FILTERS if name != "state" or not states]
    typed = ((name, str(value).strip()) for name, value in query.multi_items() if name in names)
    pairs = list(dict.fromkeys((name, text) for name, text in typed if text))
    several = {name: [value for key, value in pairs if key == name] for name in _SEVERAL}
    single = {name: value for name, value in pairs if name not in _SEVERAL}
    errors: dict[str, str] = {}
    read: dict[str, Any] = {name: value for name, value in single.items() if name in _AS_THEY_ARE}
    for name in ("since", "until"):
        if name in single:
            with _beside(errors, name):
                read[name] = read_time(single[name])
    if "attempts" in single:
        with _beside(errors, "attempts"):
            read["attempts"] = _count(single["attempts"])
    with _beside(errors, "queue"):
        for queue in several["queue"]:
            core.inspector.known(queue)
    with _beside(errors, "state"):
        read["states"] = states or tuple(map(_state, several["state"]))
    chosen = None
    with _beside(errors, "to"):
        chosen = choose(
            read.pop("states", states), queues=several["queue"], to=single.get("to", ""),
            region=core.settings.default_region, fixed=bool(states), **read,
        )  # fmt: skip
    values = dict.fromkeys(FILTERS, "") | {name: ",".join(each) for name, each in several.items()} | single
    return Asked(values, pairs, None if errors else chosen, errors, [_chip(one, pairs) for one in pairs])


@contextmanager
def _beside(errors: dict[str, str], name: str) -> Iterator[None]:
    """Keep why a filter means nothing, for its field, and go on."""
    try:
        yield
    except (InvalidInput, UnknownQueue, ValueError) as error:
        errors[name] = without_personal(str(getattr(error, "message", error)))


def _state(text: str) -> State:
    try:
        return State(text)
    except ValueError:
        raise InvalidInput(f"expected one of {', '.join(State)}") from None


def _count(text: str) -> int:
    if not text.isdecimal() or len(text) > 6:
        raise InvalidInput("expected a number of attempts, such as 3")
    return int(text)


def _chip(one: tuple[str, str], pairs: Sequence[tuple[str, str]]) -> tuple[str, list[tuple[str, str]]]:
    name, value = one
    rest = [pair for pair in pairs if pair != one]
    shown = masked("email" if "@" in value else "whatsapp", value) if name == "to" else without_personal(value)
    return f"{FILTERS[name]} {shown}".strip(), rest
