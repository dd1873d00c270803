"""Put a queue into a named state, and read the whole of it back.

`Seed` writes keys by hand, so that the test of one script does not rest on another. `read_all` leaves nothing out, so
that "changed nothing" can be said of all of it. `check_invariants` holds after every transition.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, TypeVar

from notifyctl.engine.consumer import BLOCK_MS
from notifyctl.engine.heartbeat import GAP_MS, LEASE_MS
from notifyctl.engine.jobs import Batch
from notifyctl.engine.keys import QueueKeys
from notifyctl.engine.scripts import Retention, Scripts
from notifyctl.engine.states import Lane, State
from tests.support.builders import QUEUE, a_message

if TYPE_CHECKING:
    from collections.abc import Callable

    import redis

    from notifyctl.engine.jobs import TakenJob

T = TypeVar("T")

NAMESPACE = "t"
#: 2026-11-01 12:00:00 UTC
NOW_MS = 1_793_534_400_000
RETENTION = Retention()
LANE = 10**15
#: An index's score for a job that has not ended.
LIVES = 9 * 10**15

_SETS = ("waiting", "delayed", "active", "dead", "completed", "cancelled", "failed", "resent", "wake")
_HASHES = ("config", "grants", "meta", "totals")
#: What may live without a TTL: the queue's own keys; jobs that have not ended; idempotency keys of such jobs.
_PERMANENT = {*_SETS, *_HASHES}


class FakeClock:
    """Epoch milliseconds that go on only when told."""

    def __init__(self, now: int = NOW_MS) -> None:
        self.now = now

    def __call__(self) -> int:
        """The time."""
        return self.now

    def advance(self, ms: int) -> int:
        """Let `ms` go by; the time then."""
        self.now += ms
        return self.now


class Seed:
    """One queue under test: its keys, its scripts on a fake clock, and ways to fill it."""

    def __init__(self, client: redis.Redis, queue: str = QUEUE) -> None:
        self.client = client
        self.clock = FakeClock()
        self.keys = QueueKeys(NAMESPACE, queue)
        self.scripts = Scripts(client, self.keys, self.clock)
        self._seq = 0

    @property
    def now(self) -> int:
        """The time on the fake clock."""
        return self.clock.now

    def put(self, job_id: str, state: State, score: int, **fields: Any) -> None:
        """Write a job by hand; `None` leaves a field out."""
        self._seq += 1
        self.client.hset(self.keys.meta, "seq", self._seq)
        stored = {
            "state": state.value, "lane": 1, "seq": self._seq, "message": a_message(job_id).encode(), "payload": "p",
            "expires_at": 0, "created_at": self.now, "attempt": 0, **fields,
        }  # fmt: skip
        self.client.hset(self.keys.job(job_id), mapping={k: v for k, v in stored.items() if v is not None})
        self.client.zadd(getattr(self.keys, state.value), {job_id: score})
        for name in str(fields.get("indexes", "")).split():
            ended = state in (State.COMPLETED, State.CANCELLED)
            self.client.zadd(self.keys.index(name), {job_id: self.now + RETENTION.completed_ms if ended else LIVES})

    def waiting(self, *job_ids: str, lane: Lane = Lane.NORMAL, **fields: Any) -> None:
        """Jobs in line, in this order."""
        for job_id in job_ids:
            self.put(job_id, State.WAITING, lane * LANE + self._seq + 1, lane=int(lane), **fields)

    def delayed(self, *job_ids: str, due_in_ms: int = 1_000, **fields: Any) -> None:
        """Jobs that are due later."""
        for job_id in job_ids:
            self.put(job_id, State.DELAYED, self.now + due_in_ms, due_at=self.now + due_in_ms, **fields)

    def active(self, *job_ids: str, token: str = "w1:1", lease_ms: int = LEASE_MS, **fields: Any) -> str:  # noqa: S107 - a lease token
        """Jobs under a lease; its token."""
        for job_id in job_ids:
            own = {"lease": token, "taken_at": self.now, "began": "", **fields}
            self.put(job_id, State.ACTIVE, self.now + lease_ms, **own)
        return token

    def dead(self, *job_ids: str, reason: str = "permanent", **fields: Any) -> None:
        """Dead letters."""
        for job_id in job_ids:
            own = {"reason": reason, "finished_at": self.now, "attempt": 1, "runs": 1, "lease": "", **fields}
            self.put(job_id, State.DEAD, self.now, **own)
            self.client.zadd(self.keys.failed, {job_id: self.now})

    def ended(self, *job_ids: str, state: State = State.COMPLETED, **fields: Any) -> None:
        """Completed or cancelled jobs."""
        for job_id in job_ids:
            self.put(job_id, state, self.now, finished_at=self.now, lease="", **fields)
            self.client.pexpire(self.keys.job(job_id), RETENTION.completed_ms)

    def take(self, worker: str = "w1", sequence: int = 1, wanted: int = 10, rate: str = "0/1") -> Batch:
        """Take with the defaults of tests."""
        return self.scripts.take(
            worker, sequence, wanted, lease_ms=LEASE_MS, rate=rate, gap_ms=GAP_MS, block_ms=BLOCK_MS,
            cancelled_ms=RETENTION.cancelled_ms,
        )  # fmt: skip

    def reclaim(self, look_ms: int = 60_000) -> int:
        """Reclaim with the defaults of tests."""
        return self.scripts.reclaim(look_ms, LEASE_MS)

    def live(self, ms: int) -> None:
        """Let time go by on a queue that some worker keeps asking: no gap."""
        self.client.hset(self.keys.meta, "ran_at", self.clock.advance(ms))

    def job(self, job_id: str) -> dict[str, str]:
        """All fields of a job; empty where there is none."""
        return _text(self.client.hgetall(self.keys.job(job_id)))

    def ids(self, state: str) -> list[str]:
        """The ids in a set, in order."""
        members: list[Any] = self.client.zrange(getattr(self.keys, state), 0, -1)
        return [member.decode() for member in members]

    def score(self, state: str, job_id: str) -> int | None:
        """A job's score in a set."""
        found = self.client.zscore(getattr(self.keys, state), job_id)
        return None if found is None else int(found)

    def ttl_ms(self, key: str) -> int:
        """How long a key lives on; -1 = for good."""
        return int(self.client.pttl(key))

    @property
    def woken(self) -> bool:
        """Whether the marker is there."""
        return bool(self.client.zcard(self.keys.wake))

    def sleep_marker(self) -> None:
        """Take the marker away, as a consumer that wakes up does."""
        self.client.delete(self.keys.wake)

    def read_all(self) -> dict[str, Any]:
        """The whole state."""
        return read_all(self.client, self.keys)

    def twice(self, act: Callable[[], T]) -> T:
        """Act as a client does whose reply was lost: once more, for the same answer and no further change."""
        answer = act()
        state = self.read_all()
        assert act() == answer
        assert self.read_all() == state
        return answer

    def changes_nothing(self, act: Callable[[], T]) -> T:
        """Act, and see that all is as it was; the answer."""
        state = self.read_all()
        answer = act()
        assert self.read_all() == state
        return answer

    def check(self) -> None:
        """The invariants."""
        check_invariants(self.client, self.keys, self.now)


