"""What is said about a value that cannot be used: under the name that the user wrote, without the value."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from notifyctl.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pydantic import ValidationError

    from notifyctl.settings.sources import Key, Layer, Setting

__all__ = ["DOCUMENTED", "config_error"]

#: Where to look for what a setting may be.
DOCUMENTED = "Every setting is described in .env.example."

_OWN_WORDS = ("value_error", "assertion_error")


def config_error(error: ValidationError, found: Iterable[Layer], known: Iterable[Setting]) -> ConfigError:
    """Return what pydantic found wrong as one error for the user."""
    names = {setting.key: setting.env.name for setting in known}
    for layer in reversed(tuple(found)):
        names.update(layer.written)
    faults = [
        _fault(line["loc"], line["type"], line["msg"], names)
        for line in error.errors(include_input=False)
        if line["type"] != "default_factory_not_called"  # a consequence of another line
    ]
    return ConfigError("; ".join(faults), hint=DOCUMENTED)


def _fault(location: tuple[int | str, ...], kind: str, message: str, names: dict[Key, str]) -> str:
    key = tuple(str(part) for part in location)
    text = message.removeprefix("Value error, ") if kind in _OWN_WORDS else _reworded(message)
    named = next((names[key[:size]] for size in range(len(key), 0, -1) if key[:size] in names), None)
    if named is not None:
        return f"{named}: {text}"
    return re.sub(r"\{(\w+)\}", lambda match: names.get((*key, match[1]), match[1]), text)


def _reworded(message: str) -> str:
    return re.sub("^Input should be", "expected", message)
