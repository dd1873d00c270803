"""The API's description, for programs."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Response

from notifyctl.access import Permission
from notifyctl.web import description
from notifyctl.web.caller import Caller, known

__all__ = ["router"]

router = APIRouter(include_in_schema=False)


@router.get("/openapi.json")
def openapi(caller: Annotated[Caller, Depends(known(*Permission))]) -> Response:
    """The API's description (OpenAPI 3.1)."""
    del caller
    return Response(description.text(), media_type="application/json")
