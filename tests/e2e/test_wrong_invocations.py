"""What users get wrong: each has its exit code, a message that helps, and no traceback."""

from __future__ import annotations

import json
import subprocess
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import jsonschema
import pytest

from tests.e2e.test_output import DOCUMENTED
from tests.support.cli import COMMAND, environment, run

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.support.cli import Result
    from tests.support.server import Server

MAIL = ("send", "email", "ada@example.com", "-t", "test_message")
AWAY = {"REDIS_URL": "redis://127.0.0.1:1", "NOTIFYCTL_SPOOL": "false"}

#: words, variables, exit code, a part of the message
TYPED_WRONGLY = [
    (("nonsense",), "No such command"),
    (("stat",), "Did you mean"),
    (("stats", "--nonsense"), "No such option"),
    (("stats", "-o", "yaml"), "yaml"),
    (("stats", "--format", "nonsense"), "tabulate's formats"),
    (("stats", "--fail-if", "dlq"), "such as 'dlq>0'"),
    (("stats", "--watch", "5"), "such as 30s"),
    (("worker", "--processes", "0"), "--processes"),
    (("worker", "--concurrency", "email"), "email=10"),
    (("worker", "--drain-timeout", "soon"), "such as 30s"),
    (("order", "test", "--fail-rate", "2"), "--fail-rate"),
    (("order", "test", "--count", "0"), "--count"),
    (("order", "import", "/no/such/file"), "No such file"),
    (("order", "import", "-", "--platform", "nonsense"), "woocommerce"),
    (("send", "sms", "x", "-t", "test_message"), "email"),
    (("send", "email", "ada@example.com"), "--template"),
    ((*MAIL, "--var", "novalue"), "customer_name=Ada"),
    ((*MAIL, "--in", "1h", "--at", "2099-01-01T00:00Z"), "not both"),
    ((*MAIL, "--at", "2099-01-01T00:00"), "zone"),
    ((*MAIL, "--at", "tomorrow"), "ISO 8601"),
    ((*MAIL, "--priority", "urgent"), "normal"),
    ((*MAIL, "--data", "/no/such/file"), "No such file"),
    (("dlq", "retry"), "--all"),
    (("dlq", "retry", "x", "--all"), "not both"),
    (("dlq", "purge", "--limit", "3"), "--all"),
    (("job", "list", "--state", "asleep"), "asleep"),
    (("job", "show"), "ID"),
    (("queue", "limit", "email"), "--rate"),
    (("queue", "limit", "email", "--rate", "fast"), "such as 10/s"),
    (("queue", "limit", "email", "--rate", "0/s"), "such as 10/s"),
    (("queue", "limit", "email", "--rate", "1/s", "--clear"), "--clear"),
    (("--colour", "never"), "No such option"),
    (("--color", "sometimes", "stats"), "sometimes"),
    (("queue", "show"), "QUEUE"),
    (("queue", "show", "email", "whatsapp"), "unexpected"),
    (("queue", "pause"), "QUEUE"),
    (("queue", "limit", "email", "--max-active", "-1"), "--max-active"),
    (("outbox", "list", "--channel", "sms"), "whatsapp"),
    (("outbox", "list", "--limit", "0"), "--limit"),
    (("outbox", "show"), "ID"),
    (("completion", "show", "tcsh"), "tcsh"),
    (("config", "show", "--origins"), "No such option"),
    (("doctor", "email"), "unexpected"),
    (("server", "restart"), "No such command"),
    (("order", "show"), "ORDER_ID"),
    (("dlq", "stats", "--by", "colour"), "colour"),
    (("dlq", "list", "--since", "soon"), "yesterday 18:00"),
    (("dlq", "list", "--cursor"), "--cursor"),
    (("dlq", "retry", "--all", "--rate", "fast"), "such as 10/s"),
    (("job", "list", "--limit", "many"), "--limit"),
    (("stats", "--watch", "0s"), "interval"),
    (("worker", "--reload-dir", "/no/such/folder"), "does not exist"),
    (("worker", "--reload", "actors"), "unexpected"),
    (("template", "show"), "NAME"),
    (("template", "preview", "order_shipped", "--channel", "sms"), "whatsapp"),
    (("template", "copy", "order_shipped"), "--to"),
    (("completion", "install", "--shell", "zsh"), "No such option"),
    (("help", "nonsense"), "No such command"),
]

