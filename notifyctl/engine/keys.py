"""Every Redis key of the engine: its type, its content, its lifetime. One property or method per key.

All keys of a queue share the hash tag ``{<namespace>:<queue>}``, so that each script works on one cluster slot.
Keys without a stated lifetime live as long as the queue, and are empty when it is.
"""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote

__all__ = ["FleetKeys", "QueueKeys", "order_index", "recipient_index"]


def order_index(order_id: str) -> str:
    """The name of the index of an order's jobs; no blanks."""
    return "order:" + quote(order_id, safe="")


def recipient_index(pseudonym: str) -> str:
    """The name of the index of the jobs that go to one address, which its keyed hash stands for."""
    return "to:" + pseudonym


@dataclass(frozen=True, slots=True)
class QueueKeys:
    """The keys of one queue."""

    namespace: str
    queue: str

    @property
    def prefix(self) -> str:
        """What all of them begin with; scripts build the keys of jobs from it."""
        return f"{{{self.namespace}:{self.queue}}}:"

    @property
    def waiting(self) -> str:
        """Sorted set, id by lane and place in line (lane x 1e15 + seq)."""
        return self.prefix + "waiting"

    @property
    def delayed(self) -> str:
        """Sorted set, id by due time in ms."""
        return self.prefix + "delayed"

    @property
    def active(self) -> str:
        """Sorted set, id by the lease's end in ms."""
        return self.prefix + "active"

    @property
    def dead(self) -> str:
        """Sorted set, id by time of burial in ms; kept until a person decides."""
        return self.prefix + "dead"

    @property
    def completed(self) -> str:
        """Sorted set, id by time in ms; trimmed by age."""
        return self.prefix + "completed"

    @property
    def cancelled(self) -> str:
        """Sorted set, id by time in ms; trimmed by age."""
        return self.prefix + "cancelled"

    @property
    def failed(self) -> str:
        """Sorted set, id by time of its last burial in ms; trimmed by age; outlives replay and discard."""
        return self.prefix + "failed"

    @property
    def resent(self) -> str:
        """Sorted set, ``<id>:<doubts>:<replays>`` by when it went again in doubt, in ms; trimmed; outlives the job."""
        return self.prefix + "resent"

    @property
    def grants(self) -> str:
        """Hash: ``next_us``, when the limiter gives the next grant; ``turn``, how many it has given."""
        return self.prefix + "grants"

    @property
    def config(self) -> str:
        """Hash of what an operator set live: ``paused``, ``rate``, ``max_active``, ``blocked_until`` and reasons."""
        return self.prefix + "config"

    @property
    def meta(self) -> str:
        """Hash: ``seq``, ``ran_at``, ``grace_until``, ``orphans``, ``sent_at``."""
        return self.prefix + "meta"

    @property
    def wake(self) -> str:
        """Sorted set with at most one member: the marker that idle consumers block on."""
        return self.prefix + "wake"

    @property
    def totals(self) -> str:
        """Hash of counters that only grow: what happened to jobs, and what came of asking providers."""
        return self.prefix + "totals"

    @property
    def minutes(self) -> str:
        """What the keys of the minutes begin with; scripts add the number of a minute."""
        return self.prefix + "minutes"

    @property
    def counters(self) -> tuple[str, str]:
        """Where scripts count: `totals` and `minutes`."""
        return self.totals, self.minutes

    def minute(self, number: int) -> str:
        """Hash: how often each transition was made in this minute since the epoch; expires after six hours."""
        return f"{self.minutes}:{number}"

    def job(self, job_id: str) -> str:
        """Hash: the job's message, payload, state and history. Expires with its retention once it has ended."""
        return f"{self.prefix}job:{job_id}"

    def gone(self, job_id: str) -> str:
        """String: the call that discarded this job; expires after a day. Until then its id is not taken again."""
        return f"{self.prefix}gone:{job_id}"

    def alias(self, job_id: str) -> str:
        """String: the job that stands for this id, which a caller was given while Redis was away; kept for 30 days."""
        return f"{self.prefix}alias:{job_id}"

    def idempotency(self, digest: str) -> str:
        """String ``<id> <digest of the payload>``; lives as long as its job, then 30 days."""
        return f"{self.prefix}idem:{digest}"

    def index(self, name: str) -> str:
        """Sorted set, id by when it may be forgotten (ms; 9e15 while it lives); expires with the last of its jobs.

        Args:
            name: As `order_index` or `recipient_index` give it.
        """
        return self.prefix + name

    def replay(self, replay_id: str) -> str:
        """Hash: how far a bulk replay is in this queue; expires 30 days after its last step."""
        return f"{self.prefix}replay:{replay_id}"

    def replay_todo(self, replay_id: str) -> str:
        """Sorted set of what it has still to send again, id by time of death in ms; expires with its hash."""
        return f"{self.prefix}replay:{replay_id}:todo"

    def taken(self, worker_id: str) -> str:
        """String ``<sequence> <id> …``: a worker's last batch; expires after an hour."""
        return f"{self.prefix}taken:{worker_id}"

    def nudge(self, worker_id: str) -> str:
        """Sorted set that unblocks one worker's own consumer at shutdown; expires after 10 s."""
        return f"{self.prefix}nudge:{worker_id}"


