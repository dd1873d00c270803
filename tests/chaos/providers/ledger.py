"""What providers were sent, as they note it: a line when a copy arrives, when it is taken, and when its handling ends.

Each line is on its way to the disk before the client hears anything. Times are those of the machine's monotonic clock,
which all its processes share.
"""

from __future__ import annotations

import itertools
import json
import threading
import time
from collections import Counter
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from tests.chaos.providers.faults import FAULTS, Plan

if TYPE_CHECKING:
    from pathlib import Path

    from tests.chaos.providers.faults import Fault

__all__ = ["Copy", "Desk", "Receipt", "Told", "read"]


class Told(StrEnum):
    """What a client can know of a copy that it sent; `EITHER`: that it was refused, or nothing, and both are right."""

    ACCEPTED = "accepted"
    REFUSED = "refused"
    UNKNOWN = "unknown"
    EITHER = "either"


@dataclass(frozen=True, slots=True)
class Receipt:
    """One copy on a provider's desk.

    Attributes:
        number: Which copy, counted over all providers.
        fault: What is going to happen to it; no name: nothing bad.
        takes: Whether the provider is going to take it.
        think_s: How long it thinks.
    """

    number: int
    fault: Fault
    takes: bool
    think_s: float


class Desk:
    """Where a provider notes what it is sent, and reads in the plan what to do about it. Any thread may use it.

    Attributes:
        mood: The name of a fault that everything meets meanwhile; empty for none.
    """

    _numbers = itertools.count(1)
    _lock = threading.Lock()

    def __init__(self, provider: str, protocol: str, plan: Plan, ledger: Path) -> None:
        self.provider = provider
        self.protocol = protocol
        self.plan = plan
        self.mood = ""
        self._file = ledger.open("a", encoding="utf-8")
        self._seen: Counter[str] = Counter()

    def arrives(self, order: str, job_id: str) -> Receipt:
        """Note a copy of an order's message."""
        start = time.monotonic()
        with self._lock:
            number = next(self._numbers)
            self._seen[order] += 1
            copy = self._seen[order]
        fault, takes = self.plan.draw(self.protocol, self.provider, order, copy)
        if self.mood:
            fault, takes = self.plan.named(self.protocol, self.mood), False
        dice = self.plan.chance("think", self.provider, order, copy)
        think_s = dice.uniform(0.3, 1.0) if fault.name == "slow" else dice.uniform(0.01, 0.06)
        self._write(
            number, "arrived", provider=self.provider, order=order, job=job_id, fault=fault.name, at=start,
            protocol=self.protocol,
        )  # fmt: skip
        return Receipt(number, fault, takes, think_s)

    def takes(self, receipt: Receipt, name: str) -> None:
        """Note that the provider has it now, by this name, whatever the client gets to hear."""
        self._write(receipt.number, "taken", name=name)

    def ends(self, receipt: Receipt, *, answered: bool, gone: bool, at: float | None = None) -> None:
        """Note the end of the handling.

        Args:
            receipt: The copy.
            answered: A whole answer was written, and the client was there to read it.
            gone: The client had hung up before.
            at: When an answer began to leave: its client may be quicker than this process. Else it is now.
        """
        self._write(receipt.number, "ended", answered=answered, gone=gone, at=at or time.monotonic())

    def stray(self, fault: Fault) -> None:
        """Note a fault that met no message in particular."""
        self._write(0, "stray", provider=self.provider, fault=fault.name)

    def _write(self, number: int, what: str, **more: Any) -> None:
        line = json.dumps({"number": number, "what": what, **more})
        with self._lock:
            self._file.write(line + "\n")
            self._file.flush()


@dataclass(slots=True)
class Copy:
    """One copy of a message, as the ledger has it.

    Attributes:
        provider: Who got it.
        order: Whose it is: the order's number.
        job: The job's id, where the copy says it.
        fault: What happened to it; empty: nothing bad.
        start, end: When it was handled; a handling that never ended has no end in time.
        taken: By which name the provider has it; empty: it has not.
        told: What the client can know.
        final: The client was told that it will never be taken.
    """

    provider: str
    order: str
    job: str
    fault: str
    start: float
    end: float = float("inf")
    taken: str = ""
    told: Told = Told.UNKNOWN
    final: bool = False


def read(ledger: Path) -> tuple[list[Copy], Counter[str]]:
    """Return all copies in the order of their arrival, and how often which fault of which provider happened."""
    copies: dict[int, Copy] = {}
    kinds: dict[int, Fault] = {}
    faults: Counter[str] = Counter()
    known = {(protocol, fault.name): fault for protocol, found in FAULTS.items() for fault in found}
    for line in ledger.read_text(encoding="utf-8").splitlines():
        entry = json.loads(line)
        number = entry["number"]
        if entry.get("fault"):
            faults[f"{entry['provider']} {entry['fault']}"] += 1
        match entry["what"]:
            case "arrived":
                copies[number] = Copy(entry["provider"], entry["order"], entry["job"], entry["fault"], entry["at"])
                if fault := known.get((entry["protocol"], entry["fault"])):
                    kinds[number] = fault
            case "taken":
                copies[number].taken = entry["name"]
            case "ended":
                copies[number].end = entry["at"]
                copies[number].told, copies[number].final = _told(entry, copies[number], kinds.get(number))
    return sorted(copies.values(), key=lambda copy: copy.start), faults


def _told(entry: dict[str, Any], copy: Copy, fault: Fault | None) -> tuple[Told, bool]:
    if entry["gone"]:
        return Told.UNKNOWN, False
    if fault is not None and fault.refuses:
        return Told.REFUSED, fault.final
    if fault is not None and fault.crosses:
        return Told.EITHER, False
    acknowledged = entry["answered"] and copy.fault in ("", "slow")
    return (Told.ACCEPTED if acknowledged else Told.UNKNOWN), False
