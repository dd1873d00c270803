"""Where settings come from: arguments, environment, `.env`, `notifyctl.toml`; each a layer over the next.

A layer holds what one place says, in the tree's shape, and under which name the user wrote it there. Names
that nobody knows are errors here; what a value may be is the tree's business.
"""

from __future__ import annotations

import difflib
import os
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dotenv.parser import parse_stream
from pydantic import SecretStr
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource

from notifyctl.errors import ConfigError
from notifyctl.settings.faults import DOCUMENTED
from notifyctl.settings.sections import Env, settings_table

if TYPE_CHECKING:
    from pydantic import BaseModel
    from pydantic.fields import FieldInfo

__all__ = ["CONFIG_VARIABLE", "Key", "Layer", "Setting", "known_settings", "layers"]

#: A setting's place in the tree, by the names of `notifyctl.toml`: `("email", "rate")`.
Key = tuple[str, ...]

CONFIG_VARIABLE = "NOTIFYCTL_CONFIG"
_DEFAULT_FILE = Path("notifyctl.toml")
_DOTENV_FILE = Path(".env")
_OWN_PREFIX = "NOTIFYCTL_"
#: Says where the project's own tests find their server; never a setting.
_TEST_PREFIX = "NOTIFYCTL_TEST_"


@dataclass(frozen=True, slots=True)
class Setting:
    """One leaf of the tree.

    Attributes:
        key: Its place, by the names of `notifyctl.toml`.
        attributes: Its place, by the attributes of the tree.
        env: The variable that sets it, or the prefix of its variables.
        secret: Whether its value must not be shown.
    """

    key: Key
    attributes: Key
    env: Env
    secret: bool

    @property
    def name(self) -> str:
        """The key as people write it: `email.rate`."""
        return ".".join(self.key)


class Layer(PydanticBaseSettingsSource):
    """What one place says.

    Attributes:
        origin: What the place is called, as in `environment`.
        values: What it says, in the tree's shape.
        written: The name that the user gave each leaf there.
    """

    def __init__(self, tree: type[BaseSettings], origin: str) -> None:
        super().__init__(tree)
        self.origin = origin
        self.values: dict[str, Any] = {}
        self.written: dict[Key, str] = {}

    def put(self, key: Key, value: Any, written: str) -> None:
        """Take in one leaf."""
        table = self.values
        for part in key[:-1]:
            table = table.setdefault(part, {})
        table[key[-1]] = value
        self.written[key] = written

    def drop(self, key: Key) -> None:
        """Forget one leaf."""
        if self.written.pop(key, None) is not None:
            table = self.values
            for part in key[:-1]:
                table = table[part]
            del table[key[-1]]

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:
        """Return one top-level value; part of the interface, which asks for all of them instead."""
        key = field.alias or field_name
        return self.values.get(key), key, False

    def __call__(self) -> dict[str, Any]:
        """Return all that this place says."""
        return self.values


def known_settings(tree: type[BaseModel], key: Key = (), attributes: Key = ()) -> Iterator[Setting]:
    """Yield every leaf of a tree, in its order."""
    for name, field in tree.model_fields.items():
        own_key, own_attributes = (*key, field.alias or name), (*attributes, name)
        table = settings_table(field.annotation)
        if table is not None:
            yield from known_settings(table, own_key, own_attributes)
        else:
            env = next(item for item in field.metadata if isinstance(item, Env))
            yield Setting(own_key, own_attributes, env, SecretStr.__name__ in str(field.annotation))


def layers(tree: type[BaseSettings], arguments: Mapping[str, Any]) -> tuple[Layer, ...]:
    """Return what every place says, the strongest first.

    Raises:
        ConfigError: If a place cannot be read, or holds a name that nobody knows.
    """
    known = tuple(known_settings(tree))
    dotenv = _read_dotenv(_DOTENV_FILE)
    found = (
        _from_mapping(tree, known, arguments, origin="argument", written="argument {}"),
        _from_variables(tree, known, os.environ, origin="environment", written="{}"),
        _from_variables(tree, known, dotenv, origin=".env", written="{} in .env"),
        _from_toml(tree, known, os.environ.get(CONFIG_VARIABLE) or dotenv.get(CONFIG_VARIABLE)),
    )
    _let_stronger_host_win(found)
    return found


