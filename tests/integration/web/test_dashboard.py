"""The pages of queues, providers, templates, the outbox and doctor over HTTP: who may do what, and what is refused."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

from notifyctl.access import Role
from notifyctl.engine.keys import QueueKeys
from notifyctl.notification import Channel, EmailPayload, WhatsAppPayload
from tests.support.fates import Fates
from tests.support.pages import audit_of, flash_of, proof_of, said
from tests.support.payloads import a_whatsapp, an_email
from tests.support.serving import Serving
from tests.support.wait import wait_until

if TYPE_CHECKING:
    from pathlib import Path

    import httpx
    import redis

    from tests.support.server import Server

PAGES = ("/", "/workers", "/providers", "/templates", "/templates/order_shipped", "/outbox", "/audit", "/doctor")


def _post(page: httpx.Client, path: str, at: str = "/", **fields: str) -> httpx.Response:
    """Send a form as the page at `at` would."""
    return page.post(path, data={"proof": proof_of(page.get(at)), **fields})


def _kept(serving: Serving, payload: EmailPayload | WhatsAppPayload) -> str:
    """Have a message in the outbox; its id."""
    channel = Channel.EMAIL if isinstance(payload, EmailPayload) else Channel.WHATSAPP
    return serving.app.outbox(channel).send(payload).provider_id.rpartition(".")[0]


def _seconds(client: redis.Redis) -> int:
    """The server's time."""
    return int(client.time()[0])


@pytest.mark.parametrize("role", [Role.VIEWER, Role.SUPPORT, Role.OPERATOR])
def test_pages_are_shown_to_each_role_that_reads(serving: Serving, role: Role) -> None:
    """Each page answers, keeps itself out of caches, and allows no script or style but its own files."""
    with serving.browser(role) as page:
        for path in PAGES:
            answer = page.get(path)

            assert answer.status_code == 200, path
            assert answer.headers["cache-control"] == "no-store"
            assert "script-src 'self'; style-src 'self'" in answer.headers["content-security-policy"]
            assert not re.search(r"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son\w+=", answer.text), path


@pytest.mark.parametrize("path", PAGES)
def test_pages_ask_strangers_to_sign_in(serving: Serving, path: str) -> None:
    """And lead back to the page that was asked for."""
    with serving.client(None, headers={"Accept": "text/html"}) as stranger:
        answer = stranger.get(path, params={"sample": "full"})

        assert answer.headers["location"] == f"/sign-in?next={path}%3Fsample%3Dfull"
        shown = stranger.get(answer.headers["location"])
        assert f'name="next" value="{path}?sample=full"' in shown.text


@pytest.mark.parametrize("wanted", ["//evil.example", "/\\evil.example", "https://evil.example", "javascript:alert(1)"])
def test_sign_in_leads_nowhere_else(serving: Serving, wanted: str) -> None:
    """What would lead away from here is forgotten."""
    with serving.client(None, headers={"Accept": "text/html"}) as stranger:
        shown = stranger.get("/sign-in", params={"next": wanted})
        answer = stranger.post("/sign-in", data={"token": serving.token(), "next": wanted})

    assert 'name="next" value="/"' in shown.text
    assert answer.headers["location"] == "/"


@pytest.mark.parametrize(
    ("path", "fields"),
    [
        ("/queues/email/pause", {}),
        ("/queues/email/resume", {}),
        ("/queues/email/limit", {"rate": "1/s"}),
        ("/providers/outbox/trip", {"time": "1m"}),
        ("/providers/outbox/reset", {}),
    ],
)
def test_levers_are_for_operators(serving: Serving, path: str, fields: dict[str, str]) -> None:
    """Others are refused; so is an operator's form without its proof, or with that of another session."""
    with serving.browser(Role.SUPPORT) as support, serving.browser() as operator, serving.browser() as other:
        refused = [
            _post(support, path, **fields),
            operator.post(path, data=fields),
            operator.post(path, data={"proof": proof_of(other.get("/")), **fields}),
        ]
        nothing_done = audit_of(serving)
        done = _post(operator, path, **fields)

    assert [answer.status_code for answer in refused] == [403, 403, 403]
    assert nothing_done == []
    assert done.status_code == 303
    assert len(audit_of(serving)) == 1


