"""Whether a provider is worth asking, known to the whole fleet: a circuit breaker for each provider, kept in Redis.

A circuit opens at once when the account is refused, for as long as it takes when a provider asks for less, and after so
many failures of the provider itself in a row; what is said of one recipient or one content counts for nothing. When an
open circuit's time is over, one message, the probe, is let through. Sends in progress are counted over the fleet, as
each of them may come to nothing: one round trip asks, and one reports. Knows no vendor and no queue.
"""

from __future__ import annotations

import logging
import secrets
import time
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from redis.exceptions import RedisError

from notifyctl.connection import translated
from notifyctl.delivery.policy import Keys, Policy
from notifyctl.errors import DeliveryError, InDoubt, NotifyError, Permanent, Scope, Throttled, Unavailable, Unsendable
from notifyctl.lua import load_script

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    import redis

    from notifyctl.clock import Clock

__all__ = [
    "SIGN_MS",
    "UNTRIED",
    "WORKS",
    "Admission",
    "Admitted",
    "Change",
    "Circuit",
    "Circuits",
    "Keys",
    "Kind",
    "Policy",
    "Verdict",
]

_SCRIPTS = {
    name: load_script(__package__, name) for name in ("admit", "report", "trip", "reset", "look", "keep", "forget")
}

#: How long a circuit is kept that nobody touches.
_KEPT_MS = 24 * 3600 * 1000
#: How long to wait for what a probe under way will show, and for what sends in progress will.
_PROBED_MS, _CROWDED_MS = 1_000, 250
#: A send may take so long before that is a bad sign: until then it is worth waiting for it.
_EARLY_MS = 1_000
#: So long a send counts as in progress without a sign of life of its process, which gives one with each of its beats.
SIGN_MS = 6_000
#: Sends that are younger need none yet.
_YOUNG_S = 1.0
#: How long more sends than the threshold may be in progress while so many are not needed.
_MOST_KEPT_MS = 10_000

_log = logging.getLogger(__name__)


class Admitted(StrEnum):
    """Whether a provider may be asked."""

    YES = "yes"
    PROBE = "probe"
    SOON = "soon"
    NO = "no"


class Kind(StrEnum):
    """Why a circuit is open."""

    FAILING = "failing"
    ACCOUNT = "account"
    THROTTLED = "throttled"
    TRIPPED = "tripped"

    @property
    def words(self) -> str:
        """The same for people, with the provider's name before it."""
        return _WORDS[self]


_WORDS = {
    Kind.FAILING: "does not work",
    Kind.ACCOUNT: "refuses the account",
    Kind.THROTTLED: "asks for fewer messages",
    Kind.TRIPPED: "was taken out by an operator",
}


