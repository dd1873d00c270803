"""A WhatsApp template: the order of its variables, what they say, and WhatsApp's rules for them.

WhatsApp approves a fixed text with numbered gaps, in each language by itself; we send its id and what goes into the
gaps, in the same language. The texts stand here too, for previews and for the outbox.

Rules: Meta refuses empty values, line breaks, tabs, more than four blanks in a row (Twilio errors 21656,
63013) and more than 1,024 characters in all (63021).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

from notifyctl.errors import RenderError
from notifyctl.templates.expiry import expires_after
from notifyctl.templates.language import candidates
from notifyctl.templates.renderer import CONTROL

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import timedelta

    from jinja2 import Template

    from notifyctl.templates.languages import Languages
    from notifyctl.templates.renderer import Renderer

__all__ = ["MAX_CHARACTERS", "RenderedWhatsApp", "WhatsAppTemplate"]

#: The most characters that a template with its variables may have.
MAX_CHARACTERS: Final = 1024

_CATEGORIES: Final = ("AUTHENTICATION", "MARKETING", "UTILITY")
_FIELDS: Final = {"category", "content_sid", "expires_after_h", "text", "values", "variables"}
_NO_SIDS: Final[Mapping[str, str]] = MappingProxyType({})
_GAP: Final = re.compile(r"\{\{(\d+)\}\}")
_CONTENT_SID: Final = re.compile(r"HX[0-9a-f]{32}")


@dataclass(frozen=True, slots=True, repr=False)
class RenderedWhatsApp:
    """What goes to the provider: values by position, ``{"1": "Ada"}``; and the text that they make.

    Attributes:
        language: Of the text, a BCP 47 tag.
        content_sid: Twilio's id of the text in that language; may be empty.
    """

    variables: Mapping[str, str]
    text: str
    language: str
    content_sid: str


@dataclass(frozen=True, slots=True)
class WhatsAppTemplate:
    """A WhatsApp template, read from ``whatsapp/<name>.toml``.

    Attributes:
        name: Such as ``order_confirmation``.
        category: Meta's word for its purpose: ``UTILITY``, ``MARKETING`` or ``AUTHENTICATION``.
        texts: The approved text with its gaps by language, the default first.
        content_sids: Twilio's ``HX…`` id by language, where the file has one; settings may name others.
        variables: Names for ``{{1}}``, ``{{2}}`` and so on, in this order. Each is the notification's
            variable of that name, or what ``[values]`` says, a Jinja2 template.
        expires_after: How long after the order a message is worth sending; None: always.
    """

    name: str
    category: str
    texts: Mapping[str, str]
    content_sids: Mapping[str, str]
    variables: tuple[str, ...]
    expires_after: timedelta | None
    _values: tuple[Template, ...] = field(repr=False)
    _renderer: Renderer = field(repr=False)
    _languages: Languages = field(repr=False)

    @classmethod
    def load(cls, name: str, fields: Mapping[str, Any], renderer: Renderer, languages: Languages) -> WhatsAppTemplate:
        """Return the template that these fields of a TOML file describe.

        Raises:
            RenderError: If a field is missing, unknown or wrong.
        """
        label = f"WhatsApp template {name!r}"
        if unknown := sorted(set(fields) - _FIELDS):
            raise RenderError(f"{label} sets {unknown[0]!r}: not a known field")
        if fields.get("category") not in _CATEGORIES:
            raise RenderError(f"{label} needs a category, one of {', '.join(_CATEGORIES)}")
        texts, content_sids = _by_language(fields, "text", label), _by_language(fields, "content_sid", label)
        if not texts:
            raise RenderError(f"{label} needs a text", hint='Put it under [text], by language: en = "…".')
        if stray := sorted(set(content_sids) - set(texts)):
            raise RenderError(f"{label} has a content_sid for {stray[0]!r}, and no text")
        if not all(_CONTENT_SID.fullmatch(sid) for sid in content_sids.values()):
            raise RenderError(f"{label}: content_sid must be HX and 32 hexadecimal digits")
        variables, sources = _variables(fields, label)
        for text in texts.values():
            _check_gaps(text, len(variables), label)
        return cls(
            name=name,
            category=fields["category"],
            texts=texts,
            content_sids=content_sids,
            variables=variables,
            expires_after=expires_after(fields, name=name),
            _values=tuple(renderer.compile(source, name=label) for source in sources),
            _renderer=renderer,
            _languages=languages,
        )

    @property
    def default_language(self) -> str:
        """The language of customers who have none of the others."""
        return next(iter(self.texts))

    @property
    def content_sid(self) -> str:
        """Twilio's id of the text in the default language; may be empty."""
        return self.content_sids.get(self.default_language, "")

    def sid(self, language: str, overrides: Mapping[str, str] = _NO_SIDS) -> str:
        """Return Twilio's id of the text in a language; empty where there is none.

        Args:
            language: One that the template has a text in.
            overrides: Ids that win over those of the file: ``order_confirmation_de``, or ``order_confirmation`` for
                the default language.
        """
        own = overrides.get(f"{self.name}_{language.lower().replace('-', '_')}", "")
        if not own and language == self.default_language:
            own = overrides.get(self.name, "")
        return own or self.content_sids.get(language, "")

    def render(
        self, variables: Mapping[str, Any], *, locale: str = "", content_sids: Mapping[str, str] = _NO_SIDS
    ) -> RenderedWhatsApp:
        """Return the values of the gaps and the whole text.

        It is in the nearest language to the customer's of those that have a ``content_sid``; where none has, of all.

        Args:
            variables: What the values are made of.
            locale: The customer's, a BCP 47 tag.
            content_sids: Ids that win over those of the file; see `sid`.

        Raises:
            RenderError: If a variable is missing, or breaks one of WhatsApp's rules.
        """
        label = f"WhatsApp template {self.name!r}"
        language = self._language(locale, content_sids)
        spoken = self._languages.exactly(language, locale)
        values = {}
        for position, (name, template) in enumerate(zip(self.variables, self._values, strict=True), start=1):
            value = self._renderer.render(template, variables, language=spoken, name=label)
            if fault := _fault(value):
                raise RenderError(f"variable {{{{{position}}}}} ({name}) of {label} {fault}")
            values[str(position)] = value

        # One pass: a value that looks like a gap stays as it is.
        text = _GAP.sub(lambda gap: values[gap[1]], self.texts[language])
        if len(text) > MAX_CHARACTERS:
            raise RenderError(
                f"{label} comes out with {len(text)} characters; WhatsApp takes {MAX_CHARACTERS}",
                hint="Shorten the variables.",
            )
        return RenderedWhatsApp(values, text, language, self.sid(language, content_sids))

    def _language(self, locale: str, content_sids: Mapping[str, str]) -> str:
        approved = [language for language in self.texts if self.sid(language, content_sids)]
        usable = {language.lower(): language for language in approved or self.texts}
        default = self.default_language if self.default_language in usable.values() else next(iter(usable.values()))
        return next((usable[tag] for tag in map(str.lower, candidates(locale)) if tag in usable), default)


