"""Shopify's orders, fulfilments and refunds, as its webhooks and its REST Admin API send them.

https://shopify.dev/docs/api/admin-rest/latest/resources/order

- What a topic says and what the order says may differ: Shopify's own test order comes as ``orders/create`` and is
  cancelled. The topic names the event; the state decides whether anything may be said of it.
- JavaScript rounds ids above 2^53; ``admin_graphql_api_id`` has them as text, exact.
- A refund restocks goods also where no money went back: only its transactions, or the order's financial status, say so.
- A ``refunds/create`` names no customer, so it can only be told of by the whole order.
- Draft orders look much alike, and are no orders yet.
"""

from __future__ import annotations

import re
from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from notifyctl.errors import InvalidOrder
from notifyctl.orders.fields import LOCALE, Fields, web_address
from notifyctl.orders.order import Item, Order, OrderEvent, Parcel, Payment, Phone, Shipment
from notifyctl.orders.postal import address_lines
from notifyctl.orders.shopify_money import Money, exact_id, line_name, refund_of, refunds_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from notifyctl.orders.shop import Shop

__all__ = ["is_shopify", "parse_shopify"]

_ORDER_TOPICS: Final = {
    "orders/create": OrderEvent.PLACED,
    "orders/paid": OrderEvent.PAID,
    "orders/fulfilled": OrderEvent.SHIPPED,
    "orders/partially_fulfilled": OrderEvent.SHIPPED,
    "orders/cancelled": OrderEvent.CANCELLED,
    "orders/delete": OrderEvent.DRAFTED,
}

_MONEY_ARRIVED: Final = frozenset({"paid", "partially_refunded", "refunded"})

_NEVER_PAID: Final = frozenset({"expired", "pending", "voided"})

#: Of these nothing is on its way; ``pending`` and ``open`` wait for a warehouse, unless there is something to track.
_NOT_SENT: Final = frozenset({"cancelled", "error", "failure"})
_NOT_SENT_YET: Final = frozenset({"pending", "open"})

#: What became of a parcel where "on its way" is no longer true, and nothing else is ours to tell.
_STRANDED: Final = {
    "attempted_delivery": "its parcel could not be delivered yet",
    "failure": "its parcel could not be delivered",
    "ready_for_pickup": "its parcel waits to be collected",
}

_NOTHING_SENT: Final = "nothing of it is on its way"

_GID: Final = re.compile(r"gid://shopify/(\w+)/")
_FULFILMENT_NAME: Final = re.compile(r"(.+?)(?:\.\d+|-F\d+)")

#: Gateways whose name says nothing to a customer.
_METHODS: Final = {"manual": "", "bogus": "", "shopify_payments": "Shopify Payments", "paypal": "PayPal"}


def is_shopify(body: Mapping[str, Any]) -> bool:
    """Return whether an object has the shape of one of Shopify's."""
    keys = body.keys()
    return (
        keys >= {"line_items", "total_price"}
        or keys >= {"line_items", "financial_status"}
        or keys >= {"order_id", "refund_line_items"}
        or _is_fulfilment(body)
        or _kind(body) in ("Order", "DraftOrder", "Fulfillment", "Refund")
    )


def parse_shopify(body: Mapping[str, Any], shop: Shop, path: str = "", topic: str = "") -> Order:
    """Return the order that a payload of Shopify's describes, as far as it does.

    Args:
        body: The JSON object, its numbers with decimals read as `Decimal`.
        shop: What the payload cannot say.
        path: The object's place in the payload.
        topic: What it was sent as, such as ``orders/paid``; may be empty.

    Raises:
        InvalidOrder: If a field is missing or unusable, or this is no order at all.
    """
    fields = Fields(body, path)
    kind = _kind(body)
    subject = topic.partition("/")[0]
    if "abandoned_checkout_url" in body:
        raise InvalidOrder("this is a checkout, not an order", path=path)
    if subject == "draft_orders" or kind == "DraftOrder" or "invoice_url" in body:
        return _unfinished(fields, "DraftOrder", shop)
    if topic == "orders/delete":
        return _unfinished(fields, "Order", shop)
    if subject == "fulfillments" or (not subject and (kind == "Fulfillment" or _is_fulfilment(body))):
        return _fulfilment(fields, shop)
    if subject == "refunds" or (not subject and (kind == "Refund" or "refund_line_items" in body)):
        return _refund(fields, shop)
    return _order(fields, shop, _ORDER_TOPICS.get(topic))