@dataclass(frozen=True, slots=True)
class Admission:
    """The answer to one question whether a provider may be asked.

    Attributes:
        provider: Which.
        call: The name of this question.
        word: The answer.
        wait_ms: Where it is no, or soon: after so long it is worth asking again.
        reason: Where it is no, or soon: why, for people.
    """

    provider: str
    call: str
    word: Admitted
    wait_ms: int = 0
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a try at a provider shows about the provider.

    Attributes:
        word: ``works``, the `Kind` of its trouble, or ``untried`` where it shows nothing.
        reason: Its trouble, redacted.
        retry_after_s: For how long it asked to be left alone.
    """

    word: str
    reason: str = ""
    retry_after_s: float | None = None

    @classmethod
    def of(cls, failure: DeliveryError) -> Verdict:
        """Return what a failure shows: a provider that refuses one recipient or content works, if it was asked."""
        match failure:
            case Throttled():
                return cls(Kind.THROTTLED, failure.message, failure.retry_after_s)
            case Permanent(scope=Scope.ACCOUNT):
                return cls(Kind.ACCOUNT, failure.message)
            case Unsendable():
                return UNTRIED
            case Unavailable() | InDoubt():
                return cls(Kind.FAILING, failure.message)
        return WORKS


WORKS, UNTRIED = Verdict("works"), Verdict("untried")


@dataclass(frozen=True, slots=True)
class Change:
    """A circuit that opened or closed.

    Attributes:
        provider: Whose.
        change: ``opened`` or ``closed``.
        kind: Why it is open.
        reason: The same in the provider's words, redacted; or an operator's, also for closing it.
        open_ms: For how long at least.
    """

    provider: str
    change: str
    kind: str = ""
    reason: str = ""
    open_ms: int = 0


@dataclass(frozen=True, slots=True)
class Circuit:
    """A provider's circuit, as it was looked at.

    Attributes:
        provider: Whose.
        kind: Why it is open; None where it is closed.
        failures: How many in a row, while it is closed.
        since_ms: When it opened.
        until_ms: When it is worth asking again; 0 while it is closed.
        wait_ms: The same from now; 0 where a probe may go, or is under way.
        reason: The provider's words, or an operator's.
    """

    provider: str
    kind: Kind | None = None
    failures: int = 0
    since_ms: int = 0
    until_ms: int = 0
    wait_ms: int = 0
    reason: str = ""

    @property
    def state(self) -> str:
        """``closed``, ``open``, or ``half-open``: open until a probe has been sent."""
        if self.kind is None:
            return "closed"
        return "open" if self.wait_ms else "half-open"


class Circuits:
    """The circuits of all providers.

    Args:
        client: A redis-py client that does not decode replies.
        keys: The names of providers' keys.
        policy: When they open, and for how long.
        tell: Called with each circuit that opened or closed, by whoever made it so, and by nobody else. Must not raise.
        caller: Names this process, where another one may have to `forget` what it was sending.
        clock: Replaces the server's clock, in tests.
    """

    def __init__(
        self,
        client: redis.Redis,
        keys: Keys,
        policy: Policy | None = None,
        *,
        tell: Callable[[Change], None] | None = None,
        caller: Callable[[], str] = str,
        clock: Clock | None = None,
    ) -> None:
        self._client = client
        self._keys = keys
        self._policy = policy or Policy()
        self._untold: dict[str, set[str]] = {}
        self._sending: dict[str, tuple[str, float]] = {}
        self._tell = tell
        self._caller = caller
        self._clock = clock

    def admit(self, provider: str) -> Admission:
        """Ask whether a provider may be asked now. Whoever may is to `report`: until then his send is in progress.

        Raises:
            BrokerUnavailable: Nobody can say.
        """
        call, policy = f"{self._caller()}/{secrets.token_hex(8)}", self._policy
        args = (call, policy.threshold, SIGN_MS, policy.probe_ms, _PROBED_MS, _CROWDED_MS, _EARLY_MS, _KEPT_MS)
        over = self._untold.pop(provider, set())
        try:
            with translated():
                answer = self._run("admit", provider, self._now(), *args, _MOST_KEPT_MS, *over)
        except BaseException:  # whatever ended it: they are to be told of with the next question
            self._not_told(provider, over)
            raise
        word, wait_ms, kind, reason, change = answer
        if change:
            self._changed(Change(provider, _text(change)))
        told = f"{provider} {Kind(_text(kind)).words}: {_text(reason)}" if kind else _text(reason)
        admission = Admission(provider, call, Admitted(_text(word)), int(wait_ms), told)
        if admission.word is Admitted.YES:
            self._sending[call] = (provider, time.monotonic())
        return admission

    def report(self, admission: Admission, verdict: Verdict) -> float | None:
        """Tell what came of a try. Never fails: what was accepted stays so.

        Returns:
            The seconds until it is worth asking again; None where that is not known.
        """
        if admission.word in (Admitted.NO, Admitted.SOON):
            return None  # there is nothing to learn from it
        self._sending.pop(admission.call, None)
        provider, policy = admission.provider, self._policy
        open_ms, most_ms = self._durations(verdict)
        args = (admission.call, verdict.word, verdict.reason, open_ms, most_ms, policy.threshold, _KEPT_MS)
        try:
            with translated():
                change, wait_ms = self._run("report", provider, self._now(), *args, _MOST_KEPT_MS)
        except (NotifyError, RedisError) as error:
            self._not_told(provider, {admission.call})
            _log.debug("what came of a try at %s could not be told: %s", provider, type(error).__name__)
            return None
        if change == b"again":
            _log.info(
                "%s %s, still: %s; asked again in %g s", provider, _words(verdict.word), verdict.reason, wait_ms / 1000
            )
        elif change == b"closed":
            self._changed(Change(provider, "closed"))
        elif change:
            self._changed(Change(provider, "opened", verdict.word, verdict.reason, int(wait_ms)))
        return int(wait_ms) / 1000

    def _not_told(self, provider: str, calls: Iterable[str]) -> None:
        """Remember that these sends are over: the next question says so. One that is lost here ends by its time."""
        self._untold.setdefault(provider, set()).update(calls)

    def _durations(self, verdict: Verdict) -> tuple[int, int]:
        """For how long a verdict opens a circuit, and the longest that this becomes."""
        policy = self._policy
        if verdict.word == Kind.THROTTLED:
            asked_s = verdict.retry_after_s
            open_ms = policy.throttled_ms if asked_s is None else round(asked_s * 1000)
            return open_ms, open_ms
        if verdict.word == Kind.ACCOUNT:
            return policy.account_ms, policy.account_ms
        return policy.cool_down_ms, policy.max_cool_down_ms

    def trip(self, provider: str, for_ms: int, reason: str) -> None:
        """Take a provider out, as an operator; then one probe decides whether it is asked again.

        Raises:
            BrokerUnavailable: Redis is away.
        """
        with translated():
            change = self._run("trip", provider, self._now(), secrets.token_hex(8), for_ms, reason, _KEPT_MS)
        if change == b"opened" and self._tell is not None:
            self._tell(Change(provider, "opened", Kind.TRIPPED, reason, for_ms))

    def reset(self, provider: str, reason: str) -> bool:
        """Close a provider's circuit and forget what is in progress there, as an operator; whether it was open.

        Raises:
            BrokerUnavailable: Redis is away.
        """
        with translated():
            change = self._run("reset", provider, secrets.token_hex(8), _KEPT_MS)
        if change and self._tell is not None:
            self._tell(Change(provider, "closed", reason=reason))
        return bool(change)

    def keep(self) -> None:
        """Give a sign of life for the sends in progress here; called with each beat. Never fails."""
        now, kept = time.monotonic(), dict[str, list[str]]()
        for call, (provider, since) in list(self._sending.items()):
            if _YOUNG_S <= now - since <= self._policy.send_ms / 1000:
                kept.setdefault(provider, []).append(call)
        for provider, calls in kept.items():
            try:
                with translated():
                    self._run("keep", provider, self._now(), SIGN_MS, *calls)
            except (NotifyError, RedisError) as error:
                _log.debug("no sign of life for sends at %s: %s", provider, type(error).__name__)

    def forget(self, caller: str, providers: Iterable[str]) -> None:
        """Count nothing more as being sent by a process that is dead for certain.

        Raises:
            BrokerUnavailable: Redis is away; its sends end by their time.
        """
        with translated():
            for provider in providers:
                self._run("forget", provider, f"{caller}/")

    def look(self, providers: Sequence[str]) -> list[Circuit]:
        """Return the circuits of these providers, as they are.

        Raises:
            BrokerUnavailable: Redis is away.
        """
        with translated():  # one by one: they are few, and in a cluster each may be on another server
            return [_circuit(provider, *self._run("look", provider, self._now())) for provider in providers]

    def _changed(self, change: Change) -> None:
        """Log what nobody asked for, and tell of it."""
        if change.change == "opened":
            told = "the circuit of %s opened for %g s: it %s: %s"
            _log.warning(told, change.provider, change.open_ms / 1000, _words(change.kind), change.reason)
        else:
            _log.warning("the circuit of %s closed: it is asked again", change.provider)
        if self._tell is not None:
            self._tell(change)

    def _run(self, name: str, provider: str, *args: Any) -> Any:
        script, keys = _SCRIPTS[name], self._keys
        names = [keys.circuit(provider), keys.sends(provider), keys.sends_most(provider)]
        return script(self._client, names[: script.keys.least], args)

    def _now(self) -> int:
        return self._clock() if self._clock else 0


def _circuit(provider: str, now_ms: int, flat: list[bytes]) -> Circuit:
    texts = [_text(part) for part in flat]
    fields = dict(zip(texts[::2], texts[1::2], strict=True))
    kind, until_ms = fields.get("kind"), int(fields.get("until", 0))
    until_ms = min(until_ms, now_ms + int(fields.get("cool_down", until_ms)))  # the clock may have been set back
    if kind is None or (kind == Kind.THROTTLED and until_ms <= now_ms):
        return Circuit(
            provider, failures=int(fields.get("failures", 0)), reason=fields.get("reason", "") if kind is None else ""
        )
    return Circuit(
        provider,
        Kind(kind),
        since_ms=int(fields["since"]),
        until_ms=until_ms,
        wait_ms=max(0, until_ms - now_ms),
        reason=fields["reason"],
    )


def _words(kind: str) -> str:
    return Kind(kind).words


def _text(value: Any) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)
