"""What a shop says about itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from notifyctl.app import App
from notifyctl.errors import ConfigError
from notifyctl.settings import Settings

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("key", "given", "kept"),
    [
        ("name", " Ada's Books ", "Ada's Books"),
        ("url", "https://shop.example.com/de?a=1", "https://shop.example.com/de?a=1"),
        ("logo_url", "https://shop.example.com/logo.png", "https://shop.example.com/logo.png"),
        ("support_email", "help@example.com", "help@example.com"),
        ("color", "#1F4D3F", "#1f4d3f"),
        ("color", "abc", "#abc"),
        ("address", " 12 Example Road \n London ", "12 Example Road\nLondon"),
        ("footer", "", ""),
    ],
)
def test_shop_is_told_to_templates_in_one_form(key: str, given: str, kept: str) -> None:
    """Blanks around it make no difference, nor do capitals of a colour."""
    assert App(Settings.load(shop={key: given})).shop[key] == kept


@pytest.mark.parametrize(
    ("key", "given", "expected"),
    [
        ("name", " ", "one line of text"),
        ("name", "Ada\nBooks", "one line of text"),
        ("url", "corner.example.org", "a web address such as"),
        ("url", "javascript:alert(1)", "a web address such as"),
        ("logo_url", 'https://example.com/"onerror="x', "a web address such as"),
        ("logo_url", "https://[", "a web address such as"),
        ("support_email", "help", "an address such as"),
        ("support_email", "Help <help@example.com>", "an address alone"),
        ("color", "green", "a colour such as #1f4d3f"),
        ("color", "#12345", "a colour such as #1f4d3f"),
        ("color", "#123;background:red", "a colour such as #1f4d3f"),
        ("address", "12\x07", "without control characters"),
    ],
)
def test_shop_setting_that_mails_could_not_show_is_refused(key: str, given: str, expected: str) -> None:
    """With what is expected, and without what was given."""
    with pytest.raises(ConfigError, match=expected) as caught:
        Settings.load(shop={key: given})

    assert given.strip() == "" or given not in str(caught.value)


def test_shop_of_a_dotenv_file_may_have_several_lines(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And a colour as it is usually written, though # begins a comment elsewhere."""
    monkeypatch.chdir(tmp_path)
    text = 'NOTIFYCTL_SHOP_ADDRESS="12 Example Road\\nLondon EX1 1AA"\nNOTIFYCTL_SHOP_COLOR=#a03\n'
    (tmp_path / ".env").write_text(text, encoding="utf-8")

    shop: dict[str, Any] = App(Settings.load()).shop

    assert (shop["address"], shop["color"]) == ("12 Example Road\nLondon EX1 1AA", "#a03")
