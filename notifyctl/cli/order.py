"""`notifyctl order`: from orders to the messages that their customers get."""

import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import IO, TYPE_CHECKING, Annotated, Literal

import typer

from notifyctl.cli._context import load_app, noted, producing, progress, say_if_sandboxed
from notifyctl.cli._enqueue import Tally, enqueue_orders, say_spooled
from notifyctl.cli._errors import Code, Refused
from notifyctl.cli._filters import read_time
from notifyctl.cli._group import examples, noun
from notifyctl.cli._options import DryRunOption, OutputOption, TableOption
from notifyctl.cli._output import Output, View, say
from notifyctl.errors import BrokerUnavailable, InvalidOrder
from notifyctl.views.places import told_route

if TYPE_CHECKING:
    from notifyctl.app import App
    from notifyctl.orders import Order, OrderEvent, Platform, Shop

__all__ = ["app", "with_failures"]

app = noun(
    "order",
    "Orders: queue the messages that follow from them.",
    "notifyctl order test --count 20",
    "notifyctl order import orders.jsonl",
)


class Event(StrEnum):
    """What happened to an order, as users name it."""

    PLACED = "placed"
    PAID = "paid"
    SHIPPED = "shipped"
    DELIVERED = "delivered"
    CANCELLED = "cancelled"
    REFUNDED = "refunded"


#: What the sandbox is asked to rehearse: a refusal that passes, and one for good.
_REHEARSALS = ("retry2", "bounce")


@app.command(
    "test",
    epilog=examples(
        "notifyctl order test --count 20",
        "notifyctl order test --cod --event placed --event shipped",
        "notifyctl order test --fail-rate 0.1 --seed 7",
    ),
)
def make_up(
    *,
    count: Annotated[int, typer.Option("-n", "--count", min=1, max=1_000_000, help="How many orders.")] = 20,
    cod: Annotated[
        bool | None, typer.Option("--cod/--prepaid", help="All of one kind; otherwise both, about half and half.")
    ] = None,
    event: Annotated[
        list[Event] | None, typer.Option(help="What happened to each order; again for more. Placed by default.")
    ] = None,
    fail_rate: Annotated[
        float, typer.Option(min=0, max=1, help="This share of mails fails in the sandbox: half pass later, half die.")
    ] = 0,
    seed: Annotated[int | None, typer.Option(help="The same seed, the same orders: they are queued once.")] = None,
    dry_run: DryRunOption = False,
    output: OutputOption = Output.TABLE,
    table: TableOption = "simple",
) -> None:
    """Queue the messages of made-up orders: many languages and currencies, cash on delivery and prepaid."""
    from notifyctl.notification import Channel
    from notifyctl.orders import OrderEvent, made_up_orders

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
    events = [OrderEvent(one) for one in event or (Event.PLACED,)]
    orders = with_failures(made_up_orders(count, seed=seed, cod_share=share, events=events), fail_rate)
    named = ((f"order {order.number}", order) for order in orders)
    tally = Tally()
    _enqueue(
        app if dry_run else producing(app),
        named,
        View(output, table),
        tally,
        total=count * len(events),
        done=lambda: tally.orders,
        dry_run=dry_run,
    )


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
        "notifyctl order import --event shipped --since 2d shipped.csv",
        "curl -s https://shop.example.com/orders | notifyctl order import -",
    ),
)
def import_(
    file: Annotated[
        str, typer.Argument(metavar="FILE", help="JSON lines, a JSON array, or a table (CSV); - for standard input.")
    ],
    *,
    platform: Annotated[
        Literal["shopify", "woocommerce", "saleor", "notifyctl"] | None,
        typer.Option(help="Whose format; told by its shape by default."),
    ] = None,
    event: Annotated[Event | None, typer.Option(help="What happened to the orders; what each says by default.")] = None,
    shop: Annotated[
        str, typer.Option(metavar="NAME", help="Whose orders, where several shops share a queue and ids may be equal.")
    ] = "shop",
    since: Annotated[
        datetime | None,
        typer.Option(metavar="TIME", parser=read_time, help="Skip what happened before: 2d (ago), yesterday, …"),
    ] = None,
    dry_run: DryRunOption = False,
    output: OutputOption = Output.TABLE,
    table: TableOption = "simple",
) -> None:
    """Queue the messages of real orders. Safe to repeat: what was queued before is not queued again.

    Goes on past orders that cannot be used, and says where they are and why. Ends with 6 if there were some, and
    with 1 if there were no others.
    """
    from notifyctl.orders import OrderEvent, Platform, Shop

    app = load_app()
    tally = Tally()
    settings = app.settings.orders
    known = Shop(
        name=shop,
        cod_methods=frozenset(name.casefold() for name in settings.cod_methods),
        confirm_authorized=settings.confirm_authorized,
        locale=settings.locale,
    )
    with ExitStack() as stack:
        stream = _open(file, stack)
        size = None if file == "-" else Path(file).stat().st_size
        orders = _read(app, stream, known, Platform(platform) if platform else None)
        _enqueue(
            app if dry_run else producing(app),
            orders,
            View(output, table),
            tally,
            total=size or None,
            done=stream.tell if size else lambda: tally.orders,
            event=OrderEvent(event) if event else None,
            oldest=since,
            dry_run=dry_run,
        )


def _open(file: str, stack: ExitStack) -> IO[bytes]:
    if file == "-":
        return sys.stdin.buffer
    try:
        return stack.enter_context(Path(file).open("rb"))
    except OSError as error:
        raise typer.BadParameter(f"{file} cannot be read: {error.strerror}", param_hint="FILE") from None


def _read(
    app: "App", stream: IO[bytes], shop: "Shop", platform: "Platform | None"
) -> Iterator[tuple[str, "Order | InvalidOrder"]]:
    """Yield each order of a file, and the line that it starts on."""
    from notifyctl.orders import parse_orders, read_payloads

    region = app.settings.default_region or ""
    for line, payload in read_payloads(stream):
        place = f"line {line}"
        if isinstance(payload, InvalidOrder):
            yield place, payload
            continue
        for position, order in enumerate(parse_orders(payload, shop=shop, platform=platform), 1):
            named = place if position == 1 else f"{place}, order {position}"
            if isinstance(order, InvalidOrder) or order.phone_region or not region:
                yield named, order
            else:
                yield named, replace(order, phone_region=region)


def _enqueue(
    app: "App",
    orders: Iterator[tuple[str, "Order | InvalidOrder"]],
    view: View,
    tally: Tally,
    *,
    total: int | None,
    done: Callable[[], int],
    event: "OrderEvent | None" = None,
    oldest: datetime | None = None,
    dry_run: bool = False,
) -> None:
    """Queue the messages of orders under a progress bar, and end the command with what came of them."""
    from notifyctl.notification import Channel

    with progress("queueing", total) as bar:
        try:
            enqueue_orders(
                app,
                orders,
                view,
                tally,
                event=event,
                oldest=oldest,
                dry_run=dry_run,
                after_chunk=lambda: bar.to(done()),
            )
        except BrokerUnavailable:
            say(f"stopped: {tally.queued} messages were queued; repeat the command, none is queued twice")
            raise
    if not dry_run and (tally.queued > tally.spooled or tally.superseded):
        noted(app, "queued", "messages of orders", counts=tally.counts())
    tally.show(view, dry_run=dry_run)
    if tally.spooled:
        say_spooled(app, tally.spooled)
    if tally.queued and not dry_run:
        say_if_sandboxed(app, *Channel)
    if tally.code is not Code.DONE:
        raise typer.Exit(tally.code)
