"""What templates can do with a value."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

import pytest

from notifyctl.errors import RenderError
from notifyctl.templates.catalog import Catalog

if TYPE_CHECKING:
    from pathlib import Path


def filled(folder: Path, source: str, locale: str = "en", **variables: Any) -> str:
    """A subject made of this source."""
    (folder / "email" / "mine").mkdir(parents=True, exist_ok=True)
    (folder / "email" / "mine" / "subject.txt.j2").write_text(source, encoding="utf-8")
    (folder / "email" / "mine" / "body.txt.j2").write_text("", encoding="utf-8")
    return Catalog(folder).email("mine").render(variables, locale=locale).subject


@pytest.mark.parametrize(
    ("source", "locale", "shown"),
    [
        ("{{ at | day }}", "en", "January 31, 2026"),
        ("{{ at | day }}", "de", "31. Januar 2026"),
        ("{{ at | day('short') }}", "en-GB", "31/01/2026"),
        ("{{ at | day('full') }}", "de-AT", "Samstag, 31. Jänner 2026"),
        ("{{ '2026-02-01' | day }}", "de", "1. Februar 2026"),
        ("{{ '12.50' | money('EUR') }}", "de", "12,50\u00a0€"),
        ("{{ '12.50' | money('EUR', 'en') }}", "de", "€12.50"),
        ("{{ '0.75' | number }}", "de", "0,75"),
        ("{{ 10000 | number }}", "en", "10,000"),
        ("{{ '3' | number }}", "de", "3"),
        ("{{ '0.123456' | number }}", "en", "0.123456"),
        ("{{ 'a pair' | number }}", "de", "a pair"),
        ("{{ '1e99' | number }}", "de", "1e99"),
        ("{{ 'NaN' | number }}", "de", "NaN"),
        ("{{ '#123456' | readable_on }}", "en", "#ffffff"),
        ("{{ '#fE0' | readable_on }}", "en", "#16181a"),
        ("{{ 'https://example.com/?a=1' | link }}", "en", "https://example.com/?a=1"),
    ],
)
def test_filter_shows_a_value(tmp_path: Path, source: str, locale: str, shown: str) -> None:
    """In the customer's way, also where the value stands in the template."""
    assert filled(tmp_path, source, locale, at="2026-01-31T23:59:00-08:00") == shown


def test_day_takes_a_date(tmp_path: Path) -> None:
    """As Python code may pass one."""
    assert filled(tmp_path, "{{ at | day }}", at=date(2026, 1, 31)) == "January 31, 2026"


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("{{ secret | day }}", "ISO 8601"),
        ("{{ 7 | day }}", "ISO 8601"),
        ("{{ secret | money('EUR') }}", "decimal number"),
        ("{{ secret | link }}", "https://"),
        ("{{ 'javascript:alert(1)' | link }}", "https://"),
        ("{{ secret | readable_on }}", "#1f4d3f"),
        ("{{ '#12345' | readable_on }}", "#1f4d3f"),
    ],
)
def test_filter_refuses_what_it_cannot_use(tmp_path: Path, source: str, expected: str) -> None:
    """With what it expects, and without the value."""
    with pytest.raises(RenderError, match=expected) as caught:
        filled(tmp_path, source, secret="ada@example.com")

    assert "ada" not in str(caught.value)
