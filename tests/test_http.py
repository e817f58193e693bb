"""The HTTP session against a real server on loopback that answers as badly as a server can."""

from __future__ import annotations

import gzip
import socket
from pathlib import Path

import pytest

from services import http
from services.errors import ServiceUnavailable
from services.http import HttpSession

from .bad_server import BUDGET, CHUNKED, Server, answer, head, self_signed, serving, short_budget, tls, within

PATIENCE = 5  # seconds until a test that hangs fails


@pytest.mark.parametrize(
    "status",
    [
        *("200 OK", "201 Created", "400 Bad Request", "401 Unauthorized", "404 Not Found", "409 Conflict"),
        "429 Too Many Requests",
    ],
)
def test_a_json_answer_below_500_is_returned_and_not_asked_for_again(
    server: Server, session: HttpSession, status: str
) -> None:
    server.answers = [answer(b'{"said": "\xc3\xa9"}', status, "Retry-After: 7"), answer()]

    response = session.get(server.origin)

    assert response.status_code == int(status[:3])
    assert response.json() == {"said": "é"}
    assert response.headers["Retry-After"] == "7"
    assert len(server.requests) == 1


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
def test_an_answer_may_have_any_form_of_http(server: Server, session: HttpSession, octets: bytes) -> None:
    server.answers = [octets]

    assert session.get(server.origin).json() == {"said": "yes"}


@pytest.mark.parametrize(
    "octets",
    [
        # not an answer of the service's own
        pytest.param(answer(b"{}", "301 Moved Permanently", "Location: https://evil.example/"), id="redirect"),
        pytest.param(answer(b"{}", "307 Temporary Redirect", "Location: /elsewhere"), id="redirect on the same host"),
        pytest.param(answer(b"{}", "304 Not Modified"), id="not modified"),
        pytest.param(answer(b"<!doctype html><title>Log in to the Wi-Fi</title>"), id="HTML"),
        pytest.param(answer(b"<h1>Blocked</h1>", "403 Forbidden"), id="HTML with 403"),
        pytest.param(answer(b"error code: 1015", "429 Too Many Requests"), id="text with 429"),
        pytest.param(answer(b""), id="empty"),
        pytest.param(answer(b"", "204 No Content"), id="no content"),
        pytest.param(answer(b"[]"), id="JSON list"),
        pytest.param(answer(b'"ok"'), id="JSON string"),
        pytest.param(answer(b"null"), id="JSON null"),
        pytest.param(answer(b'{"a": 1'), id="half of JSON"),
        pytest.param(answer(b'{"a":' * 100_000), id="deeply nested JSON"),
        # a fault there
        pytest.param(answer(b"{}", "408 Request Timeout"), id="408"),
        pytest.param(answer(b"{}", "500 Internal Server Error"), id="500"),
        pytest.param(answer(b"{}", "502 Bad Gateway"), id="502"),
        pytest.param(answer(b"{}", "503 Service Unavailable", "Retry-After: 3600"), id="503"),
        # a fault on the way
        pytest.param(head(50) + b'{"a": 1}', id="cut body"),
        pytest.param(CHUNKED + b'50\r\n{"a": 1}', id="cut chunk"),
        pytest.param(CHUNKED + b'8\r\n{"a": 1}\r\n', id="no last chunk"),
        pytest.param(CHUNKED + b"size\r\n{}\r\n0\r\n\r\n", id="chunk without a size"),
        pytest.param(head(8, "Content-Encoding: gzip") + b'{"a": 1}', id="not compressed"),
        pytest.param(b"HTTP/1.1 200 OK\r\nContent-Type: app", id="cut header"),
        pytest.param(b"HTTP/1.1 20", id="cut status"),
        pytest.param(b"220 mail.example ESMTP\r\n", id="another protocol"),
        pytest.param(b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 200 + b"\r\n{}", id="too many headers"),
        pytest.param(b"HTTP/1.1 200 OK\r\nX: " + b"y" * 70_000 + b"\r\n\r\n{}", id="header too long"),
        pytest.param(b"", id="hung up"),
        # too much
        pytest.param(answer(b'{"a": 1}' + b" " * http.MAX_BODY), id="too large"),
        pytest.param(
            answer(gzip.compress(b'{"a": 1}' + b" " * 3 * http.MAX_BODY), "200 OK", "Content-Encoding: gzip"),
            id="too large when unpacked",
        ),
    ],
)
def test_an_unusable_answer_is_an_outage(server: Server, session: HttpSession, octets: bytes) -> None:
    server.answers = [octets]

    with within(BUDGET), pytest.raises(ServiceUnavailable) as outage:
        session.post(f"{server.origin}/secret?token=hush")

    assert str(outage.value).startswith(server.origin.removeprefix("http://"))
    assert "hush" not in str(outage.value)
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    "octets",
    [pytest.param(head(200) + b" " * 200, id="whole"), pytest.param(CHUNKED + b"1\r\n \r\n" * 40, id="in chunks")],
)
def test_a_body_that_drips_is_cut_off_at_the_budget(server: Server, session: HttpSession, octets: bytes) -> None:
    server.answers, server.pause = [octets], 0.001

    with short_budget(), pytest.raises(ServiceUnavailable):
        session.post(server.origin)


