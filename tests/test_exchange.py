"""The exchange in the journey: what Unit is shown, what is asked for, and what happens when Unit refuses."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import urlsplit

import pytest
import time_machine
from flask import Flask

from services.stytch_client import stytch_client

from .fake_network import FakeNetwork, Fault, Overheard, altered, attributes_of
from .inside import request_of
from .visitor import Visitor


def test_a_token_has_the_scopes_of_the_pages_and_ends_with_the_step_up(
    stepped_up: Visitor, clock: time_machine.Traveller, overheard: Overheard
) -> None:
    clock.shift(100)

    stepped_up.get("/cards/list")

    (asked,) = [attributes_of(request) for request, _ in overheard if str(request.url).endswith("/token")]
    assert asked["scope"] == "accounts authorizations cards transactions"
    assert asked["expiresIn"] == 500


def test_writing_takes_a_second_token_once_and_reading_uses_neither_it_nor_a_further_call(
    stepped_up: Visitor, overheard: Overheard
) -> None:
    def made_by(act: Callable[[], object]) -> list[tuple[str, str]]:
        """Return the exchanged scope of each token, and for other calls to Unit the scope of the token they send."""
        overheard.clear()
        act()
        made = []
        for request, response in overheard:
            path, sent = urlsplit(str(request.url)).path, str(request.headers.get("Authorization"))
            if path.endswith("/token"):
                scope = attributes_of(request)["scope"]
                scopes[f"Bearer {response.json()['data']['attributes']['token']}"] = scope
                made.append(("exchange", scope))
            elif sent.startswith("Bearer "):
                made.append((f"{request.method} {path}", scopes[sent]))
        return made

    scopes: dict[str, str] = {}
    read, write = "accounts authorizations cards transactions", "accounts authorizations cards transactions cards-write"
    reading = [("GET /cards", read), ("GET /accounts", read)]
    issuing = [("GET /accounts", write), ("POST /cards", write)]

    assert made_by(lambda: stepped_up.get("/cards/list")) == [("exchange", read), *reading]
    form = stepped_up.page
    assert made_by(lambda: stepped_up.submit("/cards", kind="virtual")) == [("exchange", write), *issuing]
    assert made_by(lambda: stepped_up.get("/cards/list")) == reading
    stepped_up.page = form
    assert made_by(lambda: stepped_up.submit("/cards", kind="virtual")) == issuing


@pytest.mark.parametrize(("waited", "calls_before"), [(29, []), (31, ["POST /v1/sessions/authenticate"])])
def test_unit_is_shown_a_jwt_that_stytch_has_just_returned(
    stepped_up: Visitor, clock: time_machine.Traveller, calls: list[str], waited: int, calls_before: list[str]
) -> None:
    stepped_up.get("/cards")  # so that this process holds the session
    clock.shift(waited)
    calls.clear()

    stepped_up.get("/cards/list")

    assert calls[: calls.index("POST /customers/:id/token")] == calls_before


def test_a_proof_that_comes_back_for_another_session_signs_out(
    app: Flask, enrolled: Visitor, network: FakeNetwork, clock: time_machine.Traveller
) -> None:
    clock.shift(60)
    other = Visitor(app)
    other.sign_in("other@example.com")
    with request_of(other) as session:
        theirs = session.jwt
    code = enrolled.code()
    network.set("POST /v1/totps/authenticate", altered(lambda answer: {**answer, "session_jwt": theirs}))

    page = enrolled.post("/step-up", {"step_up_code": code})

    assert page.goes_to == "/"
    assert enrolled.cookie("stytch_session") is None
    assert "other@example.com" not in enrolled.get("/").text


def test_a_write_asks_for_a_step_up_before_any_call_to_unit(holder: Visitor, card_path: str, calls: list[str]) -> None:
    with request_of(holder) as session:  # another process replaces the authenticator; this one has cached the proof
        sdk = stytch_client.sdk
        for totp in sdk.users.get(session.user_id).totps:
            sdk.users.delete_totp(totp.totp_id)
        sdk.totps.create(session.user_id)
        sdk.totps.authenticate(session.user_id, holder.code())
    calls.clear()

    page = holder.post(f"{card_path}/freeze")

    assert (page.status, page.heading) == (403, "Confirm it’s you")
    assert calls == ["POST /v1/sessions/authenticate"]


@pytest.mark.parametrize(
    "body", [b'{"errors": [{"code": "unauthorized"}]}', b'{"errors": [{"status": "401"}]}', b'{"errors": []}', b"{}"]
)
@pytest.mark.parametrize(("refusals", "status"), [(1, 200), (2, 502)], ids=["once", "twice"])
def test_a_token_that_unit_no_longer_accepts_is_replaced_once_and_asks_for_no_code(
    stepped_up: Visitor, calls: list[str], network: FakeNetwork, refusals: int, status: int, body: bytes
) -> None:
    stepped_up.get("/cards/list")
    calls.clear()
    network.set("GET /cards", Fault(401, body), times=refusals)

    page = stepped_up.get("/cards/list")

    assert page.status == status
    assert calls[:3] == ["GET /cards", "POST /customers/:id/token", "GET /cards"]
    assert calls.count("POST /customers/:id/token") == 1
