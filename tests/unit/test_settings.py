"""Where settings come from, which one wins, and what is said about a wrong one."""

from __future__ import annotations

import copy
import pickle
import re
import subprocess
import sys
import traceback
from datetime import timedelta
from pathlib import Path

import pytest

from notifyctl.errors import ConfigError
from notifyctl.settings import Rate, Settings, SmtpTls, sources

SECRET = "s3cr3t-of-the-test"
HOOKS = ("shopify", "woocommerce", "saleor", "square")
SID = "0123456789abcdef0123456789ABCDEF"
ROOT = Path(__file__).parents[2]


def write(name: str, text: str) -> None:
    """Write a file into the current folder, which is the test's own."""
    Path(name).write_text(text, encoding="utf-8")


def told(error: ConfigError) -> str:
    """All that a log could hold of an error."""
    return "".join(traceback.format_exception(error)) + error.hint


def test_settings_have_defaults_for_all() -> None:
    """Nothing has to be configured."""
    settings = Settings.load()

    assert settings.redis.target() is None
    assert settings.namespace == "notifyctl"
    assert str(settings.queues["email"].rate) == "10/s"
    assert str(settings.queues["whatsapp"].rate) == "5/s"
    assert settings.queues["email"].retry_delays == tuple(timedelta(seconds=s) for s in (2, 4, 8))
    assert settings.outbox_dir == settings.state_dir / "outbox"
    assert (settings.retention.completed, settings.retention.failed) == (timedelta(1), timedelta(7))
    assert settings.email.sender == ""


def test_settings_are_taken_from_the_strongest_place(monkeypatch: pytest.MonkeyPatch) -> None:
    """Arguments over environment over .env over notifyctl.toml over defaults, setting by setting."""
    toml = ["processes = 2", 'namespace = "file"', 'log_level = "error"', "[email]", "concurrency = 2"]
    write("notifyctl.toml", "\n".join(toml))
    write(".env", "NOTIFYCTL_PROCESSES=3\nNOTIFYCTL_NAMESPACE=dotenv\nNOTIFYCTL_EMAIL_CONCURRENCY=3\n")
    monkeypatch.setenv("NOTIFYCTL_PROCESSES", "4")
    monkeypatch.setenv("NOTIFYCTL_EMAIL_CONCURRENCY", "4")

    settings = Settings.load(email={"concurrency": 5})

    found = {
        "email.concurrency": (settings.email.concurrency, "argument"),
        "processes": (settings.processes, "environment"),
        "namespace": (settings.namespace, ".env"),
        "log_level": (settings.log_level, "notifyctl.toml"),
        "send_timeout": (settings.send_timeout, "default"),
    }
    assert [value for value, _ in found.values()] == [5, 4, "dotenv", "ERROR", timedelta(seconds=8)]
    assert {name: settings.origin[name] for name in found} == {name: place for name, (_, place) in found.items()}


def test_settings_file_may_be_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """By NOTIFYCTL_CONFIG, instead of the one in the current folder."""
    write("notifyctl.toml", "processes = 2")
    write("other.toml", "processes = 7")
    monkeypatch.setenv("NOTIFYCTL_CONFIG", "other.toml")

    assert Settings.load().processes == 7

    monkeypatch.setenv("NOTIFYCTL_CONFIG", "missing.toml")
    with pytest.raises(ConfigError, match="NOTIFYCTL_CONFIG names a file that does not exist"):
        Settings.load()


def test_every_table_of_the_file_is_read() -> None:
    """The file mirrors the tree."""
    write(
        "notifyctl.toml",
        f"""
        [redis]
        url = "redis://queue.example.com"
        [email]
        from = "Ada's Books <orders@example.com>"
        reply_to = "help@example.com"
        rate = "600/min"
        retry_delays = ["1s", "1m"]
        [whatsapp]
        retry_delays = "none"
        [whatsapp.content_sids]
        order_confirmation = "HX{SID}"
        [smtp]
        host = "mail.example.com"
        tls = "implicit"
        [retention]
        completed = "2d"
        [shop]
        name = "Ada's Books"
        """,
    )

    settings = Settings.load()

    assert settings.redis.target() == "redis://queue.example.com"
    assert (settings.email.sender, settings.email.sender_name) == ("orders@example.com", "Ada's Books")
    assert settings.email.reply_to == "help@example.com"
    assert settings.queues["email"].rate == Rate(600, 60_000)
    assert settings.queues["email"].retry_delays == (timedelta(seconds=1), timedelta(minutes=1))
    assert settings.queues["whatsapp"].retry_delays == ()
    assert settings.whatsapp.content_sids == {"order_confirmation": f"HX{SID}"}
    assert (settings.smtp.tls, settings.smtp.port) == (SmtpTls.IMPLICIT, 465)
    assert settings.retention.completed == timedelta(days=2)
    assert settings.shop.name == "Ada's Books"
    assert settings.origin["whatsapp.content_sids.order_confirmation"] == "notifyctl.toml"


