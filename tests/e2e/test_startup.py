"""What a command loads: only what it uses, as everything else is time that a person waits."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

VENDORS = ("sendgrid", "python_http_client", "twilio", "smtplib")
RENDERING = ("jinja2", "phonenumbers", "email_validator")


def loaded(names: Sequence[str], *words: str, **variables: str) -> set[str]:
    """Which of these modules a command loads."""
    program = (
        f"import sys; sys.argv[1:] = {words!r}\n"
        "from notifyctl.cli import main\n"
        "try: main()\n"
        f"finally: print(*(name for name in {names!r} if name in sys.modules), file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, env={**os.environ, **variables}
    )
    assert done.stdout
    return set(done.stderr.splitlines()[-1].split())


@pytest.mark.parametrize("words", [("--help",), ("help",), ("--version",)])
def test_overview_loads_no_command(words: tuple[str, ...]) -> None:
    """Nor what any of them needs."""
    heavy = ("redis", "dramatiq", "pydantic", "rich", "tabulate", "asyncio", *VENDORS, *RENDERING)

    found = loaded((*heavy, "notifyctl.cli.dlq", "notifyctl.app"), *words)

    assert found <= ({"pydantic"} if words == ("help",) else set())  # typer reads the words with it


@pytest.mark.parametrize(
    "words", [("stats",), ("stats", "email", "-o", "json"), ("queue", "list"), ("queue", "show", "email")]
)
def test_looking_at_the_queues_loads_neither_vendors_nor_templates(redis_url: str, words: tuple[str, ...]) -> None:
    """Nor Dramatiq, nor the readers of addresses."""
    assert loaded(("redis", "dramatiq", "rich", *VENDORS, *RENDERING), *words) == {"redis"}


def test_settings_are_shown_without_redis() -> None:
    """They lie in files and in the environment."""
    assert loaded(("redis", "dramatiq", *VENDORS, *RENDERING), "config", "show") == set()


def test_credentials_alone_load_no_vendor(ok: Callable[..., object], redis_url: str) -> None:
    """Only a worker sends."""
    assert loaded(VENDORS, "stats", SENDGRID_API_KEY="SG.x", EMAIL_FROM="shop@example.com") == set()
