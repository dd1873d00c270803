"""`notifyctl server`: the embedded server, which is used where no Redis is configured."""

from typing import TYPE_CHECKING

import typer

from notifyctl.cli._context import load_app
from notifyctl.cli._errors import Code
from notifyctl.cli._group import examples, noun
from notifyctl.cli._options import DryRunOption, OutputOption, TableOption
from notifyctl.cli._output import Column, Output, View, say, write

if TYPE_CHECKING:
    from notifyctl.settings import Settings

__all__ = ["app"]

app = noun(
    "server",
    "The embedded server, used where no Redis is configured.",
    "notifyctl server status",
    "notifyctl server stop",
)

_COLUMNS = (Column("running"), Column("pid"), Column("url"), Column("folder"))


@app.command(epilog=examples("notifyctl server status", "notifyctl server status -o json"))
def status(*, output: OutputOption = Output.TABLE, table: TableOption = "simple") -> None:
    """Show whether the server runs; ends with 3 if it does not."""
    from notifyctl import embedded

    settings = _settings()
    running = embedded.status(settings)
    record = {
        "running": running is not None,
        "pid": running and running.pid,
        "url": running and running.url,
        "folder": str(settings.state_dir / "valkey"),
    }
    View(output, table).one(record, _COLUMNS, id_key="pid")
    if running is None:
        raise typer.Exit(Code.NOT_FOUND)


@app.command(epilog=examples("notifyctl server start"))
def start(*, dry_run: DryRunOption = False) -> None:
    """Start the server, if it does not run. Every command that needs it does so by itself."""
    from notifyctl import embedded

    settings = _settings()
    running = embedded.status(settings) if dry_run else embedded.ensure_running(settings)
    if running is None:
        write("would be started\n")
    else:
        write(f"{'runs already' if dry_run or not running.started else 'started'}, pid {running.pid}\n")


@app.command(epilog=examples("notifyctl server stop"))
def stop(*, dry_run: DryRunOption = False) -> None:
    """Stop the server, its data written. Nothing is lost: the next start goes on from here."""
    from notifyctl import embedded

    settings = _settings()
    if dry_run:
        running = embedded.status(settings)
        write(f"pid {running.pid} would be stopped\n" if running else "it does not run\n")
    else:
        write("stopped\n" if embedded.stop(settings) else "it does not run\n")


def _settings() -> "Settings":
    settings = load_app().settings
    if settings.redis.target() is not None:
        say("note: a Redis is configured, so that the embedded server is not used")
    return settings
