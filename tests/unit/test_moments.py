"""The times that filters take."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from notifyctl.moments import read_time

ZONE = timezone(timedelta(hours=2))
NOW = datetime(2026, 3, 10, 15, 30, tzinfo=ZONE)


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2h", datetime(2026, 3, 10, 13, 30, tzinfo=ZONE)),
        ("1d12h", datetime(2026, 3, 9, 3, 30, tzinfo=ZONE)),
        ("2026-03-09T18:00:00Z", datetime(2026, 3, 9, 18, tzinfo=UTC)),
        ("2026-03-09 18:00+05:30", datetime(2026, 3, 9, 12, 30, tzinfo=UTC)),
    ],
)
def test_read_time_of_a_duration_or_a_zoned_time(text: str, moment: datetime) -> None:
    """A duration is that long ago."""
    assert read_time(text, now=NOW) == moment


@pytest.mark.parametrize(
    ("text", "local"),
    [
        ("yesterday 18:00", datetime(2026, 3, 9, 18)),  # noqa: DTZ001 - the machine's own zone
        ("Yesterday", datetime(2026, 3, 9)),  # noqa: DTZ001
        ("today 9:05", datetime(2026, 3, 10, 9, 5)),  # noqa: DTZ001
        ("18:00:30", datetime(2026, 3, 10, 18, 0, 30)),  # noqa: DTZ001
        ("2026-02-01", datetime(2026, 2, 1)),  # noqa: DTZ001
        ("2026-02-01 07:00", datetime(2026, 2, 1, 7)),  # noqa: DTZ001
    ],
)
def test_read_time_without_a_zone_is_this_machines(text: str, local: datetime) -> None:
    """As people write times of day."""
    assert read_time(text, now=NOW) == local.astimezone()


@pytest.mark.parametrize("text", ["", "soon", "25:00", "yesterday 24:61", "2026-13-01", "tomorrow", "9" * 30 + "d"])
def test_read_time_refuses_what_means_none(text: str) -> None:
    """With an example of what is meant."""
    with pytest.raises(ValueError, match="time"):
        read_time(text, now=NOW)
