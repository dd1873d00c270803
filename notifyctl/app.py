"""The composition root: the one place that builds anything from settings.

Every entry point (commands, worker processes, the module-level functions) asks an `App` for the parts it needs; each
is built when it is first asked for, and only then loaded: a command that looks at the queues needs neither templates
nor Dramatiq nor a vendor's package. Nothing is global here.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

from notifyctl.errors import ConfigError
from notifyctl.notification import Channel

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import redis
    from pydantic import SecretStr

    from notifyctl.connection import Role
    from notifyctl.delivery.failover import Route
    from notifyctl.engine.broker import NotifyBroker
    from notifyctl.engine.fleet import Fleet
    from notifyctl.engine.inspector import Inspector
    from notifyctl.engine.scripts import Retention
    from notifyctl.notification import EmailPayload, Notification, WhatsAppPayload
    from notifyctl.notifier import Notifier
    from notifyctl.providers.base import Provider
    from notifyctl.providers.outbox import Outbox
    from notifyctl.settings import Settings
    from notifyctl.templates.catalog import Catalog

__all__ = ["App", "build"]

#: Who a sandbox mail is from where EMAIL_FROM is not set.
_SANDBOX_SENDER = "shop@example.com"


def build(settings: Settings | None = None) -> App:
    """Return the application of these settings, or of those that hold here and now.

    Raises:
        ConfigError: A setting cannot be used.
    """
    from notifyctl.settings import Settings

    return App(settings or Settings.load())


class App:
    """The parts, built on demand.

    Attributes:
        settings: What they are built from.
        started_server: Where this call started the embedded server, its process id; whoever talks to a person says so.
    """

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.started_server: int | None = None

    @cached_property
    def target(self) -> str:
        """The URL of the Redis in use; without a configured one, that of the embedded server, started if needed.

        Raises:
            ServerError: The embedded server cannot be started.
        """
        configured = self.settings.redis.target()
        if configured is not None:
            return configured
        from notifyctl import embedded

        running = embedded.ensure_running(self.settings)
        if running.started:
            self.started_server = running.pid
        return running.url

    def client(self, role: Role) -> redis.Redis:
        """A client of the Redis in use."""
        from notifyctl.connection import connect

        return connect(self.target, role=role)

    @cached_property
    def catalog(self) -> Catalog:
        """All templates."""
        from notifyctl.templates.catalog import Catalog

        return Catalog(self.settings.templates_dir)

    @cached_property
    def shop(self) -> dict[str, Any]:
        """What templates may say about the shop."""
        return self.settings.shop.model_dump()

    @cached_property
    def retention(self) -> Retention:
        """How long ended jobs are kept."""
        from notifyctl.engine.scripts import Retention

        kept = self.settings.retention
        return Retention(
            completed_ms=round(kept.completed.total_seconds() * 1000),
            cancelled_ms=round(kept.cancelled.total_seconds() * 1000),
            failed_ms=round(kept.failed.total_seconds() * 1000),
        )

    @property
    def _secret(self) -> str:
        """What keys the hashes that stand for addresses; empty where none is configured."""
        return _plain(self.settings.pseudonym_secret)

    @cached_property
    def inspector(self) -> Inspector:
        """The operator's side of the queues."""
        from notifyctl.engine.inspector import Inspector

        rates = {name: queue.rate for name, queue in self.settings.queues.items()}
        client = self.client("operator")
        return Inspector(client, self.settings.namespace, rates=rates, retention=self.retention, secret=self._secret)

    @cached_property
    def fleet(self) -> Fleet:
        """The worker processes that live."""
        from notifyctl.engine.fleet import Fleet

        return Fleet(self.inspector.client, self.settings.namespace)

    @cached_property
    def notifier(self) -> Notifier:
        """The producer's side of the queues."""
        from notifyctl.engine.producer import Producer
        from notifyctl.notifier import Notifier

        return Notifier(
            Producer(self.client("producer"), self.settings.namespace),
            self.inspector,
            self.catalog,
            shop=self.shop,
            secret=self._secret,
            default_region=self.settings.default_region,
            content_sids=None if self.sandboxed(Channel.WHATSAPP) else self.settings.whatsapp.content_sids,
        )

    def broker(self) -> NotifyBroker:
        """A broker for this process's worker; its actors are still to be declared."""
        from dramatiq.middleware import CurrentMessage

        from notifyctl import __version__
        from notifyctl.engine.broker import NotifyBroker
        from notifyctl.middleware.rate_limit import RateLimiter
        from notifyctl.middleware.retries import Retries

        queues = self.settings.queues
        return NotifyBroker(
            self.client("worker"),
            self.client("blocking"),
            namespace=self.settings.namespace,
            concurrency={name: queue.concurrency for name, queue in queues.items()},
            retention=self.retention,
            middleware=[
                CurrentMessage(),
                RateLimiter({name: queue.rate for name, queue in queues.items()}),
                Retries({name: queue.retry_delays for name, queue in queues.items()}),
            ],
            version=__version__,
        )

    def end_leases(self, worker_id: str) -> None:
        """Let others have at once what a worker process held that is dead for certain.

        Raises:
            BrokerUnavailable: Redis cannot be reached; the leases run out by themselves.
        """
        from notifyctl.connection import translated
        from notifyctl.engine.keys import QueueKeys
        from notifyctl.engine.scripts import Scripts

        with translated():
            for queue in self.settings.queues:
                keys = QueueKeys(self.settings.namespace, queue)
                Scripts(self.inspector.client, keys).lapse(worker_id)
            self.fleet.leave(worker_id)

    def outbox(self, channel: Channel) -> Outbox:
        """The sandbox of a channel."""
        from notifyctl.providers.outbox import Outbox
        from notifyctl.providers.rehearsal import Rehearsal

        folder = self.outbox_folder(channel)
        return Outbox(folder, channel, Rehearsal(folder))

    def outbox_folder(self, channel: Channel) -> Path:
        """Where the sandbox of a channel puts its files."""
        return self.settings.outbox_dir / channel

    def sandboxed(self, channel: Channel) -> bool:
        """Whether a channel's messages go to the outbox, for want of credentials or by choice."""
        if self.settings.provider == "outbox":
            return True
        if channel is Channel.EMAIL:
            return self.settings.sendgrid.api_key is None and self.settings.smtp.host is None
        return self.settings.twilio.account_sid is None

    def email_route(self) -> Route[EmailPayload]:
        """SendGrid with SMTP behind it, either of them alone, or the outbox.

        Raises:
            ConfigError: A real provider is configured, and nobody the mail could be from.
        """
        from notifyctl.delivery.failover import Route

        if self.sandboxed(Channel.EMAIL):
            return Route([self.outbox(Channel.EMAIL)])
        if not self.settings.email.sender:
            raise ConfigError(
                "mail needs a sender", hint="Set EMAIL_FROM to an address that your provider lets you send from."
            )
        from notifyctl.providers.sendgrid import SendGrid
        from notifyctl.providers.smtp import Smtp

        timeout_s = self.settings.send_timeout.total_seconds()
        sendgrid, smtp = self.settings.sendgrid, self.settings.smtp
        providers: list[Provider[EmailPayload]] = []
        if sendgrid.api_key is not None:
            providers.append(SendGrid(_plain(sendgrid.api_key), host=sendgrid.host, timeout_s=timeout_s))
        if smtp.host is not None:
            providers.append(
                Smtp(
                    smtp.host,
                    smtp.port,
                    username=smtp.username or "",
                    password=_plain(smtp.password),
                    tls=smtp.tls.value,
                    timeout_s=timeout_s,
                    answer_timeout_s=smtp.answer_timeout.total_seconds(),
                )
            )
        return Route(providers)

    def whatsapp_route(self) -> Route[WhatsAppPayload]:
        """Twilio, or the outbox.

        Raises:
            ConfigError: Twilio is configured, and no sender.
        """
        from notifyctl.delivery.failover import Route

        if self.sandboxed(Channel.WHATSAPP):
            return Route([self.outbox(Channel.WHATSAPP)])
        from notifyctl.providers.twilio import Twilio

        twilio = self.settings.twilio
        key = twilio.api_key_sid, twilio.api_key_secret
        username, password = key if twilio.api_key_sid else (twilio.account_sid, twilio.auth_token)
        options: dict[str, Any] = {"base_url": twilio.base_url} if twilio.base_url else {}
        return Route(
            [
                Twilio(
                    twilio.account_sid or "",
                    username or "",
                    _plain(password),
                    whatsapp_from=twilio.whatsapp_from or "",
                    messaging_service_sid=twilio.messaging_service_sid or "",
                    timeout_s=self.settings.send_timeout.total_seconds(),
                    **options,
                )
            ]
        )

    def checked(self, notification: Notification) -> Notification:
        """Return a notification as `Notifier` would queue it, without a word to Redis.

        Raises:
            InvalidInput: It would refuse it.
        """
        from notifyctl.channels.validation import validate_notification
        from notifyctl.delivery.approval import require_approved

        region = self.settings.default_region
        checked = validate_notification(notification, self.catalog, shop=self.shop, region=region)
        if checked.channel is Channel.WHATSAPP and not self.sandboxed(Channel.WHATSAPP):
            require_approved(checked.template, self.catalog, self.settings.whatsapp.content_sids)
        return checked

    def unapproved_templates(self) -> list[str]:
        """The WhatsApp templates that Twilio cannot send, as their ids are not known; the outbox needs none."""
        from notifyctl.delivery.approval import unapproved

        if self.sandboxed(Channel.WHATSAPP):
            return []
        return unapproved(self.catalog, self.settings.whatsapp.content_sids)

    def deliverer(self, channel: Channel) -> Callable[[], None]:
        """What an actor of this channel does: send the job that its thread is running."""
        from notifyctl.delivery.deliver import deliver
        from notifyctl.middleware.current_job import current_job

        if channel is Channel.EMAIL:
            email = self.email_route()
            return lambda: deliver(current_job(), render=self._render_email, route=email)
        whatsapp = self.whatsapp_route()
        return lambda: deliver(current_job(), render=self._render_whatsapp, route=whatsapp)

    def _render_email(self, notification: Notification, job_id: str, created_at_ms: int, /) -> EmailPayload:
        from notifyctl.channels.email import render_email

        email = self.settings.email
        return render_email(
            notification,
            job_id=job_id,
            created_at_ms=created_at_ms,
            sender=email.sender or _SANDBOX_SENDER,
            sender_name=email.sender_name or self.settings.shop.name,
            reply_to=email.reply_to,
            shop=self.shop,
            catalog=self.catalog,
        )

    def _render_whatsapp(self, notification: Notification, job_id: str, created_at_ms: int, /) -> WhatsAppPayload:
        from notifyctl.channels.whatsapp import render_whatsapp

        del created_at_ms
        return render_whatsapp(
            notification,
            job_id=job_id,
            catalog=self.catalog,
            content_sids=self.settings.whatsapp.content_sids,
            shop=self.shop,
        )


def _plain(secret: SecretStr | None) -> str:
    return secret.get_secret_value() if secret is not None else ""
