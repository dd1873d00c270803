"""Drain of no-op jobs, ours against Dramatiq's Redis broker: 2 processes x 4 threads each, alternating, one run.

    python -m bench.drain [--jobs 10000] [--rounds 3]

The clock runs from the first look that sees fewer jobs than were enqueued (start-up excluded) to the first that sees
none. Prints both rates and their ratio; the medians count.
"""

from __future__ import annotations

import argparse
import importlib
import os
import statistics
import subprocess
import sys
import time
from typing import TYPE_CHECKING, NamedTuple

import redis

from bench.job import ORDER
from notifyctl.embedded import private_server

if TYPE_CHECKING:
    from collections.abc import Callable


class Contestant(NamedTuple):
    """One broker: its app, how its workers start, and how many of its jobs are not finished."""

    app: str
    commands: list[list[str]]
    pending: Callable[[redis.Redis], int]


OURS = Contestant(
    "bench.app_ours",
    [[sys.executable, "-m", "notifyctl.worker.process", "bench.app_ours", "--threads", "4"]] * 2,
    lambda r: r.zcard("{bench:bench}:waiting") + r.zcard("{bench:bench}:active"),
)
STOCK = Contestant(
    "bench.app_stock",
    [[sys.executable, "-m", "dramatiq", "bench.app_stock", "--processes", "2", "--threads", "4"]],
    lambda r: r.hlen("dramatiq:bench.msgs"),
)


def drain(contestant: Contestant, jobs: int) -> tuple[float, float]:
    """Return (enqueued, drained) jobs per second on a fresh server."""
    with private_server() as server:
        environment = {**os.environ, "BENCH_URL": server.url}
        os.environ["BENCH_URL"] = server.url
        sys.modules.pop(contestant.app, None)
        app = importlib.import_module(contestant.app)
        start = time.perf_counter()
        for _ in range(jobs):
            app.job.send(ORDER)
        enqueued = jobs / (time.perf_counter() - start)
        with redis.Redis.from_url(server.url) as client:
            workers = [
                subprocess.Popen(command, env=environment, stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
                for command in contestant.commands
            ]
            try:
                drained = jobs / _timed(lambda: contestant.pending(client), jobs)
            finally:
                for worker in workers:
                    worker.terminate()
                for worker in workers:
                    worker.wait()
        app.broker.close()
    return enqueued, drained


def _timed(pending: Callable[[], int], jobs: int) -> float:
    while (left := pending()) == jobs:
        time.sleep(0.002)
    start, first = time.perf_counter(), left
    while pending():
        time.sleep(0.01)
    return (time.perf_counter() - start) * jobs / max(first, 1)


def main() -> None:
    """Run the rounds and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--jobs", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    rates: dict[str, list[tuple[float, float]]] = {"notifyctl": [], "dramatiq": []}
    for number in range(options.rounds):
        for name, contestant in (("notifyctl", OURS), ("dramatiq", STOCK)):
            enqueued, drained = drain(contestant, options.jobs)
            rates[name].append((enqueued, drained))
            print(f"round {number + 1} {name:10} enqueue {enqueued:6.0f}/s  drain {drained:6.0f}/s", flush=True)
    for place, what in enumerate(("enqueue", "drain")):
        ours, stock = (statistics.median(rate[place] for rate in rates[name]) for name in ("notifyctl", "dramatiq"))
        print(f"{what}: {ours:.0f}/s against {stock:.0f}/s, ratio {ours / stock:.2f}")


if __name__ == "__main__":
    main()
