"""Job ids: 16 characters, ordered by time, safe to double-click and to put in a URL.

80 bits in Crockford's base 32 (https://www.crockford.com/base32.html), lower case: 42 bits of epoch milliseconds
(until the year 2109), 38 random bits. Ids made by one process within a millisecond count up from the random ones, so
that they keep their order and cannot collide with each other.
"""

from __future__ import annotations

import secrets
import threading

from notifyctl.clock import now_ms

__all__ = ["new_id"]

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
_PAIRS = [a + b for a in _ALPHABET for b in _ALPHABET]
_RANDOM_BITS = 38
_lock = threading.Lock()
_last = 0


def new_id() -> str:
    """Return an id that no other call returns, later ones greater than earlier ones."""
    global _last  # noqa: PLW0603 - the one counter of this process
    value = now_ms() << _RANDOM_BITS
    with _lock:
        if value <= _last:
            value = _last + 1
        else:
            # half of the range is left for counting up within the millisecond
            value |= secrets.randbits(_RANDOM_BITS - 1)
            if value <= _last:
                value = _last + 1
        _last = value
    return "".join([_PAIRS[(value >> shift) & 1023] for shift in range(70, -1, -10)])
