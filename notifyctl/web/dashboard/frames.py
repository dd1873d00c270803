"""Mails as documents for a sandboxed frame: no script runs, nothing is loaded, no form is sent, no window opened."""

from __future__ import annotations

from typing import Final

from fastapi.responses import HTMLResponse

__all__ = ["framed"]

_POLICY: Final = "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'self'"


def framed(html: str) -> HTMLResponse:
    """Return a mail's HTML as the document of a frame."""
    return HTMLResponse(html, headers={"Content-Security-Policy": _POLICY, "Cache-Control": "no-store"})
