"""What people at a terminal get: questions, bars, colours, a picture that is redrawn."""

from __future__ import annotations

import codecs
import os
import pty
import re
import select
import signal
import subprocess
import sys
import time
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from tests.support.cli import COMMAND, environment
from tests.support.wait import wait_until

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from contextlib import AbstractContextManager
    from pathlib import Path

    from notifyctl.app import App
    from tests.support.server import Server


#: Makes the terminal the process's own, as shells and Ctrl-C need it.
_LOGIN = "import os, sys; os.login_tty(os.dup(0)); os.execvp(sys.argv[1], sys.argv[1:])"


class Terminal:
    """A command at a terminal of its own."""

    def __init__(self, process: subprocess.Popen[bytes], screen: int) -> None:
        self.process = process
        self.text = ""
        self._decoder = codecs.getincrementaldecoder("utf-8")()  # a read may end inside a character
        self._screen = screen

    def until(self, text: str) -> None:
        """Read until this is shown."""
        end = time.monotonic() + 20
        while text not in self.text:
            assert time.monotonic() < end, self.text
            self._read()

    def until_all(self, *texts: str) -> None:
        """Read until all of these are shown, in whatever colours."""
        for text in texts:
            end = time.monotonic() + 20
            while text not in re.sub(r"\x1b(\[[\d;?]*[A-Za-z]|\(B)", "", self.text):
                assert time.monotonic() < end, self.text
                self._read()

    def until_it_waits(self) -> None:
        """Go on when the process sleeps: a signal just before it would wait for keys is seen only after the next key."""
        state = ["ps", "-o", "state=", "-p", str(self.process.pid)]
        wait_until(lambda: subprocess.check_output(state).startswith(b"S"), what="the command to wait for keys")

    def type(self, text: str) -> None:
        """Press keys."""
        os.write(self._screen, text.encode())

    def end(self) -> int:
        """Read the rest; the exit code."""
        while self.process.poll() is None:
            self._read()
        self._read()
        return self.process.returncode

    def _read(self) -> None:
        if select.select([self._screen], [], [], 0.1)[0]:
            with suppress(OSError):  # the other side is closed
                self.text += self._decoder.decode(os.read(self._screen, 65_536))


@contextmanager
def open_terminal(words: Sequence[str], **variables: str) -> Iterator[Terminal]:
    """Run a program at a terminal."""
    screen, end = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-c", _LOGIN, *words], stdin=end, stdout=end, stderr=end, env=environment(**variables)
    )
    os.close(end)
    try:
        yield Terminal(process, screen)
    finally:
        process.kill()
        process.wait()
        os.close(screen)


def terminal(*args: str, **variables: str) -> AbstractContextManager[Terminal]:
    """Run a command at a terminal."""
    return open_terminal([COMMAND, *args], **{"TERM": "xterm", **variables})


def test_yes_goes_ahead(app: App, dead: Callable[..., list[str]]) -> None:
    """After the count and a sample."""
    ids = dead(5)
    with terminal("dlq", "purge", "--all") as shown:
        shown.until("Go ahead? [y/N]")
        shown.type("y\n")

        assert shown.end() == 0
    assert "dead letters to be given up for good: 5" in shown.text
    assert ids[0] in shown.text
    assert "… and 2 more" in shown.text
    assert app.inspector.stats("email").dlq == 0


def test_no_changes_nothing(app: App, dead: Callable[..., list[str]]) -> None:
    """Nor does the answer that is nearest."""
    dead(1)
    for keys in ("n\n", "\n"):
        with terminal("dlq", "retry", "--queue", "email") as shown:
            shown.until("Go ahead? [y/N]")
            shown.type(keys)

            assert shown.end() == 1
    assert app.inspector.stats("email").dlq == 1