def ids(jobs: Batch | list[TakenJob]) -> list[str]:
    """The ids of taken jobs, in order."""
    return [job.job_id for job in (jobs.jobs if isinstance(jobs, Batch) else jobs)]


def read_all(client: redis.Redis, keys: QueueKeys) -> dict[str, Any]:
    """Everything that is stored of a queue, by the name of its key, and which of it has a TTL."""
    found = sorted(client.scan_iter(keys.prefix + "*", count=5_000))
    with client.pipeline(transaction=False) as pipe:
        for key in found:
            pipe.type(key)
            pipe.pttl(key)
        answers = pipe.execute()
        kinds, ttls = answers[::2], answers[1::2]
        for key, kind in zip(found, kinds, strict=True):
            if kind == b"zset":
                pipe.zrange(key, 0, -1, withscores=True)
            elif kind == b"hash":
                pipe.hgetall(key)
            else:
                pipe.get(key)
        contents = pipe.execute()

    state: dict[str, Any] = {}
    lasting = []
    for key, kind, ttl, content in zip(found, kinds, ttls, contents, strict=True):
        name = key.decode().removeprefix(keys.prefix)
        if kind == b"zset":
            state[name] = {member.decode(): score for member, score in content}
        elif kind == b"hash":
            state[name] = _text(content)
        else:
            state[name] = content
        if ttl == -1:
            lasting.append(name)
    return {**state, "lasting": lasting}


def check_invariants(client: redis.Redis, keys: QueueKeys, now_ms: int, retention: Retention = RETENTION) -> None:
    """Fail unless each job is where it says it is, nowhere else, and nothing is left over."""
    state = read_all(client, keys)
    jobs = {name.removeprefix("job:"): fields for name, fields in state.items() if name.startswith("job:")}
    where = _places(state)
    for job_id, name in where.items():
        forgotten = name in ("completed", "cancelled") and state[name][job_id] <= now_ms - retention.completed_ms
        assert job_id in jobs or forgotten, f"{job_id} is {name} and has no hash"
    for job_id, fields in jobs.items():
        if job_id in where:
            _check_job(job_id, fields, where[job_id], state)
        else:
            ended = fields["state"] in ("completed", "cancelled") and f"job:{job_id}" not in state["lasting"]
            assert ended, f"{job_id} says that it is {fields['state']}, and is nowhere"
    _check_lifetimes(state, where, jobs)
    _check_indexes(client, keys, state, now_ms)
    _check_counts(client, keys, now_ms, state, retention)


