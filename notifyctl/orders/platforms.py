"""From a payload to an order: which shop system sent it, and who reads that one's format."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final

from notifyctl.errors import InvalidOrder
from notifyctl.orders.native import parse_native
from notifyctl.orders.woocommerce import COD_METHODS, parse_woocommerce

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from notifyctl.orders.order import Order

__all__ = ["Platform", "parse_order", "recognise"]


class Platform(StrEnum):
    """A shop system whose payloads can be read."""

    NATIVE = "notifyctl"
    WOOCOMMERCE = "woocommerce"


#: Fields that only payloads of this system have together.
_SHAPES: Final = {
    Platform.WOOCOMMERCE: frozenset({"billing", "line_items"}),
    Platform.NATIVE: frozenset({"customer", "items"}),
}


def recognise(payload: Mapping[str, Any]) -> Platform:
    """Return which system a payload came from, by its shape.

    Raises:
        InvalidOrder: If it has no known shape.
    """
    for platform, shape in _SHAPES.items():
        if payload.keys() >= shape:
            return platform
    shapes = "; ".join(f"{name} has {' and '.join(sorted(shape))}" for name, shape in _SHAPES.items())
    raise InvalidOrder("this is no order in a format that is known here", hint=f"Known formats: {shapes}.")


def parse_order(
    payload: Mapping[str, Any],
    *,
    shop: str = "shop",
    platform: Platform | None = None,
    cod_methods: Collection[str] = COD_METHODS,
) -> Order:
    """Return the order that a payload describes.

    Args:
        payload: The JSON object, as `load_payload` or `read_payloads` returns it.
        shop: Which shop it belongs to, where the payload cannot say.
        platform: Who sent it; recognised by its shape by default.
        cod_methods: WooCommerce's keys of payment methods that mean cash on delivery.

    Raises:
        InvalidOrder: If it cannot be understood; has the JSON pointer of the field at fault.
    """
    if (platform or recognise(payload)) is Platform.WOOCOMMERCE:
        return parse_woocommerce(payload, shop=shop, cod_methods=cod_methods)
    return parse_native(payload, shop=shop)
