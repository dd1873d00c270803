"""The mails that come with notifyctl: valid, short enough, and the same in text and HTML."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import Any, NamedTuple

import html5lib
import pytest

from notifyctl.templates.catalog import Catalog
from notifyctl.templates.proofs import MAX_HTML_BYTES
from notifyctl.templates.samples import REQUIRED, SHOP, samples

CATALOG = Catalog()
LOCALES = [*CATALOG.languages.tags(), "de-CH", "fr-FR"]
CASES = [
    (name, sample, locale) for name in CATALOG.email_names() for sample in samples(CATALOG, name) for locale in LOCALES
]
SHOPS: list[dict[str, Any]] = [{**SHOP, "logo_url": "https://shop.example.com/logo.png"}, {"name": "Corner Shop"}]
NASTY = "<b>&amp; \"'\u202b\u05d7\u05d5\u05dc\u05e6\u05d4</b>" + "x" * 300


class Page(HTMLParser):
    """What is on a page: its words, its links, and the tags that have something to say about themselves."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.words: list[str] = []
        self.links: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self._hidden = 0
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note a tag; what stands in the head or in the preheader is not on the page."""
        given = dict(attrs)
        self.tags.append((tag, given))
        if tag in ("head", "style") or given.get("class") == "preheader" or (self._hidden and tag == "div"):
            self._hidden += 1
        if tag == "a":
            self.links.append((given["href"] or "").removeprefix("mailto:"))
        if tag == "img":
            self.words.append(given["alt"] or "")

    def handle_endtag(self, tag: str) -> None:
        """Note the end of what is hidden."""
        if self._hidden and tag in ("head", "style", "div"):
            self._hidden -= 1

    def handle_data(self, data: str) -> None:
        """Note words that are to be seen."""
        if not self._hidden:
            self.words.append(data)


class Facts(NamedTuple):
    """What a customer must be told alike in both parts.

    Attributes:
        amounts: With their currency.
        numbers: Of orders, parcels, rows.
        links: Where they lead.
    """

    amounts: set[str]
    numbers: set[str]
    links: set[str]


def facts(text: str, links: list[str]) -> Facts:
    """Return the facts in a part."""
    found = {link.rstrip(".") for link in [*links, *re.findall(r"https?://\S+|[\w.]+@[\w.]+\w", text)]}
    for link in sorted(found, key=len, reverse=True):
        text = text.replace(link, " ")
    amounts = re.findall(r"-?\$[\d,.]+\d|-?[\d.\u202f\u2019]+,\d\d\s[$€]|\$\s?-?[\d\u2019.]+", text)
    return Facts({re.sub(r"\s", " ", amount) for amount in amounts}, set(re.findall(r"\w*\d+\w*", text)), found)


def mail(name: str, sample: str, locale: str, shop: dict[str, Any] = SHOPS[0], **changes: Any) -> Any:
    """A mail of ours, rendered."""
    data = {**samples(CATALOG, name)[sample], **changes, "shop": shop, "locale": locale}
    return CATALOG.email(name).render(data, locale=locale)


@pytest.mark.parametrize(("name", "sample", "locale"), CASES)
def test_text_and_html_say_the_same(name: str, sample: str, locale: str) -> None:
    """The same amounts, numbers and links, and every line of the plain text in the HTML too."""
    rendered = mail(name, sample, locale)
    page = Page(rendered.html)
    words = re.sub(r"\s+", " ", " ".join(page.words))

    assert facts(rendered.text, []) == facts(words, page.links)
    seen = re.sub(r"\W", "", words).lower()
    for line in rendered.text.splitlines():
        for piece in re.split(r"https?://\S+|: | · |(?<=[.!?]) ", line):
            assert re.sub(r"\W", "", piece).lower() in seen, piece


@pytest.mark.parametrize("shop", SHOPS, ids=["all", "name alone"])
@pytest.mark.parametrize(("name", "sample", "locale"), CASES)
def test_html_is_valid_and_complete(name: str, sample: str, locale: str, shop: dict[str, Any]) -> None:
    """No error of form, a title, a language, a preheader, a text for each picture, and nothing left of the styles."""
    html = mail(name, sample, locale, shop).html
    tags = Page(html).tags

    html5lib.HTMLParser(strict=True).parse(html)
    assert len(html.encode()) < MAX_HTML_BYTES
    assert dict(tags)["html"].keys() == {"lang", "dir"}
    assert re.search(r"<title>[^<\s][^<]+</title>", html)
    assert re.search(r'<div class="preheader"[^>]*>[^<]*\w[^<]*</div>', html)
    assert all(given.get("alt") for tag, given in tags if tag == "img")
    assert all(given.get("role") == "presentation" for tag, given in tags if tag == "table")
    assert html.index("charset") < 1024
    assert [given for tag, given in tags if tag == "style"] == [{"data-css-inline": "keep"}]
    assert all("style" in given for tag, given in tags if "class" in given)


@pytest.mark.parametrize("name", CATALOG.email_names())
def test_html_survives_what_customers_type(name: str) -> None:
    """Markup, quotes, other directions and words without an end, wherever a customer or a shop's goods come in."""
    full = samples(CATALOG, name)["full"]
    changes: dict[str, Any] = dict.fromkeys(full.keys() & {"customer_name", "payment_method", "note"}, NASTY)
    if "items" in full:
        changes["items"] = [row | {"name": NASTY, "quantity": "0.5"} for row in full["items"]]
    if "shipping_address" in full:
        changes["shipping_address"] = [NASTY] * 6
    if "shipments" in full:
        changes["shipments"] = [{"carrier": NASTY, "number": NASTY}]

    html = mail(name, "full", "de", **changes).html

    html5lib.HTMLParser(strict=True).parse(html)
    assert "<b>" not in html
    assert ("&lt;b&gt;&amp;amp;" in html) == bool(changes)


