"""The code in the documentation, run."""

from __future__ import annotations

import re
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import notifyctl
from notifyctl.app import build

if TYPE_CHECKING:
    import pytest

    from tests.support.server import Server

DOCS = Path(__file__).parents[2] / "docs"


def _python_of(page: str) -> list[str]:
    """The Python blocks of a page."""
    return re.findall(r"^```python\n(.*?)^```", (DOCS / page).read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)


def test_queue_from_python_runs_as_it_stands(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both messages of the order are queued, and the notifier answers about them."""
    monkeypatch.setenv("REDIS_URL", server.url)
    monkeypatch.setattr(notifyctl, "_notifier", None)
    order = SimpleNamespace(
        id=10482, number="A-10482", name="Ada Lovelace", email="ada@example.com", phone="+447700900123"
    )
    page: dict[str, Any] = {}

    queueing, looking = _python_of("how-to/queue-from-python.md")
    exec(queueing, page)  # noqa: S102 - it is the documentation's own
    page["order_placed"](order)
    exec(looking, page)  # noqa: S102

    inspector = build().inspector
    assert [inspector.stats(queue).waiting for queue in ("email", "whatsapp")] == [1, 1]
    assert page["notifier"].queue_stats("email")["waiting"] == 1
