"""Sending dead letters again in bulk: the dry run, and the start of what workers then carry out."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, Final

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response

from notifyctl.engine.replays import Plan
from notifyctl.engine.states import Lane
from notifyctl.errors import NotifyError
from notifyctl.units import Rate, parse_duration
from notifyctl.views.doubts import in_doubt
from notifyctl.web.context import Core
from notifyctl.web.dashboard.callers import Operator
from notifyctl.web.dashboard.jobs import job_rows
from notifyctl.web.dashboard.pages import redirect, render
from notifyctl.web.dashboard.replays import replay_url, skipped_rows
from notifyctl.web.dashboard.selection import Selection, Sent, read_selection

if TYPE_CHECKING:
    from collections.abc import Mapping

    from notifyctl.app import App
    from notifyctl.engine.jobs import Job
    from notifyctl.web.caller import Caller

__all__ = ["router"]

router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)

_FIELDS: Final = {"limit": "", "max_age": "", "rate": "", "lane": "low", "reason": "", "twice": ""}
_SAMPLE: Final = 5


class _Form:
    """What the form says: as it was typed, as it is meant, and what of it means nothing."""

    def __init__(self, sent: Mapping[str, Any]) -> None:
        self.given = {name: str(sent.get(name, own)).strip()[:200] for name, own in _FIELDS.items()}
        self.errors: dict[str, str] = {}
        self.limit = self._count("limit")
        self.max_age_ms = self._age_ms("max_age")
        self.rate = self._rate("rate")
        lane = self.given["lane"]
        self.lane = Lane[lane.upper()] if lane.upper() in Lane.__members__ else None

    def _count(self, name: str) -> int:
        text = self.given[name]
        if text and not (text.isdecimal() and 0 < int(text[:9]) <= 10_000_000):
            self.errors[name] = "expected a number of messages, such as 500"
            return 0
        return int(text or 0)

    def _age_ms(self, name: str) -> int:
        try:
            return round(parse_duration(self.given[name]).total_seconds() * 1000) if self.given[name] else 0
        except ValueError as error:
            self.errors[name] = str(error)
            return 0

    def _rate(self, name: str) -> Rate | None:
        try:
            return Rate.parse(self.given[name]) if self.given[name] else None
        except ValueError as error:
            self.errors[name] = str(error)
            return None


@router.get("/dead-letters/retry")
def dry_run(request: Request, core: Core, me: Operator) -> Response:
    """Say what would go, what would not and why; nothing is changed."""
    selection = read_selection(core, request.query_params)
    if selection.nothing:
        return redirect(selection.back, "Nothing is selected: tick the boxes before the dead letters first.", "warn")
    return _page(request, core, me, selection, _Form(request.query_params))


def _page(request: Request, core: App, me: Caller, selection: Selection, form: _Form) -> Response:
    if not selection.ids and selection.chosen is None:
        return redirect(selection.back)  # its fields say what is wrong
    plan = _plan(core, selection, form)
    return render(
        request, "retry.html.j2", me, status=422 if form.errors else 200,
        plan=plan, skipped=skipped_rows(plan.skipped), skipped_total=sum(plan.skipped.values()),
        sample=job_rows(plan.sample[:_SAMPLE]), pairs=selection.asked.pairs, ids=selection.ids, words=selection.words,
        back=selection.back, given=form.given, errors=form.errors,
    )  # fmt: skip


def _plan(core: App, selection: Selection, form: _Form) -> Plan:
    chosen = selection.chosen
    if chosen is not None:
        return core.replays.plan(chosen.where, chosen.queues, limit=form.limit, max_age_ms=form.max_age_ms)
    jobs = selection.jobs(core)
    verdicts = Counter(map(_verdict, jobs))
    will_go = [job for job in jobs if not _verdict(job)]
    skipped = {why: count for why, count in verdicts.items() if why}
    if gone := len(selection.ids) - len(jobs):
        skipped["changed"] = gone
    return Plan(len(selection.ids), len(will_go), sum(map(in_doubt, will_go)), skipped, will_go)


def _verdict(job: Job) -> str:
    """Why a dead letter is not sent again where many are; empty: it is."""
    return "accepted" if job.duplicates else "superseded" if job.superseded_at_ms else ""


@router.post("/dead-letters/retry")
def start(request: Request, core: Core, me: Operator, sent: Sent) -> Response:
    """Send them again: those that were selected at once, those that a filter finds by a replay."""
    selection, form = read_selection(core, sent), _Form(sent)
    if not selection.ids and selection.chosen is None:
        return redirect(selection.back)
    plan = _plan(core, selection, form)
    if plan.in_doubt and form.given["twice"] != "true":
        form.errors["twice"] = "Tick this, or narrow the filters so that none of these is among them."
    if form.errors:
        return _page(request, core, me, selection, form)
    if selection.chosen is None:
        return _send_each(core, me, selection, plan, form)
    replay = core.replays.start(
        selection.chosen.where, selection.chosen.queues,
        lane=form.lane, rate=form.rate, limit=form.limit, max_age_ms=form.max_age_ms,
        by=me.by, why=form.given["reason"],
    )  # fmt: skip
    return redirect(replay_url(replay.replay_id), "Started: workers carry it out, also when this page is closed.")


def _send_each(core: App, me: Caller, selection: Selection, plan: Plan, form: _Form) -> Response:
    gone = 0
    for job in plan.sample:
        try:
            core.inspector.replay(job.job_id, lane=form.lane, by=me.by, why=form.given["reason"])
        except NotifyError:  # somebody was quicker
            continue
        gone += 1
    left = len(selection.ids) - gone
    told = f"{gone:,} on the way again" + (f", {left:,} skipped" if left else "") + "."
    return redirect("/dead-letters", told, "good" if gone else "warn")
