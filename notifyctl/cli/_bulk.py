"""Verbs over many jobs: choosing them, asking first, going on past failures, and telling what came of it."""

from __future__ import annotations

import sys
import time
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

import typer

from notifyctl.cli._context import connected, operator, progress
from notifyctl.cli._errors import Code, Refused
from notifyctl.cli._output import Column, Output, say, write
from notifyctl.errors import BrokerUnavailable, JobNotFound, NotifyError, WrongState
from notifyctl.views.doubts import in_doubt, may_repeat, told, unwanted
from notifyctl.views.personal import without_personal

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Callable, Iterable, Sequence

    from notifyctl.cli._output import Record, View
    from notifyctl.engine.inspector import Inspector
    from notifyctl.engine.jobs import Job
    from notifyctl.units import Rate
    from notifyctl.views.filters import Chosen

__all__ = ["Verb", "ask", "given", "line_of", "perform"]

_SAMPLE = 3
_COLUMNS = (Column("id"), Column("result"), Column("code"), Column("message"))


@dataclass(frozen=True, slots=True)
class Verb:
    """Something that is done with jobs.

    Attributes:
        past: What was done, as in `retried`.
        question: What is to be done, before the count.
        act: Does it with one job: told its id, who asked and why.
        asks_always: Also asks before it is done with jobs that are named one by one.
        resends: It sends again: so it asks, too, where a message may have been sent already.
    """

    past: Literal["retried", "purged", "cancelled"]
    question: str
    act: Callable[[Inspector, str, str, str], Any]
    asks_always: bool = False
    resends: bool = False


@dataclass(frozen=True, slots=True)
class Selection:
    """The jobs that a verb is meant for.

    Attributes:
        ids: Their ids.
        named: They were named one by one; otherwise a filter found them.
    """

    ids: Sequence[str]
    named: bool


def read_ids(words: Sequence[str]) -> list[str]:
    """Return the ids of a command line, each once; `-` stands for those on standard input."""
    ids: dict[str, None] = {}
    for word in words:
        ids.update(dict.fromkeys(_piped() if word == "-" else [word]))
    return list(ids)


def _piped() -> list[str]:
    return sys.stdin.buffer.read().decode(errors="replace").split()


def select(inspector: Inspector, words: Sequence[str], chosen: Chosen, *, every: bool, limit: int | None) -> Selection:
    """Return the jobs that were named, or those that the filters find, the oldest first.

    Args:
        inspector: Looks them up.
        words: Ids, or `-`.
        chosen: What the filters say.
        every: Whether all are meant where there is no filter.
        limit: So many at most.

    Raises:
        UnknownQueue: There is no such queue.
        typer.BadParameter: Both or neither of the two was asked for.
    """
    if given(words, chosen, every=every, limit=limit):
        return Selection(read_ids(words), named=True)
    found = [(job.created_at_ms, job.job_id) for job in inspector.search(chosen.where, chosen.queues)]
    return Selection([job_id for _, job_id in sorted(found)[:limit]], named=False)


def given(words: Sequence[str], chosen: Chosen, *, every: bool, limit: int | None) -> bool:
    """Whether jobs are named one by one, rather than found by filters.

    Raises:
        typer.BadParameter: Both or neither of the two was asked for.
    """
    if words and (chosen.given or every or limit is not None):
        raise typer.BadParameter("give either ids or a filter, not both", param_hint="ID")
    if not (words or chosen.given or every):
        raise typer.BadParameter(
            "name the jobs, or choose them with filters such as --queue, or take --all", param_hint="ID"
        )
    return bool(words)


def perform(
    verb: Verb,
    words: Sequence[str],
    chosen: Chosen,
    view: View,
    *,
    every: bool,
    limit: int | None,
    yes: bool,
    dry_run: bool,
    reason: str,
    rate: Rate | None = None,
) -> None:
    """Choose jobs, ask where that is due, do it with each, and end the command with what came of them.

    Args:
        verb: What is to be done.
        words: Ids, or `-`.
        chosen: What the filters say.
        view: How the user wants to see it.
        every: Whether all are meant where there is no filter.
        limit: So many at most.
        yes: Don't ask.
        dry_run: Only say what would come of it.
        reason: Why; kept in the audit log.
        rate: No faster than this.

    Raises:
        Refused: The user does not agree, or cannot be asked.
        NotifyError: The one job that was named could not be done.
        typer.Exit: With the exit code, where that is not 0.
    """
    inspector = connected().inspector
    selection = select(inspector, words, chosen, every=every, limit=limit)
    if selection.ids and not dry_run and not yes:
        warning = doubtful(inspector, selection.ids) if verb.resends else []
        if verb.asks_always or not selection.named or warning:
            sample = (*described(inspector, selection.ids), *warning)
            ask(f"{verb.question}: {len(selection.ids)}", sample, yes=yes)
    if dry_run:
        run(selection, lambda job_id: inspector.would(verb.past, job_id), f"would be {verb.past}", view)
        return
    by = operator()

    def act(job_id: str) -> None:
        verb.act(inspector, job_id, by, reason)

    if selection.named and len(selection.ids) <= _SAMPLE:
        run(selection, act, verb.past, view, rate)  # each is found by its id in the audit log
        return
    said = {"queue": list(chosen.queues), **chosen.where.said()} if not selection.named else {"ids": len(selection.ids)}
    filters = {name: value for name, value in said.items() if value}
    with inspector.audit.together(verb.past, "jobs", by=by, why=reason, filters=filters) as counts:
        run(selection, act, verb.past, view, rate, counts)


