"""Signing in with a token, and what holds a session up."""

from __future__ import annotations

from base64 import urlsafe_b64encode
from typing import TYPE_CHECKING

import httpx
import pytest

from notifyctl.access import guesses

if TYPE_CHECKING:
    from tests.support.serving import Serving


def test_sign_in_begins_a_session_that_scripts_cannot_read(serving: Serving) -> None:
    """The cookie is HttpOnly and SameSite, and holds no token."""
    token = serving.token("viewer")
    with serving.client(None) as client:
        answer = client.post("/sign-in", data={"token": token, "next": "/jobs?state=dead"})

    cookie = answer.headers["set-cookie"].lower()
    assert (answer.status_code, answer.headers["location"]) == (303, "/jobs?state=dead")
    assert "httponly" in cookie
    assert "samesite=lax" in cookie
    assert token.lower() not in cookie


@pytest.mark.parametrize(
    "place", ["https://example.com/", "//example.com", "/\\example.com", "javascript:alert(1)", "x", "http://[", "//["]
)
def test_sign_in_goes_on_to_a_page_of_this_site_alone(serving: Serving, place: str) -> None:
    """Nobody is sent elsewhere by a link to the sign-in page, whose form has no such place in it either."""
    with serving.client(None) as client:
        form = client.get("/sign-in", params={"next": place})
        answer = client.post("/sign-in", data={"token": serving.token(), "next": place})

    assert form.status_code == 200
    assert 'name="next" value="/"' in form.text
    assert answer.headers["location"] == "/"


def test_a_producer_cannot_sign_in(serving: Serving) -> None:
    """Its token is for programs that hand over orders."""
    with serving.client(None) as client:
        answer = client.post("/sign-in", data={"token": serving.token("producer")})

    assert answer.status_code == 403
    assert "set-cookie" not in answer.headers


def test_a_session_cannot_be_replayed_after_sign_out(serving: Serving) -> None:
    """Whoever kept a copy of the cookie has nothing in it."""
    with serving.browser() as browser:
        cookies = dict(browser.cookies)
        proof = serving.app.sessions.find(cookies["notifyctl_session"]).proof
        assert browser.post("/sign-out", data={"proof": proof}).status_code == 303

        with httpx.Client(base_url=serving.url, cookies=cookies) as thief:
            assert thief.post("/sign-out", data={"proof": proof}).status_code == 401


def test_a_session_ends_with_its_token(serving: Serving) -> None:
    """Revoking the token shuts the browser out, too."""
    with serving.browser() as browser:
        session = serving.app.sessions.find(browser.cookies["notifyctl_session"])
        serving.app.tokens.revoke(session.token.id)

        assert browser.post("/sign-out", data={"proof": session.proof}).status_code == 401


@pytest.mark.parametrize(
    "headers",
    [{"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}, {"Origin": "null"}, {"Origin": "http://["}],
)
def test_a_form_of_another_site_is_refused(serving: Serving, headers: dict[str, str]) -> None:
    """Even one that knows the proof."""
    with serving.browser() as browser:
        proof = serving.app.sessions.find(browser.cookies["notifyctl_session"]).proof

        answer = browser.post("/sign-out", data={"proof": proof}, headers=headers)

        assert answer.status_code == 403
        assert serving.app.sessions.find(browser.cookies["notifyctl_session"]).proof


@pytest.mark.parametrize("data", [{}, {"proof": ""}, {"proof": "a" * 64}])
def test_a_form_without_the_sessions_proof_is_refused(serving: Serving, data: dict[str, str]) -> None:
    """And nothing is changed."""
    with serving.browser() as browser:
        assert browser.post("/sign-out", data=data).status_code == 403
        assert serving.app.sessions.find(browser.cookies["notifyctl_session"]).proof


def test_a_made_up_cookie_is_refused_without_a_look(serving: Serving) -> None:
    """Its signature is wrong."""
    with serving.client(None, cookies={"notifyctl_session": "made.up"}) as client:
        assert client.post("/sign-out", data={"proof": "x"}).status_code == 401


def test_a_program_with_an_old_token_keeps_nobody_from_signing_in(serving: Serving) -> None:
    """It asks again and again, from the same address."""
    with serving.client(None, headers={"Authorization": "Bearer ntf_wrong"}) as scraper:
        codes = [scraper.get("/api/admin/stats").status_code for _ in range(guesses.MOST_OF_ONE + 1)]
    with serving.client(None) as client:
        answer = client.post("/sign-in", data={"token": serving.token()})

    assert codes[-1] == 429
    assert answer.status_code == 303


@pytest.mark.parametrize("content", [b"1", b"[1]", b"[" * 5_000, b"\xff", b'["<script>", "bad"]'])
def test_a_note_that_is_none_of_ours_does_no_harm(serving: Serving, content: bytes) -> None:
    """Whatever else is served on this machine may set cookies for it."""
    cookies = {"notifyctl_flash": urlsafe_b64encode(content).decode()}
    with serving.client(None, cookies=cookies) as client:
        answer = client.get("/sign-in")

    assert answer.status_code == 200
    assert "<script>" not in answer.text


def test_an_address_that_failed_too_often_has_to_wait(serving: Serving) -> None:
    """Also with a valid token, on the sign-in page; programs that have one go on."""
    with serving.client(None) as client:
        codes = [client.post("/sign-in", data={"token": "ntf_wrong"}).status_code for _ in range(guesses.MOST_OF_ONE)]
        late = client.post("/sign-in", data={"token": serving.token()})

    assert set(codes) == {401}
    assert late.status_code == 429
    assert int(late.headers["retry-after"]) > 0
