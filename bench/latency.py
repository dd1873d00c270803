"""From enqueue to the job's start on an idle queue, ours against Dramatiq's Redis broker: 50 jobs a second, one run.

    python -m bench.latency [--jobs 500] [--rounds 2]

Prints p50 and p99 in milliseconds and their ratios. Also how many round trips a second ours makes when idle.
"""

from __future__ import annotations

import argparse
import importlib
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import redis

from bench.drain import OURS, STOCK
from bench.job import ORDER
from notifyctl.embedded import private_server

if TYPE_CHECKING:
    from collections.abc import Callable

    from bench.drain import Contestant

_IDLE_S = 10


def measure(contestant: Contestant, jobs: int) -> tuple[list[float], float]:
    """Return the latencies in ms, and how many commands a second an idle fleet of two processes sends."""
    with private_server() as server, tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "latencies"
        os.environ.update(BENCH_URL=server.url, BENCH_LATENCIES=str(file))
        sys.modules.pop(contestant.app, None)
        app = importlib.import_module(contestant.app)
        workers = [
            subprocess.Popen(command, env=os.environ, stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            for command in contestant.commands
        ]
        try:
            for number in range(jobs + 100):
                app.job.send({**ORDER, "sent_ns": time.time_ns()})
                if number < 100:  # warm up, one by one
                    _until(lambda sent=number: _lines(file) > sent)  # type: ignore[misc]  # mypy infers no defaults
                time.sleep(0.02)
            _until(lambda: _lines(file) == jobs + 100)
            with redis.Redis.from_url(server.url) as client:
                before = _round_trips(client)
                time.sleep(_IDLE_S)
                idle = (_round_trips(client) - before) / _IDLE_S
        finally:
            for worker in workers:
                worker.terminate()
            for worker in workers:
                worker.wait()
        app.broker.close()
        return [float(line) for line in file.read_text().split()][100:], idle


def _lines(file: Path) -> int:
    return file.read_bytes().count(b"\n") if file.exists() else 0


def _until(condition: Callable[[], bool]) -> None:
    while not condition():
        time.sleep(0.002)


def _round_trips(client: redis.Redis) -> int:
    stats = client.info("commandstats")
    return sum(stats.get(f"cmdstat_{name}", {"calls": 0})["calls"] for name in ("evalsha", "bzpopmin"))


def main() -> None:
    """Run the rounds and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--jobs", type=int, default=500)
    parser.add_argument("--rounds", type=int, default=2)
    options = parser.parse_args()
    found: dict[str, list[list[float]]] = {"notifyctl": [], "dramatiq": []}
    for number in range(options.rounds):
        for name, contestant in (("notifyctl", OURS), ("dramatiq", STOCK)):
            latencies, idle = measure(contestant, options.jobs)
            hundredths = statistics.quantiles(latencies, n=100)
            found[name].append(hundredths)
            print(
                f"round {number + 1} {name:10} p50 {hundredths[49]:6.2f} ms  p99 {hundredths[98]:6.2f} ms  "
                f"idle {idle:.1f} round trips/s for 2 processes",
                flush=True,
            )
    for place, what in ((49, "p50"), (98, "p99")):
        ours, stock = (statistics.median(q[place] for q in found[name]) for name in ("notifyctl", "dramatiq"))
        print(f"{what}: {ours:.2f} ms against {stock:.2f} ms, {stock / ours:.1f} times as fast")


if __name__ == "__main__":
    main()
