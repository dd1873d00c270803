"""The filters of lists and of bulk work, as query parameters in the words of the command line."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any

from fastapi import Depends, Query
from pydantic import BeforeValidator

from notifyctl.engine.states import State
from notifyctl.moments import read_time
from notifyctl.views.filters import Chosen, choose
from notifyctl.web.context import Core

__all__ = ["DeadLetters", "Jobs", "Paging"]

_TIMES = "ISO 8601, `2h` (ago), or `yesterday 18:00`."
Moment = Annotated[datetime, BeforeValidator(lambda text: read_time(text) if isinstance(text, str) else text)]


def _texts(
    code: Annotated[str, Query(description="Those that failed with this code or reason.", max_length=200)] = "",
    error: Annotated[str, Query(description="Those whose last error has this in it.", max_length=500)] = "",
    provider: Annotated[str, Query(description="Those that this provider was asked to send.", max_length=50)] = "",
    template: Annotated[str, Query(description="Those of this template.", max_length=200)] = "",
    order: Annotated[str, Query(description="Those about this order.", max_length=200)] = "",
    to: Annotated[str, Query(description="Those to this address or number.", max_length=320)] = "",
    since: Annotated[Moment | None, Query(description=f"Those ended, or else queued, since: {_TIMES}")] = None,
    until: Annotated[Moment | None, Query(description=f"The same, until: {_TIMES}")] = None,
    attempts: Annotated[int, Query(description="Those with so many attempts at least.", ge=0, le=1_000_000)] = 0,
) -> dict[str, Any]:
    return {**locals()}


_Texts = Annotated[dict[str, Any], Depends(_texts)]
_Queues = Annotated[list[str] | None, Query(alias="queue", description="Those of this queue; again for more.")]


def _jobs(
    app: Core,
    texts: _Texts,
    queues: _Queues = None,
    states: Annotated[
        list[State] | None, Query(alias="state", description="Those in this state; again for more.")
    ] = None,
) -> Chosen:
    return choose(states or (), queues=queues or (), region=app.settings.default_region, **texts)


def _dead_letters(app: Core, texts: _Texts, queues: _Queues = None) -> Chosen:
    region = app.settings.default_region
    return choose((State.DEAD,), queues=queues or (), region=region, fixed=True, **texts)


@dataclass(frozen=True, slots=True)
class Page:
    """Which part of a list is asked for."""

    limit: int
    cursor: str


def _paging(
    limit: Annotated[int, Query(description="So many at most.", ge=1, le=500)] = 50,
    cursor: Annotated[str, Query(description="Go on where an earlier list ended.", max_length=1_000)] = "",
) -> Page:
    return Page(limit, cursor)


#: Jobs of all states.
Jobs = Annotated[Chosen, Depends(_jobs)]
#: Dead letters alone.
DeadLetters = Annotated[Chosen, Depends(_dead_letters)]
Paging = Annotated[Page, Depends(_paging)]
