"""From a request over HTTP to messages in the outbox, with the commands that serve and send."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import httpx

from tests.e2e.test_serve import served
from tests.support.hooks import shopify_headers
from tests.support.intake import planned_ids, posted
from tests.support.order_payloads import a_native_order, a_shopify_cod_order

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.support.cli import Result


def test_orders_over_http_end_in_the_outbox(ok: Callable[..., Result], tmp_path: Path) -> None:
    """One in our format by a shop, one of Shopify's by its hook; one that is cancelled is told of that alone."""
    token = ok("token", "create", "corner shop", "--role", "producer").out.strip()
    delivery = json.dumps(a_shopify_cod_order(), default=str).encode()
    with (
        served(NOTIFYCTL_SHOPIFY_SECRET="shopify's secret") as (url, _),
        httpx.Client(base_url=url, headers={"Authorization": f"Bearer {token}"}, timeout=20, trust_env=False) as shop,
    ):
        placed = posted(shop, a_native_order(), idempotency_key="10482-placed")
        hooked = httpx.post(
            f"{url}/api/hooks/shopify",
            content=delivery,
            headers=shopify_headers("shopify's secret", delivery),
            trust_env=False,
        )
        posted(shop, a_native_order(id="gone", number="GONE-1"))
        posted(shop, a_native_order(id="gone", number="GONE-1", event="cancelled"))
        ok("worker", "--drain")
        states = {shop.get(f"/api/notifications/{one}").json()["state"] for one in planned_ids(placed)}

    mails = [file.read_text() for file in (tmp_path / "state" / "outbox" / "email").glob("*.eml")]
    assert hooked.status_code == 202
    assert states == {"completed"}
    assert len(mails) == 3
    assert sum("10482" in mail for mail in mails) == 1
    assert sum("#1042" in mail for mail in mails) == 1
    (gone,) = [mail for mail in mails if "GONE-1" in mail]
    assert "cancelled" in gone
