"""The language that a text is in, and how amounts and dates are written in it.

A customer's locale, such as ``de-AT``, is asked for; a text is in the nearest language that has a catalog of
translations, else in English, which is what templates are written in. What a translation lacks is English, too.

- Amounts follow the customer's locale, even in an English text, unless it is written from right to left: that
  does not read well between English words.
- Dates hold words, so they follow the text; its spelling in the customer's country where there is one.

Knows no template and no file. Tags: BCP 47. Catalogs: GNU gettext.
"""

from __future__ import annotations

from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import lru_cache
from gettext import NullTranslations
from typing import TYPE_CHECKING, Final, Literal

if TYPE_CHECKING:
    from collections.abc import Iterator

    from babel import Locale

__all__ = [
    "SOURCE_LANGUAGE",
    "Language",
    "candidates",
    "current",
    "direction",
    "gettext",
    "known_locale",
    "ngettext",
    "npgettext",
    "pgettext",
    "speaking",
]

#: What templates are written in.
SOURCE_LANGUAGE: Final = "en"

#: Scripts that are written from right to left, where a language is not in one by default.
_RTL_SCRIPTS: Final = frozenset({"Adlm", "Arab", "Hebr", "Mand", "Nkoo", "Rohg", "Syrc", "Thaa"})


@dataclass(frozen=True, slots=True)
class Language:
    """What a text is written in.

    Attributes:
        tag: Of the text, such as ``de``.
        asked: The customer's locale, such as ``de-AT``.
    """

    tag: str = SOURCE_LANGUAGE
    asked: str = SOURCE_LANGUAGE
    translations: NullTranslations = field(default_factory=NullTranslations, repr=False)

    @property
    def direction(self) -> Literal["ltr", "rtl"]:
        """Which way the text runs, as HTML says it."""
        return direction(self.tag)

    @property
    def money_locale(self) -> Locale:
        """How amounts are written."""
        asked = known_locale(self.asked)
        return asked if asked and direction(self.asked) == self.direction else self._own_locale

    @property
    def date_locale(self) -> Locale:
        """How dates are written."""
        asked, own = known_locale(self.asked), self._own_locale
        if asked is None or asked.language == own.language:
            return asked or own
        abroad = f"{own.language}-{asked.territory}" if asked.territory else ""
        found = known_locale(abroad)
        return found if found and found.territory == asked.territory else own

    @property
    def _own_locale(self) -> Locale:
        found = known_locale(self.tag) or known_locale(SOURCE_LANGUAGE)
        assert found is not None  # noqa: S101 - Babel knows English
        return found


_ENGLISH: Final = Language()
_CURRENT: Final[ContextVar[Language]] = ContextVar("language", default=_ENGLISH)


def current() -> Language:
    """Return the language of the text that is being written."""
    return _CURRENT.get()


@contextmanager
def speaking(language: Language) -> Iterator[None]:
    """Write what is rendered in this block in a language; it also holds in what templates import."""
    token = _CURRENT.set(language)
    try:
        yield
    finally:
        _CURRENT.reset(token)


def gettext(text: str) -> str:
    """Return a text in the language that is being written."""
    return current().translations.gettext(text)


def ngettext(one: str, many: str, count: int) -> str:
    """Return a text that depends on a count."""
    return current().translations.ngettext(one, many, count)


def pgettext(context: str, text: str) -> str:
    """Return a text that means something else in another context."""
    return current().translations.pgettext(context, text)


def npgettext(context: str, one: str, many: str, count: int) -> str:
    """Return a text that depends on a count, and means something else in another context."""
    return current().translations.npgettext(context, one, many, count)


def candidates(locale: str) -> list[str]:
    """Return the languages that suit a locale, the nearest first: ``zh-Hant-TW``, ``zh-Hant``, ``zh``."""
    tag = locale.partition("@")[0].partition(".")[0].replace("_", "-")  # de_DE.UTF-8@euro is what servers say
    parts = [part for part in tag.split("-") if part]
    return ["-".join(parts[:count]) for count in range(len(parts), 0, -1)]


@lru_cache(maxsize=256)
def direction(locale: str) -> Literal["ltr", "rtl"]:
    """Return which way a locale's script runs."""
    found = known_locale(locale)
    if found is None:
        return "ltr"
    if found.script:
        return "rtl" if found.script in _RTL_SCRIPTS else "ltr"
    return "rtl" if found.text_direction == "rtl" else "ltr"


@lru_cache(maxsize=256)
def known_locale(tag: str) -> Locale | None:
    """Return what CLDR knows of a locale, or of the nearest one that it knows."""
    from babel import Locale, UnknownLocaleError  # noqa: PLC0415 - only what writes a text needs it

    for candidate in candidates(tag):
        try:
            return Locale.parse(candidate, sep="-")
        except (ValueError, UnknownLocaleError, TypeError):
            continue
    return None