def test_queue_is_limited_and_let_go(serving: Serving) -> None:
    """A limit is set with a reason, what makes no sense changes nothing, and empty fields clear it."""
    with serving.browser() as page:
        told = flash_of(page, _post(page, "/queues/email/limit", rate="600/min", max_active="2", reason="they asked"))
        wrong = [_post(page, "/queues/email/limit", **field) for field in ({"rate": "many"}, {"max_active": "-1"})]
        limited = serving.app.inspector.stats("email")
        _post(page, "/queues/email/limit")

    assert told == "email has new limits, for all workers at once."
    assert [answer.status_code for answer in wrong] == [422, 422]
    assert "Such as 10/s" in said(wrong[0])
    assert (limited.rate, limited.max_active) == ("600/min", 2)
    assert serving.app.inspector.stats("email").rate_origin == "settings"
    assert audit_of(serving)[0]["why"] == "they asked"


def test_unknown_names_are_not_found(serving: Serving) -> None:
    """A queue, provider, template or message that there is not; the page says so, and changes nothing."""
    with serving.browser() as page:
        answers = [
            _post(page, "/queues/sms/pause"),
            _post(page, "/providers/pigeon/reset"),
            page.get("/templates/none"),
            page.get("/outbox/none"),
            page.get("/outbox/..%2f..%2fetc%2fpasswd"),
        ]

    assert [answer.status_code for answer in answers] == [404] * 5
    assert "To the overview" in said(answers[0])
    assert 'aria-label="Pages"' in answers[0].text  # whoever is signed in can go on from there
    assert audit_of(serving) == []


def test_action_is_told_once(serving: Serving) -> None:
    """What came of an action is on the next page, not on the one after, and not taken away by a refresh."""
    with serving.browser() as page:
        _post(page, "/queues/email/pause")
        refreshed = page.get("/", headers={"X-Live": "1"})
        shown, after = page.get("/"), page.get("/")

    assert "email is paused: what is in progress ends" not in refreshed.text
    assert "email is paused: what is in progress ends" in shown.text
    assert "email is paused: what is in progress ends" not in after.text


def test_made_up_flash_is_plain_text(serving: Serving) -> None:
    """A cookie that is none of ours is nothing, or text at most."""
    with serving.browser() as page:
        for cookie in ("nonsense", "WyI8c2NyaXB0PmFsZXJ0KDEpPC9zY3JpcHQ-IiwgImJhZCJd"):
            page.cookies.set("notifyctl_flash", cookie, domain="127.0.0.1")

            assert "<script>alert" not in page.get("/").text


def test_outbox_reveals_to_those_who_may(serving: Serving) -> None:
    """Masked by default, in the list, on the page and in its frame; revealed by a POST, which is audited."""
    message = _kept(serving, an_email(to="ada@example.com", html="<p>Dear ada@example.com</p>"))
    with serving.browser(Role.VIEWER) as viewer, serving.browser(Role.SUPPORT) as support:
        masked = [viewer.get(path) for path in ("/outbox", f"/outbox/{message}", f"/outbox/{message}/mail")]
        refused = viewer.post(f"/outbox/{message}", data={"proof": proof_of(viewer.get("/outbox"))})
        revealed = _post(support, f"/outbox/{message}", at=f"/outbox/{message}")
        key = re.search(r"/mail\?key=([^\"]+)", revealed.text)
        assert key is not None
        framed = support.get(f"/outbox/{message}/mail", params={"key": key[1]})
        stolen = viewer.get(f"/outbox/{message}/mail", params={"key": key[1]})

    assert all("ada@example.com" not in answer.text for answer in masked)
    assert refused.status_code == 403
    assert "ada@example.com" in revealed.text
    assert "Dear ada@example.com" in framed.text
    assert stolen.status_code == 403
    assert [(entry["verb"], entry["what"]) for entry in audit_of(serving)] == [("revealed", f"{message} in the outbox")]


def test_mail_is_framed_so_that_it_can_do_nothing(serving: Serving) -> None:
    """Its document is sandboxed by its own policy, also when it is opened by itself; nothing of it is on the page."""
    html = "<script>alert(1)</script><img src='https://evil.example/seen'><p>Hello</p>"
    message = _kept(serving, an_email(html=html))
    with serving.browser() as page:
        shown, framed = page.get(f"/outbox/{message}"), page.get(f"/outbox/{message}/mail")

    assert "<script>alert" not in shown.text
    assert re.search(r'<iframe [^>]*sandbox src="/outbox/', shown.text)
    policy = framed.headers["content-security-policy"]
    assert policy.startswith("sandbox; default-src 'none';")
    assert "frame-ancestors 'self'" in policy


