"""A mail's texts: subject, plain body and, where there is one, an HTML body, filled in together.

Mail programs know little of style sheets. Where an HTML body has one that is marked ``data-css-inline="keep"``, its
others are taken out and their rules written into the tags; a body without a mark stays as it is. That is left out where
a mail is only tried.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any, Final

from notifyctl.errors import InvalidInput, RenderError
from notifyctl.templates.expiry import expires_after
from notifyctl.templates.renderer import CONTROL

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import timedelta

    from css_inline import CSSInliner

    from notifyctl.templates.languages import Languages
    from notifyctl.templates.renderer import Renderer

__all__ = ["EmailTemplate", "RenderedEmail"]

_MARK: Final = 'data-css-inline="keep"'


@dataclass(frozen=True, slots=True, repr=False)
class RenderedEmail:
    """A mail's texts with everything put in.

    Attributes:
        language: Of the texts, a BCP 47 tag.
    """

    subject: str
    text: str
    html: str
    language: str


@dataclass(frozen=True, slots=True)
class EmailTemplate:
    """A mail template.

    Attributes:
        name: Such as ``order_confirmation``.
        expires_after: How long after the order a mail is worth sending; None: always.
        has_html: Whether there is an HTML body.
        language: What its texts are in, whatever the customer's language; empty: in the customer's, if it is known.
    """

    name: str
    expires_after: timedelta | None
    has_html: bool
    language: str
    _renderer: Renderer = field(repr=False)
    _languages: Languages = field(repr=False)

    @classmethod
    def load(
        cls, name: str, meta: Mapping[str, Any], renderer: Renderer, languages: Languages, *, has_html: bool
    ) -> EmailTemplate:
        """Return the template that the renderer knows as ``email/<name>/…``.

        Raises:
            RenderError: If the metadata has something wrong.
        """
        if unknown := sorted(set(meta) - {"expires_after_h", "language"}):
            raise RenderError(f"meta.toml of email template {name!r} sets {unknown[0]!r}: not a known field")
        language = meta.get("language", "")
        if not isinstance(language, str):
            raise RenderError(f"meta.toml of email template {name!r}: language must be a tag such as de")
        return cls(name, expires_after(meta, name=name), has_html, language, renderer, languages)

    def render(self, variables: Mapping[str, Any], *, locale: str = "", finish: bool = True) -> RenderedEmail:
        """Return the texts with the variables put in.

        Args:
            variables: What the texts use.
            locale: The customer's, a BCP 47 tag.
            finish: Whether to write the style sheet into the tags: not needed where a mail is only tried.

        Raises:
            RenderError: If a variable is missing or unusable, or the subject comes out empty.
            InvalidInput: If the subject comes out with a line break or another control character in it.
        """
        languages = self._languages
        language = languages.exactly(self.language, locale) if self.language else languages.nearest(locale)
        parts = ("subject.txt", "body.txt", "body.html") if self.has_html else ("subject.txt", "body.txt")
        filled = (self._renderer.render(f"email/{self.name}/{part}.j2", variables, language=language) for part in parts)
        subject, text, *html = filled
        subject = subject.removesuffix("\n")
        if CONTROL.search(subject):
            raise InvalidInput(
                f"the subject of email template {self.name!r} must be one line",
                hint="One of the variables that it uses holds a line break or a control character.",
            )
        if not subject.strip():
            raise RenderError(f"the subject of email template {self.name!r} comes out empty")
        body = "".join(html)
        return RenderedEmail(subject, _tidy(text), _inlined(body) if finish else body, language.tag)


def _tidy(text: str) -> str:
    """Return a plain text without blanks at the end of lines and with one empty line where there are more."""
    lines = "\n".join(line.rstrip(" ") for line in text.splitlines())
    return re.sub(r"\n{3,}", "\n\n", lines).strip("\n") + "\n"


def _inlined(html: str) -> str:
    """Return a page with its style sheets' rules in the tags that they are for."""
    return _inliner().inline(html) if _MARK in html else html


@cache
def _inliner() -> CSSInliner:
    from css_inline import CSSInliner  # noqa: PLC0415 - only what makes a mail needs it

    return CSSInliner(load_remote_stylesheets=False, minify_css=True)
