"""A mail's texts: subject, plain body and, where there is one, an HTML body, filled in together."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from notifyctl.errors import InvalidInput, RenderError
from notifyctl.templates.expiry import expires_after
from notifyctl.templates.renderer import CONTROL

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import timedelta

    from notifyctl.templates.renderer import Renderer

__all__ = ["EmailTemplate", "RenderedEmail"]


@dataclass(frozen=True, slots=True, repr=False)
class RenderedEmail:
    """A mail's texts with everything put in."""

    subject: str
    text: str
    html: str


@dataclass(frozen=True, slots=True)
class EmailTemplate:
    """A mail template.

    Attributes:
        name: Such as ``order_confirmation``.
        expires_after: How long after the order a mail is worth sending; None: always.
        has_html: Whether there is an HTML body.
    """

    name: str
    expires_after: timedelta | None
    has_html: bool
    _renderer: Renderer = field(repr=False)

    @classmethod
    def load(cls, name: str, meta: Mapping[str, Any], renderer: Renderer, *, has_html: bool) -> EmailTemplate:
        """Return the template that the renderer knows as ``email/<name>/…``.

        Raises:
            RenderError: If the metadata has something wrong.
        """
        if unknown := sorted(set(meta) - {"expires_after_h"}):
            raise RenderError(f"meta.toml of email template {name!r} sets {unknown[0]!r}: not a known field")
        return cls(name, expires_after(meta, name=name), has_html, renderer)

    def render(self, variables: Mapping[str, Any]) -> RenderedEmail:
        """Return the texts with the variables put in.

        Raises:
            RenderError: If a variable is missing or unusable, or the subject comes out empty.
            InvalidInput: If the subject comes out with a line break or another control character in it.
        """
        parts = ("subject.txt", "body.txt", "body.html") if self.has_html else ("subject.txt", "body.txt")
        subject, text, *html = (self._renderer.render(f"email/{self.name}/{part}.j2", variables) for part in parts)
        if CONTROL.search(subject):
            raise InvalidInput(
                f"the subject of email template {self.name!r} must be one line",
                hint="One of the variables that it uses holds a line break or a control character.",
            )
        if not subject.strip():
            raise RenderError(f"the subject of email template {self.name!r} comes out empty")
        return RenderedEmail(subject, text, "".join(html))
