"""The settings tree itself: which tables and values there are, and how it is loaded."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self

from pydantic import Field, PrivateAttr, ValidationError
from pydantic_settings import BaseSettings, InitSettingsSource, PydanticBaseSettingsSource, SettingsConfigDict

from notifyctl.settings.faults import config_error
from notifyctl.settings.fields import (
    CountryCode,
    Duration,
    Folder,
    LogLevel,
    Namespace,
    PositiveDuration,
    PseudonymSecret,
    ReadableFolder,
    default_state_dir,
)
from notifyctl.settings.hooks import HooksSettings
from notifyctl.settings.messages import MessagesSettings, OrdersSettings
from notifyctl.settings.sections import (
    CircuitSettings,
    EmailSettings,
    Env,
    QueueSettings,
    RedisSettings,
    RetentionSettings,
    SendGridSettings,
    ShopSettings,
    SmtpSettings,
    SpoolSettings,
    TwilioSettings,
    WhatsAppSettings,
)
from notifyctl.settings.serve import ServeSettings
from notifyctl.settings.sources import Setting, known_settings, layers

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["Settings"]


class Settings(BaseSettings):
    """All settings, read once.

    Attributes:
        namespace: The first part of every key in Redis.
        state_dir: Where data of this machine lives: the embedded server's, the spool's, the outbox's.
        outbox_dir: Where the sandbox providers put what they would have sent.
        templates_dir: The shop's own templates, looked at before the built-in ones.
        pseudonym_secret: Keys the hashes that stand for addresses.
        processes: Worker processes of one `notifyctl worker`.
        drain_timeout: How long a stopping worker waits for sends in progress.
        send_timeout: How long a provider may take over one message, name look-up and last byte included.
        default_region: The country of phone numbers written without one.
        log_level: As `logging` calls it.
        provider: `outbox` sends nothing, whatever credentials there are.
    """

    model_config = SettingsConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    namespace: Annotated[Namespace, Env("NOTIFYCTL_NAMESPACE")] = "notifyctl"
    state_dir: Annotated[Folder, Env("NOTIFYCTL_STATE_DIR")] = Field(default_factory=default_state_dir)
    outbox_dir: Annotated[Folder, Env("NOTIFYCTL_OUTBOX_DIR")] = Field(
        default_factory=lambda given: given.get("state_dir", Path()) / "outbox"
    )
    templates_dir: Annotated[ReadableFolder | None, Env("NOTIFYCTL_TEMPLATES_DIR")] = None
    pseudonym_secret: Annotated[PseudonymSecret | None, Env("NOTIFYCTL_PSEUDONYM_SECRET")] = None
    processes: Annotated[int, Field(ge=1, le=256), Env("NOTIFYCTL_PROCESSES")] = 1
    drain_timeout: Annotated[Duration, Env("NOTIFYCTL_DRAIN_TIMEOUT")] = timedelta(seconds=30)
    send_timeout: Annotated[PositiveDuration, Env("NOTIFYCTL_SEND_TIMEOUT")] = timedelta(seconds=8)
    default_region: Annotated[CountryCode | None, Env("NOTIFYCTL_DEFAULT_REGION")] = None
    log_level: Annotated[LogLevel, Env("NOTIFYCTL_LOG_LEVEL")] = "INFO"
    provider: Annotated[Literal["auto", "outbox"], Env("NOTIFYCTL_PROVIDER")] = "auto"

    redis: RedisSettings = Field(default_factory=RedisSettings)
    email: EmailSettings = Field(default_factory=EmailSettings)
    whatsapp: WhatsAppSettings = Field(default_factory=WhatsAppSettings)
    sendgrid: SendGridSettings = Field(default_factory=SendGridSettings)
    smtp: SmtpSettings = Field(default_factory=SmtpSettings)
    twilio: TwilioSettings = Field(default_factory=TwilioSettings)
    circuit: CircuitSettings = Field(default_factory=CircuitSettings)
    retention: RetentionSettings = Field(default_factory=RetentionSettings)
    serve: ServeSettings = Field(default_factory=ServeSettings)
    spool: SpoolSettings = Field(default_factory=SpoolSettings)
    shop: ShopSettings = Field(default_factory=ShopSettings)
    orders: OrdersSettings = Field(default_factory=OrdersSettings)
    messages: MessagesSettings = Field(default_factory=MessagesSettings)
    hooks: HooksSettings = Field(default_factory=HooksSettings)

    _origin: dict[str, str] = PrivateAttr(default_factory=dict)

    @classmethod
    def load(cls, **overrides: Any) -> Self:
        """Return the settings that hold here and now.

        Args:
            overrides: What wins over every other place, shaped as `notifyctl.toml` is: `processes=2`,
                `redis={"url": "unix:///run/queue"}`. None means not given.

        Raises:
            ConfigError: If a setting is unknown, cannot be used, or lacks another that it needs.
        """
        found = layers(cls, overrides)
        known = cls.known()
        try:
            settings = cls(**overrides)
        except ValidationError as error:
            # nothing of pydantic's error may follow: its parts hold the values
            raise config_error(error, found, known) from None
        origin = {setting.name: "default" for setting in known if not setting.env.prefix}
        for layer in reversed(found):
            origin.update({".".join(key): layer.origin for key in layer.written})
        settings._origin = origin
        return settings

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - ours know one name per setting
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Return where settings come from, the strongest first."""
        arguments = init_settings.init_kwargs if isinstance(init_settings, InitSettingsSource) else {}
        return layers(settings_cls, arguments)

    @classmethod
    def known(cls) -> tuple[Setting, ...]:
        """Return every setting there is, in the tree's order."""
        return tuple(known_settings(cls))

    @property
    def origin(self) -> Mapping[str, str]:
        """Where each setting came from, by names as in `email.rate`.

        One of `argument`, `environment`, `.env`, `notifyctl.toml`, `default`.
        """
        return MappingProxyType(self._origin)

    @property
    def queues(self) -> Mapping[str, QueueSettings]:
        """How each queue is worked on, by its name."""
        return MappingProxyType({"email": self.email, "whatsapp": self.whatsapp})

    @property
    def spool_dir(self) -> Path:
        """Where the spool's files are."""
        return self.state_dir / "spool"

    @property
    def destination(self) -> str:
        """What tells this fleet's queues from those of others: the namespace and the server."""
        return f"{self.namespace} at {self.redis.name()}"

    def value(self, setting: Setting) -> Any:
        """Return a setting's value; a secret stays wrapped."""
        found: Any = self
        for name in setting.attributes:
            found = getattr(found, name)
        return found
