"""`notifyctl order`: from orders to the messages that their customers get."""

import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import IO, TYPE_CHECKING, Annotated, Literal

import typer

from notifyctl.cli._context import connected, load_app, progress, told_route
from notifyctl.cli._enqueue import Tally, enqueue_orders
from notifyctl.cli._errors import Code, Refused
from notifyctl.cli._group import examples, noun
from notifyctl.cli._options import DryRunOption, OutputOption, TableOption
from notifyctl.cli._output import Output, View, say
from notifyctl.errors import BrokerUnavailable, InvalidOrder

if TYPE_CHECKING:
    from notifyctl.app import App
    from notifyctl.orders import Order, OrderEvent

__all__ = ["app", "with_failures"]

app = noun(
    "order",
    "Orders: queue the messages that follow from them.",
    "notifyctl order test --count 20",
    "notifyctl order import orders.jsonl",
)

#: What the sandbox is asked to rehearse: a refusal that passes, and one for good.
_REHEARSALS = ("retry2", "bounce")


@app.command(
    "test",
    epilog=examples(
        "notifyctl order test --count 20", "notifyctl order test --cod", "notifyctl order test --fail-rate 0.1 --seed 7"
    ),
)
def make_up(
    *,
    count: Annotated[int, typer.Option("-n", "--count", min=1, max=1_000_000, help="How many orders.")] = 20,
    cod: Annotated[
        bool | None, typer.Option("--cod/--prepaid", help="All of one kind; otherwise both, about half and half.")
    ] = None,
    fail_rate: Annotated[
        float, typer.Option(min=0, max=1, help="This share of mails fails in the sandbox: half pass later, half die.")
    ] = 0,
    seed: Annotated[int | None, typer.Option(help="The same seed, the same orders: they are queued once.")] = None,
    output: OutputOption = Output.TABLE,
    table: TableOption = "simple",
) -> None:
    """Queue the messages of made-up orders: several languages and currencies, cash on delivery and prepaid."""
    from notifyctl.notification import Channel
    from notifyctl.orders import made_up_orders

    app = load_app()
    if fail_rate and not app.sandboxed(Channel.EMAIL):
        raise Refused(
            f"failures can be rehearsed in the outbox alone, and mail goes to {told_route(app, Channel.EMAIL)}",
            hint="Set NOTIFYCTL_PROVIDER=outbox for a rehearsal, also for the worker.",
        )
    for channel in Channel:
        if not app.sandboxed(channel):
            say(f"note: {channel} goes to {told_route(app, channel)}, and nobody has these made-up addresses")
    share = 0.5 if cod is None else float(cod)
    orders = with_failures(made_up_orders(count, seed=seed, cod_share=share), fail_rate)
    named = ((f"order {order.number}", order) for order in orders)
    tally = Tally()
    _enqueue(connected(app), named, View(output, table), tally, total=count, done=lambda: tally.orders)


def with_failures(orders: Iterator["Order"], rate: float) -> Iterator["Order"]:
    """Yield the orders, this share of them with a mail address that the sandbox refuses, spread evenly."""
    failing = 0
    for position, order in enumerate(orders, 1):
        if int(position * rate + 1e-9) == failing:
            yield order
            continue
        mailbox, _, domain = order.email.partition("@")
        yield replace(order, email=f"{mailbox}+{_REHEARSALS[failing % len(_REHEARSALS)]}@{domain}")
        failing += 1


@app.command(
    "import",
    epilog=examples(
        "notifyctl order import orders.jsonl",
        "notifyctl order import --platform woocommerce --dry-run export.json",
        "curl -s https://shop.example.com/orders | notifyctl order import -",
    ),
)
def import_(
    file: Annotated[str, typer.Argument(metavar="FILE", help="JSON lines, or one JSON array; - for standard input.")],
    *,
    platform: Annotated[
        Literal["woocommerce", "notifyctl"] | None, typer.Option(help="Whose format; told by its shape by default.")
    ] = None,
    event: Annotated[
        Literal["placed", "cancelled", "drafted"] | None,
        typer.Option(help="What happened to the orders; what each says by default."),
    ] = None,
    dry_run: DryRunOption = False,
    output: OutputOption = Output.TABLE,
    table: TableOption = "simple",
) -> None:
    """Queue the messages of real orders. Safe to repeat: what was queued before is not queued again.

    Goes on past orders that cannot be used, and says where they are and why. Ends with 6 if there were some, and
    with 1 if there were no others.
    """
    from notifyctl.orders import OrderEvent

    app = load_app()
    tally = Tally()
    with ExitStack() as stack:
        stream = _open(file, stack)
        size = None if file == "-" else Path(file).stat().st_size
        orders = _read(app, stream, platform)
        _enqueue(
            app if dry_run else connected(app),
            orders,
            View(output, table),
            tally,
            total=size or None,
            done=stream.tell if size else lambda: tally.orders,
            event=OrderEvent(event) if event else None,
            dry_run=dry_run,
        )


def _open(file: str, stack: ExitStack) -> IO[bytes]:
    if file == "-":
        return sys.stdin.buffer
    try:
        return stack.enter_context(Path(file).open("rb"))
    except OSError as error:
        raise typer.BadParameter(f"{file} cannot be read: {error.strerror}", param_hint="FILE") from None


def _read(app: "App", stream: IO[bytes], platform: str | None) -> Iterator[tuple[str, "Order | InvalidOrder"]]:
    """Yield each order of a file, and the line that it starts on."""
    from notifyctl.orders import Platform, parse_order, read_payloads

    region = app.settings.default_region or ""
    for line, payload in read_payloads(stream):
        found: Order | InvalidOrder
        try:
            if isinstance(payload, InvalidOrder):
                raise payload
            order = parse_order(payload, platform=Platform(platform) if platform else None)
            found = replace(order, phone_region=order.phone_region or region)
        except InvalidOrder as error:
            found = error
        yield f"line {line}", found


def _enqueue(
    app: "App",
    orders: Iterator[tuple[str, "Order | InvalidOrder"]],
    view: View,
    tally: Tally,
    *,
    total: int | None,
    done: Callable[[], int],
    event: "OrderEvent | None" = None,
    dry_run: bool = False,
) -> None:
    """Queue the messages of orders under a progress bar, and end the command with what came of them."""
    with progress("queueing", total) as bar:
        try:
            enqueue_orders(app, orders, view, tally, event=event, dry_run=dry_run, after_chunk=lambda: bar.to(done()))
        except BrokerUnavailable:
            say(f"stopped: {tally.queued} messages were queued; repeat the command, none is queued twice")
            raise
    tally.show(view, dry_run=dry_run)
    if tally.code is not Code.DONE:
        raise typer.Exit(tally.code)
