"""Which providers are asked, in which order, and which of them are not asked now."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse

from notifyctl.access import Permission
from notifyctl.errors import InvalidInput, UnknownProvider
from notifyctl.notification import Channel
from notifyctl.units import parse_duration
from notifyctl.web.caller import Caller, signed_in
from notifyctl.web.context import Core
from notifyctl.web.dashboard.pages import redirect, render

if TYPE_CHECKING:
    from notifyctl.app import App

__all__ = ["look_at_providers", "router"]

router = APIRouter()

Visitor = Annotated[Caller, Depends(signed_in(Permission.READ))]
Operator = Annotated[Caller, Depends(signed_in(Permission.OPERATE))]


def look_at_providers(core: App) -> list[dict[str, Any]]:
    """All providers with their circuits: first by channel, then in the order in which they are asked."""
    found = [
        (channel, place, name)
        for channel in Channel
        for place, name in enumerate(core.provider_names(channel), start=1)
    ]
    circuits = core.circuits.look([name for _, _, name in found])
    return [
        {"name": name, "channel": channel.value, "place": place, "circuit": circuit, "sandbox": name == "outbox"}
        for circuit, (channel, place, name) in zip(circuits, found, strict=True)
    ]


@router.get("/providers", response_class=HTMLResponse)
def providers(request: Request, core: Core, caller: Visitor) -> HTMLResponse:
    """Show each provider and its circuit."""
    return render(request, "providers.html.j2", caller, providers=look_at_providers(core))


@router.post("/providers/{name}/trip")
def trip(
    name: str,
    core: Core,
    caller: Operator,
    time: Annotated[str, Form(max_length=20)] = "10m",
    reason: Annotated[str, Form(max_length=200)] = "",
) -> RedirectResponse:
    """Ask a provider for nothing more, for a while."""
    _channels(core, name)
    try:
        wait_ms = round(parse_duration(time).total_seconds() * 1000)
    except ValueError as error:
        raise InvalidInput(f"cannot take {name} out: {error}", hint="Such as 10m or 1h30m.") from None
    if not wait_ms:
        raise InvalidInput(f"cannot take {name} out for no time at all", hint="Such as 10m or 1h30m.")
    core.circuits.trip(name, wait_ms, reason)
    core.inspector.note("tripped", name, by=caller.by, why=reason)
    return redirect("/providers", f"{name} is not asked for {time}; then one message finds out whether it works.")


@router.post("/providers/{name}/reset")
def reset(
    name: str, core: Core, caller: Operator, reason: Annotated[str, Form(max_length=200)] = ""
) -> RedirectResponse:
    """Ask a provider again at once."""
    channels = _channels(core, name)
    core.circuits.reset(name, reason)
    for channel in channels:
        core.inspector.unblock(channel)
    core.inspector.note("reset", name, by=caller.by, why=reason)
    return redirect("/providers", f"{name} is asked again.")


def _channels(core: App, name: str) -> list[str]:
    channels = [channel.value for channel in Channel if name in core.provider_names(channel)]
    if not channels:
        raise UnknownProvider(f"no provider named {name!r} is configured")
    return channels
