"""What routes are given: the application's parts."""

from __future__ import annotations

from typing import Annotated, cast

from fastapi import Depends, Request

from notifyctl.app import App

__all__ = ["Core", "core"]


async def core(request: Request) -> App:  # without a thread for it
    """The parts that this server was made for."""
    return cast("App", request.app.state.core)


Core = Annotated[App, Depends(core)]
