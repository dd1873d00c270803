"""`notifyctl worker`: takes messages from their queues and sends them; `worker list` shows who does."""

import logging
import os
import re
import sys
from collections.abc import Sequence
from datetime import timedelta
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from notifyctl.cli._complete import queue_names
from notifyctl.cli._context import connected, load_app
from notifyctl.cli._errors import Code
from notifyctl.cli._group import Acting, examples, noun
from notifyctl.cli._options import OutputOption, TableOption, read_duration
from notifyctl.cli._output import Column, Output, View, say
from notifyctl.errors import BrokerUnavailable
from notifyctl.views.places import server_name, told_route
from notifyctl.views.times import duration, moment
from notifyctl.views.workers import worker_record

if TYPE_CHECKING:
    from notifyctl.app import App
    from notifyctl.cli._drain import Drain
    from notifyctl.engine.fleet import Worker

__all__ = ["app", "read_concurrency", "supervisor_environment"]

app = noun(
    "worker",
    "Send what is in the queues, until Ctrl-C.",
    "notifyctl worker",
    "notifyctl worker --queue email --concurrency email=10 --processes 2",
    "notifyctl worker --drain",
    "notifyctl worker --reload",
    "notifyctl worker list",
    cls=Acting,
)

_COLUMNS = (
    Column("host"),
    Column("pid"),
    Column("state"),
    Column("active"),
    Column("oldest_job", "oldest job"),
    Column("oldest_ms", "for", duration),
    Column("queues"),
    Column("threads"),
    Column("version"),
    Column("started_at", "since", moment),
    Column("seen_at", "last seen", moment),
)

#: What fits on a screen; the date of the last sign of life is today's.
_TABLE_COLUMNS = (
    Column("host", width=20),
    Column("pid"),
    Column("state"),
    Column("busy", "active"),
    Column("oldest_job", "oldest job"),
    Column("oldest_ms", "for", duration),
    Column("queues"),
    Column("version"),
    Column("up_ms", "up", duration),
    Column("seen_at", "last seen", lambda at: moment(at).partition(" ")[2]),
)

_CONCURRENCY = re.compile(r"(.+)=([1-9]\d{0,2}|1000)")

QueueOption = Annotated[
    list[str] | None,
    typer.Option(
        "-q", "--queue", metavar="QUEUE", autocompletion=queue_names, help="Work on this queue; again for more."
    ),
]
ConcurrencyOption = Annotated[
    list[str] | None,
    typer.Option("--concurrency", metavar="QUEUE=N", help="Threads for a queue in each process; again for more."),
]
DrainTimeoutOption = Annotated[
    timedelta | None,
    typer.Option(parser=read_duration, metavar="DURATION", help="How long sends in progress may take to end."),
]

ReloadOption = Annotated[
    list[Path] | None,
    typer.Option(
        "--reload-dir",
        metavar="FOLDER",
        exists=True,
        file_okay=False,
        help="The same, with this folder, too; again for more.",
    ),
]


@app.callback(invoke_without_command=True)
def worker(
    ctx: typer.Context,
    *,
    queue: QueueOption = None,
    concurrency: ConcurrencyOption = None,
    processes: Annotated[int | None, typer.Option(min=1, max=256, help="How many worker processes.")] = None,
    drain: Annotated[bool, typer.Option("--drain", help="End when nothing is left to do.")] = False,
    drain_timeout: DrainTimeoutOption = None,
    reload: Annotated[
        bool, typer.Option("--reload", help="Replace the processes, one by one, when code or a template changes.")
    ] = False,
    reload_dir: ReloadOption = None,
) -> None:
    """Send what is in the queues, until Ctrl-C.

    Ctrl-C or SIGTERM lets what is in progress end, and takes nothing new; a second one hurries. SIGHUP replaces the
    processes one by one, each when its successor is ready. With --drain, the worker ends by itself when nothing is
    waiting, in progress or between two attempts. Jobs that were scheduled for later stay where they are.

    With --reload, a process with the new code starts before the old one drains; one that does not start changes
    nothing. Looked at are the code of the actors and of notifyctl, the shop's templates, and each --reload-dir.
    """
    if ctx.invoked_subcommand:
        return
    threads = dict(map(read_concurrency, concurrency or ()))
    _check_known(load_app(), [*(queue or ()), *threads])
    overrides: dict[str, Any] = {name: {"concurrency": count} for name, count in threads.items()}
    app = load_app(processes=processes, drain_timeout=drain_timeout, **overrides)
    queues = list(dict.fromkeys(queue or app.settings.queues))
    _check_providers(app, queues)
    connected(app)
    app.inspector.queues()  # a wrong password is told here once, and not by each process for ever
    _tell(app, queues)
    _warn_of_losses(app)
    folders = _code(app, reload_dir or ()) if reload or reload_dir else []
    raise typer.Exit(_supervise(app, queues, drain=drain, folders=folders))


@app.command("list", epilog=examples("notifyctl worker list", "notifyctl worker list -o json"))
def list_(*, output: OutputOption = Output.TABLE, table: TableOption = "simple") -> None:
    """List worker processes, and what each does.

    Those of all hosts, which tell it every three seconds. One that ends in order is not listed any more; one that is
    lost goes from the list 15 seconds after its last sign of life, or at once where its supervisor saw it die.
    """
    workers = connected().fleet.workers()
    if output is Output.TABLE:
        records = [{**worker_record(one), **_in_short(one)} for one in workers]
        View(output, table).many(records, _TABLE_COLUMNS, none="no worker runs")
    else:
        View(output, table).many(map(worker_record, workers), _COLUMNS)


