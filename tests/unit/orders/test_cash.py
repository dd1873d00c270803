"""What customers with cash on delivery are asked to have ready: what is owed, and nothing where that is not known."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from notifyctl.channels.email import render_email
from notifyctl.channels.whatsapp import render_whatsapp
from notifyctl.notification import Channel
from notifyctl.orders import OrderEvent, Planned, order_notifications, parse_order
from notifyctl.templates.catalog import Catalog
from tests.support.order_payloads import LINE, a_fulfilment, a_shopify_cod_order, a_woocommerce_order

SHOP = {"name": "Corner Shop"}


def planned(payload: dict[str, Any], locale: str = "en") -> list[Planned]:
    """What follows from a payload, in a language."""
    return order_notifications(replace(parse_order(payload), locale=locale)).planned


def ready(payload: dict[str, Any]) -> set[tuple[str | None, str | None]]:
    """What each message says of payment, and of how much."""
    found = set()
    for plan in planned(payload):
        data = plan.notification.data
        found.add((data.get("payment"), data.get("total")))
    return found


def text_of(plan: Planned) -> str:
    """All that a customer reads of a message."""
    if plan.notification.channel is Channel.WHATSAPP:
        return render_whatsapp(plan.notification, job_id="j1", catalog=Catalog(), shop=SHOP).text
    mail = render_email(
        plan.notification,
        job_id="j1",
        created_at_ms=0,
        sender="orders@example.com",
        sender_name="",
        reply_to="",
        shop=SHOP,
        catalog=Catalog(),
    )
    return mail.text + mail.html


def _pair(usd: str, eur: str) -> dict[str, Any]:
    return {
        "shop_money": {"amount": usd, "currency_code": "USD"},
        "presentment_money": {"amount": eur, "currency_code": "EUR"},
    }


def abroad(**changes: Any) -> dict[str, Any]:
    """A partly paid order with cash on delivery, in the customer's euros at a shop of dollars."""
    line = {**LINE, "price_set": _pair("10.00", "9.20")}
    prices = {"total_price_set": _pair("29.35", "27.00"), "financial_status": "partially_paid"}
    euros: dict[str, Any] = {"presentment_currency": "EUR", "line_items": [line], "fulfillments": [a_fulfilment()]}
    return a_shopify_cod_order(**(prices | euros | changes))


def test_cash_of_each_part_of_an_order_is_not_the_whole_sum() -> None:
    """Two parcels do not ask for everything twice: a part names no amount, the whole does."""
    half = [{**LINE, "quantity": 1}]
    parts = [a_fulfilment(line_items=half), a_fulfilment(id=2, admin_graphql_api_id=None, line_items=half)]

    for sent in (parts, parts[:1], [one | {"line_items": []} for one in parts]):
        status = "fulfilled" if len(sent) > 1 else "partial"
        assert ready(a_shopify_cod_order(fulfillments=sent, fulfillment_status=status)) == {("cod", None)}
    assert ready(a_shopify_cod_order(fulfillments=[a_fulfilment()])) == {("cod", "29.35")}


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"total_outstanding": "10.00", "total_outstanding_set": _pair("10.00", "9.20")}, ("cod", "9.20")),
        ({"total_outstanding": "10.00"}, ("cod", None)),
        ({"total_outstanding": None}, ("cod", None)),
        ({"total_outstanding": "29.35"}, ("cod", "27.00")),
    ],
)
def test_cash_in_the_customers_currency_is_what_is_owed(
    changes: dict[str, Any], expected: tuple[str, str | None]
) -> None:
    """As told in that currency, or all of it if nothing is paid; else no amount, never the whole one by guess."""
    assert ready(abroad(**changes)) == {expected}


def test_cash_of_a_partly_paid_order_that_names_no_rest_is_not_known() -> None:
    """Nothing paid yet means the whole; paid in part means that only the carrier knows."""
    sent = {"fulfillments": [a_fulfilment()], "total_outstanding": None}

    assert ready(a_shopify_cod_order(**sent)) == {("cod", "29.35")}
    assert ready(a_shopify_cod_order(**sent, financial_status="partially_paid")) == {("cod", None)}


def test_cash_of_woocommerce_is_lowered_by_its_refunds() -> None:
    """Ten of it were taken off before anybody paid: the rest is asked for, and nobody hears of money going back."""
    refunds = [{"id": 91, "total": "-10.00"}]

    assert ready(a_woocommerce_order(status="shipped", refunds=refunds)) == {("cod", "28.50")}
    assert ready(a_woocommerce_order(refunds=refunds)) == {(None, "38.50")}
    outcome = order_notifications(parse_order(a_woocommerce_order(status="refunded")))
    assert outcome.planned == []
    assert {skip.reason for skip in outcome.skipped} == {"nothing was paid that could go back"}
    paid = a_woocommerce_order(refunds=refunds, date_paid_gmt="2026-02-01T09:00:00")
    assert {plan.notification.template for plan in planned(paid)} == {"order_refunded", "order_confirmation"}


@pytest.mark.parametrize(("locale", "words"), [("en", "The courier will tell you the amount"), ("de", "Den Betrag")])
def test_cash_without_an_amount_is_told_in_words(locale: str, words: str) -> None:
    """On both channels, in both languages, and nothing of an amount."""
    mail, note = planned(abroad(total_outstanding="10.00"), locale)

    for plan in (mail, note):
        assert words in text_of(plan)
        assert "€" not in text_of(plan)


def test_cash_of_a_native_order_is_its_total() -> None:
    """Its format says whether it is paid, and has no word for a part."""
    order = {
        "id": "7",
        "event": OrderEvent.SHIPPED,
        "currency": "EUR",
        "customer": {"email": "ada@example.com"},
        "totals": {"total": "12.00"},
        "payment": {"cash_on_delivery": True},
    }

    assert ready(order) == {("cod", "12.00")}
    assert ready(order | {"shipment": {"partial": True}}) == {("cod", None)}
