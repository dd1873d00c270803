"""Giving many dead letters up, a bounded step at a time."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING

from notifyctl.connection import translated

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from notifyctl.engine.scripts import Scripts
    from notifyctl.engine.sieve import Sifted

__all__ = ["Purged", "purge"]


@dataclass(slots=True)
class Purged:
    """What came of it so far.

    Attributes:
        purged: So many are gone.
        changed: So many were not dead any more when their turn came.
    """

    purged: int = 0
    changed: int = 0


def purge(
    pages: Iterable[tuple[str, list[Sifted]]],
    scripts: Callable[[str], Scripts],
    limit: int,
    tell: Callable[[Purged], None],
) -> Purged:
    """Give up what these pages have.

    Args:
        pages: Of (queue, dead jobs).
        scripts: The transitions of a queue.
        limit: So many at most; 0 = all.
        tell: Is told after each page how far it is.

    Raises:
        BrokerUnavailable: Redis cannot be reached: so far as was told, and maybe a page more, they are gone.
    """
    done, call = Purged(), secrets.token_hex(8)
    for queue, page in pages:
        room = limit - done.purged - done.changed if limit else len(page)
        with translated():
            words = scripts(queue).discard_many([one.job_id for one in page[:room]], call)
        gone = words.count("done")
        done.purged += gone
        done.changed += len(words) - gone
        tell(done)
        if limit and done.purged + done.changed >= limit:
            break
    return done
