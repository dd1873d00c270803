"""What a provider may do wrong, and which message it happens to: decided by a seed, whatever the order of arrivals."""

from __future__ import annotations

import random
from dataclasses import dataclass

__all__ = ["FAULTS", "Fault", "Plan"]


@dataclass(frozen=True, slots=True)
class Fault:
    """One kind of misbehaviour.

    Attributes:
        name: As ledger and figures say it.
        weight: How often it is drawn, compared with the others of its protocol.
        accepts: How likely the provider takes the message all the same.
        refuses: Whether the client is told, so that it can know, that the message was not taken.
        final: Whether it is told so for good: the message will never be taken.
        account: Whether that is said of the account, so that every message has to wait.
        crosses: Whether a client can know that it was not taken, or not, by how far its own last bytes had come.
    """

    name: str
    weight: float
    accepts: float = 0.0
    refuses: bool = False
    final: bool = False
    account: bool = False
    crosses: bool = False


_HTTP = (
    Fault("400 recipient", 2, refuses=True, final=True),
    Fault("401", 0.04, refuses=True, account=True),
    Fault("403", 0.04, refuses=True, account=True),
    Fault("429", 2, refuses=True),
    Fault("500", 2, accepts=0.5),
    Fault("502", 2, accepts=0.5),
    Fault("503", 1, accepts=0.5),
    Fault("503 of the vendor", 2, refuses=True),
    Fault("slow", 3, accepts=1.0),
    Fault("hang", 1, accepts=0.5),
    Fault("reset before", 2),
    Fault("reset after", 2, accepts=1.0),
    Fault("truncated", 1, accepts=1.0),
    Fault("half headers", 1, accepts=1.0),
)
_SMTP = (
    Fault("RCPT 450", 1, refuses=True),
    Fault("RCPT 421", 1, refuses=True),
    Fault("RCPT 550", 2, refuses=True, final=True),
    Fault("DATA 451", 1, refuses=True),
    Fault("reset before dot", 2, crosses=True),
    Fault("DOT 451", 1, refuses=True),
    Fault("DOT 554", 1, refuses=True, final=True),
    Fault("slow", 2, accepts=1.0),
    Fault("reset after dot", 2, accepts=0.5),
    Fault("hang after dot", 1, accepts=0.5),
)
#: Before RCPT nobody knows which message it is: drawn for each connection, and for each MAIL.
_GREETING = (Fault("greeting 421", 1, refuses=True), Fault("greeting reset", 1, refuses=True))
_MAIL = (Fault("MAIL 451", 1, refuses=True), Fault("MAIL 421", 1, refuses=True))

FAULTS = {"http": _HTTP, "smtp": _SMTP, "greeting": _GREETING, "mail": _MAIL}

#: A provider that does what it should.
_NONE = Fault("", 0, accepts=1.0)


class Plan:
    """Draws faults.

    Args:
        seed: The same seed deals the same fault to the same copy of the same message.
        share: How many of all copies meet a fault.
    """

    def __init__(self, seed: int, share: float) -> None:
        self._seed = seed
        self._share = share

    def draw(self, protocol: str, *what: object) -> tuple[Fault, bool]:
        """Return the fault that this copy meets, one without a name for none, and whether it is taken all the same."""
        chance = self.chance(protocol, *what)
        if chance.random() >= self._share:
            return _NONE, True
        kinds = FAULTS[protocol]
        (fault,) = chance.choices(kinds, [kind.weight for kind in kinds])
        return fault, chance.random() < fault.accepts

    def named(self, protocol: str, name: str) -> Fault:
        """Return the fault of this name."""
        return next(fault for fault in FAULTS[protocol] if fault.name == name)

    def chance(self, *what: object) -> random.Random:
        """Dice that fall the same for the same thing."""
        return random.Random(f"{self._seed} {what}")  # noqa: S311 - to be repeated
