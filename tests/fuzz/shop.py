"""A shop with something in every state, and the API's description with the ids of what is there."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from notifyctl.access import Permission, Role
from notifyctl.engine.fleet import Report
from notifyctl.notification import Channel
from notifyctl.web import description
from tests.support.payloads import an_email

if TYPE_CHECKING:
    from tests.support.serving import Serving

__all__ = ["described", "filled", "parts"]


def filled(serving: Serving) -> dict[str, list[str]]:
    """Fill the shop, and return what there is, by the name of the path parameter that means it."""
    app = serving.app
    dead = serving.bury(40, order_id="10482", name="Ada Lovelace")
    waiting = [
        app.notifier.queue_email("test_message", {}, to=f"a{n}@example.com", order_id="10483").id for n in range(40)
    ]
    app.outbox(Channel.EMAIL).send(an_email(notification_id="mail1"))
    app.fleet.tell("w1", Report(host="a.example.com", pid=7, queues=("email",), active=1))
    return {
        "job_id": [one for pair in zip(dead, waiting, strict=True) for one in pair],
        "order_id": ["10482", "10483"],
        "queue": ["email", "whatsapp"],
        "provider": ["outbox"],
        "name": ["order_confirmation", "order_shipped"],
        "message_id": ["mail1"],
    }


def described(there: dict[str, list[str]]) -> dict[str, Any]:
    """The API's description, its path parameters with examples of what is there."""
    found: dict[str, Any] = json.loads(description.text())
    for path in found["paths"].values():
        for operation in path.values():
            for parameter in operation.get("parameters", ()):
                if parameter["in"] == "path" and (known := there.get(parameter["name"])):
                    parameter.pop("example", None)
                    parameter["schema"].pop("examples", None)
                    parameter["examples"] = {f"e{n}": {"value": value} for n, value in enumerate(known[:3])}
    return found


def parts(description: dict[str, Any]) -> dict[Role, dict[str, Any]]:
    """The description by who may do it: an operator, or else a producer. Streams, which go on for ever, are left out."""
    found: dict[Role, dict[str, Any]] = {}
    for role in (Role.OPERATOR, Role.PRODUCER):
        paths: dict[str, dict[str, Any]] = {}
        for path, methods in description["paths"].items():
            for method, operation in methods.items():
                needed = {Permission(word) for word in operation.get("x-permissions", ())}
                its = Role.OPERATOR if not needed or needed & Role.OPERATOR.permissions else Role.PRODUCER
                if its is role and not path.endswith("/stream"):
                    paths.setdefault(path, {})[method] = operation
        found[role] = {**description, "paths": paths}
    return found
