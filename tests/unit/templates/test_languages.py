"""Which language a customer reads, and how amounts and dates are written in it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

from notifyctl.errors import RenderError
from notifyctl.templates.catalog import Catalog

if TYPE_CHECKING:
    from pathlib import Path

NB = "\u00a0"
PO = 'msgid ""\nmsgstr ""\n"Content-Type: text/plain; charset=utf-8\\n"\n'
DATA: dict[str, Any] = {
    "shop": {"name": "Corner Shop"},
    "order_number": "10482",
    "order_date": "2026-01-31T23:30:00-05:00",
    "currency": "EUR",
    "total": "1234.50",
    "items": [{"name": "Mug", "quantity": "1", "total": "1234.50"}],
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A shop's own folder of templates, with room for languages."""
    (tmp_path / "languages").mkdir()
    return tmp_path


def translate(folder: Path, tag: str, *messages: tuple[str, str], head: str = PO) -> None:
    """Write a catalog of a shop's own."""
    entries = "".join(f'\nmsgid "{text}"\nmsgstr "{translated}"\n' for text, translated in messages)
    (folder / "languages" / f"{tag}.po").write_text(head + entries, encoding="utf-8")


def test_languages_that_come_with_notifyctl() -> None:
    """English, which needs no catalog, and German."""
    assert Catalog().languages.tags() == ["en", "de"]


@pytest.mark.parametrize(
    ("locale", "language"),
    [
        ("de", "de"),
        ("de-DE", "de"),
        ("DE_at", "de"),
        ("de-Latn-CH-1996", "de"),
        ("de_DE_formal", "de"),
        ("de_DE.UTF-8@euro", "de"),
        ("en-GB", "en"),
        ("fr-FR", "en"),
        ("", "en"),
        ("deutsch", "en"),
    ],
)
def test_text_is_in_the_nearest_language_and_says_so(locale: str, language: str) -> None:
    """All parts of a mail in one language, which its HTML names."""
    mail = Catalog().email("order_confirmation").render(DATA, locale=locale)

    assert mail.language == language
    assert f'<html lang="{language}" dir="ltr">' in mail.html
    words = {"en": ("Your order", "Thank you"), "de": ("Ihre Bestellung", "Vielen Dank")}[language]
    assert words[0] in mail.subject
    assert words[1] in mail.text
    assert words[1] in mail.html


@pytest.mark.parametrize(
    ("locale", "amount", "day"),
    [
        ("en", "€1,234.50", "January 31, 2026"),
        ("en-GB", "€1,234.50", "31 January 2026"),
        ("de", f"1.234,50{NB}€", "31. Januar 2026"),
        ("de-AT", f"€{NB}1.234,50", "31. Jänner 2026"),
        ("fr-FR", f"1\u202f234,50{NB}€", "31 January 2026"),
        ("sv-SE", f"1{NB}234,50{NB}€", "31 January 2026"),
        ("nl-NL", f"€{NB}1.234,50", "31 January 2026"),
        ("ar-EG", "€1,234.50", "January 31, 2026"),
        ("he-IL", "€1,234.50", "31 January 2026"),
        ("xx-YY", "€1,234.50", "January 31, 2026"),
    ],
)
def test_amounts_follow_the_customer_and_dates_the_text(locale: str, amount: str, day: str) -> None:
    """A French order's English mail has French amounts and an English date; one from right to left is English alone."""
    mail = Catalog().email("order_confirmation").render(DATA, locale=locale)

    assert f"Mug: {amount}" in mail.text
    assert day in mail.text


@pytest.mark.parametrize(
    ("count", "locale", "words"),
    [
        (1, "en", "and 1 more item\n"),
        (2, "en", "and 2 more items\n"),
        (1, "de", "und 1 weiterer Artikel\n"),
        (2, "de", "und 2 weitere Artikel\n"),
    ],
)
def test_counted_things_have_the_right_form(count: int, locale: str, words: str) -> None:
    """One item is not two."""
    assert words in Catalog().email("order_confirmation").render(DATA | {"more_items": count}, locale=locale).text


