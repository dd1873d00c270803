"""`notifyctl order`: made-up orders and real ones."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from tests.support.cli import run

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from notifyctl.app import App
    from tests.support.cli import Result

ORDER = {
    "shop": "corner-shop",
    "id": "10482",
    "currency": "EUR",
    "customer": {"name": "Ada", "email": "ada@example.com", "phone": "+447700900123"},
    "items": [{"name": "Mug", "quantity": 1, "total": "42.00"}],
    "totals": {"total": "42.00"},
    "payment": {"method": "Cash on delivery", "cash_on_delivery": True},
}


def line(**changes: object) -> str:
    """An order as a line of a file."""
    return json.dumps({**ORDER, **changes}) + "\n"


def test_the_same_seed_is_queued_once(ok: Callable[..., Result]) -> None:
    """The second time, all is known."""
    first = ok("order", "test", "-n", "3", "--seed", "7", "-o", "json").json()
    second = ok("order", "test", "-n", "3", "--seed", "7", "-o", "json").json()

    assert (first["orders"], first["queued"], first["known"]) == (3, 6, 0)
    assert (second["queued"], second["known"]) == (0, 6)


def test_orders_can_be_of_one_kind_and_give_their_ids(ok: Callable[..., Result], app: App) -> None:
    """All on delivery; `-o id` prints one id for each message."""
    ids = ok("order", "test", "-n", "2", "--cod", "-o", "id").out.split()

    assert len(ids) == 4
    notes = [app.inspector.job(job_id).payload for job_id in ids]
    assert all(b'"payment":"cod"' in note for note in notes)


def test_failures_are_rehearsed_in_the_sandbox_alone(redis_url: str) -> None:
    """With a real provider they are refused, with what to do."""
    result = run("order", "test", "--fail-rate", "0.5", SMTP_HOST="mail.example.com", EMAIL_FROM="shop@example.com")

    assert result.code == 1
    assert "SMTP at mail.example.com" in result.err
    assert "NOTIFYCTL_PROVIDER=outbox" in result.err


def test_import_is_safe_to_repeat(ok: Callable[..., Result], tmp_path: Path) -> None:
    """What was queued is known; an order told again with other content is a conflict, which ends with 6."""
    file = tmp_path / "orders.jsonl"
    file.write_text(line() + line(id="10483"))

    first = ok("order", "import", str(file), "-o", "json").json()
    again = ok("order", "import", str(file), "-o", "json").json()
    file.write_text(line(totals={"total": "43.00"}))
    changed = run("order", "import", str(file), "-o", "json")

    assert (first["orders"], first["queued"]) == (2, 4)
    assert (again["queued"], again["known"]) == (0, 4)
    assert (changed.code, changed.json()["conflicts"]) == (6, 2)


def test_import_goes_on_past_bad_orders(redis_url: str) -> None:
    """It says the line, the place and the reason, never an address; and ends with 6."""
    customer = {"name": "Eve", "email": "eve@nowhere@example.com", "phone": ""}
    orders = line() + "{broken\n" + line(id="2", totals={"total": "a lot"}) + line(id="3", customer=customer)

    result = run("order", "import", "-", "-o", "json", stdin=orders)

    assert result.code == 6
    found = result.json()
    assert (found["orders"], found["queued"], found["refused"]) == (4, 2, 2)
    assert sum(found["skipped"].values()) == 2
    assert "line 2: not JSON" in result.err
    assert "line 3: /totals/total: " in result.err
    assert "nowhere" not in result.err


def test_import_of_nothing_usable_ends_with_1(redis_url: str) -> None:
    """And of nothing at all with 0."""
    assert run("order", "import", "-", stdin="{broken\n").code == 1
    assert run("order", "import", "-", stdin="").code == 0


def test_dry_run_needs_no_server() -> None:
    """It checks everything and queues nothing."""
    result = run("order", "import", "-", "--dry-run", "-o", "json", stdin=line(), REDIS_URL="redis://127.0.0.1:1")

    assert result.code == 0
    assert (result.json()["queued"], result.json()["dry_run"]) == (2, True)


def test_event_and_platform_can_be_given(ok: Callable[..., Result]) -> None:
    """A cancelled order is followed by nothing; another platform's shape is refused."""
    cancelled = ok("order", "import", "-", "--event", "cancelled", "-o", "json", stdin=line()).json()

    assert cancelled["skipped"] == {"the order is cancelled": 2}
    assert run("order", "import", "-", "--platform", "woocommerce", stdin=line()).code == 1


def test_a_big_file_is_queued_in_chunks(ok: Callable[..., Result], tmp_path: Path) -> None:
    """All of it is queued, some hundreds at a time."""
    file = tmp_path / "orders.jsonl"
    with file.open("w") as lines:
        for number in range(2_000):
            lines.write(line(id=str(number)))

    found = ok("order", "import", str(file), "-o", "json").json()

    assert (found["orders"], found["queued"]) == (2_000, 4_000)
