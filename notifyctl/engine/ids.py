"""Job ids: 16 characters, ordered by time, safe to double-click and to put in a URL.

80 bits in Crockford's base 32 (https://www.crockford.com/base32.html), lower case: 42 bits of epoch milliseconds
(until the year 2109), 38 random bits. Ids made by one process within a millisecond count up from the random ones, so
that they keep their order and cannot collide with each other.
"""

from __future__ import annotations

import os
import secrets
import threading

from notifyctl.clock import now_ms

__all__ = ["new_id"]

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
_PAIRS = [a + b for a in _ALPHABET for b in _ALPHABET]
_RANDOM_BITS = 38
#: So many random bytes are asked for at once: each time, other threads get their turn.
_POOL_BYTES = 5 * 200
_lock = threading.Lock()
_last = 0
_pool = memoryview(b"")


def _forget_pool() -> None:
    """Let a forked process ask for random bytes of its own: with its parent's, it would make the same ids."""
    global _pool  # noqa: PLW0603 - of this process, as `new_id` has it
    _pool = memoryview(b"")


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_pool)


def new_id() -> str:
    """Return an id that no other call returns, later ones greater than earlier ones."""
    global _last, _pool  # noqa: PLW0603 - the one counter of this process, and what it is made of
    value = now_ms() << _RANDOM_BITS
    with _lock:
        if value <= _last:
            value = _last + 1
        else:
            if not _pool:
                _pool = memoryview(secrets.token_bytes(_POOL_BYTES))
            # half of the range is left for counting up within the millisecond
            value |= int.from_bytes(_pool[:5], "big") >> (41 - _RANDOM_BITS)
            _pool = _pool[5:]
            if value <= _last:
                value = _last + 1
        _last = value
    return "".join([_PAIRS[(value >> shift) & 1023] for shift in range(70, -1, -10)])
