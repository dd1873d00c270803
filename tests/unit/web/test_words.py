"""Moments, durations, figures and lines as the dashboard says them."""

from __future__ import annotations

import re

import pytest

from notifyctl.web.dashboard import words


@pytest.mark.parametrize(
    ("ms", "said"),
    [
        (0, "0 s"),
        (999, "999 ms"),
        (1_000, "1 s"),
        (59_999, "59 s"),
        (60_000, "1 min"),
        (3_600_000, "1 h"),
        (9e7, "1 d"),
    ],
)
def test_duration_is_said_in_its_largest_unit(ms: int, said: str) -> None:
    """As operators read it at a glance."""
    assert words.lasting(int(ms)) == said


@pytest.mark.parametrize(
    ("distance_ms", "said"), [(-61_000, "1 min ago"), (-999, "now"), (61_000, "in 1 min"), (7_300_000, "in 2 h")]
)
def test_moment_is_said_from_now(monkeypatch: pytest.MonkeyPatch, distance_ms: int, said: str) -> None:
    """Before and after, from epoch ms and from what records hold."""
    now = 1_793_534_400_000
    monkeypatch.setattr(words, "now_ms", lambda: now)

    assert words.ago(now + distance_ms) == said
    assert words.ago(words.iso(now + distance_ms)) == said


def test_moment_is_said_in_full() -> None:
    """To the second, in UTC."""
    assert words.moment(1_793_534_405_120) == "1 Nov 2026, 12:00:05 UTC"
    assert words.moment("2026-11-01T12:00:05.120Z") == "1 Nov 2026, 12:00:05 UTC"


def test_figures_have_their_thousands_apart() -> None:
    """Whole numbers whole, others with one place."""
    assert [words.figure(number) for number in (0, 28_756, 0.0, 7.26, 1_234.5)] == [
        "0",
        "28,756",
        "0",
        "7.3",
        "1,234.5",
    ]


@pytest.mark.parametrize("text", ["email", "purge 3,140", "a.b*c", "10482"])
def test_pattern_takes_one_text_alone(text: str) -> None:
    """As a browser compiles it, with the flag v."""
    pattern = re.sub(r"\\u\{(\w+)\}", lambda found: re.escape(chr(int(found[1], 16))), words.pattern(text))

    assert re.fullmatch(pattern, text)
    assert not re.fullmatch(pattern, text.replace(".", "x") + "x")


def test_line_goes_from_edge_to_edge() -> None:
    """The most is at the top, nothing at the foot; something bad has a foot of at least 3 px; nothing has none."""
    shape = words.spark([0, 5, 10], [0, 1, 4])

    assert shape.line == "M0.0 39.0L120.0 20.5L240.0 2.0"
    assert shape.area.endswith("L240 40L0 40Z")
    assert shape.marks == [(120.0, 5.5), (240.0, 13.0)]


@pytest.mark.parametrize("values", [[], [0], [0, 0, 0]])
def test_line_of_nothing_lies_flat(values: list[int]) -> None:
    """A queue that nobody used yet has its drawing, too."""
    assert set(re.findall(r" ([\d.]+)", words.spark(values).line)) == {"39.0"}


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("*bold* and _slanted_", "<strong>bold</strong> and <em>slanted</em>"),
        ("2*3*4, snake_case_name", "2*3*4, snake_case_name"),
        ("* not *", "* not *"),
        ("<b>*x*</b>", "&lt;b&gt;<strong>x</strong>&lt;/b&gt;"),
    ],
)
def test_chat_has_its_marks_and_nothing_else(text: str, shown: str) -> None:
    """WhatsApp's own marks become markup, all else stays text."""
    assert str(words.chat(text)) == shown
