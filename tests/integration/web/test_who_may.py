"""Who may do what: each route, each role, and nobody."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Any

import pytest

from notifyctl.access import Permission, Role
from notifyctl.app import App
from notifyctl.settings import Settings
from notifyctl.web import create_app
from notifyctl.web.description import needed, routes_of
from tests.support.serving import stored

if TYPE_CHECKING:
    import redis

    from tests.support.serving import Serving

#: All that may be asked for without a token or a session. Webhooks of platforms carry a signature instead.
OPEN = {"GET /healthz", "GET /readyz", "GET /sign-in", "POST /sign-in"}
SIGNED = "POST /api/hooks/"


@cache
def routes() -> dict[str, tuple[Permission, ...]]:
    """Each route, as `METHOD /path`, and the permissions of which it takes one."""
    web = create_app(App(Settings()))
    return {
        f"{method} {route.path_format}": needed(route.dependant)
        for route in routes_of(web)
        for method in sorted(route.methods)
    }


API = sorted(name for name in routes() if name.split()[1].startswith(("/api/", "/metrics")) and SIGNED not in name)


def call(client: Any, route: str) -> Any:
    """Call a route with an id that there is not."""
    method, path = route.split()
    return client.request(method, re.sub(r"\{\w+\}", "nobody", path))


def test_every_route_says_who_may_use_it() -> None:
    """A new one without a permission fails here."""
    free = {name for name, permissions in routes().items() if not permissions and SIGNED not in name}

    assert free == OPEN


@pytest.mark.parametrize("route", sorted(name for name in routes() if name not in OPEN and SIGNED not in name))
def test_nobody_gets_in_without_a_token(route: str, serving: Serving, client: redis.Redis) -> None:
    """Programs are refused, browsers are sent to the sign-in page; nothing is changed."""
    before = stored(client)
    with serving.client(None) as nobody:
        answer = call(nobody, route)

    assert answer.status_code == 401, answer.text
    assert answer.headers["www-authenticate"] == "Bearer"
    assert answer.json()["code"] == "unauthorized"
    assert stored(client) == before


@pytest.mark.parametrize("route", API)
def test_a_role_that_may_not_is_refused(route: str, serving: Serving, client: redis.Redis) -> None:
    """Each that has none of the permissions; nothing is changed."""
    wrong = [role for role in Role if not any(map(role.may, routes()[route]))]
    for role in wrong:
        with serving.client(role) as caller:
            before = stored(client)
            answer = call(caller, route)

        assert answer.status_code == 403, (role, answer.text)
        assert answer.json()["code"] == "forbidden"
        assert stored(client) == before


@pytest.mark.parametrize("route", API)
def test_a_role_that_may_gets_further(route: str, serving: Serving) -> None:
    """Neither refused nor broken."""
    for role in [role for role in Role if any(map(role.may, routes()[route]))]:
        with serving.client(role) as caller:
            if "/events" in route:  # it goes on until the caller leaves
                continue
            answer = call(caller, route)

        assert answer.status_code not in (401, 403), (role, answer.text)
        assert answer.status_code < 500, (role, answer.text)


def test_a_page_needs_the_role_for_what_it_changes(serving: Serving) -> None:
    """A viewer's form for an operator's action is refused, though the session is its own."""
    with serving.browser("viewer") as browser:
        proof = serving.app.sessions.find(browser.cookies["notifyctl_session"]).proof
        answer = browser.post("/providers/outbox/reset", data={"proof": proof})

    assert answer.status_code == 403


@pytest.mark.parametrize(
    "shown",
    ["", "Bearer", "Bearer nonsense", "Basic YTpi", "Bearer ntf_aaaaaaaa_" + "a" * 43, "Bearer ntf_" + "é" * 50],
)
def test_what_is_no_token_is_refused_in_the_same_words(shown: str, serving: Serving) -> None:
    """Whichever part of it is wrong."""
    with serving.client(None, headers={"Authorization": shown.encode()}) as nobody:
        answer = nobody.get("/api/admin/stats")

    assert answer.status_code == 401
    assert "ntf_aaaaaaaa" not in answer.text


def test_a_right_id_with_a_wrong_secret_is_refused(serving: Serving) -> None:
    """As one that nobody knows."""
    known = serving.token()
    with serving.client(None) as nobody:
        wrong = nobody.get("/api/admin/stats", headers={"Authorization": f"Bearer {known[:13]}{'A' * 43}"})
        unknown = nobody.get("/api/admin/stats", headers={"Authorization": f"Bearer ntf_zzzzzzzz_{'A' * 43}"})

    assert wrong.status_code == 401
    assert wrong.json() == unknown.json()


def test_a_revoked_token_is_refused(serving: Serving) -> None:
    """At once in the process that revoked it, and within seconds everywhere."""
    with serving.client() as client:
        assert client.get("/api/admin/stats").status_code == 200
        serving.app.tokens.revoke(client.get("/api/whoami").json()["id"])
        answer = client.get("/api/admin/stats")

    assert answer.status_code == 401
    assert "revoked" in answer.json()["detail"]


def test_a_program_with_a_wrong_token_is_slowed_down_and_others_go_on(serving: Serving) -> None:
    """Also where both come from one address."""
    with serving.client(None, headers={"Authorization": "Bearer ntf_wrong"}) as wrong, serving.client() as right:
        statuses = [wrong.get("/api/admin/stats").status_code for _ in range(12)]

        assert statuses == [401] * 10 + [429] * 2
        assert right.get("/api/admin/stats").status_code == 200
