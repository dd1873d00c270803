"""The composition root: the one place that builds anything from settings.

Every entry point (commands, worker processes, the module-level functions) asks an `App` for the parts it needs; each
is built when it is first asked for, and only then loaded: a command that looks at the queues needs neither templates
nor Dramatiq nor a vendor's package. Nothing is global here.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

from notifyctl.errors import ServerError
from notifyctl.notification import Channel

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import timedelta
    from pathlib import Path

    import redis
    from pydantic import SecretStr

    from notifyctl.access import Guesses, Sessions, Tokens
    from notifyctl.app.doors import Doors
    from notifyctl.app.rendering import Rendering
    from notifyctl.app.switches import Switches
    from notifyctl.connection import Role
    from notifyctl.delivery.circuits import Circuits
    from notifyctl.delivery.failover import Route
    from notifyctl.engine.audit import Audit
    from notifyctl.engine.broker import NotifyBroker
    from notifyctl.engine.events import Events
    from notifyctl.engine.fleet import Fleet
    from notifyctl.engine.inspector import Inspector
    from notifyctl.engine.pseudonyms import Pseudonyms
    from notifyctl.engine.replays import Replays
    from notifyctl.engine.replicas import Replicas
    from notifyctl.engine.scripts import Retention
    from notifyctl.notifier import Notifier
    from notifyctl.notifier.ways import Ways
    from notifyctl.providers.base import Provider
    from notifyctl.providers.outbox import Outbox
    from notifyctl.settings import Settings
    from notifyctl.spool import Spool
    from notifyctl.templates.catalog import Catalog

__all__ = ["App", "build"]


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
        missing_server: Why there is no embedded server, where what is queued is kept in the spool instead.
    """

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.started_server: int | None = None
        self.missing_server: ServerError | None = None
        self._worker: NotifyBroker | None = None

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

        return connect(self.target, role=role, waits_s=self.replicas.waits_s if role == "producer" else 0)

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
    def rendering(self) -> Rendering:
        """From notifications to what providers are handed."""
        from notifyctl.app.rendering import Rendering

        return Rendering(self.settings, self.catalog, self.shop)

    @cached_property
    def retention(self) -> Retention:
        """How long ended jobs are kept."""
        from notifyctl.engine.scripts import Retention

        kept = self.settings.retention
        return Retention(completed_ms=_ms(kept.completed), cancelled_ms=_ms(kept.cancelled), failed_ms=_ms(kept.failed))

    @property
    def replicas(self) -> Replicas:
        """Who must have a write before it counts as done."""
        from notifyctl.engine.replicas import Replicas

        redis = self.settings.redis
        return Replicas(redis.wait_replicas, round(redis.wait_timeout.total_seconds() * 1000))

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
    def replays(self) -> Replays:
        """Dead letters that are sent again in bulk."""
        from notifyctl.engine.replays import Replays

        return Replays(self.inspector)

    @cached_property
    def ways(self) -> Ways:
        """The ways of messages into the queues."""
        from notifyctl.notifier.ways import Ways

        return Ways(self.settings, self.client, self.spool, retention=self.retention, replicas=self.replicas)

    @cached_property
    def spool(self) -> Spool:
        """Where messages are kept while Redis is away; what lies there can be looked at even if it is turned off."""
        from notifyctl.spool import Spool

        return Spool(self.settings.spool_dir, self.settings.destination, max_bytes=self.settings.spool.max_bytes)

    @cached_property
    def fleet(self) -> Fleet:
        """The worker processes that live."""
        from notifyctl.engine.fleet import Fleet

        return Fleet(self.inspector.client, self.settings.namespace)

    @property
    def audit(self) -> Audit:
        """Who changed what."""
        return self.inspector.audit

    @property
    def events(self) -> Events:
        """What happened by itself."""
        return self.inspector.events

    @cached_property
    def _access_client(self) -> redis.Redis:
        """What requests wait for gives up soon."""
        return self.client("producer")

    @cached_property
    def tokens(self) -> Tokens:
        """The tokens of those who may use the HTTP API and the dashboard."""
        from notifyctl.access import Tokens

        return Tokens(self._access_client, self.settings.namespace)

    @cached_property
    def sessions(self) -> Sessions:
        """The browsers that are signed in to the dashboard."""
        from notifyctl.access import Sessions

        lasts_ms = _ms(self.settings.serve.session)
        namespace = self.settings.namespace
        return Sessions(self._access_client, namespace, self.tokens, self._pseudonyms, lasts_ms=lasts_ms)

    @cached_property
    def guesses(self) -> Guesses:
        """The limit on failed sign-ins."""
        from notifyctl.access import Guesses

        return Guesses(self._access_client, self.settings.namespace, self._pseudonyms)

    @cached_property
    def _pseudonyms(self) -> Pseudonyms:
        from notifyctl.engine.pseudonyms import Pseudonyms

        return Pseudonyms(self._access_client, self.settings.namespace, self._secret)

    @cached_property
    def notifier(self) -> Notifier:
        """The producer's side of the queues."""
        from notifyctl.notifier import Notifier

        if self.settings.spool.enabled:
            self._stand_by()
        return Notifier(
            self.ways.intake(),
            self.inspector,
            self.catalog,
            shop=self.shop,
            ferry=self.ways.ferry(),
            default_region=self.settings.default_region,
            content_sids=None if self.sandboxed(Channel.WHATSAPP) else self.settings.whatsapp.content_sids,
        )

    @cached_property
    def doors(self) -> Doors:
        """Where shops hand over orders and messages over HTTP."""
        from notifyctl.app.doors import Doors

        return Doors(self.settings, self.catalog, self.notifier, self._access_client, self._pseudonyms)

    def _stand_by(self) -> None:
        """Take an embedded server that cannot be started for one that is away."""
        try:
            _ = self.target
        except ServerError as error:
            from notifyctl import embedded

            self.missing_server = error
            self.target = embedded.expected_url(self.settings)

    def close(self) -> None:
        """End what runs in the background; what lies in the spool stays there."""
        if "notifier" in self.__dict__:
            self.notifier.close()
        if "spool" in self.__dict__:
            self.spool.close()

    def broker(self) -> NotifyBroker:
        """A broker for this process's worker; its actors are still to be declared."""
        from dramatiq.middleware import CurrentMessage

        from notifyctl import __version__
        from notifyctl.engine.broker import NotifyBroker
        from notifyctl.middleware.doubts import DoubtRule, Doubts
        from notifyctl.middleware.rate_limit import RateLimiter
        from notifyctl.middleware.retries import Retries
        from notifyctl.middleware.spool import SpoolFerry

        queues = self.settings.queues
        doubts = {name: DoubtRule(queue.look_ups, queue.unknown_outcome == "resend") for name, queue in queues.items()}
        self._worker = NotifyBroker(
            self.client("worker"),
            self.client("blocking"),
            namespace=self.settings.namespace,
            concurrency={name: queue.concurrency for name, queue in queues.items()},
            retention=self.retention,
            replicas=self.replicas,
            middleware=[
                CurrentMessage(),
                *([SpoolFerry(ferry)] if (ferry := self.ways.ferry(stays=True)) else ()),
                RateLimiter({name: queue.rate for name, queue in queues.items()}),
                Retries({name: queue.retry_delays for name, queue in queues.items()}, doubts=Doubts(doubts)),
            ],
            version=__version__,
        )
        return self._worker

    def end_leases(self, worker_id: str) -> None:
        """Let others have at once what a worker process held that is dead for certain.

        Raises:
            BrokerUnavailable: Redis cannot be reached; the leases run out by themselves.
        """
        from notifyctl.connection import translated
        from notifyctl.engine.keys import QueueKeys
        from notifyctl.engine.replay_steps import Steps
        from notifyctl.engine.scripts import Scripts

        with translated():
            Steps(self.inspector.client, self.settings.namespace).leave(worker_id)
            for queue in self.settings.queues:
                keys = QueueKeys(self.settings.namespace, queue)
                Scripts(self.inspector.client, keys).lapse(worker_id)
            self.fleet.leave(worker_id, lost=True)
        self.circuits.forget(worker_id, {name for channel in Channel for name in self.provider_names(channel)})

    def outbox(self, channel: Channel) -> Outbox:
        """The sandbox of a channel."""
        from notifyctl.providers.configured import outbox

        return outbox(self.settings, channel)

    def outbox_folder(self, channel: Channel) -> Path:
        """Where the sandbox of a channel puts its files."""
        from notifyctl.providers.configured import outbox_folder

        return outbox_folder(self.settings, channel)

    def sandboxed(self, channel: Channel) -> bool:
        """Whether a channel's messages go to the outbox, for want of credentials or by choice."""
        from notifyctl.providers.configured import is_sandboxed

        return is_sandboxed(self.settings, channel)

    def providers(self, channel: Channel) -> Sequence[Provider[Any]]:
        """The providers of a channel, in the order in which they are asked. Talks to nobody yet.

        Raises:
            ConfigError: The channel is half configured.
        """
        from notifyctl.providers.configured import email_providers, whatsapp_providers

        return email_providers(self.settings) if channel is Channel.EMAIL else whatsapp_providers(self.settings)

    def provider_names(self, channel: Channel) -> list[str]:
        """What they are called; loads none of them."""
        from notifyctl.providers.configured import provider_names

        return provider_names(self.settings, channel)

    @cached_property
    def circuits(self) -> Circuits:
        """Which providers are worth asking, as the whole fleet knows it; with an operator's patience."""
        from notifyctl.app.breakers import breakers

        return breakers(self.settings, self.inspector.client)

    @cached_property
    def switches(self) -> Switches:
        """Providers, as an operator takes them out and asks them again."""
        from notifyctl.app.switches import Switches

        return Switches(self.settings, self.circuits, self.inspector)

    @cached_property
    def _worker_circuits(self) -> Circuits:
        """The same for a worker's sends, of all channels."""
        from notifyctl.app.breakers import breakers

        client, worker = self.client("worker"), self._worker
        if worker is None:
            return breakers(self.settings, client)
        circuits = breakers(self.settings, client, lambda: worker.worker_id)
        worker.with_each_beat.append(circuits.keep)
        return circuits

    def route(self, channel: Channel) -> Route[Any]:
        """What a worker sends a channel's messages by.

        Raises:
            ConfigError: The channel is half configured.
        """
        from notifyctl.delivery.failover import Route

        return Route(self.providers(channel), self._worker_circuits)

    def deliverer(self, channel: Channel) -> Callable[[], None]:
        """What an actor of this channel does: send the job that its thread is running."""
        from notifyctl.delivery.deliver import deliver
        from notifyctl.middleware.current_job import current_job

        route, render = self.route(channel), self.rendering.of(channel)
        return lambda: deliver(current_job(), render=render, route=route)


def _ms(duration: timedelta) -> int:
    return round(duration.total_seconds() * 1000)


def _plain(secret: SecretStr | None) -> str:
    return secret.get_secret_value() if secret is not None else ""
