"""The tables of the HTTP side of the settings tree."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

from pydantic import Field, model_validator

from notifyctl.settings.fields import Names, PositiveDuration, ReadableFile  # noqa: TC001 - pydantic reads them
from notifyctl.settings.sections import Env, Section

__all__ = ["ServeSettings"]


class ServeSettings(Section):
    """The HTTP API and the dashboard, as `notifyctl serve` offers them.

    Attributes:
        host: Where to listen; another than this machine's own needs TLS, or a proxy that has it.
        port: Where to listen; 0: wherever is free.
        hosts: Names that requests may be addressed to; by default any, or those of this machine where only that is
            listened to.
        max_body_bytes: A longer request is refused.
        session: For how long a browser stays signed in.
        certificate, private_key: PEM files: TLS without a proxy.
        proxies: Addresses of proxies that are believed what they say of their callers, with `--behind-tls-proxy`.
    """

    host: Annotated[str, Env("NOTIFYCTL_SERVE_HOST")] = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65_535), Env("NOTIFYCTL_SERVE_PORT")] = 8765
    hosts: Annotated[Names, Env("NOTIFYCTL_SERVE_HOSTS")] = ()
    max_body_bytes: Annotated[int, Field(ge=1024), Env("NOTIFYCTL_SERVE_MAX_BODY_BYTES")] = 1024**2
    session: Annotated[PositiveDuration, Env("NOTIFYCTL_SERVE_SESSION")] = timedelta(hours=12)
    certificate: Annotated[ReadableFile | None, Env("NOTIFYCTL_SERVE_CERTIFICATE")] = None
    private_key: Annotated[ReadableFile | None, Env("NOTIFYCTL_SERVE_PRIVATE_KEY")] = None
    proxies: Annotated[Names, Env("NOTIFYCTL_SERVE_PROXIES")] = ("127.0.0.1", "::1")

    @model_validator(mode="after")
    def _whole(self) -> ServeSettings:
        if (self.certificate is None) != (self.private_key is None):
            raise ValueError("{certificate} and {private_key} are of no use without each other")
        return self
