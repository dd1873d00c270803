"""`notifyctl template`: look at what customers read, without a server."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.cli import Result, run

if TYPE_CHECKING:
    from pathlib import Path

NO_SERVER = {"REDIS_URL": "redis://127.0.0.1:1"}
TWILIO = {"TWILIO_ACCOUNT_SID": "AC" + "0" * 32, "TWILIO_AUTH_TOKEN": "secret"}


def template(*args: str, **variables: str) -> Result:
    """Run a command that must succeed, without a server."""
    result = run("template", *args, **NO_SERVER, **variables)
    assert result.code == 0, result.err
    return result


def put(folder: Path, path: str, text: str) -> None:
    """Write one file of a shop's own."""
    file = folder / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")


def test_list_has_all_on_both_channels(tmp_path: Path) -> None:
    """With their languages, and a shop's own among them."""
    put(tmp_path, "email/birthday/subject.txt.j2", "Happy birthday")
    put(tmp_path, "email/birthday/body.txt.j2", "Hooray")

    records = template("list", "-o", "json", NOTIFYCTL_TEMPLATES_DIR=str(tmp_path)).json()
    found = {record["name"]: record for record in records}

    assert len(found) == 8
    assert found["order_shipped"] == {
        "name": "order_shipped",
        "channels": ["email", "whatsapp"],
        "languages": ["en", "de"],
        "expires_after_ms": 72 * 3_600_000,
        "v": 1,
    }
    assert found["birthday"]["channels"] == ["email"]
    assert "order_shipped\n" in template("list", "-o", "id").out


def test_show_tells_what_it_needs_and_where_it_is_from(tmp_path: Path) -> None:
    """Each file by itself."""
    put(tmp_path, "email/order_shipped/subject.txt.j2", "On its way")

    shown = template("show", "order_shipped", "-o", "json", NOTIFYCTL_TEMPLATES_DIR=str(tmp_path)).json()

    assert shown["required"] == ["order_number", "shipments"]
    assert "tracking_url" in shown["optional"]
    origins = {file["path"]: file["from"] for file in shown["files"]}
    assert origins["email/order_shipped/subject.txt.j2"] == "own folder"
    assert origins["email/order_shipped/body.txt.j2"] == origins["email/_layout.html.j2"] == "notifyctl"
    assert "email/_style.css.j2" in template("show", "order_shipped").out


def test_preview_needs_no_variables() -> None:
    """It is an order of nobody's, from this shop."""
    shown = template("preview", "order_confirmation", NOTIFYCTL_SHOP_NAME="Ada's Books").out

    assert "Your order 10482 at Ada's Books" in shown
    assert "Please have $73.50 ready when your parcel arrives." in shown


def test_preview_takes_variables_language_and_sample() -> None:
    """What is given wins over the sample; lists are JSON."""
    items = 'items=[{"name": "Tee", "quantity": 2, "total": "9.00"}]'
    words = ["order_confirmation", "--locale", "de-DE", "--sample", "minimal", "--var", "currency=EUR", "--var", items]

    shown = template("preview", *words, "-o", "json").json()

    assert (shown["language"], shown["locale"], shown["channel"]) == ("de", "de-DE", "email")
    assert "Tee: 9,00\u00a0€" in shown["text"]
    assert shown["html"].startswith('<!DOCTYPE html><html lang="de"')
    assert shown["bytes"] == len(shown["html"].encode())


def test_preview_prints_one_part_alone() -> None:
    """To look at it with another program."""
    assert template("preview", "test_message", "--html").out.startswith("<!DOCTYPE html>")
    assert template("preview", "test_message", "--text").out.startswith("This is a test message from")


def test_preview_of_whatsapp_has_the_gaps() -> None:
    """And the id of the text that would be sent."""
    sid = "HX" + "2" * 32
    words = ["preview", "order_shipped", "--channel", "whatsapp", "--locale", "de", "-o", "json"]

    shown = template(*words, NOTIFYCTL_CONTENT_SID_ORDER_SHIPPED_DE=sid).json()

    assert (shown["language"], shown["content_sid"], shown["variables"]["2"]) == ("de", sid, "10482")
    assert shown["text"].startswith("Hallo Grace Okafor, Ihre Bestellung 10482 ist unterwegs.")


