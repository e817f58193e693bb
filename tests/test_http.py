"""The session under both services against a real server on loopback that answers as badly as a server can."""

from __future__ import annotations

import gzip
import socket
import socketserver
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from services import http
from services.http import ServiceDown, ServiceSession, repeatable
from services.unit import Unit
from settings import Settings

from .conftest import changed

BUDGET = 0.05  # seconds that a call has in these tests
PATIENCE = 5  # seconds until a test that hangs gives up
GRACE = 1.0  # seconds that a test may take longer on a busy machine
DRIP = 0.01  # seconds between two drops, far below every time-out of a single read


@dataclass
class Server:
    """Answers every request with the next of its answers, byte for byte, and remembers what it was asked."""

    origin: str = ""
    answers: list[bytes] = field(default_factory=list)
    pause: float = 0.0  # seconds before each byte of an answer; 0 sends it whole
    stalls: bool = False  # neither goes on nor hangs up after an answer
    requests: list[str] = field(default_factory=list)
    connections: int = 0
    asked: threading.Event = field(default_factory=threading.Event)  # at least once
    closing: threading.Event = field(default_factory=threading.Event)


def answer(body: bytes = b"{}", status: str = "200 OK", *headers: str) -> bytes:
    """An HTTP answer with a true length."""
    lines = [f"HTTP/1.1 {status}", "Content-Type: application/json", f"Content-Length: {len(body)}", *headers]
    return "\r\n".join([*lines, "", ""]).encode() + body


@contextmanager
def serving(server: Server, context: ssl.SSLContext | None = None) -> Iterator[Server]:
    """Serve on a free port of this machine."""

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            server.connections += 1
            with suppress(OSError):  # the client hung up, as it should
                while server.answers and (asked := self._request()):
                    server.requests.append(asked)
                    octets = server.answers.pop(0)
                    server.asked.set()
                    self._send(octets)
                    if server.stalls:
                        server.closing.wait()

        def _request(self) -> str:
            lines = list(iter(lambda: self.rfile.readline().decode().strip(), ""))
            length = next((line.split()[1] for line in lines if line.lower().startswith("content-length")), "0")
            return "\n".join([*lines, self.rfile.read(int(length)).decode()]).strip()

        def _send(self, octets: bytes) -> None:
            if not server.pause:
                self.wfile.write(octets)
            for octet in octets if server.pause else b"":
                if server.closing.wait(server.pause):
                    return
                self.wfile.write(bytes([octet]))

    class Listener(socketserver.ThreadingTCPServer):
        daemon_threads = True

        def get_request(self) -> tuple[socket.socket, tuple[str, int]]:
            connection, address = super().get_request()
            return (context.wrap_socket(connection, server_side=True) if context else connection), address

        def handle_error(self, *_request: object) -> None:
            """The client's test says what went wrong."""

    with Listener(("127.0.0.1", 0), Handler) as listener:
        thread = threading.Thread(target=listener.serve_forever, args=(0.01,))
        thread.start()
        server.origin = f"{'https' if context else 'http'}://127.0.0.1:{listener.server_address[1]}"
        try:
            yield server
        finally:
            server.closing.set()
            listener.shutdown()
            thread.join()


@pytest.fixture
def server() -> Iterator[Server]:
    with serving(Server()) as running:
        yield running


@pytest.fixture
def session() -> Iterator[ServiceSession]:
    with ServiceSession() as session:
        yield session


