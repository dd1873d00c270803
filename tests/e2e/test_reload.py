"""`notifyctl worker --reload`: new code and templates without a pause."""

from __future__ import annotations

import re
import shutil
import subprocess
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import actors
from notifyctl.notification import Channel
from tests.support.cli import COMMAND, environment
from tests.support.wait import wait_until

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from notifyctl.app import App


class Worker:
    """A worker that reloads, and what it says."""

    def __init__(self, process: subprocess.Popen[bytes], said: Path) -> None:
        self.process = process
        self._said = said

    def said(self, pattern: str) -> list[re.Match[str]]:
        """Each place of this pattern in what it said so far."""
        return list(re.finditer(pattern, self._said.read_text()))

    def until_said(self, pattern: str, times: int = 1) -> None:
        """Wait until it has said this so often."""
        wait_until(lambda: len(self.said(pattern)) >= times, what=f"{pattern!r}, {times} times")


@pytest.fixture
def shop(tmp_path: Path, redis_url: str, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A shop's folder with its own actors and templates."""
    shutil.copytree(Path(actors.__file__).parent, tmp_path / "actors", ignore=shutil.ignore_patterns("__pycache__"))
    text = tmp_path / "templates" / "email" / "test_message" / "body.txt.j2"
    text.parent.mkdir(parents=True)
    text.write_text("The first text\n")
    monkeypatch.setenv("NOTIFYCTL_TEMPLATES_DIR", str(tmp_path / "templates"))
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    return tmp_path


@contextmanager
def reloading(folder: Path, *words: str) -> Iterator[Worker]:
    """A worker that runs in this folder until the end of the block, and ends in order then."""
    said = folder / "said"
    with said.open("wb") as file:
        process = subprocess.Popen([COMMAND, "worker", *words], stderr=file, env=environment())
    try:
        yield Worker(process, said)
        process.terminate()
        assert process.wait(timeout=30) == 0, said.read_text()
    finally:
        process.kill()
        process.wait()


def change(file: Path) -> None:
    """Write something into a file that means nothing."""
    file.write_text(file.read_text() + "\n# changed\n")


def workers_of(folder: Path) -> list[str]:
    """The worker processes of this shop that live."""
    found = []
    for place in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if f"PYTHONPATH={folder}\0" in (place / "environ").read_text(errors="replace"):
                found.append((place / "cmdline").read_text().replace("\0", " "))
    return [line for line in found if "notifyctl.worker.process" in line]


@pytest.fixture
def sent(app: App, queued: Callable[..., list[str]]) -> Callable[[], str]:
    """Queue a mail, wait until it is sent, and give its text."""

    def send() -> str:
        (job_id,) = queued(1)
        wait_until(lambda: app.inspector.job(job_id).state == "completed", what="the mail to be sent")
        return app.outbox(Channel.EMAIL).read(job_id).text

    return send


def test_changed_template_is_in_the_next_mail(shop: Path, sent: Callable[[], str]) -> None:
    """Each process is replaced by one that is ready before it drains."""
    with reloading(shop, "--reload", "--processes", "2") as worker:
        assert "The first text" in sent()
        (shop / "templates/email/test_message/body.txt.j2").write_text("Another text\n")
        worker.until_said(r"worker process (\d+) takes over from (\d+)", 2)

        assert "Another text" in sent()
    replaced = worker.said(r"worker process (\d+) takes over from (\d+)")
    assert len({pid for match in replaced for pid in match.groups()}) == 4
    assert len(worker.said("body.txt.j2 changed")) == 1


def test_code_that_does_not_start_changes_nothing(shop: Path, sent: Callable[[], str]) -> None:
    """The old code goes on, and the next change gets its chance."""
    module = shop / "actors" / "email.py"
    code = module.read_text()
    with reloading(shop, "--reload") as worker:
        assert sent()
        module.write_text("this is no Python\n" + code)
        worker.until_said("the new code does not start")
        assert sent()

        module.write_text(code + "\n# mended\n")
        worker.until_said("takes over from")
        assert sent()
    assert len(worker.said("SyntaxError")) == 1


def test_each_message_is_sent_once_while_processes_are_replaced(
    shop: Path, app: App, queued: Callable[..., list[str]]
) -> None:
    """What is in progress ends in the old process; nothing waits for its lease to run out."""
    with reloading(shop, "--reload", "--processes", "2") as worker:
        ids = queued(50)
        wait_until(lambda: app.inspector.stats("email").completed, what="the first to be sent")
        change(shop / "actors" / "email.py")
        for times in (1, 2):
            worker.until_said("takes over from", times)
            ids += queued(50)
        wait_until(lambda: app.inspector.stats("email").completed == len(ids), what="all to be sent")

    assert [len(app.inspector.job(job_id).attempts) for job_id in ids] == [1] * len(ids)
    assert len(app.outbox(Channel.EMAIL).entries()) == len(ids)


@pytest.mark.parametrize("moment", ["changed: the worker processes are replaced", "takes over from"])
def test_stop_in_the_middle_leaves_no_process_behind(moment: str, shop: Path, sent: Callable[[], str]) -> None:
    """Neither the one that starts nor the one that drains."""
    with reloading(shop, "--reload") as worker:
        assert sent()
        change(shop / "actors" / "email.py")
        worker.until_said(moment)

    assert workers_of(shop) == []


def test_folder_that_is_named_is_looked_at_too(shop: Path, sent: Callable[[], str]) -> None:
    """What the actors import from elsewhere."""
    (shop / "catalogue").mkdir()
    with reloading(shop, "--reload-dir", str(shop / "catalogue")) as worker:
        assert sent()
        (shop / "catalogue" / "prices.py").write_text("")
        worker.until_said("prices.py changed")
        worker.until_said("takes over from")


def test_without_reload_nothing_is_looked_at(shop: Path, sent: Callable[[], str]) -> None:
    """In production, code changes with a new start."""
    with reloading(shop) as worker:
        assert "The first text" in sent()
        (shop / "templates/email/test_message/body.txt.j2").write_text("Another text\n")

        assert "The first text" in sent()
    assert worker.said("changed") == []
