"""From a payload to orders: which shop system sent it, and who reads that one's format."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final

from notifyctl.errors import InvalidOrder
from notifyctl.orders.envelopes import Content, unwrap
from notifyctl.orders.native import is_native, parse_native
from notifyctl.orders.saleor import is_saleor, parse_saleor
from notifyctl.orders.shop import Shop
from notifyctl.orders.shopify import is_shopify, parse_shopify
from notifyctl.orders.woocommerce import is_woocommerce, parse_woocommerce
from notifyctl.orders.woocommerce_legacy import is_legacy_woocommerce, parse_legacy_woocommerce

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from notifyctl.orders.order import Order

__all__ = ["Platform", "parse_order", "parse_orders"]


class Platform(StrEnum):
    """A shop system whose payloads can be read."""

    NATIVE = "notifyctl"
    SHOPIFY = "shopify"
    WOOCOMMERCE = "woocommerce"
    SALEOR = "saleor"


#: Fields that tell a payload's system: two of them are enough to say what else is missing.
_MARKS: Final = {
    Platform.SHOPIFY: frozenset({
        "contact_email", "financial_status", "fulfillment_status", "line_items", "order_number", "order_status_url",
        "payment_gateway_names", "presentment_currency", "total_outstanding", "total_price", "total_price_set",
    }),
    Platform.WOOCOMMERCE: frozenset({
        "billing", "coupon_lines", "date_created_gmt", "fee_lines", "line_items", "order_key", "payment_method",
        "prices_include_tax", "shipping", "shipping_lines", "shipping_total",
    }),
    Platform.NATIVE: frozenset({"customer", "id", "items", "payment", "shop", "totals"}),
}  # fmt: skip

#: What topics of webhooks may be about.
_SUBJECTS: Final = frozenset({"draft_orders", "fulfillments", "order", "orders", "refunds"})

_ANYONE: Final = Shop()


def parse_orders(
    payload: Mapping[str, Any], *, shop: Shop = _ANYONE, platform: Platform | None = None, topic: str = ""
) -> Iterator[Order | InvalidOrder]:
    """Yield each order that a payload describes, or why it cannot be understood, with the place of the fault.

    Args:
        payload: The JSON object, as `load_payload` or `read_payloads` returns it; wrapped or not.
        shop: What the payload cannot say.
        platform: Who sent it; recognised by its shape by default.
        topic: What a webhook was sent as, where the payload has no wrapper that says so.
    """
    for content in unwrap(payload):
        if isinstance(content, InvalidOrder):
            yield content
            continue
        try:
            yield _parse(content if content.topic else content._replace(topic=topic), shop, platform)
        except InvalidOrder as error:
            yield error


def parse_order(payload: Mapping[str, Any], *, shop: Shop = _ANYONE, platform: Platform | None = None) -> Order:
    """Return the one order that a payload describes.

    Raises:
        InvalidOrder: If it cannot be understood, or holds none, or several.
    """
    found = list(parse_orders(payload, shop=shop, platform=platform))
    if len(found) != 1:
        raise InvalidOrder(f"expected one order, and this payload has {len(found)}")
    order = found[0]
    if isinstance(order, InvalidOrder):
        raise order
    return order


def _parse(content: Content, shop: Shop, platform: Platform | None) -> Order:
    body, path, topic = content
    if platform is Platform.SALEOR or is_saleor(body):
        return parse_saleor(body, shop, path)
    subject = topic.replace(".", "/").partition("/")[0]
    if subject and subject not in _SUBJECTS:
        raise InvalidOrder(f"this is about {subject}, not about an order", path=path)
    sender = platform or _recognise(content)
    if sender is Platform.SHOPIFY:
        return parse_shopify(body, shop, path, topic)
    if sender is Platform.NATIVE:
        return parse_native(body, shop, path)
    if is_legacy_woocommerce(body):
        return parse_legacy_woocommerce(body, shop, path)
    return parse_woocommerce(body, shop, path, topic)


def _recognise(content: Content) -> Platform:
    """Return which system an object came from, by its topic or its shape.

    Raises:
        InvalidOrder: If it has no known shape.
    """
    body, path, topic = content
    if not topic and is_native(body):
        return Platform.NATIVE
    if is_woocommerce(body) or is_legacy_woocommerce(body) or topic.startswith("order."):
        return Platform.WOOCOMMERCE
    if "/" in topic or is_shopify(body):
        return Platform.SHOPIFY
    found = {platform: len(body.keys() & marks) for platform, marks in _MARKS.items()}
    likeliest = max(found, key=found.__getitem__)
    if found[likeliest] > 1:
        return likeliest
    raise InvalidOrder(
        "this is no order in a format that is known here",
        path=path,
        hint="Missing are /line_items and /total_price (Shopify's), /billing and /line_items (WooCommerce's), or "
        "/customer and /items (notifyctl's own).",
    )
