"""Many dead letters at once: counted, sent again, given up, exported. The filters in the query say which."""

from __future__ import annotations

import json
from itertools import islice
from typing import TYPE_CHECKING, Annotated, Literal

from fastapi import APIRouter, Depends, Query, Response
from fastapi.responses import StreamingResponse
from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from notifyctl.access import Permission
from notifyctl.app import App
from notifyctl.engine.states import Lane
from notifyctl.engine.tally import By
from notifyctl.errors import InvalidInput, WrongState
from notifyctl.units import Rate, parse_duration
from notifyctl.views import versioned
from notifyctl.views.counts import count_record
from notifyctl.views.filters import Chosen
from notifyctl.views.jobs import whole_job_record
from notifyctl.views.replays import plan_record, replay_record
from notifyctl.web.answers import Described, many, one, problem, record_of, records_of
from notifyctl.web.caller import Caller, allowed
from notifyctl.web.context import Core
from notifyctl.web.filters import DeadLetters
from notifyctl.web.problems import RESPONSES
from notifyctl.web.reasons import ReasonText, Why

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["router"]

router = APIRouter(prefix="/api/admin/dlq", tags=["dead letters"], responses=RESPONSES)

Reader = Annotated[Caller, Depends(allowed(Permission.READ))]
Revealer = Annotated[Caller, Depends(allowed(Permission.REVEAL))]
Operator = Annotated[Caller, Depends(allowed(Permission.OPERATE))]

_MISSING = problem(404, "There is no such queue.")
_LINES: Described = {
    200: {
        "description": "One dead letter a line.",
        "content": {"application/x-ndjson": {"schema": {"$ref": "#/components/schemas/job_page"}}},
    }
}
_CHUNK = 100


def _rate(text: str) -> str:
    Rate.parse(text)
    return text


def _duration(text: str) -> str:
    parse_duration(text)
    return text


class Bulk(BaseModel):
    """What holds for all that is done with many at once."""

    model_config = ConfigDict(extra="forbid")

    dry_run: Annotated[bool, Field(description="Say what would be done, and do nothing.", strict=True)] = False
    all: Annotated[bool, Field(description="All of them are meant, where no filter is given.", strict=True)] = False
    limit: Annotated[int, Field(description="So many at most, the oldest first; 0: all.", ge=0, strict=True)] = 0
    reason: ReasonText = ""


class Replay(Bulk):
    """How dead letters go again."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"rate": "5/s", "max_age": "2d", "reason": "SendGrid's key was renewed"}]}
    )

    rate: Annotated[
        Annotated[str, AfterValidator(_rate)] | None,
        Field(
            description="So many at most, over all workers, such as `5/s`; null: as fast as they are.", max_length=50
        ),
    ] = None
    max_age: Annotated[
        Annotated[str, AfterValidator(_duration)] | None,
        Field(description="What was queued longer ago does not go, such as `2d`.", max_length=50),
    ] = None
    priority: Annotated[
        Literal["high", "normal", "low", "own"], Field(description="The lane that they go to; own: each its own.")
    ] = "low"
    twice: Annotated[bool, Field(description="Also if some of them may have arrived already.", strict=True)] = False


class Purge(Bulk):
    """How dead letters are given up."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"count": 18, "reason": "orders of a test"}]})

    count: Annotated[
        int | None,
        Field(
            description="How many there are, as a dry run says: if it is another number, none is.", ge=0, strict=True
        ),
    ] = None


@router.get("/stats", summary="Count dead letters", responses=records_of("count", "Counts.") | _MISSING)
def count_dead_letters(
    caller: Reader,
    app: Core,
    chosen: DeadLetters,
    by: Annotated[By, Query(description="What they are counted by.")] = By.CODE,
) -> Response:
    """Count dead letters by what they have in common, the most frequent first; hours in their order."""
    del caller
    return many(count_record(by, count) for count in app.inspector.tally(by, chosen.where, chosen.queues))


