"""The commands and the code of every page of the documentation, run in their order, and compared with what it shows."""

from __future__ import annotations

import shutil
import textwrap
from contextlib import nullcontext
from typing import TYPE_CHECKING

import pytest

from tests.support.documentation import ROOT, Block, blocks, pages, typed
from tests.support.server import Server
from tests.support.shell import Shell
from tests.support.sockets import unused_port

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

COMMANDS = ("bash", "console", "python", "sh")

#: Why a block may be left out.
NOT_RUN = {
    "installs the package",
    "needs a SendGrid account",
    "needs a Twilio account",
    "needs a mail server",
    "needs a server that is away",
    "needs the rights of root",
    "runs until Ctrl-C",
}

EXAMPLES = ROOT / "docs" / "examples"

#: Files that a page speaks of as the reader's own.
FILES = {
    "README.md": {"orders.jsonl": EXAMPLES / "orders.jsonl"},
    "docs/how-to/shopify.md": {"deliveries.jsonl": EXAMPLES / "shopify-order.json"},
}

#: For pages about the HTTP side: it is served, at a port of its own.
_SERVED = f"""
        export NOTIFYCTL_SERVE_PORT={unused_port()} NOTIFYCTL_EMAIL_RATE=off
        notifyctl serve >/dev/null 2>&1 &
        trap "kill $!" EXIT
        curl -s --retry 60 --retry-delay 1 --retry-connrefused --retry-max-time 60 http://127.0.0.1:8765/healthz
    """

#: What has happened before a page begins; limits would only take time.
BEFORE = {
    "README.md": """
        export NOTIFYCTL_EMAIL_RATE=off NOTIFYCTL_WHATSAPP_RATE=off
        notifyctl send email ada+bounce@example.com -t test_message && notifyctl worker --drain
    """,
    "docs/how-to/http-api.md": _SERVED,
    "docs/how-to/orders-over-http.md": _SERVED,
}

#: What the Python of a page takes for given, and what shows that it worked.
AN_ORDER = """
    from types import SimpleNamespace
    order = SimpleNamespace(id=10482, number="A-10482", name="Ada Lovelace", email="ada@example.com", phone="+447700900123")
"""
GIVEN = {
    "README.md": """
        data = {"customer_name": "Ada", "order_number": "10482", "currency": "EUR", "total": "29.35", "payment": "cod"}
        data["items"] = [{"name": "Linen shirt", "quantity": 1, "total": "29.35"}]
    """,
    "docs/how-to/queue-from-python.md": AN_ORDER,
}
THEN = {
    "docs/how-to/queue-from-python.md": """
        order_placed(order)
        assert notifier.queue_stats("email")["waiting"] == notifier.queue_stats("whatsapp")["waiting"] == 1
    """
}

#: Other people's programs: what a shop would answer, from our examples.
PROGRAMS = {
    "curl": f"""
        case "$*" in
            *127.0.0.1:8765*)
                for word; do shift; set -- "$@" "$(printf %s "$word" | sed "s/:8765/:$NOTIFYCTL_SERVE_PORT/")"; done
                exec {shutil.which("curl")} "$@";;
            *myshopify.com*) printf '{{"orders": [%s]}}' "$(cat {EXAMPLES}/shopify-order.json)";;
            */wc/v3/orders*) printf '[%s]' "$(cat {EXAMPLES}/woocommerce-order.json)";;
            *) echo "curl was not expected to be called with $*" >&2; exit 1;;
        esac
    """,
    "wp": f"""printf '[%s]' "$(cat {EXAMPLES}/woocommerce-order.json)" """,
}


def _runnable(page: str) -> list[Block]:
    return [block for block in blocks(page) if (block.language in COMMANDS or block.file) and not block.not_run]


PAGES = [page for page in pages() if any(block.language in COMMANDS for block in _runnable(page))]