@pytest.mark.parametrize(
    ("name", "changes", "words"),
    [
        ("order_confirmation", {"payment": "cod"}, "Please have $73.50 ready when your parcel arrives."),
        ("order_confirmation", {"payment": "paid"}, "Your payment of $73.50 has arrived. Nothing more to pay."),
        ("order_confirmation", {"shipping": "0.00"}, "Shipping: Free"),
        ("order_confirmation", {"tax_included": True}, "includes $4.50 of tax"),
        ("order_confirmation", {"tax_included": False}, "Tax: $4.50"),
        ("payment_received", {}, "We have received $73.50 for your order 10482."),
        ("order_shipped", {"payment": "cod"}, "Please have $73.50 ready"),
        ("order_shipped", {"partial": True}, "The rest of your order will follow."),
        ("order_shipped", {"shipments": [{"number": "A1"}, {"number": "B2"}]}, "Parcel 2\nTracking number: B2"),
        ("order_cancelled", {"payment": "paid"}, "Your payment will be refunded."),
        ("order_cancelled", {"payment": "none"}, "There is nothing for you to pay."),
        ("order_refunded", {"refund_full": True}, "the full amount of your order 10482"),
        ("order_refunded", {"refund_full": False}, "We have refunded $24.00 of your order 10482."),
    ],
)
def test_mail_says_what_happened(name: str, changes: dict[str, Any], words: str) -> None:
    """What differs from order to order."""
    assert words in mail(name, "full", "en", **changes).text


@pytest.mark.parametrize("name", CATALOG.email_names())
def test_what_is_empty_counts_as_absent(name: str) -> None:
    """Python code may pass what it has, and has nothing: no greeting of nobody, no link to nowhere, no empty list."""
    full = samples(CATALOG, name)["full"]
    optional = full.keys() - REQUIRED[name]
    texts = dict.fromkeys(optional & {"customer_name", "order_url", "order_date", "payment_method"}, "")
    lists: dict[str, Any] = {key: [] for key in optional & {"items", "shipping_address"}}

    empty, absent = (
        CATALOG.email(name).render({**least, "shop": SHOP, "locale": "en"})
        for least in ({**samples(CATALOG, name)["minimal"], **texts, **lists}, samples(CATALOG, name)["minimal"])
    )

    assert (empty.text, empty.html) == (absent.text, absent.html)


@pytest.mark.parametrize(
    ("color", "text"), [("#1f4d3f", "#ffffff"), ("#ffd400", "#16181a"), ("#000", "#ffffff"), ("#fff", "#16181a")]
)
def test_button_can_be_read_on_the_color_of_the_shop(color: str, text: str) -> None:
    """Dark words on a bright colour, white ones on a dark."""
    html = mail("order_confirmation", "full", "en", {**SHOP, "color": color}).html

    assert re.search(rf'<a class="button"[^>]*background-color:{color};[^>]*;color:{text}', html)
