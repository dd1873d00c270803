"""Why somebody does something: kept in the audit log."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends
from pydantic import BaseModel, ConfigDict, Field

__all__ = ["Reason", "ReasonText", "Why"]

ReasonText = Annotated[str, Field(description="Why; kept in the audit log.", max_length=500)]


class Reason(BaseModel):
    """What may be said with any change."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"reason": "mail server mended"}]})

    reason: ReasonText = ""


def _why(body: Reason | None = None) -> str:
    return body.reason if body else ""


#: The reason of a request whose body may say one, or be left out.
Why = Annotated[str, Depends(_why)]
