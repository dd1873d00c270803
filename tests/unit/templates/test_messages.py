"""What there is to translate, and whether it is translated."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from docs.generate_templates import files
from notifyctl.notification import Channel
from notifyctl.settings import ShopSettings
from notifyctl.templates.catalog import Catalog
from notifyctl.templates.messages import Message, messages_of
from notifyctl.templates.samples import samples

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("path", files(), ids=lambda path: path.name)
def test_generated_files_are_fresh(path: Path) -> None:
    """`python docs/generate_templates.py` would change nothing."""
    assert path.read_text(encoding="utf-8") == files()[path]


def test_every_template_and_variable_is_on_the_page() -> None:
    """And every setting of the shop."""
    page = next(text for path, text in files().items() if path.name == "templates.md")
    catalog = Catalog()

    for name in catalog.email_names():
        assert f"\n## {name}\n" in page
        for variable in samples(catalog, name)["full"]:
            assert f"| `{variable}` |" in page
    assert all(f"`shop.{name}`" in page for name in ShopSettings.model_fields)


def test_german_is_complete_and_has_nothing_else() -> None:
    """Every text of every template, and no text that is gone."""
    catalog = Catalog()
    known = {message.text for name in catalog.email_names() for message in messages_of(catalog, Channel.EMAIL, name)}
    known |= {m.text for name in catalog.whatsapp_names() for m in messages_of(catalog, Channel.WHATSAPP, name)}
    (german,) = catalog.languages.catalogs("de")
    translated = [message for message in german if message.id]

    assert {message.id if isinstance(message.id, str) else message.id[0] for message in translated} == known
    for message in translated:
        assert all(message.string if isinstance(message.string, tuple | list) else [message.string]), message.id
        assert not message.fuzzy
        assert not list(message.check(german)), message.id


def test_texts_are_found_in_all_that_a_template_is_made_of(tmp_path: Path) -> None:
    """In what it extends and imports too; with plural and context where they have one."""
    folder = tmp_path / "email" / "mine"
    folder.mkdir(parents=True)
    (folder / "subject.txt.j2").write_text('{{ pgettext("verb", "Order") }}', encoding="utf-8")
    (folder / "body.txt.j2").write_text("{% include 'email/_own.txt.j2' %}", encoding="utf-8")
    own = "{% trans count=n %}{{ count }} day{% pluralize %}{{ count }} days{% endtrans %}"
    (tmp_path / "email" / "_own.txt.j2").write_text(own, encoding="utf-8")

    found = messages_of(Catalog(tmp_path), Channel.EMAIL, "mine")

    assert found == {
        Message("Order", context="verb"): ["email/mine/subject.txt.j2"],
        Message("%(count)s day", "%(count)s days"): ["email/_own.txt.j2"],
    }
