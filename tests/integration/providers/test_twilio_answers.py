"""What Twilio's answers mean: every row of the classification."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from notifyctl.errors import InDoubt, Permanent, Scope, Throttled, Unavailable
from tests.support.twilio_account import (
    answer,
    at,
    error,
    failure,
    problem,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_httpserver import HTTPServer

    from notifyctl.providers.twilio import Twilio


@pytest.fixture
def provider(httpserver: HTTPServer) -> Iterator[Twilio]:
    """A provider of the loopback server, closed after the test."""
    made = at(httpserver.url_for("/"))
    yield made
    made.close()


@pytest.mark.parametrize(
    ("status", "code", "scope"),
    [
        *[(400, code, Scope.RECIPIENT) for code in (21211, 21604, 21610, 21614, 21265, 21266, 21267, 21268)],
        *[(400, code, Scope.RECIPIENT) for code in (21408, 21612, 63003, 63014, 63024, 63032)],
        *[(400, code, Scope.ACCOUNT) for code in (21603, 21606, 21212, 21705, 21703, 21910, 63007)],
        *[(400, code, Scope.CONTENT) for code in (21617, 21619, 21654, 21655, 21656, 99999)],
        *[(401, code, Scope.ACCOUNT) for code in (20003, 20005, 10001, 90010, 99999)],
        (403, 20003, Scope.ACCOUNT),
        (403, 21408, Scope.RECIPIENT),
        (403, 21610, Scope.RECIPIENT),
        (404, 20404, Scope.ACCOUNT),
        (405, 20004, Scope.CONTENT),
    ],
)
@pytest.mark.parametrize("shape", [error, problem])
def test_refusal_for_good_is_permanent(
    httpserver: HTTPServer, shape: Any, status: int, code: int, scope: Scope
) -> None:
    """A 4xx is a promise that nothing was taken; status first, then the code, say what it is about."""
    answer(httpserver, status, shape(code, status))
    provider = at(httpserver.url_for("/"))

    outcome = failure(provider)
    provider.close()

    assert isinstance(outcome, Permanent)
    assert (outcome.scope, outcome.provider, outcome.provider_code) == (scope, "twilio", str(code))


@pytest.mark.parametrize("status", [400, 413, 422])
def test_refusal_without_a_code_is_permanent(httpserver: HTTPServer, provider: Twilio, status: int) -> None:
    """Where the body is not Twilio's, the status has to do."""
    answer(httpserver, status, "<html>")

    outcome = failure(provider)

    assert isinstance(outcome, Permanent)
    assert (outcome.scope, outcome.provider_code) == (Scope.CONTENT, str(status))


@pytest.mark.parametrize("shape", [error, problem])
@pytest.mark.parametrize("code", [20429, 63017, 63018])
def test_429_is_throttled_for_as_long_as_it_says(
    httpserver: HTTPServer, provider: Twilio, shape: Any, code: int
) -> None:
    """The SDK's exceptions hide the headers; the wait is read all the same."""
    answer(httpserver, 429, shape(code, 429), {"Retry-After": "12"})

    outcome = failure(provider)

    assert isinstance(outcome, Throttled)
    assert (outcome.retry_after_s, outcome.provider_code) == (12.0, str(code))


def test_429_without_a_wait_leaves_it_open(httpserver: HTTPServer, provider: Twilio) -> None:
    """No header, no number of ours."""
    answer(httpserver, 429, error(20429, 429))

    outcome = failure(provider)

    assert isinstance(outcome, Throttled)
    assert outcome.retry_after_s is None


@pytest.mark.parametrize(("headers", "wait_s"), [({}, 120.0), ({"Retry-After": "600"}, 600.0)])
def test_full_queue_is_throttled_for_minutes(
    httpserver: HTTPServer, provider: Twilio, headers: dict[str, str], wait_s: float
) -> None:
    """21611 is a 400, but it says no more than "later"."""
    answer(httpserver, 400, error(21611), headers)

    outcome = failure(provider)

    assert isinstance(outcome, Throttled)
    assert outcome.retry_after_s == wait_s


@pytest.mark.parametrize("shape", [error, problem])
def test_503_of_twilio_itself_is_transient(httpserver: HTTPServer, provider: Twilio, shape: Any) -> None:
    """Twilio's own JSON says "try again"; a proxy's page proves nothing."""
    answer(httpserver, 503, shape(20503, 503), {"Retry-After": "4"})

    outcome = failure(provider)

    assert type(outcome) is Unavailable
    assert outcome.retry_after_s == 4.0


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (500, error(20500, 500)),
        (500, problem(20500, 500)),
        (500, problem(21211, 400)),
        (502, "<html>"),
        (503, "<html>"),
        (504, error(20504, 504)),
        (408, ""),
        (409, error(20409, 409)),
        (423, ""),
        (425, ""),
        (201, "not JSON"),
        (201, ""),
        (201, "{}"),
        (201, "[]"),
        (201, "null"),
        (200, "{}"),
    ],
)
def test_answer_that_proves_nothing_is_in_doubt(
    httpserver: HTTPServer, provider: Twilio, status: int, body: Any
) -> None:
    """The request was read, and the answer is neither an acceptance nor a refusal."""
    answer(httpserver, status, body)

    assert isinstance(failure(provider), InDoubt)


@pytest.mark.parametrize("status", [301, 302, 307])
def test_redirect_is_the_accounts_fault(httpserver: HTTPServer, provider: Twilio, status: int) -> None:
    """No redirect is followed: the base URL is wrong."""
    answer(httpserver, status, headers={"Location": httpserver.url_for("/elsewhere")})

    outcome = failure(provider)

    assert isinstance(outcome, Permanent)
    assert outcome.scope is Scope.ACCOUNT
    assert len(httpserver.log) == 1
