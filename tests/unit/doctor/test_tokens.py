"""What the doctor says of tokens."""

from __future__ import annotations

import pytest

from notifyctl.access import Role, Token
from notifyctl.doctor.finding import Status
from notifyctl.doctor.tokens import _judge

DAY_MS = 86_400_000
NOW_MS = 1_793_534_400_000


def a_token(*, days: float, used: bool = True, revoked: bool = False) -> Token:
    """A token that ends in so many days."""
    ends_ms = NOW_MS + round(days * DAY_MS)
    return Token("k3v9x2mq", "shop", Role.PRODUCER, NOW_MS - 400 * DAY_MS, ends_ms, NOW_MS if used else 0, int(revoked))


@pytest.mark.parametrize(
    ("token", "status"),
    [
        (a_token(days=13), Status.WARN),
        (a_token(days=15), Status.OK),
        (a_token(days=13, used=False), Status.OK),
        (a_token(days=13, revoked=True), Status.OK),
        (a_token(days=-1), Status.OK),
    ],
)
def test_a_token_in_use_that_ends_soon_is_told(token: Token, status: Status) -> None:
    """One that nobody uses, or that has ended, is nobody's loss."""
    assert _judge([token], NOW_MS).status is status


def test_finding_names_the_token_and_the_day() -> None:
    """So that somebody can make another in time."""
    finding = _judge([a_token(days=3), a_token(days=300)], NOW_MS)

    assert finding.detail == "in use, and ending soon: shop (k3v9x2mq) on 2026-11-04"
    assert "notifyctl token create" in finding.remedy


def test_no_token_is_nothing_to_mend() -> None:
    """Whoever does not serve needs none."""
    assert _judge([], NOW_MS).detail == "none: nobody uses the HTTP API or the dashboard"
