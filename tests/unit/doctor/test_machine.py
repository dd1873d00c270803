"""This machine: who else can read the files that hold secrets."""

from __future__ import annotations

from pathlib import Path

import pytest

from notifyctl.doctor.finding import Status
from notifyctl.doctor.machine import check_secrets
from notifyctl.settings import Settings


def written(path: Path, text: str, mode: int) -> Path:
    """A file of this text and mode."""
    path.write_text(text)
    path.chmod(mode)
    return path


@pytest.mark.parametrize("mode", [0o640, 0o644, 0o622])
def test_dotenv_that_others_can_read_or_write_is_found(mode: int) -> None:
    """Also where the environment wins over what it says."""
    written(Path(".env"), "SENDGRID_API_KEY=hidden-word\n", mode)

    found = check_secrets(Settings.load())

    assert (found.status, found.remedy) == (Status.WARN, "chmod 600 .env")
    assert f"{mode:04o}" in found.detail
    assert "hidden-word" not in repr(found)


@pytest.mark.parametrize(
    "text",
    ["[twilio]\naccount_sid = 'AC00000000000000000000000000000000'\nauth_token = 'x'", "[redis]\nurl = 'redis://:x@h'"],
)
def test_settings_file_is_looked_into_by_whatever_name(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The one in this folder, or the one that is named."""
    written(Path("notifyctl.toml"), text, 0o644)
    assert check_secrets(Settings.load()).status is Status.WARN

    Path("notifyctl.toml").rename("shop.toml")
    assert check_secrets(Settings.load()).status is Status.OK

    monkeypatch.setenv("NOTIFYCTL_CONFIG", "shop.toml")
    assert check_secrets(Settings.load()).remedy == "chmod 600 shop.toml"


def test_private_or_harmless_files_are_fine() -> None:
    """A URL without a password is no secret."""
    assert check_secrets(Settings.load()).detail == "no file holds any"
    written(Path("notifyctl.toml"), "[redis]\nurl = 'redis://queue.internal'\n[shop]\nname = 'Books'", 0o644)
    assert check_secrets(Settings.load()).detail == "no file holds any"
    written(Path(".env"), "SENDGRID_API_KEY=x\n", 0o600)
    assert check_secrets(Settings.load()).detail == "only you can read .env"
