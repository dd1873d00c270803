"""What the pages of the documentation say: links lead somewhere, settings exist, tables of answers are true."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

from docs.generate_settings import PAGE, groups, page
from notifyctl.errors import DeliveryError, InDoubt, Permanent, Scope, Throttled, Transient
from notifyctl.providers.sendgrid import SendGrid
from notifyctl.providers.smtp_replies import Step, refusal
from notifyctl.providers.twilio import Twilio
from notifyctl.settings import Settings
from tests.support.documentation import ROOT, pages
from tests.support.payloads import a_whatsapp, an_email

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from pytest_httpserver import HTTPServer

    from notifyctl.notification import Sent

_LINK = re.compile(r"(?<!!)\[[^\]]*\]\(([^)\s]+)\)")
_HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
_CODE = re.compile(r"^```.*?^```|`[^`]*`", re.DOTALL | re.MULTILINE)
_VARIABLE = re.compile(r"\b(?:NOTIFYCTL|REDIS|SENDGRID|SMTP|TWILIO|EMAIL)_[A-Z][A-Z_]*[A-Z]\b")

#: How each kind of outcome is put in the tables of answers.
WORDS: tuple[tuple[str, Callable[[DeliveryError], bool]], ...] = (
    ("dead letter", lambda failure: isinstance(failure, Permanent) and failure.scope is not Scope.ACCOUNT),
    (
        "the queue rests",
        lambda failure: (
            isinstance(failure, Throttled) or (isinstance(failure, Permanent) and failure.scope is Scope.ACCOUNT)
        ),
    ),
    ("tried again", lambda failure: isinstance(failure, Transient) and not isinstance(failure, Throttled)),
    # what follows is the channel's policy: mail is sent once more by default, WhatsApp messages are held
    ("looked up in Twilio's list", lambda failure: isinstance(failure, InDoubt) and failure.provider == "twilio"),
    ("once more, marked as a possible duplicate", lambda failure: isinstance(failure, InDoubt)),
)


def _text(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def _anchors(name: str) -> set[str]:
    headings = _HEADING.findall(re.sub(r"^```.*?^```", "", _text(name), flags=re.DOTALL | re.MULTILINE))
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("name", pages())
def test_links_lead_somewhere(name: str) -> None:
    """Each link to another file of the repository leads to one that exists, and to a heading in it."""
    for target in _LINK.findall(_CODE.sub("", _text(name))):
        if target.startswith(("https://", "http://", "mailto:")):
            continue
        path, _, anchor = target.partition("#")
        file = (ROOT / name).parent / path if path else ROOT / name
        assert file.exists(), f"{name} links to {target}"
        if anchor:
            assert anchor in _anchors(str(file.resolve().relative_to(ROOT))), f"{name} links to {target}"


def test_index_names_every_page() -> None:
    """docs/README.md links to every page under docs/."""
    listed = {(ROOT / "docs" / target).resolve() for target in _LINK.findall(_text("docs/README.md"))}
    folders = {path for path in listed if path.is_dir()}

    for name in pages():
        path = ROOT / name
        if name not in ("README.md", "docs/README.md"):
            assert path in listed or path.parent in folders, f"{name} is not in the index"


@pytest.mark.parametrize("name", pages())
def test_variables_are_settings(name: str) -> None:
    """Each environment variable that a page names is one."""
    known = {setting.env.name for setting in Settings.known() if not setting.env.prefix} | {"NOTIFYCTL_CONFIG"}
    for variable in _VARIABLE.findall(_text(name)):
        assert variable in known or variable.startswith("NOTIFYCTL_CONTENT_SID_"), f"{name} names {variable}"


def test_settings_page_is_fresh() -> None:
    """`python docs/generate_settings.py` would change nothing."""
    assert page() == PAGE.read_text(encoding="utf-8")


def test_settings_page_has_every_setting() -> None:
    """.env.example, and so the page, has every setting, and nothing that is none."""
    described = {name for group in groups(_text(".env.example")) for name in group.examples}
    known = {
        f"{setting.env.name}ORDER_CONFIRMATION" if setting.env.prefix else setting.env.name
        for setting in Settings.known()
    }

    assert described == known | {"NOTIFYCTL_CONFIG"}


def _rows(name: str, columns: int) -> list[list[str]]:
    """The rows of the tables of a page that have so many columns, without heads."""
    lines = [line for line in _text(name).splitlines() if line.startswith("|")]
    rows = [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines]
    return [row for row in rows if len(row) == columns and not row[0].startswith("---")]


def _told(failure: DeliveryError) -> str:
    return next(words for words, fits in WORDS if fits(failure))


def _failure_of(
    send: Callable[[], Sent], httpserver: HTTPServer, status: int, body: Mapping[str, Any]
) -> DeliveryError:
    httpserver.clear()
    httpserver.expect_request(re.compile(".*")).respond_with_json(body, status=status)
    with pytest.raises(DeliveryError) as caught:
        send()
    return caught.value


def test_sendgrid_answers_are_told_as_they_are(httpserver: HTTPServer) -> None:
    """Each status in the table of sendgrid.md leads to what the table says."""
    provider = SendGrid("SG.test-key", host=httpserver.url_for("/"), timeout_s=2)
    fields = {"about `to`": "personalizations.0.to.0.email", "about `from` or `reply_to`": "from.email"}
    seen = set()
    for answer, _, follows in _rows("docs/how-to/sendgrid.md", 3):
        for status in map(int, re.findall(r"\b[45]\d\d\b", answer)):
            field = next((field for words, field in fields.items() if words in answer), "content.0.value")
            body = {} if status in (500, 502, 504) else {"errors": [{"message": "no", "field": field}]}
            failure = _failure_of(lambda: provider.send(an_email()), httpserver, status, body)
            assert follows.startswith(_told(failure)), f"{answer}: {failure!r}"
            seen.add(status)
    assert seen == {400, 401, 403, 404, 413, 429, 500, 502, 503, 504}


def test_twilio_codes_are_told_as_they_are(httpserver: HTTPServer) -> None:
    """Each code in the table of twilio-whatsapp.md leads to what the table says."""
    url = httpserver.url_for("/")
    provider = Twilio("AC" + "0" * 32, "SK" + "0" * 32, "secret", whatsapp_from="+15005550006", base_url=url)
    statuses = {20003: 401, 20404: 404, 20429: 429, 20500: 500, 20503: 503, 20504: 504}
    seen = set()
    for answer, _, follows in _rows("docs/how-to/twilio-whatsapp.md", 3):
        for code in map(int, re.findall(r"\b\d{5}\b", answer)):
            status = statuses.get(code, 400)
            body = {"code": code, "message": "no", "status": status}
            failure = _failure_of(lambda: provider.send(a_whatsapp()), httpserver, status, body)
            assert follows.startswith(_told(failure)), f"{answer}: {failure!r}"
            seen.add(code)
    provider.close()
    assert len(seen) == 18


def test_smtp_replies_are_told_as_they_are() -> None:
    """Each reply in the table of smtp-only.md leads to what the table says."""
    steps = {"`AUTH`": Step.AUTH, "`MAIL`": Step.MAIL, "`RCPT`": Step.RCPT, "the whole mail": Step.DOT}
    checked = 0
    for reply, to, _, follows in _rows("docs/how-to/smtp-only.md", 4):
        if to not in steps or not reply[0].isdigit():
            continue
        code, _, enhanced = reply.partition(" ")
        failure = refusal(steps[to], int(code), f"{enhanced} no".strip().encode())
        assert follows.startswith(_told(failure)), f"{reply} to {to}: {failure!r}"
        checked += 1
    assert checked == 5


def test_reasons_of_dead_letters_are_all_told() -> None:
    """dead-letters.md has a row for each reason that a job can be buried for, and for no other."""
    code = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "notifyctl").rglob("*.py"))
    scripts = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "notifyctl" / "engine" / "lua").iterdir())
    in_code = set(re.findall(r'(?:Bury\(|\.bury\([^)]*?, |State\.DEAD, )"(\w+)"', code))
    in_scripts = set(re.findall(r"'reason', '(\w+)', 'finished_at'", scripts))
    told = {name for row in _rows("docs/how-to/dead-letters.md", 3) for name in re.findall(r"`(\w+)`", row[0])}

    assert told >= in_code
    assert told >= in_scripts - {"expired"}
    assert told - in_code - in_scripts <= {"account", "lost_worker"}
