"""WhatsApp templates through Twilio's Messages API, with Twilio's own client.

https://www.twilio.com/docs/messaging/api/message-resource

Twilio offers no idempotency for messages: what got no readable answer is in doubt, never repeated here. It
asks not to program on its error codes, so the HTTP status decides and codes only refine. Knows no queue and
no other provider.
"""

from __future__ import annotations

import json
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from requests import RequestException
from requests.adapters import HTTPAdapter
from twilio.base import values  # type: ignore[import-untyped]
from twilio.base.exceptions import TwilioException  # type: ignore[import-untyped]
from twilio.http.http_client import TwilioHttpClient  # type: ignore[import-untyped]
from twilio.rest import Client  # type: ignore[import-untyped]
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection

from notifyctl import clock
from notifyctl.errors import ConfigError, DeliveryError, InDoubt, Permanent, Scope, Throttled, Unavailable, Unsendable
from notifyctl.notification import Sent
from notifyctl.providers.deadline import Deadline, Guard
from notifyctl.providers.redact import quieten, redact
from notifyctl.providers.retry_after import seconds_asked
from notifyctl.providers.twilio_search import MOST_LISTED, acceptance, matching
from notifyctl.providers.wire import Body, NotSent, describe, doubtful, unanswered, unsent

if TYPE_CHECKING:
    import socket
    from collections.abc import Iterator

    from requests import PreparedRequest, Response
    from twilio.http.response import Response as Answer  # type: ignore[import-untyped]

    from notifyctl.notification import WhatsAppPayload

__all__ = ["Twilio"]

_OFFICIAL = "https://api.twilio.com"

#: A pooled connection idle for longer is not reused: the other side may be about to close it, and a message
#: sent into that is in doubt.
_IDLE_LIMIT_S = 15.0

#: The number is wrong, has opted out, is on no WhatsApp, or in a country that is not enabled (21408).
_RECIPIENT = {21211, 21265, 21266, 21267, 21268, 21408, 21604, 21610, 21612, 21614, 63003, 63014, 63024, 63032}
_ACCOUNT = {20003, 20005, 20404, 10001, 90010, 21212, 21603, 21606, 21703, 21705, 21910, 63007}

#: The sender's queue at Twilio is full: it drains in minutes.
_QUEUE_FULL, _QUEUE_FULL_WAIT_S = 21611, 120.0

#: 4xx that a proxy may give to a request it has passed on, or that Twilio gives to one still under way.
_SAYS_NOTHING = {408, 409, 423, 425}


