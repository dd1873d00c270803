"""SMTP's classification, row by row."""

from __future__ import annotations

import pytest

from notifyctl.errors import InDoubt, Permanent, Scope, Transient, Unavailable
from notifyctl.providers.smtp_replies import GREYLIST_WAIT_S, Step, lost, queue_id, refusal

BEFORE_THE_DOT = [Step.CONNECT, Step.AUTH, Step.MAIL, Step.RCPT, Step.DATA]


@pytest.mark.parametrize("step", [*BEFORE_THE_DOT, Step.DOT])
@pytest.mark.parametrize("code", [421, 450, 451, 452, 454, 499])
def test_4yz_is_transient_at_every_step(step: Step, code: int) -> None:
    """A 4yz promises that the server took no responsibility, after the dot as well."""
    assert isinstance(refusal(step, code, b"later"), Transient)


@pytest.mark.parametrize(
    ("step", "code", "text", "outcome"),
    [
        (Step.CONNECT, 451, "later", Unavailable),
        (Step.AUTH, 454, "4.7.0 later", Unavailable),
        (Step.MAIL, 451, "4.7.1 later", Unavailable),
        (Step.MAIL, 452, "4.3.1 no room", Unavailable),
        *[(step, 421, "4.3.2 bye", Unavailable) for step in [*BEFORE_THE_DOT, Step.DOT]],
        (Step.RCPT, 450, "4.2.1 mailbox busy", Transient),
        (Step.RCPT, 451, "4.7.1 greylisted", Transient),
        (Step.RCPT, 452, "4.2.2 mailbox full", Transient),
        (Step.RCPT, 452, "4.3.1 mailbox full, say some", Transient),
        (Step.DATA, 451, "later", Transient),
        (Step.DATA, 451, "4.3.0 later", Unavailable),
        (Step.DOT, 451, "4.3.0 queue file write error", Unavailable),
        (Step.DOT, 452, "4.3.4 too big for now", Transient),
        (Step.DOT, 451, "4.7.1 looks like spam, later", Transient),
    ],
)
def test_4yz_is_the_servers_where_it_is_about_no_recipient(
    step: Step, code: int, text: str, outcome: type[Transient]
) -> None:
    """Before it knows of one, when it leaves, and where it names its own state: not where a mailbox is full."""
    assert type(refusal(step, code, text.encode())) is outcome


@pytest.mark.parametrize(
    ("step", "code", "text", "scope"),
    [
        (Step.CONNECT, 554, "go away, you are listed", Scope.ACCOUNT),
        (Step.AUTH, 535, "5.7.8 bad credentials", Scope.ACCOUNT),
        (Step.AUTH, 534, "5.7.9 too weak", Scope.ACCOUNT),
        (Step.AUTH, 530, "5.7.0 STARTTLS first", Scope.ACCOUNT),
        (Step.AUTH, 538, "5.7.11 encrypt first", Scope.ACCOUNT),
        (Step.MAIL, 552, "5.3.4 too big", Scope.CONTENT),
        (Step.MAIL, 552, "too big", Scope.CONTENT),
        (Step.MAIL, 550, "who are you", Scope.ACCOUNT),
        (Step.MAIL, 553, "5.1.7 bad sender", Scope.ACCOUNT),
        (Step.MAIL, 550, "5.7.1 sender not allowed", Scope.ACCOUNT),
        (Step.MAIL, 530, "5.7.0 authentication required", Scope.ACCOUNT),
        (Step.RCPT, 550, "5.1.1 no such user", Scope.RECIPIENT),
        (Step.RCPT, 550, "5.1.2 no such domain", Scope.RECIPIENT),
        (Step.RCPT, 501, "5.1.3 bad syntax", Scope.RECIPIENT),
        (Step.RCPT, 553, "no", Scope.RECIPIENT),
        (Step.RCPT, 556, "5.1.10 null MX", Scope.RECIPIENT),
        (Step.RCPT, 550, "5.2.2 mailbox full", Scope.RECIPIENT),
        (Step.RCPT, 552, "5.2.2 mailbox full", Scope.RECIPIENT),
        (Step.RCPT, 554, "5.7.1 Relay access denied", Scope.ACCOUNT),
        (Step.RCPT, 550, "relaying denied", Scope.ACCOUNT),
        (Step.RCPT, 550, "5.7.1 Authentication required", Scope.ACCOUNT),
        (Step.RCPT, 550, "5.1.8 bad sender's domain", Scope.ACCOUNT),
        (Step.RCPT, 550, "5.1.0 <shop@example.com>: Sender address rejected: Access denied", Scope.ACCOUNT),
        (Step.RCPT, 550, "Sender verify failed", Scope.ACCOUNT),
        (Step.RCPT, 554, "5.7.1 <box[192.0.2.1]>: Client host rejected: Access denied", Scope.ACCOUNT),
        (Step.RCPT, 554, "5.7.1 Service unavailable; client [192.0.2.1] blocked using zen.example.org", Scope.ACCOUNT),
        (Step.RCPT, 550, "5.7.23 SPF validation failed", Scope.ACCOUNT),
        (Step.RCPT, 550, "5.7.25 no reverse DNS", Scope.ACCOUNT),
        (Step.RCPT, 503, "5.5.1 bad sequence", Scope.ACCOUNT),
        (Step.RCPT, 504, "5.5.2 <ada>: Recipient address rejected: need fully-qualified address", Scope.RECIPIENT),
        (Step.RCPT, 554, "5.7.1 <ada@example.org>: Recipient address rejected: Access denied", Scope.RECIPIENT),
        (Step.RCPT, 550, "5.7.1 <ada@example.org>: Recipient address rejected: Relay denied", Scope.RECIPIENT),
        (Step.RCPT, 550, "5.4.1 Recipient address rejected: Access denied", Scope.RECIPIENT),
        (Step.RCPT, 550, "5.7.13 account disabled", Scope.RECIPIENT),
        (Step.RCPT, 550, "5.7.133 SenderNotAuthenticatedForGroup", Scope.RECIPIENT),
        (Step.RCPT, 550, "5.7.1 <recipient.sender.relay@example.org>: no", Scope.CONTENT),
        (Step.RCPT, 550, "5.7.1 refused by policy", Scope.CONTENT),
        (Step.RCPT, 552, "5.3.4 too big", Scope.CONTENT),
        (Step.DATA, 554, "no", Scope.CONTENT),
        (Step.DOT, 554, "5.7.1 spam", Scope.CONTENT),
        (Step.DOT, 552, "5.3.4 too big", Scope.CONTENT),
    ],
)
def test_5yz_is_permanent_with_the_scope_of_its_step(step: Step, code: int, text: str, scope: Scope) -> None:
    """What a 5yz is about depends on the step, refined by the enhanced code."""
    outcome = refusal(step, code, text.encode())

    assert isinstance(outcome, Permanent)
    assert outcome.scope is scope


