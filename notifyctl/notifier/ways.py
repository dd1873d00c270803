"""The ways of messages into the queues, as the settings have them: straight, or through the spool."""

from __future__ import annotations

from typing import TYPE_CHECKING

from notifyctl.engine.producer import Producer
from notifyctl.engine.pseudonyms import Pseudonyms
from notifyctl.engine.replicas import Replicas
from notifyctl.notifier.ferry import Ferry
from notifyctl.notifier.intake import Intake
from notifyctl.notifier.relay import Relay

if TYPE_CHECKING:
    from collections.abc import Callable

    import redis

    from notifyctl.connection import Role
    from notifyctl.engine.scripts import Retention
    from notifyctl.settings import Settings
    from notifyctl.spool import Spool

__all__ = ["Ways"]


class Ways:
    """Makes them; nothing is connected or opened before it is used.

    Args:
        settings: What they are made from.
        client: Makes a client of a role.
        spool: Where messages are kept while Redis is away.
        retention: How long what is cancelled is kept.
        replicas: Who must have a job before a caller is told that it is queued.
    """

    def __init__(
        self,
        settings: Settings,
        client: Callable[[Role], redis.Redis],
        spool: Spool,
        *,
        retention: Retention,
        replicas: Replicas,
    ) -> None:
        self._settings = settings
        self._client = client
        self._spool = spool
        self._retention = retention
        self._replicas = replicas

    def intake(self) -> Intake:
        """A caller's way into Redis: it gives up soon; without a spool, waiting is better than losing."""
        return self._intake("producer" if self._settings.spool.enabled else "operator", self._replicas)

    def relay(self) -> Relay:
        """What moves the spool's messages, patiently, and whatever replicas say: one that is away would hold up all."""
        return Relay(self._spool, self._intake("worker", Replicas()))

    def ferry(self, *, stays: bool = False) -> Ferry | None:
        """What does so in the background; None where the spool is turned off.

        Args:
            stays: Go on looking for more, as a worker does.
        """
        return Ferry(self.relay(), stays=stays) if self._settings.spool.enabled else None

    def _intake(self, role: Role, replicas: Replicas) -> Intake:
        secret, namespace = self._settings.pseudonym_secret, self._settings.namespace
        client = self._client(role)
        pseudonyms = Pseudonyms(client, namespace, secret.get_secret_value() if secret else "")
        return Intake(Producer(client, namespace, replicas=replicas, retention=self._retention), pseudonyms)
