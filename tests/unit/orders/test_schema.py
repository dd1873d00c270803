"""The JSON Schema of our own format, checked against the parser."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from notifyctl.errors import InvalidOrder
from notifyctl.orders import Platform, native, parse_order
from notifyctl.orders.tables import COLUMNS
from tests.support.order_payloads import EXAMPLES, ROOT

SCHEMA = json.loads((ROOT / "docs/reference/order.schema.json").read_text(encoding="utf-8"))
VALIDATOR = Draft202012Validator(SCHEMA)

FULL: dict[str, Any] = {
    "shop": "corner-shop",
    "id": "10482",
    "number": 10482,
    "event": "placed",
    "created_at": "2026-01-31T18:00:00Z",
    "cancelled_at": "2026-02-01T18:00:00+01:00",
    "locale": "pt-BR",
    "currency": "USD",
    "customer": {"name": "Ada", "email": "ada@example.com", "phone": "(212) 555-0142", "country": "US"},
    "items": [{"name": "Mug", "quantity": 2, "total": "20.00"}],
    "totals": {
        "subtotal": "20.00", "discount": "2.00", "shipping": 10, "fees": "0.00", "tax": "1.35", "tax_included": False,
        "total": "29.35",
    },
    "payment": {"method": "Card", "cash_on_delivery": False, "paid": True, "paid_at": "2026-01-31T18:00:00.5+0100"},
    "shipping_address": ["Ada", "12 Example Road"],
    "url": "https://shop.example.com/orders/10482",
    "shipment": {
        "id": 1,
        "tracking": [{"carrier": "Example Post", "number": "EP1", "url": "https://tracking.example.com/EP1"}],
        "items": [{"name": "Mug", "quantity": "1"}],
        "partial": True,
        "shipped_at": "2026-02-01T18:00:00Z",
    },
    "refund": {
        "id": "r1", "amount": "9.50", "full": False, "items": [{"name": "Mug"}], "refunded_at": "2026-02-01T18:00:00Z",
    },
}  # fmt: skip

#: What every field is replaced with in turn.
VALUES: tuple[Any, ...] = (
    None, "", "x", "a\nb", 0, 5, -5, 2.5, True, False, [], {}, [5], ["x"], {"x": 1}, "12.50", "-1", "1,5", "10-31",
    "2026-01-31", "2026-01-31T18:00:00Z", "https://example.com", "ftp://example.com", "EUR", "de", "x" * 70,
)  # fmt: skip

EVENTS = ("placed", "paid", "shipped", "delivered", "cancelled", "refunded")


def accepted(payload: dict[str, Any]) -> bool:
    """Whether the parser takes a payload."""
    try:
        parse_order(payload, platform=Platform.NATIVE)
    except InvalidOrder:
        return False
    return True


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every place in a payload, itself excluded."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [place for key, held in inner for place in [(*path, key), *places(held, (*path, key))]]


def changed(payload: dict[str, Any], place: tuple[Any, ...], value: Any) -> dict[str, Any]:
    """A payload with another value in one place; without the place if the value is a KeyError."""
    copied = copy.deepcopy(payload)
    held: Any = copied
    for key in place[:-1]:
        held = held[key]
    if value is KeyError:
        del held[place[-1]]
    else:
        held[place[-1]] = value
    return copied


def test_schema_is_a_schema() -> None:
    """Of the draft that it names."""
    Draft202012Validator.check_schema(SCHEMA)


@pytest.mark.parametrize("event", EVENTS)
def test_schema_and_parser_agree_on_every_field(event: str) -> None:
    """Each field left out, and replaced with all kinds of values: what one refuses, the other does."""
    payload = FULL | {"event": event}
    assert accepted(payload)

    differing = [
        (place, value)
        for place in places(payload)
        for value in (KeyError, *VALUES)
        if accepted(changed(payload, place, value)) != VALIDATOR.is_valid(changed(payload, place, value))
    ]

    assert differing == []


def test_schema_refuses_unknown_fields_as_the_parser_does() -> None:
    """In every object; and it knows the fields that the parser knows."""
    for place in [(), *places(FULL)]:
        held: Any = FULL
        for key in place:
            held = held[key]
        if isinstance(held, dict):
            payload = changed(FULL, (*place, "emial"), 1)
            assert not accepted(payload)
            assert not VALIDATOR.is_valid(payload)
    assert SCHEMA["properties"].keys() == native._ORDER


def test_schema_takes_the_examples() -> None:
    """Each order of the documentation's file."""
    for line in (EXAMPLES / "orders.jsonl").read_text(encoding="utf-8").splitlines():
        VALIDATOR.validate(json.loads(line))


def test_columns_of_tables_are_fields_of_the_schema() -> None:
    """A column is named as the field it fills."""
    for column in COLUMNS:
        schema = SCHEMA
        for name in column.split("."):
            schema = schema.get("items", schema) if "properties" not in schema else schema
            schema = SCHEMA["$defs"]["item"] if schema.get("$ref") == "#/$defs/item" else schema
            schema = schema["properties"][name]