def test_chat_is_shown_as_text(serving: Serving) -> None:
    """A WhatsApp message has its bold words, and no markup of its sender's."""
    message = _kept(serving, a_whatsapp(text="Hello *Ada* <b>_there_</b>, 2*3*4 is 24"))
    with serving.browser() as page:
        shown = page.get(f"/outbox/{message}").text

    assert "Hello <strong>Ada</strong> &lt;b&gt;<em>there</em>&lt;/b&gt;, 2*3*4 is 24" in shown


def test_outbox_goes_on_by_cursor(serving: Serving) -> None:
    """Fifty a page, the newest first, each message on one of them."""
    kept = [_kept(serving, an_email(notification_id=f"n{number:03}")) for number in range(60)]
    with serving.browser() as page:
        first = page.get("/outbox")
        cursor = re.search(r"cursor=([^\"&]+)", first.text)
        assert cursor is not None
        second = page.get("/outbox", params={"cursor": cursor[1]})

    listed = [re.findall(r'href="/outbox/(n\d+)"', answer.text) for answer in (first, second)]
    assert [len(ids) for ids in listed] == [50, 10]
    assert sorted(listed[0] + listed[1]) == sorted(kept)


def test_template_is_filled_with_what_is_typed(serving: Serving) -> None:
    """Escaped where it is shown; what is no JSON says so at its field; what is unknown is left out."""
    fields = {"var.customer_name": "<script>x</script>", "var.items": "not json", "var.evil": "1"}
    with serving.browser(Role.VIEWER) as page:
        shown = _post(page, "/templates/order_confirmation", **fields).text
        source = re.search(r'<iframe[^>]* src="([^"]+)"', shown)
        assert source is not None
        mail = page.get(source[1].replace("&amp;", "&"))

    assert "<script>x" not in shown
    assert "Expected JSON" in shown
    assert "&lt;script&gt;x&lt;/script&gt;" in mail.text
    assert mail.headers["content-security-policy"].startswith("sandbox;")


def test_mail_of_unusable_changes_is_refused(serving: Serving) -> None:
    """Changes in a URL that are none."""
    with serving.browser() as page:
        answers = [
            page.get("/templates/order_confirmation/mail", params={"changes": changes})
            for changes in ("[1]", "{", "1", '{"note": "\\ud800"}', "[" * 20_000)
        ]
        typed = _post(page, "/templates/order_confirmation", **{"var.items": '["\\ud800"]'})

    assert [answer.status_code for answer in answers] == [422] * 5
    assert "Expected JSON" in said(typed)


def test_files_are_kept_for_good(serving: Serving) -> None:
    """The URL of a file has its content's digest, so that browsers need not ask again; nothing else is served there."""
    with serving.browser() as page:
        sheet = re.search(r'href="(/static/app\.css\?v=\w+)"', page.get("/").text)
        assert sheet is not None
        answer = page.get(sheet[1])
        outside = [page.get(f"/static/{path}") for path in ("../pages.py", "..%2fpages.py", "none.js", "")]

    assert "immutable" in answer.headers["cache-control"]
    assert [each.status_code for each in outside] == [404] * 4


def test_colours_are_kept_in_the_browser(serving: Serving) -> None:
    """A choice of colours leads back to the page; a made-up one is none."""
    with serving.browser() as page:
        back = _post(page, "/theme", theme="dark", back="/workers").headers["location"]
        dark = page.get("/")
        _post(page, "/theme", theme='"><script>', back="//evil.example")
        plain = page.get("/")

    assert back == "/workers"
    assert '<html lang="en" data-theme="dark">' in dark.text
    assert "data-theme" not in plain.text


