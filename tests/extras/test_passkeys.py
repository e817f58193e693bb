"""Passkeys: registered, used to sign in and to step up, renamed and removed."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
import time_machine

from emulator.tests.authenticator import Authenticator, decoded

from ..fake_network import FakeNetwork, altered
from ..identity import another_browser, carried, facts, switch_method
from ..passcodes import add_by_code, newest_code
from ..passkeys import a_phone, add_passkey, creation_options, options, sign_in, step_up
from ..visitor import Page, Visitor

PERMISSIONS = "publickey-credentials-create=(self), publickey-credentials-get=(self)"


@pytest.fixture
def phone() -> Authenticator:
    return a_phone()


@pytest.fixture
def with_passkey(stepped_up: Visitor, phone: Authenticator, clock: time_machine.Traveller) -> Visitor:
    """A customer with a passkey who signed in again with a link."""
    add_passkey(stepped_up, phone)
    return another_browser(stepped_up, clock)


def registered(visitor: Visitor) -> list[str]:
    """The ids of the passkeys on the account page."""
    return [tag.attrs.sget("id") for tag in visitor.get("/account").html.css("input[name=name]")]


@pytest.mark.parametrize("path", ["/", "/nowhere"])
def test_every_response_lets_this_site_alone_ask_for_passkeys(visitor: Visitor, path: str) -> None:
    assert visitor.client.get(path).headers["Permissions-Policy"].endswith(PERMISSIONS)


def test_a_new_user_adds_a_passkey_as_second_factor(signed_in: Visitor, phone: Authenticator) -> None:
    signed_in.get("/")
    signed_in.submit("/passkeys/new")
    asked = signed_in.page.one("[data-options]").attrs.sget("data-options")

    page = signed_in.submit("/passkeys", credential=phone.create(asked))

    assert page.goes_to == "/"
    assert "Your passkey is added." in signed_in.follow().text
    assert signed_in.page.heading == "Open your account"
    signed_in.open_account()
    assert signed_in.get("/cards/list").status == 200


def test_a_passkey_is_offered_beside_the_new_authenticators_recovery_codes(signed_in: Visitor) -> None:
    assert "Add a passkey" in signed_in.enroll().one("form[action='/passkeys/new']").text()


def test_every_ceremony_requires_user_verification(with_passkey: Visitor, visitor: Visitor) -> None:
    with_passkey.step_up()

    creation = json.loads(creation_options(with_passkey))
    requests = [json.loads(options(visitor)), json.loads(options(with_passkey, "step-up"))]

    assert creation["authenticatorSelection"] == {"residentKey": "required", "userVerification": "required"}
    assert [each["userVerification"] for each in requests] == ["required", "required"]
    assert [len(each["allowCredentials"]) for each in requests] == [0, 1]


def test_registering_takes_the_proof_of_what_the_user_has(customer: Visitor) -> None:
    asked = customer.post("/passkeys/new")

    assert asked.status == 403
    assert "Enter a code from your authenticator to add a passkey" in asked.text
    assert customer.post("/passkeys").status == 403


def test_a_mailbox_proof_of_ten_minutes_ago_adds_no_passkey(signed_in: Visitor, clock: time_machine.Traveller) -> None:
    clock.shift(600)

    assert signed_in.post("/passkeys/new").heading == "Sign in again first"


def test_an_expired_proof_adds_no_passkey_that_was_begun_before(
    stepped_up: Visitor, phone: Authenticator, clock: time_machine.Traveller
) -> None:
    credential = phone.create(creation_options(stepped_up))
    clock.shift(299)
    stepped_up.get("/account")
    clock.shift(2)

    assert stepped_up.post("/passkeys", {"credential": credential}).status == 403
    assert registered(stepped_up) == []


def test_a_passkey_signs_in_without_an_address(
    stepped_up: Visitor, phone: Authenticator, clock: time_machine.Traveller
) -> None:
    add_passkey(stepped_up, phone)
    stepped_up.post("/logout")

    page = sign_in(stepped_up, phone)

    assert page.goes_to == "/"
    assert stepped_up.follow().one(".who .address").text(strip=True) == "ada@example.com"
    assert facts(stepped_up.get("/account")).keys() >= {"Passkey"}
    clock.shift(3601)
    assert stepped_up.get("/account").goes_to == "/"


def test_signing_in_leads_to_the_page_that_asked_and_ends_another_users_session(
    stepped_up: Visitor, phone: Authenticator, clock: time_machine.Traveller
) -> None:
    add_passkey(stepped_up, phone)
    other = another_browser(stepped_up, clock)
    other.post("/logout")
    clock.shift(2)
    other.sign_in("grace@example.com")
    graces = other.twin()

    assert sign_in(other, phone).goes_to == "/"
    assert other.follow().one(".who .address").text(strip=True) == "ada@example.com"
    assert graces.get("/account").goes_to == "/"


def test_a_passkey_steps_up_and_continues(with_passkey: Visitor, phone: Authenticator) -> None:
    asked = with_passkey.get("/cards/list")
    with_passkey.follow()

    page = step_up(with_passkey, phone)

    assert asked.asks_for_a_code
    assert page.goes_to == "/cards/list"
    assert with_passkey.follow().status == 200


def test_stytch_may_list_ids_in_standard_base64(
    with_passkey: Visitor, phone: Authenticator, network: FakeNetwork
) -> None:
    def in_standard_base64(answer: Any) -> Any:
        for each in answer["credentials"]:
            each["credential_id"] = base64.b64encode(decoded(each["credential_id"])).decode()
        return answer

    network.set("GET /v1/webauthn/credentials/.*", altered(in_standard_base64))
    with_passkey.get("/step-up")

    assert step_up(with_passkey, phone).goes_to == "/"


def test_htmx_resumes_the_element_that_was_interrupted(with_passkey: Visitor, phone: Authenticator) -> None:
    with_passkey.get("/cards/list", htmx=True, HX_Source="div#cards", HX_Target="div#cards")
    fields = carried(with_passkey.page) | {"step_up_source": "cards", "step_up_method": "passkey"}
    credential = phone.get(options(with_passkey, "step-up"))

    page = with_passkey.post("/step-up", fields | {"step_up_credential": credential}, htmx=True)

    assert json.loads(page.response.headers["HX-Trigger"]) == {"stepup-done": {"source": "cards"}}


def test_an_interrupted_form_is_sent_again(with_passkey: Visitor, phone: Authenticator) -> None:
    with_passkey.post("/cards", {"kind": "virtual"})

    page = step_up(with_passkey, phone)

    assert (page.status, page.goes_to) == (307, "/cards")


def test_either_of_two_devices_works(with_passkey: Visitor, phone: Authenticator) -> None:
    with_passkey.get("/step-up")
    step_up(with_passkey, phone)
    laptop = a_phone()
    add_passkey(with_passkey, laptop)

    for device in (phone, laptop):
        with_passkey.post("/logout")
        assert sign_in(with_passkey, device).goes_to == "/"
    assert len(registered(with_passkey)) == 2


def test_a_code_by_email_completes_the_pair_after_a_sign_in_by_passkey(
    stepped_up: Visitor, phone: Authenticator
) -> None:
    add_passkey(stepped_up, phone)
    stepped_up.post("/logout")
    sign_in(stepped_up, phone)
    assert stepped_up.get("/cards/list").asks_for_a_code
    stepped_up.follow()
    switch_method(stepped_up, "email_code")

    page = stepped_up.submit("/step-up", step_up_code=newest_code(stepped_up, "email_code"))

    assert page.goes_to == "/cards/list"
    assert stepped_up.follow().status == 200


def test_a_phone_is_no_way_around_the_passkey(
    signed_in: Visitor, phone: Authenticator, clock: time_machine.Traveller
) -> None:
    add_passkey(signed_in, phone)
    add_by_code(signed_in)
    other = another_browser(signed_in, clock)
    other.get("/step-up")
    switch_method(other, "sms_code")
    assert other.submit("/step-up", step_up_code=newest_code(other)).goes_to == "/"

    page = other.post("/passkeys/new")

    assert page.status == 403
    assert page.one("[data-passkey=step_up_credential]")
    assert page.html.css("button[name=step_up_use]") == []


def test_a_passkey_is_renamed(stepped_up: Visitor, phone: Authenticator) -> None:
    add_passkey(stepped_up, phone)
    (passkey,) = registered(stepped_up)

    page = stepped_up.submit(f"/passkeys/{passkey}/name", name=f" Blue\u200b  <b>key</b> {'x' * 60}")

    assert page.goes_to == "/account"
    assert stepped_up.follow().one("input[name=name]").attrs["value"] == f"Blue <b>key</b> {'x' * 60}"[:60]
    assert "The passkey is renamed." in stepped_up.page.text
    stepped_up.submit(f"/passkeys/{passkey}/name", name=" ")
    assert "Enter a name for the passkey." in stepped_up.follow().text


@pytest.mark.parametrize("act", ["name", "remove"])
def test_changing_a_passkey_takes_a_fresh_proof_and_the_users_own_passkey(
    stepped_up: Visitor, phone: Authenticator, clock: time_machine.Traveller, act: str
) -> None:
    add_passkey(stepped_up, phone)
    (passkey,) = registered(stepped_up)
    other = another_browser(stepped_up, clock)
    assert other.post(f"/passkeys/{passkey}/{act}", {"name": "Mine"}).status == 403
    other.post("/logout")
    clock.shift(2)
    other.sign_in("grace@example.com")

    page = other.post(f"/passkeys/{passkey}/{act}", {"name": "Mine"})

    assert page.goes_to == "/"
    assert "That passkey is already removed." in other.follow().text
    assert registered(stepped_up) == [passkey]
    assert "Mine" not in stepped_up.page.text


def test_a_removed_passkey_ends_what_rested_on_it(
    with_passkey: Visitor, phone: Authenticator, clock: time_machine.Traveller
) -> None:
    other = another_browser(with_passkey, clock)
    with_passkey.get("/step-up")
    step_up(with_passkey, phone)
    assert with_passkey.get("/cards/list").status == 200
    (passkey,) = registered(with_passkey)

    page = with_passkey.submit(f"/passkeys/{passkey}/remove")

    assert page.goes_to == "/account"
    assert "Passkey" not in facts(with_passkey.follow())
    assert with_passkey.get("/cards/list").asks_for_a_code
    assert other.get("/account").goes_to == "/"
    with_passkey.post("/logout")
    assert "That passkey was removed from its account." in sign_in(with_passkey, phone).text


def refused(page: Page) -> str:
    """What the step-up or sign-in form says is wrong."""
    assert page.status == 422
    return page.one("[data-passkey-error]").text(strip=True)


def test_without_script_the_button_says_what_is_needed(visitor: Visitor, with_passkey: Visitor) -> None:
    said = "Passkeys need JavaScript. Turn it on and reload this page, or use another way."
    visitor.get("/")
    with_passkey.get("/step-up")
    switch_method(with_passkey, "passkey")

    assert said in [tag.text(strip=True) for tag in with_passkey.page.html.css("#step-up noscript")]
    assert refused(visitor.submit("/passkeys/sign-in")) == said
    assert refused(step_up(with_passkey, a_phone(), credential="")) == said


def test_the_email_field_offers_passkeys_and_no_get_calls_stytch(visitor: Visitor, calls: list[str]) -> None:
    page = visitor.get("/")

    assert page.one("#email").attrs["autocomplete"] == "email webauthn"
    assert visitor.get("/passkeys/sign-in/options").status == 405
    assert calls == []


@pytest.mark.parametrize("path", ["/passkeys/sign-in/options", "/passkeys/sign-in", "/passkeys/step-up/options"])
def test_ceremonies_are_limited_per_client(with_passkey: Visitor, path: str) -> None:
    statuses = [with_passkey.post(path).status for _ in range(21)]

    assert statuses[19] != 429
    assert statuses[20] == 429


def test_a_user_without_a_passkey_here_is_told_so(enrolled: Visitor) -> None:
    page = enrolled.post("/passkeys/step-up/options")

    assert (page.status, json.loads(page.body)) == (
        409,
        {"error": "You have no passkey for this site. Use another way."},
    )
