"""`notifyctl job`: single messages, wherever they are."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from notifyctl.engine.states import State
from tests.support.cli import run

if TYPE_CHECKING:
    from collections.abc import Callable

    from notifyctl.app import App
    from tests.support.cli import Result


def test_list_is_filtered_by_queue_and_state(
    ok: Callable[..., Result], queued: Callable[..., list[str]], dead: Callable[..., list[str]]
) -> None:
    """All states by default; several may be chosen."""
    (buried,) = dead(1)
    (later,) = queued(1, delay=timedelta(hours=1))
    first, second = queued(2)

    assert set(ok("job", "list", "-o", "id").out.split()) == {buried, later, first, second}
    assert ok("job", "list", "--state", "waiting", "-o", "id").out.split() == [first, second]
    chosen = ok("job", "ls", "--state", "dead", "--state", "delayed", "--queue", "email", "-o", "json").json()
    assert {job["state"] for job in chosen} == {"dead", "delayed"}
    assert ok("job", "list", "--queue", "whatsapp", "-o", "json").json() == []


def test_show_has_times_in_utc_and_no_address(ok: Callable[..., Result], queued: Callable[..., list[str]]) -> None:
    """In ISO 8601."""
    (job_id,) = queued(1)

    found = ok("job", "show", job_id, "-o", "json").json()

    assert found["created_at"].endswith("Z")
    assert found["to"] == "a***@e***.com"
    assert "data" not in found
    assert "ada@" not in ok("job", "show", job_id).out


def test_cancel_takes_back_what_has_not_gone(
    ok: Callable[..., Result], queued: Callable[..., list[str]], dead: Callable[..., list[str]], app: App
) -> None:
    """What has gone is told, and ends with 6."""
    (gone,) = dead(1)
    (waiting,) = queued(1)
    (delayed,) = queued(1, delay=timedelta(hours=1))

    result = run("job", "cancel", waiting, gone, delayed)

    assert result.code == 6
    assert result.out == "cancelled 2, failed 1\n"
    assert app.inspector.job(waiting).state is app.inspector.job(delayed).state is State.CANCELLED
    assert run("job", "cancel", gone, "--dry-run").code == 1
    (later,) = queued(1)
    assert ok("job", "cancel", later, "--dry-run", "-o", "json").json()[0]["result"] == "would be cancelled"


def test_cancel_takes_filters_and_asks(
    ok: Callable[..., Result], queued: Callable[..., list[str]], dead: Callable[..., list[str]]
) -> None:
    """What has not gone and fits, alone."""
    dead(1, order_id="10482")
    (waiting,) = queued(1, order_id="10482")
    queued(1, order_id="7")

    assert run("job", "cancel", "--order", "10482").code == 1
    assert run("job", "cancel").code == 2
    assert ok("job", "cancel", "--order", "10482", "--yes", "-o", "id").out.split() == [waiting]
    assert ok("job", "show", waiting, "-o", "json").json()["state"] == "cancelled"
