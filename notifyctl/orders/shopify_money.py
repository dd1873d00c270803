"""What Shopify's orders and refunds say of money: in one currency, before or after an edit, never a mix of two.

Every amount comes twice: in the shop's currency as a text of its own, and in both currencies inside ``…_set``. What the
customer saw and pays is the presentment currency.
"""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from notifyctl.orders.order import Item, Refund, Totals

if TYPE_CHECKING:
    from collections.abc import Iterable

    from notifyctl.orders.fields import Fields

__all__ = ["Money", "exact_id", "line_name", "refund_of", "refunds_of"]

_ZERO: Final = Decimal(0)
_GONE_BACK: Final = frozenset({"refunded", "partially_refunded"})
_FAILED: Final = frozenset({"failure", "error"})
_PENDING: Final = "the money is not back yet"


class Money:
    """The amounts of an order.

    Attributes:
        currency: The customer's, where every amount that is needed is told in it; else the shop's.
    """

    def __init__(self, order: Fields) -> None:
        self._order = order
        self._lines = order.children("line_items")
        shop, presented = order.currency("currency"), order.text("presentment_currency").upper()
        self._presented = bool(presented) and presented != shop and self._all_in(presented)
        self.currency = presented if self._presented else shop
        settled = order.given("cancelled_at") or any(map(_sent, order.children("refunds")))
        edited = any(_count(line) != _quantity(line) for line in self._lines)
        self._edited = edited and not settled and order.given("current_total_price")

    def _all_in(self, currency: str) -> bool:
        return _in_set(self._order, "total_price", currency) is not None and all(
            _in_set(line, "price", currency) is not None for line in self._lines
        )

    def amount(self, fields: Fields, *keys: str) -> Decimal | None:
        """Return the first of these amounts that is given, in this order's currency."""
        for key in keys:
            found = None if self._presented else fields.number(key)
            found = _in_set(fields, key, self.currency) if found is None else found
            if found is not None:
                return found
        return None

    def count(self, line: Fields) -> Decimal:
        """Return how many of a row were ordered; after an edit, how many are left."""
        return _count(line) if self._edited else _quantity(line)

    def current(self, key: str) -> Decimal | None:
        """Return an amount of the order: after an edit, what it became."""
        return self.amount(self._order, f"current_{key}", key) if self._edited else self.amount(self._order, key)

    def items(self) -> tuple[Item, ...]:
        """Return the rows, before discounts; after an edit, what is left of them."""
        found = []
        for line in self._lines:
            quantity = self.count(line)
            if quantity > 0:
                price = self.amount(line, "price") or _ZERO
                found.append(Item(line_name(line), quantity, quantity * price))
        return tuple(found)

    def totals(self, *, cash: bool) -> Totals:
        """Return what the order adds up to.

        Args:
            cash: It is paid on delivery, so that what is owed still matters.
        """
        order = self._order
        shipped = order.rows("shipping_lines")
        shipping = self.amount(order, "total_shipping_price")
        if shipping is None:
            costs = [self.amount(line, "price") for line in shipped]
            shipping = None if None in costs else sum(filter(None, costs), _ZERO)
        fees = ("total_tip_received", "original_total_duties", "original_total_additional_fees")
        total = self.current("total_price") or _ZERO
        return Totals(
            total=total,
            subtotal=sum((item.total or _ZERO for item in self.items()), _ZERO),
            discount=self.current("total_discounts"),
            shipping=shipping if shipping or shipped else None,
            fees=sum((self.amount(order, fee) or _ZERO for fee in fees), _ZERO),
            tax=self.current("total_tax"),
            tax_included=order.flag("taxes_included"),
            due=self._due(total) if cash else None,
        )

    def _due(self, total: Decimal) -> Decimal | None:
        """Return what is owed in this order's currency; None where that cannot be known."""
        order = self._order
        due = self.amount(order, "total_outstanding")
        if due is None and order.text("financial_status") == "pending" and order.value("total_outstanding") is None:
            return total
        if due is None and self._presented:
            owed = order.number("total_outstanding")
            whole = order.number("current_total_price" if self._edited else "total_price")
            due = total if owed is not None and owed == whole else None
        return due if due is not None and 0 < due <= total else None

    def original_total(self) -> Decimal:
        """Return the order's total, whatever happened to it since."""
        return self.amount(self._order, "total_price") or _ZERO

    def current_total(self) -> Decimal:
        """Return what is left of the total after refunds."""
        return self.amount(self._order, "current_total_price", "total_price") or _ZERO


def _in_set(fields: Fields, key: str, currency: str) -> Decimal | None:
    """Return an amount out of its pair of currencies; None if it is not told in this one."""
    pair = fields.child(f"{key}_set")
    for side in ("presentment_money", "shop_money"):
        money = pair.child(side)
        if money.text("currency_code") == currency:
            return money.number("amount")
    return None


