"""`notifyctl doctor`: what would keep messages from going out."""

from dataclasses import asdict
from typing import TYPE_CHECKING

import typer

from notifyctl.cli._context import connected, load_app
from notifyctl.cli._errors import Code
from notifyctl.cli._group import alone, examples
from notifyctl.cli._options import OutputOption, TableOption
from notifyctl.cli._output import Column, Output, View, say
from notifyctl.errors import ConfigError

if TYPE_CHECKING:
    import redis

__all__ = ["app"]

app = alone()

_COLUMNS = (Column("name", "check"), Column("status"), Column("detail", width=60), Column("remedy", width=50))


@app.command(epilog=examples("notifyctl doctor", "notifyctl doctor -o json"))
def doctor(*, output: OutputOption = Output.TABLE, table: TableOption = "simple") -> None:
    """Check what would keep messages from going out.

    Says what to do about each fault; sends nothing and changes nothing. Ends with 7 if a check failed; a warning
    alone is no failure.
    """
    from notifyctl.app import App
    from notifyctl.doctor import Status, run_checks
    from notifyctl.settings import Settings

    settings: Settings | ConfigError
    try:
        settings = load_app().settings
    except ConfigError as error:
        settings = error

    def client() -> "redis.Redis":
        assert isinstance(settings, Settings)  # noqa: S101 - without settings nobody asks for a client
        return connected(App(settings)).client("operator")

    findings = run_checks(settings, client)
    View(output, table).many([asdict(finding) for finding in findings], _COLUMNS, id_key="name")
    counts = {status: sum(finding.status is status for finding in findings) for status in Status}
    say(", ".join(f"{count} {status}" for status, count in counts.items() if count))
    if counts[Status.FAIL]:
        raise typer.Exit(Code.CONDITION)
