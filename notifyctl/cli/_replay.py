"""Bulk replays on the terminal: what one would do, its start, and its progress."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING, Any

import typer

from notifyctl.cli._bulk import ask, line_of
from notifyctl.cli._context import connected, operator
from notifyctl.cli._errors import Code
from notifyctl.cli._output import Column, Output, say, write
from notifyctl.errors import BrokerUnavailable
from notifyctl.views.replays import came_of, plan_record, replay_record, skipped_words
from notifyctl.views.times import duration, moment

if TYPE_CHECKING:
    from collections.abc import Iterator

    from notifyctl.app import App
    from notifyctl.cli._output import View
    from notifyctl.engine.replay import Replay
    from notifyctl.engine.replays import Plan
    from notifyctl.views.filters import Chosen

__all__ = ["REPLAY_COLUMNS", "follow", "show_page", "show_replay", "start"]

_TICK_S = 0.5
#: How long nothing may happen before it is said that no worker runs.
_QUIET_S = 5.0

REPLAY_COLUMNS = (
    Column("id"),
    Column("state"),
    Column("which", width=28),
    Column("total"),
    Column("replayed", "retried"),
    Column("skipped", show=lambda skipped: str(sum(skipped.values()))),
    Column("failed"),
    Column("left"),
    Column("started_at", "started", moment),
)
_PAGE_COLUMNS = (
    *REPLAY_COLUMNS[:5],
    Column("skipped", show=skipped_words),
    *REPLAY_COLUMNS[6:8],
    Column("priority"),
    Column("rate"),
    Column("limit"),
    Column("max_age_ms", "not older than", lambda ms: duration(ms or 0)),
    Column("remaining_ms", "goes on for", lambda ms: duration(ms or 0)),
    Column("started_at", "started", moment),
    Column("finished_at", "ended", moment),
    Column("by"),
    Column("reason"),
    Column("worker"),
    Column("cancelled_by", "cancelled by"),
    Column("cancelled_reason", "cancelled for"),
)


def start(
    chosen: Chosen, view: View, *, yes: bool, dry_run: bool, reason: str, wait: bool, limit: int, **wanted: Any
) -> None:
    """Ask, start a replay of what the filters find, and follow it on a terminal.

    Args:
        chosen: What the filters say.
        view: How the user wants to see it.
        yes: Don't ask.
        dry_run: Only say what it would do.
        reason: Why; kept in the audit log.
        wait: Follow it until it is over, also without a terminal.
        limit: So many go at most; 0 = all.
        wanted: The `lane`, `rate` and `max_age_ms` of `Replays.start`.

    Raises:
        Refused: The user does not agree, or cannot be asked.
        typer.Exit: With the exit code, where that is not 0.
    """
    app = connected()
    plan = app.replays.plan(chosen.where, chosen.queues, limit=limit, max_age_ms=wanted["max_age_ms"])
    if dry_run:
        _show_plan(plan, view)
        return
    if plan.will_go:
        ask(f"dead letters to be sent again: {plan.will_go}", _about(plan), yes=yes)
    if yes and plan.in_doubt:
        say(_doubt(plan))
    replay = app.replays.start(chosen.where, chosen.queues, limit=limit, by=operator(), why=reason, **wanted)
    idle = bool(replay.left) and not app.fleet.workers()
    if idle:
        say("no worker runs: this waits until one does, started with 'notifyctl worker'")
    if replay.left and (wait or sys.stderr.isatty()):
        follow(app, replay, view, told_of_workers=idle)
        return
    show_replay(replay, view, "retried" if not replay.left else "to be retried")
    if replay.left:
        say(f"workers carry it out: 'notifyctl dlq replays {replay.replay_id} --watch' shows how far they are")


def _about(plan: Plan) -> Iterator[str]:
    yield from map(line_of, plan.sample)
    if plan.will_go > len(plan.sample):
        yield f"… and {plan.will_go - len(plan.sample)} more"
    if plan.in_doubt:
        yield _doubt(plan)
    if skipped := skipped_words(plan.skipped):
        yield f"besides, there are those to be skipped: {skipped}"


def _doubt(plan: Plan) -> str:
    return f"of {plan.in_doubt} of them nobody can say whether they were sent: they may arrive twice"


def _show_plan(plan: Plan, view: View) -> None:
    if view.output is Output.ID:
        raise typer.BadParameter("'notifyctl dlq list -o id' with the same filters prints ids", param_hint="-o")
    if view.output is not Output.TABLE:
        view.one(plan_record(plan), (Column("matching"), Column("will_go"), Column("in_doubt"), Column("skipped")))
        return
    write(came_of("would be retried", plan.will_go, plan.skipped) + "\n")
    if plan.in_doubt:
        say(_doubt(plan))


def show_replay(replay: Replay, view: View, past: str = "retried") -> None:
    """Print a replay: what came of it in a line, or as a record."""
    if view.output is not Output.TABLE:
        view.one(replay_record(replay), _PAGE_COLUMNS)
        return
    done = replay.replayed if past == "retried" else replay.left
    left = replay.left if past == "retried" else 0
    write(came_of(past, done, replay.skipped, replay.failed, left) + "\n")


def show_page(replay: Replay, view: View) -> None:
    """Print all that is known of a replay."""
    view.one(replay_record(replay), _PAGE_COLUMNS)


def follow(app: App, replay: Replay, view: View, *, told_of_workers: bool = False) -> None:
    """Show how far a replay is until it is over; whoever stops looking stops nothing, and Redis may go and come back.

    Args:
        app: The application.
        replay: The one to follow.
        view: How the user wants to see what came of it.
        told_of_workers: It was said already that no worker runs.

    Raises:
        typer.Exit: With the exit code, where that is not 0.
    """
    try:
        replay = _watched(app, replay, told_of_workers=told_of_workers)
    except KeyboardInterrupt:
        say(f"replay {replay.replay_id} goes on; 'notifyctl dlq replays {replay.replay_id} --cancel' stops it")
        return
    show_replay(replay, view)
    if replay.state == "cancelled":
        say(f"cancelled by {replay.ended_by or 'somebody'}" + (f": {replay.ended_why}" if replay.ended_why else ""))
    if replay.failed or replay.state == "cancelled":
        raise typer.Exit(Code.PARTIAL)


def _watched(app: App, replay: Replay, *, told_of_workers: bool) -> Replay:
    """The replay when it is over, its progress shown on the way if that is a terminal."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    columns = (TextColumn("{task.description}"), BarColumn(20), MofNCompleteColumn(), TextColumn("{task.fields[told]}"))
    moved_at, away = time.monotonic(), False
    with Progress(*columns, console=Console(stderr=True), transient=True, disable=not sys.stderr.isatty()) as shown:
        task = shown.add_task(f"replay {replay.replay_id}", total=replay.total, told="")
        while replay.state == "running":
            time.sleep(_TICK_S)
            try:
                now = app.replays.get(replay.replay_id)
                if now.left != replay.left:
                    moved_at = time.monotonic()
                elif not told_of_workers and time.monotonic() - moved_at > _QUIET_S and not app.fleet.workers():
                    say("no worker runs: this waits until one does")
                    told_of_workers = True
            except BrokerUnavailable as error:
                if not away:
                    say(f"{error.message}; replay {replay.replay_id} goes on once it is back: still trying")
                away = True
                continue
            away = False
            replay = now
            shown.update(task, completed=replay.total - replay.left, total=replay.total, told=_told(replay))
    return replay


def _told(replay: Replay) -> str:
    skipped = sum(replay.skipped.values())
    remaining = duration(replay.left * replay.distance_us // 1000 // 1000 * 1000)
    return " ".join([*([f"{skipped} skipped"] if skipped else []), *([f"{remaining} left"] if remaining else [])])
