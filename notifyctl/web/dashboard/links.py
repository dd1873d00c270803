"""The URLs of pages."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote, urlencode

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["job_url", "order_url", "url"]


def url(path: str, pairs: Sequence[tuple[str, str]] | Mapping[str, str] = ()) -> str:
    """A path with parameters."""
    query = urlencode(pairs)
    return f"{path}?{query}" if query else path


def job_url(job_id: str) -> str:
    """The page of a job."""
    return f"/jobs/{quote(job_id, safe='')}"


def order_url(order_id: str) -> str:
    """The page of an order."""
    return f"/orders/{quote(order_id, safe='')}"
