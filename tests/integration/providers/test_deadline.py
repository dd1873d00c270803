"""One deadline for a provider's call, against servers that drip, hang, and names that nobody looks up in time."""

from __future__ import annotations

import socket
import threading
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest

from notifyctl.errors import InDoubt, Throttled, Unavailable
from notifyctl.notification import Sent
from notifyctl.providers.deadline import Deadline, Guard
from notifyctl.providers.sendgrid import SendGrid
from notifyctl.providers.smtp import Smtp
from notifyctl.providers.twilio import Twilio
from tests.support.certificate import make_certificate
from tests.support.drip import dripping, within
from tests.support.http_provider import BrokenHttp
from tests.support.payloads import a_whatsapp, an_email
from tests.support.smtp_server import ScriptedSmtp
from tests.support.sockets import RawServer, unused_port, wait_for_hangup

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

ACCOUNT = "AC0123456789abcdef0123456789abcdef"
LIMIT_S = 0.4
#: The limit, and what a busy machine may add to it.
ENOUGH_S = 3.0


def sendgrid(url: str) -> SendGrid:
    """SendGrid with a short deadline."""
    return SendGrid("SG.test-key_0123456789", host=url, timeout_s=LIMIT_S)


def twilio(url: str) -> Twilio:
    """Twilio with a short deadline."""
    return Twilio(ACCOUNT, ACCOUNT, "secret", whatsapp_from="+14155238886", base_url=url, timeout_s=LIMIT_S)


def smtp(port: int, **settings: Any) -> Smtp:
    """SMTP with short deadlines."""
    return Smtp("127.0.0.1", port, tls="none", **{"timeout_s": LIMIT_S, "answer_timeout_s": LIMIT_S, **settings})


@pytest.fixture
def guard() -> Iterator[Guard]:
    """A guard that holds nothing yet."""
    with closing(Guard()) as made:
        yield made


def _sends(provider: Any, payload: Any) -> Callable[[], Sent]:
    return lambda: provider.send(payload)


DRIPS = {
    "status": dripping(b"HTTP/1.1", b" "),
    "body": dripping(b"HTTP/1.1 201 Created\r\nContent-Length: 5000\r\n\r\n", b"{"),
    "chunks": dripping(b"HTTP/1.1 201 Created\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\n{\r\n"),
    "error": dripping(b"HTTP/1.1 500 No\r\nContent-Length: 5000\r\n\r\n", b"{"),
}


@pytest.mark.parametrize("drip", DRIPS)
@pytest.mark.parametrize("vendor", ["sendgrid", "twilio"])
def test_dripping_answer_is_cut_and_leaves_doubt(vendor: str, drip: str) -> None:
    """The request was read, and its answer does not end in time: nobody can say."""
    with BrokenHttp(DRIPS[drip]) as server:
        send = _sends(
            *((sendgrid(server.url), an_email()) if vendor == "sendgrid" else (twilio(server.url), a_whatsapp()))
        )
        with within(ENOUGH_S), pytest.raises(InDoubt) as caught:
            send()

    assert (caught.value.provider, caught.value.provider_code) == (vendor, "no_answer")
    assert "not done within 0.4 s" in caught.value.message
    assert len(server.requests) == 1


def test_202_whose_headers_drip_is_an_acceptance() -> None:
    """The status line was read, and it is what says that the mail is queued: a resend would be a known duplicate."""
    with BrokenHttp(dripping(b"HTTP/1.1 202 Accepted\r\n", b"X-Drop: 1\r\n")) as server, within(ENOUGH_S):
        assert sendgrid(server.url).send(an_email()) == Sent("sendgrid", "")


def test_429_whose_headers_drip_is_throttled() -> None:
    """A refusal stands as well, from its status line on."""
    drip = dripping(b"HTTP/1.1 429 Too Many Requests\r\n", b"X-Drop: 1\r\n")
    with BrokenHttp(drip) as server, within(ENOUGH_S), pytest.raises(Throttled):
        sendgrid(server.url).send(an_email())


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_hanging_twilio_is_cut(scheme: str) -> None:
    """Silence in the handshake means that nothing was sent; silence after the request, doubt."""
    outcome = InDoubt if scheme == "http" else Unavailable
    with RawServer(wait_for_hangup) as server, within(ENOUGH_S), pytest.raises(outcome):
        twilio(f"{scheme}://127.0.0.1:{server.port}").send(a_whatsapp())


def test_twilio_is_cut_on_a_connection_that_it_kept() -> None:
    """The deadline is the call's, not the connection's; and the message after that goes over a new one."""
    sid = b'{"sid": "SM00112233445566778899aabbccddeeff"}'
    whole = b"HTTP/1.1 201 Created\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s" % (len(sid), sid)
    turns = iter([whole, None, whole])

    def misbehave(connection: socket.socket) -> None:
        from tests.support.http_provider import read_request

        for answer in turns:
            if answer is None:
                return dripping(b"HTTP/1.1 201 Created\r\nContent-Length: 5000\r\n\r\n", b"{")(connection)
            connection.sendall(answer)
            server.requests.append(read_request(connection))
        return None

    with BrokenHttp(misbehave) as server, closing(twilio(server.url)) as provider:
        provider.send(a_whatsapp())
        with within(ENOUGH_S), pytest.raises(InDoubt):
            provider.send(a_whatsapp())
        assert provider.send(a_whatsapp()).provider == "twilio"

    assert (server.connections, len(server.requests)) == (2, 3)


