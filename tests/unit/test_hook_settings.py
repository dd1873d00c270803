"""What deliveries of shop systems are signed with."""

from __future__ import annotations

from typing import Any

import pytest

from notifyctl.errors import ConfigError
from notifyctl.settings import Settings


@pytest.mark.parametrize(
    ("hooks", "message"),
    [
        (
            {"shopify": {"previous_secret": "b"}},
            "hooks.shopify.previous_secret is of no use without NOTIFYCTL_SHOPIFY_SECRET",
        ),
        ({"square": {"secret": "a"}}, "NOTIFYCTL_SQUARE_URL and .* are of no use without each other"),
        ({"square": {"url": "https://x"}}, "are of no use without each other"),
        ({"saleor": {"url": "ftp://x"}}, "expected a base URL"),
    ],
)
def test_hooks_need_what_their_signatures_are_made_of(hooks: dict[str, Any], message: str) -> None:
    """Half a setting would refuse each delivery, and nobody would know why."""
    with pytest.raises(ConfigError, match=message):
        Settings.load(hooks=hooks)


def test_hooks_have_both_secrets_while_one_is_changed() -> None:
    """The present one first."""
    settings = Settings.load(hooks={"shopify": {"secret": "new", "previous_secret": "old"}})

    assert settings.hooks.shopify.secrets == (b"new", b"old")
    assert settings.hooks.woocommerce.secrets == ()
