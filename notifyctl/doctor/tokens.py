"""The tokens of the HTTP API and the dashboard: whether one ends soon that somebody relies on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from notifyctl.access import Tokens
from notifyctl.clock import from_ms, now_ms
from notifyctl.doctor.finding import Finding, Status
from notifyctl.errors import NotifyError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import redis

    from notifyctl.access import Token
    from notifyctl.settings import Settings

__all__ = ["check_tokens"]

_NAME: Final = "tokens"
_SOON_MS: Final = 14 * 86_400_000


def check_tokens(settings: Settings, client_factory: Callable[[], redis.Redis]) -> Finding:
    """Return whether a token that is in use ends within two weeks."""
    try:
        with client_factory() as client:
            tokens = Tokens(client, settings.namespace).all()
    except NotifyError as error:
        return Finding(_NAME, Status.FAIL, error.message, error.hint)
    return _judge(tokens, now_ms())


def _judge(tokens: Sequence[Token], at_ms: int) -> Finding:
    valid = [token for token in tokens if token.state(at_ms) == "valid"]
    ending = [token for token in valid if token.used_at_ms and token.expires_at_ms - at_ms < _SOON_MS]
    if ending:
        told = ", ".join(f"{token.name} ({token.id}) on {from_ms(token.expires_at_ms):%Y-%m-%d}" for token in ending)
        remedy = "Make another in time, hand it over, and revoke the old one: notifyctl token create."
        return Finding(_NAME, Status.WARN, f"in use, and ending soon: {told}", remedy)
    if not valid:
        return Finding(_NAME, Status.OK, "none: nobody uses the HTTP API or the dashboard")
    return Finding(_NAME, Status.OK, f"{len(valid)} {'is' if len(valid) == 1 else 'are'} valid")
