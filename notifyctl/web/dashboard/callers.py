"""Whom pages are for: somebody who is signed in, and may do what the page does."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends

from notifyctl.access import Permission
from notifyctl.web.caller import Caller, signed_in

__all__ = ["Operator", "Repairer", "Revealer", "Visitor"]

Visitor = Annotated[Caller, Depends(signed_in(Permission.READ))]
Revealer = Annotated[Caller, Depends(signed_in(Permission.REVEAL))]
Repairer = Annotated[Caller, Depends(signed_in(Permission.REPAIR))]
Operator = Annotated[Caller, Depends(signed_in(Permission.OPERATE))]