class Twilio:
    """Hands WhatsApp messages to Twilio.

    Args:
        account_sid: The account that sends, ``AC…``.
        username: An API key's SID, or the account's.
        password: That key's secret, or the account's auth token.
        whatsapp_from: The sender's number, with or without ``whatsapp:``.
        messaging_service_sid: ``MG…``; may go with or instead of a sender's number.
        base_url: Another one than Twilio's own also turns ``TWILIO_EDGE`` and ``TWILIO_REGION`` off, which
            would rewrite its host.
        timeout_s: For one message, from looking up the host's name to the last byte of the answer. A short one
            makes doubt.

    Raises:
        ConfigError: If credentials or a sender are missing.
    """

    name = "twilio"

    def __init__(
        self,
        account_sid: str,
        username: str,
        password: str,
        *,
        whatsapp_from: str = "",
        messaging_service_sid: str = "",
        base_url: str = _OFFICIAL,
        timeout_s: float = 10.0,
    ) -> None:
        if not (account_sid and username and password):
            raise ConfigError("Twilio needs an account SID and a key or an auth token")
        if not (whatsapp_from or messaging_service_sid):
            raise ConfigError(
                "Twilio needs a WhatsApp sender's number or a messaging service",
                hint="Set TWILIO_WHATSAPP_FROM or TWILIO_MESSAGING_SERVICE_SID.",
            )
        if not base_url.startswith(("https://", "http://")):
            raise ConfigError(f"Twilio's base URL must be one such as {_OFFICIAL}, not {base_url!r}")
        # they write numbers and account ids into URLs below WARNING
        quieten("twilio", "urllib3")
        self._account_sid = account_sid
        self._username = username
        self._password = password
        self._sender = {
            "from_": _whatsapp(whatsapp_from) if whatsapp_from else values.unset,
            "messaging_service_sid": messaging_service_sid or values.unset,
        }
        # a messaging service may send from a number of its own choice
        self._known_by = {
            "sender": _whatsapp(whatsapp_from) if whatsapp_from and not messaging_service_sid else "",
            "messaging_service_sid": messaging_service_sid,
        }
        self._base_url = base_url.rstrip("/")
        self._timeout_s = timeout_s
        self._lock = threading.Lock()
        # the SDK loads what it needs at the first use: not during the first send, which would come late
        self._idle: list[_Line] = [self._open()]

    def send(self, payload: WhatsAppPayload) -> Sent:
        """Hand over one message. 201 means queued: whether it is delivered, Twilio's callbacks tell.

        Raises:
            DeliveryError: As `notifyctl.providers.base.Provider.send` says.
        """
        if not payload.content_sid:
            raise Unsendable(
                f"no approved WhatsApp template is configured for {payload.category!r}",
                provider=self.name,
                provider_code="no_template",
                scope=Scope.CONTENT,
            )
        with self._line() as line:
            try:
                with line.guard.hold(Deadline(self._timeout_s)):
                    message = line.messages.create(**self._request(payload))
            except NotSent as error:
                raise unsent(line.guard.why(error), provider=self.name) from None
            except TwilioException as error:
                raise _refusal(error, line.http.answer, payload.to) from None
            except (RequestException, ValueError, TypeError, AttributeError) as error:
                # the last three: the SDK met a 2xx with a body that is no message
                raise doubtful(line.guard.why(error), provider=self.name) from None
        if not message.sid:
            raise InDoubt("Twilio answered without a message SID", provider=self.name, provider_code="no_sid")
        return Sent(self.name, message.sid)

    def find(self, payload: WhatsAppPayload, since_ms: int) -> Sent | None:
        """Look for a message in Twilio's list of what its recipient was sent.

        Raises:
            DeliveryError: As `notifyctl.providers.base.Finder.find` says.
        """
        with self._line() as line:
            try:
                with line.guard.hold(Deadline(self._timeout_s)):
                    listed = line.messages.list(to=_whatsapp(payload.to), limit=MOST_LISTED, page_size=MOST_LISTED)
            except (NotSent, TwilioException, RequestException, ValueError, TypeError, AttributeError) as error:
                # the last three: the SDK met an answer that is no list
                raise _cannot_be_asked(line.http.answer, line.guard.why(error)) from None
        found = matching(listed, payload, since_ms=since_ms, **self._known_by)
        return None if found is None else acceptance(found, self.name)

    def check(self) -> None:
        """Look at the newest message, if there is one: who may send may look.

        The account itself is no better question: Twilio shows it to main keys only, and answers others as it does a
        wrong one. https://www.twilio.com/docs/iam/api-keys

        Raises:
            DeliveryError: As `notifyctl.providers.base.Provider.check` says.
        """
        with self._line() as line:
            try:
                with line.guard.hold(Deadline(self._timeout_s)):
                    line.client.api.v2010.fetch(
                        method="GET", uri=f"/Accounts/{self._account_sid}/Messages.json", params={"PageSize": 1}
                    )
                assert line.http.answer is not None  # noqa: S101 - it was not refused
                if line.http.answer.status_code >= 300:  # the SDK takes a redirect for an answer
                    _judge(TwilioException(), line.http.answer)
            except TwilioException as error:
                if line.http.answer is None:
                    raise unanswered(line.guard.why(error), provider=self.name) from None
                _judge(error, line.http.answer)
            except (NotSent, RequestException, ValueError, TypeError, AttributeError) as error:
                raise unanswered(line.guard.why(error), provider=self.name) from None

    def close(self) -> None:
        """Close the connections that no send is using."""
        with self._lock:
            idle, self._idle = self._idle, []
        for line in idle:
            line.http.session.close()

    def _request(self, payload: WhatsAppPayload) -> dict[str, Any]:
        request = {"to": _whatsapp(payload.to), "content_sid": payload.content_sid, **self._sender}
        if payload.variables:
            request["content_variables"] = json.dumps(dict(payload.variables), ensure_ascii=False)
        return request

    @contextmanager
    def _line(self) -> Iterator[_Line]:
        """Lend a client that no other thread uses meanwhile: requests does not promise to be shared."""
        with self._lock:
            line = self._idle.pop() if self._idle else None
        line = line or self._open()
        if time.monotonic() - line.idle_since > _IDLE_LIMIT_S:
            line.http.session.close()
        try:
            yield line
        finally:
            line.idle_since = time.monotonic()
            with self._lock:
                self._idle.append(line)

    def _open(self) -> _Line:
        return _Line(self._account_sid, self._username, self._password, self._base_url, self._timeout_s)


class _Line:
    """One client of Twilio's with a connection pool of its own."""

    def __init__(self, account_sid: str, username: str, password: str, base_url: str, timeout_s: float) -> None:
        self.guard = Guard()
        self.http = _Http(self.guard, timeout_s)
        # an environment that is empty would be taken for none given
        environment = None if base_url == _OFFICIAL else {"TWILIO_EDGE": "", "TWILIO_REGION": ""}
        self.client = Client(username, password, account_sid, http_client=self.http, environment=environment)
        self.client.api.base_url = base_url
        self.messages = self.client.messages
        self.idle_since = time.monotonic()


