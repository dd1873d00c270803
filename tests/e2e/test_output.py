"""What commands print, in every form: JSON as it is documented, nothing personal, no colours in a pipe."""

from __future__ import annotations

import copy
import csv
import io
import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jsonschema
import pytest

from docs.generate_commands import help_pages
from notifyctl.access import Role
from notifyctl.clock import now_ms
from notifyctl.delivery.circuits import Kind, Verdict
from notifyctl.engine.fleet import Report
from notifyctl.engine.keys import FleetKeys
from notifyctl.engine.search import JobFilter
from notifyctl.notification import Channel, Notification, Recipient
from notifyctl.notifier import Options
from notifyctl.notifier.entries import message_row
from tests.support.cli import Result, run, run_here
from tests.support.payloads import a_whatsapp, an_email

if TYPE_CHECKING:
    from collections.abc import Callable

    from notifyctl.app import App

SCHEMA = Path(__file__).parents[2] / "docs" / "reference" / "output.schema.json"
FILES = SCHEMA.parents[1] / "examples"
#: Which commands print data at all: their help pages say so.
COMMANDS = {name for name, page in help_pages() if "--output" in page}
FORMATTED = {name for name, page in help_pages() if "--format" in page}

#: Each command that shows data, as it is tried here; DEAD and WAITING stand for ids.
LOOKING: list[tuple[str, ...]] = [
    ("worker", "list"), ("stats",), ("stats", "email"), ("order", "show", "10482"),
    ("job", "list"), ("job", "show", "DEAD"), ("job", "show", "WAITING"), ("job", "show", "CHAT"),
    ("dlq", "list"), ("dlq", "show", "DEAD"), ("dlq", "stats"), ("dlq", "stats", "--by", "error"),
    ("dlq", "stats", "--by", "hour"), ("dlq", "replays"), ("dlq", "replays", "REPLAY"),
    ("queue", "list"), ("queue", "show", "email"), ("provider", "list"), ("outbox", "list"), ("outbox", "show", "mail1"),
    ("outbox", "show", "chat1"), ("spool", "list"), ("token", "list"), ("audit", "list"), ("events", "tail"),
    ("server", "status"), ("doctor",), ("config", "show"),
    ("config", "show", "--origin"),
    ("template", "list"), ("template", "show", "order_shipped"), ("template", "preview", "order_shipped"),
    ("template", "preview", "order_shipped", "--channel", "whatsapp"),
]  # fmt: skip
ACTING: list[tuple[str, ...]] = [
    ("order", "test", "--count", "2"), ("order", "import", str(FILES / "orders.jsonl")),
    ("order", "import", "--dry-run", str(FILES / "orders.jsonl")),
    ("send", "email", "eve@example.org", "-t", "test_message"),
    ("send", "whatsapp", "+447700900999", "-t", "test_message", "--dry-run"),
    ("job", "cancel", "WAITING"), ("job", "cancel", "--all", "--yes"), ("job", "cancel", "WAITING", "nothing"),
    ("dlq", "retry", "DEAD"), ("dlq", "retry", "--all", "--dry-run"), ("dlq", "retry", "--all", "--yes"),
    ("dlq", "purge", "--all", "--yes"), ("dlq", "edit", "DEAD", "--set", "to=eve@example.org"),
    ("dlq", "replays", "REPLAY", "--cancel"),
    ("queue", "pause", "email", "whatsapp"), ("queue", "resume", "email"), ("queue", "limit", "email", "--rate", "5/s"),
    ("provider", "test", "outbox"), ("provider", "test", "outbox", "--to", "eve@example.org"), ("spool", "flush"),
    ("token", "create", "shop", "--role", "producer"), ("token", "revoke", "TOKEN"),
    ("template", "copy", "test_message", "--to", "templates", "--dry-run"), ("template", "check"),
]  # fmt: skip
#: A server that does not run is reported as not found, a failed check as a condition, and a bulk action may half fail.
WELL = {0, 3, 6, 7}


def strict(schema: Any) -> Any:
    """The same schema, for tests: a field that is not documented is an error."""
    if isinstance(schema, dict):
        closed = {"additionalProperties": False} if "properties" in schema and "required" in schema else {}
        return {**closed, **{name: strict(part) for name, part in schema.items()}}
    return [strict(part) for part in schema] if isinstance(schema, list) else schema


