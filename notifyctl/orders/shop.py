"""What a payload cannot say of the shop it came from: its name, its language, and how it calls cash on delivery."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

__all__ = ["COD_METHODS", "Shop"]

#: WooCommerce's own method, Shopify's own gateway, and that of the Indian app "Advanced Cash on Delivery".
COD_METHODS: Final = frozenset({"cod", "cash on delivery (cod)", "cash_on_delivery"})


@dataclass(frozen=True, slots=True)
class Shop:
    """What is known of a shop beside its payloads.

    Attributes:
        name: The first part of every idempotency key.
        cod_methods: Further names of cash on delivery, in small letters; shops and plugins bring their own.
        confirm_authorized: Whether money that is reserved counts as paid.
        locale: The language of orders that name none.
    """

    name: str = "shop"
    cod_methods: frozenset[str] = field(default=frozenset())
    confirm_authorized: bool = False
    locale: str = "en"

    def is_cash(self, *names: str) -> bool:
        """Return whether one of these names means cash on delivery; capitals make no difference."""
        return any(name.strip().casefold() in COD_METHODS | self.cod_methods for name in names)
