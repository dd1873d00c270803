"""From what a shop says about an order to the messages that its customer gets.

    bytes ─ payloads ─► JSON object ─ platforms ─► Order ─ rules ─► planned and skipped messages

Every step is a pure function; nothing here sends or queues anything.
"""

from __future__ import annotations

from notifyctl.orders.order import Item, Order, OrderEvent, Payment, Totals
from notifyctl.orders.payloads import load_payload, read_payloads
from notifyctl.orders.platforms import Platform, parse_order
from notifyctl.orders.rules import Planned, Skipped, order_notifications
from notifyctl.orders.samples import made_up_orders

__all__ = [
    "Item",
    "Order",
    "OrderEvent",
    "Payment",
    "Planned",
    "Platform",
    "Skipped",
    "Totals",
    "load_payload",
    "made_up_orders",
    "order_notifications",
    "parse_order",
    "read_payloads",
]
