"""What orders come wrapped in: a captured delivery with its headers, or a REST answer with one or many of them.

| wrapper | content |
| --- | --- |
| ``{"headers", "body", "topic"}`` | a delivery of a webhook, captured: ``body`` is what was sent |
| ``{"order": …}``, ``{"orders": […]}`` | answers of Shopify's REST API, and of WooCommerce's legacy one |
| ``{"fulfillments": […]}`` and others | the same of Shopify's fulfilments, refunds and draft orders |
"""

from __future__ import annotations

import json
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from notifyctl.errors import InvalidOrder

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

__all__ = ["Content", "unwrap"]

_TOPIC_HEADERS: Final = frozenset({"x-shopify-topic", "shopify-topic", "x-wc-webhook-topic"})

#: What captured deliveries call the body.
_SENT: Final = ("body", "payload")

#: Wrappers, and the topic that their content has at Shopify; an order says by itself what it is.
_WRAPPERS: Final = {
    "order": "",
    "orders": "",
    "draft_order": "draft_orders/update",
    "draft_orders": "draft_orders/update",
    "fulfillment": "fulfillments/update",
    "fulfillments": "fulfillments/update",
    "refund": "refunds/create",
    "refunds": "refunds/create",
}


class Content(NamedTuple):
    """One object out of a wrapper.

    Attributes:
        body: The object.
        path: Its place in the payload, as a JSON pointer.
        topic: What a webhook was sent as, in small letters; may be empty.
    """

    body: dict[str, Any]
    path: str = ""
    topic: str = ""


def unwrap(payload: Mapping[str, Any]) -> Iterator[Content | InvalidOrder]:
    """Yield what a payload holds, or why a part of it is no object."""
    sent = next((name for name in _SENT if isinstance(payload.get(name), dict | str)), "")
    if sent and (payload.keys() & {"headers", "topic"} or len(payload) == 1):
        body = _captured(payload[sent], f"/{sent}")
        if isinstance(body, InvalidOrder):
            yield body
        else:
            yield from _parts(body, f"/{sent}", _topic(payload))
        return
    yield from _parts(dict(payload), "", "")


def _parts(body: dict[str, Any], path: str, topic: str) -> Iterator[Content | InvalidOrder]:
    wrapper = next((name for name in _WRAPPERS if isinstance(body.get(name), dict | list)), "")
    if not wrapper or "id" in body or "order_id" in body:
        yield Content(body, path, topic)
        return
    inner = body[wrapper]
    place = f"{path}/{wrapper}"
    if isinstance(inner, dict):
        yield Content(inner, place, topic or _WRAPPERS[wrapper])
        return
    for position, element in enumerate(inner):
        if isinstance(element, dict):
            yield Content(element, f"{place}/{position}", topic or _WRAPPERS[wrapper])
        else:
            yield InvalidOrder("expected an object", path=f"{place}/{position}")


def _captured(body: dict[str, Any] | str, path: str) -> dict[str, Any] | InvalidOrder:
    """Return a captured body; some tools keep it as the text that came."""
    if isinstance(body, dict):
        return body
    try:
        found = json.loads(body, parse_float=Decimal)
    except (ValueError, ArithmeticError, RecursionError):
        return InvalidOrder("expected an object, or its JSON as a text", path=path)
    return found if isinstance(found, dict) else InvalidOrder("expected an object", path=path)


def _topic(payload: Mapping[str, Any]) -> str:
    """Return what a captured delivery was sent as; the header is nearer to the sender than the capture's own field."""
    headers = payload.get("headers")
    for name, value in headers.items() if isinstance(headers, dict) else ():
        if name.lower() in _TOPIC_HEADERS:
            text = value[0] if isinstance(value, list) and value else value
            if isinstance(text, str):
                return text.strip().lower()
    topic = payload.get("topic")
    return topic.strip().lower() if isinstance(topic, str) else ""
