"""The tables of the settings tree: each a frozen model whose fields say which environment variable sets them.

A field's key in `notifyctl.toml` is its alias or name inside its table; `Env` gives the variable. What two
settings must agree on is checked here; a message names settings of its own table in braces, and whoever
reports it puts in the name that the user wrote. Knows no file and no environment.
"""

from __future__ import annotations

import re
from collections.abc import Mapping  # noqa: TC003 - pydantic reads the annotations
from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated, Any, Literal
from urllib.parse import quote, urlsplit

from pydantic import BaseModel, ConfigDict, Field, SecretStr, model_validator

from notifyctl.settings.fields import (
    AccountSid,
    ApiKeySid,
    BaseUrl,
    Colour,
    ContentSid,
    Delays,
    Line,
    Lines,
    LookUps,
    MailAddress,
    Mailbox,
    MailboxField,
    MessagingServiceSid,
    Port,
    PositiveDuration,
    RateField,
    RedisUrl,
    SmtpTls,
    WaitTimeout,
    WebAddress,
    WhatsAppNumber,
)
from notifyctl.units import Rate

__all__ = [
    "CircuitSettings",
    "EmailSettings",
    "Env",
    "QueueSettings",
    "RedisSettings",
    "RetentionSettings",
    "Section",
    "SendGridSettings",
    "ShopSettings",
    "SmtpSettings",
    "SpoolSettings",
    "TwilioSettings",
    "WhatsAppSettings",
]

_DEFAULT_DELAYS = (timedelta(seconds=2), timedelta(seconds=4), timedelta(seconds=8))
_DEFAULT_LOOK_UPS = (timedelta(seconds=60), timedelta(seconds=120))
#: What follows where nobody can say whether a message was sent.
UnknownOutcome = Literal["resend", "hold"]


@dataclass(frozen=True, slots=True)
class Env:
    """The environment variable of a setting.

    Attributes:
        name: The variable; for a table of values, the prefix of its variables.
        prefix: Whether it is such a prefix: what follows it, in lower case, is the key in the table.
        empty: Whether an empty value means something; elsewhere it counts as not given.
    """

    name: str
    prefix: bool = False
    empty: bool = False


