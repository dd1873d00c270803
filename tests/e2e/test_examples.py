"""Every example of every help page, run as it stands there."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from docs.generate_commands import help_pages
from notifyctl.access import Role
from notifyctl.engine.search import JobFilter
from notifyctl.engine.states import State
from notifyctl.notification import Channel
from tests.support.certificate import make_certificate
from tests.support.cli import COMMAND, environment, run
from tests.support.outage import FlakySendGrid
from tests.support.payloads import an_email
from tests.support.smtp_server import ScriptedSmtp
from tests.support.sockets import unused_port
from tests.support.wait import wait_until

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from notifyctl.app import App

EXAMPLES = sorted(
    {
        line.strip()
        for _, page in help_pages()
        for line in page.partition("Examples:\n")[2].splitlines()
        if line.strip() and "notifyctl demo" not in line  # half a minute: test_demo.py runs it
    }
)
#: The id in the examples.
ID = "3r9k2m4p8t6w1x5z"
#: The token in the examples.
TOKEN = "k3v9x2mq"
#: What goes on until it is interrupted.
ENDLESS = re.compile(
    r"([A-Z_]+=\S+ )*notifyctl (worker|stats --watch|events tail .*-f|serve|dlq replays \S+ --watch)( |$)"
)
#: What only a person at a terminal can do: `test_dlq_edit.py` has one.
AT_A_TERMINAL = f"notifyctl dlq edit {ID}"
#: A condition that is met is what these examples are about.
MET = {"--fail-if": 7}
FILES = Path(__file__).parents[2] / "docs" / "examples"


@pytest.fixture
def shop(app: App, queued: Callable[..., list[str]], dead: Callable[..., list[str]], tmp_path: Path) -> dict[str, str]:
    """A shop with a dead letter, a waiting job, a message in the outbox and files of orders; ids by command."""
    app.client("operator").config_set("maxmemory-policy", "noeviction")
    ids = {"dlq": dead(3, order_id="10482")[0], "job": queued(1, order_id="10482")[0], "outbox": "mail1"}
    app.outbox(Channel.EMAIL).send(an_email(notification_id="mail1"))
    ids["replays"] = app.replays.start(JobFilter(order_id="10482")).replay_id
    ids["token"] = app.tokens.create("ada", Role.OPERATOR, lives_ms=3_600_000)[0].id
    (tmp_path / ".zfunc").mkdir()
    (tmp_path / "content.json").write_text('{"to": "grace@example.com"}')
    shutil.copytree(FILES, tmp_path, dirs_exist_ok=True)
    for name, file in {"export.json": "woocommerce-order.json", "shipped.csv": "orders.csv"}.items():
        shutil.copy(FILES / file, tmp_path / name)
    curl = tmp_path / "bin" / "curl"
    curl.parent.mkdir()
    curl.write_text(f"#!/bin/sh\ncat {FILES / 'orders.jsonl'}\n")
    curl.chmod(0o755)
    return ids


def variables(folder: Path) -> dict[str, str]:
    """The environment of an example: the home and the shop's folder are this one."""
    path = f"{folder / 'bin'}:{Path(COMMAND).parent}:{os.environ['PATH']}"
    return environment(PATH=path, HOME=str(folder), SHELL="/bin/bash")


def here(line: str, shop: dict[str, str], folder: Path) -> str:
    """An example about this shop, in this folder, on loopback."""
    nouns = line.split()
    line = line.replace(ID, shop.get(nouns[2] if "replays" in nouns else nouns[1], shop["dlq"])).replace(
        TOKEN, shop["token"]
    )
    line = line.replace("/var/lib/node_exporter", str(folder)).replace("0.0.0.0", "127.0.0.1")
    return line.replace("--port 9000", f"--port {unused_port()}")


def shell(line: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run a line as a person would, but without a terminal."""
    return subprocess.run(
        ["bash", "-o", "pipefail", "-c", line],
        stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60, env=variables(folder), check=False,
    )  # fmt: skip


def put_variables_of_an_order(app: App, file: Path) -> None:
    """Write what `send --data` reads: the variables that an order's confirmation has."""
    assert run("order", "test", "--cod", "--count", "1", "--seed", "1").code == 0
    jobs = app.inspector.jobs("email", State.WAITING)
    data = next(json.loads(job.payload)["data"] for job in jobs if job.template == "order_confirmation")
    file.write_text(json.dumps(data))


@pytest.fixture
def mail_providers() -> Iterator[dict[str, str]]:
    """SendGrid and a mail server on loopback, as settings; only the examples about providers may use them."""
    with FlakySendGrid() as sendgrid, ScriptedSmtp() as smtp:
        yield {
            "SENDGRID_API_KEY": "SG.test-key_0123456789", "SENDGRID_HOST": sendgrid.url, "SMTP_HOST": "127.0.0.1",
            "SMTP_PORT": str(smtp.port), "SMTP_TLS": "none", "EMAIL_FROM": "shop@example.com",
        }  # fmt: skip


@pytest.mark.parametrize("line", [line for line in EXAMPLES if not ENDLESS.match(line)])
def test_example_works(
    line: str,
    app: App,
    shop: dict[str, str],
    mail_providers: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    """It ends with what it is about; what asks first says which flag goes ahead without being asked."""
    if line.startswith("notifyctl provider"):
        for name, value in mail_providers.items():
            monkeypatch.setenv(name, value)
    if "order.json" in line:
        put_variables_of_an_order(app, tmp_path / "order.json")
    at_a_terminal, line = line == AT_A_TERMINAL, here(line, shop, tmp_path)
    if line.startswith("notifyctl server"):
        line = f"unset REDIS_URL; notifyctl server start && {line}; code=$?; notifyctl server stop; exit $code"

    done = shell(line, tmp_path)
    if at_a_terminal:
        assert (done.returncode, "this is no terminal" in done.stderr) == (1, True)
        return
    if "--yes" not in line and "Pass --yes" in done.stderr:
        assert done.returncode == 1
        done = shell(f"{line} --yes", tmp_path)

    assert done.returncode == next((code for word, code in MET.items() if word in line), 0), done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout or done.stderr or " > " in line


@pytest.mark.parametrize("line", [line for line in EXAMPLES if ENDLESS.match(line)])
def test_endless_example_works_until_it_is_interrupted(
    line: str, app: App, shop: dict[str, str], tmp_path: Path
) -> None:
    """Ctrl-C ends it, and that is no failure; what ends by itself needs none."""
    said, certificate = tmp_path / "said", make_certificate(tmp_path)
    certificate.ca_file.rename(tmp_path / "c.pem")
    certificate.key_file.rename(tmp_path / "k.pem")
    settings = variables(tmp_path) | {"NOTIFYCTL_SERVE_PORT": str(unused_port())}
    with said.open("wb") as file:
        process = subprocess.Popen(
            ["bash", "-c", f"exec env {here(line, shop, tmp_path)}"],
            stdin=subprocess.DEVNULL, stdout=file, stderr=file, env=settings, start_new_session=True,
        )  # fmt: skip

    def works() -> Any:
        if "worker" in line:
            return app.inspector.stats("email").completed
        if "events" in line:
            app.inspector.pause("email")  # something to tell
        return "serving" in said.read_text() if "serve" in line else said.read_text()

    try:
        wait_until(lambda: process.poll() is not None or works(), what=line)
        if "--drain" not in line:
            process.send_signal(signal.SIGINT)

        assert process.wait(timeout=60) == 0, said.read_text()
    finally:
        with suppress(ProcessLookupError):  # nothing is left of it
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    assert "Traceback" not in said.read_text()
