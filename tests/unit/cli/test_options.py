"""How option values are read, and what is said about those that cannot be."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import typer

from notifyctl.cli._options import read_duration, read_moment, read_rate
from notifyctl.cli.order import with_failures
from notifyctl.cli.stats import read_condition
from notifyctl.cli.worker import read_concurrency
from notifyctl.orders import made_up_orders
from notifyctl.units import Rate


def test_values_are_read() -> None:
    """Durations, rates, moments, conditions and threads."""
    assert read_duration("1m30s") == timedelta(seconds=90)
    assert read_rate("5/s") == Rate(5)
    assert read_moment("2026-05-01T09:00+02:00").astimezone(UTC) == datetime(2026, 5, 1, 7, tzinfo=UTC)
    assert read_concurrency("email=10") == ("email", 10)


@pytest.mark.parametrize(
    ("condition", "met"),
    [("dlq>0", True), ("dlq>=1", True), ("dlq<1", False), ("dlq <= 1", True), ("dlq==2", False), ("paused!=1", True)],
)
def test_condition_compares_a_number_of_the_stats(condition: str, met: bool) -> None:
    """With each operator; a pause counts as 1."""
    assert read_condition(condition).met_by({"dlq": 1, "paused": False}) is met


@pytest.mark.parametrize("text", ["dlq", "dlq>", "dlq=>1", "dlq>x", "nothing>0", "queue>0", "dlq>0 or 1"])
def test_condition_that_makes_no_sense_is_refused(text: str) -> None:
    """With what was expected."""
    with pytest.raises(typer.BadParameter, match=r"expected|no number"):
        read_condition(text)


@pytest.mark.parametrize("text", ["email", "email=", "email=0", "email=1001", "=3", "email=-1", "email=x"])
def test_concurrency_needs_a_queue_and_a_number(text: str) -> None:
    """From 1 to 1000."""
    with pytest.raises(typer.BadParameter, match="email=10"):
        read_concurrency(text)


def test_a_moment_needs_its_zone() -> None:
    """Nobody can say which moment a naive time means."""
    with pytest.raises(typer.BadParameter, match="zone"):
        read_moment("2026-05-01T09:00")


@pytest.mark.parametrize(("rate", "failing"), [(0, 0), (0.1, 2), (0.25, 5), (1, 20)])
def test_the_asked_share_of_orders_fails(rate: float, failing: int) -> None:
    """Half of them for a while, half for good; the same ones each time."""
    orders = [list(with_failures(made_up_orders(20, seed=1), rate)) for _ in range(2)]
    tags = [order.email.partition("+")[2].partition("@")[0] for order in orders[0] if "+" in order.email]

    assert [order.email for order in orders[0]] == [order.email for order in orders[1]]
    assert len(tags) == failing
    assert tags.count("retry2") - tags.count("bounce") in (0, 1)
