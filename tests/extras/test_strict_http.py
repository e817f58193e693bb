"""The strict HTTP reader, against servers that drip what the standard library reads byte by byte."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from flask import Flask

from extras.operations import strict_http
from services import http
from services.errors import ServiceUnavailable
from services.http import HttpSession

from ..bad_server import Server, answer, head, self_signed, serving, tls

BUDGET = 0.05  # seconds that a call has in these tests
GRACE = 1.0  # seconds that a test may take longer on a busy machine
DRIP = 0.01  # seconds between two bytes, far below the time-out of a single read
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"


@pytest.fixture
def session() -> Iterator[HttpSession]:
    with HttpSession() as session:
        strict_http.mount(session)
        yield session


@contextmanager
def short_budget() -> Iterator[None]:
    """Give calls a budget that a test can wait for, and check that it holds."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(http, "BUDGET", BUDGET)
        start = time.monotonic()
        yield
        assert time.monotonic() - start < BUDGET + GRACE


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
def test_a_line_that_drips_meets_the_budget(session: HttpSession, octets: bytes) -> None:
    with serving(Server(answers=[octets], pause=DRIP)) as server, short_budget(), pytest.raises(ServiceUnavailable):
        session.get(server.origin)


def test_an_answer_that_drips_fast_enough_comes_back(session: HttpSession) -> None:
    with serving(Server(answers=[head(8) + b'{"a": 1}'], pause=0.001)) as server:
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
