"""Asking Twilio what became of a message, over HTTP, as its API answers."""

from __future__ import annotations

from email.utils import formatdate
from typing import TYPE_CHECKING, Any

import pytest

from notifyctl.errors import DeliveryError, InDoubt, Permanent, Scope, Transient
from notifyctl.notification import Sent
from tests.support.http_provider import LOST_ANSWERS, BrokenHttp
from tests.support.payloads import a_whatsapp
from tests.support.twilio_account import ACCOUNT, PATH, SENDER, at

if TYPE_CHECKING:
    from pytest_httpserver import HTTPServer

    from notifyctl.providers.twilio import Twilio

SINCE_MS = 1_793_534_400_000
TEXT = "Hello Ada Lovelace, your order 10482 is on its way. Thank you for shopping with us!"
PAYLOAD = a_whatsapp(variables={"1": "Ada Lovelace", "2": "10482"}, text=TEXT)


def _message(sid: str = "SM1", *, after_s: Any = 1, **changes: Any) -> dict[str, Any]:
    """A message as the list has it."""
    return {
        "account_sid": ACCOUNT, "api_version": "2010-04-01", "direction": "outbound-api", "num_media": "0",
        "num_segments": "1", "price": None, "price_unit": "USD", "subresource_uris": {}, "uri": "/x.json",
        "date_created": formatdate(SINCE_MS / 1000 + after_s, usegmt=True), "date_updated": None, "date_sent": None,
        "body": TEXT, "error_code": None, "error_message": None,
        "from": f"whatsapp:{SENDER}", "to": f"whatsapp:{PAYLOAD.to}", "messaging_service_sid": None, "sid": sid,
        "status": "delivered", **changes,
    }  # fmt: skip


def _find(httpserver: HTTPServer, *messages: dict[str, Any], provider: Twilio | None = None) -> Sent | None:
    query = {"To": f"whatsapp:{PAYLOAD.to}", "PageSize": "50"}
    page = {"messages": list(messages), "page": 0, "page_size": 50, "next_page_uri": None, "uri": PATH}
    httpserver.expect_ordered_request(PATH, method="GET", query_string=query).respond_with_json(page)
    found = (provider or at(httpserver.url_for(""))).find(PAYLOAD, SINCE_MS)
    httpserver.check_assertions()
    return found


def test_find_and_check_send_no_body() -> None:
    """A GET with a body, even an empty one in chunks, may be refused, or read as the next request's first line."""
    with BrokenHttp(lambda _: None) as twilio:
        provider = at(twilio.url)
        with pytest.raises(DeliveryError):
            provider.find(PAYLOAD, SINCE_MS)
        with pytest.raises(DeliveryError):
            provider.check()

    for request in twilio.requests:
        head, _, body = request.partition(b"\r\n\r\n")
        assert body == b""
        assert b"transfer-encoding" not in head.lower()
    assert len(twilio.requests) == 2


@pytest.mark.parametrize("status", ["queued", "accepted", "sending", "sent", "delivered", "read"])
def test_find_knows_a_message_by_recipient_sender_time_and_words(httpserver: HTTPServer, status: str) -> None:
    """Whatever became of it after, Twilio had accepted it."""
    assert _find(httpserver, _message(status=status)) == Sent("twilio", "SM1")


@pytest.mark.parametrize(
    "changes",
    [
        {"after_s": -6},
        {"from": "whatsapp:+14155550000"},
        {"body": TEXT.replace("10482", "104820")},
        {"body": TEXT.replace("10482", "")},
        {
            "body": "Hello Ada Lovelace, thank you for your order 10482. We will let you know as soon as it is on its way."
        },
        {"body": None},
        {"date_created": None},
    ],
    ids=["earlier", "another sender", "another order", "no order", "another text", "no body", "no date"],
)
def test_find_takes_no_other_message_for_it(httpserver: HTTPServer, changes: dict[str, Any]) -> None:
    """One of the four does not fit: it is another message, or cannot be told from one."""
    assert _find(httpserver, _message(**changes)) is None


def test_find_without_any_message_finds_nothing(httpserver: HTTPServer) -> None:
    """The recipient was sent nothing at all."""
    assert _find(httpserver) is None


def test_find_knows_a_message_of_a_clock_that_is_behind(httpserver: HTTPServer) -> None:
    """Clocks may differ by some seconds; what is older is another one."""
    listed = [_message("SM2", after_s=-5), _message("SM1", after_s=-3_600)]

    assert _find(httpserver, *listed) == Sent("twilio", "SM2")


def test_find_reads_words_as_whatsapp_sets_them(httpserver: HTTPServer) -> None:
    """Line breaks and blanks of any kind are one blank."""
    assert _find(httpserver, _message(body=TEXT.replace(" ", "\n\n\u00a0", 3))) == Sent("twilio", "SM1")


