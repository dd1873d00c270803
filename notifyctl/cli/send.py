"""`notifyctl send`: queue one message."""

import json
import re
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from notifyctl.cli._complete import template_names
from notifyctl.cli._context import load_app, noted, producing, say_if_sandboxed
from notifyctl.cli._enqueue import say_spooled
from notifyctl.cli._group import alone, examples
from notifyctl.cli._options import DryRunOption, OutputOption, TableOption, read_duration, read_moment
from notifyctl.cli._output import Column, Output, View, say
from notifyctl.errors import InvalidInput
from notifyctl.views.personal import masked

if TYPE_CHECKING:
    from notifyctl.app import App
    from notifyctl.notification import Notification

__all__ = ["app"]

app = alone()

_VARIABLE = re.compile(r"([^=]+)=(.*)", re.DOTALL)
_COLUMNS = (Column("id"), Column("queue"), Column("known", "already known"), Column("spooled"))
_CHECKED_COLUMNS = (Column("queue"), Column("to"), Column("template"), Column("order"), Column("bytes"))

ChannelArgument = Annotated[Literal["email", "whatsapp"], typer.Argument(metavar="CHANNEL", help="email or whatsapp.")]
TemplateOption = Annotated[
    str, typer.Option("-t", "--template", metavar="NAME", autocompletion=template_names, help="The template's name.")
]
VariablesOption = Annotated[
    list[str] | None, typer.Option("--var", metavar="NAME=VALUE", help="A variable of the template; again for more.")
]
DataOption = Annotated[
    str | None, typer.Option(metavar="FILE", help="All variables as one JSON object; - for standard input.")
]
DelayOption = Annotated[
    timedelta | None,
    typer.Option("--in", metavar="DURATION", parser=read_duration, help="Not before so long from now."),
]
MomentOption = Annotated[
    datetime | None, typer.Option("--at", metavar="TIME", parser=read_moment, help="Not before this ISO 8601 time.")
]
ExpiryOption = Annotated[
    timedelta | None, typer.Option(metavar="DURATION", parser=read_duration, help="Not after so long from its time.")
]


@app.command(
    epilog=examples(
        "notifyctl send email ada@example.com --template test_message --var note=Hello",
        "notifyctl send whatsapp +447700900123 -t test_message --in 10m --key welcome-ada",
        "notifyctl send email ada@example.com -t order_confirmation --data order.json --order 10482",
    )
)
def send(
    channel: ChannelArgument,
    to: Annotated[str, typer.Argument(metavar="TO", help="A mail address, or a number such as +447700900123.")],
    *,
    template: TemplateOption,
    var: VariablesOption = None,
    data: DataOption = None,
    name: Annotated[str, typer.Option(metavar="TEXT", help="What the recipient is called.")] = "",
    order: Annotated[str, typer.Option(metavar="ID", help="The order that it is about.")] = "",
    delay: DelayOption = None,
    at: MomentOption = None,
    expires: ExpiryOption = None,
    priority: Annotated[Literal["high", "normal", "low"], typer.Option(help="Which line it waits in.")] = "normal",
    key: Annotated[str, typer.Option(metavar="TEXT", help="Idempotency key: the same one is queued once.")] = "",
    unknown_outcome: Annotated[
        Literal["resend", "hold"] | None,
        typer.Option(help="What if nobody can say whether it was sent. Default: as set for the channel."),
    ] = None,
    locale: Annotated[str, typer.Option(metavar="TAG", help="Language of amounts, as pt-BR.")] = "en",
    dry_run: DryRunOption = False,
    output: OutputOption = Output.TABLE,
    table: TableOption = "simple",
) -> None:
    """Queue one message, and print its id.

    The message is rendered once before it is queued: what cannot be sent is told now. 'notifyctl worker' sends it.
    """
    from notifyctl.notification import Channel, Notification, Recipient
    from notifyctl.notifier import Options

    if delay is not None and at is not None:
        raise typer.BadParameter("give either --in or --at, not both", param_hint="--in")
    variables = _read_data(data) | dict(map(_read_variable, var or ()))
    notification = Notification(Channel(channel), Recipient(to, name), template, variables, order, locale)
    view = View(output, table)
    app = load_app()
    if dry_run:
        _check(app, notification, view)
        return
    options = Options(key, (), priority, delay, at, expires, unknown_outcome or "")
    queued = producing(app).notifier.queue(notification, options)
    record = {"id": queued.id, "queue": channel, "known": queued.known, "spooled": queued.spooled}
    if not (queued.known or queued.spooled):
        noted(app, "queued", queued.id)
    if output is Output.TABLE:
        View(Output.ID).one(record, _COLUMNS)
    else:
        view.one(record, _COLUMNS)
    if queued.spooled:
        say_spooled(app)
    if queued.known:
        say("already known: nothing was added")
        return
    if not queued.spooled:
        say(
            f"queued on {channel}"
            + (", and goes at once: that moment is past" if at and at < datetime.now(UTC) else "")
        )
    say_if_sandboxed(app, Channel(channel))


def _read_variable(text: str) -> tuple[str, str]:
    match = _VARIABLE.fullmatch(text)
    if match is None:
        raise typer.BadParameter("expected a name and a value, such as customer_name=Ada", param_hint="--var")
    return match[1], match[2]


def _read_data(file: str | None) -> dict[str, Any]:
    """Return the variables in a file.

    Raises:
        InvalidInput: They are not one JSON object; the message repeats nothing of it.
        typer.BadParameter: The file cannot be read.
    """
    if file is None:
        return {}
    try:
        found = json.loads(sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes())
    except OSError as error:
        raise typer.BadParameter(f"{file} cannot be read: {error.strerror}", param_hint="--data") from None
    except json.JSONDecodeError as error:
        raise InvalidInput(f"the data is not JSON: {error.msg}, line {error.lineno}, column {error.colno}") from None
    except (ValueError, RecursionError):
        raise InvalidInput("the data is not JSON in UTF-8, or nested too deeply") from None
    if not isinstance(found, dict):
        raise InvalidInput("the data is not a JSON object", hint='Expected {"variable": value, …}.')
    return found


def _check(app: "App", notification: "Notification", view: View) -> None:
    """Do all that can fail before something is queued."""
    checked = app.rendering.checked(notification)
    record = {
        "queue": checked.channel.value,
        "to": masked(checked.channel, checked.to.address),
        "template": checked.template,
        "order": checked.order_id,
        "bytes": len(checked.encode()),
        "dry_run": True,
    }
    view.one(record, _CHECKED_COLUMNS, id_key="queue")
    say("would be queued")
