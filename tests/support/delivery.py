"""Stand-ins for what delivery speaks to: a job that notes its calls, a provider that does as it is told."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from notifyctl.delivery.circuits import Admission, Admitted
from notifyctl.errors import StaleLease
from notifyctl.notification import Sent

if TYPE_CHECKING:
    from notifyctl.delivery.circuits import Verdict
    from notifyctl.delivery.job import Asked, ProviderTry


@dataclass
class FakeJob:
    """A job whose calls are listed in their order; `stale_at` names the provider at which its lease is lost."""

    job_id: str = "j-1"
    attempt: int = 1
    payload: bytes = b""
    created_at_ms: int = 0
    possible_duplicate: bool = False
    asked: Asked | None = None
    stale_at: str = ""
    calls: list[str] = field(default_factory=list)
    history: list[ProviderTry] = field(default_factory=list)

    def begin(self, provider: str) -> None:
        """Note the call, or say that the lease is lost."""
        if provider == self.stale_at:
            raise StaleLease("not ours")
        self.calls.append(f"begin {provider}")

    def accepted(self, sent: Sent) -> None:
        """Note the evidence."""
        self.calls.append(f"accepted {sent.provider_id}")

    def tried(self, attempt: ProviderTry) -> None:
        """Note the line of history."""
        self.history.append(attempt)
        self.calls.append(f"tried {attempt.provider} {attempt.outcome}")


class FakeProvider:
    """Takes any payload, or raises the error that it was given."""

    def __init__(
        self,
        name: str,
        error: BaseException | None = None,
        *,
        provider_id: str | None = None,
        unwell: Exception | None = None,
    ) -> None:
        self.name = name
        self.unwell = unwell
        self.checks = 0
        self.payloads: list[object] = []
        self.closed = False
        self._error = error
        self._provider_id = f"id-of-{name}" if provider_id is None else provider_id

    def send(self, payload: object) -> Sent:
        """Do as told."""
        self.payloads.append(payload)
        if self._error is not None:
            raise self._error
        return Sent(self.name, self._provider_id)

    def check(self) -> None:
        """Say how it is: well, or as `unwell` has it."""
        self.checks += 1
        if self.unwell is not None:
            raise self.unwell

    def close(self) -> None:
        """Note that it was called."""
        self.closed = True


class FakeCircuits:
    """Admits as it is told, everybody by default, and notes what it is asked and told.

    Attributes:
        words: What to answer by provider, each answer once, the last for good.
        asked: Which providers.
        told: Which verdicts, by provider.
        wait_s: When asking is worth it again.
    """

    def __init__(self, wait_s: float | None = None, **words: list[Admitted]) -> None:
        self.words = words
        self.wait_s = wait_s
        self.asked: list[str] = []
        self.told: list[tuple[str, Verdict]] = []

    def admit(self, provider: str) -> Admission:
        """Answer as told."""
        self.asked.append(provider)
        words = self.words.get(provider, [Admitted.YES])
        word = words.pop(0) if len(words) > 1 else words[0]
        return Admission(provider, "call", word, 8_000 if word is Admitted.NO else 0, f"{provider} rests")

    def report(self, admission: Admission, verdict: Verdict) -> float | None:
        """Note it."""
        self.told.append((admission.provider, verdict))
        return self.wait_s
