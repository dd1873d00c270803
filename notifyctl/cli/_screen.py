"""What `stats --watch` draws: queues with their rates, limits and what holds them up; who works; what happened last.

Fits itself into the window: what there is no room for is left out, and the screen says so. Looks nothing up.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from rich.console import Group
from rich.table import Table
from rich.text import Text

from notifyctl.cli._output import plain
from notifyctl.clock import from_ms
from notifyctl.views.times import duration, moment

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import timedelta

    from rich.console import Console

    from notifyctl.cli._output import Record
    from notifyctl.delivery.circuits import Circuit
    from notifyctl.engine.events import Event
    from notifyctl.engine.fleet import Worker
    from notifyctl.views.pace import Pace

__all__ = ["MOST_MINUTES", "Look", "columns", "screen", "sparkline"]

#: A sparkline shows so many minutes at most.
MOST_MINUTES = 120
BLOCKS, PLAIN_BLOCKS = "▁▂▃▄▅▆▇█", "._-=+*#@"
_STYLES = {"running": "green", "paused": "yellow", "blocked": "red", "trial": "yellow"}
_LABEL, _METER = 11, 20


@dataclass(frozen=True, slots=True)
class Look:
    """What was seen at one moment: queues as records, and by their names how fast they go and what they sent."""

    queues: Sequence[Record]
    paces: dict[str, Pace]
    sent: dict[str, list[int]]
    circuits: Sequence[Circuit]
    workers: Sequence[Worker]
    events: Sequence[Event]
    at_ms: int
    notes: Sequence[str] = field(default_factory=list)


def columns(width: int) -> int:
    """How many minutes a sparkline has room for."""
    return width - _LABEL - 24


def screen(look: Look, every: timedelta, away: str, console: Console) -> Group:
    """Return the whole screen.

    Args:
        look: What was seen last.
        every: How often it is drawn.
        away: Why nothing newer can be seen; empty: all is well.
        console: The window.
    """
    head = Table.grid(expand=True)
    head.add_column()
    head.add_column(justify="right")
    clock = from_ms(look.at_ms).astimezone().strftime("%H:%M:%S")
    head.add_row(
        Text.assemble(("notifyctl", "bold"), f"  {clock}"),
        Text(f"every {every.total_seconds():g}s, Ctrl-C ends", "dim"),
    )
    lines: list[Any] = [head]
    if away:
        lines.append(_cut(Text(f"{away}; still trying. This is how it was at {clock}:", "bold red")))
    foot = _foot(look)
    parts = [_queue(record, look, console) for record in look.queues]
    room = console.height - len(lines) - len(foot) - 2
    for place, part in enumerate(parts):
        rest = len(parts) - place
        if len(part) > room - (rest > 1):
            lines.append(Text(f"… and {rest} more: name queues, or make the window larger", "dim"))
            break
        lines += part
        room -= len(part)
    return Group(*lines, Text(""), *foot, *_events(look.events, room))


def _cut(text: Text) -> Text:
    text.no_wrap, text.overflow = True, "ellipsis"
    return text


def _queue(record: Record, look: Look, console: Console) -> list[Text]:
    """The lines of one queue, a blank one before them."""
    pace, sent = look.paces[record["queue"]], look.sent[record["queue"]]
    state, unicode = record["state"], console.encoding.lower().startswith("utf")
    name = Text.assemble((plain(record["queue"]), "bold"), "  ", (state, _STYLES.get(state, "")))
    if why := record["pause_reason"] if state == "paused" else record["blocked_reason"]:
        name.append(f"  {plain(why)}", "dim")
    counts = Text()
    for word in ("waiting", "active", "delayed", "dlq"):
        number = record[word]
        style = "red" if word == "dlq" and number else "bold" if number else "dim"
        counts.append(f"{word} ").append(f"{number:,}", style).append("   ")
    oldest = duration(record["oldest_waiting_ms"])
    counts.append("oldest waiting ").append(oldest or "none", "" if oldest else "dim")
    rates = Text.assemble(
        f"in {_rate(pace.come_per_s)}   sent {_rate(pace.per_s)}   retried {_rate(pace.retried_per_s)}   dead ",
        (_rate(pace.buried_per_s), "red" if pace.buried_per_s else ""),
        "   workers ",
        (str(record["workers"]), "" if record["workers"] else "red"),
    )
    drawn = sparkline(sent, BLOCKS if unicode else PLAIN_BLOCKS)
    lines = [Text(""), _cut(name), _labelled("", counts), _labelled("a second", rates)]
    lines.append(_labelled("sent", Text.assemble((drawn, "cyan"), (f"  most {max(sent):,} a minute", "dim"))))
    lines.append(_labelled("limit", _limit(record, pace, unicode=unicode)))
    for circuit in record["circuits"]:
        until = f", until {moment(circuit['until'])[11:]}" if circuit["until"] else ""
        lines.append(_labelled("not asked", Text(plain(f"{circuit['provider']}: {circuit['reason']}{until}"), "red")))
    return lines


def _labelled(label: str, text: Text) -> Text:
    return _cut(Text(f"  {label:<{_LABEL - 2}}", "dim").append_text(text))


def _limit(record: Record, pace: Pace, *, unicode: bool) -> Text:
    if record["rate"] == "off":
        text = Text("none", "dim")
    else:
        full, empty = ("█", "░") if unicode else ("#", ".")
        filled = round(pace.share * _METER)
        text = Text(f"{record['rate']:<9}")
        text.append(full * filled, "green").append(empty * (_METER - filled), "dim").append(f"  {pace.share:4.0%} used")
    if record["max_active"]:
        text.append(f"   {record['max_active']} at once")
    if record["rate_origin"] == "redis":
        text.append("   set by an operator", "yellow")
    return text


def _foot(look: Look) -> list[Text]:
    """What is not any one queue's."""
    workers = look.workers
    if workers:
        active, threads = sum(one.report.active for one in workers), sum(one.report.threads for one in workers)
        text = Text(f"{len(workers)} process{'' if len(workers) == 1 else 'es'}, {active} of {threads} threads busy")
        if (oldest_ms := max(one.report.oldest_ms for one in workers)) >= 1_000:
            text.append(f", the oldest job in progress for {duration(oldest_ms)}")
    else:
        text = Text("none: nobody sends anything; start one with 'notifyctl worker'", "red")
    circuits = Text(", ").join(
        Text.assemble(f"{one.provider} ", (one.state, "green" if one.kind is None else "red")) for one in look.circuits
    )
    lines = [_labelled("workers", text), _labelled("circuits", circuits)]
    if spooled := sum(record["spooled"] or 0 for record in look.queues):
        lines.append(_labelled("spool", Text(f"{spooled} more on this machine", "yellow")))
    return [*lines, *(_cut(Text(f"note: {note}", "yellow")) for note in look.notes)]


def _events(events: Sequence[Event], room: int) -> list[Text]:
    """The newest events, the last one first, where there is room for some."""
    if room < 3:
        return []
    lines = []
    for event in list(events)[::-1][: room - 1]:
        clock = from_ms(event.at_ms).astimezone().strftime("%H:%M:%S")
        about = ", ".join(f"{name} {value}" for name, value in event.fields.items() if value)
        lines.append(_cut(Text.assemble(f"  {clock:<{_LABEL - 2}}", plain(event.kind), (f"  {plain(about)}", "dim"))))
    return [Text(""), *lines] if lines else []


def _rate(per_s: float) -> str:
    return f"{per_s:.1f}" if per_s < 100 else f"{per_s:,.0f}"


def sparkline(numbers: Sequence[int], blocks: str = BLOCKS) -> str:
    """One character for each number, as high as it is; nothing at all is a blank."""
    most = max(numbers, default=0)
    return "".join(blocks[-(-number * len(blocks) // most) - 1] if number else " " for number in numbers)