def test_content_sid_comes_from_a_variable_per_template(monkeypatch: pytest.MonkeyPatch) -> None:
    """The end of the variable is the template's name."""
    monkeypatch.setenv("NOTIFYCTL_CONTENT_SID_ORDER_CONFIRMATION", f"HX{SID}")

    assert Settings.load().whatsapp.content_sids == {"order_confirmation": f"HX{SID}"}


def test_empty_variable_counts_as_not_given(monkeypatch: pytest.MonkeyPatch) -> None:
    """Compose files pass on what is not set as empty; only for retries it means something: none."""
    write(".env", "NOTIFYCTL_NAMESPACE=dotenv\nREDIS_URL=\n")
    monkeypatch.setenv("NOTIFYCTL_NAMESPACE", "")
    monkeypatch.setenv("NOTIFYCTL_EMAIL_RETRY_DELAYS", "")

    settings = Settings.load()

    assert settings.namespace == "dotenv"
    assert settings.redis.target() is None
    assert settings.email.retry_delays == ()


def test_argument_of_none_counts_as_not_given() -> None:
    """A command line passes on its options as they are."""
    settings = Settings.load(processes=None, redis={"url": None})

    assert (settings.processes, settings.redis.target()) == (1, None)


def test_dotenv_is_taken_literally() -> None:
    """A password may hold ${ and is no reference to another variable."""
    write(".env", "SMTP_HOST=mail.example.com\nSMTP_USERNAME=ada\nSMTP_PASSWORD=a${HOME}b\n")

    password = Settings.load().smtp.password

    assert password is not None
    assert password.get_secret_value() == "a${HOME}b"


@pytest.mark.parametrize("line", ['SENDGRID_API_KEY="SG.aaa', "SENDGRID_API_KEY: SG.aaa", "SMTP_PASSWORD='a' b"])
def test_dotenv_line_that_cannot_be_understood_is_an_error(line: str, caplog: pytest.LogCaptureFixture) -> None:
    """A key that was dropped would send mail to the outbox; the error names the line, and not what is in it."""
    write(".env", f"NOTIFYCTL_PROCESSES=2\n{line}\n")

    with pytest.raises(ConfigError, match=r"line 2 of \.env cannot be understood") as caught:
        Settings.load()

    assert "aaa" not in caught.value.message + caught.value.hint
    assert not caplog.records


def test_dotenv_may_hold_what_is_not_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    """The shop's own variables are nobody's mistake, in the file as in the environment."""
    write(".env", "DATABASE_URL=postgres://\n")
    monkeypatch.setenv("DJANGO_SETTINGS_MODULE", "shop")

    Settings.load()


@pytest.mark.parametrize(
    ("file", "text", "message", "hint"),
    [
        (".env", "NOTIFYCTL_PROCESS=1", "NOTIFYCTL_PROCESS in .env is not", "NOTIFYCTL_PROCESSES"),
        ("notifyctl.toml", "[email]\nrat = 1", "email.rat in notifyctl.toml is not", "email.rate"),
        ("notifyctl.toml", "[emails]\nrate = 1", "emails in notifyctl.toml is not", ".env.example"),
        ("notifyctl.toml", "email = 1", "email in notifyctl.toml is a table", ""),
        ("notifyctl.toml", "[email", "notifyctl.toml is not a TOML file", ""),
    ],
)
def test_unknown_name_in_a_file_is_an_error(file: str, text: str, message: str, hint: str) -> None:
    """A typo is found when settings load, and the name that was meant is suggested."""
    write(file, text)

    with pytest.raises(ConfigError, match=re.escape(message)) as caught:
        Settings.load()

    assert hint in caught.value.hint


