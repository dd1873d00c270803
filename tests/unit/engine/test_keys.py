"""Key names: one slot a queue, none shared."""

from __future__ import annotations

from redis.crc import key_slot

from notifyctl.engine.keys import FleetKeys, QueueKeys


def _all(keys: QueueKeys) -> list[str]:
    found = [getattr(keys, name) for name, kind in vars(QueueKeys).items() if isinstance(kind, property)]
    fixed = [name for name in found if isinstance(name, str)]
    return [*fixed, keys.minute(7), keys.job("a"), keys.idempotency("k"), keys.taken("w"), keys.nudge("w")]


def test_keys_of_a_queue_share_a_slot() -> None:
    """Every script works on one slot of a cluster."""
    assert len({key_slot(key.encode()) for key in _all(QueueKeys("shop", "email"))}) == 1


def test_keys_of_two_queues_are_different() -> None:
    """Neither queues nor namespaces share a key."""
    named = [_all(QueueKeys(*names)) for names in (("shop", "email"), ("shop", "whatsapp"), ("other", "email"))]

    assert len({key for keys in named for key in keys}) == sum(map(len, named))


def test_keys_of_the_fleet_are_outside_queues() -> None:
    """Each in its own slot, by name."""
    fleet = FleetKeys("shop")

    assert (fleet.queues, fleet.secret, fleet.audit) == ("shop:queues", "shop:secret", "shop:audit")


def test_keys_of_workers_share_a_slot() -> None:
    """A sign of life is one script over two of them."""
    fleet = FleetKeys("shop")

    assert len({key_slot(key.encode()) for key in (fleet.workers, fleet.worker("w1"), fleet.worker("w2"))}) == 1
