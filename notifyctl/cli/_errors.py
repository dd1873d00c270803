"""From an error to what the user gets: one exit code, one message with what to do next, and no traceback."""

from __future__ import annotations

import json
import sys
import traceback
from dataclasses import asdict, dataclass, replace
from enum import IntEnum
from typing import TYPE_CHECKING

import typer

from notifyctl.cli._output import paint, say
from notifyctl.errors import (
    BrokerRefused,
    BrokerUnavailable,
    ConfigError,
    JobNotFound,
    NotifyError,
    Permanent,
    Scope,
    ServerError,
    UnknownProvider,
    UnknownQueue,
    UnknownToken,
)
from notifyctl.views.personal import holds_personal, without_personal

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

__all__ = ["MEANINGS", "Code", "Globals", "Refused", "guarded"]


class Code(IntEnum):
    """The exit codes, the same for every command; `notifyctl help exit-codes` explains them."""

    DONE = 0
    FAILED = 1
    USAGE = 2
    NOT_FOUND = 3
    CONFIG = 4
    UNAVAILABLE = 5
    PARTIAL = 6
    CONDITION = 7
    INTERRUPTED = 130

    @classmethod
    def of(cls, error: Exception) -> Code:
        """The code that a command ends with when this ends it."""
        if isinstance(error, Permanent) and error.scope is Scope.ACCOUNT:
            return cls.CONFIG
        for kinds, code in _CODES:
            if isinstance(error, kinds):
                return code
        return cls.FAILED


MEANINGS = {
    Code.DONE: "done",
    Code.FAILED: "failed or refused",
    Code.USAGE: "the command was typed wrongly",
    Code.NOT_FOUND: "not found: no such job, queue, provider or message",
    Code.CONFIG: "credentials or configuration",
    Code.UNAVAILABLE: "Redis cannot be reached",
    Code.PARTIAL: "an action on many succeeded in part",
    Code.CONDITION: "a condition was met: --fail-if, or a failed check of 'doctor'",
    Code.INTERRUPTED: "interrupted",
}

_CODES: tuple[tuple[tuple[type[Exception], ...], Code], ...] = (
    ((ConfigError, ServerError, BrokerRefused), Code.CONFIG),
    ((BrokerUnavailable,), Code.UNAVAILABLE),
    ((JobNotFound, UnknownProvider, UnknownQueue, UnknownToken), Code.NOT_FOUND),
)


class Refused(NotifyError):
    """The command would do harm, or makes no sense, as things are."""

    code = "refused"


@dataclass(slots=True)
class Globals:
    """What holds for the whole run.

    Attributes:
        debug: Show tracebacks.
    """

    debug: bool = False


def guarded(call: Callable[[Sequence[str], Globals], object], args: Sequence[str]) -> int:
    """Run the command line and return its exit code, whatever happens in it."""
    options = Globals()
    try:
        code = call(args, options)
        if code == Code.INTERRUPTED:
            say("interrupted")
        return code if isinstance(code, int) else Code.DONE
    except (typer.Abort, KeyboardInterrupt):
        say("interrupted")
        return Code.INTERRUPTED
    except Exception as error:  # noqa: BLE001 - whatever it is, the user gets a message and an exit code
        if options.debug:
            traceback.print_exc()
        code, told = _explained(error)
        told.without(args).tell(as_json=_wants_json(args))
        return code


@dataclass(frozen=True, slots=True)
class _Told:
    """An error, as the user hears of it.

    Attributes:
        code: One word for programs.
        message: What is wrong.
        hint: What to do about it; may be empty.
    """

    code: str
    message: str
    hint: str

    def without(self, words: Sequence[str]) -> _Told:
        """The same, every address and number masked that was typed: what stands in an error ends up in logs."""
        typed = {found for word in words for found in holds_personal(word)}
        message = self.message
        for found in typed:
            message = message.replace(found, without_personal(found))
        return replace(self, message=message)

    def tell(self, *, as_json: bool) -> None:
        """Print it on standard error."""
        if as_json:
            say(json.dumps({"error": asdict(self)}, ensure_ascii=False))
            return
        say(f"{paint('error:', 'red', sys.stderr)} {self.message}")
        if self.hint:
            say(f"{paint('hint:', 'cyan', sys.stderr)} {self.hint}")


def _explained(error: Exception) -> tuple[Code, _Told]:
    if isinstance(error, NotifyError):
        return Code.of(error), _Told(error.code, error.message, error.hint)
    if isinstance(error, typer.TyperException):
        # typer's own errors are all about how the command was typed
        message = error.format_message().replace(": Value error, ", ": ")  # pydantic's words
        return Code.USAGE, _Told("usage", message, _help_of(error))
    if isinstance(error, OSError) and error.strerror:
        place = f"{error.filename}: " if error.filename else ""
        return Code.FAILED, _Told("system", f"{place}{error.strerror}", "")
    # a bug; its text may hold anything, so that only --debug shows it
    hint = "This is a bug: please report it, with what 'notifyctl --debug …' shows."
    return Code.FAILED, _Told("internal", f"unexpected {type(error).__name__}", hint)


def _help_of(error: Exception) -> str:
    context = getattr(error, "ctx", None)
    return f"See '{context.command_path} --help'." if context else ""


def _wants_json(args: Sequence[str]) -> bool:
    """Whether the output was asked for as JSON; told from the words, as they may be what is wrong."""
    for place, word in enumerate(args):
        name, equals, value = word.partition("=")
        if name in ("-o", "--output"):
            value = value if equals else "".join(args[place + 1 : place + 2])
        elif word.startswith("-o"):
            value = word.removeprefix("-o")
        else:
            continue
        if value in ("json", "jsonl"):
            return True
    return False