def test_tls_that_drips_is_cut(tmp_path: Path) -> None:
    """Encrypted answers drip as plain ones do, and are cut alike."""
    certificate = make_certificate(tmp_path)
    context = certificate.server_context()

    def serve(connection: socket.socket) -> None:
        with context.wrap_socket(connection, server_side=True) as private:
            dripping(b"220-hello\r\n", b"220-and\r\n")(private)

    with RawServer(serve) as server:
        provider = Smtp("localhost", server.port, tls="implicit", ca_file=str(certificate.ca_file), timeout_s=LIMIT_S)
        with within(ENOUGH_S), pytest.raises(Unavailable, match="not done within"):
            provider.send(an_email())


@pytest.mark.parametrize("step", ["GREETING", "EHLO", "MAIL", "RCPT", "DATA"])
def test_dripping_mail_server_before_the_dot_is_unavailable(step: str) -> None:
    """All steps share the one deadline, and without the final dot nothing was taken."""
    with ScriptedSmtp(**{step: "drip"}) as server, within(ENOUGH_S), pytest.raises(Unavailable) as caught:
        smtp(server.port).send(an_email())

    assert type(caught.value) is Unavailable
    assert "not done within 0.4 s" in caught.value.message


def test_steps_that_are_slow_one_by_one_share_the_deadline() -> None:
    """Each reply comes within the limit; all together they do not."""
    with ScriptedSmtp() as server:
        server.pause_s = 0.25
        with within(ENOUGH_S), pytest.raises(Unavailable, match="not done within"):
            smtp(server.port).send(an_email())

    assert server.messages == []


@pytest.mark.parametrize("reply", ["drip", "hang"])
def test_mail_server_slow_after_the_dot_is_in_doubt(reply: str) -> None:
    """The answer to the whole mail has a deadline of its own, and it holds."""
    with ScriptedSmtp(DOT=reply) as server, within(ENOUGH_S), pytest.raises(InDoubt, match="not done within"):
        smtp(server.port, timeout_s=60.0).send(an_email())

    assert len(server.messages) == 1


@pytest.mark.parametrize("reply", ["drip", "hang"])
def test_goodbye_and_reset_keep_nobody_waiting(reply: str) -> None:
    """What follows the outcome changes nothing about it and takes little time."""
    with ScriptedSmtp(QUIT=reply, RSET=reply, RCPT=["250 ok", "550 5.1.1 no"]) as server:
        provider = smtp(server.port)
        provider.send(an_email())
        with within(3.0):
            with pytest.raises(Exception, match=r"5\.1\.1"):
                provider.send(an_email())
            provider.close()


def test_idle_connections_that_died_leave_time_for_a_new_one() -> None:
    """A mail that finds only dead connections still has most of its time for a living one."""
    with ScriptedSmtp(NOOP="hang") as server, closing(smtp(server.port, timeout_s=1.0)) as provider:
        provider.send(an_email())
        with within(ENOUGH_S):
            provider.send(an_email())

    assert (server.connections, len(server.messages)) == (2, 2)


# the guard itself


def test_name_that_nobody_looks_up_in_time(guard: Guard, monkeypatch: pytest.MonkeyPatch) -> None:
    """A resolver's patience is not ours."""
    late = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: late.wait(20) and [])

    with within(ENOUGH_S), guard.hold(Deadline(0.1)), pytest.raises(TimeoutError, match="name was not found"):
        guard.dial(("slow.example.com", 25))
    late.set()


def test_name_that_is_no_name(guard: Guard) -> None:
    """A label longer than 63 characters is not even asked for."""
    with guard.hold(Deadline(5)), pytest.raises(OSError, match="not a host name"):
        guard.dial(("a" * 70 + ".example.com", 25))


def test_second_address_gets_its_share_of_the_time(guard: Guard, monkeypatch: pytest.MonkeyPatch) -> None:
    """A host whose first address swallows packets is reached by its second one, within the deadline."""
    with RawServer(wait_for_hangup) as server:
        full = socket.create_server(("127.0.0.1", 0), backlog=0)
        filler = [socket.socket() for _ in range(3)]
        for one in filler:
            one.setblocking(False)
            one.connect_ex(full.getsockname())
        found = [
            (socket.AF_INET, socket.SOCK_STREAM, 0, "", full.getsockname()),
            (socket.AF_INET, socket.SOCK_STREAM, 0, "", ("127.0.0.1", server.port)),
        ]
        monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: found)

        with within(ENOUGH_S), guard.hold(Deadline(0.8)), guard.dial(("two.example.com", 1)) as sock:
            assert sock.getpeername()[1] == server.port
        for one in (*filler, full):
            one.close()


def test_refusal_of_the_last_address_is_told(guard: Guard) -> None:
    """Nobody listens."""
    with guard.hold(Deadline(5)), pytest.raises(ConnectionRefusedError):
        guard.dial(("127.0.0.1", unused_port()))


def test_connection_is_not_cut_after_its_call(guard: Guard) -> None:
    """A call that ended in time leaves a connection that can be used, with no deadline on it."""
    with RawServer(dripping(b"", b"x", drops=8)) as server:
        with guard.hold(Deadline(0.2)):
            sock = guard.dial(("127.0.0.1", server.port))
        with sock:
            sock.settimeout(5)
            assert b"".join(iter(lambda: sock.recv(10), b"")) == b"x" * 8

    assert not guard.cut


def test_connection_is_closed_when_both_have_let_go(guard: Guard) -> None:
    """The guard's handle keeps no connection open that nobody uses any more."""
    gone = threading.Event()

    def serve(connection: socket.socket) -> None:
        wait_for_hangup(connection)
        gone.set()

    with RawServer(serve) as server:
        with guard.hold(Deadline(5)):
            guard.dial(("127.0.0.1", server.port)).close()
        guard.close()
        assert gone.wait(5)


def test_error_is_the_deadline_only_where_that_cut(guard: Guard) -> None:
    """Another reason stays what it is."""
    with guard.hold(Deadline(5)):
        pass

    assert str(guard.why(KeyError("x"))) == "'x'"
