"""`notifyctl config`: the settings in force, and where each came from."""

from collections.abc import Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, Any

import typer

from notifyctl.cli._context import load_app
from notifyctl.cli._group import examples, noun
from notifyctl.cli._options import OutputOption, TableOption
from notifyctl.cli._output import Column, Output, View, say
from notifyctl.errors import NotifyError
from notifyctl.views.places import server_name

if TYPE_CHECKING:
    from notifyctl.app import App
    from notifyctl.engine.jobs import QueueStats
    from notifyctl.settings import Setting

__all__ = ["app"]

app = noun("config", "The settings in force.", "notifyctl config show", "notifyctl config show --origin")

_HIDDEN = "********"
_COLUMNS = (Column("name", "setting"), Column("value"))
_ORIGIN_COLUMNS = (*_COLUMNS, Column("origin", "from"), Column("variable"))


@app.command(epilog=examples("notifyctl config show", "notifyctl config show --origin -o json"))
def show(
    *,
    origin: Annotated[
        bool, typer.Option("--origin", help="Say where each value came from; asks the server what was set live.")
    ] = False,
    output: OutputOption = Output.TABLE,
    table: TableOption = "simple",
) -> None:
    """Show every setting with the value that is in force; secrets are masked.

    A setting given in several places is taken from the first of: a command's flag, the environment, .env,
    notifyctl.toml, its default. With --origin, what was set live is shown, too, as from 'redis': a limit instead of
    the setting that it wins over, and after it 'max_active' and 'paused', which are no settings.
    """
    app = load_app()
    records = [_record(app, setting) for setting in app.settings.known()]
    if origin:
        stats = _stats(app)
        records = [shown for record in records for shown in _with_live(record, stats)]
    View(output, table).many(records, _ORIGIN_COLUMNS if origin else _COLUMNS, id_key="name")


def _record(app: "App", setting: "Setting") -> dict[str, Any]:
    value = app.settings.value(setting)
    if setting.name == "redis.url" and value is not None:
        shown = server_name(value.get_secret_value())
    elif setting.secret:
        shown = _HIDDEN if value is not None else ""
    else:
        shown = _text(value)
    origins = app.settings.origin
    inner = next((origins[name] for name in origins if name.startswith(f"{setting.name}.")), "default")
    return {
        "name": setting.name,
        "value": shown,
        "origin": origins.get(setting.name, inner),
        "variable": setting.env.name + ("…" if setting.env.prefix else ""),
    }


def _text(value: Any) -> str:
    """A value as it would be written in the environment."""
    from notifyctl.units import format_duration

    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, timedelta):
        return format_duration(value)
    if isinstance(value, tuple):
        return ",".join(map(_text, value)) or "none"
    if isinstance(value, Mapping):
        return ", ".join(f"{name}={inner}" for name, inner in value.items())
    return str(value)


def _stats(app: "App") -> "dict[str, QueueStats]":
    """The queues as they are; nothing where no server answers."""
    from notifyctl import embedded

    if app.settings.redis.target() is None and embedded.status(app.settings) is None:
        return {}
    try:
        return {queue: app.inspector.stats(queue) for queue in app.settings.queues}
    except NotifyError as error:
        say(f"note: what was set live is not shown: {error.message}")
        return {}


def _with_live(record: dict[str, Any], stats: "Mapping[str, QueueStats]") -> list[dict[str, Any]]:
    """A setting, or what an operator set live in its place, and what they set beside a queue's rate."""
    queue, _, field = record["name"].rpartition(".")
    if field != "rate" or queue not in stats:
        return [record]
    found = stats[queue]
    rows = [_set_live(f"{queue}.rate", found.rate) if found.rate_origin == "redis" else record]
    if found.max_active:
        rows.append(_set_live(f"{queue}.max_active", str(found.max_active)))
    if found.paused:
        rows.append(_set_live(f"{queue}.paused", f"yes ({found.pause_reason})" if found.pause_reason else "yes"))
    return rows


def _set_live(name: str, value: str) -> dict[str, Any]:
    return {"name": name, "value": value, "origin": "redis", "variable": ""}
