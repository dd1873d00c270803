"""`notifyctl provider`: see whether providers work, take them out, ask them again; for all workers at once."""

import time
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, Any

import typer

from notifyctl.cli._complete import provider_names, template_names
from notifyctl.cli._context import connected, load_app, operator
from notifyctl.cli._group import examples, noun
from notifyctl.cli._options import DryRunOption, OutputOption, ReasonOption, TableOption, read_duration
from notifyctl.cli._output import Column, Output, View, say, write
from notifyctl.views.circuits import provider_records
from notifyctl.views.times import moment

if TYPE_CHECKING:
    from notifyctl.app import App
    from notifyctl.notification import Channel

__all__ = ["app"]

app = noun(
    "provider",
    "Providers: test them, take them out, ask them again.",
    "notifyctl provider list",
    "notifyctl provider test sendgrid",
    "notifyctl provider trip sendgrid --for 10m --reason 'mails are late'",
    "notifyctl provider reset sendgrid",
)

ProviderArgument = Annotated[
    str, typer.Argument(metavar="PROVIDER", autocompletion=provider_names, help="Such as sendgrid.")
]

_COLUMNS = (
    Column("provider"),
    Column("channel"),
    Column("place"),
    Column("state"),
    Column("kind", "because"),
    Column("failures", show=lambda count: str(count or "")),
    Column("since", show=moment),
    Column("until", show=moment),
    Column("reason", width=50),
)
_TEST_COLUMNS = (
    Column("provider"),
    Column("channel"),
    Column("took_ms", "took", lambda ms: f"{ms} ms"),
    Column("provider_id", "sent as"),
)


@app.command("list", epilog=examples("notifyctl provider list", "notifyctl provider list -o json"))
def list_(*, output: OutputOption = Output.TABLE, table: TableOption = "simple") -> None:
    """List the providers in the order in which they are asked, and those that are not asked now.

    A circuit is closed: it is asked. open: it is not, until then. half-open: one message is to find out whether it
    works again.
    """
    View(output, table).many(provider_records(connected()), _COLUMNS, id_key="provider")


@app.command(
    "test",
    epilog=examples(
        "notifyctl provider test sendgrid",
        "notifyctl provider test smtp --to ada@example.com",
        "notifyctl provider test outbox --to +447700900123 --template order_shipped",
    ),
)
def check(
    provider: ProviderArgument,
    *,
    to: Annotated[
        str | None, typer.Option(metavar="ADDRESS", help="Send a message there: a mail address, or a number.")
    ] = None,
    template: Annotated[
        str, typer.Option("-t", "--template", metavar="NAME", autocompletion=template_names, help="With --to: which.")
    ] = "test_message",
    output: OutputOption = Output.TABLE,
    table: TableOption = "simple",
) -> None:
    """Check that a provider can be reached and takes our credentials; with --to, send one message, of made-up data.

    Nothing is queued, and no circuit changes. Ends with 4 if the account is refused, with 1 if the provider does not
    work.
    """
    app = load_app()
    channel = _channel(app.switches.channels_of(provider), to)
    asked = next(one for one in app.providers(channel) if one.name == provider)
    began = time.monotonic()
    asked.check()
    sent = asked.send(app.rendering.payload(_made_up(app, channel, to, template))) if to else None
    record = {
        "provider": provider,
        "channel": channel.value,
        "took_ms": round((time.monotonic() - began) * 1000),
        "provider_id": sent.provider_id if sent else "",
    }
    asked.close()
    View(output, table).one(record, _TEST_COLUMNS, id_key="provider")
    say(f"{provider} took the message" if sent else f"{provider} works, and takes our credentials; nothing was sent")


@app.command(epilog=examples("notifyctl provider trip sendgrid --for 10m --reason 'mails are late'"))
def trip(
    provider: ProviderArgument,
    *,
    for_: Annotated[
        timedelta, typer.Option("--for", metavar="DURATION", parser=read_duration, help="For so long, such as 10m.")
    ],
    reason: ReasonOption = "",
    dry_run: DryRunOption = False,
) -> None:
    """Ask a provider for nothing more, for a while: messages go by the next one, or wait.

    After that, one message finds out whether it works.
    """
    app = connected()
    app.switches.channels_of(provider)
    if not for_:
        raise typer.BadParameter("expected more than 0", param_hint="--for")
    if not dry_run:
        app.switches.trip(provider, round(for_.total_seconds() * 1000), by=operator(), why=reason)
    write(f"{provider} {'would not be' if dry_run else 'is not'} asked for {_told(for_)}\n")


@app.command(epilog=examples("notifyctl provider reset sendgrid --reason 'new key'"))
def reset(provider: ProviderArgument, *, reason: ReasonOption = "", dry_run: DryRunOption = False) -> None:
    """Ask a provider again at once, whatever it said; its failures are forgotten, and its queue goes on."""
    app = connected()
    app.switches.channels_of(provider)
    if not dry_run:
        app.switches.reset(provider, by=operator(), why=reason)
    write(f"{provider} {'would be' if dry_run else 'is'} asked again\n")


def _channel(channels: "list[Channel]", to: str | None) -> "Channel":
    """The channel of an address, of those that a provider has; the outbox has both."""
    from notifyctl.notification import Channel

    wanted = Channel.EMAIL if "@" in (to or "") else Channel.WHATSAPP
    return wanted if to and wanted in channels else channels[0]


def _made_up(app: "App", channel: "Channel", to: str, template: str) -> Any:
    """A message of a template, told what its sample says."""
    from notifyctl.notification import Notification, Recipient
    from notifyctl.templates.samples import samples

    return Notification(channel, Recipient(to), template, samples(app.catalog, template)["full"])


def _told(duration: timedelta) -> str:
    from notifyctl.units import format_duration

    return format_duration(duration)
