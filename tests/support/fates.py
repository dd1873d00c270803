"""Messages that met with something: sent, refused, in doubt, as a worker's scripts would have left them.

Each is queued by the producer's own door and taken for itself, so make those first that are to stay in line last.
"""

from __future__ import annotations

import json
from itertools import count
from typing import TYPE_CHECKING, Any

from notifyctl.clock import now_ms
from notifyctl.engine.jobs import Completion
from notifyctl.engine.keys import QueueKeys
from notifyctl.engine.scripts import Scripts

if TYPE_CHECKING:
    from notifyctl.app import App
    from notifyctl.engine.jobs import TakenJob

_DAY_MS = 86_400_000


class Fates:
    """Makes messages of a test's, and has them meet their fate.

    Args:
        app: The application that the test looks through.
    """

    def __init__(self, app: App) -> None:
        self.app = app
        self._client = app.client("operator")
        self._sequence = count(1)

    def mail(self, order_id: str = "", *, to: str = "ada@example.com", note: str = "", **options: Any) -> str:
        """Queue a mail; its id."""
        return self.app.notifier.queue_email(
            "test_message", {"note": note} if note else {}, to=to, order_id=order_id, **options
        ).id

    def chat(self, order_id: str = "", *, to: str = "+447700900123", **options: Any) -> str:
        """Queue a WhatsApp message; its id."""
        return self.app.notifier.queue_whatsapp(to, "test_message", {}, order_id=order_id, **options).id

    def sent(self, job_id: str, provider: str = "sendgrid", provider_id: str = "sg-1") -> str:
        """A provider accepts it in its first attempt."""
        scripts, job = self._take(job_id)
        scripts.begin(job_id, job.token, provider)
        record = self._record(job, provider, "sent")
        scripts.complete([Completion(job_id, job.token, provider, provider_id, record)], _DAY_MS)
        return job_id

    def refused(
        self, job_id: str, code: str = "550", error: str = "no such recipient", provider: str = "sendgrid"
    ) -> str:
        """A provider refuses it for good: it is dead."""
        scripts, job = self._take(job_id)
        scripts.begin(job_id, job.token, provider)
        scripts.bury(job_id, job.token, "permanent", self._record(job, provider, "permanent", code, error))
        return job_id

    def failed(self, job_id: str, code: str = "451", error: str = "try again later", provider: str = "smtp") -> str:
        """It fails in an attempt, and the next one is an hour away."""
        scripts, job = self._take(job_id)
        scripts.begin(job_id, job.token, provider)
        scripts.retry(job_id, job.token, 3_600_000, self._record(job, provider, "transient", code, error))
        return job_id

    def exhausted(self, job_id: str, code: str = "503", error: str = "busy", provider: str = "sendgrid") -> str:
        """It fails in two attempts, and that was the last of them: it is dead."""
        for last in (False, True):
            scripts, job = self._take(job_id)
            scripts.begin(job_id, job.token, provider)
            record = self._record(job, provider, "transient", code, error)
            if last:
                scripts.bury(job_id, job.token, "retries_exhausted", record)
            else:
                scripts.retry(job_id, job.token, 0, record)
        return job_id

    def held(self, job_id: str, provider: str = "twilio") -> str:
        """Its provider's answer is lost, and asked for it later the provider knows of none: it is held as dead."""
        scripts, job = self._take(job_id)
        scripts.begin(job_id, job.token, provider)
        error = "no answer within 10 s"
        scripts.doubt(job_id, job.token, 0, self._record(job, provider, "in_doubt", error=error))
        scripts, job = self._take(job_id)
        scripts.bury(job_id, job.token, "unknown_outcome", self._record(job, provider, "not_found"))
        return job_id

    def _take(self, job_id: str) -> tuple[Scripts, TakenJob]:
        queue = self.app.inspector.job(job_id).queue
        scripts = Scripts(self._client, QueueKeys(self.app.settings.namespace, queue))
        sequence = next(self._sequence)
        batch = scripts.take(
            f"fate-{sequence}", 1, 1, lease_ms=60_000, rate="0/1", gap_ms=60_000, block_ms=1, cancelled_ms=_DAY_MS
        )
        (job,) = batch.jobs
        assert job.job_id == job_id, f"{job.job_id} came before {job_id}"
        return scripts, job

    @staticmethod
    def _record(job: TakenJob, provider: str, outcome: str, code: str = "", error: str = "") -> str:
        asked = {"provider": provider, "outcome": outcome, "provider_code": code, "error": error, "duration_ms": 184}
        run = {
            "attempt": job.attempt,
            "outcome": outcome,
            "started_at_ms": now_ms(),
            "duration_ms": 190,
            "tries": [{key: value for key, value in asked.items() if value != ""}],
        }
        failure = {"code": code, "error": error} if error and outcome != "sent" else {}
        return json.dumps({**run, **failure})
