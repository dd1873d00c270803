"""Options that several commands share, and the readers of their values."""

import os
from datetime import datetime, timedelta
from typing import Annotated

import typer

from notifyctl.cli._output import Output
from notifyctl.units import Rate, parse_duration

__all__ = [
    "BulkLimitOption",
    "DryRunOption",
    "EveryOption",
    "ListLimitOption",
    "OutputOption",
    "ReasonOption",
    "RevealOption",
    "TableOption",
    "YesOption",
    "read_duration",
    "read_moment",
    "read_rate",
]


def read_duration(text: str) -> timedelta:
    """Return a duration such as `30s`."""
    try:
        return parse_duration(text)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from error


def read_rate(text: str) -> Rate:
    """Return a rate such as `10/s`, or `off`."""
    try:
        return Rate.parse(text)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from error


def read_moment(text: str) -> datetime:
    """Return an ISO 8601 time; it must say which time zone."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter("expected an ISO 8601 time such as 2026-05-01T09:00+02:00") from None
    if moment.tzinfo is None:
        raise typer.BadParameter("this time lacks its zone: end it with Z for UTC, or an offset such as +02:00")
    return moment


def _read_table(text: str) -> str:
    from tabulate import tabulate_formats

    if text not in tabulate_formats:
        raise typer.BadParameter(f"expected one of tabulate's formats: {', '.join(tabulate_formats)}")
    return text


def choose_colours(choice: str) -> None:
    """Put the user's choice where every stream, and every process started here, looks for it."""
    os.environ.pop("NO_COLOR", None)
    os.environ.pop("CLICOLOR_FORCE", None)
    os.environ["CLICOLOR_FORCE" if choice == "always" else "NO_COLOR"] = "1"


OutputOption = Annotated[Output, typer.Option("-o", "--output", help="The form of the data.")]
TableOption = Annotated[
    str, typer.Option("--format", metavar="NAME", parser=_read_table, help="A table format of tabulate, e.g. github.")
]
RevealOption = Annotated[bool, typer.Option("--reveal", help="Show addresses and numbers unmasked; this is audited.")]
YesOption = Annotated[bool, typer.Option("-y", "--yes", help="Don't ask.")]
DryRunOption = Annotated[bool, typer.Option("--dry-run", help="Say what would be done, and do nothing.")]
ReasonOption = Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why; kept in the audit log.")]
ListLimitOption = Annotated[int, typer.Option("--limit", min=1, help="So many at most.")]
BulkLimitOption = Annotated[int | None, typer.Option("--limit", min=1, help="So many at most, the oldest first.")]
EveryOption = Annotated[bool, typer.Option("--all", help="All of them, where no filter is given.")]
