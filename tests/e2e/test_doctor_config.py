"""`notifyctl doctor` and `notifyctl config`: what is wrong, and what is in force."""

from __future__ import annotations

from typing import TYPE_CHECKING

from notifyctl.units import Rate
from tests.support.cli import run

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from notifyctl.app import App
    from tests.support.cli import Result


def test_doctor_shows_each_check(ok: Callable[..., Result], app: App) -> None:
    """A warning is no failure; a missing sender is one, and ends with 7."""
    app.client("operator").config_set("maxmemory-policy", "noeviction")
    checks = ok("doctor", "-o", "json").json()
    failed = run("doctor", SMTP_HOST="mail.example.com")

    assert {"redis", "email"} <= {check["name"] for check in checks}
    assert failed.code == 7
    assert "EMAIL_FROM" in failed.out


def test_doctor_tells_settings_that_cannot_be_used() -> None:
    """As a finding: that is what it is for."""
    result = run("doctor", NOTIFYCTL_EMAIL_RATE="fast")

    assert result.code == 7
    assert "NOTIFYCTL_EMAIL_RATE" in result.out


def test_config_says_where_values_come_from_and_masks_secrets(
    ok: Callable[..., Result], app: App, tmp_path: Path
) -> None:
    """Flag, environment, files, defaults; and what was set live wins."""
    (tmp_path / "notifyctl.toml").write_text('[shop]\nname = "Corner shop"\n')
    (tmp_path / ".env").write_text("SENDGRID_API_KEY=SG.hidden-word\nNOTIFYCTL_CONTENT_SID_HELLO=HX" + "0" * 32)
    app.inspector.limit("email", rate=Rate(3), max_active=2)
    app.inspector.pause("whatsapp", reason="number is blocked")

    result = ok("config", "show", "--origin", "-o", "json", EMAIL_FROM="shop@example.com")

    found = {setting["name"]: (setting["value"], setting["origin"]) for setting in result.json()}
    assert found["shop.name"] == ("Corner shop", "notifyctl.toml")
    assert found["sendgrid.api_key"] == ("********", ".env")
    assert found["email.from"] == ("shop@example.com", "environment")
    assert found["email.rate"] == ("3/s", "redis")
    assert found["email.max_active"] == ("2", "redis")
    assert found["whatsapp.rate"] == ("off", "environment")
    assert found["whatsapp.paused"] == ("yes (number is blocked)", "redis")
    assert "email.paused" not in found
    assert found["whatsapp.content_sids"] == ("hello=HX" + "0" * 32, ".env")
    assert found["drain_timeout"] == ("30s", "default")
    assert "hidden-word" not in result.out + result.err


def test_config_shows_the_server_without_its_password() -> None:
    """And needs no server to show it."""
    result = run("config", "show", REDIS_URL="redis://me:hidden-word@127.0.0.1:1/0?password=hidden-word")

    assert result.code == 0
    assert "redis://127.0.0.1:1/0" in result.out
    assert "hidden-word" not in result.out + result.err
