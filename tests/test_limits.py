"""Limits: whom they count, what an outage gives back, and when to try again."""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

import pytest
import requests
import time_machine
from flask import Flask
from limits import parse
from limits.storage import MemoryStorage

from services import magic_links

from .conftest import AppWith
from .fake_network import LOST, REFUSED, FakeNetwork, Fault, attributes_of
from .routes import csrf_token
from .visitor import EMAIL, Page, Visitor

DOWN = Fault(503, b"{}")


def statuses(app: Flask, clients: list[str], **environ: str) -> list[int]:
    """Ask for a link to a new address from each of these clients."""
    browser = app.test_client()
    token = csrf_token(browser)
    return [
        browser.post(
            "/login",
            data={"csrf_token": token, "email": f"a{number}@example.com"},
            environ_base={"REMOTE_ADDR": client} | environ,
        ).status_code
        for number, client in enumerate(clients)
    ]


SEND = "POST /v1/magic_links/email/login_or_create"


@pytest.mark.parametrize(
    "address",
    [
        pytest.param("2001:db8:1:2::{:x}", id="one /64"),
        pytest.param("[2001:db8:1:2::{:x}]", id="one /64 in brackets"),
        pytest.param("[2001:db8:1:2::1]:{}", id="IPv6 with ports"),
        pytest.param("203.0.113.77:{}", id="IPv4 with ports"),
        pytest.param("::ffff:203.0.113.77", id="IPv4 as IPv6"),
        pytest.param("fe80::1%eth{}", id="with zones"),
        pytest.param("unknown", id="not an address"),
    ],
)
def test_one_client_gets_twenty_links_a_minute(app: Flask, address: str) -> None:
    assert statuses(app, [address.format(number + 1) for number in range(25)]) == [200] * 20 + [429] * 5


@pytest.mark.parametrize("address", ["2001:db8:1:{:x}::1", "203.0.113.{}"], ids=["other /64s", "IPv4"])
def test_other_clients_are_counted_apart(app: Flask, address: str) -> None:
    assert statuses(app, [address.format(number + 1) for number in range(25)]) == [200] * 25


def test_addresses_with_ports_are_one_client_behind_a_proxy_too(app_with: AppWith) -> None:
    app = app_with(TRUSTED_PROXIES="1")
    found = [
        statuses(app, ["127.0.0.1"], HTTP_X_FORWARDED_FOR=f"203.0.113.77:{50_000 + number}")[0] for number in range(21)
    ]

    assert found == [200] * 20 + [429]


@pytest.mark.parametrize(
    ("address", "sent"),
    [
        ("203.0.113.8:50123", "203.0.113.8"),
        ("[2001:db8::8]:50123", "2001:db8::8"),
        ("::ffff:203.0.113.8", "203.0.113.8"),
        ("203.0.113.8", "203.0.113.8"),
        ("unknown", ""),
    ],
)
def test_the_bank_is_sent_the_address_alone(enrolled: Visitor, network: FakeNetwork, address: str, sent: str) -> None:
    asked: list[object] = []

    def note(request: requests.PreparedRequest, forward: Callable[[], requests.Response]) -> requests.Response:
        asked.append(attributes_of(request)["ip"])
        return forward()

    network.set("POST /applications", note)
    enrolled.client.environ_base["REMOTE_ADDR"] = address
    enrolled.open_account()

    assert asked == [sent]


@pytest.mark.parametrize(
    "address",
    [
        pytest.param("name+{}@example.com", id="tags"),
        pytest.param("n.a.m.e+{}@gmail.com", id="Gmail's dots"),
        pytest.param("Name+{}@EXAMPLE.com", id="case"),
    ],
)
def test_a_mailbox_gets_three_links_whatever_its_tags(visitor: Visitor, calls: list[str], address: str) -> None:
    pages = [visitor.post("/login", {"email": address.format(number)}) for number in range(12)]

    assert {page.status for page in pages} == {200}
    assert calls.count(SEND) == 3
    assert address.format(11).partition("@")[0] in visitor.page.body  # the address that was typed


def test_tags_of_other_mailboxes_are_counted_apart(visitor: Visitor, calls: list[str]) -> None:
    for name in ("+a@example.com", "+b@example.org", "ada+x@example.com", "adam+x@example.com", "a.da@example.com"):
        visitor.post("/login", {"email": name})

    assert calls.count(SEND) == 5


def test_a_mailbox_gets_no_burst_at_the_edge_of_a_window(
    visitor: Visitor, calls: list[str], clock: time_machine.Traveller
) -> None:
    for seconds in (597, 1, 1, 1, 1, 1, 1):  # across the edge of a window of ten minutes that began with the hour
        clock.shift(seconds)
        visitor.post("/login", {"email": EMAIL})

    assert calls.count(SEND) == 3
    clock.shift(594)
    visitor.post("/login", {"email": EMAIL})
    assert calls.count(SEND) == 4


def test_addresses_that_expired_are_dropped(visitor: Visitor, clock: time_machine.Traveller) -> None:
    for number in range(15):
        visitor.post("/login", {"email": f"{number}@example.com"})
    memory = cast(MemoryStorage, visitor.app.extensions["rate_limits"])
    clock.shift(3601)
    visitor.post("/login", {"email": EMAIL})
    memory.timer.join()

    assert len([*memory.storage, *memory.events, *memory.expirations]) <= 6