def ask(question: str, sample: Iterable[str], *, yes: bool) -> None:
    """Say what would be done, and go on only if the user agrees.

    Raises:
        Refused: They don't, or nobody can be asked.
    """
    if yes:
        return
    say(question)
    for line in sample:
        say(f"  {line}")
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise Refused("nobody can be asked: this is no terminal", hint="Pass --yes to go ahead.")
    if not typer.confirm("Go ahead?", err=True):
        raise Refused("nothing was changed")


def described(inspector: Inspector, ids: Sequence[str]) -> Iterable[str]:
    """Yield a line for each of the first few jobs."""
    for job_id in ids[:_SAMPLE]:
        try:
            job = inspector.job(job_id)
        except JobNotFound:
            yield f"{job_id}  (not found)"
        else:
            yield line_of(job)
    if len(ids) > _SAMPLE:
        yield f"… and {len(ids) - _SAMPLE} more"


def line_of(job: Job) -> str:
    """A job in a line."""
    order = f", order {job.order_id}" if job.order_id else ""
    return f"{job.job_id}  {job.queue}, {job.template}{order}, {job.reason or job.state}"


def doubtful(inspector: Inspector, ids: Sequence[str]) -> list[str]:
    """Return what is to be known before jobs are sent again of which some may have been sent already."""
    held: list[Job] = []
    for job_id in ids:
        with suppress(JobNotFound):
            job = inspector.job(job_id)
            held += [job] if may_repeat(job) or unwanted(job) else []
    if len(held) == len(ids) == 1:
        return [*told(held[0]), *([unwanted(held[0])] if unwanted(held[0]) else [])]
    repeated = [job for job in held if may_repeat(job)]
    unknown, late = sum(map(in_doubt, repeated)), sum(1 for job in held if unwanted(job))
    lines = [f"of {unknown} of them nobody can say whether they were sent: they may arrive twice"] if unknown else []
    if accepted := len(repeated) - unknown:
        lines.append(f"{accepted} of them had been accepted after all: they would arrive twice")
    return [*lines, *([f"{late} of them are not wanted any more: a later event made them wrong"] if late else [])]


@dataclass(slots=True)
class _Outcome:
    """What came of a verb so far."""

    done: int = 0
    skipped: int = 0
    errors: list[NotifyError] = field(default_factory=list)
    records: list[Record] = field(default_factory=list)

    def told(self, past: str) -> str:
        """Say it, as in `retried 3120, skipped 18, failed 2`."""
        parts = [f"{past} {self.done}"]
        if self.skipped:
            parts.append(f"skipped {self.skipped} (changed meanwhile)")
        if self.errors:
            parts.append(f"failed {len(self.errors)}")
        return ", ".join(parts)

    @property
    def code(self) -> Code:
        if not self.errors:
            return Code.DONE
        if self.done or self.skipped:
            return Code.PARTIAL
        codes = {Code.of(error) for error in self.errors}
        return codes.pop() if len(codes) == 1 else Code.FAILED


def run(
    selection: Selection,
    act: Callable[[str], Any],
    past: str,
    view: View,
    rate: Rate | None = None,
    counts: Counter[str] | None = None,
) -> None:
    """Do something with each job, going on past failures, and print what came of it.

    Raises:
        NotifyError: The one job that was named could not be done.
        typer.Exit: With the exit code, where that is not 0.
    """
    outcome = _Outcome()
    start, distance_s = time.monotonic(), 0.0 if rate is None else 1 / rate.per_second
    with progress(past, len(selection.ids)) as bar:
        for done, job_id in enumerate(selection.ids, 1):
            time.sleep(max(0.0, start + (done - 1) * distance_s - time.monotonic()))
            try:
                act(job_id)
            except BrokerUnavailable:
                say(f"stopped: {outcome.told(past)}")
                raise
            except NotifyError as error:
                if selection.named and len(selection.ids) == 1:
                    raise
                _failed(outcome, job_id, error, named=selection.named)
            else:
                outcome.done += 1
                outcome.records.append({"id": job_id, "result": past})
            bar.to(done)
    if counts is not None:
        counts.update({word: n for word, n in (("skipped", outcome.skipped), ("failed", len(outcome.errors))) if n})
    _show(outcome, view, outcome.told(past))
    if outcome.code is not Code.DONE:
        raise typer.Exit(outcome.code)


def _failed(outcome: _Outcome, job_id: str, error: NotifyError, *, named: bool) -> None:
    if not named and isinstance(error, WrongState | JobNotFound):
        # a filter found it, and somebody else was faster: that is what bulk work is like
        outcome.skipped += 1
        result = "skipped"
    else:
        outcome.errors.append(error)
        result = "failed"
        say(without_personal(error.message))
    record = {"id": job_id, "result": result, "code": error.code, "message": error.message}
    outcome.records.append({key: without_personal(value) for key, value in record.items()})


def _show(outcome: _Outcome, view: View, summary: str) -> None:
    if view.output is Output.TABLE:
        write(summary + "\n")
        return
    records = [record for record in outcome.records if view.output is not Output.ID or "code" not in record]
    view.many(records, _COLUMNS)
    say(summary)
