"""The installed command, run as users run it: in a process of its own. Or here, where only what is behind it counts."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest import mock

from notifyctl.cli import _run
from notifyctl.cli._errors import guarded

COMMAND = str(Path(sys.executable).parent / "notifyctl")


@dataclass(frozen=True)
class Result:
    """What a command left behind."""

    code: int
    out: str
    err: str

    def json(self) -> Any:
        """Its standard output, as JSON."""
        return json.loads(self.out)


def environment(**variables: str) -> dict[str, str]:
    """The environment of a command: the test's own, with these variables."""
    return {**os.environ, "COLUMNS": "100", "LC_ALL": "C.UTF-8", **variables}


def run(*args: str, stdin: str = "", **variables: str) -> Result:
    """Run the command to its end; the test fails if it takes very long.

    Args:
        args: Its words.
        stdin: What it reads.
        variables: Environment variables.
    """
    done = subprocess.run(
        [COMMAND, *args],
        input=stdin.encode(),
        capture_output=True,
        timeout=60,
        env=environment(**variables),
        check=False,
    )
    return Result(done.returncode, done.stdout.decode(), done.stderr.decode())


def run_here(*args: str, **variables: str) -> Result:
    """Run the command in this process, which takes a tenth of the time; not for one that starts workers.

    Args:
        args: Its words.
        variables: Environment variables.
    """
    out, err = io.StringIO(), io.StringIO()
    with mock.patch.dict(os.environ, environment(**variables)), redirect_stdout(out), redirect_stderr(err):
        code = guarded(_run, args)
    return Result(code, out.getvalue(), err.getvalue())


def start(*args: str, **variables: str) -> subprocess.Popen[str]:
    """Start the command and leave it running; its standard error is a pipe."""
    return subprocess.Popen(
        [COMMAND, *args],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment(**variables),
        start_new_session=True,
    )
