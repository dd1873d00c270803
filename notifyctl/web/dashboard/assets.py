"""The style sheet, the script and the sign of the pages: files whose URL changes with their content."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fastapi.staticfiles import StaticFiles

if TYPE_CHECKING:
    from starlette.responses import Response

__all__ = ["Assets", "asset_url"]

_FOLDER = Path(__file__).parent / "static"


@cache
def asset_url(name: str) -> str:
    """The URL of a file; another one when its content changes, so that a browser may keep it for good."""
    return f"/static/{name}?v={hashlib.sha256((_FOLDER / name).read_bytes()).hexdigest()[:12]}"


class Assets(StaticFiles):
    """Serves the files."""

    def __init__(self) -> None:
        super().__init__(directory=_FOLDER)

    def file_response(self, *args: Any, **kwargs: Any) -> Response:
        """Let browsers keep what they got."""
        answer = super().file_response(*args, **kwargs)
        answer.headers["Cache-Control"] = "public, max-age=31536000, immutable"
        return answer