@dataclass(frozen=True, slots=True)
class FleetKeys:
    """The keys outside queues, each in a slot of its own."""

    namespace: str

    @property
    def queues(self) -> str:
        """Set of the names of all queues ever declared."""
        return f"{self.namespace}:queues"

    @property
    def secret(self) -> str:
        """String: the pseudonym secret, made once where none is configured."""
        return f"{self.namespace}:secret"

    @property
    def audit(self) -> str:
        """Stream of what operators changed, the last ten thousand entries."""
        return f"{self.namespace}:audit"

    def request(self, pseudonym: str) -> str:
        """String, JSON: a request with an idempotency key, and its answer; expires after a day, unanswered after 60 s.

        Args:
            pseudonym: What stands for the key.
        """
        return f"{self.namespace}:request:{pseudonym}"

    @property
    def workers(self) -> str:
        """Sorted set, worker id by its last sign of life in ms; expires 15 s after the last one of all."""
        return f"{{{self.namespace}:fleet}}:workers"

    def worker(self, worker_id: str) -> str:
        """String, JSON: what a worker process says of itself; expires 15 s after its last sign of life."""
        return f"{{{self.namespace}:fleet}}:worker:{worker_id}"

    @property
    def replays(self) -> str:
        """Sorted set of bulk replays, id by when it was started in ms; expires 30 days after the last one."""
        return f"{{{self.namespace}:fleet}}:replays"

    @property
    def running_replays(self) -> str:
        """Sorted set of those that are not over; expires in the same way."""
        return f"{{{self.namespace}:fleet}}:replays:running"

    def replay(self, replay_id: str) -> str:
        """Hash: what a bulk replay is to do, who started it, and who carries it out; expires after 30 days."""
        return f"{{{self.namespace}:fleet}}:replay:{replay_id}"

    @property
    def events(self) -> str:
        """Stream of what happened by itself, such as a circuit that opened; the last ten thousand entries."""
        return f"{self.namespace}:events"

    def circuit(self, provider: str) -> str:
        """Hash: a provider's circuit, as delivery keeps it; expires a day after its last change."""
        return f"{{{self.namespace}:circuit:{provider}}}"

    def sends(self, provider: str) -> str:
        """Sorted set: sends in progress at a provider, by when each is over at the latest; expires with the last."""
        return f"{{{self.namespace}:circuit:{provider}}}:sends"

    def sends_most(self, provider: str) -> str:
        """String: how many sends may be in progress there, where that is more than the threshold; expires in 10 s."""
        return f"{{{self.namespace}:circuit:{provider}}}:sends_most"