def test_unknown_variable_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of those that begin as ours do."""
    monkeypatch.setenv("NOTIFYCTL_EMAIL_RAT", "1")

    with pytest.raises(ConfigError, match="NOTIFYCTL_EMAIL_RAT is not a setting") as caught:
        Settings.load()

    assert caught.value.hint == "Did you mean NOTIFYCTL_EMAIL_RATE?"


def test_unknown_argument_is_an_error() -> None:
    """In code as well."""
    with pytest.raises(ConfigError, match=r"argument email\.sender is not a setting"):
        Settings.load(email={"sender": "orders@example.com"})


WRONG = [
    ("REDIS_URL", f"http://{SECRET}", "expected a URL such as redis://"),
    ("REDIS_PORT", SECRET, "expected a valid integer"),
    ("SENDGRID_HOST", f"https://api.example.com/{SECRET}", "expected a base URL without a path"),
    ("SENDGRID_HOST", f"https://u:{SECRET}@api.example.com", "expected a base URL without a path"),
    ("SMTP_PORT", "70000", "expected less than or equal to 65535"),
    ("SMTP_TLS", SECRET, "expected 'none', 'starttls' or 'implicit'"),
    ("TWILIO_ACCOUNT_SID", SECRET, "expected AC followed by 32 hexadecimal digits"),
    ("TWILIO_API_KEY_SID", f"AC{SID}", "expected SK followed by"),
    ("TWILIO_MESSAGING_SERVICE_SID", SECRET, "expected MG followed by"),
    ("TWILIO_WHATSAPP_FROM", "0151 234", "expected a number such as +15005550006"),
    ("TWILIO_BASE_URL", "api.example.com", "expected a base URL without a path"),
    ("EMAIL_FROM", "Ada <ada at example.com>", "expected an address such as"),
    ("EMAIL_FROM", "ada@example.com\nBcc: eve@example.com", "expected an address such as"),
    ("EMAIL_REPLY_TO", "ada", "expected an address such as"),
    ("NOTIFYCTL_NAMESPACE", "a{b}", "expected 1 to 64 letters"),
    ("NOTIFYCTL_NAMESPACE", "a:b", "expected 1 to 64 letters"),
    ("NOTIFYCTL_EMAIL_RATE", "ten", "expected a rate such as 10/s"),
    ("NOTIFYCTL_EMAIL_CONCURRENCY", "0", "expected greater than or equal to 1"),
    ("NOTIFYCTL_EMAIL_RETRY_DELAYS", "2s,x", "expected a duration such as 30s"),
    ("NOTIFYCTL_COMPLETED_RETENTION", "0s", "expected a duration of more than 0s"),
    ("NOTIFYCTL_DRAIN_TIMEOUT", "30", "expected a duration such as 30s"),
    ("NOTIFYCTL_SEND_TIMEOUT", "-1s", "expected a duration such as 30s"),
    ("NOTIFYCTL_PROCESSES", "none", "expected a valid integer"),
    ("NOTIFYCTL_PSEUDONYM_SECRET", "short", "expected at least 16 characters"),
    ("NOTIFYCTL_DEFAULT_REGION", "Germany", "expected a country's two letters"),
    ("NOTIFYCTL_LOG_LEVEL", "loud", "expected one of debug, info"),
    ("NOTIFYCTL_PROVIDER", SECRET, "expected 'auto' or 'outbox'"),
    ("NOTIFYCTL_TEMPLATES_DIR", "/no/such/folder", "expected a folder that exists"),
    ("NOTIFYCTL_CONTENT_SID_ORDER", SECRET, "expected HX followed by"),
]


@pytest.mark.parametrize(("variable", "value", "message"), WRONG)
def test_wrong_value_is_told_by_its_variable(
    variable: str, value: str, message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The name as the user wrote it and what was expected; never the value."""
    monkeypatch.setenv(variable, value)

    with pytest.raises(ConfigError) as caught:
        Settings.load()

    assert str(caught.value).startswith(f"{variable}: {message}")
    assert SECRET not in told(caught.value)


