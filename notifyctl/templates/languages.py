"""The languages that texts can be in: one catalog of translations each, ``languages/de.po``.

Catalogs are GNU gettext's, in their source form. A shop's own goes before ours, message by message; that of a region
(``pt-BR``) goes before its language's (``pt``). English needs none, and may have one that words things differently.
Read once per process, when a text in that language is first asked for.
"""

from __future__ import annotations

import io
from gettext import GNUTranslations, NullTranslations
from typing import TYPE_CHECKING

from notifyctl.errors import RenderError
from notifyctl.templates.language import SOURCE_LANGUAGE, Language, candidates, known_locale

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from importlib.resources.abc import Traversable

    from babel.messages.catalog import Catalog as Messages

__all__ = ["Languages"]

_SUFFIX = ".po"


class Languages:
    """All languages there are. Safe to use from several threads.

    Args:
        roots: The folders that may hold a folder ``languages``, the strongest first.
    """

    def __init__(self, roots: Sequence[Traversable]) -> None:
        self._roots = roots
        self._translations: dict[str, NullTranslations] = {}
        self._known: dict[str, str] | None = None

    def tags(self) -> list[str]:
        """Return the languages that texts can be in, English first."""
        return sorted({*self._tags().values()}, key=lambda tag: (tag != SOURCE_LANGUAGE, tag))

    def nearest(self, locale: str) -> Language:
        """Return the language for a customer's locale: English where no other suits.

        Raises:
            RenderError: If its catalog is broken.
        """
        known = self._tags()
        found = next((known[tag] for tag in _spellings(locale) if tag in known), SOURCE_LANGUAGE)
        return self.exactly(found, locale)

    def exactly(self, tag: str, locale: str) -> Language:
        """Return a language for a customer's locale, whether that is the nearest or not.

        Raises:
            RenderError: If its catalog is broken.
        """
        if tag not in self._translations:
            self._translations[tag] = self._read(tag)
        return Language(tag, locale or tag, self._translations[tag])

    def catalogs(self, tag: str) -> list[Messages]:
        """Return the catalogs that a language is read from, the strongest first.

        Raises:
            RenderError: If one is broken.
        """
        files = [
            file
            for name in candidates(tag)
            for root in self._roots
            for file in [root / "languages" / f"{self._tags().get(name.lower(), name)}{_SUFFIX}"]
            if file.is_file()
        ]
        return [_catalog(file, tag) for file in files]

    def _tags(self) -> dict[str, str]:
        """Return the tags by their lower case."""
        if self._known is None:
            folders = [root / "languages" for root in self._roots]
            names = (entry.name for folder in folders if folder.is_dir() for entry in folder.iterdir())
            found = [name.removesuffix(_SUFFIX) for name in names if name.endswith(_SUFFIX)]
            self._known = {tag.lower(): tag for tag in (*found, SOURCE_LANGUAGE)}
        return self._known

    def _read(self, tag: str) -> NullTranslations:
        translations = NullTranslations()
        for messages in reversed(self.catalogs(tag)):
            stronger = _compiled(messages)
            stronger.add_fallback(translations)
            translations = stronger
        return translations


def _spellings(locale: str) -> Iterator[str]:
    """Yield the languages that suit a locale, in lower case: as it is written, then as CLDR has it (zh-Hant-TW)."""
    yield from map(str.lower, candidates(locale))
    yield from map(str.lower, candidates(str(known_locale(locale) or "")))


def _catalog(file: Traversable, tag: str) -> Messages:
    from babel.messages.pofile import PoFileError, read_po  # noqa: PLC0415 - only where a text is not English

    locale = known_locale(tag) or known_locale(SOURCE_LANGUAGE)
    try:
        messages = read_po(io.BytesIO(file.read_bytes()), locale, abort_invalid=True)
    except (PoFileError, ValueError, LookupError) as error:
        raise RenderError(f"the translations in languages/{file.name} cannot be read: {error}") from error
    messages.locale = locale  # without one, Babel forgets the rule of plurals
    return messages


def _compiled(messages: Messages) -> GNUTranslations:
    """Return what is translated; anything else is left to the next catalog."""
    from babel.messages.mofile import write_mo  # noqa: PLC0415

    for message in list(messages):
        texts = message.string if isinstance(message.string, tuple | list) else [message.string]
        if message.id and not all(texts):
            messages.delete(message.id, context=message.context)
    compiled = io.BytesIO()
    write_mo(compiled, messages)
    compiled.seek(0)
    return GNUTranslations(compiled)
