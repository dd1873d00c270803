"""`notifyctl order`: made-up orders and real ones."""

from __future__ import annotations

import json
import re
import shlex
from typing import TYPE_CHECKING

import pytest

from notifyctl.engine.states import State
from tests.support.cli import run
from tests.support.order_payloads import ROOT, a_fulfilment, a_shopify_cod_order, a_woocommerce_order, captured

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
    assert (second["queued"], second["known"], second["changed"]) == (0, 6, 0)


def test_made_up_orders_of_a_dry_run_are_not_queued(ok: Callable[..., Result], app: App) -> None:
    """They are counted."""
    made = ok("order", "test", "-n", "3", "--dry-run", "-o", "json").json()

    assert (made["orders"], made["queued"], made["dry_run"]) == (3, 6, True)
    assert app.inspector.stats("email").waiting == 0


def test_made_up_orders_have_a_story(ok: Callable[..., Result], app: App) -> None:
    """Each event is told of; the cancellation takes back the confirmation that has not gone."""
    made = ok("order", "test", "-n", "5", "--event", "placed", "--event", "cancelled", "-o", "json").json()

    assert (made["orders"], made["queued"], made["superseded"]) == (10, 20, 10)
    for queue in ("email", "whatsapp"):
        cancelled = app.inspector.jobs(queue, State.CANCELLED)
        assert [(job.template, job.reason) for job in cancelled] == [("order_confirmation", "superseded")] * 5


@pytest.mark.parametrize("separately", [True, False])
def test_tellings_in_the_wrong_order_confirm_no_cancelled_order(
    ok: Callable[..., Result], app: App, tmp_path: Path, *, separately: bool
) -> None:
    """Webhooks come in any order: after the cancellation, the older confirmation and parcel are skipped."""
    later = line(event="cancelled")
    older = line() + line(event="shipped", shipment={"id": "1"})
    file = tmp_path / "orders.jsonl"
    told = []
    for text in (later, older) if separately else (later + older,):
        file.write_text(text)
        told.append(ok("order", "import", str(file), "-o", "json").json())

    assert sum(one["queued"] for one in told) == 2
    assert told[-1]["skipped"] == {
        "the order was cancelled or refunded since": 2,
        "the order was cancelled or refunded since, or this shipment was told of before": 2,
    }
    waiting = [job.template for queue in ("email", "whatsapp") for job in app.inspector.jobs(queue, State.WAITING)]
    assert waiting == ["order_cancelled"] * 2


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
    """What was queued is known, also where the order says something else now, and a note counts those."""
    file = tmp_path / "orders.jsonl"
    file.write_text(line() + line(id="10483"))

    first = ok("order", "import", str(file), "-o", "json").json()
    again = ok("order", "import", str(file), "-o", "json").json()
    file.write_text(line(totals={"total": "43.00"}))
    changed = ok("order", "import", str(file), "-o", "json")

    assert (first["orders"], first["queued"]) == (2, 4)
    assert (again["queued"], again["known"], again["changed"]) == (0, 4, 0)
    assert (changed.json()["queued"], changed.json()["known"], changed.json()["changed"]) == (0, 2, 2)
    assert "note: of 2 known messages, the order says something else now" in changed.err


def test_cancelling_takes_back_what_waits(ok: Callable[..., Result], app: App) -> None:
    """The confirmation is superseded, in the same file or a later one; only once."""
    cancelled = line(event="cancelled")

    together = ok("order", "import", "-", "-o", "json", stdin=line() + cancelled).json()
    again = ok("order", "import", "-", "-o", "json", stdin=cancelled).json()

    assert (together["queued"], together["superseded"]) == (4, 2)
    assert (again["known"], again["superseded"]) == (2, 0)
    assert app.inspector.stats("email").cancelled == 1


def test_every_platform_is_imported_from_one_file(ok: Callable[..., Result]) -> None:
    """Lines of several systems, a page of a REST answer and a captured delivery."""
    lines = [
        a_shopify_cod_order(),
        {"orders": [a_shopify_cod_order(id=number, admin_graphql_api_id=None) for number in (1, 2)]},
        captured("fulfillments/create", a_fulfilment()),
        a_woocommerce_order(),
    ]
    text = "".join(json.dumps(payload, default=str) + "\n" for payload in lines) + line()

    found = ok("order", "import", "-", "-o", "json", stdin=text).json()

    assert (found["orders"], found["queued"], found["refused"]) == (6, 12, 0)


def test_table_is_imported(ok: Callable[..., Result]) -> None:
    """The documentation's own, twice."""
    file = str(ROOT / "docs/examples/orders.csv")

    first = ok("order", "import", file, "-o", "json").json()
    again = ok("order", "import", file, "-o", "json").json()

    assert first["queued"] == again["known"] > 5
    assert first["orders"] == again["orders"] == 7


def test_fault_inside_a_page_is_named_by_order_and_place(redis_url: str) -> None:
    """The others of the page are queued."""
    page = {"orders": [a_shopify_cod_order(), a_shopify_cod_order(line_items=None)]}

    result = run("order", "import", "-", "-o", "json", stdin=json.dumps(page, default=str))

    assert result.code == 6
    assert (result.json()["queued"], result.json()["refused"]) == (2, 1)
    assert "line 1, order 2: /orders/1/line_items: this field is missing" in result.err