def _is_fulfilment(body: Mapping[str, Any]) -> bool:
    return (
        "order_id" in body
        and "total_price" not in body
        and bool(body.keys() & {"tracking_number", "tracking_numbers", "tracking_company", "shipment_status"})
    )


def _kind(body: Mapping[str, Any]) -> str:
    """Return what an object is by its global id; empty where it has none."""
    found = _GID.match(str(body.get("admin_graphql_api_id") or ""))
    return found[1] if found else ""


def _identifier(fields: Fields, kind: str) -> str:
    """Return an object's id: the exact one of its global id, unless the two are not about the same thing."""
    exact = exact_id(fields, kind)
    given = fields.rounded("id")
    if exact and given is not None and given != float(exact):
        raise InvalidOrder("this is another id than the one in /id", path=fields.path("admin_graphql_api_id"))
    if not exact:
        raise InvalidOrder("this field is missing", path=fields.path("id"))
    return exact


def _order(fields: Fields, shop: Shop, event: OrderEvent | None) -> Order:
    identifier = _identifier(fields, "Order")
    fields.require("currency", "total_price", "line_items")
    money = Money(fields)
    payment = _payment(fields, shop)
    addresses = [fields.part("shipping_address"), fields.part("billing_address")]
    customer = fields.part("customer")
    first, *others = (*_phones(fields, addresses, customer), Phone(""))
    emails = [fields.typed("email"), fields.typed("contact_email"), customer.typed("email")]
    email, *more = (*filter(None, emails), "")
    shipments = _shipments(fields, money)
    return Order(
        shop=shop.name,
        id=identifier,
        number=fields.shown("name") or fields.shown("order_number") or identifier,
        event=event,
        currency=money.currency,
        items=money.items(),
        totals=money.totals(cash=payment.cash_on_delivery),
        payment=payment,
        shipments=shipments,
        silence=_NOTHING_SENT if event is OrderEvent.SHIPPED and not shipments else "",
        refunds=refunds_of(fields, money),
        cancelled=fields.given("cancelled_at"),
        cancelled_at=fields.when("cancelled_at"),
        customer_name=_name([customer, *addresses]),
        email=email,
        phone=first.number,
        phone_region=first.region,
        other_emails=tuple(more),
        other_phones=tuple(others),
        shipping_address=_address(addresses[0]),
        locale=_locale(fields.shown("customer_locale")) or shop.locale,
        created_at=fields.when("created_at"),
        url=web_address(fields.typed("order_status_url")),
    )


def _payment(fields: Fields, shop: Shop) -> Payment:
    names = [name for name in (*fields.texts("payment_gateway_names"), fields.text("gateway")) if name]
    arrived = _MONEY_ARRIVED | ({"authorized"} if shop.confirm_authorized else frozenset())
    status = fields.text("financial_status")
    never = _NEVER_PAID - ({"voided"} if shop.confirm_authorized else frozenset())
    cash = shop.is_cash(*names)
    return Payment(
        method=" + ".join(dict.fromkeys(shown for shown in map(_method, names) if shown)),
        cash_on_delivery=cash,
        paid=status in arrived,
        abandoned=status in never and not cash,
    )


def _method(gateway: str) -> str:
    """Return what a customer knows a gateway by: many are named for programs, as in ``gift_card``."""
    if gateway in _METHODS:
        return _METHODS[gateway]
    return gateway if gateway != gateway.lower() else gateway.replace("_", " ").capitalize()


def _name(people: Iterable[Fields]) -> str:
    for person in people:
        name = f"{person.shown('first_name')} {person.shown('last_name')}".strip() or person.shown("name")
        if name:
            return name
    return ""


def _phones(fields: Fields, addresses: list[Fields], customer: Fields) -> Iterable[Phone]:
    """Yield the phone numbers, each with the country of the address it came from."""
    home = customer.part("default_address")
    region = next((country for country in map(_country, [*addresses, home]) if country), "")
    for place, country in (
        (fields, region),
        *((address, _country(address) or region) for address in addresses),
        (customer, region),
        (home, _country(home)),
    ):
        if phone := place.typed("phone"):
            yield Phone(phone, country)


def _country(address: Fields) -> str:
    return address.shown("country_code")


def _address(address: Fields) -> tuple[str, ...]:
    return address_lines(
        name=_name([address]),
        company=address.shown("company"),
        street=(address.shown("address1"), address.shown("address2")),
        city=address.shown("city"),
        region=address.shown("province_code") or address.shown("province"),
        postcode=address.shown("zip"),
        country_code=_country(address),
        country=address.shown("country") or _country(address),
    )