def _places(state: dict[str, Any]) -> dict[str, str]:
    """The one set that each job is in."""
    where: dict[str, str] = {}
    for name in State:
        for job_id in state.get(name.value, {}):
            assert job_id not in where, f"{job_id} is in {where.get(job_id)} and in {name}"
            where[job_id] = name.value
    return where


def _check_job(job_id: str, fields: dict[str, str], place: str, state: dict[str, Any]) -> None:
    assert fields["state"] == place, f"{job_id} says {fields['state']}, and is in {place}"
    assert bool(fields.get("lease")) == (place == "active"), f"{job_id}: {fields}"
    for field in ("created_at", "seq", "expires_at", "attempt", "due_at", "finished_at"):
        assert re.fullmatch(r"\d+", fields.get(field, "0")), f"{job_id}: {field} is {fields[field]}"
    if place in ("waiting", "delayed", "active"):
        assert fields["message"], f"{job_id} is to be sent, and has no message"
    if place == "waiting":
        in_line = (-1 if fields.get("look") else int(fields["lane"])) * LANE + int(fields["seq"])
        assert state["waiting"][job_id] == in_line, f"{job_id} is not in its place"


def _check_lifetimes(state: dict[str, Any], where: dict[str, str], jobs: dict[str, dict[str, str]]) -> None:
    """Nothing lives for good but what has to."""
    live = {job_id for job_id, name in where.items() if name not in ("completed", "cancelled")}
    for name in state["lasting"]:
        kind, _, rest = name.partition(":")
        if kind == "job":
            assert rest in live, f"{name} has ended, and no TTL"
        elif kind == "idem":
            assert state[name].split()[0].decode() in live, f"{name} is of an ended job, and has no TTL"
        else:
            assert name in _PERMANENT, f"{name} has no TTL"
    for job_id in live:
        key = "idem:" + jobs[job_id].get("idem", "")
        assert key not in state or key in state["lasting"], f"the idempotency key of {job_id} ends before it"


def _check_indexes(client: redis.Redis, keys: QueueKeys, state: dict[str, Any], now_ms: int) -> None:
    """Each job is found by what it says it is, and an index lives exactly as long as its jobs."""
    indexes = {name: scores for name, scores in state.items() if name.startswith(("order:", "to:"))}
    for name, fields in state.items():
        if not name.startswith("job:"):
            continue
        forgotten = int(fields.get("finished_at", now_ms)) <= now_ms - RETENTION.completed_ms
        for index in fields.get("indexes", "").split():
            found = name.removeprefix("job:") in indexes.get(index, {})
            assert found or (forgotten and fields["state"] != "dead"), f"{name} is not in {index}"
    for index, scores in indexes.items():
        for job_id, score in scores.items():
            fields = state.get(f"job:{job_id}")
            assert fields or score <= now_ms, f"{index} holds {job_id}, which is gone"
            lives = fields is not None and fields["state"] not in ("completed", "cancelled")
            assert not lives or score == LIVES, f"{index} will forget {job_id}, which lives"
        assert client.pttl(keys.index(index)) > 0, f"{index} has no TTL"


def _check_counts(
    client: redis.Redis, keys: QueueKeys, now_ms: int, state: dict[str, Any], retention: Retention
) -> None:
    reply = Scripts(client, keys, lambda: now_ms).stats(retention)
    kept = {"completed": retention.completed_ms, "cancelled": retention.cancelled_ms, "failed": retention.failed_ms}
    resent = sum(score > now_ms - retention.failed_ms for score in state.get("resent", {}).values())
    assert reply[11] == resent, f"stats count {reply[11]} resends in doubt, the set has {resent}"
    for name, count in zip(
        ("waiting", "active", "delayed", "completed", "cancelled", "failed", "dead"), reply[1:8], strict=True
    ):
        scores = state.get(name, {}).values()
        counted = sum(score > now_ms - kept[name] for score in scores) if name in kept else len(scores)
        assert count == counted, f"stats count {count} {name}, the set has {counted}"


def _text(fields: dict[Any, Any]) -> dict[str, str]:
    return {name.decode(): value.decode(errors="replace") for name, value in fields.items()}
