"""redis-py's cluster client, with what it lacks: it connects when it is first used, and its errors are Redis's own.

redis-py's connects where it is made, so that a shop's code could not start while the cluster is away. It raises errors
that are no `RedisError`, which a loop that survives an outage would not survive. It retries timeouts. And where servers
hang it has each thread ask all of them, one after the other.
"""

from __future__ import annotations

import sys
import threading
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any

import redis
from redis.cluster import ClusterNode, RedisCluster
from redis.crc import key_slot
from redis.exceptions import ClusterDownError, NoPermissionError, RedisClusterException, RedisError, SlotNotCoveredError

from notifyctl.connection.faults import ClusterAway, NoCluster
from notifyctl.connection.looks import Looks

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from redis.retry import Retry

__all__ = ["Cluster"]


class Cluster(RedisCluster):
    """A client of a cluster.

    Args:
        nodes: Host and port of some of its servers.
        retry: How often a command is tried again after a lost connection.
        options: redis-py's.
        look_s: How long a caller waits, at most, until it is known where everything is.
    """

    # a timeout is not among them: it has used up what its caller can wait
    ERRORS_ALLOW_RETRY = (redis.ConnectionError, ClusterDownError, SlotNotCoveredError)  # type: ignore[assignment]  # theirs is a longer tuple

    def __init__(
        self, nodes: Sequence[tuple[str, int]], retry: Retry, options: Mapping[str, Any], *, look_s: float
    ) -> None:
        self._nodes = nodes
        self._retry = retry
        self._options = options
        self._looks = Looks[None](look_s)
        self._looks_first: threading.Thread | None = None
        self._met = False

    def meet(self) -> None:
        """Connect, unless that is done: ask one of the servers where the others are.

        Raises:
            redis.RedisError: None of them can tell, or not in time.
        """
        if self._met or threading.current_thread() is self._looks_first:
            return
        with _own_errors():
            self._looks.look(self._look_first)

    def _look_first(self) -> None:
        if self._met:
            return
        self._looks_first = threading.current_thread()
        super().__init__(
            startup_nodes=[ClusterNode(*node) for node in self._nodes],
            retry=self._retry,
            require_full_coverage=False,  # whether it serves without is the cluster's to say
            **self._options,
        )
        self._look_anew = self.nodes_manager.initialize
        self.nodes_manager.initialize = self._look  # type: ignore[method-assign, assignment]  # redis-py calls it, too
        self._met = True

    def _look(self, **how: Any) -> None:
        """Ask anew where everything is; after a timeout, which has used up what its caller can wait, for the next one.

        Raises:
            RedisClusterException, redis.RedisError: Nobody can tell, or not in time.
        """
        if isinstance(sys.exception(), redis.TimeoutError):
            self._looks.begin(partial(self._look_anew, **how))
        else:
            self._looks.look(partial(self._look_anew, **how))

    def execute_command(self, *args: Any, **kwargs: Any) -> Any:
        """Run one command where its keys are; raises nothing but a `RedisError`."""
        self.meet()
        with _own_errors():
            return super().execute_command(*args, **kwargs)  # type: ignore[no-untyped-call]  # redis-py has no types here

    @property
    def retries(self) -> int:
        """How often a lost connection is tried again."""
        return self._retry.get_retries()

    def keyslot(self, key: str | bytes) -> int:
        """Return the slot of a key; needs no server."""
        return key_slot(key if isinstance(key, bytes) else key.encode())

    def server_of(self, slot: int) -> ClusterNode:
        """Return the primary that has this slot, as far as this client knows.

        Raises:
            redis.RedisError: Nobody has it.
        """
        self.meet()
        with _own_errors():
            return self.nodes_manager.get_node_from_slot(slot)

    def look_around(self, *, away: str | None = None) -> None:
        """Ask anew where everything is; called while a timeout is handled, it has others ask, and does not wait.

        Args:
            away: The name of a server that did not answer: it is asked last.

        Raises:
            redis.RedisError: Nobody can tell.
        """
        with _own_errors():
            self._look(last_failed_node_name=away)

    def servers(self) -> list[redis.Redis]:
        """Return a client of each primary.

        Raises:
            redis.RedisError: Nobody can tell where they are.
        """
        self.meet()
        return [self.get_redis_connection(node) for node in self.get_primaries()]  # type: ignore[no-untyped-call]  # nor here

    def close(self) -> None:
        """Close the connections, if there are any."""
        if getattr(self, "_met", False):
            super().close()


@contextmanager
def _own_errors() -> Iterator[None]:
    """Turn the cluster client's own exceptions into errors like those of any other client."""
    try:
        yield
    except RedisClusterException as error:
        cause = error.__cause__
        if isinstance(cause, RedisClusterException) and isinstance(cause.__context__, RedisError):
            # what it takes for "not in cluster mode" is any refusal of CLUSTER SLOTS
            raise (cause.__context__ if isinstance(cause.__context__, NoPermissionError) else NoCluster()) from None
        if isinstance(cause, RedisError):
            raise cause from None
        raise ClusterAway from None
