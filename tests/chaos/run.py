"""Runs a scenario from the first order to the verdict."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING, Any

import redis

from notifyctl.connection import connect
from notifyctl.templates.catalog import Catalog
from tests.chaos.audit import QUEUES, audit
from tests.chaos.fleet import Fleet, Held
from tests.chaos.mayhem import Mayhem
from tests.chaos.orders import Shop, write_orders
from tests.chaos.receiving import Receiving
from tests.chaos.servers import BehindSentinels, Single
from tests.chaos.verdict import Breach
from tests.support.wait import wait_until

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from tests.chaos.audit import Outcome
    from tests.chaos.scenario import Scenario
    from tests.chaos.servers import Backing

__all__ = ["run"]

_LIVE, _ENDED = ("waiting", "delayed", "active"), ("completed", "dead", "cancelled")
_LOOK_EVERY_S = 0.05
_CONTENT_SID = "HX" + "0" * 32


def run(scenario: Scenario, folder: Path) -> Outcome:
    """Run a scenario.

    Args:
        scenario: What happens.
        folder: Where ledger and logs go.
    """
    write_orders(folder / "orders.jsonl", scenario.orders)
    text = Catalog().whatsapp("order_confirmation").texts["en"]
    server: Backing = BehindSentinels() if scenario.sentinel else Single()
    client = connect(server.direct, role="operator")
    started = time.monotonic()
    with Receiving(folder, seed=scenario.seed, share=scenario.faults, texts={_CONTENT_SID: text}) as receiving:
        environment = _environment(scenario, server.url, receiving, folder)
        fleet = Fleet(environment, folder, lambda workers: _held(client, workers))
        shop = Shop(folder / "orders.jsonl", environment, folder / "import.log")
        mayhem = Mayhem(scenario, fleet, server, receiving)
        try:
            for _ in range(scenario.supervisors):
                fleet.start()
            shop.start()
            stuck = _play(scenario, mayhem, client, shop)
            took_s = time.monotonic() - started
            ends = fleet.close()
            outcome = audit(scenario, server.direct, client, receiving, mayhem)
        finally:
            fleet.abandon()
            if shop.is_alive():
                shop.close()
            client.close()
            server.close()
    outcome.breaches += [
        *(Breach("ran_dry", "", "", "", detail) for detail in stuck),
        *(Breach("drained", "", "", "", f"a supervisor ended with {code}") for code in ends if code),
        *([Breach("imported_once", "", "", "", shop.failure)] if shop.failure else []),
    ]
    outcome.figures["imports"] = ", ".join(map(str, shop.runs))
    outcome.figures["duration"] = f"{took_s:.0f} s"
    return outcome


def _environment(scenario: Scenario, url: str, receiving: Receiving, folder: Path) -> dict[str, str]:
    settings = {
        "REDIS_URL": url,
        "NOTIFYCTL_STATE_DIR": str(folder / "state"),
        "NOTIFYCTL_PROCESSES": str(scenario.processes),
        "NOTIFYCTL_CONTENT_SID_ORDER_CONFIRMATION": _CONTENT_SID,
        "NOTIFYCTL_PSEUDONYM_SECRET": "chaos-chaos-chaos-chaos",
        "NOTIFYCTL_SEND_TIMEOUT": "4s",
        "SMTP_ANSWER_TIMEOUT": "4s",
        "NOTIFYCTL_CIRCUIT_COOL_DOWN": "500ms",
        "NOTIFYCTL_CIRCUIT_MAX_COOL_DOWN": "2s",
        "NOTIFYCTL_CIRCUIT_ACCOUNT_COOL_DOWN": "2s",
        "NOTIFYCTL_LOG_LEVEL": "WARNING",
        "REDIS_WAIT_REPLICAS": "1" if scenario.sentinel else "0",
        **receiving.environment,
    }
    for queue in ("EMAIL", "WHATSAPP"):
        settings[f"NOTIFYCTL_{queue}_RATE"] = scenario.rate
        settings[f"NOTIFYCTL_{queue}_RETRY_DELAYS"] = "500ms,1s,2s"
        settings[f"NOTIFYCTL_{queue}_UNKNOWN_OUTCOME"] = scenario.policy
        settings[f"NOTIFYCTL_{queue}_LOOK_UPS"] = "1s,2s"
    return {**os.environ, **settings}


def _play(scenario: Scenario, mayhem: Mayhem, client: redis.Redis, shop: Shop) -> list[str]:
    """Deal all blows, and wait for the end; what is still there when the time is over."""
    messages, end = 2 * scenario.orders, time.monotonic() + scenario.patience_s

    def wait(condition: Callable[[], object], what: str) -> None:
        wait_until(condition, timeout_s=max(1.0, end - time.monotonic()), what=what, every_s=_LOOK_EVERY_S)

    try:
        for event in scenario.events():
            due = event.share * messages
            wait(lambda due=due: _count(client, _ENDED) >= due, f"{event.share:.0%} of the work, for {event.kind}")  # type: ignore[misc]
            mayhem.deal(event)
        wait(lambda: not shop.is_alive(), "the shop to have told its orders twice")
        wait(lambda: not shop.spooled(), "the spool to be moved")
        wait(
            lambda: _count(client, _ENDED) >= messages and not _count(client, _LIVE),
            "all messages to end",
        )
    except AssertionError as error:
        left = {state: _count(client, (state,)) for state in (*_LIVE, *_ENDED)}
        return [f"{error}; {left}, the shop's imports: {shop.runs}"]
    return []


def _count(client: redis.Redis, states: Sequence[str]) -> int:
    """How many jobs are in these states; -1 where the server does not say."""
    try:
        with client.pipeline(transaction=False) as pipe:
            for keys in QUEUES.values():
                for state in states:
                    pipe.zcard(getattr(keys, state))
            return sum(pipe.execute())
    except redis.RedisError:
        return -1


def _held(client: redis.Redis, workers: Sequence[str]) -> Held:
    """The jobs that these workers have, and those of them whose sends have begun."""
    taken, begun = set(), set()
    for keys in QUEUES.values():
        members: list[Any] = client.zrange(keys.active, 0, -1)
        for job_id in [member.decode() for member in members]:
            fields: list[Any] = client.hmget(keys.job(job_id), ["lease", "began"])
            lease, began = ((field or b"").decode() for field in fields)
            if lease.rpartition(":")[0] in workers:
                taken.add(job_id)
                begun |= {job_id} if began else set()
    return Held(frozenset(taken), frozenset(begun))
