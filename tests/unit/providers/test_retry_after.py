"""How long a provider asks to wait."""

from __future__ import annotations

import pytest

from notifyctl.providers.retry_after import seconds_asked

NOW_MS = 1_793_534_400_000  # 2026-11-01 12:00:00 UTC


@pytest.mark.parametrize(
    ("headers", "wait_s"),
    [
        ({"Retry-After": "30"}, 30.0),
        ({"Retry-After": "1.5"}, 1.5),
        ({"Retry-After": "Sun, 01 Nov 2026 12:00:42 GMT"}, 42.0),
        ({"X-RateLimit-Reset": "1793534407"}, 7.0),
        ({"Retry-After": "5", "X-RateLimit-Reset": "1793534407"}, 5.0),
        ({"Retry-After": "soon", "X-RateLimit-Reset": "1793534407"}, 7.0),
        ({"Retry-After": "0"}, 1.0),
        ({"Retry-After": "-20"}, 1.0),
        ({"Retry-After": "999999"}, 3600.0),
        ({"X-RateLimit-Reset": "1000"}, 1.0),
        ({"X-RateLimit-Reset": "99999999999"}, 3600.0),
        ({"Retry-After": "inf"}, None),
        ({"Retry-After": "nan"}, None),
        ({"Retry-After": "Sun, 01 Nov 2026 12:00:42 -0000"}, None),
        ({"Retry-After": "Sun, 01 Nov 99999999999999999999 12:00:42 GMT"}, None),
        ({"X-RateLimit-Reset": "tomorrow"}, None),
        ({}, None),
    ],
)
def test_seconds_asked_reads_and_bounds_headers(headers: dict[str, str], wait_s: float | None) -> None:
    """Seconds, dates and epochs are understood, bounded to a second and an hour, and nonsense is none."""
    assert seconds_asked(headers, now_ms=NOW_MS) == wait_s