class Section(BaseModel):
    """A table: frozen, closed, and with no value in any error."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", hide_input_in_errors=True, validate_by_name=True, validate_by_alias=True
    )


class RedisSettings(Section):
    """Where the queue lives. Nothing given means the embedded server.

    Attributes:
        url: `redis://`, `rediss://`, `unix://`, `redis+sentinel://`, `redis+cluster://`; it wins over the parts.
        host, port, username, password: The same in parts, for one server.
        wait_replicas: So many replicas must have a job before it counts as queued; 0 = the primary alone.
        wait_timeout: How long to wait for them.
    """

    url: Annotated[RedisUrl | None, Env("REDIS_URL")] = None
    host: Annotated[str | None, Env("REDIS_HOST")] = None
    port: Annotated[Port, Env("REDIS_PORT")] = 6379
    username: Annotated[str | None, Env("REDIS_USERNAME")] = None
    password: Annotated[SecretStr | None, Env("REDIS_PASSWORD")] = None
    wait_replicas: Annotated[int, Field(ge=0, le=10), Env("REDIS_WAIT_REPLICAS")] = 0
    wait_timeout: Annotated[WaitTimeout, Env("REDIS_WAIT_TIMEOUT")] = timedelta(milliseconds=100)

    @model_validator(mode="after")
    def _whole(self) -> RedisSettings:
        if self.target() is None:
            for name in sorted(self.model_fields_set & {"port", "username", "password"}):
                raise ValueError(f"{{{name}}} is of no use without {{host}}")
            if self.wait_replicas:
                raise ValueError("{wait_replicas} is of no use without {url}: the embedded server has no replicas")
        if self.username is not None and self.password is None:
            raise ValueError("{username} needs {password}")
        return self

    def target(self) -> str | None:
        """Return the URL to connect to, with its password; None for the embedded server."""
        if self.url is not None:
            return self.url.get_secret_value()
        if self.host is None:
            return None
        host = f"[{self.host}]" if ":" in self.host else self.host
        user = quote(self.username or "", safe="")
        login = f"{user}:{quote(self.password.get_secret_value(), safe='')}@" if self.password else ""
        return f"redis://{login}{host}:{self.port}/0"

    def name(self) -> str:
        """Return what tells this server from others: no user, no password, the same however it is written."""
        target = self.target()
        if target is None:
            return "embedded"
        parts = urlsplit(target)
        place = parts.netloc.rpartition("@")[2].lower()
        if parts.scheme not in ("redis", "rediss"):
            return f"{parts.scheme}://{place}{parts.path}"
        port = "" if re.search(r":\d+$", place) else ":6379"
        return f"{parts.scheme}://{place}{port}/{parts.path.strip('/') or '0'}"


class SendGridSettings(Section):
    """SendGrid's Mail Send API.

    Attributes:
        api_key: Starts with `SG.`; unset means that SendGrid is not used.
        host: Base URL; `https://api.eu.sendgrid.com` for EU subusers.
    """

    api_key: Annotated[SecretStr | None, Env("SENDGRID_API_KEY")] = None
    host: Annotated[BaseUrl, Env("SENDGRID_HOST")] = "https://api.sendgrid.com"


class SmtpSettings(Section):
    """A mail server: the fallback, or the only way.

    Attributes:
        host: Unset means that SMTP is not used.
        tls: How the connection is protected.
        port: By default what goes with `tls`: 587, 465, 25.
        username, password: Both or none.
        answer_timeout: How long the server may think about a whole mail, beyond `send_timeout`.
    """

    host: Annotated[str | None, Env("SMTP_HOST")] = None
    tls: Annotated[SmtpTls, Env("SMTP_TLS")] = SmtpTls.STARTTLS
    port: Annotated[Port, Env("SMTP_PORT")] = Field(
        default_factory=lambda given: given.get("tls", SmtpTls.STARTTLS).port
    )
    username: Annotated[str | None, Env("SMTP_USERNAME")] = None
    password: Annotated[SecretStr | None, Env("SMTP_PASSWORD")] = None
    answer_timeout: Annotated[PositiveDuration, Env("SMTP_ANSWER_TIMEOUT")] = timedelta(seconds=15)

    @model_validator(mode="after")
    def _whole(self) -> SmtpSettings:
        if self.username is not None and self.password is None:
            raise ValueError("{username} needs {password}")
        if self.password is not None and self.username is None:
            raise ValueError("{password} needs {username}")
        if self.username is not None and self.host is None:
            raise ValueError("{username} is of no use without {host}")
        return self


class TwilioSettings(Section):
    """Twilio's WhatsApp API.

    Attributes:
        account_sid: `AC…`; unset means that Twilio is not used.
        auth_token: Also checks the signature of receipts.
        api_key_sid, api_key_secret: `SK…` and its secret: used instead of the token to send, where given.
        whatsapp_from: The sender in E.164 form, without `whatsapp:`.
        messaging_service_sid: `MG…`, instead of a sender of its own.
        base_url: Another host than Twilio's own; for tests and proxies.
    """

    account_sid: Annotated[AccountSid | None, Env("TWILIO_ACCOUNT_SID")] = None
    auth_token: Annotated[SecretStr | None, Env("TWILIO_AUTH_TOKEN")] = None
    api_key_sid: Annotated[ApiKeySid | None, Env("TWILIO_API_KEY_SID")] = None
    api_key_secret: Annotated[SecretStr | None, Env("TWILIO_API_KEY_SECRET")] = None
    whatsapp_from: Annotated[WhatsAppNumber | None, Env("TWILIO_WHATSAPP_FROM")] = None
    messaging_service_sid: Annotated[MessagingServiceSid | None, Env("TWILIO_MESSAGING_SERVICE_SID")] = None
    base_url: Annotated[BaseUrl | None, Env("TWILIO_BASE_URL")] = None

    @model_validator(mode="after")
    def _whole(self) -> TwilioSettings:
        if self.api_key_sid is not None and self.api_key_secret is None:
            raise ValueError("{api_key_sid} needs {api_key_secret}")
        if self.api_key_secret is not None and self.api_key_sid is None:
            raise ValueError("{api_key_secret} needs {api_key_sid}")
        if self.account_sid is not None and self.auth_token is None and self.api_key_sid is None:
            raise ValueError("{account_sid} needs {auth_token}, or {api_key_sid} with {api_key_secret}")
        for name in ("auth_token", "api_key_sid"):
            if getattr(self, name) is not None and self.account_sid is None:
                raise ValueError(f"{{{name}}} needs {{account_sid}}")
        return self


class QueueSettings(Section):
    """How a queue is worked on.

    Attributes:
        rate: The most that may be sent, over all workers.
        concurrency: Threads in one worker process.
        retry_delays: How long to wait before each retry; as many retries as there are delays.
        look_ups: How long after a send came into doubt it is looked up what became of it.
        unknown_outcome: If nothing was found then: `resend` sends it once more, maybe a duplicate; `hold` puts it among
            the dead letters.
    """

    rate: RateField
    concurrency: Annotated[int, Field(ge=1, le=1_000)]
    retry_delays: Delays = _DEFAULT_DELAYS
    look_ups: LookUps = _DEFAULT_LOOK_UPS
    unknown_outcome: UnknownOutcome = "resend"


class EmailSettings(QueueSettings):
    """The email queue and what every mail has in common.

    Attributes:
        mailbox: `From`: `orders@example.com` or `Name <orders@example.com>`; called `from` in the file.
        reply_to_mailbox: `Reply-To`, an address; called `reply_to` in the file.
    """

    mailbox: Annotated[MailboxField, Env("EMAIL_FROM")] = Field(default=Mailbox(), alias="from")
    reply_to_mailbox: Annotated[MailboxField, Env("EMAIL_REPLY_TO")] = Field(default=Mailbox(), alias="reply_to")
    rate: Annotated[RateField, Env("NOTIFYCTL_EMAIL_RATE")] = Rate(10)
    concurrency: Annotated[int, Field(ge=1, le=1_000), Env("NOTIFYCTL_EMAIL_CONCURRENCY")] = 5
    retry_delays: Annotated[Delays, Env("NOTIFYCTL_EMAIL_RETRY_DELAYS", empty=True)] = _DEFAULT_DELAYS
    look_ups: Annotated[LookUps, Env("NOTIFYCTL_EMAIL_LOOK_UPS", empty=True)] = _DEFAULT_LOOK_UPS
    unknown_outcome: Annotated[UnknownOutcome, Env("NOTIFYCTL_EMAIL_UNKNOWN_OUTCOME")] = "resend"

    @property
    def sender(self) -> str:
        """The address in `From`; empty when unset."""
        return self.mailbox.address

    @property
    def sender_name(self) -> str:
        """The name in `From`; may be empty."""
        return self.mailbox.name

    @property
    def reply_to(self) -> str:
        """The address in `Reply-To`; empty when unset."""
        return self.reply_to_mailbox.address


class WhatsAppSettings(QueueSettings):
    """The WhatsApp queue and the approved templates.

    Attributes:
        content_sids: Twilio's `HX…` id of each approved text, by the template's name and language: `order_shipped_de`;
            the name alone is that in the template's first language. It wins over the one in the template's file.
    """

    content_sids: Annotated[
        Mapping[str, ContentSid],
        Env("NOTIFYCTL_CONTENT_SID_", prefix=True),
    ] = Field(default_factory=dict)
    rate: Annotated[RateField, Env("NOTIFYCTL_WHATSAPP_RATE")] = Rate(5)
    concurrency: Annotated[int, Field(ge=1, le=1_000), Env("NOTIFYCTL_WHATSAPP_CONCURRENCY")] = 3
    retry_delays: Annotated[Delays, Env("NOTIFYCTL_WHATSAPP_RETRY_DELAYS", empty=True)] = _DEFAULT_DELAYS
    look_ups: Annotated[LookUps, Env("NOTIFYCTL_WHATSAPP_LOOK_UPS", empty=True)] = _DEFAULT_LOOK_UPS
    unknown_outcome: Annotated[UnknownOutcome, Env("NOTIFYCTL_WHATSAPP_UNKNOWN_OUTCOME")] = "hold"


class CircuitSettings(Section):
    """When a provider is left alone, and for how long.

    Attributes:
        threshold: So many failures of the provider itself in a row open its circuit.
        cool_down: For so long at first; doubled each time that it fails again.
        max_cool_down: The longest that this becomes.
        account_cool_down: For so long when the provider refuses the account.
    """

    threshold: Annotated[int, Field(ge=1, le=1_000), Env("NOTIFYCTL_CIRCUIT_THRESHOLD")] = 5
    cool_down: Annotated[PositiveDuration, Env("NOTIFYCTL_CIRCUIT_COOL_DOWN")] = timedelta(seconds=10)
    max_cool_down: Annotated[PositiveDuration, Env("NOTIFYCTL_CIRCUIT_MAX_COOL_DOWN")] = timedelta(seconds=60)
    account_cool_down: Annotated[PositiveDuration, Env("NOTIFYCTL_CIRCUIT_ACCOUNT_COOL_DOWN")] = timedelta(seconds=30)

    @model_validator(mode="after")
    def _whole(self) -> CircuitSettings:
        if self.max_cool_down < self.cool_down:
            raise ValueError("{max_cool_down} must not be below {cool_down}")
        return self


class RetentionSettings(Section):
    """How long finished jobs stay visible; dead ones stay until somebody decides.

    Attributes:
        completed, cancelled: How long such jobs are kept.
        failed: How long a burial counts in `failed`.
    """

    completed: Annotated[PositiveDuration, Env("NOTIFYCTL_COMPLETED_RETENTION")] = timedelta(hours=24)
    failed: Annotated[PositiveDuration, Env("NOTIFYCTL_FAILED_RETENTION")] = timedelta(days=7)
    cancelled: Annotated[PositiveDuration, Env("NOTIFYCTL_CANCELLED_RETENTION")] = timedelta(hours=24)


class SpoolSettings(Section):
    """Where messages are kept while Redis is away.

    Attributes:
        enabled: Off: a call raises at once.
        max_bytes: How large its file may become; after that a call raises.
    """

    enabled: Annotated[bool, Env("NOTIFYCTL_SPOOL")] = True
    max_bytes: Annotated[int, Field(ge=1024**2), Env("NOTIFYCTL_SPOOL_MAX_BYTES")] = 256 * 1024**2


class ShopSettings(Section):
    """What templates say about the shop, and the look that they give its mails.

    Attributes:
        name: As customers know it.
        url, support_email, logo_url: May be empty.
        color: Of buttons and of the line on top: `#1f4d3f`.
        address, footer: At the end of each mail; may have several lines, may be empty.
    """

    name: Annotated[Line, Env("NOTIFYCTL_SHOP_NAME")] = "Our shop"
    url: Annotated[WebAddress, Env("NOTIFYCTL_SHOP_URL")] = ""
    support_email: Annotated[MailAddress, Env("NOTIFYCTL_SHOP_SUPPORT_EMAIL")] = ""
    logo_url: Annotated[WebAddress, Env("NOTIFYCTL_SHOP_LOGO_URL")] = ""
    color: Annotated[Colour, Env("NOTIFYCTL_SHOP_COLOR")] = "#1f4d3f"
    address: Annotated[Lines, Env("NOTIFYCTL_SHOP_ADDRESS")] = ""
    footer: Annotated[Lines, Env("NOTIFYCTL_SHOP_FOOTER")] = ""


def settings_table(annotation: Any) -> type[Section] | None:
    """Return a field's annotation if it is a table, else None."""
    return annotation if isinstance(annotation, type) and issubclass(annotation, Section) else None