def test_old_orders_can_be_left_out(ok: Callable[..., Result]) -> None:
    """Shops tell of old orders when somebody edits them."""
    old = line(created_at="2020-01-31T18:00:00Z")

    found = ok("order", "import", "-", "--since", "2d", "-o", "json", stdin=old).json()

    assert found["skipped"] == {"the order is too old for a confirmation": 2}


def test_settings_decide_what_is_sent(ok: Callable[..., Result], app: App) -> None:
    """A channel can be off; a delay holds a message back; further names mean cash on delivery."""
    unpaid = line(payment={"method": "x", "cash_on_delivery": False}) + json.dumps(
        a_woocommerce_order(payment_method="by_hand"), default=str
    )
    rules = {
        "NOTIFYCTL_MESSAGE_PLACED_EMAIL": "delay=1h",
        "NOTIFYCTL_MESSAGE_PLACED_WHATSAPP": "off",
        "NOTIFYCTL_COD_METHODS": "By_Hand",
    }

    found = ok("order", "import", "-", "-o", "json", stdin=unpaid, **rules).json()

    assert found["queued"] == 1
    assert found["skipped"] == {"awaiting payment": 2, "no whatsapp message is set for placed orders": 1}
    assert app.inspector.stats("email").delayed == 1


@pytest.mark.parametrize(
    ("variable", "value", "told"),
    [
        ("NOTIFYCTL_MESSAGE_SHIPPED_EMAIL", "parcel_news", "messages.shipped.email: no email template is named"),
        (
            "NOTIFYCTL_MESSAGE_SHIPPED_EMAIL",
            "delay=soon",
            "NOTIFYCTL_MESSAGE_SHIPPED_EMAIL: delay: expected a duration",
        ),
    ],
)
def test_wrong_rule_is_told_before_anything_is_queued(redis_url: str, variable: str, value: str, told: str) -> None:
    """By the name of its setting, with the exit code of settings."""
    result = run("order", "import", "-", stdin=line(), **{variable: value})

    assert result.code == 4
    assert told in result.err


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
    """What happened may be named for all orders; another platform's shape is refused."""
    delivered = ok("order", "import", "-", "--event", "delivered", "--shop", "north", "-o", "json", stdin=line()).json()

    assert delivered["queued"] == 2
    assert run("order", "import", "-", "--platform", "woocommerce", stdin=line()).code == 1


def test_a_big_file_is_queued_in_chunks(ok: Callable[..., Result], tmp_path: Path) -> None:
    """All of it is queued, some hundreds at a time."""
    file = tmp_path / "orders.jsonl"
    with file.open("w") as lines:
        for number in range(2_000):
            lines.write(line(id=str(number)))

    found = ok("order", "import", str(file), "-o", "json").json()

    assert (found["orders"], found["queued"]) == (2_000, 4_000)


@pytest.mark.parametrize("page", ["shopify", "woocommerce"])
def test_how_to_runs_as_it_stands(ok: Callable[..., Result], tmp_path: Path, page: str) -> None:
    """Its commands queue and send the messages of its example, into the outbox."""
    (tmp_path / "docs").symlink_to(ROOT / "docs")
    text = (ROOT / f"docs/how-to/{page}.md").read_text(encoding="utf-8")
    (block, *_) = re.findall(r"^```console\n(.*?)^```", text, re.DOTALL | re.MULTILINE)
    commands = re.findall(r"^\$ notifyctl (.+)$", block, re.MULTILINE)

    shown = [ok(*shlex.split(command)) for command in commands]

    assert len(shown) == 4
    assert "Your order" in shown[-1].out
    assert {entry["channel"] for entry in ok("outbox", "list", "-o", "json").json()} == {"email", "whatsapp"}


def test_table_of_the_reference_is_imported(ok: Callable[..., Result]) -> None:
    """The documented rows are two orders; the second is not paid."""
    text = (ROOT / "docs/reference/order-format.md").read_text(encoding="utf-8")
    (table,) = re.findall(r"^```csv\n(.*?)^```", text, re.DOTALL | re.MULTILINE)

    found = ok("order", "import", "-", "-o", "json", stdin=table).json()

    assert (found["orders"], found["queued"], found["refused"]) == (2, 1, 0)


def test_import_says_which_customer_gets_nothing(ok: Callable[..., Result], tmp_path: Path) -> None:
    """An address that is there and cannot be used is named by its order, and not repeated; one that is not there, not."""
    file = tmp_path / "orders.jsonl"
    mistyped = {"name": "Ada", "email": "ada@nowhere", "phone": "+447700900123"}
    file.write_text(
        line() + line(id="10483", customer=mistyped) + line(id="10484", customer={"phone": "+447700900123"})
    )

    result = ok("order", "import", str(file))

    assert "line 2, order 10483: no email message: expected a mail address" in result.err
    assert "nowhere" not in result.err
    assert "10484" not in result.err
