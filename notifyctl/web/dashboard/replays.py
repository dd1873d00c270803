"""Bulk replays: all of them, and how far one is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Final
from urllib.parse import quote

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, Response

from notifyctl.errors import WrongState
from notifyctl.web.context import Core
from notifyctl.web.dashboard.callers import Operator, Visitor
from notifyctl.web.dashboard.pages import redirect, render
from notifyctl.web.dashboard.words import figure, lasting

if TYPE_CHECKING:
    from collections.abc import Mapping

    from notifyctl.engine.replay import Replay

__all__ = ["replay_url", "router", "skipped_rows"]

router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)

#: Why dead letters are not sent again.
_SKIPPED: Final = {
    "accepted": "A provider had accepted it after all",
    "superseded": "Not wanted any more: a later event of its order made it wrong",
    "too_old": "Older than was asked for",
    "changed": "Changed meanwhile: somebody was quicker",
}


def replay_url(replay_id: str) -> str:
    """The page of a replay."""
    return f"/replays/{quote(replay_id, safe='')}"


def skipped_rows(skipped: Mapping[str, int]) -> list[tuple[str, int]]:
    """What is skipped, in words, the most frequent first."""
    rows = [(_SKIPPED.get(why, why.replace("_", " ")), count) for why, count in skipped.items() if count]
    return sorted(rows, key=lambda row: -row[1])


@router.get("/replays")
def list_replays(request: Request, core: Core, me: Visitor) -> Response:
    """Show the replays of the last 30 days."""
    return render(request, "replays.html.j2", me, replays=list(map(_shown, core.replays.list())))


@router.get("/replays/{replay_id}")
def show_replay(request: Request, core: Core, me: Visitor, replay_id: str) -> Response:
    """Show how far a replay is."""
    replay = core.replays.get(replay_id)
    stalled = replay.state == "running" and not core.fleet.workers()
    return render(request, "replay.html.j2", me, one=_shown(replay), stalled=stalled)


@router.post("/replays/{replay_id}/cancel")
def cancel_replay(
    core: Core, me: Operator, replay_id: str, reason: Annotated[str, Form(max_length=200)] = ""
) -> Response:
    """Let nothing more of a replay go."""
    try:
        core.replays.cancel(replay_id, by=me.by, why=reason)
    except WrongState as error:
        return redirect(replay_url(replay_id), error.message, "bad")
    return redirect(replay_url(replay_id), "Cancelled: nothing more of it goes.")


def _shown(replay: Replay) -> dict[str, Any]:
    """A replay in the figures and words of its page."""
    skipped = sum(replay.skipped.values())
    gone = replay.replayed + skipped + replay.failed
    share = 100 if replay.state == "done" else min(99, 100 * gone // replay.total) if replay.total else 0
    return {
        "id": replay.replay_id,
        "url": replay_url(replay.replay_id),
        "state": replay.state,
        "words": replay.words,
        "why": replay.why,
        "by": replay.by,
        "share": share,
        "gone": gone,
        "total": replay.total,
        "replayed": replay.replayed,
        "skipped": skipped_rows(replay.skipped),
        "skipped_total": skipped,
        "failed": replay.failed,
        "left": replay.left,
        "rate": str(replay.rate) if replay.rate else "",
        "limit": replay.limit,
        "max_age_ms": replay.max_age_ms,
        "lane": "as each had" if replay.lane is None else replay.lane.name.lower(),
        "started_at_ms": replay.started_at_ms,
        "finished_at_ms": replay.finished_at_ms,
        "tells": _tells(replay),
    }


def _tells(replay: Replay) -> str:
    """How it goes on, or how it ended, in a sentence."""
    if replay.state == "done":
        return "Everything that was meant is dealt with."
    if replay.state == "cancelled":
        because = f" ({replay.ended_why})" if replay.ended_why else ""
        return f"{replay.ended_by or 'Somebody'} cancelled it{because}: {figure(replay.left)} stay dead."
    if not replay.counted:
        return "Workers gather what is meant."
    if replay.rate is None:
        return f"{figure(replay.left)} to go, as fast as workers are."
    until_ms = round(1000 * replay.left / replay.rate.per_second)
    return f"{figure(replay.left)} to go at {replay.rate}: about {lasting(until_ms)}."
