"""Finding templates, and the shop's own before ours."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from notifyctl.errors import RenderError
from notifyctl.templates.catalog import Catalog

if TYPE_CHECKING:
    from pathlib import Path

SHOP: dict[str, Any] = {"shop": {"name": "Corner Shop"}, "locale": "en"}
WHATSAPP = 'category = "UTILITY"\n'
NAMES = [
    "order_cancelled",
    "order_confirmation",
    "order_delivered",
    "order_refunded",
    "order_shipped",
    "payment_received",
    "test_message",
]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A shop's own folder of templates, still empty."""
    folder = tmp_path / "templates"
    folder.mkdir()
    return folder


def put(folder: Path, path: str, text: str) -> None:
    """Write one file of a shop's own."""
    file = folder / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")


def test_catalog_lists_what_comes_with_notifyctl() -> None:
    """Names are sorted, and what other templates include is not among them."""
    catalog = Catalog()

    assert catalog.email_names() == NAMES
    assert catalog.whatsapp_names() == NAMES


@pytest.mark.parametrize("name", Catalog().email_names() + Catalog().whatsapp_names())
def test_catalog_has_each_template_on_both_channels(name: str) -> None:
    """Every shipped template loads, on both channels, with the same expiry."""
    catalog = Catalog()

    assert catalog.email(name).expires_after == catalog.whatsapp(name).expires_after


def test_order_confirmation_expires_after_a_day() -> None:
    """A confirmation is not worth sending a day later; a test message always is."""
    assert Catalog().email("order_confirmation").expires_after == timedelta(hours=24)
    assert Catalog().email("test_message").expires_after is None


@pytest.mark.parametrize("name", ["nope", "", "../secret", "order_confirmation/", "_layout", "Order", "a\nb", "."])
def test_catalog_refuses_unknown_names_and_lists_the_known(name: str) -> None:
    """No name leads out of the folder, and a wrong one is answered with the right ones."""
    for find in (Catalog().email, Catalog().whatsapp):
        with pytest.raises(RenderError) as caught:
            find(name)

        assert caught.value.hint == f"Known names: {', '.join(NAMES)}."


def test_override_replaces_one_file_at_a_time(folder: Path) -> None:
    """A shop's own subject goes with our body."""
    put(folder, "email/test_message/subject.txt.j2", "Hallo von {{ shop.name }}\n")

    mail = Catalog(folder).email("test_message").render(SHOP)

    assert mail.subject == "Hallo von Corner Shop"
    assert "This is a test message from Corner Shop." in mail.text


def test_override_of_the_layout_changes_every_mail(folder: Path) -> None:
    """What mails have around their content is a file like any other."""
    put(folder, "email/_layout.html.j2", "<p>{% block content %}{% endblock %}</p>")

    assert Catalog(folder).email("test_message").render(SHOP).html == "<p></p>"


def test_override_adds_templates_without_html(folder: Path) -> None:
    """A shop's own template needs a subject and a text; HTML may be absent."""
    put(folder, "email/shipped/subject.txt.j2", "On its way")
    put(folder, "email/shipped/body.txt.j2", "Parcel {{ tracking }}")
    put(folder, "email/shipped/meta.toml", "expires_after_h = 1.5")
    put(
        folder,
        "whatsapp/shipped.toml",
        WHATSAPP + 'variables = ["tracking"]\n[text]\nen = "Parcel {{1}} is on its way."',
    )
    catalog = Catalog(folder)

    assert catalog.email_names() == sorted([*NAMES, "shipped"])
    assert catalog.email("shipped").expires_after == timedelta(minutes=90)
    assert catalog.email("shipped").render({"tracking": "X1"}).html == ""
    assert catalog.whatsapp("shipped").render({"tracking": 7}).text == "Parcel 7 is on its way."


def test_override_folder_must_exist(tmp_path: Path) -> None:
    """A misspelt folder is an error, not our templates."""
    with pytest.raises(RenderError, match="does not exist"):
        Catalog(tmp_path / "nowhere")