def read_concurrency(text: str) -> tuple[str, int]:
    """Return a queue and its number of threads."""
    match = _CONCURRENCY.fullmatch(text)
    if match is None:
        raise typer.BadParameter("expected a queue and 1 to 1000 threads, such as email=10", param_hint="--concurrency")
    return match[1], int(match[2])


def _in_short(worker: "Worker") -> dict[str, Any]:
    """What a table says of a worker process in fewer words: how many of its threads are busy, for how long it runs."""
    return {"busy": f"{worker.report.active}/{worker.report.threads}", "up_ms": worker.report.up_ms}


def _check_known(app: "App", names: Sequence[str]) -> None:
    """Refuse a queue that no actor sends from.

    Raises:
        UnknownQueue: There is no such queue.
    """
    from notifyctl.errors import UnknownQueue

    for name in names:
        if name not in app.settings.queues:
            raise UnknownQueue(f"no queue named {name!r}", hint=f"There are: {', '.join(app.settings.queues)}.")


def _check_providers(app: "App", queues: Sequence[str]) -> None:
    """Build each channel in use once: what cannot be built would end every process, one after the other.

    Raises:
        ConfigError: A channel is half configured.
    """
    from notifyctl.notification import Channel

    for name in queues:
        for provider in app.providers(Channel(name)):
            provider.close()


def _tell(app: "App", queues: Sequence[str]) -> None:
    """Say what is about to happen, and where messages go."""
    from notifyctl.notification import Channel

    settings = app.settings
    for name in queues:
        found = settings.queues[name]
        limit = "no limit" if found.rate.unlimited else f"at most {found.rate}"
        say(f"{name}: {told_route(app, Channel(name))}; {limit}, {found.concurrency} threads")
    missing = app.rendering.unapproved() if Channel.WHATSAPP in queues else []
    if missing:
        say(
            f"warning: no WhatsApp message can go from {', '.join(missing)}: set NOTIFYCTL_CONTENT_SID_"
            f"{missing[0].upper()} and so on to the HX… ids that Twilio shows for the approved templates"
        )
    processes = f"{settings.processes} process" + ("es" if settings.processes > 1 else "")
    say(f"{processes} on {server_name(app.target)}; Ctrl-C ends in order")


def _warn_of_losses(app: "App") -> None:
    """Say, once, if the server may drop what it has accepted; `doctor` says the same."""
    from notifyctl.connection import translated
    from notifyctl.doctor.durability import check_durability, check_failover, facts_of_each
    from notifyctl.errors import BrokerRefused

    try:
        with translated():
            facts = facts_of_each(app.inspector.client)
    except BrokerRefused:
        return  # may not ask: the doctor says so
    for finding in (*check_durability(facts), *check_failover(app.settings, facts)):
        if finding.remedy:
            say(f"warning: {finding.detail}; {finding.remedy}")


def _code(app: "App", more: Sequence[Path]) -> list[Path]:
    """The folders with all that a worker process reads when it starts, but for the settings."""
    packages = (find_spec(name) for name in ("actors", "notifyctl"))
    folders = [Path(place) for spec in packages if spec for place in spec.submodule_search_locations or ()]
    templates = [app.settings.templates_dir] if app.settings.templates_dir else []
    return [*folders, *templates, *more]


def _supervise(app: "App", queues: Sequence[str], *, drain: bool, folders: Sequence[Path]) -> int:
    """Run the processes to the end, and return the exit code."""
    from notifyctl.cli._drain import Drain
    from notifyctl.worker.reload import Watch
    from notifyctl.worker.supervisor import Supervisor

    settings = app.settings
    logging.basicConfig(
        level=settings.log_level, format="%(asctime)s %(levelname)-7s %(process)d %(name)s: %(message)s"
    )
    watch = Drain(app.inspector, queues)
    code = Supervisor(
        "actors.worker",
        processes=settings.processes,
        threads=sum(settings.queues[name].concurrency for name in queues),
        queues=queues,
        drain_timeout=settings.drain_timeout,
        environment=supervisor_environment(app),
        finished=watch if drain else lambda: False,
        changed=Watch(folders) if folders else lambda: (),
        died=lambda worker_id: _end_leases(app, worker_id),
    ).run()
    return code or (_told_end(watch) if drain else Code.DONE)


def _end_leases(app: "App", worker_id: str) -> None:
    try:
        app.end_leases(worker_id)
    except BrokerUnavailable as error:
        logging.getLogger(__name__).warning("what the process held goes on when its leases run out: %s", error.message)


def supervisor_environment(app: "App") -> dict[str, str]:
    """The environment of worker processes: they read the settings anew, and must find the same ones.

    A password reaches them here and nowhere else: command lines can be read by every user of the machine.
    """
    environment = {**os.environ, "REDIS_URL": app.target}
    for name, queue in app.settings.queues.items():
        environment[f"NOTIFYCTL_{name.upper()}_CONCURRENCY"] = str(queue.concurrency)
    if str(Path.cwd()) not in sys.path and "" not in sys.path:
        # a shop's folder may hold an `email` or `actors` of its own
        environment["PYTHONSAFEPATH"] = "1"
    return environment


def _told_end(watch: "Drain") -> int:
    """Say what a drain left behind, and return the exit code."""
    for name, count in watch.scheduled.items():
        if count and name not in watch.stuck:
            say(f"{count} scheduled {'job' if count == 1 else 'jobs'} left for later on {name}")
    for name, why in watch.stuck.items():
        say(f"{name} {why}, and still has work: 'notifyctl queue resume {name}' lets it go on")
    if watch.done:
        return Code.DONE
    return Code.FAILED if watch.stuck else Code.INTERRUPTED
