"""Tracking numbers in WooCommerce's orders: the core has none, and each plugin keeps them in metadata of its own.

Read are only keys that one plugin alone uses: those of WooCommerce Shipment Tracking and Advanced Shipment Tracking
(``_wc_shipment_tracking_items``), AfterShip and YITH Order Tracking. What does not look like a tracking number is left
out rather than shown to a customer.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from notifyctl.orders.fields import clean, web_address
from notifyctl.orders.order import Parcel

if TYPE_CHECKING:
    from collections.abc import Iterable

    from notifyctl.orders.fields import Fields

__all__ = ["parcels_of"]

_NUMBER: Final = re.compile(r"(?=.*\d)[A-Za-z0-9][A-Za-z0-9 ./_-]{3,49}")

#: Lists of parcels, and the names of carrier, number and address in each.
_LISTS: Final = {
    "_wc_shipment_tracking_items": (
        ("formatted_tracking_provider", "custom_tracking_provider", "tracking_provider"),
        ("tracking_number",),
        ("formatted_tracking_link", "custom_tracking_link"),
    ),
    "_aftership_tracking_items": (("courier_name", "slug"), ("tracking_number",), ("tracking_link",)),
}

#: One parcel in keys of its own: carrier, number, address.
_SINGLE: Final = (
    ("_aftership_tracking_provider_name", "_aftership_tracking_number", ""),
    ("ywot_carrier_name", "ywot_tracking_code", ""),
)

#: Carriers that are written otherwise than with one capital, and countries that plugins add to the key of a carrier.
_INITIALS: Final = frozenset({"brt", "ctt", "dhl", "dpd", "ems", "gls", "sda", "seur", "sf", "tnt", "ups", "usps"})
_SPELLINGS: Final = {"fedex": "FedEx", "inpost": "InPost", "postnl": "PostNL", "postnord": "PostNord"}
_COUNTRIES: Final = frozenset({"at", "be", "ch", "de", "es", "fr", "gb", "ie", "in", "it", "nl", "pl", "uk", "us"})


def parcels_of(order: Fields) -> tuple[Parcel, ...]:
    """Return the parcels that tracking plugins wrote into an order, each number once."""
    kept = {meta.shown("key"): meta.value("value") for meta in order.rows("meta_data")}
    found: dict[str, Parcel] = {}
    for parcel in (*_listed(kept), *_single(kept)):
        if _NUMBER.fullmatch(parcel.number):
            found.setdefault(parcel.number, parcel)
    return tuple(found.values())


def _listed(kept: dict[str, Any]) -> Iterable[Parcel]:
    for key, (carriers, numbers, urls) in _LISTS.items():
        entries = kept.get(key)
        entries = list(entries.values()) if isinstance(entries, dict) else entries
        for entry in entries if isinstance(entries, list) else []:
            if isinstance(entry, dict):
                yield Parcel(
                    _carrier(_first(entry, carriers)), _first(entry, numbers), web_address(_first(entry, urls))
                )


def _single(kept: dict[str, Any]) -> Iterable[Parcel]:
    for carrier, number, url in _SINGLE:
        yield Parcel(_carrier(_first(kept, (carrier,))), _first(kept, (number,)), web_address(_first(kept, (url,))))


def _carrier(name: str) -> str:
    """Return a carrier's name; the plugins' own keys for it, such as ``dhl-paket``, read as names do."""
    if name != name.lower() or " " in name:
        return name
    words = name.replace("_", "-").split("-")
    if len(words) > 1 and words[-1] in _COUNTRIES:
        words.pop()
    return " ".join(_SPELLINGS.get(word) or (word.upper() if word in _INITIALS else word.title()) for word in words)


def _first(entry: dict[str, Any], keys: tuple[str, ...]) -> str:
    """Return the first text, or whole number as text, among these keys."""
    for key in keys:
        value = entry.get(key)
        if isinstance(value, int) and not isinstance(value, bool):
            value = str(value)
        if isinstance(value, str) and value.strip():
            return clean(value)
    return ""
