"""This machine: the folder where data lies, and who else can read the files with secrets."""

from __future__ import annotations

import os
import stat
import tomllib
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from dotenv import dotenv_values

from notifyctl.doctor.finding import Finding, Status
from notifyctl.settings.sources import CONFIG_VARIABLE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from notifyctl.settings import Setting, Settings

__all__ = ["check_secrets", "check_state_dir"]

_DOTENV: Final = Path(".env")


def check_state_dir(folder: Path) -> Finding:
    """Return whether data of this machine has a place, and others no way in."""
    name = "state folder"
    if not folder.exists():
        parent = next(parent for parent in folder.parents if parent.exists())
        if not os.access(parent, os.W_OK | os.X_OK):
            return Finding(
                name, Status.FAIL, f"{folder} cannot be made", "Set NOTIFYCTL_STATE_DIR to a folder you can write to."
            )
        return Finding(name, Status.OK, f"{folder} will be made when it is needed")
    if not folder.is_dir() or not os.access(folder, os.W_OK | os.X_OK):
        return Finding(
            name, Status.FAIL, f"{folder} is no folder you can write to", "Mend it, or set NOTIFYCTL_STATE_DIR."
        )
    mode = stat.S_IMODE(folder.stat().st_mode)
    if mode != 0o700:
        detail = f"{folder} has mode {mode:04o}: it holds personal data, which others may be able to read"
        return Finding(name, Status.WARN, detail, f"chmod 700 {folder}")
    return Finding(name, Status.OK, str(folder))


def check_secrets(settings: Settings) -> Finding:
    """Return whether others can read a file that holds a secret."""
    name = "secrets"
    secrets = [setting for setting in settings.known() if setting.secret]
    files = [path for path, holds in ((_DOTENV, _in_dotenv), (_config_file(), _in_toml)) if holds(path, secrets)]
    for path in files:
        mode = stat.S_IMODE(path.stat().st_mode)
        if mode & 0o077:
            detail = f"{path} has mode {mode:04o}: others on this machine can read or change the secrets in it"
            return Finding(name, Status.WARN, detail, f"chmod 600 {path}")
    told = " and ".join(map(str, files))
    return Finding(name, Status.OK, f"only you can read {told}" if files else "no file holds any")


def _config_file() -> Path:
    named = os.environ.get(CONFIG_VARIABLE) or dotenv_values(_DOTENV, interpolate=False).get(CONFIG_VARIABLE)
    return Path(named or "notifyctl.toml").expanduser()


def _in_dotenv(path: Path, secrets: Sequence[Setting]) -> bool:
    values = dotenv_values(path, interpolate=False)
    return any(_is_secret(setting, values.get(setting.env.name)) for setting in secrets)


def _in_toml(path: Path, secrets: Sequence[Setting]) -> bool:
    with suppress(OSError):
        return any(_is_secret(setting, _at(tomllib.loads(path.read_text()), setting.key)) for setting in secrets)
    return False


def _at(table: Any, key: Sequence[str]) -> Any:
    for name in key:
        table = table.get(name) if isinstance(table, dict) else None
    return table


def _is_secret(setting: Setting, value: Any) -> bool:
    """Whether there is something to keep: a URL is a secret for its password."""
    if not value or setting.name != "redis.url":
        return bool(value)
    parts = urlsplit(value)
    return bool(parts.password) or "password=" in parts.query
