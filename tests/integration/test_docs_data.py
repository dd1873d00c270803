"""The data that pages of the documentation show: settings, orders, templates and units are what their readers take."""

from __future__ import annotations

import configparser
import io
import json
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import yaml

from notifyctl.errors import InvalidOrder
from notifyctl.orders import parse_orders, read_payloads
from notifyctl.settings import Settings
from notifyctl.templates.catalog import Catalog
from tests.integration.test_docs import COMMANDS, NOT_RUN
from tests.support.documentation import ROOT, Block, blocks, pages
from tests.support.server import Server

if TYPE_CHECKING:
    from collections.abc import Callable

UNITS = sorted(path for path in (ROOT / "deploy").iterdir() if path.suffix in (".service", ".timer"))

#: The pages whose `text` blocks are looked at elsewhere, and where.
TEXT = {
    "docs/reference/commands.md": "tests/unit/cli/test_help.py",
    "docs/reference/order-format.md": "tests/unit/orders",
    "docs/how-to/redis-servers.md": "tests/integration/servers/test_acl.py",
}

#: What a template's files have at their top, and settings have not.
_OF_A_TEMPLATE = {"category", "expires_after_h", "text", "variables"}


def _settings(text: str, name: str) -> None:
    Path(name).write_text(text, encoding="utf-8")
    Settings.load()


def _dotenv(block: Block) -> None:
    if block.text.startswith("["):
        parsed = _unit(block.text)
        whole = _unit((ROOT / "deploy" / "notifyctl.service").read_text(encoding="utf-8"))
        for section in parsed.sections():
            for key, value in parsed[section].items():
                assert whole[section][key] == value, f"deploy/notifyctl.service has another {key}"
    else:
        Path("templates").mkdir()
        _settings(block.text, ".env")


def _yaml(block: Block) -> None:
    assert isinstance(yaml.safe_load(block.text), dict)


def _toml(block: Block) -> None:
    fields = tomllib.loads(block.text)
    if not _OF_A_TEMPLATE & set(fields):
        _settings(block.text, "notifyctl.toml")
    elif "text" in fields:
        Path("whatsapp").mkdir()
        Path("whatsapp/shown.toml").write_text(block.text, encoding="utf-8")
        assert Catalog(Path.cwd()).whatsapp("shown").texts
    else:
        Path("email/shown").mkdir(parents=True)
        Path("email/shown/meta.toml").write_text(block.text, encoding="utf-8")
        Path("email/shown/subject.txt.j2").write_text("A subject", encoding="utf-8")
        assert Catalog(Path.cwd()).email("shown").expires_after


def _json(block: Block) -> None:
    shown = json.loads(block.text)
    if isinstance(shown, dict) and "customer" in shown:
        _orders(block)


def _orders(block: Block) -> None:
    for line, payload in read_payloads(io.BytesIO(block.text.encode())):
        assert not isinstance(payload, InvalidOrder), f"line {line}: {payload}"
        for order in parse_orders(payload):
            assert not isinstance(order, InvalidOrder), f"line {line}: {order}"


def _redis(block: Block) -> None:
    wanted = dict(line.split(maxsplit=1) for line in block.text.splitlines())
    server = Server(*(word for name, value in wanted.items() for word in (f"--{name}", value)))
    try:
        with server.client() as client:
            found = {name: client.config_get(name)[name] for name in wanted}
    finally:
        server.close()
    assert found == wanted


CHECKS: dict[str, Callable[[Block], None]] = {
    "conf": _redis,
    "csv": _orders,
    "ini": _dotenv,
    "json": _json,
    "jsonl": _orders,
    "toml": _toml,
    "yaml": _yaml,
}
DATA = [block for page in pages() for block in blocks(page) if block.language in CHECKS]


@pytest.mark.parametrize("block", DATA, ids=str)
def test_data_is_what_its_readers_take(block: Block) -> None:
    """What a page shows as a file loads as that file does."""
    CHECKS[block.language](block)


@pytest.mark.parametrize("page", pages())
def test_every_block_is_run_or_checked(page: str) -> None:
    """No block escapes: it is run, or loaded, or its page says for which of the known reasons it is not."""
    for block in blocks(page):
        if block.not_run:
            assert block.not_run in NOT_RUN, f"{block} gives a reason that is not known: {block.not_run}"
        elif block.language == "text":
            assert page in TEXT, f"{block} is looked at by no test"
        elif not block.file:
            assert block.language in {*COMMANDS, *CHECKS, "drawing"}, f"{block} is of a kind that no test knows"


def _unit(text: str) -> configparser.ConfigParser:
    parser = configparser.ConfigParser(interpolation=None, strict=False)
    parser.optionxform = str  # type: ignore[assignment]
    parser.read_string(text)
    return parser


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_unit_is_one_that_systemd_takes(unit: Path, tmp_path: Path) -> None:
    """Each unit in deploy/ passes systemd's own check, where there is one; everywhere it parses."""
    text = unit.read_text(encoding="utf-8")
    assert _unit(text).sections()
    if shutil.which("systemd-analyze") is None:
        return
    installed = str(Path(sys.executable).with_name("notifyctl"))
    for other in UNITS:
        here = other.read_text(encoding="utf-8").replace("/opt/notifyctl/bin/notifyctl", installed)
        (tmp_path / other.name).write_text(here, encoding="utf-8")

    checked = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", tmp_path / unit.name], capture_output=True, text=True, check=False
    )

    assert (checked.returncode, checked.stderr) == (0, "")


def test_service_gives_a_stop_the_time_it_needs() -> None:
    """A stop tells the supervisor alone, and systemd waits longer than the drain and the supervisor's own patience."""
    service = _unit((ROOT / "deploy" / "notifyctl.service").read_text(encoding="utf-8"))["Service"]
    settings = Settings.load()

    assert service["KillMode"] == "mixed"
    assert float(service["TimeoutStopSec"]) > settings.drain_timeout.total_seconds() + 5
