"""Deliveries of shop systems: whether one is genuine, and what it is. Pure but for Saleor's keys, which are fetched.

    platform's own file     where its headers are, what it signs, and how
    delivery                a request, what is known of it once its signature holds, and the comparing of signatures

Nothing of a body is parsed before its signature holds, and no refusal says which part was wrong. Knows no order.
"""

from __future__ import annotations

from notifyctl.hooks.delivery import Delivery, Hook, Request
from notifyctl.hooks.saleor import Saleor
from notifyctl.hooks.shopify import Shopify
from notifyctl.hooks.square import Square
from notifyctl.hooks.woocommerce import WooCommerce

__all__ = ["Delivery", "Hook", "Request", "Saleor", "Shopify", "Square", "WooCommerce"]
