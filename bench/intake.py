"""Orders over HTTP, against a bare FastAPI endpoint that does one LPUSH, in the same run and under the same server.

    python -m bench.intake [--seconds 6] [--rounds 3] [--connections 32]

Both are served by uvicorn in a process of its own (one event loop, uvloop, httptools, no access log), before the same
Valkey on a Unix socket (append-only file on). `wrk` posts orders, each with an id, a customer and an amount of its own.
The bare endpoint is written in both styles; it takes any JSON object, and asks for no token. Ours checks the token,
reads and checks the order, finds which messages follow, makes sure that they can be filled in, and queues two of them,
with their indexes and idempotency keys. A single message is nearest to what the bare one does: one body, one job.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import httpx

from notifyctl.access import Role
from notifyctl.app import App
from notifyctl.settings import Settings
from tests.support.server import Server
from tests.support.node import free_port

if TYPE_CHECKING:
    from collections.abc import Iterator

_SHARE: Final = 0.6
_OF_QUEUES: Final = (b"{notifyctl:email}", b"{notifyctl:whatsapp}", b"orders", b"notifyctl:request")

#: Posts orders of many customers; `KEYED` gives each request a key of its own.
_LUA: Final = """
local count, thread = 0, tostring({}):match("0x(%x+)")
wrk.method = "POST"
wrk.headers["Content-Type"] = "application/json"
wrk.headers["Authorization"] = "Bearer " .. (os.getenv("TOKEN") or "")
local names = {"Ada Lovelace", "Grace Okafor", "Zoë Müller", "Noémie D'Angelo", "Elsa Öberg"}
function request()
  count = count + 1
  local id = thread .. "-" .. count
  if os.getenv("KEYED") then wrk.headers["Idempotency-Key"] = id end
  local body = string.format(os.getenv("BODY"), id, names[count % 5 + 1], id, count % 1000, count % 9 + 1, count % 90 + 10)
  return wrk.format(nil, nil, nil, body)
end
local failed = 0
function response(status) if status >= 300 then failed = failed + 1; if failed < 3 then print("answered " .. status) end end end
"""

_ORDER: Final = (
    '{"id": "%s", "currency": "EUR", "created_at": "2026-01-31T18:00:00Z", "customer": {"name": "%s", '
    '"email": "customer.%s@example.com", "phone": "+447700900%03d"}, "items": [{"name": "Linen shirt, white, M", '
    '"quantity": 1, "total": "18.00"}, {"name": "Ceramic mug", "quantity": %d, "total": "24.00"}], '
    '"totals": {"total": "%d.35", "shipping": "4.90"}, "payment": {"method": "Cash on delivery", "cash_on_delivery": true}, '
    '"shipping_address": ["12 Example Road", "London EX1 1AA"]}'
)
_MESSAGE: Final = (
    '{"channel": "email", "key": "%s", "name": "%s", "to": "customer.%s@example.com", "template": "test_message", '
    '"order": "%d", "data": {"note": "Number %d of %d"}}'
)

_BARE: Final = """
import json, os
import redis, redis.asyncio
from fastapi import Body, FastAPI

app = FastAPI()
waiting = redis.Redis.from_url(os.environ["BENCH_REDIS"])
awaited = redis.asyncio.Redis.from_url(os.environ["BENCH_REDIS"])

@app.post("/threads", status_code=202)
def threads(order: dict = Body()):
    waiting.lpush("orders", json.dumps(order))
    return {"queued": True}

@app.post("/async", status_code=202)
async def asynchronous(order: dict = Body()):
    await awaited.lpush("orders", json.dumps(order))
    return {"queued": True}
"""

_OURS: Final = """
from notifyctl.app import build
from notifyctl.web import create_app

