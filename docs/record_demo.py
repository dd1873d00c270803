"""Records `notifyctl demo` as it looks on a terminal, into docs/assets/demo.svg.

python docs/record_demo.py
"""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from pathlib import Path

from rich.console import Console
from rich.text import Text

COLUMNS, MOST_LINES = 104, 46


def run() -> str:
    """Return what the demo writes to a terminal."""
    outer, inner = pty.openpty()
    environment = {**os.environ, "COLUMNS": str(COLUMNS), "TERM": "xterm-256color"}
    command = [str(Path(sys.executable).with_name("notifyctl")), "demo"]
    process = subprocess.Popen(command, stdin=inner, stdout=inner, stderr=inner, env=environment)
    os.close(inner)
    written = b""
    try:
        while part := os.read(outer, 65536):
            written += part
    except OSError:
        pass  # Linux ends a terminal that nobody writes to any more with EIO
    os.close(outer)
    if process.wait() != 0:
        raise SystemExit(written.decode())
    return written.decode().replace("\r\n", "\n")


def main() -> None:
    """Run the demo and draw it; the middle of a long list of messages is left out."""
    lines = ["$ notifyctl demo", "", *run().rstrip("\n").split("\n")]
    if len(lines) > MOST_LINES:
        tail = next(number for number, line in enumerate(lines) if line.startswith("All of it ran"))
        lines = [*lines[: MOST_LINES - (len(lines) - tail)], "…", "", *lines[tail:]]
    console = Console(record=True, width=COLUMNS, file=open(os.devnull, "w"))  # noqa: PTH123, SIM115
    console.print(Text.from_ansi("\n".join(lines)))
    target = Path(__file__).parent / "assets" / "demo.svg"
    target.write_text(console.export_svg(title="notifyctl demo"))


if __name__ == "__main__":
    main()
