"""A browser on the dashboard: Debian's Chromium, driven by Playwright; nothing but this machine is talked to."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from axe_playwright_python.sync_playwright import Axe

from notifyctl.access import Role
from notifyctl.web.caller import COOKIE

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Playwright

    from tests.support.serving import Serving

__all__ = ["Visit", "chromium", "launch"]

_FLAGS = (
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--disable-gpu",
    "--disable-quic",
)
#: What axe-core calls faults that keep somebody from using a page.
_GRAVE = ("serious", "critical")

_axe = Axe()


def chromium() -> str | None:
    """The path of the browser; None where there is none."""
    return os.environ.get("NOTIFYCTL_TEST_CHROMIUM") or shutil.which("chromium")


def launch(playwright: Playwright, path: str) -> Browser:
    """Start the browser."""
    return playwright.chromium.launch(executable_path=path, args=list(_FLAGS), chromium_sandbox=os.geteuid() != 0)


@dataclass
class Visit:
    """One visitor: a context of their own, with one page open, of which all complaints are kept.

    Attributes:
        context: Their cookies and tastes.
        serving: What they visit.
        complaints: What the browser had to say: errors of scripts, refusals by the policy, failed loads.
        page: Their page.
    """

    context: BrowserContext
    serving: Serving
    complaints: list[str] = field(default_factory=list)
    page: Page = field(init=False)

    def __post_init__(self) -> None:
        self.page = self.context.new_page()
        self.page.set_default_timeout(10_000)
        self.page.on("console", self._hear)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))

    def _hear(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self.complaints.append(message.text)

    def sign_in(self, role: Role = Role.OPERATOR) -> None:
        """Be signed in with a new token, without the sign-in page."""
        token = self.serving.app.tokens.check(self.serving.token(role, name=role.value))
        cookie = self.serving.app.sessions.start(token)
        self.context.add_cookies([{"name": COOKIE, "value": cookie, "url": self.serving.url}])

    def open(self, path: str) -> Page:
        """Go to a page."""
        self.page.goto(self.serving.url + path)
        return self.page

    def grave_faults(self, *rules: str) -> list[str]:
        """What axe-core finds on the page that is open, where it keeps somebody from using it; by these rules, or all."""
        options: dict[str, Any] = {"resultTypes": ["violations"], **({"runOnly": rules} if rules else {})}
        found: list[dict[str, Any]] = _axe.run(self.page, options=options).response["violations"]
        return [
            f"{fault['id']}: {fault['help']}: {node['html'][:200]} ({node.get('failureSummary', '')[:300]})"
            for fault in found
            if fault["impact"] in _GRAVE
            for node in fault["nodes"]
        ]

    def overflow(self) -> int:
        """By how many pixels the page is wider than its window."""
        return int(self.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth"))


Scheme = Literal["light", "dark"]