app = create_app(build())
"""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=int, default=6, help="of each measurement")
    parser.add_argument("--rounds", type=int, default=3, help="all measurements in turn, so often; medians count")
    parser.add_argument("--connections", type=int, default=32)
    options = parser.parse_args()
    if shutil.which("wrk") is None:
        print("this needs wrk: apt-get install wrk", file=sys.stderr)
        return 3
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="ni-")))
        server = Server()
        stack.callback(server.close)
        bare = stack.enter_context(_served(folder, "bare", _BARE, server.url))
        ours = stack.enter_context(_served(folder, "ours", _OURS, server.url))
        token = _token(server.url)
        contestants = {
            "bare, one LPUSH, async def": (f"{bare}/async", _ORDER, {}),
            "bare, one LPUSH, def": (f"{bare}/threads", _ORDER, {}),
            "POST /api/orders": (f"{ours}/api/orders", _ORDER, {"TOKEN": token}),
            "POST /api/orders, Idempotency-Key": (f"{ours}/api/orders", _ORDER, {"TOKEN": token, "KEYED": "1"}),
            "POST /api/notifications": (f"{ours}/api/notifications", _MESSAGE, {"TOKEN": token}),
        }
        rates: dict[str, list[float]] = {name: [] for name in contestants}
        for _ in range(options.rounds):
            for name, (url, body, environment) in contestants.items():
                with server.client() as client:
                    _forget_jobs(client)
                rates[name].append(_measured(folder, url, body, options, environment))
        queued = _queued(server.url)
    return _report(rates, queued)


def _report(rates: dict[str, list[float]], queued: dict[str, int]) -> int:
    medians = {name: statistics.median(found) for name, found in rates.items()}
    best = max(rate for name, rate in medians.items() if name.startswith("bare"))
    print(f"\n{'':36} requests/s   of the bare one   of each round")
    for name, rate in medians.items():
        print(f"{name:36} {rate:10,.0f} {rate / best:15.0%}   {', '.join(f'{one:,.0f}' for one in rates[name])}")
    print(f"\nqueued at the end of the last round: {queued}")
    share = medians["POST /api/orders"] / best
    print(f"an order costs {1 / share:.2f} bare requests; {share:.0%} of their rate, at least {_SHARE:.0%} wanted")
    return 0 if share >= _SHARE else 1


def _forget_jobs(client: Any) -> None:
    """Begin each measurement with empty queues; tokens and secrets stay."""
    keys = [key for key in client.scan_iter(count=5_000) if key.startswith(_OF_QUEUES)]
    for start in range(0, len(keys), 5_000):
        client.unlink(*keys[start : start + 5_000])


def _queued(url: str) -> dict[str, int]:
    app = App(Settings.load(redis={"url": url}))
    return {queue: app.inspector.stats(queue).waiting for queue in app.inspector.queues()}


def _token(url: str) -> str:
    return App(Settings.load(redis={"url": url})).tokens.create("bench", Role.PRODUCER, lives_ms=3_600_000)[1]


@contextmanager
def _served(folder: Path, name: str, source: str, redis_url: str) -> Iterator[str]:
    """Yield the address of an application that uvicorn serves in a process of its own."""
    (folder / f"{name}.py").write_text(source, encoding="utf-8")
    port = free_port()
    command = [
        sys.executable, "-m", "uvicorn", f"{name}:app", "--app-dir", str(folder), "--port", str(port), "--no-access-log",
        "--log-level", "warning", "--loop", "uvloop", "--http", "httptools", "--lifespan", "off",
    ]  # fmt: skip
    environment = os.environ | {
        "BENCH_REDIS": redis_url, "REDIS_URL": redis_url, "NOTIFYCTL_STATE_DIR": str(folder), "NOTIFYCTL_LOG_LEVEL": "warning",
    }  # fmt: skip
    process = subprocess.Popen(command, env=environment)
    try:
        url = f"http://127.0.0.1:{port}"
        _wait_for(url)
        yield url
    finally:
        process.terminate()
        process.wait()


def _wait_for(url: str) -> None:
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        try:
            httpx.get(f"{url}/healthz", trust_env=False)
        except httpx.TransportError:
            time.sleep(0.05)
        else:
            return
    raise SystemExit(f"{url} does not answer")


def _measured(folder: Path, url: str, body: str, options: argparse.Namespace, environment: dict[str, str]) -> float:
    """Return how many requests a second were answered well."""
    script = folder / "orders.lua"
    script.write_text(_LUA, encoding="utf-8")

    def run(seconds: int) -> str:
        command = ["wrk", "-t1", f"-c{options.connections}", f"-d{seconds}", "--latency", "-s", str(script), url]
        found = subprocess.run(
            command, env=os.environ | environment | {"BODY": body}, capture_output=True, text=True, check=True
        )
        return found.stdout

    run(1)
    said = run(options.seconds)
    if "Non-2xx" in said or "answered" in said or "Socket errors" in said:
        raise SystemExit(f"{url} did not answer all requests well:\n{said}")
    found = re.search(r"Requests/sec:\s+([\d.]+)", said)
    slow = re.search(r"99%\s+(\S+)", said)
    assert found
    print(f"{url:45} {float(found[1]):10,.0f}/s   99 % within {slow[1] if slow else '?'}", flush=True)
    return float(found[1])


if __name__ == "__main__":
    sys.exit(main())
