"""Which data our templates cannot tell apart."""

from __future__ import annotations

import random
from typing import Any

import pytest

from notifyctl.errors import NotifyError
from notifyctl.notification import Channel
from notifyctl.templates.catalog import Catalog
from notifyctl.templates.samples import SHOP, samples
from notifyctl.templates.shapes import shape

CATALOG = Catalog()
TEMPLATES = [(Channel.EMAIL, name) for name in CATALOG.email_names()]
TEMPLATES += [(Channel.WHATSAPP, name) for name in CATALOG.whatsapp_names()]

#: Values that one kind may have, the strange ones among them.
AMOUNTS = ("0.01", "29.35", "999999999999999", "1.000000000000001", "7")
MOMENTS = ("2026-01-31T18:00:00+00:00", "1970-01-01T00:00:00Z", "9999-12-31", "0001-01-01T00:00:00+14:00")
LINKS = ("https://shop.example.com/orders/1?a=b&c=d#e", "http://x", "https://" + "x" * 290)
TEXTS = (
    "Ada L.",
    "<b>Ada</b>",
    "{{ payment }}",
    "{% raw %}",
    "%(name)s %s {}",
    "Ζωή",
    "注文の多い 料理店",
    "x " * 50,
    "-5",
    "&amp;",
    "A1",
)


def another(value: Any, pick: random.Random) -> Any:
    """A value of the same kind."""
    if isinstance(value, dict):
        return {name: another(part, pick) for name, part in value.items()}
    if isinstance(value, list):
        return [another(part, pick) for part in value]
    if not isinstance(value, str):
        return value
    for kind in (AMOUNTS, MOMENTS, LINKS, TEXTS):
        if shape({"": value}) in {shape({"": one}) for one in kind}:
            return pick.choice(kind)
    return value


def render(channel: Channel, name: str, data: dict[str, Any], locale: str) -> None:
    """Fill in a template."""
    variables = {**data, "shop": SHOP, "locale": locale}
    if channel is Channel.EMAIL:
        CATALOG.email(name).render(variables, locale=locale, finish=False)
    else:
        CATALOG.whatsapp(name).render(variables, locale=locale)


@pytest.mark.parametrize(("channel", "name"), TEMPLATES)
def test_shape_of_data_says_whether_our_templates_can_be_filled_in(channel: Channel, name: str) -> None:
    """Whatever the words and amounts are: those of one shape pass, as the first of them did."""
    pick = random.Random(name)  # noqa: S311 - the same values in each run
    for sample in samples(CATALOG, name).values():
        data = {key: value for key, value in sample.items() if shape({"": value}) is not None}
        for locale in ("en", "de-AT", "ar-KW"):
            try:
                render(channel, name, data, locale)
            except NotifyError:
                continue
            for _ in range(20):
                changed = another(data, pick)
                if shape(changed) == shape(data):
                    render(channel, name, changed, locale)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"total": "29.35"}, {"total": "29,35"}),
        ({"total": "29.35"}, {"total": "-29.35"}),
        ({"total": "29.35"}, {"total": "0.00"}),
        ({"total": "29.35"}, {}),
        ({"payment": "paid"}, {"payment": "cod"}),
        ({"currency": "EUR"}, {"currency": "Eur"}),
        ({"order_date": "20260131"}, {"order_date": "20261331"}),
        ({"order_date": "2026-01-31"}, {"order_date": "2026-13-31"}),
        ({"order_url": "https://example.com"}, {"order_url": "javascript:alert(1)"}),
        ({"order_url": "https://example.com"}, {"order_url": "https://example.com x"}),
        ({"items": [{"name": "Mug A"}]}, {"items": []}),
        ({"items": [{"name": "Mug A"}]}, {"items": [{"name": "Mug A"}, {"name": "Mug B", "total": "x y"}]}),
        ({"items": [{"name": "Mug A"}] * 60}, {"items": [{"name": "Mug A"}] * 61}),
        ({"refund_full": True}, {"refund_full": False}),
        ({"more_items": 2}, {"more_items": "two"}),
    ],
)
def test_shape_tells_apart_what_a_template_may(one: dict[str, Any], other: dict[str, Any]) -> None:
    """Branches, and what cannot be filled in."""
    assert shape(one) != shape(other)


@pytest.mark.parametrize(
    "value",
    ["Ada\nBcc: eve@example.com", "", "  ", "A     B", "x" * 101, "\u2028", -1, 1e300, float("nan"), [None], object()],
)
def test_shape_leaves_to_templates_what_only_they_can_judge(value: object) -> None:
    """Such data are rendered each time."""
    assert shape({"customer_name": value}) is None
    assert shape({"items": [{"name": value}]}) is None


def test_shape_is_the_same_for_other_words() -> None:
    """Names, numbers, amounts and dates of an order do not matter; what is null is not there."""
    one = {"order_number": "A-1", "total": "29.35", "currency": "EUR", "items": [{"name": "Mug A", "total": "1"}] * 2}
    other = {"order_number": "B-22", "total": "3", "currency": "EUR", "items": [{"name": "Pot B", "total": "2.50"}] * 9}

    assert shape(one) == shape({**other, "note": None}) is not None
