"""What `template check` finds."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from notifyctl.notification import Channel
from notifyctl.templates.catalog import Catalog
from notifyctl.templates.proofs import Fault, proofs
from notifyctl.templates.samples import SHOP, samples

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

SID = "HX" + "1" * 32
PO = 'msgid ""\nmsgstr ""\n"Content-Type: text/plain; charset=utf-8\\n"\n\n'


def put(folder: Path, path: str, text: str) -> None:
    """Write one file of a shop's own."""
    file = folder / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")


def faults(
    folder: Path | None, channel: Channel, name: str, content_sids: Mapping[str, str] | None = None
) -> list[Fault]:
    """All that is wrong with a template."""
    return list(proofs(Catalog(folder), channel, name, shop=SHOP, content_sids=content_sids))


@pytest.mark.parametrize("name", Catalog().email_names())
@pytest.mark.parametrize("channel", Channel)
def test_nothing_is_wrong_with_ours(channel: Channel, name: str) -> None:
    """Every template that comes with notifyctl, in every language, with all samples."""
    assert faults(None, channel, name) == []


@pytest.mark.parametrize(
    ("file", "text", "detail"),
    [
        ("subject.txt.j2", "{% if %}", "subject.txt.j2, line 1, is not a Jinja2 template"),
        ("subject.txt.j2", "{{ shop.slogan }}", "has no attribute 'slogan' (sample: full)"),
        ("subject.txt.j2", "{{ note }} {{ mood }}", "'mood' is undefined"),
        ("body.html.j2", "{{ 'x' * 110000 }}", "longer than 102 kB, where Gmail cuts it (sample: full)"),
        ("body.txt.j2", "{% include 'email/gone.j2' %}", "email/gone.j2, which does not exist"),
        ("body.txt.j2", "{% trans %}Cheerio{% endtrans %}", "1 texts are not translated: Cheerio"),
        ("meta.toml", "=", "not TOML"),
    ],
)
def test_faults_of_a_mail_are_found(tmp_path: Path, file: str, text: str, detail: str) -> None:
    """A mistake of the shop's own, once for all languages."""
    put(tmp_path, f"email/test_message/{file}", text)

    found = faults(tmp_path, Channel.EMAIL, "test_message")

    assert sum(detail in fault.detail for fault in found) == 1


def test_variable_that_may_be_absent_is_found(tmp_path: Path) -> None:
    """A mail that greets by name cannot be sent to somebody who gave none."""
    put(tmp_path, "email/order_delivered/subject.txt.j2", "Hello {{ customer_name }}")

    (fault,) = faults(tmp_path, Channel.EMAIL, "order_delivered")

    assert "'customer_name' is undefined (sample: minimal)" in fault.detail
    assert (fault.template, fault.channel, fault.language) == ("order_delivered", Channel.EMAIL, "en")


@pytest.mark.parametrize(
    ("text", "detail"),
    [
        ("{{1}} is what we write to you and it is a test", "begins or ends with a gap"),
        ("This is what we write to you and it is {{1}}\n", "begins or ends with a gap"),
        ("This is what we write {{1}} {{1}} and it is a test", "follow each other"),
        ("Note: {{1}}.", "too few words (1) for its 1 gaps"),
        ("This is     a test {{1}} for you.", "more than four blanks"),
        ("This is a test {{1}} for you." + "x" * 1024, "characters; WhatsApp takes 1024"),
    ],
)
def test_breaches_of_the_rules_of_whatsapp_are_found(tmp_path: Path, text: str, detail: str) -> None:
    """What would be refused when the text is submitted."""
    put(
        tmp_path,
        "whatsapp/test_message.toml",
        f'category = "UTILITY"\nvariables = ["note"]\n[text]\nen = """\n{text}"""',
    )

    found = faults(tmp_path, Channel.WHATSAPP, "test_message")

    assert any(detail in fault.detail for fault in found), found


def test_content_sid_is_needed_where_messages_go_to_twilio() -> None:
    """In one language at least: customers who speak another get that."""
    name = "order_shipped"

    (missing,) = faults(None, Channel.WHATSAPP, name, {})

    assert "there is no content_sid" in missing.detail
    assert faults(None, Channel.WHATSAPP, name, {name: SID}) == []
    assert faults(None, Channel.WHATSAPP, name, {f"{name}_de": SID}) == []


def test_translation_with_other_gaps_is_found(tmp_path: Path) -> None:
    """A gap that the text does not have would fail every mail in that language."""
    put(
        tmp_path,
        "languages/fr.po",
        f'{PO}msgid "Test message from %(shop)s"\nmsgstr "Essai de %(boutique)s"\n'
        '\n#, fuzzy\nmsgid "If you can read it, mail works."\nmsgstr "…"\n',
    )

    found = faults(tmp_path, Channel.EMAIL, "test_message")
    details = " | ".join(fault.detail for fault in found)

    assert {fault.language for fault in found} == {"fr"}
    assert "translations with other gaps than the text: Test message from %(shop)s" in details
    assert "texts are not translated: This is a test message from %(shop)s.; If you can read it" in details
    assert "KeyError" in details


def test_own_template_is_tried_with_its_own_sample(tmp_path: Path) -> None:
    """Or, without one, with all that ours know."""
    put(tmp_path, "email/birthday/subject.txt.j2", "{{ order_number }}: {{ age }}")
    put(tmp_path, "email/birthday/body.txt.j2", "{{ total }}")
    assert "'age' is undefined" in faults(tmp_path, Channel.EMAIL, "birthday")[0].detail

    put(tmp_path, "samples/birthday.json", '{"age": 7, "order_number": "1", "total": "1.00"}')
    assert faults(tmp_path, Channel.EMAIL, "birthday") == []

    put(tmp_path, "samples/birthday.json", "[]")
    assert "not one JSON object" in faults(tmp_path, Channel.EMAIL, "birthday")[0].detail


@pytest.mark.parametrize("name", Catalog().email_names())
def test_samples_begin_with_all_and_have_the_least(name: str) -> None:
    """What a template needs is a part of what it may have."""
    found = samples(Catalog(), name)

    assert next(iter(found)) == "full"
    assert found["minimal"].keys() <= found["full"].keys()