@router.post(
    "/retry",
    summary="Send many dead letters again",
    status_code=202,
    responses=record_of("replay", "It was started: workers carry it out.", 202)
    | record_of("plan", "What it would do: a dry run.")
    | _MISSING
    | problem(409, "Some of them may have arrived already: none is sent."),
)
def retry_dead_letters(caller: Operator, app: Core, chosen: DeadLetters, body: Replay | None = None) -> Response:
    """Send what the filters find on its way again, by workers, step by step.

    What was accepted meanwhile, what a later event of its order made wrong, and what is too old is skipped and counted.
    Where nobody can say of some whether they arrived, none goes but with `twice`.
    Ask `/api/admin/replays/` and its id how far it is.
    """
    wanted = body or Replay()
    _meant(chosen, wanted)
    max_age_ms = round(parse_duration(wanted.max_age).total_seconds() * 1000) if wanted.max_age else 0
    if wanted.dry_run or not wanted.twice:
        plan = app.replays.plan(chosen.where, chosen.queues, limit=wanted.limit, max_age_ms=max_age_ms)
        if wanted.dry_run:
            return one(plan_record(plan))
        if plan.in_doubt:
            hint = "Choose others, or say 'twice': true to send them all the same."
            raise WrongState(f"{plan.in_doubt} of them may arrive twice: none is sent", hint=hint)
    replay = app.replays.start(
        chosen.where,
        chosen.queues,
        lane=None if wanted.priority == "own" else Lane[wanted.priority.upper()],
        rate=Rate.parse(wanted.rate) if wanted.rate else None,
        limit=wanted.limit,
        max_age_ms=max_age_ms,
        by=caller.by,
        why=wanted.reason,
    )
    answer = one(replay_record(replay), 202)
    answer.headers["Location"] = f"/api/admin/replays/{replay.replay_id}"
    return answer


@router.post(
    "/purge",
    summary="Give many dead letters up",
    responses=record_of("purged", "How many are gone; or would be, in a dry run.")
    | _MISSING
    | problem(409, "There is another number of them than was expected: none is gone."),
)
def purge_dead_letters(caller: Operator, app: Core, chosen: DeadLetters, body: Purge) -> Response:
    """Give what the filters find up for good, if there are as many as `count` says. Try it with `dry_run` first."""
    _meant(chosen, body)
    found = sum(count.count for count in app.inspector.tally(By.QUEUE, chosen.where, chosen.queues))
    count = min(found, body.limit) if body.limit else found
    if body.dry_run:
        return one({"result": "would be purged", "count": count, "changed": 0})
    if body.count is None:
        raise InvalidInput("count is missing: how many there are", hint="A dry run says it: 'dry_run': true.")
    if count != body.count:
        raise WrongState(f"there are {count} of them, not {body.count}: none is gone", hint="Look at them again.")
    if count == 0:
        return one({"result": "purged", "count": 0, "changed": 0})
    # what has died since was not seen by whoever agreed
    purged = app.inspector.purge(chosen.where, chosen.queues, limit=count, by=caller.by, why=body.reason)
    return one({"result": "purged", "count": purged.purged, "changed": purged.changed})


@router.get("/export", summary="Export dead letters", response_class=StreamingResponse, responses=_LINES | _MISSING)
def export_dead_letters(caller: Reader, app: Core, chosen: DeadLetters) -> StreamingResponse:
    """Export what the filters find as JSON lines, addresses masked; however many there are."""
    del caller
    return _exported(app, chosen, reveal=False)


@router.post(
    "/export",
    summary="Export dead letters with their addresses",
    response_class=StreamingResponse,
    responses=_LINES | _MISSING,
)
def export_dead_letters_revealed(caller: Revealer, app: Core, chosen: DeadLetters, why: Why) -> StreamingResponse:
    """Export the same with addresses and variables. The audit log keeps who did."""
    app.inspector.all_of(chosen.queues)
    app.inspector.note("revealed", "dead letters, exported", by=caller.by, why=why)
    return _exported(app, chosen, reveal=True)


def _exported(app: App, chosen: Chosen, *, reveal: bool) -> StreamingResponse:
    jobs = app.inspector.search(chosen.where, app.inspector.all_of(chosen.queues))

    def lines() -> Iterator[str]:
        while page := list(islice(jobs, _CHUNK)):
            records = (versioned(whole_job_record(job, reveal=reveal)) for job in page)
            yield "".join(json.dumps(record, ensure_ascii=False) + "\n" for record in records)

    return StreamingResponse(lines(), media_type="application/x-ndjson")


def _meant(chosen: Chosen, body: Bulk) -> None:
    """See to it that somebody said which dead letters they mean.

    Raises:
        InvalidInput: Nobody did.
    """
    if not (chosen.given or body.all):
        raise InvalidInput(
            "no filter is given", hint="Choose them by query parameters such as queue, or say 'all': true."
        )
