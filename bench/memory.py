"""Whether a worker process grows: one process drains many jobs, and its memory is looked at all along.

    python -m bench.memory [--jobs 200000] [--mails] [--looks 10]

Resident memory (RSS) at each tenth of the work; the ratio of the last to the first of them is what counts: the first
tenth is the warm-up. With --mails, real test mails into the outbox instead of no-op jobs of 1 KiB.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from bench.job import ORDER
from notifyctl.app import build
from notifyctl.connection import connect
from notifyctl.embedded import private_server
from notifyctl.engine.jobs import NewJob
from notifyctl.engine.keys import QueueKeys
from notifyctl.engine.producer import Producer
from notifyctl.notification import Channel, Notification, Recipient
from notifyctl.notifier import Options
from notifyctl.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Callable

_CHUNK = 1000
#: So many jobs wait at once: the server need not hold all of them.
_WAITING = 10_000


def _no_ops(url: str) -> tuple[str, Callable[[int, int], object]]:
    producer = Producer(connect(url, role="producer"), "bench")

    def enqueue(first: int, count: int) -> None:
        jobs = []
        for number in range(first, first + count):
            message = {
                "queue_name": "bench", "actor_name": "job", "args": [ORDER], "kwargs": {}, "options": {},
                "message_id": f"j{number}", "message_timestamp": 0,
            }  # fmt: skip
            jobs.append(NewJob(f"j{number}", json.dumps(message).encode()))
        producer.enqueue_many("bench", jobs)

    return "bench", enqueue


def _mails(url: str) -> tuple[str, Callable[[int, int], object]]:
    notifier = build(Settings.load(redis={"url": url})).notifier

    def enqueue(first: int, count: int) -> None:
        notifier.queue_many(
            [
                (Notification(Channel.EMAIL, Recipient("ada@example.com"), "test_message", {"note": str(n)}), Options())
                for n in range(first, first + count)
            ]
        )

    return "email", enqueue


def _resident_mib(pid: int) -> float:
    status = Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
    return int(status.partition("VmRSS:")[2].split()[0]) / 1024


def measure(jobs: int, looks: int, *, mails: bool) -> list[float]:
    """Return the memory at each look, in MiB."""
    with private_server() as server, tempfile.TemporaryDirectory() as folder:
        environment = {
            **os.environ, "BENCH_URL": server.url, "REDIS_URL": server.url, "NOTIFYCTL_STATE_DIR": folder,
            "NOTIFYCTL_EMAIL_RATE": "off", "NOTIFYCTL_PROVIDER": "outbox",
        }  # fmt: skip
        queue, enqueue = _mails(server.url) if mails else _no_ops(server.url)
        module = "actors.worker" if mails else "bench.app_ours"
        keys = QueueKeys("notifyctl" if mails else "bench", queue)
        client = connect(server.url, role="operator")
        worker = subprocess.Popen(
            [sys.executable, "-m", "notifyctl.worker.process", module, "--threads", "8"],
            env=environment,
            stdin=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            found: list[float] = []
            queued, started = 0, time.monotonic()
            while len(found) < looks:
                done = int(client.zcard(keys.completed))
                if queued < jobs and queued - done < _WAITING:
                    enqueue(queued, min(_CHUNK, jobs - queued))
                    queued += _CHUNK
                elif done < (len(found) + 1) * jobs // looks:
                    time.sleep(0.02)  # between two looks
                if done >= (len(found) + 1) * jobs // looks:
                    found.append(_resident_mib(worker.pid))
                    print(f"{done:8} jobs  {time.monotonic() - started:6.1f} s  {found[-1]:7.2f} MiB", flush=True)
        finally:
            worker.terminate()
            worker.wait()
            client.close()
    return found


def main() -> None:
    """Run it, and print the table and the ratio."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--jobs", type=int, default=200_000)
    parser.add_argument("--mails", action="store_true")
    parser.add_argument("--looks", type=int, default=10)
    options = parser.parse_args()
    found = measure(options.jobs, options.looks, mails=options.mails)
    print(f"after all {found[-1]:.2f} MiB, after the warm-up {found[0]:.2f} MiB: ratio {found[-1] / found[0]:.3f}")


if __name__ == "__main__":
    main()