def test_audit_is_read_and_filtered(serving: Serving) -> None:
    """What was done, the newest first; filters in the URL; a time that means nothing says so; pages by cursor."""
    inspector = serving.app.inspector
    inspector.pause("email", reason="provider is down", by="anna")
    for number in range(55):
        inspector.note("revealed", f"job{number:02}", by="ben")
    with serving.browser(Role.VIEWER) as page:
        newest = said(page.get("/audit"))
        cursor = re.search(r'rel="next" href="([^"]+)"', page.get("/audit").text)
        assert cursor is not None
        rest = said(page.get(cursor[1].replace("&amp;", "&")))
        hers = said(page.get("/audit", params={"by": "Anna", "since": "1h"}))
        nothing = said(page.get("/audit", params={"verb": "purged"}))
        wrong = page.get("/audit", params={"since": "whenever"})

    assert newest.index("job54") < newest.index("job53")
    assert "job04" not in newest
    assert "job04" in rest
    assert "paused email anna provider is down" in hers
    assert "revealed" not in hers
    assert "Nothing fits" in nothing
    assert (wrong.status_code, "expected a time such as" in said(wrong)) == (200, True)


def test_overview_shows_the_pace_of_the_last_minute(serving: Serving) -> None:
    """From the minutes that scripts count: what was sent, how much of the limit that was, and the line of the hour."""
    keys = QueueKeys(serving.app.settings.namespace, "email")
    client = serving.app.inspector.client
    wait_until(lambda: _seconds(client) % 60 < 57, what="a minute that is not about to end")
    minute = _seconds(client) // 60
    for number, sent in ((minute, 300), (minute - 1, 0), (minute - 2, 480)):
        client.hset(keys.minute(number), mapping={"completed": sent, "granted": sent, "buried": 2})
    with serving.browser(Role.VIEWER) as page:
        text = said(page.get("/"))
        drawing = page.get("/").text

    assert "5.0/s of 10/s" in text
    assert "sent per minute, 480 at most" in text
    assert 'aria-label="Sent per minute over the last hour: 0 in the last one, 480 at most"' in drawing


@pytest.mark.parametrize(
    ("from_now_ms", "said_of_it"),
    [(90_000, "Nothing is sent for 1 min"), (-1, "One message at a time, until one is taken")],
    ids=["blocked", "trial"],
)
def test_overview_says_why_a_queue_rests(serving: Serving, from_now_ms: int, said_of_it: str) -> None:
    """That a provider asked for a rest, in its words; and after it, that one message finds out."""
    config = QueueKeys(serving.app.settings.namespace, "email").config
    now_ms = _seconds(serving.app.inspector.client) * 1000
    block: dict[Any, Any] = {
        "blocked_until": now_ms + from_now_ms,
        "blocked_ms": 120_000,
        "blocked_reason": "sendgrid asks for less",
    }
    serving.app.inspector.client.hset(config, mapping=block)
    Fates(serving.app).mail("10482")
    with serving.browser(Role.VIEWER) as page:
        text = said(page.get("/"))

    assert said_of_it in text
    assert "sendgrid asks for less" in text


def test_overview_says_that_nobody_works(serving: Serving) -> None:
    """Where something waits, and no worker is there to take it."""
    with serving.browser(Role.VIEWER) as page:
        empty = said(page.get("/"))
        Fates(serving.app).mail("10482")
        text = said(page.get("/"))

    assert "No worker takes from this queue" not in empty
    assert "No worker takes from this queue" in text


@pytest.mark.parametrize("kind", ["sendgrid", "smtp"])
def test_providers_page_says_what_is_left_alone(shared_server: Server, tmp_path: Path, kind: str) -> None:
    """Which provider is not asked, why and until when; an operator takes one out, and has it asked again."""
    settings = {"sendgrid": {"api_key": f"SG.{'x' * 22}.{'x' * 43}"}, "smtp": {"host": "smtp.example.com"}}
    mail = {"email": {"from": "shop@example.com"}, "namespace": "providers", "state_dir": tmp_path}
    with Serving(shared_server.url, settings | mail) as serving, serving.browser() as page:
        told = flash_of(page, _post(page, f"/providers/{kind}/trip", at="/providers", time="10m", reason="is late"))
        out = said(page.get("/providers"))
        first = said(page.get("/"))
        wrong = [_post(page, f"/providers/{kind}/trip", at="/providers", time=time) for time in ("soon", "0s")]
        _post(page, f"/providers/{kind}/reset", at="/providers")
        again = said(page.get("/providers"))

    assert told == f"{kind} is not asked for 10m; then one message finds out whether it works."
    assert "It was taken out by an operator. It was left alone" in out
    assert "is late" in out
    assert f"{kind} email" in first
    assert [answer.status_code for answer in wrong] == [422, 422]
    assert "left alone" not in again.partition("whatsapp")[0].replace("is left alone for a while", "")