@pytest.mark.parametrize("text", [b"5.7.1 <ada@example.org>: Relay access denied", b"relaying denied"])
def test_relay_that_is_denied_is_the_recipients_where_others_were_taken(text: bytes) -> None:
    """A server that takes mail from us and will not relay this one says so about this one's domain."""
    outcome = refusal(Step.RCPT, 550, text, relays=True)

    assert isinstance(outcome, Permanent)
    assert outcome.scope is Scope.RECIPIENT


def test_demand_for_a_login_is_the_accounts_whoever_was_taken_before() -> None:
    """That is about us, however the server came to take mail until now."""
    outcome = refusal(Step.RCPT, 550, b"5.7.1 Relaying denied, authenticate first", relays=True)

    assert isinstance(outcome, Permanent)
    assert outcome.scope is Scope.ACCOUNT


@pytest.mark.parametrize("code", [-1, 199, 300, 600])
def test_senseless_reply_is_doubt_after_the_dot_only(code: int) -> None:
    """Before the dot nothing was taken; after it, nobody can say."""
    assert isinstance(refusal(Step.DOT, code, b"?"), InDoubt)
    assert {type(refusal(step, code, b"?")) for step in BEFORE_THE_DOT} == {Unavailable}


@pytest.mark.parametrize(
    ("step", "code", "text", "wait_s"),
    [
        (Step.RCPT, 451, b"4.7.1 come back later", GREYLIST_WAIT_S),
        (Step.RCPT, 450, b"4.7.25 unknown client", GREYLIST_WAIT_S),
        (Step.RCPT, 450, b"Greylisted, see the manual", GREYLIST_WAIT_S),
        (Step.RCPT, 450, b"4.2.1 mailbox busy", None),
        (Step.RCPT, 452, b"4.2.2 mailbox full", None),
        (Step.MAIL, 451, b"4.7.1 later", None),
    ],
)
def test_greylisting_asks_for_minutes(step: Step, code: int, text: bytes, wait_s: float | None) -> None:
    """A stranger who is told to come back waits long enough not to be refused again."""
    outcome = refusal(step, code, text)

    assert isinstance(outcome, Transient)
    assert outcome.retry_after_s == wait_s


def test_refusal_carries_codes_and_no_recipient() -> None:
    """The error has the reply's codes and redacted words."""
    outcome = refusal(Step.RCPT, 550, b"5.1.1 <ada@example.org>: Ada?", "ada@example.org")

    assert outcome.provider == "smtp"
    assert outcome.provider_code == "550 5.1.1"
    assert outcome.message == "the SMTP server answered 550 to RCPT: 5.1.1 <[recipient]>: [recipient]?"


@pytest.mark.parametrize("step", BEFORE_THE_DOT)
def test_lost_connection_before_the_dot_is_the_servers(step: Step) -> None:
    """Without its final dot no server can have taken a message."""
    assert type(lost(step, ConnectionResetError())) is Unavailable


def test_lost_connection_after_the_dot_is_in_doubt() -> None:
    """RFC 1047: the reply may have been on its way."""
    assert isinstance(lost(Step.DOT, TimeoutError()), InDoubt)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (b"2.0.0 Ok: queued as 4F2A1B", "4F2A1B"),
        (b"OK id=1rXyZ2-0004aB-Qk", "1rXyZ2-0004aB-Qk"),
        (b"2.0.0 5A1BcD012345 Message accepted for delivery", "5A1BcD012345"),
        (b"Ok 0102018d2c3b4a5f-6e7d8c9b-000000", "0102018d2c3b4a5f-6e7d8c9b-000000"),
        (b"2.0.0 OK", ""),
        (b"\xff\xfe", ""),
    ],
)
def test_queue_id_is_read_from_known_servers(text: bytes, expected: str) -> None:
    """Postfix, Exim, Sendmail and SES name their ids; of others none is guessed."""
    assert queue_id(text) == expected
