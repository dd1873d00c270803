"""All providers in a process of their own, so that no test's threads slow them.

    python -m tests.chaos.providers FOLDER SEED SHARE TEXTS

Writes its ports as one line of JSON, keeps `FOLDER/ledger.jsonl`, and takes lines such as ``sendgrid 503 of the
vendor`` (everything that it is sent meets that fault from now on) or ``sendgrid`` (no more). Ends with its input.
"""

from __future__ import annotations

import json
import sys
import threading
from pathlib import Path

from tests.chaos.providers.faults import Plan
from tests.chaos.providers.ledger import Desk
from tests.chaos.providers.sendgrid import SendGrid
from tests.chaos.providers.smtp import SmtpServer
from tests.chaos.providers.twilio import Twilio
from tests.chaos.providers.web import WebServer


def main(folder: str, seed: str, share: str, texts: str) -> None:
    """Serve until nobody is left to serve for."""
    ledger, plan = Path(folder) / "ledger.jsonl", Plan(int(seed), float(share))
    desks = {
        name: Desk(name, protocol, plan, ledger)
        for name, protocol in (("sendgrid", "http"), ("twilio", "http"), ("smtp", "smtp"))
    }
    servers = {
        "sendgrid": WebServer(SendGrid(desks["sendgrid"])),
        "twilio": WebServer(Twilio(desks["twilio"], json.loads(texts))),
        "smtp": SmtpServer(desks["smtp"]),
    }
    for server in servers.values():
        threading.Thread(target=server.serve_forever, daemon=True).start()
    sys.stdout.write(json.dumps({name: server.server_address[1] for name, server in servers.items()}) + "\n")
    sys.stdout.flush()
    for line in sys.stdin:
        name, _, mood = line.strip().partition(" ")
        desks[name].mood = mood


if __name__ == "__main__":
    main(*sys.argv[1:])