def test_ctrl_c_at_the_question_ends_with_130(app: App, dead: Callable[..., list[str]]) -> None:
    """And changes nothing."""
    dead(1)
    with terminal("dlq", "purge", "--all") as shown:
        shown.until("Go ahead? [y/N]: ")
        shown.until_it_waits()
        shown.process.send_signal(signal.SIGINT)

        assert shown.end() == 130
    assert app.inspector.stats("email").dlq == 1


#: What gives a terminal its own screen and its cursor back.
_GIVEN_BACK = ("\x1b[?1049l", "\x1b[?25h")


def test_watch_redraws_and_ends_with_0(redis_url: str) -> None:
    """On a screen of its own, which Ctrl-C gives back with the cursor; nothing is ever wiped, so nothing flickers."""
    with terminal("stats", "--watch", "20ms") as shown:
        shown.until("\x1b[?1049h")
        shown.until_all(
            "every 0.02s, Ctrl-C ends", "whatsapp", "limit", "circuits outbox closed", "nobody sends anything"
        )
        shown.text = ""
        shown.until_all("email", "whatsapp")
        assert "\x1b[2J" not in shown.text
        shown.process.send_signal(signal.SIGINT)

        assert shown.end() == 0
    assert all(code in shown.text for code in _GIVEN_BACK)
    assert "Traceback" not in shown.text


def test_watch_gives_the_terminal_back_when_it_is_stopped(redis_url: str) -> None:
    """Also by somebody else."""
    with terminal("stats", "--watch", "20ms") as shown:
        shown.until("whatsapp")
        shown.process.send_signal(signal.SIGTERM)

        assert shown.end() == 143
    assert all(code in shown.text for code in _GIVEN_BACK)


def test_watch_says_why_it_ends(redis_url: str) -> None:
    """A condition that is met is told when the terminal is its own again."""
    with terminal("stats", "--watch", "20ms", "--fail-if", "workers==0") as shown:
        assert shown.end() == 7
    assert "email: workers is 0" in shown.text.rpartition(_GIVEN_BACK[0])[2]


def test_watch_heals_when_redis_comes_back(own_server: Server) -> None:
    """What was seen last stays, under the reason why there is nothing newer."""
    with terminal("stats", "--watch", "20ms", REDIS_URL=own_server.url) as shown:
        shown.until("whatsapp")
        own_server.kill()
        shown.until_all("still trying", "whatsapp")
        own_server.start()
        end = time.monotonic() + 20
        while "still trying" in (shown.text.rpartition("Ctrl-C ends")[2] or "still trying"):
            assert time.monotonic() < end
            shown.text = ""
            shown.until("circuits")
        shown.process.send_signal(signal.SIGINT)

        assert shown.end() == 0


def test_watch_needs_no_cursor(redis_url: str) -> None:
    """On a dumb terminal there is one table after the other."""
    with terminal("stats", "--watch", "20ms", TERM="dumb") as shown:
        shown.until("whatsapp")
        shown.text = ""
        shown.until("whatsapp")
        shown.process.send_signal(signal.SIGINT)

        assert shown.end() == 0
    assert "\x1b" not in shown.text


def test_import_shows_a_bar(redis_url: str, tmp_path: Path) -> None:
    """On standard error, and only at a terminal."""
    file = tmp_path / "orders.jsonl"
    file.write_text("{}\n" * 2_000)

    with terminal("order", "import", str(file), "-o", "json") as shown:
        shown.until("queueing")
        assert shown.end() == 1


def test_errors_are_coloured_unless_that_is_not_wanted(redis_url: str) -> None:
    """`--color` wins over the environment."""
    for words, variables, coloured in (
        (("stats", "sms"), {}, True),
        (("stats", "sms"), {"NO_COLOR": "1"}, False),
        (("--color", "never", "stats", "sms"), {}, False),
        (("--color", "always", "stats", "sms"), {"NO_COLOR": "1"}, True),
    ):
        with terminal(*words, **variables) as shown:
            assert shown.end() == 3
        assert ("\x1b[31merror:\x1b[0m" in shown.text) is coloured
