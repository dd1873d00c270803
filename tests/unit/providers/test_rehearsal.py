"""Failures on purpose, by a tag in the recipient's address."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from notifyctl.errors import Permanent, Scope, Transient
from notifyctl.providers.rehearsal import Rehearsal
from tests.support.payloads import an_email

if TYPE_CHECKING:
    from pathlib import Path


def test_retry_tag_refuses_as_often_as_it_says(tmp_path: Path) -> None:
    """Twice for now, also when another process has the next attempt; then it is taken."""
    payload = an_email(to="ada+retry2@example.com")

    answers = [Rehearsal(tmp_path / "outbox")(payload) for _ in range(3)]

    assert [type(answer) for answer in answers] == [Transient, Transient, type(None)]


def test_retry_tag_counts_for_each_message(tmp_path: Path) -> None:
    """Another message to the same address is refused as often."""
    rehearsal = Rehearsal(tmp_path)
    first = an_email(to="ada+retry1@example.com", notification_id="one")

    assert isinstance(rehearsal(first), Transient)
    assert rehearsal(first) is None
    assert isinstance(rehearsal(replace(first, notification_id="two")), Transient)


def test_down_tag_never_heals(tmp_path: Path) -> None:
    """Each attempt is refused for now."""
    rehearsal = Rehearsal(tmp_path)

    assert all(isinstance(rehearsal(an_email(to="ada+down@example.com")), Transient) for _ in range(12))


def test_bounce_tag_is_about_the_recipient(tmp_path: Path) -> None:
    """Refused for good."""
    answer = Rehearsal(tmp_path)(an_email(to="ada+bounce@example.com"))

    assert isinstance(answer, Permanent)
    assert answer.scope is Scope.RECIPIENT


@pytest.mark.parametrize(
    "address", ["ada@example.com", "ada+retry@example.com", "retry2@example.com", "a+down2@example.com"]
)
def test_other_addresses_are_taken(tmp_path: Path, address: str) -> None:
    """Only the documented tags count."""
    assert Rehearsal(tmp_path)(an_email(to=address)) is None
