"""Durations and rates, as people write them."""

from __future__ import annotations

import math
from datetime import timedelta

import pytest

from notifyctl.units import Rate, format_duration, parse_duration


@pytest.mark.parametrize(
    ("text", "milliseconds"),
    [
        ("250ms", 250),
        ("90s", 90_000),
        ("1.5s", 1_500),
        ("1h30m", 5_400_000),
        ("2d", 172_800_000),
        ("1d 2h 3m 4s 5ms", 93_784_005),
        (" 10S ", 10_000),
        ("0s", 0),
    ],
)
def test_duration_is_parsed(text: str, milliseconds: int) -> None:
    """Units from days to milliseconds, in any combination."""
    assert parse_duration(text) == timedelta(milliseconds=milliseconds)


@pytest.mark.parametrize("text", ["", "10", "s", "-1s", "1y", "1s2", "ten s", "1e3s", "1,5s"])
def test_duration_without_a_clear_meaning_is_refused(text: str) -> None:
    """A bare number above all: it does not say of what."""
    with pytest.raises(ValueError, match="expected a duration such as 30s"):
        parse_duration(text)


def test_duration_beyond_all_measure_is_refused() -> None:
    """An overflow is a wrong value, not a crash."""
    with pytest.raises(ValueError, match="expected a duration of less"):
        parse_duration("9999999999999d")


@pytest.mark.parametrize("text", ["0s", "5ms", "90s", "1h30m", "2d", "1d2h3m4s5ms", "24h", "61m"])
def test_duration_survives_its_text(text: str) -> None:
    """What is printed can be read back."""
    duration = parse_duration(text)

    assert parse_duration(format_duration(duration)) == duration


def test_duration_is_printed_short() -> None:
    """Only the units that count, the largest first."""
    assert format_duration(timedelta(seconds=90)) == "1m30s"
    assert format_duration(timedelta(days=1)) == "1d"
    assert format_duration(timedelta()) == "0s"
    assert format_duration(timedelta(seconds=-2)) == "-2s"


@pytest.mark.parametrize(
    ("text", "count", "period_ms", "printed"),
    [
        ("10/s", 10, 1_000, "10/s"),
        ("600/min", 600, 60_000, "600/min"),
        ("600 / minute", 600, 60_000, "600/min"),
        ("5/m", 5, 60_000, "5/min"),
        ("1000/h", 1_000, 3_600_000, "1000/h"),
        ("1/5s", 1, 5_000, "1/5s"),
        ("3/1500ms", 3, 1_500, "3/1500ms"),
        ("OFF", 0, 1_000, "off"),
    ],
)
def test_rate_is_parsed_and_printed(text: str, count: int, period_ms: int, printed: str) -> None:
    """What is printed means the same."""
    rate = Rate.parse(text)

    assert rate == Rate(count, period_ms)
    assert str(rate) == printed
    assert Rate.parse(str(rate)) == rate


@pytest.mark.parametrize("text", ["", "10", "0/s", "10/0s", "-1/s", "1.5/s", "10/fortnight", "s/10", "ten/s"])
def test_rate_without_a_clear_meaning_is_refused(text: str) -> None:
    """A rate of nothing too: a queue is stopped by a pause."""
    with pytest.raises(ValueError, match="expected a rate such as 10/s"):
        Rate.parse(text)


def test_rate_per_second_is_comparable() -> None:
    """Rates of different periods, and none at all, on one scale."""
    assert Rate.parse("600/min").per_second == Rate.parse("10/s").per_second == 10
    assert Rate.parse("off").per_second == math.inf
    assert Rate.parse("off").unlimited


@pytest.mark.parametrize(("count", "period_ms"), [(-1, 1_000), (1, 0), (1, 10**15), (10**10, 1_000)])
def test_rate_of_impossible_numbers_is_refused(count: int, period_ms: int) -> None:
    """In code as well."""
    with pytest.raises(ValueError, match=r"a rate (has a count|is at most)"):
        Rate(count, period_ms)