#: words, variables, exit code, a part of the message
REFUSED = [
    (("send", "email", "eve@nowhere", "-t", "test_message"), {}, 1, "mail address"),
    (("send", "email", "a@b.com\nBcc: c@d.com", "-t", "test_message"), {}, 1, "line break"),
    (("send", "whatsapp", "12", "-t", "test_message"), {}, 1, "country code"),
    (("send", "email", "ada@example.com", "-t", "nonsense"), {}, 1, "Known names: "),
    (("send", "email", "ada@example.com", "-t", "order_confirmation"), {}, 1, "order_confirmation"),
    (("dlq", "show", "nothing"), {}, 3, "no job 'nothing'"),
    (("dlq", "retry", "nothing"), {}, 3, "no job 'nothing'"),
    (("job", "cancel", "../../etc/passwd"), {}, 3, "no job"),
    (("outbox", "show", "../../../etc/passwd"), {}, 3, "no message"),
    (("stats", "sms"), {}, 3, "There are: email, whatsapp"),
    (("queue", "show", "sms"), {}, 3, "There are: email, whatsapp"),
    (("queue", "pause", "sms", "-o", "json"), {}, 3, "There are: email, whatsapp"),
    (("template", "show", "nonsense"), {}, 3, "order_confirmation"),
    (("job", "show", "eve@example.org"), {}, 3, "no job 'e***@e***.org'"),
    (("order", "show", "+44 7700 900123"), {}, 3, "no message about order '+44"),
    (("queue", "pause", "eve@example.org"), {}, 3, "There are: email, whatsapp"),
    (("order", "show", "nothing"), {}, 3, "no message about order"),
    (("completion", "install"), {"SHELL": "/bin/tcsh"}, 1, "bash, zsh or fish"),
    (("dlq", "list", "--queue", "sms"), {}, 3, "There are: email, whatsapp"),
    (("worker", "--queue", "sms"), {}, 3, "There are: email, whatsapp"),
    (("worker", "--concurrency", "sms=3"), {}, 3, "There are: email, whatsapp"),
    (("stats",), {"NOTIFYCTL_EMAIL_RATE": "fast"}, 4, "NOTIFYCTL_EMAIL_RATE"),
    (("stats",), {"NOTIFYCTL_EMIAL_RATE": "1/s"}, 4, "NOTIFYCTL_EMAIL_RATE"),
    (("stats",), {"REDIS_URL": "queue.internal"}, 4, "redis://"),
    (("worker",), {"SMTP_HOST": "mail.example.com"}, 4, "EMAIL_FROM"),
    (("worker",), AWAY, 5, "cannot be reached"),
    (("stats",), AWAY, 5, "cannot be reached"),
    (("order", "test"), AWAY, 5, "cannot be reached"),
    (MAIL, AWAY, 5, "cannot be reached"),
]


@pytest.fixture(scope="module")
def results(shared_server: Server, tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Result]:
    """What came of each of them; all run at once, as most of the time is spent on starting."""
    basic = {"REDIS_URL": shared_server.url, "NOTIFYCTL_STATE_DIR": str(tmp_path_factory.mktemp("state"))}
    cases = [(words, AWAY) for words, _ in TYPED_WRONGLY] + [(words, variables) for words, variables, *_ in REFUSED]
    with ThreadPoolExecutor(4) as pool:
        ended = list(pool.map(lambda case: run(*case[0], **basic | case[1]), cases))
    found = {
        (words, *sorted(variables.items())): result for (words, variables), result in zip(cases, ended, strict=True)
    }
    return lambda words, variables: found[words, *sorted(variables.items())]


@pytest.mark.parametrize(("words", "message"), TYPED_WRONGLY, ids=lambda value: " ".join(value)[:60])
def test_typed_wrongly(results: Callable[..., Result], words: tuple[str, ...], message: str) -> None:
    """Ends with 2 before anything is connected to, and says what was expected."""
    result = results(words, AWAY)

    assert result.code == 2
    assert message in result.err
    assert result.err.startswith("error: ")
    assert result.out == ""


@pytest.mark.parametrize(("words", "variables", "code", "message"), REFUSED)
def test_refused(
    results: Callable[..., Result], words: tuple[str, ...], variables: dict[str, str], code: int, message: str
) -> None:
    """Ends with the code of its kind, and says what is wrong; an address that was typed is not repeated."""
    result = results(words, variables)

    assert result.code == code
    assert message in result.err
    assert "Traceback" not in result.err
    assert "unexpected" not in result.err
    assert not [word for word in words if ("@" in word or "+" in word) and word in result.err]


