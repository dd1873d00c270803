"""Mail through SendGrid's v3 Mail Send API, with SendGrid's own client.

https://www.twilio.com/docs/sendgrid/api-reference/mail-send/mail-send

One personalization a request, so that one message has one outcome. SendGrid offers no idempotency: what got
no readable answer is in doubt, never repeated here. Knows no queue, no template and no other provider.
"""

from __future__ import annotations

import json
import re
from contextlib import closing
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from typing import TYPE_CHECKING, Any, NoReturn
from urllib.error import HTTPError
from urllib.request import AbstractHTTPHandler, BaseHandler

import python_http_client
from python_http_client.exceptions import HTTPError as Refused
from sendgrid import SendGridAPIClient

from notifyctl import clock
from notifyctl.errors import ConfigError, DeliveryError, InDoubt, Permanent, Scope, Throttled, Unavailable
from notifyctl.notification import Sent
from notifyctl.providers.deadline import Deadline, Guard
from notifyctl.providers.redact import quieten, redact
from notifyctl.providers.retry_after import seconds_asked
from notifyctl.providers.wire import Body, NotSent, doubtful, unanswered, unsent

if TYPE_CHECKING:
    from http.client import HTTPMessage, HTTPResponse
    from typing import IO
    from urllib.request import OpenerDirector, Request

    from notifyctl.notification import EmailPayload

__all__ = ["SendGrid"]

_RECIPIENT_FIELD = re.compile(r"personalizations\.\d+\.(to|cc|bcc)\b")
_SENDER_FIELD = re.compile(r"(from|reply_to)\b")

#: 4xx that a proxy may give to a request it has passed on.
_SAYS_NOTHING = {408, 409, 423, 425}
#: 4xx that the next message would get as well: the key, the credits, the URL, the method, the media type.
_ACCOUNT = {401, 402, 403, 404, 405, 406, 410, 415}


class SendGrid:
    """Hands mails to SendGrid.

    Args:
        api_key: An API key with the "Mail Send" scope.
        host: Base URL; ``https://api.eu.sendgrid.com`` for EU subusers.
        timeout_s: For one mail, from looking up the host's name to the last byte of the answer.

    Raises:
        ConfigError: If the key or the host cannot be used.
    """

    name = "sendgrid"

    def __init__(self, api_key: str, *, host: str = "https://api.sendgrid.com", timeout_s: float = 10.0) -> None:
        if not api_key or not api_key.isascii() or not api_key.isprintable():
            raise ConfigError("SendGrid needs an API key of plain characters", hint="Set SENDGRID_API_KEY.")
        if not host.startswith(("https://", "http://")):
            raise ConfigError(f"SendGrid's host must be a URL such as https://api.sendgrid.com, not {host!r}")
        # the client writes payloads and the key's header at DEBUG
        quieten("python_http_client")
        api = SendGridAPIClient(api_key, host=host.rstrip("/"))
        api.client = _Client(api.client.host, request_headers=api.client.request_headers, version=3)
        self._api = api
        self._timeout_s = timeout_s

    def send(self, payload: EmailPayload) -> Sent:
        """Hand over one mail. 202 means queued: whether it is delivered, SendGrid's events tell.

        Raises:
            DeliveryError: As `notifyctl.providers.base.Provider.send` says.
        """
        request = _request(payload)
        with closing(Guard()) as guard:
            try:
                with guard.hold(Deadline(self._timeout_s)):
                    # the only argument of a call that reaches `_make_request`
                    answer = self._api.client.mail.send.post(request_body=request, timeout=guard)
            except NotSent as error:
                raise unsent(guard.why(error), provider=self.name) from None
            except Refused as refused:
                raise _refusal(refused, payload.to, payload.to_name) from None
            except (OSError, HTTPException) as error:
                raise doubtful(guard.why(error), provider=self.name) from None
        if answer.status_code != 202:
            raise InDoubt(
                f"SendGrid answered {answer.status_code} where 202 was expected",
                provider=self.name,
                provider_code=str(answer.status_code),
            )
        return Sent(self.name, answer.headers.get("X-Message-Id", ""))

    def check(self) -> None:
        """Ask what the key may do. Whatever SendGrid answers to that, it works; but for the key itself.

        Raises:
            DeliveryError: As `notifyctl.providers.base.Provider.check` says.
        """
        with closing(Guard()) as guard:
            try:
                with guard.hold(Deadline(self._timeout_s)):
                    self._api.client.scopes.get(timeout=guard)
            except Refused as refused:
                self._judge(refused)
            except (NotSent, OSError, HTTPException) as error:
                raise unanswered(guard.why(error), provider=self.name) from None

    @staticmethod
    def _judge(refused: Refused) -> None:
        """Raise what a refusal of the question says about SendGrid or the account."""
        outcome = _refusal(refused)
        if isinstance(outcome, InDoubt):
            raise Unavailable(outcome.message, provider=outcome.provider, provider_code=outcome.provider_code)
        # 403: a key that may send mail need not be one that may ask
        if not isinstance(outcome, Permanent) or refused.status_code < 400 or refused.status_code in {401, 404}:
            raise outcome

    def close(self) -> None:
        """Do nothing: SendGrid's client keeps no connection."""


