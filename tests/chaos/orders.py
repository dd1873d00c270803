"""Numbered orders of a shop whose customers take mail and WhatsApp, and the way into the queue that a shop has."""

from __future__ import annotations

import json
import subprocess
import threading
from typing import TYPE_CHECKING

from tests.support.cli import COMMAND

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

__all__ = ["Shop", "write_orders"]

#: The exit code of a command that cannot reach its server.
_SERVER_AWAY = 5
#: How long the shop waits after that before it tries again.
_PAUSE_S = 0.5


def write_orders(path: Path, count: int) -> None:
    """Write so many orders as JSON lines. A thousand numbers are shared by them: many a customer orders again."""
    with path.open("w", encoding="utf-8") as file:
        for number in range(count):
            order = {
                "shop": "chaos",
                "id": str(number),
                "number": f"C-{number}",
                "event": "placed",
                "currency": "EUR",
                "customer": {
                    "name": "Ada Example",
                    "email": f"order-{number}@example.com",
                    "phone": f"+447700900{number % 1000:03}",
                },
                "items": [{"name": "Linen shirt", "quantity": 1, "total": "20.00"}],
                "totals": {"total": "20.00"},
                "payment": {"method": "cod", "cash_on_delivery": True, "paid": False},
            }
            file.write(json.dumps(order) + "\n")


class Shop(threading.Thread):
    """Imports a file of orders until that has gone well twice: known orders must change nothing.

    While the server is away, messages are kept in the spool of this machine, and the fleet's workers move them over.

    Attributes:
        runs: The exit codes of the imports, in order.
        failure: What went wrong for good; empty: nothing.
    """

    def __init__(self, orders: Path, environment: Mapping[str, str], log: Path) -> None:
        super().__init__(name="shop", daemon=True)
        self._orders = orders
        self._environment = environment
        self._log = log
        self.runs: list[int] = []
        self.failure = ""
        self._most_runs = 100
        self._over = threading.Event()

    def run(self) -> None:
        """Import."""
        while not self.failure and self.runs.count(0) < 2:
            self._import()
            if self.runs[-1]:
                self._over.wait(_PAUSE_S)

    def close(self) -> None:
        """Import no more."""
        self._over.set()
        self._most_runs = 0
        self.join()

    def spooled(self) -> int:
        """How many messages lie in the spool."""
        return len(json.loads(self._command("spool", "list", "--limit", "1000", "-o", "json").stdout))

    def _import(self) -> None:
        done = self._command("order", "import", str(self._orders), "-o", "json")
        if done.returncode == 0 and self.runs.count(0) == 1:
            told = json.loads(done.stdout)
            if queued := told["queued"] - told["spooled"]:
                self.failure = f"an import of known orders queued {queued} messages"
        self.runs.append(done.returncode)
        if done.returncode not in (0, _SERVER_AWAY) or len(self.runs) >= self._most_runs:
            self.failure = f"the imports ended with {self.runs}"

    def _command(self, *words: str) -> subprocess.CompletedProcess[bytes]:
        with self._log.open("a") as log:
            return subprocess.run(
                [COMMAND, *words],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=log,
                env=dict(self._environment),
                check=False,
            )
