"""Providers: which are asked, and taking one out for a while; for all workers at once."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Response
from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from notifyctl.access import Permission
from notifyctl.units import parse_duration
from notifyctl.views.circuits import provider_records
from notifyctl.web.answers import many, problem, records_of
from notifyctl.web.caller import Caller, allowed
from notifyctl.web.context import Core
from notifyctl.web.problems import RESPONSES
from notifyctl.web.reasons import ReasonText, Why

__all__ = ["router"]

router = APIRouter(prefix="/api/admin/providers", tags=["providers"], responses=RESPONSES)

Reader = Annotated[Caller, Depends(allowed(Permission.READ))]
Operator = Annotated[Caller, Depends(allowed(Permission.OPERATE))]
Provider = Annotated[str, Path(description="The provider's name.", examples=["sendgrid"], max_length=100)]

_MISSING = problem(404, "No provider of this name is configured.")
_NOW = records_of("provider", "The provider, once for each of its channels, as it is now.")


def _life(text: str) -> str:
    if not timedelta() < parse_duration(text) <= timedelta(days=30):
        raise ValueError("expected a duration of more than 0 and 30 days at most")
    return text


class Trip(BaseModel):
    """For how long a provider is left alone."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"for": "10m", "reason": "mails are late"}]}
    )

    for_: Annotated[
        str, AfterValidator(_life), Field(alias="for", description="Such as `10m` or `1h30m`.", max_length=50)
    ]
    reason: ReasonText = ""


@router.get(
    "", summary="List providers", responses=records_of("provider", "Providers, in the order in which they are asked.")
)
def list_providers(caller: Reader, app: Core) -> Response:
    """List the providers, channel by channel in the order in which they are asked, with their circuits."""
    del caller
    return many(provider_records(app))


@router.post("/{provider}/trip", summary="Take a provider out", responses=_NOW | _MISSING)
def trip_provider(caller: Operator, app: Core, provider: Provider, body: Trip) -> Response:
    """Ask a provider for nothing more, for a while: messages go by the next one, or wait.

    After that, one message finds out whether it works.
    """
    for_ms = round(parse_duration(body.for_).total_seconds() * 1000)
    app.switches.trip(provider, for_ms, by=caller.by, why=body.reason)
    return _now(app, provider)


@router.post("/{provider}/reset", summary="Ask a provider again", responses=_NOW | _MISSING)
def reset_provider(caller: Operator, app: Core, provider: Provider, why: Why) -> Response:
    """Ask a provider again at once, whatever it said; its failures are forgotten, and its queue goes on."""
    app.switches.reset(provider, by=caller.by, why=why)
    return _now(app, provider)


def _now(app: Core, provider: str) -> Response:
    return many(record for record in provider_records(app) if record["provider"] == provider)
