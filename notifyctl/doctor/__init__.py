"""What must be right before messages go out: a list of checks, each with what to do about it.

Shown by the command line and the web alike. Reads only: it sends nothing, writes no key and makes no folder.
Knows no command line; a finding holds no secret, address or number.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from notifyctl.doctor.channels import check_email, check_sender, check_whatsapp
from notifyctl.doctor.circuits import check_circuits
from notifyctl.doctor.finding import Finding, Status
from notifyctl.doctor.limits import check_limits, check_timeouts
from notifyctl.doctor.machine import check_secrets, check_state_dir
from notifyctl.doctor.messages import check_content_sids, check_shop, check_templates
from notifyctl.doctor.server import judge_server, look_at_server
from notifyctl.doctor.spool import check_spool
from notifyctl.doctor.tokens import check_tokens
from notifyctl.doctor.workers import check_workers
from notifyctl.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable

    import redis

    from notifyctl.settings import Settings

__all__ = ["Finding", "Status", "run_checks"]

_OF_THE_FLEET = (check_workers, check_tokens)


def run_checks(settings: Settings | ConfigError, client_factory: Callable[[], redis.Redis]) -> list[Finding]:
    """Return what each check found, in the order in which things are needed.

    Args:
        settings: The settings, or the error that loading them ended in: then nothing else can be checked.
        client_factory: Makes a client of the server in use; it may start the embedded one. The client is closed.
    """
    if isinstance(settings, ConfigError):
        return [Finding("settings", Status.FAIL, settings.message, settings.hint)]
    server = look_at_server(settings, client_factory)
    return [
        _settings(settings),
        check_state_dir(settings.state_dir),
        check_secrets(settings),
        *judge_server(settings, server),
        check_spool(settings),
        check_email(settings),
        check_sender(settings),
        check_whatsapp(settings),
        *([] if isinstance(server, Finding) else check_circuits(settings, server.circuits)),
        check_content_sids(settings),
        check_limits(settings, {} if isinstance(server, Finding) else server.rates),
        check_timeouts(settings),
        check_templates(settings),
        check_shop(settings),
        *(
            []
            if isinstance(server, Finding)
            else [check_workers(settings, client_factory), check_tokens(settings, client_factory)]
        ),
    ]


def _settings(settings: Settings) -> Finding:
    places = Counter(place for place in settings.origin.values() if place != "default")
    given = ", ".join(f"{count} from {place}" for place, count in places.items()) or "all are defaults"
    return Finding("settings", Status.OK, f"namespace {settings.namespace}; {given}")