@contextmanager
def short_budget() -> Iterator[None]:
    """A budget that a test can wait for. Only calls that are to fail have it: a busy machine may be slower."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(http, "BUDGET", BUDGET)
        yield


@pytest.fixture
def short() -> Iterator[None]:
    with short_budget():
        yield


@contextmanager
def within(seconds: float) -> Iterator[None]:
    start = time.monotonic()
    yield
    assert time.monotonic() - start < seconds + GRACE


def head(length: int | str, *headers: str) -> bytes:
    return "\r\n".join(["HTTP/1.1 200 OK", f"Content-Length: {length}", *headers, "", ""]).encode()


@pytest.mark.parametrize(
    "status", ["200 OK", "201 Created", "400 Bad Request", "401 Unauthorized", "404 Not Found", "429 Too Many Requests"]
)
def test_an_answer_below_500_comes_back(server: Server, session: ServiceSession, status: str) -> None:
    server.answers = [answer(b'{"said": "\xc3\xa9"}', status, "Retry-After: 7")]

    response = session.get(server.origin)

    assert response.status_code == int(status[:3])
    assert response.json() == {"said": "é"}
    assert response.headers["Retry-After"] == "7"


CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"


@pytest.mark.parametrize(
    "octets",
    [
        pytest.param(CHUNKED + b'6\r\n{"said\r\n8\r\n": "yes"\r\n1\r\n}\r\n0\r\n\r\n', id="in chunks"),
        pytest.param(answer(gzip.compress(b'{"said": "yes"}'), "200 OK", "Content-Encoding: gzip"), id="compressed"),
        pytest.param(
            b'HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 15\r\n\r\n{"said": "yes"}', id="closing"
        ),
        pytest.param(answer(b'{"said": "yes"}' + b" " * 900_000), id="long"),
    ],
)
def test_an_answer_may_come_in_any_of_http_s_forms(server: Server, session: ServiceSession, octets: bytes) -> None:
    server.answers = [octets]

    assert session.get(server.origin).json() == {"said": "yes"}


@pytest.mark.parametrize(
    "octets",
    [
        # no answer of the service's own
        pytest.param(answer(b"{}", "301 Moved Permanently", "Location: https://evil.example/"), id="redirect"),
        pytest.param(answer(b"{}", "307 Temporary Redirect", "Location: /elsewhere"), id="redirect within"),
        pytest.param(answer(b"{}", "304 Not Modified"), id="not modified"),
        pytest.param(answer(b"<!doctype html><title>Log in to the Wi-Fi</title>"), id="HTML"),
        pytest.param(answer(b"<h1>Blocked</h1>", "403 Forbidden"), id="HTML that refuses"),
        pytest.param(answer(b"error code: 1015", "429 Too Many Requests"), id="text that refuses"),
        pytest.param(answer(b""), id="empty"),
        pytest.param(answer(b"", "204 No Content"), id="no content"),
        pytest.param(answer(b"[]"), id="JSON list"),
        pytest.param(answer(b'"ok"'), id="JSON string"),
        pytest.param(answer(b"null"), id="JSON null"),
        pytest.param(answer(b'{"a": 1'), id="half of JSON"),
        pytest.param(answer(b'{"a":' * 100_000), id="JSON without a bottom"),
        # a fault there
        pytest.param(answer(b"{}", "408 Request Timeout"), id="408"),
        pytest.param(answer(b"{}", "500 Internal Server Error"), id="500"),
        pytest.param(answer(b"{}", "502 Bad Gateway"), id="502"),
        pytest.param(answer(b"{}", "503 Service Unavailable", "Retry-After: 3600"), id="503"),
        # a fault on the way
        pytest.param(head(50) + b'{"a": 1}', id="cut body"),
        pytest.param(CHUNKED + b'50\r\n{"a": 1}', id="cut chunk"),
        pytest.param(CHUNKED + b'8\r\n{"a": 1}\r\n', id="no last chunk"),
        pytest.param(CHUNKED + b"size\r\n{}\r\n0\r\n\r\n", id="a chunk without a size"),
        pytest.param(head(8, "Content-Encoding: gzip") + b'{"a": 1}', id="not compressed"),
        pytest.param(b"HTTP/1.1 200 OK\r\nContent-Type: app", id="cut header"),
        pytest.param(b"HTTP/1.1 20", id="cut status"),
        pytest.param(b"220 mail.example ESMTP\r\n", id="another protocol"),
        pytest.param(b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 200 + b"\r\n{}", id="too many headers"),
        pytest.param(b"HTTP/1.1 200 OK\r\nX: " + b"y" * 70_000 + b"\r\n\r\n{}", id="too long a header"),
        pytest.param(b"", id="hung up"),
        # too much
        pytest.param(answer(b'{"a": 1}' + b" " * http.MAX_BODY), id="too large"),
        pytest.param(
            answer(gzip.compress(b'{"a": 1}' + b" " * 3 * http.MAX_BODY), "200 OK", "Content-Encoding: gzip"),
            id="too large when unpacked",
        ),
    ],
)
def test_whatever_is_no_usable_answer_is_service_down(server: Server, session: ServiceSession, octets: bytes) -> None:
    server.answers = [octets]

    with within(BUDGET), pytest.raises(ServiceDown) as down:
        session.get(f"{server.origin}/secret?token=hush")

    assert down.value.host == server.origin.removeprefix("http://")
    assert "hush" not in str(down.value)
    assert len(server.requests) == 1


@pytest.mark.usefixtures("short")
@pytest.mark.parametrize(
    "octets",
    [
        pytest.param(b"HTTP/1.1 200 OK\r\nX-Padding: " + b"p" * 200, id="header"),
        pytest.param(b"HTTP/1.1 200 " + b"O" * 200, id="status line"),
        pytest.param(head(200) + b" " * 200, id="body"),
        pytest.param(CHUNKED + b"1\r\n \r\n" * 40, id="chunks"),
        pytest.param(CHUNKED + b"0" * 200, id="chunk size"),
        pytest.param(CHUNKED + b"2\r\n{}\r\n0\r\nX-Trailer: " + b"t" * 200, id="trailer"),
    ],
)
def test_an_answer_that_drips_meets_the_budget(server: Server, session: ServiceSession, octets: bytes) -> None:
    server.answers, server.pause = [octets], DRIP

    with within(BUDGET), pytest.raises(ServiceDown):
        session.get(server.origin)


def test_an_answer_that_drips_fast_enough_comes_back(server: Server, session: ServiceSession) -> None:
    server.answers, server.pause = [head(8) + b'{"a": 1}'], 0.001

    assert session.get(server.origin).json() == {"a": 1}


@pytest.mark.usefixtures("short")
@pytest.mark.parametrize("octets", [b"", b"HTTP/1.1 200", head(9) + b'{"a": 1}'], ids=["first", "in header", "in body"])
def test_an_answer_that_stops_meets_the_budget(server: Server, session: ServiceSession, octets: bytes) -> None:
    server.answers, server.stalls = [octets], True

    with within(BUDGET), pytest.raises(ServiceDown):
        session.get(server.origin)


def test_a_server_that_is_not_there_is_service_down(session: ServiceSession) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]

    with within(BUDGET), pytest.raises(ServiceDown, match=f"127.0.0.1:{port}"):
        session.get(f"http://127.0.0.1:{port}")


def test_a_caller_cannot_loosen_the_limits(server: Server, session: ServiceSession) -> None:
    server.answers = [answer(b"{}", "302 Found", f"Location: {server.origin}/elsewhere"), answer()]

    with pytest.raises(ServiceDown):
        session.post(server.origin, timeout=None, allow_redirects=True, stream=False)

    assert len(server.requests) == 1


def test_calls_share_a_connection(server: Server, session: ServiceSession) -> None:
    server.answers = [
        answer(),
        answer(b"{}", "404 Not Found"),
        answer(b"<html>"),
        answer(gzip.compress(b"{}"), "200 OK", "Content-Encoding: gzip"),
        answer(),
    ]

    session.get(server.origin)
    session.post(server.origin, json={"a": 1})
    with pytest.raises(ServiceDown):
        session.get(server.origin)
    session.get(server.origin)
    session.get(server.origin)

    assert len(server.requests) == 5
    assert server.connections == 1


@pytest.mark.parametrize(
    "octets", [answer(b" " * 2 * http.MAX_BODY), head(9) + b"{}", b"HTTP/1.1 2"], ids=["too large", "cut", "no answer"]
)
def test_a_spoilt_connection_is_not_used_again(server: Server, session: ServiceSession, octets: bytes) -> None:
    server.answers, server.stalls = [octets, answer(b'{"fresh": true}')], True
    with short_budget(), pytest.raises(ServiceDown):
        session.get(server.origin)
    assert server.asked.wait(PATIENCE)

    assert session.get(server.origin).json() == {"fresh": True}
    assert server.connections == 2


def test_the_machines_passwords_are_not_sent(
    server: Server, session: ServiceSession, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login ada password hush\n")
    (tmp_path / "netrc").chmod(0o600)
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    server.answers = [answer(), answer()]

    session.get(server.origin)
    session.get(server.origin, headers={"Authorization": "Bearer ours"})

    assert "Authorization" not in server.requests[0]
    assert "Authorization: Bearer ours" in server.requests[1]


def test_the_machines_proxy_is_not_used(
    server: Server, session: ServiceSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:1")
    server.answers = [answer()]

    assert session.get(server.origin).ok


def test_a_services_cookie_is_not_kept_for_the_next_visitor(server: Server, session: ServiceSession) -> None:
    server.answers = [answer(b"{}", "200 OK", "Set-Cookie: visitor=ada; Path=/"), answer()]

    session.get(server.origin)
    session.get(server.origin)

    assert "Cookie" not in server.requests[1]
    assert not session.cookies


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate for this machine that nobody vouches for, with its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "loopback")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("certificate") / "loopback.pem"
    path.write_bytes(
        made.public_bytes(serialization.Encoding.PEM)
        + key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return path


@pytest.fixture
def secure_server(certificate: Path) -> Iterator[Server]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    with serving(Server(), context) as running:
        yield running


def test_a_certificate_that_nobody_vouches_for_is_refused(secure_server: Server, session: ServiceSession) -> None:
    secure_server.answers = [answer()]

    with pytest.raises(ServiceDown):
        session.get(secure_server.origin)

    assert not secure_server.requests


def test_calls_over_tls_share_a_connection(secure_server: Server, session: ServiceSession, certificate: Path) -> None:
    session.verify = str(certificate)
    secure_server.answers = [answer(), answer()]

    session.get(secure_server.origin)
    session.get(secure_server.origin)

    assert len(secure_server.requests) == 2
    assert secure_server.connections == 1


def test_an_answer_that_drips_over_tls_meets_the_budget(
    secure_server: Server, session: ServiceSession, certificate: Path
) -> None:
    session.verify = str(certificate)
    secure_server.answers = [answer(), b"HTTP/1.1 200 OK\r\nX-Padding: " + b"p" * 200]
    session.get(secure_server.origin)  # shakes hands, which may take its time
    secure_server.pause = DRIP

    with short_budget(), within(BUDGET), pytest.raises(ServiceDown):
        session.get(secure_server.origin)


DOWN = answer(b"{}", "503 Service Unavailable")


def test_a_repeatable_call_is_tried_again_when_the_service_is_down(server: Server, session: ServiceSession) -> None:
    server.answers = [DOWN, answer(b"<h1>Down</h1>"), answer(b'{"third": true}')]

    assert repeatable(lambda: session.get(server.origin)).json() == {"third": True}
    assert len(server.requests) == 3


def test_a_repeatable_call_is_tried_three_times_at_most(server: Server, session: ServiceSession) -> None:
    server.answers = [DOWN, DOWN, DOWN, answer()]

    with pytest.raises(ServiceDown, match="status 503"):
        repeatable(lambda: session.get(server.origin))

    assert len(server.requests) == 3


@pytest.mark.parametrize("status", ["400 Bad Request", "401 Unauthorized", "409 Conflict", "429 Too Many Requests"])
def test_a_refusal_is_not_asked_for_twice(server: Server, session: ServiceSession, status: str) -> None:
    server.answers = [answer(b"{}", status), answer()]

    assert repeatable(lambda: session.get(server.origin)).status_code == int(status[:3])
    assert len(server.requests) == 1


def test_a_bug_is_not_repeated() -> None:
    calls: list[str] = []

    def broken() -> None:
        calls.append("call")
        raise LookupError

    with pytest.raises(LookupError):
        repeatable(broken)

    assert calls == ["call"]


@pytest.mark.usefixtures("short")
def test_no_try_begins_after_the_budget_is_spent(server: Server, session: ServiceSession) -> None:
    server.answers, server.stalls = [b"", answer(), answer()], True

    with within(BUDGET), pytest.raises(ServiceDown):
        repeatable(lambda: session.get(server.origin))

    assert answer() in server.answers


@pytest.mark.usefixtures("short")
def test_all_that_one_call_asks_for_shares_its_budget(server: Server, session: ServiceSession) -> None:
    server.answers, server.stalls = [b"", answer()], True

    def ask_twice() -> None:
        with suppress(ServiceDown):
            session.get(server.origin)  # waits until the budget is spent
        session.get(server.origin)

    with within(BUDGET), pytest.raises(ServiceDown):
        repeatable(ask_twice)

    assert answer() in server.answers


def test_a_call_has_a_budget_of_its_own_again_after_a_repeated_one(server: Server, session: ServiceSession) -> None:
    server.answers, server.stalls = [b"", answer()], True
    with short_budget(), pytest.raises(ServiceDown):
        repeatable(lambda: session.get(server.origin))
    assert server.asked.wait(PATIENCE)

    assert session.get(server.origin).ok


@pytest.fixture
def unit(server: Server, session: ServiceSession, settings: Settings) -> Unit:
    """Unit, at a server that is down."""
    server.answers = [DOWN] * 5
    return Unit(changed(settings, unit_api_url=server.origin), session)


@pytest.mark.parametrize(
    ("act", "times"),
    [
        pytest.param(lambda unit: unit.accounts("10001"), 3, id="a read"),
        pytest.param(lambda unit: unit.open_account("10001", "key"), 3, id="a write with a key"),
        pytest.param(lambda unit: unit.fund("10002", 100), 1, id="a write without one"),
        pytest.param(lambda unit: unit.customer_token("10001", "jwt", "cards", 60), 1, id="an exchange"),
    ],
)
def test_only_what_may_happen_twice_is_sent_again(
    server: Server, unit: Unit, act: Callable[[Unit], object], times: int
) -> None:
    with pytest.raises(ServiceDown):
        act(unit)

    assert len(server.requests) == times


def test_a_write_is_sent_again_with_the_same_key(server: Server, unit: Unit) -> None:
    with pytest.raises(ServiceDown):
        unit.open_account("10001", "one-key")

    assert ['"idempotencyKey": "one-key"' in asked for asked in server.requests] == [True] * 3
