"""From what a shop says about an order to the messages that its customer gets.

    bytes ─ payloads ─► JSON objects ─ envelopes, platforms ─► Order ─ rules ─► planned, skipped, superseded messages

Every step is a pure function; nothing here sends or queues anything.
"""

from __future__ import annotations

from notifyctl.orders.order import Item, Order, OrderEvent, Parcel, Payment, Phone, Refund, Shipment, Totals
from notifyctl.orders.payloads import load_payload, load_payloads, read_payloads
from notifyctl.orders.platforms import Platform, parse_order, parse_orders
from notifyctl.orders.rules import Outcome, Planned, Skipped, order_notifications
from notifyctl.orders.samples import made_up_orders
from notifyctl.orders.shop import Shop
from notifyctl.orders.templates import require_templates

__all__ = [
    "Item",
    "Order",
    "OrderEvent",
    "Outcome",
    "Parcel",
    "Payment",
    "Phone",
    "Planned",
    "Platform",
    "Refund",
    "Shipment",
    "Shop",
    "Skipped",
    "Totals",
    "load_payload",
    "load_payloads",
    "made_up_orders",
    "order_notifications",
    "parse_order",
    "parse_orders",
    "read_payloads",
    "require_templates",
]
