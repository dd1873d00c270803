"""Job ids: short, ordered, unique, safe in a URL and to a double click."""

from __future__ import annotations

import re
import threading
from typing import TYPE_CHECKING

from notifyctl.engine import ids
from notifyctl.engine.ids import new_id

if TYPE_CHECKING:
    import pytest


def test_ids_are_16_characters_that_survive_a_double_click() -> None:
    """Crockford's letters, lower case: none that looks like another."""
    assert all(re.fullmatch(r"[0-9a-hjkmnp-tv-z]{16}", new_id()) for _ in range(1_000))


def test_ids_are_ordered_by_time_and_within_a_millisecond() -> None:
    """Later ids sort after earlier ones."""
    made = [new_id() for _ in range(5_000)]

    assert made == sorted(set(made))


def test_ids_go_on_when_the_clock_is_set_back(monkeypatch: pytest.MonkeyPatch) -> None:
    """Order and uniqueness do not depend on the clock."""
    earlier = new_id()
    monkeypatch.setattr(ids, "now_ms", lambda: 1)

    assert earlier < new_id() < new_id()


def test_ids_tell_their_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """The first 42 bits are the milliseconds."""
    monkeypatch.setattr(ids, "_last", 0)
    monkeypatch.setattr(ids, "now_ms", lambda: 1_793_534_400_000)

    value = 0
    for letter in new_id():
        value = value * 32 + "0123456789abcdefghjkmnpqrstvwxyz".index(letter)

    assert value >> 38 == 1_793_534_400_000


def test_ids_of_many_threads_are_different() -> None:
    """One counter for all threads of a process."""
    made: list[str] = []

    def make() -> None:
        made.extend([new_id() for _ in range(2_000)])

    threads = [threading.Thread(target=make) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(set(made)) == 16_000