class _Http(TwilioHttpClient):  # type: ignore[misc]
    """Twilio's HTTP client, keeping the last answer: the SDK's exceptions hold no headers."""

    def __init__(self, guard: Guard, timeout_s: float) -> None:
        super().__init__(timeout=timeout_s)
        self.answer: Answer | None = None
        for scheme in ("https://", "http://"):
            self.session.mount(scheme, _Adapter(guard))

    def request(self, *args: Any, **options: Any) -> Answer:
        self.answer = None
        self.answer = super().request(*args, **options)
        return self.answer


class _Adapter(HTTPAdapter):
    """Opens connections through a guard, and tells a request that never left from one that did. Retries nothing."""

    def __init__(self, guard: Guard) -> None:
        self._pools = _guarded_pools(guard)
        super().__init__()

    def init_poolmanager(self, *args: Any, **options: Any) -> None:
        super().init_poolmanager(*args, **options)
        self.poolmanager.pool_classes_by_scheme = self._pools

    def proxy_manager_for(self, proxy: str, **options: Any) -> Any:
        manager = super().proxy_manager_for(proxy, **options)
        manager.pool_classes_by_scheme = self._pools
        return manager

    def send(self, request: PreparedRequest, *args: Any, **options: Any) -> Response:
        content = request.body
        if content is None:  # a look-up; an empty body would leave in chunks, for servers to stumble over
            return super().send(request, *args, **options)
        body = Body(content.encode() if isinstance(content, str) else content)
        request.body = body  # type: ignore[assignment]  # requests sends any iterable
        try:
            return super().send(request, *args, **options)
        except RequestException as error:
            if body.begun:
                raise
            raise NotSent from error


def _guarded_pools(guard: Guard) -> dict[str, Any]:
    """Return urllib3's pools by scheme, with connections that a guard opens and lets go of."""

    class Plain(HTTPConnection):
        def _new_conn(self) -> socket.socket:
            return guard.dial((self._dns_host, self.port))

        def close(self) -> None:
            super().close()
            guard.close()

    class Private(Plain, HTTPSConnection):
        pass

    class PlainPool(HTTPConnectionPool):
        ConnectionCls = Plain

    class PrivatePool(HTTPSConnectionPool):
        ConnectionCls = Private

    return {"http": PlainPool, "https": PrivatePool}


def _whatsapp(number: str) -> str:
    return f"whatsapp:{number.removeprefix('whatsapp:')}"


def _judge(error: TwilioException, answer: Answer) -> None:
    """Raise what a refusal of a question says about Twilio or the account."""
    outcome = _refusal(error, answer)
    if isinstance(outcome, InDoubt):
        raise Unavailable(outcome.message, provider=outcome.provider, provider_code=outcome.provider_code)
    # 403: a key that may send need not be one that may look
    if not isinstance(outcome, Permanent) or answer.status_code < 400 or answer.status_code in {401, 404}:
        raise outcome


def _refusal(error: TwilioException, answer: Answer | None, *known: str) -> DeliveryError:
    """Return the outcome of an answer that is no 2xx."""
    if answer is None:
        return doubtful(error, provider=Twilio.name)
    status, code = answer.status_code, getattr(error, "code", None)
    # the SDK puts the status where the body holds no code of Twilio's
    from_twilio = code is not None and code != status
    said = getattr(error, "msg", None) or getattr(error, "detail", None) or getattr(error, "title", "")
    message = f"Twilio answered {status}: {redact(str(said), *known)}"
    at = {"provider": Twilio.name, "provider_code": str(code if from_twilio else status)}
    if status == 429:
        return Throttled(message, **at, retry_after_s=_wait_s(answer))
    if status == 503 and from_twilio:
        return Unavailable(message, **at, retry_after_s=_wait_s(answer))
    if status >= 500 or status in _SAYS_NOTHING:
        return InDoubt(message, **at)
    if code == _QUEUE_FULL:
        return Throttled(message, **at, retry_after_s=_wait_s(answer) or _QUEUE_FULL_WAIT_S)
    return Permanent(message, **at, scope=_scope(status, code))


def _cannot_be_asked(answer: Answer | None, error: BaseException) -> InDoubt:
    """Return what a look-up that failed says: nothing about the message."""
    status = str(answer.status_code) if answer is not None else ""
    why = f"answered {status}" if status else describe(error)
    return InDoubt(f"Twilio cannot be asked for it: {why}", provider=Twilio.name, provider_code=status)


def _scope(status: int, code: int | None) -> Scope:
    """Return what a refusal for good is about; redirects, keys and URLs are the account's."""
    if code in _RECIPIENT:
        return Scope.RECIPIENT
    if status in {401, 403, 404} or status < 400 or code in _ACCOUNT:
        return Scope.ACCOUNT
    return Scope.CONTENT


def _wait_s(answer: Answer) -> float | None:
    return seconds_asked(answer.headers, now_ms=clock.now_ms())