def test_a_refused_address_is_answered_as_late_as_any(visitor: Visitor, monkeypatch: pytest.MonkeyPatch) -> None:
    slept: list[float] = []
    monkeypatch.setattr(magic_links, "LEAST_TIME", 60)
    monkeypatch.setattr("services.magic_links.time.sleep", slept.append)

    for _ in range(4):
        visitor.post("/login", {"email": EMAIL})

    assert len(slept) == 4
    assert all(59 < seconds <= 60 for seconds in slept)


@pytest.mark.parametrize(
    ("path", "fields"),
    [
        *(("/codes/email_code", {"email": "a@b.example"}), ("/codes/email_code/add", {"email": "a@b.example"})),
        *(("/profile/email", {"email": "a@b.example"}), ("/passwords/forgot", {"email": "a@b.example"})),
    ],
)
def test_so_is_what_else_could_tell_who_has_an_account(
    signed_in: Visitor, monkeypatch: pytest.MonkeyPatch, path: str, fields: dict[str, str]
) -> None:
    slept: list[float] = []
    monkeypatch.setattr(magic_links, "LEAST_TIME", 60)
    monkeypatch.setattr("services.magic_links.time.sleep", slept.append)

    page = signed_in.post(path, fields)

    if page.status == 404:
        pytest.skip("the extra is deleted")
    assert (page.status < 400, len(slept)) == (True, 1)


def test_a_client_over_its_limit_is_told_when_to_try_again(visitor: Visitor, clock: time_machine.Traveller) -> None:
    pages = [visitor.post("/login", {"email": f"{number}@example.com"}) for number in range(21)]

    wait = int(pages[-1].response.headers["Retry-After"])
    assert (pages[-1].status, 0 < wait <= 60) == (429, True)
    clock.shift(wait + 1)
    assert visitor.post("/login", {"email": EMAIL}).status == 200


def test_the_whole_apps_limit_says_when_to_try_again(visitor: Visitor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(magic_links, "LINKS_IN_ALL", parse("1/hour"))
    visitor.post("/login", {"email": EMAIL})

    page = visitor.post("/login", {"email": "bob@example.com"})

    assert page.status == 429
    assert int(page.response.headers["Retry-After"]) > 0


@pytest.mark.parametrize("path", ["/step-up", "/step-up/recover"])
def test_too_many_wrong_codes_say_when_to_try_again(enrolled: Visitor, path: str) -> None:
    wrong = {"step_up_code": "000000", "recovery_code": "aaaa-bbbb-cccc"}

    pages = [enrolled.post(path, wrong) for _ in range(6)]

    assert [page.status for page in pages] == [422] * 5 + [429]
    assert 0 < int(pages[-1].response.headers["Retry-After"]) <= 300


def guess(visitor: Visitor) -> Page:
    return visitor.post("/step-up", {"step_up_code": "123456"})


def recover(visitor: Visitor) -> Page:
    return visitor.post("/step-up/recover", {"recovery_code": "aaaa-bbbb-cccc"})


@pytest.mark.parametrize(
    ("act", "call"),
    [(guess, "POST /v1/totps/authenticate"), (recover, "POST /v1/totps/recover")],
    ids=["code", "recovery code"],
)
@pytest.mark.parametrize(
    ("fault", "sixth"),
    [
        pytest.param(DOWN, 422, id="503"),
        pytest.param(Fault(502, b"<h1>"), 422, id="502"),
        pytest.param(REFUSED, 422, id="no connection"),
        pytest.param(LOST, 429, id="time-out"),
        pytest.param(Fault(error=ConnectionResetError, acted=True), 429, id="reset"),
    ],
)
def test_a_code_that_an_outage_took_is_given_back_unless_it_may_have_been_checked(
    enrolled: Visitor, network: FakeNetwork, act: Callable[[Visitor], Page], call: str, fault: Fault, sixth: int
) -> None:
    network.set(call, fault)
    outages = [act(enrolled).status for _ in range(5)]
    network.clear()

    assert outages == [503] * 5
    assert act(enrolled).status == sixth


@pytest.mark.parametrize(
    ("fault", "sent"), [(DOWN, 3), (REFUSED, 3), (LOST, 0)], ids=["503", "no connection", "time-out"]
)
def test_a_link_that_an_outage_took_is_given_back(
    visitor: Visitor, network: FakeNetwork, calls: list[str], fault: Fault, sent: int
) -> None:
    network.set("POST /v1/magic_links/.*", fault)
    for _ in range(3):
        visitor.post("/login", {"email": EMAIL})
    network.clear()
    calls.clear()
    for _ in range(4):
        visitor.post("/login", {"email": EMAIL})

    assert calls.count(SEND) == sent  # after a time-out they may have been sent


def test_what_others_send_from_the_same_address_closes_no_good_session(
    app: Flask, signed_in: Visitor, clock: time_machine.Traveller
) -> None:
    clock.shift(360)
    for number in range(60):
        stranger = Visitor(app)
        stranger.client.set_cookie("stytch_session", f"{number:044}")
        stranger.get("/account")

    assert signed_in.get("/").status == 200
    assert EMAIL in signed_in.page.text
