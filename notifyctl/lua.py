"""Server-side scripts: found beside their caller, checked against their header, run by hash.

A script `<package>/lua/<name>.lua` opens with a comment that documents every parameter, one a line:

    -- KEYS[1] zset  active
    -- ARGV[1] ms    now, 0 = the server's clock
    -- ARGV[2..] text  any number of ids

A call with another number of keys or arguments is refused before it leaves. Scripts run by EVALSHA; a server
that does not know one (restarted, failed over, flushed) is sent its text, which runs and teaches it in one.
Knows no script by name and no policy; Redis errors leave as redis-py raises them.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field
from importlib import resources
from typing import TYPE_CHECKING, Any

from redis.exceptions import NoScriptError, ResponseError

from notifyctl.connection import pipelined

if TYPE_CHECKING:
    from collections.abc import Sequence

    import redis

    #: A script, and the keys and the arguments of one call of it.
    Call = tuple["Script", Sequence[str | bytes], Sequence[Any]]

__all__ = ["Arity", "Script", "load_script", "run_many"]

_PARAMETER = re.compile(r"--\s+(KEYS|ARGV)\[(\d+)(\.\.)?\]\s+\S")
_USE = re.compile(r"\b(KEYS|ARGV)\[(\d+)\]")


@dataclass(frozen=True, slots=True)
class Arity:
    """How many parameters of one kind a script takes.

    Attributes:
        least: How many at least; exactly so many unless `variadic`.
        variadic: Whether any number may follow.
    """

    least: int
    variadic: bool

    def accepts(self, count: int) -> bool:
        """Whether a call may have this many."""
        return count == self.least or (self.variadic and count > self.least)

    def __str__(self) -> str:
        return f"{self.least} or more" if self.variadic else str(self.least)


@dataclass(frozen=True, slots=True)
class Script:
    """A script and what its header says about its parameters.

    Attributes:
        name: Its file's name, without `.lua`.
        source: Its text.
        sha1: What the server knows it by.
        keys, args: How many of each a call must have.
    """

    name: str
    source: str = field(repr=False)
    sha1: str
    keys: Arity
    args: Arity

    @classmethod
    def parse(cls, name: str, source: str) -> Script:
        """Return the script of this text.

        Raises:
            ValueError: If its header skips a parameter, or its body uses one that the header does not have.
        """
        sha1 = hashlib.sha1(source.encode(), usedforsecurity=False).hexdigest()
        return cls(name, source, sha1, _arity(name, source, "KEYS"), _arity(name, source, "ARGV"))

    def __call__(self, client: redis.Redis, keys: Sequence[str | bytes], args: Sequence[Any]) -> Any:
        """Run the script, and return its answer.

        Raises:
            ValueError: If the header documents another number of keys or arguments.
        """
        self.check(keys, args)
        try:
            return client.evalsha(self.sha1, len(keys), *keys, *args)
        except NoScriptError:
            return client.eval(self.source, len(keys), *keys, *args)

    def check(self, keys: Sequence[Any], args: Sequence[Any]) -> None:
        """Refuse a call that the header does not allow.

        Raises:
            ValueError: If the header documents another number of keys or arguments.
        """
        for kind, arity, given in (("keys", self.keys, keys), ("arguments", self.args, args)):
            if not arity.accepts(len(given)):
                raise ValueError(f"script {self.name} takes {arity} {kind}, not {len(given)}")


def load_script(package: str, name: str) -> Script:
    """Return the script `lua/<name>.lua` of a package.

    Raises:
        ValueError: If its header and its body do not agree.
    """
    file = resources.files(package) / "lua" / f"{name}.lua"
    return Script.parse(name, file.read_text(encoding="utf-8"))


def run_many(client: redis.Redis, calls: Sequence[Call], ending: Sequence[tuple[Any, ...]] = ()) -> list[Any]:
    """Run scripts one after the other in one round trip; each answer is that call's own.

    Where a server does not know a script any more, in mid-pipeline too, only the calls that it refused are
    sent again, with their text. The calls are no transaction.

    Args:
        client: A redis-py client.
        calls: The calls.
        ending: Commands, as tuples of words, that follow on the same connection; sent again where a call is.

    Returns:
        For each call, and then for each command, its answer or the exception that it ended in.

    Raises:
        ValueError: If any call has another number of keys or arguments; none was sent then.
        redis.RedisError: If the connection was lost: any of the calls may have run.
    """
    for script, keys, args in calls:
        script.check(keys, args)
    if len(calls) == 1 and not ending:
        script, keys, args = calls[0]
        try:
            return [script(client, keys, args)]  # a pipeline of one takes a fifth longer
        except ResponseError as error:
            return [error]
    by_hash = [("EVALSHA", script.sha1, len(keys), *keys, *args) for script, keys, args in calls]
    answers = pipelined(client, [*by_hash, *ending])
    refused = [index for index, answer in enumerate(answers) if isinstance(answer, NoScriptError)]
    if refused:
        by_text = [
            ("EVAL", script.source, len(keys), *keys, *args) for script, keys, args in map(calls.__getitem__, refused)
        ]
        places = [*refused, *range(len(calls), len(answers))]
        for index, answer in zip(places, pipelined(client, [*by_text, *ending]), strict=True):
            answers[index] = answer
    return answers


def _arity(name: str, source: str, kind: str) -> Arity:
    """Return what the header says of one kind of parameter, having checked it against the body."""
    documented: list[int] = []
    variadic = False
    for line in source.splitlines():
        if not line.startswith("--"):
            break
        found = _PARAMETER.match(line)
        if not found or found[1] != kind:
            continue
        if variadic or int(found[2]) != len(documented) + 1:
            raise ValueError(f"{name}.lua documents {kind}[{found[2]}] out of its place")
        variadic = bool(found[3])
        documented.append(int(found[2]))
    least = len(documented) - variadic
    most_used = max((int(number) for used, number in _USE.findall(source) if used == kind), default=0)
    if most_used > least and not variadic:
        raise ValueError(f"{name}.lua uses {kind}[{most_used}], which its header does not document")
    return Arity(least, variadic)