def test_wrong_value_in_the_file_is_told_by_its_key() -> None:
    """Each fault under the name it has in the place it came from; all of them at once."""
    write("notifyctl.toml", f'[email]\nrate = 10\nfrom = "{SECRET}"\nretry_delays = 3\n[smtp]\nport = 0\n')
    write(".env", "NOTIFYCTL_PROCESSES=many\n")

    with pytest.raises(ConfigError) as caught:
        Settings.load(drain_timeout=30)

    faults = str(caught.value).split("; ")
    assert {fault.partition(":")[0] for fault in faults} == {
        "argument drain_timeout",
        "NOTIFYCTL_PROCESSES in .env",
        "email.rate in notifyctl.toml",
        "email.from in notifyctl.toml",
        "email.retry_delays in notifyctl.toml",
        "smtp.port in notifyctl.toml",
    }
    assert SECRET not in told(caught.value)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"TWILIO_ACCOUNT_SID": f"AC{SID}"}, "TWILIO_ACCOUNT_SID needs TWILIO_AUTH_TOKEN, or TWILIO_API_KEY_SID with"),
        ({"TWILIO_AUTH_TOKEN": SECRET}, "TWILIO_AUTH_TOKEN needs TWILIO_ACCOUNT_SID"),
        ({"TWILIO_API_KEY_SID": f"SK{SID}"}, "TWILIO_API_KEY_SID needs TWILIO_API_KEY_SECRET"),
        ({"TWILIO_API_KEY_SECRET": SECRET}, "TWILIO_API_KEY_SECRET needs TWILIO_API_KEY_SID"),
        ({"SMTP_HOST": "mail.example.com", "SMTP_USERNAME": "ada"}, "SMTP_USERNAME needs SMTP_PASSWORD"),
        ({"SMTP_HOST": "mail.example.com", "SMTP_PASSWORD": SECRET}, "SMTP_PASSWORD needs SMTP_USERNAME"),
        ({"SMTP_USERNAME": "ada", "SMTP_PASSWORD": SECRET}, "SMTP_USERNAME is of no use without SMTP_HOST"),
        (
            {"NOTIFYCTL_CIRCUIT_COOL_DOWN": "2m"},
            "NOTIFYCTL_CIRCUIT_MAX_COOL_DOWN must not be below NOTIFYCTL_CIRCUIT_COOL_DOWN",
        ),
        ({"REDIS_PASSWORD": SECRET}, "REDIS_PASSWORD is of no use without REDIS_HOST"),
        ({"REDIS_PORT": "6380"}, "REDIS_PORT is of no use without REDIS_HOST"),
    ],
)
def test_half_given_credentials_are_an_error(
    given: dict[str, str], message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both names are told: what is there, and what it needs."""
    for name, value in given.items():
        monkeypatch.setenv(name, value)

    with pytest.raises(ConfigError) as caught:
        Settings.load()

    assert str(caught.value).startswith(message)
    assert SECRET not in told(caught.value)


def test_half_given_credentials_are_told_as_they_were_written() -> None:
    """The key of the file for what is there, the variable for what is not."""
    write("notifyctl.toml", f'[twilio]\naccount_sid = "AC{SID}"\n')

    with pytest.raises(ConfigError, match=r"twilio\.account_sid in notifyctl.toml needs TWILIO_AUTH_TOKEN"):
        Settings.load()


def test_redis_target_is_made_of_its_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    """A password may hold anything."""
    monkeypatch.setenv("REDIS_HOST", "queue.example.com")
    monkeypatch.setenv("REDIS_PASSWORD", "a/b@c:d")

    assert Settings.load().redis.target() == "redis://:a%2Fb%40c%3Ad@queue.example.com:6379/0"
    assert Settings.load(redis={"host": "::1", "password": "x"}).redis.target() == "redis://:x@[::1]:6379/0"


def test_redis_url_wins_over_the_parts_of_its_own_place(monkeypatch: pytest.MonkeyPatch) -> None:
    """Platforms give both."""
    monkeypatch.setenv("REDIS_URL", "redis://url")
    monkeypatch.setenv("REDIS_HOST", "parts")

    assert Settings.load().redis.target() == "redis://url"


def test_redis_host_of_a_stronger_place_wins_over_a_url(monkeypatch: pytest.MonkeyPatch) -> None:
    """The environment is stronger than the file, whichever way it names the server."""
    write("notifyctl.toml", '[redis]\nurl = "redis://file"')
    monkeypatch.setenv("REDIS_HOST", "environment")

    settings = Settings.load()

    assert settings.redis.target() == "redis://environment:6379/0"
    assert settings.origin["redis.url"] == "default"


def test_whatsapp_sender_is_kept_without_its_prefix() -> None:
    """Both spellings of the console and of the API are taken."""
    for written in ("whatsapp:+15005550006", "+15005550006"):
        settings = Settings.load(twilio={"whatsapp_from": written})

        assert settings.twilio.whatsapp_from == "+15005550006"


@pytest.mark.parametrize(("tls", "port"), [("starttls", 587), ("implicit", 465), ("none", 25)])
def test_smtp_port_goes_with_its_protection(tls: str, port: int) -> None:
    """Unless it is given."""
    assert Settings.load(smtp={"tls": tls}).smtp.port == port
    assert Settings.load(smtp={"tls": tls, "port": 2525}).smtp.port == 2525


def test_state_goes_where_the_platform_keeps_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The XDG folder on Linux, the library folder on macOS."""
    monkeypatch.delenv("NOTIFYCTL_STATE_DIR")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.delenv("XDG_STATE_HOME", raising=False)
    assert Settings.load().state_dir == tmp_path / ".local/state/notifyctl"

    monkeypatch.setenv("XDG_STATE_HOME", "relative")
    assert Settings.load().state_dir == tmp_path / ".local/state/notifyctl"

    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "xdg"))
    assert Settings.load().state_dir == tmp_path / "xdg/notifyctl"

    monkeypatch.setattr(sys, "platform", "darwin")
    assert Settings.load().state_dir == tmp_path / "Library/Application Support/notifyctl"


