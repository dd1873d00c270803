"""Every command that changes something is in the audit log, once: who did it, to what, how much, and why."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from docs.generate_commands import help_pages
from notifyctl.access import Role
from notifyctl.cli._context import operator
from notifyctl.clock import now_ms
from notifyctl.notification import Channel, Notification, Recipient
from notifyctl.notifier import Options
from notifyctl.notifier.entries import message_row
from tests.support.cli import run
from tests.support.payloads import an_email

if TYPE_CHECKING:
    from collections.abc import Callable

    from notifyctl.app import App
    from notifyctl.engine.audit import AuditEntry

ORDERS = str(Path(__file__).parents[2] / "docs" / "examples" / "orders.jsonl")

#: Commands that change nothing which others see: they look, or they are about this machine, its files and processes.
LOOKING = {
    "audit list", "completion install", "completion show", "config show", "demo", "dlq list", "dlq show", "dlq stats",
    "doctor", "events tail", "help", "job list", "job show", "metrics", "order show", "outbox list", "outbox show",
    "provider list", "provider test", "queue list", "queue show", "serve", "server start", "server status",
    "server stop", "spool list", "stats", "template check", "template copy", "template list", "template preview",
    "template show", "token list", "worker", "worker list", "dlq export", "dlq replays",
}  # fmt: skip

#: How each of the others is tried, the verb and the thing that the log says, and counts; DEAD and so on stand for ids.
CHANGING: list[tuple[tuple[str, ...], str, str, dict[str, int]]] = [
    (("send", "email", "eve@example.org", "-t", "test_message"), "queued", "", {}),
    (("order", "test", "--count", "2", "--prepaid"), "queued", "messages of orders", {"orders": 2, "queued": 4}),
    (("order", "import", ORDERS), "queued", "messages of orders", {"orders": 6}),
    (("job", "cancel", "WAITING", "--reason", "why"), "cancelled", "WAITING", {}),
    (("job", "cancel", "--queue", "email", "--yes", "--reason", "why"), "cancelled", "jobs", {"cancelled": 2}),
    (("dlq", "retry", "DEAD", "--reason", "why"), "retried", "DEAD", {}),
    (("dlq", "retry", "--all", "--yes", "--reason", "why"), "replay started", "", {}),
    (("dlq", "purge", "DEAD", "--yes", "--reason", "why"), "purged", "DEAD", {}),
    (("dlq", "purge", "--code", "permanent", "--yes", "--reason", "why"), "purged", "dead letters", {"purged": 2}),
    (("dlq", "edit", "DEAD", "--set", "name=Eve", "--reason", "why"), "edited", "DEAD", {}),
    (("queue", "pause", "email", "--reason", "why"), "paused", "email", {}),
    (("queue", "resume", "email", "--reason", "why"), "resumed", "email", {}),
    (("queue", "limit", "email", "--rate", "5/s", "--reason", "why"), "limited", "email", {}),
    (("provider", "trip", "outbox", "--for", "1m", "--reason", "why"), "tripped", "outbox", {}),
    (("provider", "reset", "outbox", "--reason", "why"), "reset", "outbox", {}),
    (("spool", "flush"), "flushed", "spool of this machine", {"moved": 1}),
    (("outbox", "clear", "--yes"), "cleared", "outbox", {"deleted": 1}),
    (("token", "create", "shop", "--role", "viewer", "--reason", "why"), "token created", "", {}),
    (("token", "revoke", "TOKEN", "--reason", "why"), "token revoked", "TOKEN", {}),
    (("job", "show", "DEAD", "--reveal"), "revealed", "DEAD", {}),
    (("dlq", "export", "--reveal"), "revealed", "dead letters, exported", {}),
]  # fmt: skip
#: Verbs that only say that something begins, or belong to what is done.
BESIDES = {"purge started", "revealed"}


@pytest.fixture
def shop(app: App, queued: Callable[..., list[str]], dead: Callable[..., list[str]]) -> dict[str, str]:
    """Something of each kind to change."""
    ids = {"DEAD": dead(2)[0], "WAITING": queued(2)[0]}
    ids["TOKEN"] = app.tokens.create("tests", Role.VIEWER, lives_ms=60_000)[0].id
    app.outbox(Channel.EMAIL).send(an_email(notification_id="mail1"))
    about = Notification(Channel.EMAIL, Recipient("ada@example.org"), "test_message", {})
    app.spool.put([message_row(app.notifier._drafter.draft(about, Options()), now_ms())])
    return ids


def test_every_command_changes_nothing_or_is_tried_here() -> None:
    """A new command is put down in one of the lists above."""
    known = {name.removeprefix("notifyctl ") for name, _ in help_pages()}
    leaves = {name for name in known if not any(other.startswith(f"{name} ") for other in known)}
    tried = {next(name for n in (2, 1) if (name := " ".join(words[:n])) in leaves) for words, *_ in CHANGING}

    assert (leaves | {"worker"}) - {"notifyctl"} == LOOKING | tried
    assert LOOKING & tried == {"job show", "dlq export"}, "these look, and are audited where they reveal"


@pytest.mark.parametrize(
    ("words", "verb", "what", "counts"),
    CHANGING,
    ids=lambda part: " ".join(part[:2]) if isinstance(part, tuple) else "",
)
def test_change_is_in_the_audit_log_once(
    app: App,
    shop: dict[str, str],
    words: tuple[str, ...],
    verb: str,
    what: str,
    counts: dict[str, int],
) -> None:
    """With the reason that was given; what was done with many at once is one entry with its filter and counts."""
    before = len(app.audit.entries(1_000).entries)
    result = run(*(shop.get(word, word) for word in words))
    assert result.code in (0, 6), result.err

    entries = app.audit.entries(1_000).entries
    found = [one for one in entries[: len(entries) - before] if one.verb == verb or one.verb not in BESIDES]
    (entry,) = found
    assert (entry.verb, entry.by) == (verb, operator())
    assert entry.what == shop.get(what, what) or not what
    assert counts.items() <= entry.counts.items()
    assert entry.why == ("why" if "--reason" in words else "")
    if any(word in ("--queue", "--code", "--all") for word in words):
        assert entry.filters
    assert not personal(entry)


def personal(entry: AuditEntry) -> bool:
    """Whether an entry holds an address."""
    return "example." in f"{entry.what}{entry.filters}{entry.why}"


@pytest.mark.parametrize(
    "words",
    [
        ("job", "cancel", "WAITING"), ("dlq", "retry", "DEAD"), ("dlq", "purge", "--all"), ("queue", "pause", "email"),
        ("provider", "trip", "outbox", "--for", "1m"), ("outbox", "clear"), ("order", "test"),
    ],
    ids=" ".join,
)  # fmt: skip
def test_dry_run_is_not_in_the_audit_log(app: App, shop: dict[str, str], words: tuple[str, ...]) -> None:
    """Nothing was changed."""
    before = app.audit.entries(1_000)
    result = run(*(shop.get(word, word) for word in words), "--dry-run")

    assert result.code == 0, result.err
    assert app.audit.entries(1_000) == before