def test_a_body_that_drips_fast_enough_is_returned(server: Server, session: HttpSession) -> None:
    server.answers, server.pause = [head(8) + b'{"a": 1}'], 0.001

    assert session.get(server.origin).json() == {"a": 1}


@pytest.mark.parametrize("octets", [b"", b"HTTP/1.1 200", head(9) + b'{"a": 1}'], ids=["first", "in header", "in body"])
def test_an_answer_that_stops_is_cut_off_at_the_budget(server: Server, session: HttpSession, octets: bytes) -> None:
    server.answers, server.stalls = [octets], True

    with short_budget(), pytest.raises(ServiceUnavailable):
        session.post(server.origin)


def test_a_server_that_is_not_there_is_an_outage(session: HttpSession) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]

    with within(BUDGET), pytest.raises(ServiceUnavailable, match=f"127.0.0.1:{port}"):
        session.get(f"http://127.0.0.1:{port}")


def test_a_caller_cannot_loosen_the_limits(server: Server, session: HttpSession) -> None:
    server.answers = [answer(b"{}", "302 Found", f"Location: {server.origin}/elsewhere"), answer()]

    with pytest.raises(ServiceUnavailable):
        session.post(server.origin, timeout=None, allow_redirects=True, stream=False)

    assert len(server.requests) == 1


def test_calls_share_a_connection(server: Server, session: HttpSession) -> None:
    server.answers = [
        answer(),
        answer(b"{}", "404 Not Found"),
        answer(b"<html>"),
        answer(gzip.compress(b"{}"), "200 OK", "Content-Encoding: gzip"),
    ]

    session.get(server.origin)
    session.post(server.origin, json={"a": 1})
    with pytest.raises(ServiceUnavailable):
        session.post(server.origin)
    session.get(server.origin)

    assert len(server.requests) == 4
    assert server.connections == 1


@pytest.mark.parametrize(
    "octets", [answer(b" " * 2 * http.MAX_BODY), head(9) + b"{}", b"HTTP/1.1 2"], ids=["too large", "cut", "no answer"]
)
def test_a_broken_connection_is_not_used_again(server: Server, session: HttpSession, octets: bytes) -> None:
    server.answers, server.stalls = [octets, answer(b'{"fresh": true}')], True
    with short_budget(), pytest.raises(ServiceUnavailable):
        session.post(server.origin)
    assert server.asked.wait(PATIENCE)

    assert session.post(server.origin).json() == {"fresh": True}
    assert server.connections == 2


def test_proxies_and_credentials_of_the_environment_are_ignored(
    server: Server, session: HttpSession, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login ada password hush\n")
    (tmp_path / "netrc").chmod(0o600)
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    for name in ("http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    server.answers = [answer(), answer()]

    session.get(server.origin)
    session.get(server.origin, headers={"Authorization": "Bearer token"})

    assert "Authorization" not in server.requests[0]
    assert "Authorization: Bearer token" in server.requests[1]


def test_a_services_cookie_is_not_kept_for_the_next_visitor(server: Server, session: HttpSession) -> None:
    server.answers = [answer(b"{}", "200 OK", "Set-Cookie: visitor=ada; Path=/"), answer()]

    session.get(server.origin)
    session.get(server.origin)

    assert "Cookie" not in server.requests[1]
    assert not session.cookies


def test_a_certificate_that_no_authority_signed_is_refused(session: HttpSession, tmp_path: Path) -> None:
    with serving(Server(answers=[answer()]), tls(self_signed(tmp_path / "certificate.pem"))) as server:
        with pytest.raises(ServiceUnavailable):
            session.get(server.origin)

        assert not server.requests