DOCUMENTED = strict(json.loads(SCHEMA.read_text()))


@pytest.fixture
def shop(app: App, queued: Callable[..., list[str]], dead: Callable[..., list[str]]) -> Callable[..., list[str]]:
    """A shop with a message of every kind; gives a command's words with real ids in them."""
    ids = {"DEAD": dead(2, order_id="10482")[0], "WAITING": queued(1, order_id="10482", name="Ada Lovelace")[0]}
    ids["CHAT"] = app.notifier.queue_whatsapp("+44 7700 900123", "test_message", {}, order_id="10482").id
    ids["TOKEN"] = app.tokens.create("tests", Role.VIEWER, lives_ms=60_000)[0].id
    ids["REPLAY"] = app.replays.start(JobFilter(code="550", recipient="ada@example.com"), by="tests").replay_id
    app.outbox(Channel.EMAIL).send(an_email(notification_id="mail1", text="To ada@example.org, or +44 7700 900123\n"))
    app.outbox(Channel.WHATSAPP).send(a_whatsapp(notification_id="chat1", to="+447700900123"))
    about = Notification(Channel.EMAIL, Recipient("ada@example.org"), "test_message", {})
    kept = app.notifier._drafter.draft(about, Options())
    app.spool.put([message_row(kept, now_ms())])
    app.fleet.tell("w1", Report(host="a.example.com", pid=7, queues=("email",), active=1, oldest_job=ids["WAITING"]))
    app.circuits.report(app.circuits.admit("outbox"), Verdict(Kind.ACCOUNT, "wrong key"))
    app.client("operator").persist(FleetKeys(app.settings.namespace).worker("w1"))  # a busy machine may take its time
    return lambda words: [ids.get(word, word) for word in words]


def command(words: tuple[str, ...]) -> str:
    """The command that these words call."""
    return next(name for n in (2, 1) if (name := " ".join(("notifyctl", *words[:n]))) in COMMANDS)


def in_words(words: tuple[str, ...]) -> str:
    """The name of a test."""
    return " ".join(Path(word).name for word in words)


def validate(name: str, printed: Any) -> None:
    """Fail where a command's output is not as documented."""
    jsonschema.validate({name: printed}, DOCUMENTED, format_checker=jsonschema.FormatChecker())


def personal(result: Result) -> list[str]:
    """The addresses, numbers and names that a command showed."""
    return re.findall(r"[\w.+-]+@[\w-]+\.\w+|\+\d[\d ]{8,}|7700 ?900\d*|Lovelace", result.out + result.err)


def test_every_command_that_shows_data_is_documented_and_tried() -> None:
    """In docs/reference/output.schema.json, and here."""
    tried = {command(words) for words in (*LOOKING, *ACTING)}

    assert sorted(tried) == sorted(DOCUMENTED["properties"])
    assert tried == COMMANDS


def test_schema_is_one_and_says_what_each_field_is() -> None:
    """A value that is wrong is not let through."""
    jsonschema.Draft202012Validator.check_schema(json.loads(SCHEMA.read_text()))
    broken = copy.deepcopy(DOCUMENTED)
    broken["properties"] = {}

    with pytest.raises(jsonschema.ValidationError):
        validate("notifyctl stats", [{"queue": "email"}])


@pytest.mark.parametrize("words", [*LOOKING, *ACTING], ids=in_words)
def test_json_is_as_documented(words: tuple[str, ...], shop: Callable[..., list[str]]) -> None:
    """One document on standard output, whatever the exit code, and nothing personal in it."""
    result = run_here(*shop(words), "-o", "json")

    assert result.code in WELL, result.err
    assert personal(result) == []
    validate(command(words), result.json())


