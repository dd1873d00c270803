"""The project's own rules, as far as no linter knows them."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

from notifyctl.lua import load_script

ROOT = Path(__file__).parents[1]
SOURCES = sorted(path for room in ("notifyctl", "actors", "bench") for path in (ROOT / room).rglob("*.py"))
SCRIPTS = sorted((ROOT / "notifyctl").rglob("*.lua"))
TESTS = sorted((ROOT / "tests").rglob("*.py"))


def _relative(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("path", SOURCES, ids=_relative)
def test_module_stays_small(path: Path) -> None:
    """No module has more than 400 lines, no function more than 60."""
    source = path.read_text()

    assert source.count("\n") <= 400
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            assert (node.end_lineno or 0) - node.lineno < 60, node.name


@pytest.mark.parametrize("path", TESTS, ids=_relative)
def test_test_file_stays_readable(path: Path) -> None:
    """No test file has more than 500 lines, and each test says in a sentence what it shows."""
    source = path.read_text()

    assert source.count("\n") <= 500
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
            assert ast.get_docstring(node), node.name


@pytest.mark.parametrize("path", SCRIPTS, ids=_relative)
def test_script_is_headed_and_short(path: Path) -> None:
    """Each script documents its parameters and answers; one transition has 60 lines at most, `take` 120 and its header."""
    package = ".".join(path.relative_to(ROOT).parts[:-2])
    script = load_script(package, path.stem)
    lines = script.source.splitlines()
    code = [line for line in lines if not line.startswith("--")]

    assert "-- Returns" in script.source
    assert len(code) <= (120 if path.stem == "take" else 60)
    assert "'KEYS'" not in script.source


@pytest.mark.parametrize("path", SOURCES, ids=_relative)
def test_public_names_are_listed_in_order(path: Path) -> None:
    """What a module offers is said in a sorted `__all__`."""
    for node in ast.parse(path.read_text()).body:
        if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "__all__":
            names = ast.literal_eval(node.value)
            assert list(names) == sorted(names, key=lambda name: (not name.isupper(), not name[0].isupper(), name))


def test_importing_the_package_loads_nothing_heavy() -> None:
    """A web handler that imports `notifyctl` pays for Redis and the vendors' packages only when it queues something."""
    code = "import sys, notifyctl; print(*{'redis', 'dramatiq', 'pydantic', 'sendgrid', 'twilio'} & set(sys.modules))"

    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert shown.stdout.strip() == ""


def test_repository_speaks_of_the_software_alone() -> None:
    """No personal address, no real number: examples use example domains and reserved numbers."""
    known = re.compile(r"@(example\.(com|org|net)|[\w.-]*\.example\b|[\w.-]*\.(test|invalid)\b|localhost)")
    for path in [ROOT / "README.md", *(ROOT / "docs").rglob("*.md"), *(ROOT / "docs").rglob("*.json*")]:
        for address in re.findall(r"[\w.+-]+@[\w-]+\.[\w.-]+", path.read_text()):
            assert known.search(address), f"{path}: {address}"
