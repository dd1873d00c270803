"""Scripts on a real server: run, forgotten, taught again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from redis.client import Pipeline
from redis.exceptions import ResponseError

from notifyctl.lua import Script, run_many

if TYPE_CHECKING:
    from collections.abc import Callable

    import redis

ADD = Script.parse(
    "add",
    """\
-- add: to a number, unless it is text.
-- KEYS[1] string  the number
-- ARGV[1] number  how much
return redis.call('INCRBY', KEYS[1], ARGV[1])
""",
)


def test_script_runs_on_a_server_that_does_not_know_it(client: redis.Redis) -> None:
    """The first call teaches the server the script."""
    client.script_flush()

    assert ADD(client, ["n"], [2]) == 2
    assert client.script_exists(ADD.sha1) == [True]


def test_script_runs_on_a_server_that_forgets_at_once(client: redis.Redis, monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that loses its scripts between any two commands runs each call, and once."""
    execute: Callable[..., Any] = client.execute_command

    def forgetful(*command: Any, **options: Any) -> Any:
        execute("SCRIPT", "FLUSH")
        return execute(*command, **options)

    monkeypatch.setattr(client, "execute_command", forgetful)

    assert [ADD(client, ["n"], [1]), ADD(client, ["n"], [1])] == [1, 2]


def test_script_with_the_wrong_number_of_arguments_is_not_sent(client: redis.Redis) -> None:
    """Arity is checked against the header, before the call."""
    with pytest.raises(ValueError, match="script add takes 1 arguments, not 2"):
        ADD(client, ["n"], [1, 2])
    with pytest.raises(ValueError, match="script add takes 1 keys, not 0"):
        ADD(client, [], [1])

    assert client.get("n") is None


def test_script_error_leaves_as_it_is(client: redis.Redis) -> None:
    """A fault of the script is not mistaken for an unknown script."""
    client.set("n", "text")

    with pytest.raises(ResponseError, match="not an integer"):
        ADD(client, ["n"], [1])


def test_run_many_answers_each_call(client: redis.Redis) -> None:
    """One call's fault is that call's answer, and the others run."""
    client.set("bad", "text")

    answers = run_many(client, [(ADD, ["a"], [1]), (ADD, ["bad"], [1]), (ADD, ["a"], [5])])

    assert answers[0] == 1
    assert isinstance(answers[1], ResponseError)
    assert answers[2] == 6


def test_run_many_of_nothing_is_nothing(client: redis.Redis) -> None:
    """No call, no round trip, no answer."""
    assert run_many(client, []) == []


class ForgetfulPipeline(Pipeline):
    """A pipeline in the middle of which the server loses its scripts, as in a failover."""

    def execute(self, raise_on_error: bool = True) -> list[Any]:
        """Flush the scripts after the first two commands."""
        self.command_stack.insert(2, (("SCRIPT", "FLUSH"), {}))
        answers = super().execute(raise_on_error)
        del answers[2]
        return answers


def test_run_many_sends_again_only_what_was_refused(client: redis.Redis, monkeypatch: pytest.MonkeyPatch) -> None:
    """A script forgotten in mid-pipeline, as in a failover, runs each call exactly once."""
    ADD(client, ["n"], [0])
    pipelines = [ForgetfulPipeline(client.connection_pool, {}, False, None), client.pipeline(False)]
    monkeypatch.setattr(client, "pipeline", lambda **_: pipelines.pop(0))

    answers = run_many(client, [(ADD, ["n"], [1])] * 5)

    assert answers == [1, 2, 3, 4, 5]
    assert pipelines == []
