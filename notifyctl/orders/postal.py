"""An address as a parcel has it, line by line, out of the parts that shop systems keep."""

from __future__ import annotations

from typing import Final

__all__ = ["address_lines"]

#: Countries that write the postcode after the town and its state.
_POSTCODE_LAST: Final = frozenset({"AU", "CA", "GB", "IE", "IN", "NZ", "SG", "US", "ZA"})


def address_lines(
    *,
    name: str,
    company: str,
    street: tuple[str, ...],
    city: str,
    region: str,
    postcode: str,
    country_code: str,
    country: str,
) -> tuple[str, ...]:
    """Return the lines that are not empty; none at all where there is a name and no place."""
    if not (any(street) or city or postcode):
        return ()
    if country_code in _POSTCODE_LAST:
        place = f"{city}, {region}" if city and region else city or region
        town = f"{place} {postcode}".strip()
    else:
        town = f"{postcode} {city}".strip()
    lines = (name, company, *street, town, country)
    return tuple(line for line in lines if line)