class _Client(python_http_client.Client):  # type: ignore[misc]
    """SendGrid's HTTP client, following no redirect and telling a request that never left from one that did.

    It keeps no state of a request, so that threads may share it.
    """

    def _build_client(self, name: str | None = None) -> _Client:
        path = [*self._url_path, name] if name else self._url_path
        return _Client(self.host, request_headers=self.request_headers, version=self._version, url_path=path)

    def _make_request(self, opener: OpenerDirector, request: Request, timeout: Guard | None = None) -> Any:
        assert timeout is not None  # noqa: S101 - `SendGrid.send` hands its guard in
        opener.add_handler(_NoRedirect())
        opener.add_handler(_Dialler(timeout))
        content = request.data or b""
        assert isinstance(content, bytes)  # noqa: S101 - the client has just made them of JSON
        body = Body(content)
        if content:
            request.data = body
            request.add_unredirected_header("Content-length", str(len(content)))
        try:
            return super()._make_request(opener, request)
        except (OSError, HTTPException) as error:
            if body.begun:
                raise
            raise NotSent from error


class _Dialler(AbstractHTTPHandler):
    """Opens urllib's connections through a guard."""

    handler_order = 100

    def __init__(self, guard: Guard) -> None:
        super().__init__()
        self._guard = guard

    def http_open(self, request: Request) -> HTTPResponse:
        return self.do_open(self._dialled(HTTPConnection), request)

    def https_open(self, request: Request) -> HTTPResponse:
        return self.do_open(self._dialled(HTTPSConnection), request)

    def _dialled(self, kind: type[HTTPConnection]) -> Any:
        def connection(*args: Any, **options: Any) -> HTTPConnection:
            made = kind(*args, **options)
            # http.client's own seam, which typeshed leaves out
            made._create_connection = self._guard.dial  # type: ignore[attr-defined]  # noqa: SLF001
            return made

        return connection


class _NoRedirect(BaseHandler):
    """Stops at a redirect: urllib would go there with a GET and the key, to another host as well."""

    handler_order = 100

    def http_error_301(
        self, request: Request, answer: IO[bytes], code: int, reason: str, headers: HTTPMessage
    ) -> NoReturn:
        raise HTTPError(request.full_url, code, reason, headers, answer)

    http_error_302 = http_error_303 = http_error_307 = http_error_308 = http_error_301


def _request(payload: EmailPayload) -> dict[str, Any]:
    content = [{"type": "text/plain", "value": payload.text}]
    if payload.html:
        content.append({"type": "text/html", "value": payload.html})
    request: dict[str, Any] = {
        "personalizations": [{"to": [_person(payload.to, payload.to_name)]}],
        "from": _person(payload.sender, payload.sender_name),
        "subject": payload.subject,
        "content": content,
        "headers": {"Message-ID": payload.message_id, "X-Notification-ID": payload.notification_id},
        # opaque ids only: SendGrid shows these to its staff and can never erase them
        "custom_args": {"notification_id": payload.notification_id},
    }
    if payload.category:
        request["categories"] = [payload.category]
    if payload.reply_to:
        request["reply_to"] = {"email": payload.reply_to}
    return request


def _person(address: str, name: str) -> dict[str, str]:
    # SendGrid takes no comma and no semicolon in a name
    clean = " ".join(re.sub("[,;]", " ", name).split())
    return {"email": address, "name": clean} if clean else {"email": address}


def _refusal(refused: Refused, *known: str) -> DeliveryError:
    """Return the outcome of an answer that is no 2xx; what is known of the recipient does not show in it."""
    status: int = refused.status_code
    problems = _problems(refused.body)
    said = "; ".join(str(problem.get("message", "")) for problem in problems) or str(refused.reason)
    message = f"SendGrid answered {status}: {redact(said, *known)}"
    at = {"provider": SendGrid.name, "provider_code": str(status)}
    if status == 429:
        return Throttled(message, **at, retry_after_s=_wait_s(refused))
    if status == 503 and problems:
        return Unavailable(message, **at, retry_after_s=_wait_s(refused))
    if status >= 500 or status in _SAYS_NOTHING:
        return InDoubt(message, **at)
    return Permanent(message, **at, scope=_scope(status, problems))


def _scope(status: int, problems: list[dict[str, Any]]) -> Scope:
    """Return what a refusal for good is about; redirects, keys, credits and URLs are the account's."""
    if status < 400 or status in _ACCOUNT:
        return Scope.ACCOUNT
    fields = [str(problem.get("field") or "") for problem in problems]
    if any(_RECIPIENT_FIELD.match(name) for name in fields):
        return Scope.RECIPIENT
    if any(_SENDER_FIELD.match(name) for name in fields):
        return Scope.ACCOUNT
    return Scope.CONTENT


def _problems(body: bytes) -> list[dict[str, Any]]:
    """Return the ``errors`` of SendGrid's JSON; none where the answer is somebody else's."""
    try:
        problems = json.loads(body)["errors"]
    except (ValueError, KeyError, TypeError):
        return []
    return [problem for problem in problems if isinstance(problem, dict)] if isinstance(problems, list) else []


def _wait_s(refused: Refused) -> float | None:
    return seconds_asked(refused.headers, now_ms=clock.now_ms())