@pytest.mark.parametrize("words", LOOKING, ids=in_words)
def test_other_forms_say_the_same(words: tuple[str, ...], shop: Callable[..., list[str]]) -> None:
    """JSON lines hold the objects of the JSON list, CSV and ids a line for each, a table any format of tabulate."""
    words = tuple(shop(words))
    assert run_here("queue", "resume", "email").code == 0  # there is an entry in the audit log
    forms = {form: run_here(*words, "-o", form) for form in ("json", "jsonl", "csv", "id", "table")}
    found = forms["json"].json()
    objects = found if isinstance(found, list) else [found]
    lines, ids = (forms[form].out.splitlines() for form in ("jsonl", "id"))
    rows = list(csv.DictReader(io.StringIO(forms["csv"].out)))

    assert [set(json.loads(line)) for line in lines] == [set(one) for one in objects]
    assert len(rows) == len(ids) == len(objects) > 0
    assert all(None not in row for row in rows)
    if command(words) in FORMATTED:
        assert "|" in run_here(*words, "--format", "github").out
    assert [text for result in forms.values() for text in personal(result)] == []
    assert not [result for result in forms.values() if "\x1b" in result.out + result.err]


@pytest.mark.parametrize(
    "words",
    [("job", "list"), ("dlq", "list"), ("dlq", "stats"), ("outbox", "list"), ("worker", "list"), ("dlq", "replays"), ("job", "cancel", "--all", "--yes")],
    ids=in_words,
)  # fmt: skip
def test_an_empty_list_is_an_empty_list(redis_url: str, words: tuple[str, ...]) -> None:
    """Programs need no special case."""
    json_list, lines = (run_here(*words, "-o", form) for form in ("json", "jsonl"))

    assert (json_list.code, json_list.out) == (0, "[]\n")
    assert (lines.code, lines.out) == (0, "")


@pytest.mark.parametrize("words", ACTING, ids=in_words)
def test_actions_say_nothing_personal(words: tuple[str, ...], shop: Callable[..., list[str]]) -> None:
    """Neither as data nor as a message."""
    result = run_here(*shop(words))

    assert result.code in WELL, result.err
    assert personal(result) == []


@pytest.mark.parametrize(
    ("words", "wanted"),
    [
        (("job", "list"), "ada@example.com"),
        (("job", "show", "WAITING"), "Ada Lovelace"),
        (("dlq", "show", "DEAD"), "ada@example.com"),
        (("dlq", "list"), "ada@example.com"),
        (("order", "show", "10482"), "+447700900123"),
        (("outbox", "list"), "ada@example.org"),
        (("outbox", "show", "mail1"), "+44 7700 900123"),
    ],
    ids=in_words,
)
def test_what_is_revealed_is_audited(
    words: tuple[str, ...],
    wanted: str,
    shop: Callable[..., list[str]],
    audit: Callable[[], list[dict[str, str]]],
) -> None:
    """Who looked, and at what."""
    result = run_here(*shop(words), "--reveal", "-o", "json")

    assert wanted in result.out
    validate(command(words), result.json())
    assert [entry["verb"] for entry in audit() if entry["by"] != "tests"] == ["revealed"]


@pytest.mark.parametrize("words", [("stats",), ("stats", "nonsense"), ("nonsense",), ("--help",)], ids=in_words)
def test_no_colour_in_a_pipe(redis_url: str, words: tuple[str, ...]) -> None:
    """Neither for data nor for messages, whatever the terminal would be."""
    result = run(*words, TERM="xterm-256color", COLORTERM="truecolor")

    assert "\x1b" not in result.out + result.err


def test_colours_in_a_pipe_are_there_for_the_asking() -> None:
    """CLICOLOR_FORCE and --color always; NO_COLOR goes before the one, the flag before both."""
    cases: tuple[tuple[tuple[str, ...], dict[str, str], bool], ...] = (
        ((), {"CLICOLOR_FORCE": "1"}, True),
        (("--color", "always"), {}, True),
        (("--color", "always"), {"NO_COLOR": "1"}, True),
        ((), {"CLICOLOR_FORCE": "1", "NO_COLOR": "1"}, False),
        (("--color", "never"), {"CLICOLOR_FORCE": "1"}, False),
        (("--color", "auto"), {"CLICOLOR_FORCE": "0"}, False),
    )
    for flags, variables, coloured in cases:
        assert ("\x1b[31merror:\x1b[0m" in run(*flags, "nonsense", **variables).err) is coloured
