"""What tests of the intake over HTTP share."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import httpx

    from notifyctl.app import App

__all__ = ["planned_ids", "posted", "waiting"]


def posted(client: httpx.Client, body: Any, path: str = "/api/orders", **headers: str) -> httpx.Response:
    """Post what a test made, its exact decimals included; headers with _ for -."""
    named = {"content-type": "application/json"} | {name.replace("_", "-"): value for name, value in headers.items()}
    return client.post(path, content=json.dumps(body, default=str), headers=named)


def waiting(app: App) -> dict[str, int]:
    """How many messages wait, by queue; queues without any are left out."""
    counts = {queue: app.inspector.stats(queue).waiting for queue in app.inspector.queues()}
    return {queue: count for queue, count in counts.items() if count}


def planned_ids(answer: httpx.Response) -> list[str]:
    """The ids of the messages that follow from a request's orders."""
    return [message["id"] for order in answer.json()["orders"] for message in order["planned"]]
