"""`notifyctl demo`: all of it in a minute, on a server of its own, and nothing leaves this machine."""

import shutil
import signal
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from notifyctl.cli._context import load_app
from notifyctl.cli._errors import Code, Refused
from notifyctl.cli._group import alone, examples
from notifyctl.cli._output import Output, View, write

if TYPE_CHECKING:
    from notifyctl.app import App

__all__ = ["app"]

app = alone()

_ORDERS = 12
_SEED = 10482

#: As they are without any settings; the user's own may be slower.
_RATES = {"email": "10/s", "whatsapp": "5/s"}
_DELAYS = "2s,4s,8s"

_NEXT = """
All of it ran on a server of its own, which is gone now, with its files. To go on with yours:

  notifyctl order test --count 20     queue messages of made-up orders
  notifyctl worker                    send them, into the outbox as long as there are no credentials
  notifyctl stats                     see how many are where
  notifyctl doctor                    see what is missing before real messages can go out
"""


@app.command(epilog=examples("notifyctl demo"))
def demo() -> None:
    """See all of it work in half a minute, without any setup.

    Orders, messages, failures, retries, and a dead letter sent again: on a server and in a folder of its own, and
    neither is left behind. Nothing is sent to anybody: messages go to an outbox, whatever credentials there are. Of
    the made-up customers two do not exist, and two have a mail server that refuses for a while.
    """
    from notifyctl import embedded

    with _ended_by_signals(), _folder() as folder, embedded.private_server() as server:
        app = load_app(
            redis={"url": server.url},
            namespace="demo",
            state_dir=folder,
            outbox_dir=folder / "outbox",
            provider="outbox",
            processes=1,
            **{name: {"rate": rate, "retry_delays": _DELAYS} for name, rate in _RATES.items()},
        )
        _queue(app)
        if not _work(app):
            raise typer.Exit(Code.INTERRUPTED)
        _show_outbox(app)
    write(_NEXT)


def _queue(app: "App") -> None:
    """Queue the messages of some made-up orders."""
    from notifyctl.cli._enqueue import Tally, enqueue_orders
    from notifyctl.cli._story import rehearsing
    from notifyctl.orders import made_up_orders

    tally = Tally()
    orders = rehearsing(made_up_orders(_ORDERS, seed=_SEED))
    enqueue_orders(app, ((order.number, order) for order in orders), View(), tally)
    write(f"{tally.orders} orders, paid and cash on delivery: {tally.queued} messages are queued.\n")
    write("A worker sends them, 10 mails and 5 WhatsApp messages a second at most:\n\n")


def _work(app: "App") -> bool:
    """Run a worker until the story is over; False if it was interrupted."""
    from notifyctl.cli._drain import Drain
    from notifyctl.cli._story import Story
    from notifyctl.cli.worker import supervisor_environment
    from notifyctl.worker.supervisor import Supervisor

    settings = app.settings
    story = Story(app.inspector, Drain(app.inspector, settings.queues))
    environment = supervisor_environment(app) | {
        "NOTIFYCTL_NAMESPACE": settings.namespace,
        "NOTIFYCTL_STATE_DIR": str(settings.state_dir),
        "NOTIFYCTL_OUTBOX_DIR": str(settings.outbox_dir),
        "NOTIFYCTL_PROVIDER": "outbox",
        "NOTIFYCTL_LOG_LEVEL": "CRITICAL",  # the failures are on purpose
    }
    for name, rate in _RATES.items():
        environment[f"NOTIFYCTL_{name.upper()}_RATE"] = rate
        environment[f"NOTIFYCTL_{name.upper()}_RETRY_DELAYS"] = _DELAYS
    code = Supervisor(
        "actors.worker",
        processes=settings.processes,
        threads=sum(queue.concurrency for queue in settings.queues.values()),
        queues=list(settings.queues),
        drain_timeout=settings.drain_timeout,
        environment=environment,
        finished=story,
    ).run()
    if code:
        raise Refused("the worker could not start", hint="See 'notifyctl doctor'.")
    return story.over


def _show_outbox(app: "App") -> None:
    """Print what customers would have got."""
    from notifyctl.cli.outbox import ENTRY_COLUMNS
    from notifyctl.views.outbox import entries, entry_record

    found = entries(app)
    write(f"\nThe outbox has {len(found)} messages:\n\n")
    View(Output.TABLE).many([entry_record(entry) for entry in found], ENTRY_COLUMNS)


@contextmanager
def _folder() -> Iterator[Path]:
    """A folder that is gone afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="notifyctl-demo-"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _ended_by_signals() -> Iterator[None]:
    """Let SIGTERM and a closed terminal end the block as Ctrl-C does: what it started must not stay behind."""

    def interrupt(number: int, frame: Any) -> None:
        del number, frame
        raise KeyboardInterrupt

    previous = {number: signal.signal(number, interrupt) for number in (signal.SIGTERM, signal.SIGHUP)}
    try:
        yield
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)