def _locale(text: str) -> str:
    return text.replace("_", "-") if LOCALE.fullmatch(text) else ""


def _shipments(order: Fields, money: Money) -> tuple[Shipment, ...]:
    """Return what has left the shop, out of the fulfilments of an order."""
    status = order.text("fulfillment_status")
    ordered = sum((money.count(line) for line in order.children("line_items") if _is_shipped(line)), Decimal(0))
    if order.value("fulfillments") is None and status in ("fulfilled", "partial") and ordered:
        return (Shipment(partial=status == "partial", at=order.when("updated_at")),)
    sent = [shipment for shipment in map(_shipment, order.children("fulfillments")) if shipment is not None]
    alone, several = status == "fulfilled" and len(sent) == 1, len(sent) > 1
    return tuple(
        replace(shipment, partial=not alone and (status == "partial" or several or 0 < _pieces(shipment) < ordered))
        for shipment in sent
    )


def _is_shipped(line: Fields) -> bool:
    """Return whether a row is goods; downloads, gift cards and services are fulfilled, too, and nothing is sent."""
    return line.value("requires_shipping") is None or line.flag("requires_shipping")


def _quantity(line: Fields) -> Decimal:
    quantity = line.number("quantity")
    return Decimal(1) if quantity is None else quantity


def _pieces(shipment: Shipment) -> Decimal:
    return sum((item.quantity for item in shipment.items), Decimal(0))


def _shipment(fulfilment: Fields) -> Shipment | None:
    """Return what a fulfilment says; None if nothing is on its way."""
    parcels = tuple(_parcels(fulfilment))
    status, progress = fulfilment.text("status"), fulfilment.text("shipment_status")
    lines = fulfilment.children("line_items")
    waiting = status in _NOT_SENT_YET or progress == "ready_for_pickup" or (lines and not any(map(_is_shipped, lines)))
    if status in _NOT_SENT or (waiting and not parcels):
        return None
    return Shipment(
        id=_identifier(fulfilment, "Fulfillment"),
        parcels=parcels,
        items=tuple(Item(line_name(line), _quantity(line)) for line in lines),
        in_whole=True,
        silence=_STRANDED.get(progress, ""),
        delivered=progress == "delivered",
        at=fulfilment.when("created_at"),
    )


def _parcels(fulfilment: Fields) -> Iterable[Parcel]:
    carrier = fulfilment.shown("tracking_company")
    numbers = list(fulfilment.texts("tracking_numbers")) or [fulfilment.loose("tracking_number")]
    urls = list(fulfilment.texts("tracking_urls")) or [fulfilment.text("tracking_url")]
    for position in range(max(len(numbers), len(urls))):
        number = numbers[position] if position < len(numbers) else ""
        url = web_address(urls[position]) if position < len(urls) else ""
        if number or url:
            yield Parcel(carrier, number, url)


def _fulfilment(fields: Fields, shop: Shop) -> Order:
    """Return what a fulfilment by itself says of its order: where it goes, and no prices."""
    fields.require("order_id", "line_items")
    destination = fields.part("destination")
    shipment = _shipment(fields)
    name = fields.shown("name")
    found = _FULFILMENT_NAME.fullmatch(name)
    return Order(
        shop=shop.name,
        id=fields.identifier("order_id"),
        number=(found[1] if found else name) or fields.identifier("order_id"),
        event=OrderEvent.DELIVERED if shipment and shipment.delivered else OrderEvent.SHIPPED,
        shipments=(shipment,) if shipment else (),
        silence="" if shipment else _NOTHING_SENT,
        customer_name=_name([destination]),
        email=fields.typed("email"),
        locale=shop.locale,
        phone=destination.typed("phone"),
        phone_region=_country(destination),
        shipping_address=_address(destination),
    )


def _refund(fields: Fields, shop: Shop) -> Order:
    fields.require("order_id")
    refund = refund_of(fields)
    return Order(
        shop=shop.name,
        id=fields.identifier("order_id"),
        number=fields.identifier("order_id"),
        event=OrderEvent.REFUNDED,
        currency=refund.currency if refund else "",
        refunds=(refund,) if refund else (),
        silence="a refund by itself names no customer: tell of its order (orders/updated)",
    )


def _unfinished(fields: Fields, kind: str, shop: Shop) -> Order:
    identifier = _identifier(fields, kind)
    return Order(shop.name, identifier, fields.shown("name") or identifier, OrderEvent.DRAFTED)
