"""Bulk replays as records, and what came of them in words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from notifyctl.views.jobs import job_record
from notifyctl.views.times import iso

if TYPE_CHECKING:
    from collections.abc import Mapping

    from notifyctl.engine.replay import Replay
    from notifyctl.engine.replays import Plan

__all__ = ["SKIPPED", "came_of", "plan_record", "replay_record", "skipped_words"]

#: Why a dead letter does not go again, in words.
SKIPPED: Final = {
    "accepted": "already accepted",
    "superseded": "not wanted any more",
    "too_old": "too old",
    "changed": "changed meanwhile",
}

_SAMPLE = ("id", "queue", "template", "order", "to", "reason", "last_code")


def replay_record(replay: Replay) -> dict[str, Any]:
    """A bulk replay as a record."""
    where = replay.where
    return {
        "id": replay.replay_id,
        "state": replay.state,
        "which": replay.words,
        "queues": list(replay.queues),
        "filter": {
            "code": where.code,
            "error": where.error,
            "provider": where.provider,
            "template": where.template,
            "order": where.order_id,
            "to_one_address": replay.to_one,
            "since": iso(where.since_ms),
            "until": iso(where.until_ms),
            "attempts": where.attempts,
        },
        "priority": None if replay.lane is None else replay.lane.name.lower(),
        "rate": None if replay.rate is None else str(replay.rate),
        "limit": replay.limit or None,
        "max_age_ms": replay.max_age_ms or None,
        "counted": replay.counted,
        "total": replay.total,
        "replayed": replay.replayed,
        "skipped": _all(replay.skipped),
        "failed": replay.failed,
        "left": replay.left,
        "remaining_ms": replay.left * replay.distance_us // 1000 if replay.state == "running" else 0,
        "started_at": iso(replay.started_at_ms),
        "finished_at": iso(replay.finished_at_ms),
        "by": replay.by,
        "reason": replay.why,
        "worker": replay.led_by,
        "cancelled_by": replay.ended_by,
        "cancelled_reason": replay.ended_why,
    }


def plan_record(plan: Plan) -> dict[str, Any]:
    """What a bulk replay would do, as a record; nothing personal in it is shown."""
    return {
        "matching": plan.matching,
        "will_go": plan.will_go,
        "in_doubt": plan.in_doubt,
        "skipped": _all(plan.skipped),
        "sample": [{part: value for part, value in job_record(job).items() if part in _SAMPLE} for job in plan.sample],
    }


def came_of(past: str, done: int, skipped: Mapping[str, int], failed: int = 0, left: int = 0) -> str:
    """Say what came of it, as in `retried 3120, skipped 18 (already accepted), failed 2`.

    Args:
        past: What was done, as in `retried`.
        done: With how many.
        skipped: How many were not, by why.
        failed: With how many it could not be done.
        left: How many are left as they were.
    """
    told = [f"{past} {done}"]
    told += [f"skipped {words}"] if (words := skipped_words(skipped)) else []
    told += [f"failed {failed}"] if failed else []
    return ", ".join([*told, *([f"left {left}"] if left else [])])


def skipped_words(skipped: Mapping[str, int]) -> str:
    """Say how many do not go, and why: `18 (already accepted)`; nothing where there are none."""
    reasons = {SKIPPED.get(why, why): count for why, count in _all(skipped).items() if count}
    if len(reasons) < 2:
        return "".join(f"{count} ({why})" for why, count in reasons.items())
    each = ", ".join(f"{count} {why}" for why, count in reasons.items())
    return f"{sum(reasons.values())} ({each})"


def _all(skipped: Mapping[str, int]) -> dict[str, int]:
    return dict.fromkeys(SKIPPED, 0) | dict(skipped)