def _from_variables(
    tree: type[BaseSettings],
    known: tuple[Setting, ...],
    variables: Mapping[str, str],
    *,
    origin: str,
    written: str,
) -> Layer:
    layer = Layer(tree, origin)
    by_name = {setting.env.name: setting for setting in known if not setting.env.prefix}
    prefixes = [setting for setting in known if setting.env.prefix]
    for name, value in variables.items():
        if name in by_name:
            setting = by_name[name]
            if value or setting.env.empty:
                layer.put(setting.key, value, written.format(name))
            continue
        for setting in prefixes:
            rest = name.removeprefix(setting.env.name)
            if name.startswith(setting.env.name) and rest:
                if value:
                    layer.put((*setting.key, rest.lower()), value, written.format(name))
                break
        else:
            if _is_ours(name):
                raise ConfigError(f"{written.format(name)} is not a setting", hint=_suggestion(name, [*by_name]))
    return layer


def _is_ours(name: str) -> bool:
    return name.startswith(_OWN_PREFIX) and name != CONFIG_VARIABLE and not name.startswith(_TEST_PREFIX)


def _from_toml(tree: type[BaseSettings], known: tuple[Setting, ...], named: str | None) -> Layer:
    path = Path(named).expanduser() if named else _DEFAULT_FILE
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        if named:
            raise ConfigError(f"{CONFIG_VARIABLE} names a file that does not exist: {path}") from None
        values = {}
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        # the text of either error tells the place, never a value
        raise ConfigError(f"{path.name} is not a TOML file: {error}") from None
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error.strerror}") from None
    return _from_mapping(tree, known, values, origin="notifyctl.toml", written=f"{{}} in {path.name}")


def _read_dotenv(path: Path) -> dict[str, str]:
    """Return what a `.env` says. Nothing is interpolated: a password may well hold ``${``."""
    if not path.is_file():
        return {}
    try:
        with path.open(encoding="utf-8") as stream:
            bindings = list(parse_stream(stream))
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} cannot be read") from error
    for binding in bindings:
        if binding.error:  # left out, a key would be missing, and its mail would end in the outbox
            raise ConfigError(
                f"line {binding.original.line} of {path} cannot be understood",
                hint="Write NAME=value, and end a value that begins with a quotation mark with one.",
            )
    return {binding.key: binding.value or "" for binding in bindings if binding.key is not None}


def _from_mapping(
    tree: type[BaseSettings],
    known: tuple[Setting, ...],
    values: Mapping[str, Any],
    *,
    origin: str,
    written: str,
) -> Layer:
    layer = Layer(tree, origin)
    leaves = {setting.key: setting for setting in known}
    tables = {key[:length] for key in leaves for length in range(len(key))}
    open_tables = {setting.key for setting in known if setting.env.prefix}

    def take(key: Key, value: Any) -> None:
        name = ".".join(key)
        if key in tables or key in open_tables:
            if not isinstance(value, Mapping):
                raise ConfigError(f"{written.format(name)} is a table of settings, not a value")
            for part, inner in value.items():
                take((*key, part), inner)
        elif key in leaves or key[:-1] in open_tables:
            if value is not None:
                layer.put(key, value, written.format(name))
        else:
            raise ConfigError(
                f"{written.format(name)} is not a setting",
                hint=_suggestion(name, [setting.name for setting in known]),
            )

    take((), values)
    return layer


def _suggestion(name: str, names: list[str]) -> str:
    close = difflib.get_close_matches(name, names, n=1, cutoff=0.75)
    return f"Did you mean {close[0]}?" if close else DOCUMENTED


def _let_stronger_host_win(found: tuple[Layer, ...]) -> None:
    """Drop a Redis URL from the layers under one that names a host: within one layer the URL wins."""
    stronger_host = False
    for layer in found:
        if stronger_host:
            layer.drop(("redis", "url"))
        stronger_host = stronger_host or ("redis", "host") in layer.written