@pytest.mark.parametrize(
    ("file", "text", "fault"),
    [
        ("subject.txt.j2", "{% if %}", "email/test_message/subject.txt.j2, line 1"),
        ("subject.txt.j2", " \n", "comes out empty"),
        ("subject.txt.j2", "{{ (1).__class__.__mro__ }}", "cannot be filled in"),
        ("subject.txt.j2", "{{ 1 // 0 }}", "ZeroDivisionError"),
        ("subject.txt.j2", "{{ shop.nmae }}", "nmae"),
        ("body.txt.j2", "{% include 'email/gone.j2' %}", "email/gone.j2, which does not exist"),
        ("meta.toml", "expires_after_h = 0", "expires_after_h"),
        ("meta.toml", "expires_after_h = true", "expires_after_h"),
        ("meta.toml", "language = 1", "a tag such as de"),
        ("meta.toml", "expires = 1", "'expires': not a known field"),
        ("meta.toml", "=", "not TOML"),
    ],
)
def test_override_that_is_broken_says_where(folder: Path, file: str, text: str, fault: str) -> None:
    """A shop's own mistake is told with its file."""
    put(folder, f"email/test_message/{file}", text)

    with pytest.raises(RenderError, match=fault):
        Catalog(folder).email("test_message").render(SHOP)


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("", "no WhatsApp template"),
        ('text.en = "x"', "category"),
        (WHATSAPP, "needs a text"),
        (WHATSAPP + 'text = "x"', "text must be a table"),
        (WHATSAPP + "text.en = 1", "text must be a table"),
        (WHATSAPP + 'text.en = "x"\ncontent_sid.en = "HX1"', "HX and 32"),
        (WHATSAPP + 'text.en = "x"\ncontent_sid.de = "HX1"', "content_sid for 'de', and no text"),
        (WHATSAPP + 'text.en = "x"\nbody = "x"', "'body': not a known field"),
        (WHATSAPP + 'text.en = "x {{1}}"', "lists 0 variables"),
        (WHATSAPP + 'text.en = "x {{2}}"\nvariables = ["a"]', "lists 1 variables"),
        (WHATSAPP + 'text.en = "x {{1}}"\ntext.de = "y"\nvariables = ["a"]', "gaps: none"),
        (WHATSAPP + 'text.en = "x {{1}}"\nvariables = ["a b"]', "list of names"),
        (WHATSAPP + 'text.en = "x {{1}}"\nvariables = "a"', "list of names"),
        (WHATSAPP + 'text.en = "x {{1}}"\nvariables = ["a"]\n[values]\na = 1', "must hold texts"),
        (WHATSAPP + 'text.en = "x {{1}}"\nvariables = ["a"]\n[values]\nb = "1"', "names 'b'"),
        (WHATSAPP + 'text.en = "x {{1}}"\nvariables = ["a"]\n[values]\na = "{% if %}"', "not a Jinja2 template"),
    ],
)
def test_whatsapp_file_that_is_broken_says_what(folder: Path, text: str, fault: str) -> None:
    """Each rule of the file has its own message."""
    put(folder, "whatsapp/mine.toml", text)

    with pytest.raises(RenderError, match=fault):
        Catalog(folder).whatsapp("mine")


def test_whatsapp_gap_may_repeat(folder: Path) -> None:
    """A variable can be used twice in the text."""
    put(folder, "whatsapp/mine.toml", WHATSAPP + 'text.en = "{{1}} and {{1}}."\nvariables = ["a"]')

    assert Catalog(folder).whatsapp("mine").render({"a": "x"}).text == "x and x."


def test_render_error_never_holds_a_value(folder: Path) -> None:
    """A filter that fails on a value does not take the value into the message."""
    put(folder, "email/test_message/subject.txt.j2", "{{ secret + 1 }}")

    with pytest.raises(RenderError) as caught:
        Catalog(folder).email("test_message").render(SHOP | {"secret": "ada@example.com"})

    assert "ada" not in str(caught.value)
    assert caught.value.__suppress_context__