def _quantity(line: Fields) -> Decimal:
    quantity = line.number("quantity")
    return Decimal(1) if quantity is None else quantity


def _count(line: Fields) -> Decimal:
    """Return how many of a row there are after edits and refunds."""
    current = line.number("current_quantity")
    return _quantity(line) if current is None else current


def line_name(line: Fields) -> str:
    """Return a row's product with its variant."""
    title, variant = line.shown("title"), line.shown("variant_title")
    return line.shown("name") or (f"{title} - {variant}" if title and variant else title) or "?"


def exact_id(fields: Fields, kind: str) -> str:
    """Return an object's id as its global id has it, which no float has rounded; else the plain one."""
    text = fields.text("admin_graphql_api_id").partition("?")[0]
    prefix = f"gid://shopify/{kind}/"
    digits = text.removeprefix(prefix)
    return digits if text.startswith(prefix) and digits.isdecimal() else fields.identifier("id")


def refunds_of(order: Fields, money: Money) -> tuple[Refund, ...]:
    """Return the refunds of an order that money went back in.

    The goods of a cancelled order come back in a refund of nothing; where there is no transaction, only the order's
    financial status tells that from one whose transactions are not shown.
    """
    status = order.text("financial_status")
    total = money.original_total()
    found = []
    for fields in order.children("refunds"):
        if status in _GONE_BACK or fields.children("transactions"):
            refund = refund_of(fields, tax_included=order.flag("taxes_included"))
            found += [refund] if refund else []
    if not found and status in _GONE_BACK:
        amount = total if status == "refunded" else total - money.current_total()
        # a sum of all parts so far, not a refund of its own: told of once, and again when everything went back
        found = [Refund("partial", amount, at=order.when("updated_at"))] if amount > 0 else []
    whole = status == "refunded" and len(found) == 1
    return tuple(_judged(refund, money.currency, total, whole=whole) for refund in found)


def _judged(refund: Refund, currency: str, total: Decimal, *, whole: bool) -> Refund:
    """Return a refund with its currency where that is another one, and whether it is all of the order."""
    other = refund.currency if refund.currency != currency else ""
    return replace(refund, currency=other, full=whole or (not other and 0 < total <= refund.amount))


def refund_of(fields: Fields, *, tax_included: bool = True) -> Refund | None:
    """Return what a refund says; None if no money went back.

    Args:
        fields: The refund.
        tax_included: Whether its rows have their tax in them already.
    """
    sent = _sent(fields)
    lines = fields.children("refund_line_items")
    if fields.children("transactions"):
        amount = sum((transaction.number("amount") or _ZERO for transaction in sent), _ZERO)
        currency = next((one.currency("currency") for one in sent if one.given("currency")), "")
    else:
        amount = sum(_worth(lines, tax_included=tax_included), _ZERO) + _shipping_back(fields)
        currency = next((code for code in map(_shop_currency, lines) if code), "")
    if amount <= 0:
        return None
    return Refund(
        id=exact_id(fields, "Refund"),
        amount=amount,
        currency=currency,
        silence=_PENDING if any(transaction.text("status") == "pending" for transaction in sent) else "",
        items=tuple(_returned(line) for line in lines if line.given("line_item")),
        at=fields.when("created_at"),
    )


def _sent(refund: Fields) -> list[Fields]:
    """Return the transactions in which money went back, or is to; a row that an edit takes off has none."""
    return [
        transaction
        for transaction in refund.children("transactions")
        if transaction.text("kind") in ("", "refund")
        and transaction.text("status") not in _FAILED
        and (transaction.number("amount") or _ZERO) > 0
    ]


def _worth(lines: Iterable[Fields], *, tax_included: bool) -> Iterable[Decimal]:
    for line in lines:
        yield line.number("subtotal") or _ZERO
        yield (None if tax_included else line.number("total_tax")) or _ZERO


def _shipping_back(refund: Fields) -> Decimal:
    """Return what went back of the shipping; Shopify writes it below 0."""
    amounts = (
        (adjustment.number("amount") or _ZERO) + (adjustment.number("tax_amount") or _ZERO)
        for adjustment in refund.children("order_adjustments")
        if adjustment.text("kind") == "shipping_refund"
    )
    return -sum(amounts, _ZERO)


def _shop_currency(line: Fields) -> str:
    money = line.child("subtotal_set").child("shop_money")
    return money.currency("currency_code") if money.given("currency_code") else ""


def _returned(line: Fields) -> Item:
    return Item(line_name(line.child("line_item")), _quantity(line))
