"""`notifyctl order show`: one order over all channels."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from tests.support.cli import run

if TYPE_CHECKING:
    from collections.abc import Callable

    from notifyctl.app import App
    from tests.support.cli import Result


def test_order_show_tells_the_story_of_both_channels(
    ok: Callable[..., Result], dead: Callable[..., list[str]], app: App
) -> None:
    """Every message with its state, and every step in its time; no address, no number."""
    (mail,) = dead(1, order_id="10482")
    chat = app.notifier.queue_whatsapp(
        "+447700900123", "test_message", {}, order_id="10482", delay=timedelta(hours=1)
    ).id
    dead(1, order_id="7")

    found = ok("order", "show", "10482", "-o", "json").json()
    page = ok("order", "show", "10482").out

    assert [(job["id"], job["state"]) for job in found] == [(mail, "dead"), (chat, "delayed")]
    assert found[0]["attempts"][0]["code"] == "550"
    answer, _, story, coming = page.split("\n\n")
    assert answer == "No: 1 on the way, 1 not sent"
    refused = story.index("attempt 1: it was refused for good (550: no such recipient)")
    assert story.index("queued") < refused < story.index("given up: it was refused for good")
    assert "queued, to go at" in story
    assert "somebody has to send it again, or give it up" in " ".join(coming.split())
    assert [job["next"].split(" at ")[0] for job in found] == [
        "nothing by itself: somebody has to send it again, or give it up",
        "it goes",
    ]
    assert [step["kind"] for step in found[0]["steps"]] == ["queued", "attempt", "ended"]
    assert "ada@" not in page
    assert "900123" not in page
    assert "ada@example.com" in ok("order", "show", "10482", "--reveal", "-o", "json").out


def test_order_show_of_an_order_without_messages(ok: Callable[..., Result]) -> None:
    """Not found, with what may be the reason."""
    result = run("order", "show", "10482", "-o", "json")

    assert result.code == 3
    assert "retention" in result.err