def test_plural_follows_the_rule_of_the_language(folder: Path) -> None:
    """Polish has three forms."""
    rule = "nplurals=3; plural=(n==1 ? 0 : n%10>=2 && n%10<=4 && (n%100<10 || n%100>=20) ? 1 : 2);"
    forms = "".join(f'msgstr[{place}] "+{word} %(count)s"\n' for place, word in enumerate(("a", "b", "c")))
    text = f'{PO}"Plural-Forms: {rule}\\n"\n\nmsgid "and %(count)s more item"\n'
    text += f'msgid_plural "and %(count)s more items"\n{forms}'
    (folder / "languages" / "pl.po").write_text(text, encoding="utf-8")
    template = Catalog(folder).email("order_confirmation")

    found = [
        re.findall(r"^\+\w", template.render(DATA | {"more_items": n}, locale="pl").text, re.MULTILINE)
        for n in (1, 3, 5, 22)
    ]

    assert found == [["+a"], ["+b"], ["+c"], ["+b"]]


def test_own_catalog_goes_before_ours_text_by_text(folder: Path) -> None:
    """A shop words one text differently; the others stay translated, and what is left empty counts as absent."""
    translate(folder, "de", ("Your items", "Das haben Sie bestellt"), ("Total", ""))

    text = Catalog(folder).email("order_confirmation").render(DATA, locale="de-DE").text

    assert "DAS HABEN SIE BESTELLT" in text
    assert "Gesamtbetrag: " in text


def test_own_catalog_may_reword_english(folder: Path) -> None:
    """Without touching a template."""
    translate(folder, "en", ("Thank you for your order", "Cheers"))

    assert "Cheers." in Catalog(folder).email("order_confirmation").render(DATA, locale="fr").text


def test_region_goes_before_its_language(folder: Path) -> None:
    """What Switzerland words differently; the rest is as in German."""
    translate(folder, "de-CH", ("Total", "Total CHF"))
    catalog = Catalog(folder)

    mail = catalog.email("order_confirmation").render(DATA, locale="de-CH")

    assert catalog.languages.tags() == ["en", "de", "de-CH"]
    assert (mail.language, "Total CHF: " in mail.text, "IHRE ARTIKEL" in mail.text) == ("de-CH", True, True)
    assert "Gesamtbetrag: " in catalog.email("order_confirmation").render(DATA, locale="de-AT").text


def test_language_is_found_by_its_other_name(folder: Path) -> None:
    """Taiwan writes traditional Chinese, and some systems call Hebrew iw."""
    translate(folder, "zh-Hant", ("Total", "總計"))
    translate(folder, "he", ("Total", "סה״כ"))
    template = Catalog(folder).email("order_confirmation")

    assert [template.render(DATA, locale=locale).language for locale in ("zh-TW", "iw-IL", "zh-CN")] == [
        "zh-Hant",
        "he",
        "en",
    ]


def test_language_from_right_to_left_turns_the_mail(folder: Path) -> None:
    """The page, and the side on which amounts stand."""
    translate(folder, "ar", ("Total", "المجموع"))

    mail = Catalog(folder).email("order_confirmation").render(DATA, locale="ar-EG")

    assert '<html lang="ar" dir="rtl">' in mail.html
    assert re.search(r'<td class="amount total" style="[^"]*text-align:left', mail.html)
    assert "\u200f1,234.50" in mail.html


def test_own_template_may_be_in_one_language(folder: Path) -> None:
    """A shop that wrote its texts in French says so, and its customers' mail programs know."""
    (folder / "email" / "test_message").mkdir(parents=True)
    (folder / "email" / "test_message" / "meta.toml").write_text('language = "fr"', encoding="utf-8")

    mail = Catalog(folder).email("test_message").render({"shop": {"name": "Corner Shop"}}, locale="de")

    assert mail.language == "fr"
    assert '<html lang="fr"' in mail.html


@pytest.mark.parametrize("text", ["nonsense", PO.replace("utf-8", "utf-99") + '\nmsgid "a"\nmsgstr "ä"'])
def test_broken_catalog_is_an_error_that_names_it(folder: Path, text: str) -> None:
    """And no mail in English."""
    (folder / "languages" / "fr.po").write_text(text, encoding="utf-8")

    with pytest.raises(RenderError, match=r"languages/fr\.po"):
        Catalog(folder).email("test_message").render(DATA, locale="fr")


def test_english_reads_no_other_catalog(folder: Path) -> None:
    """A broken translation is no concern of those who do not read it."""
    (folder / "languages" / "fr.po").write_text("nonsense", encoding="utf-8")

    assert "mail works" in Catalog(folder).email("test_message").render(DATA, locale="en").text
