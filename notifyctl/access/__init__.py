"""Who may do what over HTTP: tokens and their roles, sessions of browsers, and a limit on guesses.

Knows no HTTP: whoever serves it asks here, and says the answer in its own way. What is stored holds no token, no cookie
and no address, only digests of them.
"""

from __future__ import annotations

from notifyctl.access.guesses import Guesses
from notifyctl.access.roles import Permission, Role
from notifyctl.access.sessions import Session, Sessions
from notifyctl.access.tokens import Token, Tokens

__all__ = ["Guesses", "Permission", "Role", "Session", "Sessions", "Token", "Tokens"]