def test_preview_opens_the_mail_in_a_browser(tmp_path: Path) -> None:
    """A file that it can load; its name is printed."""
    browser = tmp_path / "xdg-open"
    browser.write_text("#!/bin/sh\n", encoding="utf-8")
    browser.chmod(0o755)

    shown = template("preview", "test_message", "--open", PATH=f"{tmp_path}:/usr/bin:/bin", TMPDIR=str(tmp_path)).out

    (file,) = tmp_path.glob("*.html")
    assert shown.strip() == str(file)
    assert file.read_text(encoding="utf-8").startswith("<!DOCTYPE html>")


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (["show", "nope"], 3, "Known names: order_cancelled"),
        (["preview", "nope"], 3, "no template is named 'nope'"),
        (["check", "nope"], 3, "no template is named 'nope'"),
        (["preview", "order_shipped", "--sample", "nope"], 2, "expected one of: full, minimal"),
        (["preview", "order_shipped", "--html", "--text"], 2, "not both"),
        (["preview", "order_shipped", "--var", "total"], 2, "a name and a value"),
        (["preview", "order_shipped", "--var", "items=[1"], 2, "the value of items is not JSON"),
        (["preview", "order_shipped", "--channel", "whatsapp", "--html"], 1, "has no HTML"),
        (["preview", "order_shipped", "--var", 'items=[{"name": "Tee"}]'], 1, "no attribute 'quantity'"),
        (["copy", "order_shipped"], 2, "name a folder"),
    ],
)
def test_wrong_words_are_told(words: list[str], code: int, message: str) -> None:
    """With what was expected."""
    result = run("template", *words, **NO_SERVER)

    assert result.code == code
    assert message in result.err


def test_check_finds_nothing_wrong_with_ours() -> None:
    """In no language, and with no sample."""
    result = template("check", "-o", "json")

    assert result.json() == []
    assert result.err == "faults: none; templates: 7; mails in en, de\n"


def test_check_ends_with_7_where_something_is_wrong(tmp_path: Path) -> None:
    """A shop's own mistake, and ids that are missing where messages go to Twilio."""
    put(tmp_path, "email/order_delivered/subject.txt.j2", "Hello {{ customer_name }}")

    own = run("template", "check", "order_delivered", "-o", "json", NOTIFYCTL_TEMPLATES_DIR=str(tmp_path), **NO_SERVER)
    twilio = run("template", "check", **TWILIO, **NO_SERVER)

    assert own.code == twilio.code == 7
    (fault,) = own.json()
    assert (fault["template"], fault["channel"], fault["language"]) == ("order_delivered", "email", "en")
    assert "'customer_name' is undefined" in fault["detail"]
    assert twilio.err == "faults: 7; templates: 7; mails in en, de\n"


def test_check_finds_files_that_nothing_uses(tmp_path: Path) -> None:
    """A misspelt name would leave our text in place, without a word."""
    for path in ("email/order_shipped/body.html", "email/Order Shipped/subject.txt.j2", "languages/de.mo", ".git/HEAD"):
        put(tmp_path, path, "x")
    put(tmp_path, "email/order_delivered/subject.txt.j2", "{% include 'email/_mine.txt.j2' %}")
    put(tmp_path, "email/_mine.txt.j2", "It is with you")
    put(tmp_path, "samples/order_delivered.json", '{"order_number": "1"}')

    result = run("template", "check", "-o", "json", NOTIFYCTL_TEMPLATES_DIR=str(tmp_path), **NO_SERVER)

    assert result.code == 7
    assert [fault["detail"].partition(" is not used")[0] for fault in result.json()] == [
        "email/Order Shipped/subject.txt.j2",
        "email/order_shipped/body.html",
        "languages/de.mo",
    ]


def test_copy_is_where_a_shop_begins(tmp_path: Path) -> None:
    """What is copied is used from then on, and never overwritten."""
    folder = tmp_path / "templates"
    words = ["copy", "order_delivered", "--to", str(folder)]

    assert "would be copied" in template(*words, "--dry-run").out
    assert not folder.exists()
    copied = template(*words, "-o", "json").json()
    subject = folder / "email" / "order_delivered" / "subject.txt.j2"
    subject.write_text("Delivered: {{ order_number }}", encoding="utf-8")
    again = template(*words, "--shared", "-o", "json", NOTIFYCTL_TEMPLATES_DIR=str(folder)).json()

    assert {entry["result"] for entry in copied} == {"copied"}
    assert {entry["path"]: entry["result"] for entry in again}[str(subject)] == "kept"
    assert (folder / "email" / "_layout.html.j2").exists()
    assert "Delivered: 10482" in template("preview", "order_delivered", NOTIFYCTL_TEMPLATES_DIR=str(folder)).out