@pytest.fixture
def shell(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Shell]:
    """A shell in a folder of its own, for the page that is the test's parameter."""
    page: str = request.node.callspec.params["page"]
    work, home, programs = (tmp_path / name for name in ("work", "home", "programs"))
    for folder in (work, home, programs):
        folder.mkdir()
    for name, source in FILES.get(page, {}).items():
        shutil.copy(source, work / name)
    for name, body in PROGRAMS.items():
        (programs / name).write_text(f"#!/bin/sh\n{textwrap.dedent(body)}\n")
        (programs / name).chmod(0o755)
    (work / "docs").symlink_to(ROOT / "docs")
    shell = Shell(work, home=home, programs=programs, variables={"PYTHONPATH": str(ROOT)})
    servers = [Server()] if any("REDIS_URL=" in block.text for block in _runnable(page)) else []
    for server in servers:  # what the page's .env names is the reader's own: here, this one
        shell.run(f"export REDIS_URL={server.url} NOTIFYCTL_STATE_DIR={home}/state")
    yield shell
    shell.close()
    for server in servers:
        server.close()


@pytest.mark.parametrize("page", PAGES)
def test_page_does_what_it_shows(page: str, shell: Shell, tmp_path: Path) -> None:
    """Each command of the page ends with 0 and prints what the page shows; its Python runs as it stands."""
    if page in BEFORE:
        _type(shell, BEFORE[page])
    program = GIVEN.get(page, "")
    for block in _runnable(page):
        if block.file:
            file = tmp_path / "work" / block.file
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(block.text, encoding="utf-8")
            file.chmod(0o600)
        elif block.language == "python":
            program = f"{textwrap.dedent(program)}\n{block.text}"
        elif not _is_about_make(block):
            for command in typed(block):
                printed = _type(shell, command.command)
                if command.shown:
                    shell.compare(command.shown, printed)
    if program:
        (tmp_path / "page.py").write_text(f"{program}\n{textwrap.dedent(THEN.get(page, ''))}", encoding="utf-8")
        _type(shell, f"python {tmp_path / 'page.py'}")


_A, _B = "d21p0vwfk18apcsz", "d21p0vwh8h9w50mt"
LOG = [
    "begins",
    "…",
    f"… job {_A}, attempt 1",
    "…",
    f"… job {_B}, attempt 1",
    "…",
    f"… job {_A}, attempt 2",
    "…",
    "ends",
]


@pytest.mark.parametrize(
    ("printed", "is_shown"),
    [
        (((_A, 1), (_A, 2), (_B, 1)), True),
        (((_B, 1), (_A, 1), (_A, 2)), True),
        (((_B, 1), (_A, 2), (_A, 1)), False),
        (((_A, 1), (_A, 2)), False),
    ],
)
def test_log_lines_have_the_order_of_each_job(
    tmp_path: Path, printed: tuple[tuple[str, int], ...], is_shown: bool
) -> None:
    """Two threads write to a log in any order; what is shown of one job comes in the order that is shown."""
    shell = Shell(tmp_path, home=tmp_path, programs=tmp_path, variables={})
    shell.ids = {_A: _A, _B: _B}
    lines = ["begins", *(f"12:00 job {job}, attempt {number}" for job, number in printed), "ends"]
    try:
        with nullcontext() if is_shown else pytest.raises(AssertionError):
            shell.compare(LOG, "\n".join(lines))
    finally:
        shell.close()


def test_no_page_sends_anything() -> None:
    """A page that sets credentials runs no worker afterwards: it would go out into the world."""
    for page in PAGES:
        runnable = _runnable(page)
        credentials = any("SENDGRID_API_KEY=" in block.text or "SMTP_HOST=" in block.text for block in runnable)
        texts = [block.text.replace("notifyctl worker list", "") for block in runnable if block.language in COMMANDS]
        workers = any("notifyctl worker" in text for text in texts)
        assert not (credentials and workers), page


def _type(shell: Shell, command: str) -> str:
    printed, code = shell.run(command)
    assert code == 0, f"{command} ended with {code}: {printed}"
    return printed


def _is_about_make(block: Block) -> bool:
    """Whether a block is about the Makefile's targets alone; then there must be such targets."""
    lines = block.text.splitlines()
    if not all(line.startswith("make ") for line in lines):
        return False
    makefile = (ROOT / "Makefile").read_text()
    for line in lines:
        assert f"\n{line.split()[1]}: " in makefile, line
    return True
