"""Bodies and answers of the routes that shops use, with an example of each, for the API's description."""

from __future__ import annotations

from typing import Any, Final

from notifyctl.reception import SingleMessage
from notifyctl.web.answers import Described, problem

__all__ = ["HOOKS", "NOTIFICATIONS", "ORDERS"]

_TEXT: Final = {"type": "string"}


def _object(required: str, **properties: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": required.split()}


def _answer(what: str, schema: dict[str, Any], example: Any, **more: Any) -> dict[str, Any]:
    return {"description": what, "content": {"application/json": {"schema": schema, "example": example}}, **more}


_MESSAGE: Final = _object(
    "queue template", id=_TEXT, queue=_TEXT, template=_TEXT, known={"type": "boolean"}, changed={"type": "boolean"}
)
_ORDER_ANSWER: Final = _object(
    "order number planned skipped",
    order=_TEXT,
    number=_TEXT,
    planned={"type": "array", "items": _MESSAGE},
    skipped={"type": "array", "items": _object("queue reason", queue=_TEXT, reason=_TEXT)},
)
_ORDERS_ANSWER: Final = _object(
    "orders superseded spooled",
    orders={"type": "array", "items": _ORDER_ANSWER},
    superseded={"type": "integer"},
    spooled={"type": "boolean"},
    dry_run={"type": "boolean"},
)
_EXAMPLE_ORDER: Final = {
    "id": "10482",
    "currency": "EUR",
    "customer": {"name": "Ada Lovelace", "email": "ada@example.com", "phone": "+447700900123"},
    "items": [{"name": "Mug", "quantity": 2, "total": "18.00"}],
    "totals": {"total": "29.35", "shipping": "11.35"},
    "payment": {"method": "Cash on delivery", "cash_on_delivery": True},
}
_EXAMPLE_ORDERS_ANSWER: Final = {
    "orders": [
        {
            "order": "10482",
            "number": "10482",
            "planned": [
                {
                    "id": "01kbthb9e0w5mz8q",
                    "queue": "email",
                    "template": "order_confirmation",
                    "known": False,
                    "changed": False,
                }
            ],
            "skipped": [{"queue": "whatsapp", "reason": "the order has no phone number"}],
        }
    ],
    "superseded": 0,
    "spooled": False,
}
_EXAMPLE_MESSAGE: Final = {
    "channel": "email",
    "to": "ada@example.com",
    "template": "test_message",
    "data": {"note": "Hello"},
    "in": "10m",
}
_QUEUED: Final = _object(
    "queue template",
    id=_TEXT,
    queue=_TEXT,
    template=_TEXT,
    known={"type": "boolean"},
    spooled={"type": "boolean"},
    dry_run={"type": "boolean"},
)
_EXAMPLE_QUEUED: Final = {
    "id": "01kbthb9e0w5mz8q",
    "queue": "email",
    "template": "test_message",
    "known": False,
    "spooled": False,
}

_REPLAYED: Final = {
    "Idempotent-Replayed": {"schema": {"type": "string"}, "description": "`true`: this is the first request's answer."}
}
_KEYED: Final[Described] = {
    **problem(409, "The same request is being answered at this moment."),
    **problem(413, "The body is too long."),
    **problem(415, "The body is not said to be JSON."),
}


def _parameter(name: str, schema: dict[str, Any], description: str, place: str = "query") -> dict[str, Any]:
    return {"name": name, "in": place, "schema": schema, "description": description, "required": False}


_KEY_PARAMETER: Final = _parameter(
    "Idempotency-Key",
    {"type": "string", "maxLength": 255, "pattern": "^[!-~]+$"},
    "The same key and body again is the same request: it is done once, and answered as the first time, for a day.",
    "header",
)
_DRY_RUN: Final = _parameter("dry_run", {"type": "boolean"}, "Check, and queue nothing.")


def _body(schema: dict[str, Any], example: Any) -> dict[str, Any]:
    return {"required": True, "content": {"application/json": {"schema": schema, "example": example}}}


ORDERS: Final[dict[str, Any]] = {
    "status_code": 202,
    "responses": {
        202: _answer("Queued, or known already.", _ORDERS_ANSWER, _EXAMPLE_ORDERS_ANSWER, headers=_REPLAYED),
        200: _answer(
            "A dry run: nothing was queued.",
            _ORDERS_ANSWER,
            {"orders": [], "superseded": 0, "spooled": False, "dry_run": True},
        ),
        **_KEYED,
    },
    "openapi_extra": {
        "parameters": [
            _KEY_PARAMETER,
            _parameter(
                "shop", {"type": "string", "maxLength": 64}, "Whose orders; where they do not say so themselves."
            ),
            _parameter(
                "event",
                {"type": "string", "enum": ["placed", "paid", "shipped", "delivered", "cancelled", "refunded"]},
                "What happened to the orders; what each says by default.",
            ),
            _parameter(
                "platform",
                {"type": "string", "enum": ["notifyctl", "shopify", "woocommerce", "saleor"]},
                "Whose format; told by its shape by default.",
            ),
            _DRY_RUN,
        ],
        "requestBody": _body(
            {"oneOf": [{"type": "object"}, {"type": "array", "items": {"type": "object"}, "maxItems": 500}]},
            _EXAMPLE_ORDER,
        ),
    },
}

NOTIFICATIONS: Final[dict[str, Any]] = {
    "status_code": 202,
    "responses": {
        202: _answer("Queued, or known already.", _QUEUED, _EXAMPLE_QUEUED, headers=_REPLAYED),
        200: _answer(
            "A dry run: nothing was queued.",
            _QUEUED,
            {"queue": "email", "template": "test_message", "dry_run": True},
        ),
        **_KEYED,
    },
    "openapi_extra": {
        "parameters": [_KEY_PARAMETER, _DRY_RUN],
        "requestBody": _body(SingleMessage.model_json_schema(by_alias=True), _EXAMPLE_MESSAGE),
    },
}

HOOKS: Final[dict[str, Any]] = {
    "status_code": 202,
    "responses": {
        202: _answer("Queued, or known already.", _ORDERS_ANSWER, _EXAMPLE_ORDERS_ANSWER, headers=_REPLAYED),
        200: _answer(
            "Genuine, and nothing follows from it; `nothing` says why.",
            _object("orders nothing", orders={"type": "array"}, nothing=_TEXT),
            {"orders": [], "nothing": "this is WooCommerce's ping: the webhook works, and orders follow"},
        ),
        **problem(401, "It is not signed as the platform would sign it."),
        **problem(404, "No hook is set up for this platform."),
        **problem(413, "The body is too long."),
        **problem(422, "A message of its order cannot be filled in."),
        **problem(503, "Redis cannot be reached, or whether it is genuine cannot be found out; try again."),
    },
    "openapi_extra": {"requestBody": _body({"type": "object"}, {"id": 450789469, "line_items": []})},
}
