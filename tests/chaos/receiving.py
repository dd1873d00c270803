"""The providers' process, as the one who started it sees it."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

__all__ = ["Receiving"]

ROOT = Path(__file__).parents[2]


class Receiving:
    """Starts all providers; leaving its context ends them.

    Args:
        folder: Where the ledger is kept.
        seed: Decides which copies meet which fault.
        share: How many do.
        texts: The approved WhatsApp texts by their ids.

    Attributes:
        ledger: What they were sent.
        ports: Where they listen, by name.
    """

    def __init__(self, folder: Path, *, seed: int, share: float, texts: Mapping[str, str]) -> None:
        self.ledger = folder / "ledger.jsonl"
        command = [sys.executable, "-m", "tests.chaos.providers", str(folder), str(seed), str(share), json.dumps(texts)]
        with (folder / "providers.log").open("wb") as log:
            self._process = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, text=True, cwd=ROOT,
                start_new_session=True,
            )  # fmt: skip
        assert self._process.stdout is not None
        self.ports: dict[str, int] = json.loads(self._process.stdout.readline())

    @property
    def environment(self) -> dict[str, str]:
        """The settings of a worker that sends there."""
        return {
            "EMAIL_FROM": "shop@example.com",
            "SENDGRID_API_KEY": "SG.chaos",
            "SENDGRID_HOST": f"http://127.0.0.1:{self.ports['sendgrid']}",
            "SMTP_HOST": "127.0.0.1",
            "SMTP_PORT": str(self.ports["smtp"]),
            "SMTP_TLS": "none",
            "TWILIO_ACCOUNT_SID": "AC" + "0" * 32,
            "TWILIO_AUTH_TOKEN": "0" * 32,
            "TWILIO_WHATSAPP_FROM": "+15005550006",
            "TWILIO_BASE_URL": f"http://127.0.0.1:{self.ports['twilio']}",
        }

    @contextlib.contextmanager
    def mood(self, provider: str, fault: str) -> Iterator[None]:
        """Let everything that one provider is sent meet this fault."""
        self._tell(f"{provider} {fault}")
        try:
            yield
        finally:
            self._tell(provider)

    def _tell(self, line: str) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(line + "\n")
        self._process.stdin.flush()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait(timeout=10)
        self._process.stdout.close()
