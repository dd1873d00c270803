"""`notifyctl serve`: the HTTP API and the dashboard, until Ctrl-C."""

import gc
import logging
import signal
import socket
import sys
from importlib.util import find_spec
from typing import TYPE_CHECKING, Annotated

import typer

from notifyctl.cli._context import connected, load_app
from notifyctl.cli._errors import Refused
from notifyctl.cli._group import alone, examples
from notifyctl.cli._output import say
from notifyctl.views.places import server_name

if TYPE_CHECKING:
    from notifyctl.app import App

__all__ = ["app"]

app = alone()


@app.command(
    epilog=examples(
        "notifyctl serve",
        "notifyctl serve --port 9000",
        "notifyctl serve --behind-tls-proxy",
        "NOTIFYCTL_SERVE_CERTIFICATE=c.pem NOTIFYCTL_SERVE_PRIVATE_KEY=k.pem notifyctl serve --host 0.0.0.0",
    )
)
def serve(
    *,
    host: Annotated[
        str | None, typer.Option(metavar="HOST", help="Where to listen: on this machine alone, by default.")
    ] = None,
    port: Annotated[int | None, typer.Option(metavar="PORT", min=0, max=65_535, help="8765 by default.")] = None,
    behind_tls_proxy: Annotated[
        bool,
        typer.Option("--behind-tls-proxy", help="A proxy does TLS; one of NOTIFYCTL_SERVE_PROXIES is believed."),
    ] = False,
    insecure_public: Annotated[
        bool, typer.Option("--insecure-public", help="Listen beyond this machine without TLS; tokens can be read.")
    ] = False,
) -> None:
    """Serve the HTTP API and the dashboard, until Ctrl-C.

    Nobody gets in without a token: 'notifyctl token create' makes one. Beyond this machine it takes TLS: a certificate
    (NOTIFYCTL_SERVE_CERTIFICATE), or a proxy that has one.
    """
    if missing := [name for name in ("fastapi", "uvicorn", "itsdangerous", "python_multipart") if not find_spec(name)]:
        raise Refused(f"{' and '.join(missing)} cannot be found", hint="Install them: pip install 'notifyctl[web]'.")
    core = load_app(serve={"host": host, "port": port})
    _check_place(core, behind_tls_proxy=behind_tls_proxy, insecure_public=insecure_public)
    connected(core)
    settings = core.settings.serve
    logging.basicConfig(level=core.settings.log_level, format="%(asctime)s %(levelname)-7s %(name)s: %(message)s")
    with _listening(settings.host, settings.port) as listener:
        _run(core, listener, behind_tls_proxy=behind_tls_proxy, insecure=insecure_public)


def _check_place(core: "App", *, behind_tls_proxy: bool, insecure_public: bool) -> None:
    """Refuse to let tokens and sessions be read on their way.

    Raises:
        Refused: Others can reach this place, and nothing protects what they send.
    """
    from notifyctl.web.guard import is_loopback

    settings = core.settings.serve
    if is_loopback(settings.host) or settings.certificate or behind_tls_proxy or insecure_public:
        return
    raise Refused(
        f"{settings.host} can be reached from other machines, and there is no TLS",
        hint="Set NOTIFYCTL_SERVE_CERTIFICATE and NOTIFYCTL_SERVE_PRIVATE_KEY, or pass --behind-tls-proxy where a "
        "proxy does TLS, or --insecure-public if the network is trusted.",
    )


def _listening(host: str, port: int) -> socket.socket:
    """Return a socket that listens there.

    Raises:
        Refused: It cannot.
    """
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        return socket.create_server((host, port), family=family, backlog=2_048)
    except OSError as error:
        hint = "Pass another --port, or end what listens there." if "in use" in str(error) else "Check --host."
        raise Refused(f"cannot listen at {host}:{port}: {error.strerror}", hint=hint) from error


def _tell(core: "App", port: int, *, insecure: bool) -> None:
    from notifyctl.errors import BrokerUnavailable

    settings = core.settings.serve
    if insecure:
        say("warning: what is sent here can be read on its way: there is no TLS")
    try:
        if not any(token.revoked_at_ms == 0 for token in core.tokens.all()):
            say("note: there is no token yet: 'notifyctl token create NAME --role operator' makes one")
    except BrokerUnavailable as error:
        say(f"warning: {error.message}; {error.hint}")
    place = f"[{settings.host}]" if ":" in settings.host else settings.host
    scheme = "https" if settings.certificate else "http"
    say(f"serving {scheme}://{place}:{port} on {server_name(core.target)}; Ctrl-C ends in order")


def _settle(core: "App") -> None:
    """Load what requests need before the first one comes, and let the garbage collector leave it alone from then on.

    What is loaded stays: to go through it again and again takes a tenth of the time of a busy server.
    """
    _ = core.doors.orders, core.doors.messages, core.doors.reception
    gc.collect()
    gc.freeze()


def _run(core: "App", listener: socket.socket, *, behind_tls_proxy: bool, insecure: bool) -> None:
    """Serve until a signal, then end what is under way."""
    import uvicorn

    from notifyctl.web import create_app
    from notifyctl.web.guard import Limits
    from notifyctl.web.wire import OPTIONS, Server

    settings = core.settings.serve
    web = create_app(core, Limits.of(core.settings, behind_proxy=behind_tls_proxy))
    config = uvicorn.Config(
        web,
        **OPTIONS,
        log_level="warning",
        proxy_headers=behind_tls_proxy,
        forwarded_allow_ips=list(settings.proxies),
        ssl_certfile=settings.certificate,
        ssl_keyfile=settings.private_key,
        timeout_graceful_shutdown=10,
    )
    _settle(core)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())  # before uvicorn listens to it, and once it has ended in order
    try:
        _tell(core, listener.getsockname()[1], insecure=insecure)
        Server(config).run([listener])
    except KeyboardInterrupt:
        pass
    finally:
        core.close()