@pytest.mark.parametrize(("words", "variables", "code", "message"), REFUSED[7::3])
def test_errors_in_json_are_as_documented(
    results: Callable[..., Result],
    shared_server: Server,
    words: tuple[str, ...],
    variables: dict[str, str],
    code: int,
    message: str,
) -> None:
    """The last line on standard error, and nothing on standard output; also where there is no -o."""
    result = run(*words, "-o", "json", **{"REDIS_URL": shared_server.url} | variables)
    takes_it = "No such option" not in result.err

    jsonschema.validate(
        json.loads(result.err.splitlines()[-1]), {"$ref": "#/$defs/error", "$defs": DOCUMENTED["$defs"]}
    )
    assert result.code == (code if takes_it else 2)
    assert (message in result.err) is takes_it
    assert result.out == ""


def test_wrong_password_is_told_without_the_password(redis_url: str) -> None:
    """Neither the one that is wrong nor the user's name."""
    result = run("worker", REDIS_URL=redis_url.replace("unix://", "unix://me:hidden-word@"))

    assert result.code == 4
    assert "refused the user name or password" in result.err
    assert "hidden-word" not in result.err


def test_line_break_in_a_subject_is_refused(redis_url: str, tmp_path: Path) -> None:
    """A variable that lands in a header cannot start another one."""
    folder = tmp_path / "templates" / "email" / "hello"
    folder.mkdir(parents=True)
    (folder / "subject.txt.j2").write_text("Hello {{ name }}")
    (folder / "body.txt.j2").write_text("Hello")

    result = run(
        "send", "email", "ada@example.com", "-t", "hello", "--var", "name=x\r\nBcc: eve@example.com",
        NOTIFYCTL_TEMPLATES_DIR=str(tmp_path / "templates"),
    )  # fmt: skip

    assert result.code == 1
    assert "line break" in result.err
    assert "eve@" not in result.err


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ('{"note": "' + "x" * 5_000_000 + '"}', "at most 262144"),
        ("{broken", "not JSON"),
        ("[1]", "not a JSON object"),
        ("[" * 100_000, "nested too deeply"),
        ('{"note": NaN}', "JSON values"),
        ("\xff", "not JSON"),
    ],
    ids=["5 MB", "broken", "list", "deep", "NaN", "no JSON"],
)
def test_unusable_data_is_refused(redis_url: str, data: str, message: str) -> None:
    """With the reason and without the data."""
    result = run(*MAIL, "--data", "-", stdin=data)

    assert result.code == 1
    assert message in result.err
    assert len(result.err) < 500


def test_an_order_of_more_than_10_mb_is_refused_alone(redis_url: str) -> None:
    """The lines after it still come."""
    result = run("order", "import", "-", stdin='{"x": "' + "y" * 11_000_000 + '"}\n{}\n')

    assert result.code == 1
    assert "line 1: this payload is longer than 10 MB" in result.err
    assert "line 2: " in result.err


def test_errors_are_json_where_json_is_asked_for(redis_url: str) -> None:
    """Also errors of typing."""
    for words, code in ((("stats", "sms", "-o", "json"), "unknown_queue"), (("stats", "-o", "json", "--x"), "usage")):
        error = json.loads(run(*words).err)["error"]
        assert error["code"] == code
        assert set(error) == {"code", "message", "hint"}


def test_a_reader_that_goes_away_is_no_error(redis_url: str) -> None:
    """As with `| head -1`."""
    done = subprocess.run(
        ["bash", "-c", f"{COMMAND} config show -o json | true; exit ${{PIPESTATUS[0]}}"],
        capture_output=True,
        text=True,
        env=environment(),
        check=False,
    )

    assert done.stderr == ""
    assert done.returncode == 0


@pytest.mark.parametrize("words", [(), ("dlq",), ("help",), ("help", "dlq"), ("help", "exit-codes")])
def test_a_noun_alone_shows_its_help(words: tuple[str, ...]) -> None:
    """On standard output, which is no error."""
    result = run(*words)

    assert result.code == 0
    assert result.err == ""
    assert "Usage: notifyctl" in result.out or "Redis cannot be reached" in result.out


@pytest.mark.parametrize("closing", [">&-", "2>&-", ">&- 2>&-"])
def test_closed_streams_are_no_error(redis_url: str, closing: str) -> None:
    """What would be printed there goes nowhere."""
    command = ["bash", "-c", f"{COMMAND} stats {closing}"]

    assert subprocess.run(command, env=environment(), capture_output=True, check=False).returncode == 0
