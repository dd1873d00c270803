"""`notifyctl token`: made, listed, revoked."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.cli import run

if TYPE_CHECKING:
    from collections.abc import Callable

    import redis

    from notifyctl.app import App
    from tests.support.cli import Result


def test_token_is_shown_once_and_stored_as_a_digest(ok: Callable[..., Result], app: App, client: redis.Redis) -> None:
    """Alone on standard output, for scripts; whoever reads Redis has nothing in it."""
    made = ok("token", "create", "Ada, support", "--role", "support", "--expires", "30d")
    text = made.out.strip()

    assert re.fullmatch(r"ntf_[a-z0-9]{8}_[A-Za-z0-9]{43}", text)
    assert "shown this once" in made.err
    assert app.tokens.check(text).name == "Ada, support"
    assert text.rpartition("_")[2] not in ok("token", "list", "-o", "json").out
    assert not [key for key in client.scan_iter() if text.rpartition("_")[2].encode() in (client.dump(key) or b"")]
    (listed,) = ok("token", "list", "-o", "json").json()
    assert (listed["role"], listed["state"], listed["revoked_at"]) == ("support", "valid", None)
    assert listed["used_at"] is not None


def test_token_that_was_revoked_is_listed_as_such(ok: Callable[..., Result], app: App) -> None:
    """The audit log keeps who made it and who ended it."""
    token_id = ok("token", "create", "shop", "--role", "producer", "-o", "id").out.strip()

    assert ok("token", "revoke", token_id, "--dry-run").out == f"{token_id} (shop) would be revoked\n"
    assert app.tokens.get(token_id).revoked_at_ms == 0
    assert ok("token", "revoke", token_id, "--reason", "shop was closed").out == f"{token_id} (shop) is revoked\n"

    assert ok("token", "list", "-o", "json").json()[0]["state"] == "revoked"
    entries: Any = app.client("operator").xrange("notifyctl:audit")
    assert [fields[b"verb"] for _, fields in entries] == [b"token created", b"token revoked"]


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (("create", "x", "--role", "king"), 2, "viewer"),
        (("create", "x"), 2, "--role"),
        (("create", "", "--role", "viewer"), 2, "printable"),
        (("create", "a\nb", "--role", "viewer"), 2, "printable"),
        (("create", "x", "--role", "viewer", "--expires", "0s"), 2, "365d"),
        (("create", "x", "--role", "viewer", "--expires", "20000d"), 2, "10 years"),
        (("revoke", "nobody12"), 3, "token list"),
    ],
)
def test_token_words_that_cannot_be_used_are_told(words: tuple[str, ...], code: int, told: str, redis_url: str) -> None:
    """With what was expected."""
    result = run("token", *words)

    assert result.code == code
    assert told in result.err