def test_find_knows_its_text_among_others_of_the_same_order(httpserver: HTTPServer) -> None:
    """They came earlier and later, have the same values in them, and one of them failed."""
    paid = "Hello Ada Lovelace, we have received the money for your order 10482. Thank you!"
    listed = [
        _message("SM3", after_s=3, body=paid),
        _message(),
        _message("SM2", after_s=-3, body=paid, status="failed"),
    ]

    assert _find(httpserver, *listed) == Sent("twilio", "SM1")


def test_find_knows_a_text_that_was_approved_in_other_words(httpserver: HTTPServer) -> None:
    """Our copy of it is a copy: nobody else's message is there, the values are in it, and most of the words."""
    assert _find(httpserver, _message(body=TEXT.replace("on its way", "coming"))) == Sent("twilio", "SM1")


def test_find_does_not_guess_between_other_words(httpserver: HTTPServer) -> None:
    """With a second message from us since then, either may be ours, or neither."""
    listed = [_message(body=TEXT.replace("on its way", "coming")), _message("SM2", body="Hello.")]

    assert _find(httpserver, *listed) is None


def test_find_prefers_what_arrived_to_what_failed(httpserver: HTTPServer) -> None:
    """Sending again what the customer has read would be a duplicate."""
    listed = [_message("SM2", status="failed", error_code=63012), _message(), _message("SM3", status="undelivered")]

    assert _find(httpserver, *listed) == Sent("twilio", "SM1")


@pytest.mark.parametrize("status", ["read", "failed"])
def test_find_does_not_guess_between_equals(httpserver: HTTPServer, status: str) -> None:
    """Several sends of the same text: nobody can say which of them is this one."""
    assert _find(httpserver, _message(status=status), _message("SM2", status=status)) is None


def test_find_of_a_messaging_service_goes_by_the_service(httpserver: HTTPServer) -> None:
    """The service chooses the number that it sends from."""
    provider = at(httpserver.url_for(""), messaging_service_sid="MG1")
    listed = [_message("SM2", messaging_service_sid="MG2"), _message(messaging_service_sid="MG1", **{"from": "x"})]

    assert _find(httpserver, *listed, provider=provider) == Sent("twilio", "SM1")


@pytest.mark.parametrize(("text", "found"), [(TEXT, Sent("twilio", "SM1")), (f"{TEXT} Bye.", None)])
def test_find_of_a_message_without_variables_goes_by_the_text_alone(
    httpserver: HTTPServer, text: str, found: Sent | None
) -> None:
    """Without values, other words are another message."""
    httpserver.expect_request(PATH).respond_with_json({"messages": [_message()], "next_page_uri": None})

    assert at(httpserver.url_for("")).find(a_whatsapp(variables={}, text=text), SINCE_MS) == found


@pytest.mark.parametrize(
    ("status", "code", "kind", "scope"),
    [
        ("failed", 63012, Transient, None),
        ("undelivered", 30001, Transient, None),
        ("undelivered", 63024, Permanent, Scope.RECIPIENT),
        ("failed", 63013, Permanent, Scope.CONTENT),
        ("canceled", None, Permanent, Scope.CONTENT),
    ],
)
def test_find_tells_what_surely_did_not_arrive(
    httpserver: HTTPServer, status: str, code: int | None, kind: type[DeliveryError], scope: Scope | None
) -> None:
    """Accepted, and failed after: a new send is no duplicate, where one may help."""
    with pytest.raises(kind) as caught:
        _find(httpserver, _message(status=status, error_code=code))

    assert getattr(caught.value, "scope", None) == scope
    assert caught.value.provider_code == str(code or status)


@pytest.mark.parametrize("status", [401, 404, 429, 500, 503])
def test_find_that_is_refused_tells_nothing(httpserver: HTTPServer, status: int) -> None:
    """A look-up that fails says nothing about the message, and nothing of the number that is in its URL."""
    httpserver.expect_request(PATH).respond_with_json({"code": 20003, "message": PAYLOAD.to, "status": status}, status)

    with pytest.raises(InDoubt) as caught:
        at(httpserver.url_for("")).find(PAYLOAD, SINCE_MS)

    assert caught.value.message == f"Twilio cannot be asked for it: answered {status}"


@pytest.mark.parametrize("way", ["reset", "close", "garbage", "half_headers", "hang"])
def test_find_without_a_readable_answer_tells_nothing(way: str) -> None:
    """Nor does one whose answer is lost."""
    with BrokenHttp(LOST_ANSWERS[way]) as server, pytest.raises(InDoubt) as caught:
        at(server.url, timeout_s=0.5).find(PAYLOAD, SINCE_MS)

    assert PAYLOAD.to not in str(caught.value.message)


def test_find_at_a_host_that_is_away_tells_nothing() -> None:
    """No connection, no answer."""
    with pytest.raises(InDoubt):
        at("http://127.0.0.1:1").find(PAYLOAD, SINCE_MS)
