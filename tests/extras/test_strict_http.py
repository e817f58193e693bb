"""The strict HTTP reader, against servers that drip what the standard library reads byte by byte."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask

from extras.operations import strict_http
from services.errors import ServiceUnavailable
from services.http import HttpSession

from ..bad_server import CHUNKED, Server, answer, head, self_signed, serving, short_budget, tls

DRIP = 0.01  # seconds between two bytes, far below the time-out of a single read


@pytest.fixture
def session(session: HttpSession) -> HttpSession:
    strict_http.mount(session)
    return session


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return self_signed(tmp_path_factory.mktemp("certificate") / "loopback.pem")


@pytest.fixture
def secure_server(certificate: Path) -> Iterator[Server]:
    with serving(Server(), tls(certificate)) as running:
        yield running


def test_the_app_calls_both_services_through_it(app: Flask) -> None:
    session: HttpSession = app.extensions["http"]

    assert {type(session.adapters[scheme]) for scheme in ("https://", "http://")} == {strict_http._Adapter}


@pytest.mark.parametrize(
    "octets",
    [
        pytest.param(b"HTTP/1.1 200 " + b"O" * 200, id="status line"),
        pytest.param(b"HTTP/1.1 200 OK\r\nX-Padding: " + b"p" * 200, id="header"),
        pytest.param(CHUNKED + b"0" * 200, id="chunk size"),
        pytest.param(CHUNKED + b"2\r\n{}\r\n0\r\nX-Trailer: " + b"t" * 200, id="trailer"),
    ],
)
def test_a_line_that_drips_meets_the_budget(server: Server, session: HttpSession, octets: bytes) -> None:
    server.answers, server.pause = [octets], DRIP

    with short_budget(), pytest.raises(ServiceUnavailable):
        session.get(server.origin)


def test_an_answer_that_drips_fast_enough_comes_back(server: Server, session: HttpSession) -> None:
    server.answers, server.pause = [head(8) + b'{"a": 1}'], 0.001

    assert session.get(server.origin).json() == {"a": 1}


def test_an_answer_that_drips_over_tls_meets_the_budget(
    secure_server: Server, session: HttpSession, certificate: Path
) -> None:
    session.verify = str(certificate)
    secure_server.answers = [answer(), b"HTTP/1.1 200 OK\r\nX-Padding: " + b"p" * 200]
    session.get(secure_server.origin)  # shakes hands, which may take its time
    secure_server.pause = DRIP

    with short_budget(), pytest.raises(ServiceUnavailable):
        session.get(secure_server.origin)


def test_calls_over_tls_share_a_connection(secure_server: Server, session: HttpSession, certificate: Path) -> None:
    session.verify = str(certificate)
    secure_server.answers = [answer(), answer()]

    session.get(secure_server.origin)
    session.get(secure_server.origin)

    assert (len(secure_server.requests), secure_server.connections) == (2, 1)


def test_a_certificate_that_no_authority_signed_is_refused(secure_server: Server, session: HttpSession) -> None:
    secure_server.answers = [answer()]

    with pytest.raises(ServiceUnavailable):
        session.get(secure_server.origin)

    assert not secure_server.requests
