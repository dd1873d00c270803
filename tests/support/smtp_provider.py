"""SMTP's provider as tests use it: without TLS, and with little patience."""

from __future__ import annotations

from typing import Any

import pytest

from notifyctl.errors import DeliveryError
from notifyctl.providers.smtp import Smtp
from tests.support.payloads import an_email


def plain(port: int, **settings: Any) -> Smtp:
    """A provider without TLS and with little patience."""
    patience: dict[str, Any] = {"tls": "none", "timeout_s": 2.0, "answer_timeout_s": 2.0}
    return Smtp("127.0.0.1", port, **{**patience, **settings})


def failure(provider: Smtp, **payload: Any) -> DeliveryError:
    """What the provider raises for one mail."""
    with pytest.raises(DeliveryError) as caught:
        provider.send(an_email(**payload))
    provider.close()
    return caught.value
