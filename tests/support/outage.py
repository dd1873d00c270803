"""SendGrid on loopback, with every kind of trouble that it can be in, changed while it runs."""

from __future__ import annotations

import json
import re
import threading
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Self

OK, REFUSES, HANGS, FAILS, WRONG_KEY = "ok", "refuses", "hangs", "fails", "wrong key"

_ANSWERS = {OK: 202, FAILS: 500, WRONG_KEY: 401}


class FlakySendGrid:
    """Takes mails and questions, or not, as its trouble has it.

    Attributes:
        mails: How many mails came while it was in which trouble.
        questions: The same of questions that send nothing.
        taken: The numbers of the mails that it took, such as ``n12``, in order.
    """

    def __init__(self) -> None:
        self.mails: Counter[str] = Counter()
        self.questions: Counter[str] = Counter()
        self.taken: list[str] = []
        self._trouble = OK
        self._lock = threading.Lock()
        self._changed = threading.Event()
        self._server = self._listen(0)
        self.port = self._server.server_port
        self.url = f"http://127.0.0.1:{self.port}"

    @property
    def trouble(self) -> str:
        """What it is in; set it to change that."""
        return self._trouble

    @trouble.setter
    def trouble(self, trouble: str) -> None:
        before, self._trouble = self._trouble, trouble
        self._changed.set()  # whoever hangs is let go: too late, for its caller
        self._changed = threading.Event()
        if trouble == REFUSES and before != REFUSES:
            self._deafen()
        elif before == REFUSES and trouble != REFUSES:
            self._server = self._listen(self.port)

    def _listen(self, port: int) -> ThreadingHTTPServer:
        sendgrid = self

        class Handler(BaseHTTPRequestHandler):
            wbufsize = -1  # the answer leaves in one piece

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"])).decode()
                sendgrid._note(sendgrid.mails, body)
                self._answer()

            def do_GET(self) -> None:
                sendgrid._note(sendgrid.questions, "")
                self._answer()

            def _answer(self) -> None:
                trouble = sendgrid.trouble
                if trouble == HANGS:
                    sendgrid._changed.wait(60)
                    return
                self.send_response(_ANSWERS[trouble])
                body = b"" if trouble == OK else json.dumps({"errors": [{"message": trouble}]}).encode()
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *args: object) -> None:
                """Say nothing."""

        server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        return server

    def _note(self, where: Counter[str], body: str) -> None:
        with self._lock:
            where[self._trouble] += 1
            if body and self._trouble == OK:
                self.taken += re.findall(r"\bn\d+\b", body)[:1]

    def _deafen(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._changed.set()
        if self._trouble != REFUSES:
            self._deafen()
