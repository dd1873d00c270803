"""A shell that types what a page of the documentation shows, and compares what comes out with what it shows.

Ids, times and places differ from run to run. They are masked on both sides; and an id that the page shows stands, in
the page's later commands, for the one that was in its place in this run.
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

_ID = re.compile(r"\b(?=[a-z]*\d)(?=\d*[a-z])[0-9a-hjkmnp-tv-z]{16}\b")
_MASKS = (
    (re.compile(r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d([.,]\d+)?Z?"), "<time>"),
    (re.compile(r"(<time> [A-Z]+) +\d+"), r"\1 <pid>"),
    (re.compile(r"\bpid( +)\d+"), r"pid <pid>"),
    (re.compile(r"\b\d+(\.\d+)? ms\b"), "<duration>"),
    (re.compile(r"\b(\d+[dhm])*\d+(\.\d+)?m?s\b"), "<duration>"),
    (re.compile(r"unix://\S+"), "<url>"),
    (_ID, "<id>"),
    (re.compile(r"-{3,}"), "---"),
    (re.compile(r" {2,}"), "  "),
)
#: A worker would go on for ever; here it ends when nothing is left to do.
_ENDLESS_WORKER = re.compile(r"\bnotifyctl worker\b(?! list\b)(?!.*--drain)")
#: Marks where a command's output ends, and leaves its exit code to the next one.
_TELL_CODE = r"__code=$?; printf '\036%d\036\n' $__code; (exit $__code)"


class Shell:
    """One bash for a whole page.

    Args:
        folder: Where the page begins.
        home: The user's home folder; pages show it as /home/ada.
        programs: A folder of stand-ins for other people's programs, found before all others.
        variables: Further environment variables.
    """

    def __init__(self, folder: Path, *, home: Path, programs: Path, variables: Mapping[str, str]) -> None:
        self.home = home
        self.ids: dict[str, str] = {}
        path = f"{programs}:{Path(sys.executable).parent}:{os.environ['PATH']}"
        plain = {"PATH": path, "HOME": str(home), "COLUMNS": "100", "LC_ALL": "C.UTF-8", "TERM": "dumb"}
        self._bash = subprocess.Popen(
            ["bash", "--noprofile", "--norc"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            cwd=folder,
            env={**plain, **variables},
            text=True,
            encoding="utf-8",
            start_new_session=True,
        )

    def run(self, command: str) -> tuple[str, int]:
        """Run a command to its end; what it printed, and its exit code. It can read no input."""
        assert self._bash.stdin is not None
        assert self._bash.stdout is not None
        self._bash.stdin.write(f"{{ {self._here(command)}\n}} </dev/null\n{_TELL_CODE}\n")
        self._bash.stdin.flush()
        printed = ""
        for line in self._bash.stdout:
            rest, mark, code = line.partition("\x1e")
            printed += rest
            if mark:
                return printed, int(code.strip("\x1e\n"))
        raise AssertionError(f"the shell ended: {printed}")

    def _here(self, command: str) -> str:
        """Return a command of the page with this run's ids; one never shown before stands for the newest dead letter."""
        for told in dict.fromkeys(_ID.findall(command)):
            if told not in self.ids:
                self.ids[told] = self.run("notifyctl dlq list --limit 1 -o id 2>/dev/null")[0].strip() or told
        command = _ID.sub(lambda told: self.ids[told[0]], command)
        return _ENDLESS_WORKER.sub("notifyctl worker --drain", command)

    def compare(self, shown: list[str], printed: str) -> None:
        """Fail unless a command printed what the page shows; learn what the page's ids stand for.

        A line of `…` on the page stands for any lines, and `…` in a line for any text. A line that begins with `… ` is
        one of a log, to which several threads write: of those, only lines about the same job have an order.
        """
        lines = printed.replace(str(self.home), "/home/ada").rstrip("\n").split("\n")
        parts: list[list[str]] = [[]]
        for line in shown:
            if line.strip() == "…":
                parts.append([])
            else:
                parts[-1].append(line)
        position = log_start = 0
        went_on: dict[str, int] = {}
        for number, part in enumerate(parts):
            last = number == len(parts) - 1
            in_log = bool(part) and all(line.startswith("… ") for line in part)
            jobs = _ID.findall(" ".join(part)) if in_log else []
            first = max((log_start, *(went_on.get(job, 0) for job in jobs))) if in_log else position
            starts = [0] if not number else [len(lines) - len(part)] if last else range(first, len(lines))
            found = next((at for at in starts if at >= first and self._same(part, lines[at : at + len(part)])), None)
            if found is None or (last and found + len(part) != len(lines)):
                raise AssertionError("the page shows\n" + "\n".join(part) + "\nand it printed\n" + "\n".join(lines))
            for told, real in zip(part, lines[found:], strict=False):
                self.ids.update(zip(_ID.findall(told), _ID.findall(real), strict=False))
            position = max(position, found + len(part))
            went_on |= dict.fromkeys(jobs, found + len(part))
            log_start = log_start if in_log else position

    def _same(self, shown: list[str], printed: list[str]) -> bool:
        return len(shown) == len(printed) and all(map(self._is_shown, shown, printed))

    def _is_shown(self, told: str, real: str) -> bool:
        """Whether a line is what the page shows, and no id of the page stands for another job than before."""
        pairs = zip(_ID.findall(told), _ID.findall(real), strict=False)
        return _matches(told, real) and all(self.ids.get(here, there) == there for here, there in pairs)

    def close(self) -> None:
        """End the page's server, if it started one, and the shell."""
        self.run("notifyctl server stop 2>/dev/null")
        assert self._bash.stdin is not None
        assert self._bash.stdout is not None
        self._bash.stdin.close()
        try:
            self._bash.wait(timeout=5)
        except subprocess.TimeoutExpired:
            with suppress(ProcessLookupError):
                os.killpg(self._bash.pid, signal.SIGKILL)
            self._bash.wait()
        self._bash.stdout.close()


def _masked(line: str) -> str:
    for pattern, mask in _MASKS:
        line = pattern.sub(mask, line)
    return line.rstrip()


def _matches(shown: str, printed: str) -> bool:
    if "…" not in shown:
        return _masked(shown) == _masked(printed)
    parts = (re.escape(_masked(part).strip()) for part in shown.split("…"))
    return re.fullmatch(r"\s*" + r".*".join(parts) + r"\s*", _masked(printed)) is not None
