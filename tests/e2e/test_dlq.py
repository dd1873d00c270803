"""`notifyctl dlq`: look at dead letters, send them again, give them up."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import pytest

from notifyctl.engine.keys import QueueKeys
from notifyctl.engine.scripts import Scripts
from notifyctl.engine.states import State
from tests.support.cli import run
from tests.support.dead import carry_out

if TYPE_CHECKING:
    from collections.abc import Callable

    from notifyctl.app import App
    from tests.support.cli import Result

    Audit = Callable[[], list[dict[str, str]]]


def test_list_shows_the_newest_first_and_masks_addresses(
    ok: Callable[..., Result], dead: Callable[..., list[str]]
) -> None:
    """As a table, as JSON, and as ids; with a word that there are more."""
    ids = dead(3)

    assert "ada@example.com" not in ok("dlq", "list").out
    assert [job["to"] for job in ok("dlq", "list", "-o", "json").json()] == ["a***@e***.com"] * 3
    assert set(ok("dlq", "ls", "-o", "id").out.split()) == set(ids)
    limited = ok("dlq", "list", "--queue", "email", "--limit", "2", "-o", "csv")
    assert len(limited.out.splitlines()) == 3
    assert "more than these 2" in limited.err


def test_reveal_shows_the_address_and_is_audited(
    ok: Callable[..., Result], dead: Callable[..., list[str]], audit: Audit
) -> None:
    """Who looked, and at what, stays in the audit log."""
    (job_id,) = dead(1)

    assert ok("dlq", "show", job_id, "--reveal", "-o", "json").json()["to"] == "ada@example.com"
    assert [(entry["verb"], entry["what"]) for entry in audit()] == [("revealed", job_id)]


def test_show_tells_why_and_each_attempt(ok: Callable[..., Result], dead: Callable[..., list[str]]) -> None:
    """For people and for programs."""
    (job_id,) = dead(1, order_id="10482")

    page = ok("dlq", "show", job_id).out
    assert "no such recipient" in page
    assert "10482" in page
    found = ok("dlq", "show", job_id, "-o", "json").json()
    assert (found["id"], found["state"], found["reason"]) == (job_id, "dead", "permanent")
    assert found["attempts"][0]["code"] == "550"


def test_retry_of_an_id_needs_no_question(
    ok: Callable[..., Result], dead: Callable[..., list[str]], app: App, audit: Audit
) -> None:
    """And its reason is kept."""
    (job_id,) = dead(1)

    assert ok("dlq", "retry", job_id, "--reason", "mailbox was made").out == "retried 1\n"

    assert app.inspector.job(job_id).state is State.WAITING
    (entry,) = audit()
    assert (entry["verb"], entry["why"]) == ("retried", "mailbox was made")
    assert "@" in entry["by"]


def test_retry_reads_ids_from_standard_input(
    ok: Callable[..., Result], dead: Callable[..., list[str]], app: App
) -> None:
    """As `dlq list -o id` prints them; the same id twice is one."""
    ids = dead(3)

    assert ok("dlq", "retry", "-", stdin="\n".join([*ids, ids[0]])).out == "retried 3\n"
    assert app.inspector.stats("email").dlq == 0


def test_retry_goes_on_past_ids_that_cannot_be_retried(dead: Callable[..., list[str]]) -> None:
    """Says which, and ends with 6; with 3 where none of them exists."""
    ids = dead(2)

    partly = run("dlq", "retry", ids[0], "nothing", ids[1], "-o", "json")
    assert partly.code == 6
    assert [(one["id"], one["result"]) for one in partly.json()] == [
        (ids[0], "retried"), ("nothing", "failed"), (ids[1], "retried"),
    ]  # fmt: skip
    assert "retried 2, failed 1" in partly.err

    assert run("dlq", "retry", "nothing", "never").code == 3
    again = run("dlq", "retry", ids[0], "-o", "json")
    assert again.code == 1
    assert '"code": "wrong_state"' in again.err


def test_bulk_retry_asks_and_without_a_terminal_refuses(
    ok: Callable[..., Result], dead: Callable[..., list[str]], app: App
) -> None:
    """Names the flag, shows a sample; --yes goes ahead, --limit takes the oldest, once a worker is there."""
    ids = dead(5)

    refused = run("dlq", "retry", "--queue", "email")
    assert refused.code == 1
    assert "dead letters to be sent again: 5" in refused.err
    assert ids[0] in refused.err
    assert "--yes" in refused.err
    assert app.inspector.stats("email").dlq == 5

    started = ok("dlq", "retry", "--all", "--limit", "2", "-y", "-o", "id")
    assert "no worker runs: this waits until one does" in started.err
    (replay,) = carry_out(app, started.out.strip())
    assert (replay.replayed, replay.state) == (2, "done")
    assert [job.job_id for job in app.inspector.jobs("email", State.WAITING)] == ids[:2]
    assert app.inspector.stats("email").dlq == 3


def test_dry_run_changes_nothing(ok: Callable[..., Result], dead: Callable[..., list[str]], app: App) -> None:
    """And asks nothing."""
    dead(2)

    assert ok("dlq", "retry", "--all", "--dry-run").out == "would be retried 2\n"
    assert ok("dlq", "purge", "--all", "--dry-run").out == "would be purged 2\n"
    assert app.inspector.stats("email").dlq == 2


def test_dry_run_on_ids_ends_as_the_real_run_would(
    dead: Callable[..., list[str]], queued: Callable[..., list[str]]
) -> None:
    """What cannot be done is said beforehand, with the same code."""
    (letter,) = dead(1)
    (waiting,) = queued(1)

    for verb in ("retry", "purge"):
        assert run("dlq", verb, "nothing", "--dry-run").code == 3
        assert "not dead" in run("dlq", verb, waiting, "--dry-run").err
        both = run("dlq", verb, letter, waiting, "--dry-run")
        assert both.code == 6
        assert both.out.startswith("would be ")
        assert "failed 1" in both.out


def test_purge_always_asks_and_then_they_are_gone(
    ok: Callable[..., Result], dead: Callable[..., list[str]], app: App
) -> None:
    """Also for a named id: nothing brings it back."""
    (job_id,) = dead(1)
    assert run("dlq", "purge", job_id).code == 1

    assert ok("dlq", "rm", job_id, "--yes").out == "purged 1\n"

    assert app.inspector.stats("email").dlq == 0
    assert run("dlq", "show", job_id).code == 3


def test_bulk_on_nothing_is_done(ok: Callable[..., Result]) -> None:
    """There is nobody to ask about."""
    assert ok("dlq", "retry", "--all").out == "retried 0\n"
    assert ok("dlq", "list").err == "no dead letters\n"


def test_filters_choose_for_lists_and_for_bulk_verbs(
    ok: Callable[..., Result], dead: Callable[..., list[str]], app: App
) -> None:
    """The same options find the same letters, to look at, to send again, and to give up."""
    (first,) = dead(1, order_id="10482")
    (other,) = dead(1, order_id="7")

    for chosen in (
        ["--order", "10482"],
        ["--order", "10482", "--code", "550", "--error", "recipient", "--since", "1h"],
    ):
        assert ok("dlq", "list", *chosen, "-o", "id").out.split() == [first]
        planned = ok("dlq", "retry", *chosen, "--dry-run", "-o", "json").json()
        assert (planned["will_go"], [job["id"] for job in planned["sample"]]) == (1, [first])
    assert set(ok("dlq", "list", "--to", "ada@example.com", "-o", "id").out.split()) == {first, other}
    assert ok("dlq", "list", "--to", "eve@example.com", "-o", "json").json() == []
    assert ok("dlq", "list", "--until", "1h", "--attempts", "1", "-o", "json").json() == []

    assert ok("dlq", "retry", "--order", "10482", "--yes").out == "to be retried 1\n"
    carry_out(app)
    assert app.inspector.stats("email").dlq == 1
    assert ok("dlq", "purge", "--template", "test_message", "--yes").out == "purged 1\n"
    assert app.inspector.stats("email").dlq == 0


def test_list_goes_on_from_a_cursor(ok: Callable[..., Result], dead: Callable[..., list[str]]) -> None:
    """The list says how; the last page says nothing."""
    ids = dead(3)

    first = ok("dlq", "list", "--limit", "2", "-o", "id")
    cursor = first.err.split("--cursor ")[1].split()[0]
    second = ok("dlq", "list", "--limit", "2", "-o", "id", "--cursor", cursor)

    assert first.out.split() + second.out.split() == ids[::-1]
    assert second.err == ""


def test_stats_count_what_they_have_in_common(ok: Callable[..., Result], dead: Callable[..., list[str]]) -> None:
    """By code, or another fact; an empty list is one."""
    assert ok("dlq", "stats", "-o", "json").json() == []
    dead(3)

    (by_code,) = ok("dlq", "stats", "-o", "json").json()
    (by_template,) = ok("dlq", "stats", "--by", "template", "-o", "json").json()

    assert (by_code["code"], by_code["count"]) == ("550", 3)
    assert (by_template["template"], by_template["count"]) == ("test_message", 3)
    assert by_code["first_at"] <= by_code["last_at"]
    assert "550" in ok("dlq", "stats").out
    assert "no such recipient" in ok("dlq", "stats", "--by", "error").out


def test_retry_of_ids_keeps_to_a_rate(ok: Callable[..., Result], dead: Callable[..., list[str]]) -> None:
    """So that what is mended is not flooded."""
    ids = dead(4)

    started = time.monotonic()
    assert ok("dlq", "retry", *ids, "--rate", "5/s").out == "retried 4\n"

    assert time.monotonic() - started >= 3 / 5


@pytest.fixture
def held(app: App) -> str:
    """A WhatsApp message of which nobody can say whether it was sent: Twilio was asked for it twice; its id."""
    job_id = app.notifier.queue_whatsapp("+447700900123", "test_message", {"note": "10482"}).id
    scripts = Scripts(app.client("operator"), QueueKeys(app.settings.namespace, "whatsapp"))
    take: dict[str, Any] = {
        "lease_ms": 10_000,
        "rate": "0/1",
        "gap_ms": 5_000,
        "block_ms": 1_000,
        "cancelled_ms": 60_000,
    }
    (job,) = scripts.take("w", 1, 1, **take).jobs
    scripts.begin(job_id, job.token, "twilio")
    lost = '{"attempt": 1, "outcome": "in_doubt", "tries": [{"provider": "twilio", "outcome": "in_doubt"}]}'
    scripts.doubt(job_id, job.token, 0, lost)
    record = '{"attempt": 1, "outcome": "in_doubt", "tries": [{"provider": "twilio", "outcome": "not_found"}]}'
    for look in (1, 2):
        (job,) = scripts.take("w", look + 1, 1, **take).jobs
        if look == 1:
            scripts.doubt(job_id, job.token, 0, record, 2)
    scripts.bury(job_id, job.token, "unknown_outcome", record)
    return job_id


def test_show_of_a_held_one_tells_what_is_known(ok: Callable[..., Result], held: str) -> None:
    """Who was asked, what looking it up brought, and what can be done."""
    told = ok("dlq", "show", held).err

    assert "nobody can say whether this message was sent: twilio was asked at" in told
    assert "twilio was then asked for it 2 times, and knew of no such message" in told
    assert f"notifyctl dlq retry {held}" in told
    found = ok("dlq", "show", held, "-o", "json").json()
    assert (found["in_doubt"], found["possible_duplicate"], found["asked_at"][:2]) == (True, False, "20")


def test_bulk_retry_that_does_not_ask_says_what_may_arrive_twice(ok: Callable[..., Result], held: str) -> None:
    """Whoever passes --yes in a script finds it in its log."""
    said = ok("dlq", "retry", "--queue", "whatsapp", "--yes").err

    assert "of 1 of them nobody can say whether they were sent: they may arrive twice" in said


def test_retry_of_a_held_one_asks(ok: Callable[..., Result], held: str, app: App) -> None:
    """It may arrive twice: nobody sends that by mistake, and without a terminal the flag is named."""
    refused = run("dlq", "retry", held)

    assert refused.code == 1
    assert "nobody can say whether this message was sent" in refused.err
    assert "--yes" in refused.err
    assert app.inspector.job(held).state is State.DEAD

    ok("dlq", "retry", held, "--yes")

    job = app.inspector.job(held)
    assert (job.state, job.possible_duplicate, job.look) == (State.WAITING, True, 0)


@pytest.mark.parametrize(
    ("field", "value", "told"),
    [
        ("possible_duplicate", "1", "nobody can say whether this message was sent"),
        ("duplicate:w1:1", "sendgrid SG1", "sendgrid had accepted it after all, as SG1"),
    ],
)
def test_retry_asks_wherever_it_may_have_been_sent(
    app: App, dead: Callable[..., list[str]], field: str, value: str, told: str
) -> None:
    """Also where it was sent once more and died of something else, and where the first send's answer came too late."""
    (job_id,) = dead(1)
    app.client("operator").hset(QueueKeys(app.settings.namespace, "email").job(job_id), field, value)

    refused = run("dlq", "retry", job_id)

    assert refused.code == 1
    assert told in refused.err
    assert told in run("dlq", "show", job_id).err


@pytest.mark.parametrize("named", [True, False])
def test_bulk_retry_says_how_many_are_in_doubt(
    dead: Callable[..., list[str]], held: str, named: bool, ok: Callable[..., Result]
) -> None:
    """Among others that can be sent again without a thought, named one by one or found by a filter."""
    letters = dead(2)
    refused = run("dlq", "retry", *([*letters, held] if named else ["--all"]))
    told = "of 1 of them nobody can say whether they were sent: they may arrive twice"

    assert refused.code == 1
    assert told in refused.err
    assert told in ok("dlq", "retry", "--all", "--dry-run").err
