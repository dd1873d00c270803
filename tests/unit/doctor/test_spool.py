"""What the doctor says of the spool."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from notifyctl.clock import now_ms
from notifyctl.doctor.finding import Status
from notifyctl.doctor.spool import check_spool
from notifyctl.settings import Settings
from notifyctl.spool import Row, Spool

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def settings() -> Settings:
    """Nothing set."""
    return Settings.load()


@pytest.fixture
def spool(settings: Settings) -> Iterator[Spool]:
    """The spool, in which things have lain for two minutes."""
    spool = Spool(settings.spool_dir, settings.destination, max_bytes=2**28, clock=lambda: now_ms() - 120_000)
    yield spool
    spool.close()


def test_spool_that_is_not_there_is_fine_and_not_made(settings: Settings) -> None:
    """A doctor changes nothing."""
    found = check_spool(settings)

    assert (found.status, found.detail) == (Status.OK, "empty")
    assert not settings.state_dir.exists()


def test_spool_that_is_turned_off_is_told() -> None:
    """It is a choice, and no fault."""
    found = check_spool(Settings.load(spool={"enabled": False}))

    assert found.status is Status.OK
    assert "turned off" in found.detail


def test_messages_that_are_not_moved_are_a_warning(settings: Settings, spool: Spool) -> None:
    """With the way to move them."""
    spool.put([Row("a", "email", b"")])

    found = check_spool(settings)

    assert found.status is Status.WARN
    assert found.detail.startswith("1 messages have waited here for up to 2m")
    assert "'notifyctl spool flush'" in found.remedy


def test_messages_of_the_last_minute_are_no_fault(settings: Settings) -> None:
    """They are being moved, or Redis is away, which is told elsewhere."""
    spool = Spool(settings.spool_dir, settings.destination, max_bytes=2**28)
    spool.put([Row("a", "email", b"")])
    spool.close()

    assert check_spool(settings).status is Status.OK


def test_entries_that_cannot_be_moved_are_a_warning(settings: Settings, spool: Spool) -> None:
    """What is held, and what is for another server."""
    spool.put([Row("a", "email", b"")])
    spool.hold(spool.first(1)[0], "unreadable")
    spool.destination = "elsewhere"
    spool.put([Row("b", "email", b"")])

    found = check_spool(settings)

    assert found.status is Status.WARN
    assert found.detail == "1 entries cannot be moved, 1 are for another server or namespace"


def test_spool_that_was_set_aside_is_a_failure(settings: Settings, spool: Spool) -> None:
    """Until somebody has looked into it."""
    spool.folder.mkdir(mode=0o700, parents=True)
    spool.file.write_bytes(b"no database at all" * 100)
    spool.put([Row("a", "email", b"")])

    found = check_spool(settings)

    assert found.status is Status.FAIL
    assert str(spool.damaged()[0]) in found.remedy


def test_spool_that_is_found_damaged_now_is_a_failure(settings: Settings, spool: Spool) -> None:
    """It is told by the look that finds it, not by the next one."""
    spool.folder.mkdir(mode=0o700, parents=True)
    spool.file.write_bytes(b"no database at all" * 100)

    assert check_spool(settings).status is Status.FAIL


def test_spool_that_cannot_be_used_is_a_failure(settings: Settings) -> None:
    """What is to be queued while Redis is away would be refused."""
    settings.spool_dir.mkdir(parents=True)
    settings.spool_dir.chmod(0o755)
    (settings.spool_dir / "spool.db").touch()

    found = check_spool(settings)

    assert found.status is Status.FAIL
    assert "not private" in found.detail
