"""Requests with an Idempotency-Key."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.intake import planned_ids, posted, waiting
from tests.support.order_payloads import a_native_order

if TYPE_CHECKING:
    import httpx

    from tests.support.serving import Serving

MESSAGE = {"channel": "email", "to": "ada@example.com", "template": "test_message"}


def test_repeated_request_has_the_first_answer(serving: Serving, shop: httpx.Client) -> None:
    """Also where another answer would be true by now."""
    first = posted(shop, a_native_order(), idempotency_key="k-1")
    posted(shop, a_native_order(event="cancelled"))

    again = posted(shop, a_native_order(), idempotency_key="k-1")
    quoted = posted(shop, a_native_order(), idempotency_key='"k-1"')

    assert again.status_code == first.status_code == 202
    assert again.json() == quoted.json() == first.json()
    assert again.headers["idempotent-replayed"] == "true"
    assert "idempotent-replayed" not in first.headers
    assert waiting(serving.app) == {"email": 1, "whatsapp": 1}  # the cancellation


def test_key_of_another_request_is_refused(serving: Serving, shop: httpx.Client) -> None:
    """Nothing of the second one is queued."""
    posted(shop, a_native_order(), idempotency_key="k-1")
    before = waiting(serving.app)

    for order, path in ((a_native_order(id="2"), "/api/orders"), (a_native_order(), "/api/orders?event=cancelled")):
        answer = posted(shop, order, path, idempotency_key="k-1")
        assert (answer.status_code, answer.json()["code"]) == (422, "key_reused")

    assert waiting(serving.app) == before


def test_key_belongs_to_its_token_and_path(serving: Serving, shop: httpx.Client) -> None:
    """Two shops may use the same numbers."""
    posted(shop, a_native_order(), idempotency_key="1")
    with serving.client("producer") as other:
        assert posted(other, a_native_order(id="2"), idempotency_key="1").status_code == 202
    assert posted(shop, MESSAGE, "/api/notifications", idempotency_key="1").status_code == 202


def test_request_that_failed_may_be_made_again_with_its_key(shop: httpx.Client) -> None:
    """What was refused had no effect, so that its key stands for nothing."""
    assert posted(shop, {"id": "1"}, idempotency_key="k-1").status_code == 422
    assert posted(shop, a_native_order(), idempotency_key="k-1").status_code == 202


@pytest.mark.parametrize("key", ["", '""', "a b", "k" * 256])
def test_key_that_is_none_is_refused(serving: Serving, shop: httpx.Client, key: str) -> None:
    """By the rules of HTTP's own quoted texts."""
    answer = posted(shop, a_native_order(), idempotency_key=key)

    assert answer.status_code == 422
    assert "Idempotency-Key" in answer.json()["detail"]
    assert waiting(serving.app) == {}


def test_concurrent_requests_of_one_key_are_done_once(
    serving: Serving, shop: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While the first is under way, a second is told to wait; after it, it has the same answer."""
    entered, go_on = threading.Event(), threading.Event()
    queue = type(serving.app.notifier).queue_drafts

    def slowly(*args: Any) -> Any:
        entered.set()
        assert go_on.wait(10)
        return queue(*args)

    monkeypatch.setattr(type(serving.app.notifier), "queue_drafts", slowly)
    twin = serving.app.doors.reception  # as another process of the server has one
    with ThreadPoolExecutor() as pool:
        first = pool.submit(posted, shop, a_native_order(), idempotency_key="k-1")
        assert entered.wait(10)
        scope = f"{serving.app.tokens.all()[0].id} /api/orders k-1"
        (early,) = twin._repeats.claim([(scope, b"\n" + first_body())])
        go_on.set()
        answer = first.result()

    assert type(early).__name__ == "RequestUnderWay"
    assert posted(shop, a_native_order(), idempotency_key="k-1").json() == answer.json()
    assert waiting(serving.app) == {"email": 1, "whatsapp": 1}


def test_many_requests_of_one_key_at_once_make_one_message(serving: Serving, shop: httpx.Client) -> None:
    """Each has the one answer, or is told that it came too early."""
    with ThreadPoolExecutor(8) as pool:
        jobs = [pool.submit(posted, shop, a_native_order(), idempotency_key="k-1") for _ in range(24)]
        answers = [job.result() for job in jobs]

    assert {answer.status_code for answer in answers} <= {202, 409}
    done = [answer for answer in answers if answer.status_code == 202]
    assert len({tuple(planned_ids(answer)) for answer in done}) == 1
    assert waiting(serving.app) == {"email": 1, "whatsapp": 1}


def first_body() -> bytes:
    """What `posted` sends of an order."""
    import json

    return json.dumps(a_native_order(), default=str).encode()
