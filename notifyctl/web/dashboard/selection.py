"""Which dead letters a bulk action is meant for: some that were selected, or all that the filters find."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import Depends, Request
from starlette.datastructures import FormData

from notifyctl.engine.states import State
from notifyctl.engine.tally import By
from notifyctl.errors import JobNotFound
from notifyctl.views.filters import Chosen
from notifyctl.web.dashboard.filters import Asked, read_filters
from notifyctl.web.dashboard.links import url

if TYPE_CHECKING:
    from starlette.datastructures import ImmutableMultiDict

    from notifyctl.app import App
    from notifyctl.engine.jobs import Job

__all__ = ["Selection", "Sent", "read_selection", "selected_ids"]

#: So many can be selected one by one: what fits into a URL.
_MOST = 200


async def _form(request: Request) -> FormData:
    return await request.form()


#: What a form sent.
Sent = Annotated[FormData, Depends(_form)]


@dataclass(frozen=True, slots=True)
class Selection:
    """The dead letters that are meant.

    Attributes:
        ids: Those that were selected; empty where the filters say which.
        asked: What the filters say.
        nothing: It was to be selected, and nothing was.
    """

    ids: list[str]
    asked: Asked
    nothing: bool

    @property
    def chosen(self) -> Chosen | None:
        """What the filters mean, where they are what counts."""
        return None if self.ids else self.asked.chosen

    @property
    def back(self) -> str:
        """The list that it was chosen from."""
        return url("/dead-letters", self.asked.pairs)

    @property
    def words(self) -> str:
        """Which ones, in a few words."""
        if self.ids:
            return "the one that you selected" if len(self.ids) == 1 else f"the {len(self.ids)} that you selected"
        return ", ".join(words for words, _ in self.asked.active) or "all dead letters, without a filter"

    def jobs(self, core: App) -> list[Job]:
        """Those that were selected and are dead still."""
        found = []
        for job_id in self.ids:
            try:
                job = core.inspector.job(job_id)
            except JobNotFound:
                continue
            if job.state is State.DEAD:
                found.append(job)
        return found

    def count(self, core: App) -> int:
        """How many they are now."""
        if self.chosen is None:
            return len(self.jobs(core))
        return sum(one.count for one in core.inspector.tally(By.QUEUE, self.chosen.where, self.chosen.queues))

    def sample(self, core: App, limit: int = 5) -> list[Job]:
        """The first of them."""
        if self.chosen is None:
            return self.jobs(core)[:limit]
        return core.inspector.find(self.chosen.where, self.chosen.queues, limit=limit).jobs


def selected_ids(given: ImmutableMultiDict[str, Any]) -> list[str]:
    """Return the ids that were selected one by one, each once."""
    ids = dict.fromkeys(str(value).strip() for value in given.getlist("id"))
    return [job_id for job_id in ids if job_id][:_MOST]


def read_selection(core: App, given: ImmutableMultiDict[str, Any]) -> Selection:
    """Return which dead letters a query or a form means."""
    ids = selected_ids(given)
    asked = read_filters(core, given, State.DEAD)
    return Selection(ids, asked, nothing=bool(given.get("chosen")) and not ids)
