"""`notifyctl token`: what lets programs and people in to the HTTP API and the dashboard."""

from datetime import timedelta
from enum import StrEnum
from typing import Annotated

import typer

from notifyctl.cli._context import connected, operator
from notifyctl.cli._group import examples, noun
from notifyctl.cli._options import DryRunOption, OutputOption, ReasonOption, TableOption, read_duration
from notifyctl.cli._output import Column, Output, View, say, write
from notifyctl.views.times import moment

__all__ = ["app"]

app = noun(
    "token",
    "Tokens: who may use the HTTP API and the dashboard.",
    "notifyctl token create 'Ada, support' --role support",
    "notifyctl token create shop --role producer --expires 730d",
    "notifyctl token list",
    "notifyctl token revoke k3v9x2mq",
)

_COLUMNS = (
    Column("id"),
    Column("name"),
    Column("role"),
    Column("state"),
    Column("created_at", "created", moment),
    Column("expires_at", "expires", moment),
    Column("used_at", "last used", moment),
    Column("revoked_at", "revoked", moment),
)


class RoleName(StrEnum):
    """The roles, as users name them."""

    VIEWER = "viewer"
    SUPPORT = "support"
    OPERATOR = "operator"
    PRODUCER = "producer"


def _read_life(text: str) -> timedelta:
    life = read_duration(text)
    if not timedelta() < life <= timedelta(days=3_650):
        raise typer.BadParameter("expected a duration of more than 0 and 10 years at most, such as 365d")
    return life


def _read_name(text: str) -> str:
    name = text.strip()
    if not name or not name.isprintable() or len(name) > 100:
        raise typer.BadParameter("expected a name of 1 to 100 printable characters")
    return name


@app.command(
    epilog=examples(
        "notifyctl token create 'Ada, support' --role support",
        "TOKEN=$(notifyctl token create shop --role producer --expires 730d)",
    )
)
def create(
    name: Annotated[str, typer.Argument(metavar="NAME", parser=_read_name, help="Whose it is, or what for.")],
    *,
    role: Annotated[RoleName, typer.Option(metavar="ROLE", help="viewer, support, operator or producer.")],
    expires: Annotated[
        timedelta, typer.Option(metavar="DURATION", parser=_read_life, help="For so long it is valid.")
    ] = "365d",  # type: ignore[assignment]  # the parser makes a duration of it
    reason: ReasonOption = "",
    dry_run: DryRunOption = False,
    output: OutputOption = Output.TABLE,
    table: TableOption = "simple",
) -> None:
    """Make a token, and print it: this once, as it is stored nowhere.

    A viewer looks; support also repairs single jobs and may reveal addresses; an operator also acts on many jobs,
    queues and providers; a producer hands over orders and messages, and nothing else.
    """
    from notifyctl.access import Role
    from notifyctl.clock import now_ms
    from notifyctl.views.tokens import token_record

    if dry_run:
        say(f"a token of role {role} would be made")
        return
    core = connected()
    token, text = core.tokens.create(name, Role(role.value), lives_ms=round(expires.total_seconds() * 1000))
    core.inspector.note("token created", token.id, by=operator(), why=reason)
    record = token_record(token, at_ms=now_ms()) | {"token": text}
    if output is Output.TABLE:
        write(f"{text}\n")
        say(f"{token.role} {token.id}, until {moment(record['expires_at'])}; the token is shown this once")
    else:
        View(output, table).one(record, (*_COLUMNS, Column("token")))


@app.command("list", epilog=examples("notifyctl token list", "notifyctl token list -o json"))
def list_(*, output: OutputOption = Output.TABLE, table: TableOption = "simple") -> None:
    """List the tokens, in the order in which they were made; those that ended a month ago are gone."""
    from notifyctl.clock import now_ms
    from notifyctl.views.tokens import token_record

    records = [token_record(token, at_ms=now_ms()) for token in connected().tokens.all()]
    View(output, table).many(records, _COLUMNS, none="no tokens: 'notifyctl token create' makes one")


@app.command(epilog=examples("notifyctl token revoke k3v9x2mq --reason 'laptop was lost'"))
def revoke(
    token_id: Annotated[str, typer.Argument(metavar="ID", help="As 'token list' shows it.")],
    *,
    reason: ReasonOption = "",
    dry_run: DryRunOption = False,
    output: OutputOption = Output.TABLE,
    table: TableOption = "simple",
) -> None:
    """End a token, and the sessions that were begun with it. It is refused everywhere within 3 seconds."""
    from notifyctl.clock import now_ms
    from notifyctl.views.tokens import token_record

    core = connected()
    token = core.tokens.get(token_id) if dry_run else core.tokens.revoke(token_id)
    if not dry_run:
        core.inspector.note("token revoked", token.id, by=operator(), why=reason)
    if output is Output.TABLE:
        write(f"{token.id} ({token.name}) {'would be' if dry_run else 'is'} revoked\n")
    else:
        View(output, table).one(token_record(token, at_ms=now_ms()), _COLUMNS)
