"""Data to try templates with: an order of nobody's, with all that a template may be told and with the least.

A shop's folder may hold its own for a template of its own: ``samples/<name>.json``, one object of variables.
Knows no template.
"""

from __future__ import annotations

import json
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

from notifyctl.errors import RenderError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from notifyctl.templates.catalog import Catalog

__all__ = ["REQUIRED", "SHOP", "VARIABLES", "samples"]

#: What a shop may say of itself.
SHOP: Final[Mapping[str, Any]] = MappingProxyType(
    {
        "name": "Corner Shop",
        "url": "https://shop.example.com",
        "support_email": "help@example.com",
        "logo_url": "",
        "color": "#1f4d3f",
        "address": "12 Example Road\nLondon EX1 1AA",
        "footer": "Free returns within 30 days.",
    }
)

#: Every variable that our templates know, and what it is.
VARIABLES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "order_number": "The number that the customer knows the order by.",
        "customer_name": "What the customer is called.",
        "order_url": "The order's page in the shop.",
        "order_date": "When it was placed: an ISO 8601 time with its zone.",
        "currency": "ISO 4217 code of all amounts.",
        "total": "The amount of the whole order; of a payment, the amount received; of a shipment, what is still due.",
        "items": "Rows of the order: `name`, `quantity` and, in a confirmation, `total`.",
        "more_items": "How many rows there are beyond those in `items`.",
        "subtotal": "The sum of the rows.",
        "discount": "What is taken off; without a minus.",
        "shipping": "What shipping costs; 0 is written as free.",
        "fees": "What is charged beyond goods and shipping.",
        "tax": "The tax in it, or on top.",
        "tax_included": "Whether the amounts include the tax.",
        "payment": "`paid`, or `cod`: cash on delivery.",
        "payment_method": "How it is paid, as the shop calls it.",
        "shipping_address": "Where it goes: a list of lines.",
        "shipments": "Parcels: `carrier`, `number`, `url`, each where it is known; empty without tracking.",
        "partial": "Whether this is not all of the order.",
        "carrier": "WhatsApp: who brings the parcel.",
        "tracking_number": "WhatsApp: the parcel's number.",
        "tracking_url": "WhatsApp: where the parcel is followed.",
        "refund_amount": "What is paid back.",
        "refund_full": "Whether that is all that was paid.",
        "note": "A text of your own.",
    }
)

_ORDER: Final = {
    "order_number": "10482",
    "customer_name": "Grace Okafor",
    "order_url": "https://shop.example.com/orders/10482",
    "order_date": "2026-01-31T18:00:00+00:00",
}
_ROWS: Final = [
    {"name": "Linen shirt, white, size M", "quantity": "1", "total": "18.00"},
    {"name": "Ceramic mug, sea green", "quantity": "2", "total": "24.00"},
    {"name": "Notebook, dotted, A5", "quantity": "1", "total": "9.50"},
]
_GOODS: Final = {"items": [{"name": row["name"], "quantity": row["quantity"]} for row in _ROWS], "more_items": 2}
_ADDRESS: Final = ["Grace Okafor", "12 Example Road", "Springfield, IL 62700", "United States"]
_PARCEL: Final = {
    "carrier": "Example Post",
    "number": "EP123456789",
    "url": "https://tracking.example.com/EP123456789",
}

#: All that our templates may be told.
_FULL: Final[Mapping[str, Mapping[str, Any]]] = {
    "order_confirmation": {
        **_ORDER,
        "currency": "USD",
        "total": "73.50",
        "items": _ROWS,
        "more_items": 2,
        "subtotal": "64.50",
        "discount": "3.00",
        "shipping": "10.00",
        "fees": "2.00",
        "tax": "4.50",
        "tax_included": True,
        "payment": "cod",
        "payment_method": "Cash on delivery",
        "shipping_address": _ADDRESS,
    },
    "payment_received": {**_ORDER, "currency": "USD", "total": "73.50", "payment_method": "Cash on delivery"},
    "order_shipped": {
        **_ORDER,
        "shipments": [_PARCEL],
        **_GOODS,
        "partial": True,
        "shipping_address": _ADDRESS,
        "payment": "cod",
        "currency": "USD",
        "total": "73.50",
        "carrier": _PARCEL["carrier"],
        "tracking_number": _PARCEL["number"],
        "tracking_url": _PARCEL["url"],
    },
    "order_delivered": {**_ORDER, **_GOODS},
    "order_cancelled": {**_ORDER, "currency": "USD", "total": "73.50", "payment": "paid", **_GOODS},
    "order_refunded": {
        **_ORDER,
        "currency": "USD",
        "refund_amount": "24.00",
        "refund_full": False,
        "total": "73.50",
        "items": [{"name": _ROWS[1]["name"], "quantity": "2"}],
        "more_items": 2,
    },
    "test_message": {"note": "Hello from the queue."},
}

#: What each of our templates needs; anything else may be absent.
REQUIRED: Final[Mapping[str, tuple[str, ...]]] = {
    "order_confirmation": ("order_number", "currency", "total", "items"),
    "payment_received": ("order_number", "currency", "total"),
    "order_shipped": ("order_number", "shipments"),
    "order_delivered": ("order_number",),
    "order_cancelled": ("order_number",),
    "order_refunded": ("order_number", "currency", "refund_amount", "refund_full"),
    "test_message": (),
}

#: What else happens, beyond all and least, as changes to all.
_VARIANTS: Final[Mapping[str, Mapping[str, Mapping[str, Any]]]] = {
    "order_confirmation": {
        "paid": {"payment": "paid", "payment_method": "Visa", "shipping": "0", "total": "68.00", "tax_included": False}
    },
    "order_shipped": {
        "two-parcels": {"shipments": [_PARCEL, {"number": "EP987654321"}], "partial": False},
        "cod-amount-unknown": {"currency": None, "total": None},
    },
    "order_refunded": {"whole": {"refund_full": True, "refund_amount": "73.50"}},
}

_LONG_NAME: Final = "Größe & Farbe <nach Wahl> " * 20


def samples(catalog: Catalog, name: str) -> dict[str, dict[str, Any]]:
    """Return the data to try a template with, by what it shows; ``full`` is first.

    `minimal` has only what the template needs, `long` has rows that hardly fit. A template of a shop's own that has no
    sample is tried with everything that ours know.

    Raises:
        RenderError: If the shop's own sample is not one JSON object.
    """
    own = catalog.read(f"samples/{name}.json")
    if own is not None:
        return {"full": _object(own, f"samples/{name}.json")}
    if name not in _FULL:
        return {"full": {variable: value for data in _FULL.values() for variable, value in data.items()}}
    full = dict(_FULL[name])
    least = {variable: full[variable] for variable in REQUIRED[name]}
    if "shipments" in least:
        least["shipments"] = []
    variants = {kind: {**full, **changes} for kind, changes in _VARIANTS.get(name, {}).items()}
    if "items" in full:
        variants["long"] = full | {"items": [row | {"name": _LONG_NAME} for row in full["items"]][:1] * 100}
    return {"full": full, "minimal": least, **variants}


def _object(text: str, path: str) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise RenderError(f"the sample {path} is not one JSON object of variables")
    return found
