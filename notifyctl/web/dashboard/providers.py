"""Which providers are asked, in which order, and which of them are not asked now."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse

from notifyctl.errors import InvalidInput
from notifyctl.units import parse_duration
from notifyctl.web.context import Core
from notifyctl.web.dashboard.callers import Operator, Visitor
from notifyctl.web.dashboard.pages import redirect, render

if TYPE_CHECKING:
    from notifyctl.app import App

__all__ = ["look_at_providers", "router"]

router = APIRouter()


def look_at_providers(core: App) -> list[dict[str, Any]]:
    """All providers with their circuits: first by channel, then in the order in which they are asked."""
    found = core.switches.places()
    circuits = core.circuits.look([name for name, _, _ in found])
    return [
        {"name": name, "channel": channel.value, "place": place, "circuit": circuit, "sandbox": name == "outbox"}
        for circuit, (name, channel, place) in zip(circuits, found, strict=True)
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
    try:
        wait_ms = round(parse_duration(time).total_seconds() * 1000)
    except ValueError as error:
        raise InvalidInput(f"cannot take {name} out: {error}", hint="Such as 10m or 1h30m.") from None
    if not wait_ms:
        raise InvalidInput(f"cannot take {name} out for no time at all", hint="Such as 10m or 1h30m.")
    core.switches.trip(name, wait_ms, by=caller.by, why=reason)
    return redirect("/providers", f"{name} is not asked for {time}; then one message finds out whether it works.")


@router.post("/providers/{name}/reset")
def reset(
    name: str, core: Core, caller: Operator, reason: Annotated[str, Form(max_length=200)] = ""
) -> RedirectResponse:
    """Ask a provider again at once."""
    core.switches.reset(name, by=caller.by, why=reason)
    return redirect("/providers", f"{name} is asked again.")