def test_settings_cannot_be_changed() -> None:
    """Whoever holds the tree can rely on it."""
    settings = Settings.load()

    with pytest.raises(ValueError, match="frozen"):
        settings.processes = 2
    with pytest.raises(ValueError, match="frozen"):
        settings.email.concurrency = 2


def test_settings_travel_to_another_process() -> None:
    """A supervisor hands its own on to its workers."""
    settings = Settings.load(processes=2)

    for other in (pickle.loads(pickle.dumps(settings)), copy.deepcopy(settings)):  # noqa: S301
        assert other == settings
        assert other.origin == settings.origin


def test_secrets_are_masked_in_a_repr() -> None:
    """A tree ends in logs and tracebacks."""
    settings = Settings.load(
        redis={"url": f"redis://:{SECRET}@host"},
        sendgrid={"api_key": SECRET},
        smtp={"host": "h", "username": "u", "password": SECRET},
        twilio={
            "account_sid": f"AC{SID}",
            "auth_token": SECRET,
            "api_key_sid": f"SK{SID}",
            "api_key_secret": SECRET,
        },
        pseudonym_secret=SECRET,
        hooks={
            platform: {
                "secret": SECRET,
                "previous_secret": SECRET,
                **({"url": "https://x"} if platform == "square" else {}),
            }
            for platform in HOOKS
        },
    )

    assert SECRET not in repr(settings) + str(settings)
    secret = {setting.name for setting in Settings.known() if setting.secret}
    assert secret == {
        "redis.url",
        "redis.password",
        "sendgrid.api_key",
        "smtp.password",
        "twilio.auth_token",
        "twilio.api_key_secret",
        "pseudonym_secret",
        *(f"hooks.{platform}.{key}" for platform in HOOKS for key in ("secret", "previous_secret")),
    }


def test_every_setting_is_found_by_its_entry() -> None:
    """The catalogue leads to each value: `config show` lives on it."""
    settings = Settings.load(email={"rate": "7/s", "from": "a@example.com"})
    values = {setting.name: settings.value(setting) for setting in Settings.known()}

    assert str(values["email.rate"]) == "7/s"
    assert str(values["email.from"]) == "a@example.com"
    assert values["state_dir"] == settings.state_dir


def test_every_setting_is_documented() -> None:
    """`.env.example` names each variable once and its key in the file, and nothing else."""
    text = (ROOT / ".env.example").read_text(encoding="utf-8")
    documented = re.findall(r"^#([A-Z][A-Z0-9_]+)=", text, re.MULTILINE)
    known = {setting.env.name: setting for setting in Settings.known()}
    prefixes = tuple(name for name, setting in known.items() if setting.env.prefix)

    plain = [name for name in documented if not name.startswith(prefixes)]
    assert sorted(plain) == sorted({*known, sources.CONFIG_VARIABLE} - {*prefixes})
    assert all(any(name.startswith(prefix) for name in documented) for prefix in prefixes)
    for setting in known.values():
        *tables, key = setting.key
        place = rf"\[{tables[0]}\].*\b{key}\b" if tables else rf"\b{key}\b"
        assert re.search(rf"^# .*(?:{place}|\[{setting.name}\])", text, re.MULTILINE), setting.name


def test_documented_defaults_are_the_real_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    """What `.env.example` shows as a queue's or a worker's value is what holds without it."""
    text = (ROOT / ".env.example").read_text(encoding="utf-8")
    defaults = dict(Settings.load())
    shown = re.findall(r"^#(NOTIFYCTL_\w+_(?:RATE|CONCURRENCY|DELAYS|RETENTION|TIMEOUT))=(.+)$", text, re.MULTILINE)
    assert len(shown) == 11

    for name, value in shown:
        monkeypatch.setenv(name, value)

    assert dict(Settings.load()) == defaults


def test_settings_load_neither_redis_nor_dramatiq() -> None:
    """Every command reads settings, also those that connect to nothing."""
    code = "import sys, notifyctl.settings; sys.exit(bool({'redis', 'dramatiq'} & set(sys.modules)))"

    assert subprocess.run([sys.executable, "-c", code], check=False, cwd=ROOT).returncode == 0
