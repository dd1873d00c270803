"""What routes are given: the application's parts."""

from __future__ import annotations

from typing import Annotated, cast

from fastapi import Depends, Request

from notifyctl.app import App

__all__ = ["Core", "core", "core_of"]


def core_of(request: Request) -> App:
    """The parts that this server was made for; for routes that are in a hurry, without a dependency."""
    return cast("App", request.app.state.core)


async def core(request: Request) -> App:
    """The same as a dependency; it takes no thread."""
    return core_of(request)


Core = Annotated[App, Depends(core)]
