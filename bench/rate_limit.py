"""The limits as providers see them, with work waiting on both queues and 1, 2 and 8 worker processes.

SendGrid and Twilio are played on loopback. Prints the most grants and arrivals in any sliding second, the average, and
the most requests open at once.

    python -m bench.rate_limit [--seconds 10] [--answer 0.05]
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import time

import redis

from notifyctl.app import build
from notifyctl.embedded import private_server
from notifyctl.settings import Settings
from tests.support.receivers import Receiver, busiest

DATA = {"customer_name": "Ada Example", "order_number": "10482", "currency": "USD", "total": "29.35", "payment": "paid"}


def measure(processes: int, seconds: float, answer_s: float) -> None:
    """One row of the table for each queue."""
    sendgrid, twilio = (
        Receiver(202, {}, answer_s),
        Receiver(201, {"sid": "SM" + "0" * 32, "status": "queued"}, answer_s),
    )
    with private_server() as server:
        environment = {
            **os.environ,
            "REDIS_URL": server.url,
            "SENDGRID_API_KEY": "SG.bench",
            "SENDGRID_HOST": sendgrid.url,
            "EMAIL_FROM": "shop@example.com",
            "TWILIO_ACCOUNT_SID": "AC" + "0" * 32,
            "TWILIO_AUTH_TOKEN": "0" * 32,
            "TWILIO_WHATSAPP_FROM": "+15005550006",
            "TWILIO_BASE_URL": twilio.url,
            "NOTIFYCTL_CONTENT_SID_TEST_MESSAGE": "HX" + "0" * 32,
            "NOTIFYCTL_LOG_LEVEL": "ERROR",
        }
        notifier = build(Settings.load(redis={"url": server.url})).notifier
        for number in range(round(seconds * 10)):
            notifier.queue_email("test_message", {"note": f"n{number}"}, to="ada@example.com")
        for number in range(round(seconds * 5)):
            notifier.queue_whatsapp("+15005550006", "test_message", {"note": f"n{number}"})
        command = [sys.executable, "-m", "notifyctl.worker.process", "actors.worker"]
        workers = [subprocess.Popen(command, env=environment, stdin=subprocess.DEVNULL) for _ in range(processes)]
        with redis.Redis.from_url(server.url) as client:
            try:
                while any(
                    client.zcard(f"{{notifyctl:{queue}}}:{state}")
                    for queue in ("email", "whatsapp")
                    for state in ("waiting", "active", "delayed")
                ):
                    if any(worker.poll() is not None for worker in workers):
                        raise SystemExit("a worker process ended")
                    time.sleep(0.05)
            finally:
                for worker in workers:
                    worker.terminate()
                for worker in workers:
                    worker.wait()
            for queue, receiver, limit in (("email", sendgrid, 10), ("whatsapp", twilio, 5)):
                granted = sorted(
                    int(client.hget(key, "taken_at") or 0) / 1000
                    for key in client.scan_iter(f"{{notifyctl:{queue}}}:job:*")
                )
                average = (len(granted) - 1) / (granted[-1] - granted[0])
                texts = {found[0] for body in receiver.bodies if (found := re.search(r"\bn\d+\b", body))}
                print(
                    f"{processes} processes {queue:8} limit {limit}/s: granted at most {busiest(granted, 1.0)}/s, "
                    f"arrived at most {receiver.busiest_second()}/s, average {average:.2f}/s "
                    f"({average / limit:.1%}), open at once {receiver.most_open}, "
                    f"{len(receiver.bodies)} messages, {len(texts)} different",
                    flush=True,
                )
    sendgrid.close()
    twilio.close()


def main() -> None:
    """Measure with 1, 2 and 8 processes."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument(
        "--answer", type=float, default=0.05, help="how long a provider takes over a message, in seconds"
    )
    parser.add_argument("--processes", type=int, nargs="*", default=[1, 2, 8])
    options = parser.parse_args()
    for processes in options.processes:
        measure(processes, options.seconds, options.answer)


if __name__ == "__main__":
    main()
