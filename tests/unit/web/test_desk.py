"""The desk: requests that come while others are being taken share the next call."""

from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING, Any

import pytest

from notifyctl.reception import Handover
from notifyctl.web.desk import Desk

if TYPE_CHECKING:
    from collections.abc import Sequence


def handover(key: str) -> Handover:
    """A request that is told by its key."""
    return Handover(plan=lambda: pytest.fail("nobody reads it here"), key=key)


class Taking:
    """Takes requests when it is let, and answers each with its key; one of a key that begins with a dash is refused."""

    def __init__(self) -> None:
        self.batches: list[list[str]] = []
        self.entered = threading.Event()
        self.go_on = threading.Event()

    def __call__(self, requests: Sequence[Handover]) -> list[Any]:
        """Take some."""
        self.batches.append([request.key for request in requests])
        self.entered.set()
        assert self.go_on.wait(10)
        return [ValueError(one.key) if one.key.startswith("-") else one.key for one in requests]


async def entered(taking: Taking) -> None:
    """Wait until the first call is under way."""
    assert await asyncio.to_thread(taking.entered.wait, 10)


def test_desk_takes_together_what_came_meanwhile() -> None:
    """The first goes alone, at once; all that come while it is taken go together, in their order."""
    taking = Taking()
    desk = Desk(taking)

    async def hand_over() -> list[Any]:
        first = asyncio.create_task(desk.hand_over(handover("0")))
        await entered(taking)
        others = [asyncio.create_task(desk.hand_over(handover(str(number)))) for number in range(1, 6)]
        await asyncio.sleep(0)
        taking.go_on.set()
        return await asyncio.gather(first, *others)

    assert asyncio.run(hand_over()) == ["0", "1", "2", "3", "4", "5"]
    assert taking.batches == [["0"], ["1", "2", "3", "4", "5"]]


def test_desk_gives_each_its_own_error() -> None:
    """The others have their answers."""
    taking = Taking()
    taking.go_on.set()
    desk = Desk(taking)

    async def hand_over() -> list[Any]:
        return await asyncio.gather(
            *(desk.hand_over(handover(key)) for key in ("a", "-b", "c")), return_exceptions=True
        )

    found = asyncio.run(hand_over())
    assert [found[0], found[2]] == ["a", "c"]
    assert isinstance(found[1], ValueError)


def test_desk_goes_on_after_a_bug() -> None:
    """All of that call hear of it; the next one is taken."""
    calls = []

    def take(requests: Sequence[Handover]) -> list[str]:
        calls.append(len(requests))
        if len(calls) == 1:
            raise ZeroDivisionError
        return ["fine"] * len(requests)

    desk = Desk(take)

    async def hand_over() -> Any:
        with pytest.raises(ZeroDivisionError):
            await desk.hand_over(handover("a"))
        return await desk.hand_over(handover("b"))

    assert asyncio.run(hand_over()) == "fine"


def test_desk_does_not_mind_a_caller_who_hangs_up() -> None:
    """Its request is taken all the same, and whoever came with it has an answer."""
    taking = Taking()
    desk = Desk(taking)

    async def hand_over() -> Any:
        gone = asyncio.create_task(desk.hand_over(handover("gone")))
        await entered(taking)
        other = asyncio.create_task(desk.hand_over(handover("other")))
        await asyncio.sleep(0)
        gone.cancel()
        taking.go_on.set()
        return await other

    assert asyncio.run(hand_over()) == "other"
    assert taking.batches == [["gone"], ["other"]]
