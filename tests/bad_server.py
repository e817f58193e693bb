"""A server on loopback that answers with any bytes, at any pace."""

from __future__ import annotations

import socket
import socketserver
import ssl
import threading
import time
from collections.abc import Iterator
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

BUDGET = 0.05  # seconds that a call has where it is to fail
GRACE = 1.0  # seconds that a test may take longer on a busy machine
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"


@dataclass
class Server:
    """Answers each request with the next of its answers, byte for byte, and remembers what it was asked."""

    origin: str = ""
    answers: list[bytes] = field(default_factory=list)
    pause: float = 0.0  # seconds before each byte of an answer; 0 sends it whole
    stalls: bool = False  # neither continues nor hangs up after an answer
    requests: list[str] = field(default_factory=list)
    connections: int = 0
    asked: threading.Event = field(default_factory=threading.Event)  # at least once
    closing: threading.Event = field(default_factory=threading.Event)


def answer(body: bytes = b"{}", status: str = "200 OK", *headers: str) -> bytes:
    """An HTTP response with a correct length."""
    lines = [f"HTTP/1.1 {status}", "Content-Type: application/json", f"Content-Length: {len(body)}", *headers]
    return "\r\n".join([*lines, "", ""]).encode() + body


@contextmanager
def serving(server: Server, context: ssl.SSLContext | None = None) -> Iterator[Server]:
    """Serve on a free port of the loopback interface."""

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            server.connections += 1
            with suppress(OSError):  # the client hung up, as expected
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
            """The client's test reports what went wrong."""

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


def head(length: int | str, *headers: str) -> bytes:
    """The head of an HTTP response that announces this length."""
    return "\r\n".join(["HTTP/1.1 200 OK", f"Content-Length: {length}", *headers, "", ""]).encode()


@contextmanager
def short_budget(name: str = "BUDGET") -> Iterator[None]:
    """Give calls a budget that a test can wait for, and check that it holds. Only for calls that are to fail."""
    with pytest.MonkeyPatch.context() as patch, within(BUDGET):
        patch.setattr(http, name, BUDGET)
        yield


@contextmanager
def within(seconds: float) -> Iterator[None]:
    start = time.monotonic()
    yield
    assert time.monotonic() - start < seconds + GRACE


def self_signed(path: Path) -> Path:
    """Write a certificate for 127.0.0.1 that no authority has signed, with its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "loopback")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
    private = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    pem = serialization.Encoding.PEM
    path.write_bytes(certificate.public_bytes(pem) + key.private_bytes(pem, *private))
    return path


def tls(certificate: Path) -> ssl.SSLContext:
    """Return what ``serving`` needs to speak TLS with this certificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    return context
