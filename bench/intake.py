"""Orders over HTTP, against a bare FastAPI endpoint that does one LPUSH, in the same run and under the same server.

    python -m bench.intake [--seconds 6] [--rounds 3] [--connections 32]

Both are served by uvicorn in a process of its own, ours by `notifyctl serve` (one event loop, uvloop, httptools, no
access log), before the same Valkey on a Unix socket (append-only file on). `wrk` posts orders, each with an id, a
customer and an amount of its own. The bare endpoint is written in both styles; it takes any JSON object, and asks for
no token. Ours checks the token. A single message is nearest to what the bare one does: one body, one job. Of an order,
it is found which messages follow, made sure that they can be filled in, and two of them are queued.

Beside the rate stands what a request costs the server's process in processor time, which a busy machine changes less.
Redis' own time is in the rate alone. For each of ours it is said whether it reaches 60 % of the better bare endpoint by
both; the exit status is that of an order with two messages.
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
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import httpx

from notifyctl.access import Role
from notifyctl.app import App
from notifyctl.settings import Settings
from tests.support.cli import COMMAND
from tests.support.node import free_port
from tests.support.server import Server

if TYPE_CHECKING:
    from collections.abc import Iterator

_SHARE: Final = 0.6
#: Whose verdict is the benchmark's own.
_JUDGED: Final = "POST /api/orders, mail and WhatsApp"
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
  local name, few, many, most = names[count % 5 + 1], count % 9 + 1, count % 90 + 10, count % 1000
  return wrk.format(nil, nil, nil, string.format(os.getenv("BODY"), id, name, id, most, few, many))
end
"""

_ORDER: Final = (
    '{"id": "%s", "currency": "EUR", "created_at": "2026-01-31T18:00:00Z", "customer": {"name": "%s", '
    '"email": "customer.%s@example.com", "phone": "+447700900%03d"}, "items": [{"name": "Linen shirt, white, M", '
    '"quantity": 1, "total": "18.00"}, {"name": "Ceramic mug", "quantity": %d, "total": "24.00"}], '
    '"totals": {"total": "%d.35", "shipping": "4.90"}, '
    '"payment": {"method": "Cash on delivery", "cash_on_delivery": true}, '
    '"shipping_address": ["12 Example Road", "London EX1 1AA"]}'
)
#: Of a customer without a number: one message follows.
_ORDER_BY_MAIL: Final = _ORDER.replace(', "phone": "+447700900%03d"}', '}, "number": "N-%03d"')
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

@app.get("/healthz")
async def healthz():
    return {"pid": os.getpid()}

@app.post("/threads", status_code=202)
def threads(order: dict = Body()):
    waiting.lpush("orders", json.dumps(order))
    return {"queued": True}

@app.post("/async", status_code=202)
async def asynchronous(order: dict = Body()):
    await awaited.lpush("orders", json.dumps(order))
    return {"queued": True}
"""


#: As `notifyctl serve` has it.
_UVICORN: Final = (
    sys.executable, "-m", "uvicorn", "bare:app", "--no-access-log", "--log-level", "warning", "--no-server-header",
    "--loop", "uvloop", "--http", "httptools", "--lifespan", "off",
)  # fmt: skip


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
        (folder / "bare.py").write_text(_BARE, encoding="utf-8")
        bare, of_bare = stack.enter_context(_served(folder, server.url, *_UVICORN))
        ours, of_ours = stack.enter_context(_served(folder, server.url, COMMAND, "serve"))
        token = _token(server.url)
        contestants = {
            "bare, one LPUSH, async def": (f"{bare}/async", _ORDER, {}),
            "bare, one LPUSH, def": (f"{bare}/threads", _ORDER, {}),
            "POST /api/orders, mail and WhatsApp": (f"{ours}/api/orders", _ORDER, {"TOKEN": token}),
            "POST /api/orders, mail alone": (f"{ours}/api/orders", _ORDER_BY_MAIL, {"TOKEN": token}),
            "POST /api/orders, Idempotency-Key": (f"{ours}/api/orders", _ORDER, {"TOKEN": token, "KEYED": "1"}),
            "POST /api/notifications": (f"{ours}/api/notifications", _MESSAGE, {"TOKEN": token}),
        }
        found: dict[str, list[Measured]] = {name: [] for name in contestants}
        for _ in range(options.rounds):
            for name, (url, body, environment) in contestants.items():
                with server.client() as client:
                    _forget_jobs(client)
                process = of_bare if name.startswith("bare") else of_ours
                found[name].append(_measured(folder, url, body, options, environment, process))
        queued = _queued(server.url)
    return _report(found, queued)


class Measured(NamedTuple):
    """Requests a second, and what one of them cost the server's process, in microseconds of processor time."""

    rate: float
    cost_us: float


