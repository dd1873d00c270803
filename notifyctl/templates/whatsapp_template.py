"""A WhatsApp template: the order of its variables, what they say, and WhatsApp's rules for them.

WhatsApp approves a fixed text with numbered gaps; we send its id and what goes into the gaps. The text stands
here too, for previews and for the outbox.

Rules: Meta refuses empty values, line breaks, tabs, more than four blanks in a row (Twilio errors 21656,
63013) and more than 1,024 characters in all (63021).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from notifyctl.errors import RenderError
from notifyctl.templates.expiry import expires_after
from notifyctl.templates.renderer import CONTROL

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import timedelta

    from jinja2 import Template

    from notifyctl.templates.renderer import Renderer

__all__ = ["MAX_CHARACTERS", "RenderedWhatsApp", "WhatsAppTemplate"]

#: The most characters that a template with its variables may have.
MAX_CHARACTERS: Final = 1024

_CATEGORIES: Final = ("AUTHENTICATION", "MARKETING", "UTILITY")
_FIELDS: Final = {"category", "content_sid", "expires_after_h", "language", "text", "values", "variables"}
_GAP: Final = re.compile(r"\{\{(\d+)\}\}")
_CONTENT_SID: Final = re.compile(r"HX[0-9a-f]{32}")


@dataclass(frozen=True, slots=True, repr=False)
class RenderedWhatsApp:
    """What goes to the provider: values by position, ``{"1": "Ada"}``; and the text that they make."""

    variables: Mapping[str, str]
    text: str


@dataclass(frozen=True, slots=True)
class WhatsAppTemplate:
    """A WhatsApp template, read from ``whatsapp/<name>.toml``.

    Attributes:
        name: Such as ``order_confirmation``.
        language: BCP 47 tag of the approved text.
        category: Meta's word for its purpose: ``UTILITY``, ``MARKETING`` or ``AUTHENTICATION``.
        content_sid: Twilio's ``HX…`` id; may be empty, settings may name it.
        variables: Names for ``{{1}}``, ``{{2}}`` and so on, in this order. Each is the notification's
            variable of that name, or what ``[values]`` says, a Jinja2 template.
        text: The approved text with its gaps.
        expires_after: How long after the order a message is worth sending; None: always.
    """

    name: str
    language: str
    category: str
    content_sid: str
    variables: tuple[str, ...]
    text: str
    expires_after: timedelta | None
    _values: tuple[Template, ...] = field(repr=False)
    _renderer: Renderer = field(repr=False)

    @classmethod
    def load(cls, name: str, fields: Mapping[str, Any], renderer: Renderer) -> WhatsAppTemplate:
        """Return the template that these fields of a TOML file describe.

        Raises:
            RenderError: If a field is missing, unknown or wrong.
        """
        label = f"WhatsApp template {name!r}"
        if unknown := sorted(set(fields) - _FIELDS):
            raise RenderError(f"{label} sets {unknown[0]!r}: not a known field")
        texts = {key: fields.get(key, "") for key in ("category", "content_sid", "language", "text")}
        if not all(isinstance(text, str) for text in texts.values()):
            raise RenderError(f"{label}: {', '.join(texts)} must be texts")
        if not texts["text"] or not texts["language"]:
            raise RenderError(f"{label} needs a language and a text")
        if texts["category"] not in _CATEGORIES:
            raise RenderError(f"{label} needs a category, one of {', '.join(_CATEGORIES)}")
        if texts["content_sid"] and not _CONTENT_SID.fullmatch(texts["content_sid"]):
            raise RenderError(f"{label}: content_sid must be HX and 32 hexadecimal digits")
        variables, sources = _variables(fields, label)
        _check_gaps(texts["text"], len(variables), label)
        return cls(
            name=name,
            variables=variables,
            expires_after=expires_after(fields, name=name),
            _values=tuple(renderer.compile(source, name=label) for source in sources),
            _renderer=renderer,
            **texts,
        )

    def render(self, variables: Mapping[str, Any]) -> RenderedWhatsApp:
        """Return the values of the gaps and the whole text.

        Raises:
            RenderError: If a variable is missing, or breaks one of WhatsApp's rules.
        """
        label = f"WhatsApp template {self.name!r}"
        values = {}
        for position, (name, template) in enumerate(zip(self.variables, self._values, strict=True), start=1):
            value = self._renderer.render(template, variables, name=label)
            if fault := _fault(value):
                raise RenderError(f"variable {{{{{position}}}}} ({name}) of {label} {fault}")
            values[str(position)] = value

        # One pass: a value that looks like a gap stays as it is.
        text = _GAP.sub(lambda gap: values[gap[1]], self.text)
        if len(text) > MAX_CHARACTERS:
            raise RenderError(
                f"{label} comes out with {len(text)} characters; WhatsApp takes {MAX_CHARACTERS}",
                hint="Shorten the variables.",
            )
        return RenderedWhatsApp(values, text)


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
