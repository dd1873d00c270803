"""A Twilio account whose API is a loopback server."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from notifyctl.errors import DeliveryError
from notifyctl.providers.twilio import Twilio
from tests.support.payloads import a_whatsapp

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pytest_httpserver import HTTPServer

ACCOUNT = "AC0123456789abcdef0123456789abcdef"
API_KEY = "SK0123456789abcdef0123456789abcdef"
SECRET = "top-secret"
PATH = f"/2010-04-01/Accounts/{ACCOUNT}/Messages.json"
SENDER = "+14155238886"
ACCEPTED = {"sid": "SM00112233445566778899aabbccddeeff", "status": "queued"}


def at(base_url: str, **changes: Any) -> Twilio:
    """A provider that takes a loopback server for Twilio."""
    settings: dict[str, Any] = {"whatsapp_from": SENDER, "timeout_s": 2.0, **changes}
    return Twilio(ACCOUNT, API_KEY, SECRET, base_url=base_url, **settings)


def answer(httpserver: HTTPServer, status: int, body: Any = "", headers: Mapping[str, str] | None = None) -> None:
    """Let the server give this answer to each message."""
    expected = httpserver.expect_request(PATH, method="POST")
    if isinstance(body, str):
        expected.respond_with_data(body, status=status, headers=headers)
    else:
        expected.respond_with_json(body, status=status, headers=headers)


def error(code: int, status: int = 400, message: str = "no") -> dict[str, Any]:
    """A body as Twilio's errors have it."""
    return {
        "code": code,
        "message": message,
        "more_info": f"https://www.twilio.com/docs/errors/{code}",
        "status": status,
    }


def problem(code: int, status: int) -> dict[str, Any]:
    """A body as RFC 9457 has it, which the SDK raises as another kind of exception."""
    return {"type": "https://www.twilio.com/x", "title": "No", "status": status, "code": code, "detail": "because"}


def failure(provider: Twilio) -> DeliveryError:
    """What the provider raises for one message."""
    with pytest.raises(DeliveryError) as caught:
        provider.send(a_whatsapp())
    return caught.value
