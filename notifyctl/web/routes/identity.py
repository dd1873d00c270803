"""Who the caller is, as the server sees it."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Response

from notifyctl.access import Permission
from notifyctl.clock import now_ms
from notifyctl.views.tokens import token_record
from notifyctl.web.answers import one, record_of
from notifyctl.web.caller import Caller, allowed
from notifyctl.web.context import Core
from notifyctl.web.problems import RESPONSES

__all__ = ["router"]

router = APIRouter(prefix="/api", tags=["identity"], responses=RESPONSES)


@router.get("/whoami", summary="Show the token in use", responses=record_of("token", "The token, without its secret."))
def show_token(caller: Annotated[Caller, Depends(allowed(*Permission))], app: Core) -> Response:
    """Show the name, role and end of the token that this request was made with."""
    return one(token_record(app.tokens.get(caller.token_id), at_ms=now_ms()))
