"""A WhatsApp template goes nowhere without the id of its approved text."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from notifyctl.delivery.approval import require_approved, unapproved
from notifyctl.errors import RenderError
from notifyctl.templates.catalog import Catalog

if TYPE_CHECKING:
    from pathlib import Path

SID = "HX0123456789abcdef0123456789abcdef"


@pytest.fixture
def catalog(tmp_path: Path) -> Catalog:
    """The built-in templates, one with an id in its file, and one that is broken."""
    folder = tmp_path / "whatsapp"
    folder.mkdir()
    text = 'category = "UTILITY"\n[text]\nen = "Hello"\nde = "Hallo"\n[content_sid]\n'
    (folder / "with_id.toml").write_text(f'{text}de = "{SID}"\n')
    (folder / "without.toml").write_text(text)
    (folder / "broken.toml").write_text("category = 7\n")
    return Catalog(tmp_path)


def test_unapproved_are_those_without_an_id_in_settings_or_file(catalog: Catalog) -> None:
    """The settings' ids and the files' count alike; what is broken cannot go either."""
    names = unapproved(catalog, {"test_message": SID, "order_shipped_de": SID})

    assert {"broken", "without", "order_confirmation"} <= set(names)
    assert not {"test_message", "order_shipped", "with_id"} & set(names)


def test_require_approved_names_the_template_and_the_setting(catalog: Catalog) -> None:
    """What is missing, and where to put it."""
    with pytest.raises(RenderError, match="'order_confirmation'") as caught:
        require_approved("order_confirmation", catalog, {"test_message": SID})

    assert "NOTIFYCTL_CONTENT_SID_ORDER_CONFIRMATION" in caught.value.hint


@pytest.mark.parametrize("template", ["test_message", "with_id"])
def test_require_approved_takes_what_has_an_id(catalog: Catalog, template: str) -> None:
    """Wherever that stands."""
    require_approved(template, catalog, {"test_message": SID})