def _report(found: dict[str, list[Measured]], queued: dict[str, int]) -> int:
    rates = {name: statistics.median(one.rate for one in rounds) for name, rounds in found.items()}
    costs = {name: statistics.median(one.cost_us for one in rounds) for name, rounds in found.items()}
    bare = [name for name in found if name.startswith("bare")]
    print(f"\n{'':36} {'requests/s':>10} {'µs each':>8}   of the bare async, and def one   rounds")
    for name, rate in rates.items():
        shares = "  ".join(f"{rate / rates[one]:7.0%} ({costs[one] / costs[name]:4.0%} by cost)" for one in bare)
        rounds = ", ".join(f"{one.rate:,.0f}" for one in found[name])
        print(f"{name:36} {rate:10,.0f} {costs[name]:8.0f}   {shares}   {rounds}")
    print(f"\nqueued at the end of the last round: {queued}\n")
    quickest, cheapest = max(rates[one] for one in bare), min(costs[one] for one in bare)
    ours = [name for name in found if name not in bare]
    reached = {name: _verdict(name, rates[name] / quickest, cheapest / costs[name]) for name in ours}
    return 0 if reached[_JUDGED] else 1


def _verdict(name: str, by_rate: float, by_cost: float) -> bool:
    """Say whether a contestant reaches its share of the better bare endpoint, both by rate and by processor time."""
    reached = min(by_rate, by_cost) >= _SHARE
    says = f"{'reaches' if reached else 'misses'} {_SHARE:.0%} of the better bare one"
    print(f"{name:36} {says}: {by_rate:.0%} by rate, {by_cost:.0%} by processor time")
    return reached


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
def _served(folder: Path, redis_url: str, *command: str) -> Iterator[tuple[str, int]]:
    """Yield the address that a command serves, in a process of its own, and that process's id."""
    port = free_port()
    environment = os.environ | {
        "REDIS_URL": redis_url, "NOTIFYCTL_STATE_DIR": str(folder), "NOTIFYCTL_LOG_LEVEL": "warning",
        "NOTIFYCTL_PSEUDONYM_SECRET": "keys the hashes of the benchmark", "BENCH_REDIS": redis_url,
    }  # fmt: skip
    process = subprocess.Popen([*command, "--port", str(port)], env=environment, cwd=folder, stderr=subprocess.DEVNULL)
    try:
        url = f"http://127.0.0.1:{port}"
        _wait_for(url)
        yield url, process.pid
    finally:
        process.terminate()
        process.wait()


def _wait_for(url: str) -> None:
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        try:
            httpx.get(f"{url}/healthz", trust_env=False)
        except httpx.TransportError:
            time.sleep(0.05)  # between two looks
        else:
            return
    raise SystemExit(f"{url} does not answer")


def _measured(
    folder: Path, url: str, body: str, options: argparse.Namespace, environment: dict[str, str], process: int
) -> Measured:
    """Return what `wrk` finds; all requests must be answered well."""
    script = folder / "orders.lua"
    script.write_text(_LUA, encoding="utf-8")

    def run(seconds: int) -> str:
        command = ["wrk", "-t1", f"-c{options.connections}", f"-d{seconds}", "--latency", "-s", str(script), url]
        found = subprocess.run(
            command, env=os.environ | environment | {"BODY": body}, capture_output=True, text=True, check=True
        )
        return found.stdout

    run(1)
    began_us = _used_us(process)
    said = run(options.seconds)
    used_us = _used_us(process) - began_us
    if "Non-2xx" in said or "Socket errors" in said:
        raise SystemExit(f"{url} did not answer all requests well:\n{said}")
    found = re.search(r"Requests/sec:\s+([\d.]+)", said)
    count = re.search(r"(\d+) requests in", said)
    slow = re.search(r"99%\s+(\S+)", said)
    assert found
    assert count
    print(f"{url:45} {float(found[1]):10,.0f}/s   99 % within {slow[1] if slow else '?'}", flush=True)
    return Measured(float(found[1]), used_us / int(count[1]))


def _used_us(process: int) -> float:
    """Return the processor time that a process has used; Linux alone tells it here."""
    try:
        fields = Path(f"/proc/{process}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK") * 1e6


if __name__ == "__main__":
    sys.exit(main())