def _by_language(fields: Mapping[str, Any], name: str, label: str) -> dict[str, str]:
    """Return a table of texts by language."""
    table = fields.get(name, {})
    if not isinstance(table, dict) or not all(isinstance(text, str) for text in table.values()):
        raise RenderError(f"{label}: {name} must be a table of texts by language", hint=f'[{name}] en = "…"')
    return {language: text for language, text in table.items() if text}


def _variables(fields: Mapping[str, Any], label: str) -> tuple[tuple[str, ...], list[str]]:
    """Return the variables' names in order, and for each the Jinja2 source of its value."""
    names, values = fields.get("variables", []), fields.get("values", {})
    if not isinstance(names, list) or not all(isinstance(name, str) and name.isidentifier() for name in names):
        raise RenderError(f"{label}: variables must be a list of names")
    if not isinstance(values, dict) or not all(isinstance(value, str) for value in values.values()):
        raise RenderError(f"{label}: [values] must hold texts")
    if stray := sorted(set(values) - set(names)):
        raise RenderError(f"{label}: [values] names {stray[0]!r}, which is not among its variables")
    return tuple(names), [values.get(name, f"{{{{ {name} }}}}") for name in names]


def _check_gaps(text: str, count: int, label: str) -> None:
    """Raise unless the text has the gaps 1 to count, each at least once."""
    gaps = {int(number) for number in _GAP.findall(text)}
    if gaps != set(range(1, count + 1)):
        found = ", ".join(f"{{{{{number}}}}}" for number in sorted(gaps)) or "none"
        raise RenderError(f"{label} lists {count} variables, but its text has these gaps: {found}")


def _fault(value: str) -> str:
    """Return which of WhatsApp's rules for a value this one breaks; empty if none."""
    if not value.strip():
        return "is empty"
    if CONTROL.search(value):
        return "holds a line break, a tab or another control character"
    if re.search(r"\s{5,}", value):
        return "holds more than four blanks in a row"
    return ""
