"""Real worker fleets, and the ways in which they end before their time."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tests.support.cli import COMMAND
from tests.support.wait import wait_until

if TYPE_CHECKING:
    import random
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

__all__ = ["STALL", "Fleet", "Held", "Kill"]

#: The kind of a kill that was none: its process was stopped in its tracks, and went on.
STALL = "stalled process"

#: A drain has as long as a worker's own deadline, and some time to spare.
_DRAIN_S = 40.0
#: The exit code of a command that cannot reach its server.
_SERVER_AWAY = 5


@dataclass(frozen=True, slots=True)
class Held:
    """What some worker processes have in hand, by what the server says.

    Attributes:
        taken: The jobs leased to them.
        begun: Those of them whose sends are in progress, or done and not yet told.
    """

    taken: frozenset[str]
    begun: frozenset[str]


@dataclass(frozen=True, slots=True)
class Kill:
    """Processes that ended without a word.

    Attributes:
        kind: What was killed.
        at: When, by the monotonic clock.
        begun: The jobs whose sends were in progress, or done and not yet told: their outcome is unknown to the queue.
    """

    kind: str
    at: float
    begun: frozenset[str]


@dataclass(slots=True)
class Fleet:
    """Supervisors with their worker processes, all with the same settings.

    Args:
        environment: The settings.
        folder: Where their logs go.
        held: What processes of these worker ids have in hand; asked of dead ones before anybody else can change that.
    """

    environment: Mapping[str, str]
    folder: Path
    held: Callable[[list[str]], Held]
    supervisors: list[subprocess.Popen[bytes]] = field(default_factory=list)
    _started: int = 0

    def start(self) -> None:
        """Start one more supervisor, and wait for its processes; again where the server is away, as systemd would."""
        self.supervisors.append(self._spawn())

        def works() -> bool:
            if self.supervisors[-1].poll() == _SERVER_AWAY:
                self.supervisors[-1] = self._spawn()
            code = self.supervisors[-1].poll()
            assert code is None, f"a supervisor ended with {code} as it started"
            return bool(_children(self.supervisors[-1].pid))

        wait_until(works, timeout_s=60, what="worker processes to start", every_s=0.05)

    def _spawn(self) -> subprocess.Popen[bytes]:
        self._started += 1
        with (self.folder / f"worker-{self._started}.log").open("wb") as log:
            return subprocess.Popen(
                [COMMAND, "worker"], stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=dict(self.environment),
                start_new_session=True, cwd=self.folder,
            )  # fmt: skip

    def kill_child(self, chance: random.Random) -> Kill | None:
        """Kill one worker process; its supervisor notices, and starts another one. None: none is there just now."""
        supervisor = chance.choice(self.supervisors)
        self._await_work(supervisor)
        with _stopped(supervisor):
            children = _children(supervisor.pid)
            if not children:
                return None
            pid = chance.choice(sorted(children))
            return self._kill("worker process", {pid: children[pid]})

    def kill_supervisor(self, chance: random.Random) -> Kill:
        """Kill a supervisor alone: its processes are to notice, and to end in order. Another one starts."""
        supervisor = self._leave(chance)
        children = _children(supervisor.pid)
        supervisor.kill()
        supervisor.wait()
        at = time.monotonic()
        wait_until(
            lambda: not any(_lives(pid) for pid in children), timeout_s=_DRAIN_S, what="orphaned processes to drain"
        )
        self.start()
        return Kill("supervisor", at, frozenset())

    def kill_group(self, chance: random.Random) -> Kill:
        """Kill a supervisor and all its processes, as when their machine loses power. Another one starts."""
        supervisor = self._leave(chance)
        self._await_work(supervisor)
        with _stopped(supervisor):
            kill = self._kill("whole group", _children(supervisor.pid), supervisor)
        supervisor.wait()
        self.start()
        return kill

    def stall(self, chance: random.Random, seconds: float) -> Kill | None:
        """Stop a worker process in its tracks for so long, as a machine does that swaps. None: none is there just now.

        Longer than its lease, its jobs go to others meanwhile, and what it was sending is in doubt.
        """
        supervisor = chance.choice(self.supervisors)
        self._await_work(supervisor)
        children = _children(supervisor.pid)
        if not children:
            return None
        pid = chance.choice(sorted(children))
        os.kill(pid, signal.SIGSTOP)
        try:
            stall = Kill(STALL, time.monotonic(), self.held([children[pid]]).begun)
            end = stall.at + seconds
            wait_until(lambda: time.monotonic() > end, timeout_s=seconds + 5, every_s=0.05)
        finally:
            os.kill(pid, signal.SIGCONT)
        return stall

    def drain(self, chance: random.Random) -> Kill:
        """Stop a supervisor with SIGTERM, wait for it, and start another one: a deployment."""
        supervisor = self._leave(chance)
        supervisor.terminate()
        code = supervisor.wait(timeout=_DRAIN_S)
        assert code == 0, f"a drain ended with {code}"
        self.start()
        return Kill("drain", time.monotonic(), frozenset())

    def close(self) -> list[int]:
        """Drain all; their exit codes."""
        for supervisor in self.supervisors:
            supervisor.terminate()
        return [supervisor.wait(timeout=_DRAIN_S) for supervisor in self.supervisors]

    def abandon(self) -> None:
        """Leave no process behind, whatever state the fleet is in."""
        for supervisor in self.supervisors:
            for pid in _children(supervisor.pid):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            supervisor.kill()
            supervisor.wait()

    def _await_work(self, supervisor: subprocess.Popen[bytes]) -> None:
        """Wait until its processes have work, so that a kill strikes something; not for long, where they do not."""
        with contextlib.suppress(AssertionError):
            wait_until(lambda: self.held(list(_children(supervisor.pid).values())).taken, timeout_s=3, every_s=0.02)

    def _leave(self, chance: random.Random) -> subprocess.Popen[bytes]:
        supervisor = chance.choice(self.supervisors)
        self.supervisors.remove(supervisor)
        return supervisor

    def _kill(self, kind: str, children: dict[int, str], supervisor: subprocess.Popen[bytes] | None = None) -> Kill:
        """Kill processes at one blow, and learn what they were doing before anybody else can change that."""
        if supervisor is not None:
            supervisor.kill()
        for pid in children:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        at = time.monotonic()
        return Kill(kind, at, self.held(list(children.values())).begun)


@contextlib.contextmanager
def _stopped(process: subprocess.Popen[bytes]) -> Iterator[None]:
    """Keep a supervisor from returning a dead child's leases before these were looked at."""
    process.send_signal(signal.SIGSTOP)
    try:
        yield
    finally:
        process.send_signal(signal.SIGCONT)


def _children(pid: int) -> dict[int, str]:
    """The worker processes of a supervisor, and their worker ids."""
    listed = subprocess.run(
        ["ps", "-A", "-ww", "-o", "pid=,ppid=,args="], capture_output=True, text=True, check=True
    ).stdout
    found = {}
    for line in listed.splitlines():
        child, parent, *words = line.split()
        if int(parent) == pid and "--worker-id" in words:
            found[int(child)] = words[words.index("--worker-id") + 1]
    return found


def _lives(pid: int) -> bool:
    """Whether a process runs: one that ended and that nobody has waited for does not."""
    listed = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True, check=False).stdout
    return bool(listed.strip()) and not listed.startswith("Z")
