"""The Express shop of the documentation, run by this machine's node against a server of notifyctl's."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from werkzeug.wrappers import Response

from notifyctl.engine.states import State
from tests.support.intake import waiting
from tests.support.serving import Serving
from tests.support.wait import wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_httpserver import HTTPServer
    from werkzeug.wrappers import Request

    from tests.support.server import Server

EXAMPLE = Path(__file__).parents[2] / "docs" / "examples" / "express"
ORDER = {
    "id": "A-1",
    "customer": {"name": "Ada", "email": "ada@example.com", "phone": "+447700900123"},
    "items": [{"name": "Mug", "quantity": 2, "cents": 900}],
}


@pytest.fixture(scope="session")
def shop_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The example with Express beside it, as npm installs it; once a session."""
    if shutil.which("node") is None or shutil.which("npm") is None:
        pytest.skip("no node and npm to be had here")
    folder = tmp_path_factory.mktemp("express")
    for file in EXAMPLE.iterdir():
        shutil.copy(file, folder)
    installed = subprocess.run(
        ["npm", "install", "--no-audit", "--no-fund", "--no-update-notifier", "--loglevel=error"],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    if installed.returncode:
        pytest.skip(f"Express cannot be had from npm's registry here: {installed.stderr.strip().splitlines()[-1:]}")
    return folder


@contextmanager
def running(folder: Path, url: str, token: str) -> Iterator[httpx.Client]:
    """Run the shop on a free port; yield a customer's client."""
    environment = os.environ | {"NOTIFY_URL": url, "NOTIFY_TOKEN": token, "PORT": "0"}
    log = folder / "log"
    with (
        log.open("w") as out,
        subprocess.Popen(["node", "server.js"], cwd=folder, stdout=out, stderr=out, env=environment) as shop,
    ):
        try:
            wait_until(lambda: "shop on http" in log.read_text(), what="the Express shop to listen")
            address = log.read_text().partition("shop on ")[2].strip()
            with httpx.Client(base_url=address, timeout=20, trust_env=False) as customer:
                yield customer
        finally:
            shop.terminate()


@pytest.fixture
def serving(server: Server, tmp_path: Path) -> Iterator[Serving]:
    """An HTTP server of ours."""
    with Serving(server.url, {"state_dir": str(tmp_path / "state")}) as serving:
        yield serving


def test_express_shop_hands_its_orders_over(shop_folder: Path, serving: Serving) -> None:
    """An order becomes its messages; cancelled, they are taken back, and the cancellation is told."""
    with running(shop_folder, serving.url, serving.token("producer")) as customer:
        placed = customer.post("/orders", json=ORDER)
        again = customer.post("/orders", json=ORDER)
        queued = waiting(serving.app)
        cancelled = customer.post("/orders/A-1/cancel")

    assert placed.status_code == 201
    assert placed.json() == {"order": "A-1", "notifications": {"planned": 2, "skipped": [], "spooled": False}}
    assert again.json() == placed.json()
    assert queued == {"email": 1, "whatsapp": 1}
    assert cancelled.json()["notifications"]["planned"] == 2
    assert {job.template for job in serving.app.inspector.jobs("email", State.WAITING)} == {"order_cancelled"}


class Unsteady:
    """Stands for notifyctl: answers what it is told, one after the other."""

    def __init__(self, *answers: Response) -> None:
        self.answers = list(answers)
        self.asked: list[tuple[str, Any]] = []

    def __call__(self, request: Request) -> Response:
        """Answer the next request."""
        self.asked.append((request.headers["Idempotency-Key"], request.get_json()))
        return self.answers.pop(0)


def answer(status: int, **body: Any) -> Response:
    """What notifyctl answers."""
    return Response(json.dumps(body), status, {"retry-after": "0"}, content_type="application/json")


TAKEN = {"orders": [{"planned": [1, 2], "skipped": []}], "spooled": True}


def test_express_shop_tries_again_under_one_key(shop_folder: Path, httpserver: HTTPServer) -> None:
    """What passes is tried again, and the very same request is made."""
    notifyctl = Unsteady(answer(503), answer(409), answer(202, **TAKEN))
    httpserver.expect_request("/api/orders", method="POST").respond_with_handler(notifyctl)

    with running(shop_folder, httpserver.url_for("").rstrip("/"), "ntf_token") as customer:
        placed = customer.post("/orders", json=ORDER)

    assert placed.json()["notifications"] == {"planned": 2, "skipped": [], "spooled": True}
    assert len(notifyctl.asked) == 3
    assert {key for key, _ in notifyctl.asked} == {"A-1-placed"}
    assert all(body == notifyctl.asked[0][1] for _, body in notifyctl.asked)


def test_express_shop_does_not_repeat_what_was_refused(shop_folder: Path, httpserver: HTTPServer) -> None:
    """The customer has the order all the same; the shop's log says what is wrong."""
    refusal = answer(422, detail="an order cannot be used", errors=[{"pointer": "/totals", "detail": "missing"}])
    notifyctl = Unsteady(refusal)
    httpserver.expect_request("/api/orders", method="POST").respond_with_handler(notifyctl)

    with running(shop_folder, httpserver.url_for("").rstrip("/"), "ntf_token") as customer:
        placed = customer.post("/orders", json=ORDER)

    assert (placed.status_code, placed.json()["notifications"]["failed"]) == (201, True)
    assert len(notifyctl.asked) == 1
    assert "/totals" in (shop_folder / "log").read_text()
