"""Large bodies before the app sees them: few, slow or foreign ones keep nobody else out."""

from __future__ import annotations

from collections.abc import Callable
from socket import socketpair
from types import SimpleNamespace
from typing import TypeAlias

import pytest
import time_machine
from flask import Flask
from waitress.adjustments import Adjustments

from deploy.large_bodies import LEAST_RATE, Parser
from deploy.serve import _Channel as Channel

from .conftest import AppWith
from .visitor import Visitor

DOCUMENT, DELIVERY = "/customer/documents/1/front", "/webhooks/unit"
SIZE = 400_000
Begin: TypeAlias = Callable[..., Parser]


@pytest.fixture
def begin(app: Flask) -> Begin:
    """Return a function that begins to send a large body."""
    Parser.large.clear()

    def begun(path: str, peer: str = "192.0.2.1", of: Flask = app, size: int = SIZE, **headers: str) -> Parser:
        parser = Parser(Adjustments(max_request_body_size=1_000, inbuf_overflow=2 * size), of, peer)
        lines = [f"POST {path} HTTP/1.1", f"Content-Length: {size}"]
        lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
        parser.received("\r\n".join([*lines, "", ""]).encode())
        return parser

    return begun


def refused(*parsers: Parser) -> list[bool]:
    return [parser.error is not None for parser in parsers]


def test_each_route_and_who_is_signed_in_have_places_of_their_own(begin: Begin, signed_in: Visitor) -> None:
    other = Visitor(signed_in.app)
    other.sign_in("other@example.com")
    own, theirs = (f"stytch_session_8000={each.cookie('stytch_session')}" for each in (signed_in, other))
    out = [begin(DOCUMENT, f"192.0.2.{number}", Cookie=f"{own}x") for number in range(3)]
    deliveries = [begin(DELIVERY, f"192.0.2.{number}") for number in range(5)]
    signed = [
        begin(DOCUMENT, f"192.0.2.{number}", Cookie=cookie) for number, cookie in enumerate((own,) * 3 + (theirs,) * 3)
    ]

    assert refused(*out) == [False, False, True]
    assert refused(*deliveries) == [False] * 4 + [True]
    assert refused(*signed) == [False, False, True] * 2  # one session has half of them, from whatever networks


def test_one_network_has_half_of_the_places_behind_a_proxy_too(begin: Begin, app_with: AppWith) -> None:
    proxied = app_with(TRUSTED_PROXIES="1")
    forwarded = [f"198.51.100.{number}, 2001:db8::{number}" for number in range(3)] + ["2001:db8:1::1"]
    behind = [begin(DELIVERY, of=proxied, X_Forwarded_For=addresses) for addresses in forwarded]
    Parser.large.clear()
    direct = [begin(DELIVERY, X_Forwarded_For=addresses) for addresses in forwarded]

    assert refused(*behind) == [False, False, True, False]
    assert refused(*direct) == [False, False, True, True]


def test_addresses_with_a_port_or_in_brackets_are_networks_of_their_own(begin: Begin, app_with: AppWith) -> None:
    proxied = app_with(TRUSTED_PROXIES="1")
    forwarded = ["192.0.2.1:4001", "192.0.2.1:4002", "192.0.2.1:4003", "[2001:db8::1]:4001", "::ffff:192.0.2.2"]

    assert refused(*(begin(DELIVERY, of=proxied, X_Forwarded_For=each) for each in forwarded)) == [
        *(False, False, True),
        *(False, False),
    ]


@pytest.mark.parametrize("head", ["GET http://[ HTTP/1.1", f"GET / HTTP/1.1\r\nContent-Length: {'1' * 5_000}"])
def test_what_waitress_cannot_read_is_a_bad_request(app: Flask, head: str) -> None:
    parser = Parser(Adjustments(), app, "192.0.2.1")
    parser.received(f"{head}\r\n\r\n".encode())

    assert (parser.completed, parser.error.code) == (True, 400)


def test_a_connection_that_ends_holds_no_place_and_no_body_though_something_remembers_it(app: Flask) -> None:
    ours, theirs = socketpair()
    server = SimpleNamespace(application=app, active_channels={})
    channel = Channel(server, ours, ("192.0.2.1", 1), Adjustments(max_request_body_size=1_000), map={})
    Parser.large.clear()
    channel.received(f"POST {DELIVERY} HTTP/1.1\r\nContent-Length: {SIZE}\r\n\r\n".encode())
    channel.received(bytes(SIZE - 1))
    held, body = len(Parser.large), channel.request.get_body_stream()
    theirs.close()
    channel.handle_read()

    assert (held, len(Parser.large), body.closed) == (1, 0, True)


@pytest.mark.parametrize("start", [b"", b"0\r\n"], ids=["size", "trailer"])
def test_a_line_between_chunks_does_not_grow_without_end(app: Flask, start: bytes) -> None:
    parser = Parser(Adjustments(), app, "192.0.2.1")
    parser.received(f"POST {DOCUMENT} HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n".encode())
    parser.received(start + b"1" * 4096)
    in_time = parser.completed
    parser.received(b"1" * 8192)

    assert (in_time, parser.completed, parser.error.code) == (False, True, 400)


def test_a_body_that_comes_slowly_is_refused_and_one_that_stops_holds_no_place(
    begin: Begin, clock: time_machine.Traveller
) -> None:
    slow, silent, fast = begin(DELIVERY), begin(DELIVERY), begin(DELIVERY, "192.0.2.2")
    small = begin(DELIVERY, size=999)  # needs no place
    small.received(b"x")
    clock.shift(10)
    slow.received(b"x")
    fast.received(bytes(SIZE // 2))
    in_time = refused(slow, silent, fast, begin(DELIVERY))
    clock.shift(1)
    slow.received(b"x")
    fast.received(b"x")
    small.received(b"x")
    late = refused(slow, silent, fast, begin(DELIVERY), small)

    assert in_time == [False, False, False, True]
    assert late == [True, False, False, False, False]
    assert (slow.completed, slow.error.code) == (True, 503)


@pytest.mark.parametrize(("seconds", "code"), [(10, None), (11, 503)])
def test_the_largest_body_may_come_at_the_least_rate_and_a_start_that_was_faster_earns_nothing(
    begin: Begin, clock: time_machine.Traveller, seconds: int, code: int | None
) -> None:
    parser = begin(DOCUMENT, size=20_000_000)
    parser.received(bytes(1_000_000))
    for _ in range(57):
        clock.shift(10)
        parser.received(bytes(10 * LEAST_RATE))
    clock.shift(seconds)
    parser.received(b"x")

    assert (parser.error and parser.error.code) == code
