"""The HTTP side: an API for programs, and a dashboard for people, over the parts that commands use, too.

Routes parse, call those parts, and print; they know no Redis. Nothing works without a token, but for signs of life,
the sign-in page, and what platforms sign themselves. Needs the extra `web`.
"""

from __future__ import annotations

from notifyctl.web.application import create_app

__all__ = ["create_app"]
