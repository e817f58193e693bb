"""What a thief of a page, a cookie, an assertion or another account could try with passkeys."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
import time_machine

from emulator.tests.authenticator import Authenticator, changed, decoded, encoded

from ..fake_network import FakeNetwork, altered
from ..identity import another_browser, another_customer, facts
from ..passkeys import a_phone, add_passkey, creation_options, options, step_up
from ..visitor import Page, Visitor, beside

AUTHENTICATE, REGISTER = "POST /v1/webauthn/authenticate", "POST /v1/webauthn/register"
OTHER_CEREMONY = "This took longer than five minutes, or was started in another tab or browser. Try again."
MALFORMED = "Your browser’s answer was incomplete. Try again, or use another way."


@pytest.fixture
def phone() -> Authenticator:
    return a_phone()


@pytest.fixture
def owner(stepped_up: Visitor, phone: Authenticator, clock: time_machine.Traveller) -> Visitor:
    """A customer with a passkey who signed in again with a link."""
    add_passkey(stepped_up, phone)
    return another_browser(stepped_up, clock)


@pytest.fixture
def thief(owner: Visitor) -> Visitor:
    """Another browser, signed out, at the same tenant."""
    return beside(owner, "192.0.2.66")


def said(page: Page) -> str:
    assert page.status == 422
    return page.one("[data-passkey-error]").text(strip=True)


def send(visitor: Visitor, credential: str) -> Page:
    return visitor.post("/passkeys/sign-in", {"credential": credential})


def test_a_ceremony_of_another_browser_is_refused_before_stytch_sees_it(
    owner: Visitor, thief: Visitor, phone: Authenticator, calls: list[str]
) -> None:
    credential = phone.get(options(owner))

    assert said(send(thief, credential)) == OTHER_CEREMONY
    assert AUTHENTICATE not in calls


def test_an_assertion_works_once(thief: Visitor, phone: Authenticator, calls: list[str]) -> None:
    credential = phone.get(options(thief))
    kept = thief.cookie("passkeys")
    assert send(thief, credential).goes_to == "/"
    thief.post("/logout")

    assert said(send(thief, credential)) == OTHER_CEREMONY
    assert calls.count(AUTHENTICATE) == 1
    thief.client.set_cookie("passkeys", kept or "")  # a copy of the cookie: then Stytch refuses the challenge
    assert said(send(thief, credential)) == "That passkey could not be verified. Try again, or use another way."


def test_a_ceremony_ends_after_five_minutes(
    owner: Visitor, phone: Authenticator, clock: time_machine.Traveller, calls: list[str]
) -> None:
    in_time, late = phone.get(options(owner)), phone.get(options(owner))
    clock.shift(299)
    assert send(owner, in_time).goes_to == "/"
    clock.shift(2)

    assert said(send(owner, late)) == OTHER_CEREMONY
    assert calls.count(AUTHENTICATE) == 1


def test_five_tabs_may_be_open_and_the_oldest_ceremony_gives_way(owner: Visitor, phone: Authenticator) -> None:
    credentials = [phone.get(options(owner)) for _ in range(6)]

    assert said(send(owner, credentials[0])) == OTHER_CEREMONY
    assert send(owner, credentials[1]).goes_to == "/"


def test_a_ceremony_is_for_one_purpose(owner: Visitor, phone: Authenticator, calls: list[str]) -> None:
    to_sign_in, to_step_up = phone.get(options(owner)), phone.get(options(owner, "step-up"))

    assert said(send(owner, to_step_up)) == OTHER_CEREMONY
    owner.get("/step-up")
    assert said(step_up(owner, phone, to_sign_in)) == OTHER_CEREMONY
    assert AUTHENTICATE not in calls


def test_the_options_for_a_new_passkey_open_nothing_and_those_to_sign_in_add_none(
    owner: Visitor, phone: Authenticator, calls: list[str]
) -> None:
    owner.step_up()
    creation, request = creation_options(owner), options(owner)
    calls.clear()

    owner.get("/step-up")
    assert said(step_up(owner, phone, phone.get(creation))) == OTHER_CEREMONY
    as_creation = json.loads(creation) | {"challenge": json.loads(request)["challenge"]}
    page = owner.post("/passkeys", {"credential": phone.create(json.dumps(as_creation))})
    assert said(page) == OTHER_CEREMONY
    assert {AUTHENTICATE, REGISTER}.isdisjoint(calls)


@pytest.mark.parametrize("purpose", ["step up", "register"])
def test_a_ceremony_of_another_session_is_refused(
    owner: Visitor, phone: Authenticator, clock: time_machine.Traveller, calls: list[str], purpose: str
) -> None:
    owner.step_up()
    begun = creation_options(owner) if purpose == "register" else options(owner, "step-up")
    owner.post("/logout")
    clock.shift(30)
    owner.sign_in()
    owner.step_up()
    calls.clear()

    if purpose == "register":
        page = owner.post("/passkeys", {"credential": phone.create(begun)})
    else:
        owner.get("/step-up")
        page = step_up(owner, phone, phone.get(begun))

    assert said(page) == OTHER_CEREMONY
    assert {AUTHENTICATE, REGISTER}.isdisjoint(calls)


def test_another_users_passkey_never_joins_this_session(
    owner: Visitor, phone: Authenticator, clock: time_machine.Traveller, calls: list[str]
) -> None:
    other, laptop = another_customer(owner, clock), a_phone()
    add_passkey(other, laptop)
    owner.get("/step-up")
    step_up(owner, phone)
    owner.post("/logout")
    clock.shift(30)
    owner.sign_in()
    owner.get("/step-up")
    calls.clear()

    mine = phone.passkeys[0].user_handle
    foreign = laptop.get(options(owner, "step-up"), handle=mine)
    owner.get("/step-up")
    page = step_up(owner, phone, foreign)

    assert said(page) == "That passkey belongs to another account, or was removed. Use another way."
    assert AUTHENTICATE not in calls
    assert facts(owner.get("/account")).keys().isdisjoint({"Passkey"})
    assert owner.page.one(".who .address").text(strip=True) == "ada@example.com"


def test_a_swapped_user_handle_signs_nobody_in(
    owner: Visitor, phone: Authenticator, clock: time_machine.Traveller
) -> None:
    other, laptop = another_customer(owner, clock), a_phone()
    add_passkey(other, laptop)
    other.post("/logout")

    page = send(other, laptop.get(options(other), handle=phone.passkeys[0].user_handle))

    assert said(page) == "That passkey could not be verified. Try again, or use another way."
    assert other.get("/account").goes_to == "/"


def test_a_passkey_that_did_not_verify_its_user_proves_nothing(
    owner: Visitor, phone: Authenticator, calls: list[str]
) -> None:
    owner.step_up()
    phone.verifies_user = False
    sent = [
        send(owner, phone.get(options(owner))),
        owner.post("/passkeys", {"credential": phone.create(creation_options(owner))}),
    ]
    owner.get("/step-up")
    sent.append(step_up(owner, phone))

    for page in sent:
        assert said(page).startswith("Your device did not verify you.")
    assert {AUTHENTICATE, REGISTER}.isdisjoint(calls)


@pytest.mark.parametrize("bent", ["origin", "rp id", "frame"])
def test_an_assertion_for_another_site_is_refused(
    owner: Visitor, phone: Authenticator, calls: list[str], bent: str
) -> None:
    phone.passkeys[0].rp_id = "evil.example" if bent == "rp id" else "localhost"
    credential = phone.get(options(owner), origin="https://evil.example" if bent == "origin" else None)
    if bent == "frame":
        client_data = decoded(json.loads(credential)["response"]["clientDataJSON"]).decode()
        framed = json.dumps(json.loads(client_data) | {"crossOrigin": True})
        credential = changed(credential, response={"clientDataJSON": encoded(framed.encode())})

    assert said(send(owner, credential)).startswith("That passkey was used on another site.")
    assert AUTHENTICATE not in calls


def test_a_browser_signs_what_kind_of_ceremony_it_was(owner: Visitor, phone: Authenticator, calls: list[str]) -> None:
    credential = phone.get(options(owner))
    client_data = json.loads(decoded(json.loads(credential)["response"]["clientDataJSON"]))
    other_kind = json.dumps(client_data | {"type": "webauthn.create"})

    page = send(owner, changed(credential, response={"clientDataJSON": encoded(other_kind.encode())}))

    assert said(page) == OTHER_CEREMONY
    assert AUTHENTICATE not in calls


BENT: dict[str, Callable[[str], str]] = {
    "no JSON": lambda _credential: "{",
    "a list": lambda _credential: "[]",
    "deep": lambda _credential: "[" * 20_000,
    "no response": lambda credential: changed(credential, response=None),
    "no client data": lambda credential: changed(credential, response={"clientDataJSON": None}),
    "client data that is a number": lambda credential: changed(credential, response={"clientDataJSON": 1}),
    "client data that is no JSON": lambda credential: changed(credential, response={"clientDataJSON": "_w"}),
    "no base64url": lambda credential: changed(credential, response={"authenticatorData": "%%%%"}),
    "more than base64url": lambda credential: credential.replace('"signature"', '"x"').replace('", "x"', '%%%%", "x"'),
    "short data": lambda credential: changed(credential, response={"authenticatorData": "AAAA"}),
    "no CBOR": lambda credential: changed(credential, response={"attestationObject": "AAAA"}),
    "a number for a statement": lambda credential: changed(
        credential, response={"attestationObject": "oWdhdHRTdG10BQ"}
    ),
}


@pytest.mark.parametrize("name", BENT)
def test_what_no_browser_returns_is_refused(owner: Visitor, phone: Authenticator, calls: list[str], name: str) -> None:
    owner.step_up()
    calls.clear()
    created = phone.create(creation_options(owner))
    if "CBOR" in name or "statement" in name:
        page = owner.post("/passkeys", {"credential": BENT[name](created)})
    else:
        page = send(owner, BENT[name](phone.get(options(owner))))

    assert said(page) == MALFORMED
    assert {AUTHENTICATE, REGISTER}.isdisjoint(calls)


@pytest.mark.parametrize("cookie", ["", "x", "e30.x"])
def test_a_forged_cookie_holds_no_ceremony(owner: Visitor, phone: Authenticator, cookie: str) -> None:
    credential = phone.get(options(owner))
    owner.client.set_cookie("passkeys", cookie)

    assert said(send(owner, credential)) == OTHER_CEREMONY


def test_five_bad_assertions_end_step_up_by_passkey_for_a_while(owner: Visitor, phone: Authenticator) -> None:
    pages = []
    for _ in range(6):
        owner.get("/step-up")
        credential = changed(phone.get(options(owner, "step-up")), response={"signature": "e30"})
        owner.get("/step-up")
        pages.append(step_up(owner, phone, credential))

    assert [page.status for page in pages] == [422] * 5 + [429]


def test_malformed_options_of_stytch_are_an_outage(visitor: Visitor, network: FakeNetwork) -> None:
    empty = {"public_key_credential_request_options": "{}"}
    network.set(f"{AUTHENTICATE}/start", altered(lambda answer: answer | empty))

    assert visitor.post("/passkeys/sign-in/options").status == 503
