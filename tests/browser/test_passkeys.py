"""Passkeys in a real browser, with the virtual authenticators of its developer tools."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import CDPSession, expect

from . import shortcuts
from .conftest import Arrive
from .visitor import Visitor, answers

PLATFORM = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}

OLDER = """delete PublicKeyCredential.parseCreationOptionsFromJSON;
    delete PublicKeyCredential.parseRequestOptionsFromJSON"""

CANCEL_ONCE = """() => { navigator.credentials.get = () => {
    delete navigator.credentials.get;
    return Promise.reject(new DOMException('', 'NotAllowedError'));
} }"""

NEVER_ANSWER = """() => {
    window.asked = [];
    navigator.credentials.get = (options) => new Promise(() => window.asked.push(options));
}"""

UNTIL_ASKED = """async (times) => {
    while (window.asked.length < times) await new Promise(requestAnimationFrame);
}"""


class Device:
    """A phone, laptop or security key that the visitor's browser can use."""

    def __init__(self, devtools: CDPSession, **changes: Any) -> None:
        self._devtools = devtools
        self._id = devtools.send("WebAuthn.addVirtualAuthenticator", {"options": PLATFORM | changes})["authenticatorId"]

    def set(self, what: str, **values: Any) -> None:
        self._devtools.send(f"WebAuthn.{what}", {"authenticatorId": self._id, **values})

    def remove(self) -> None:
        self.set("removeVirtualAuthenticator")


@pytest.fixture
def devtools(visitor: Visitor) -> CDPSession:
    """The developer tools of the visitor's window, in which passkeys are simulated."""
    devtools = visitor.page.context.new_cdp_session(visitor.page)
    devtools.send("WebAuthn.enable")
    return devtools


@pytest.fixture
def phone(devtools: CDPSession) -> Device:
    return Device(devtools)


def add_passkey(visitor: Visitor) -> None:
    """Add a passkey on the account page."""
    visitor.page.goto("/account")
    visitor.press("Add a passkey")
    visitor.press("Create the passkey")
    expect(visitor.page.get_by_text("Your passkey is added.")).to_be_visible()


@pytest.fixture
def owner(visitor: Visitor, phone: Device) -> Visitor:
    """A customer with a card and a passkey, who has signed in again with a link."""
    assert phone
    shortcuts.become_customer(visitor)
    shortcuts.get_card(visitor)
    add_passkey(visitor)
    shortcuts.sign_in(visitor)
    return visitor


def ask_for_passkey(visitor: Visitor) -> None:
    """Open the step-up dialog, and switch to the passkey."""
    visitor.expected |= {403}
    visitor.page.goto("/cards")
    expect(visitor.dialog).to_be_visible()
    visitor.press("Use a passkey instead")
    expect(visitor.dialog.get_by_role("button", name="Use a passkey", exact=True)).to_be_visible()


def sign_out(visitor: Visitor) -> None:
    visitor.page.get_by_role("button", name="Sign out", exact=True).first.click()
    expect(visitor.page.get_by_role("button", name="Sign in with a passkey")).to_be_visible()


def error(visitor: Visitor) -> Any:
    return visitor.page.locator("[data-passkey-error]").filter(visible=True)


@pytest.mark.parametrize("script", ["", OLDER], ids=["new", "older"])
def test_a_new_user_adds_a_passkey_and_signs_in_with_it(visitor: Visitor, phone: Device, script: str) -> None:
    assert phone
    visitor.page.add_init_script(script)
    shortcuts.sign_in(visitor)
    visitor.page.goto("/")
    visitor.press("Add a passkey")
    visitor.press("Create the passkey")
    expect(visitor.page.get_by_role("heading", name="Open your account")).to_be_visible()
    sign_out(visitor)

    visitor.press("Sign in with a passkey")

    expect(visitor.page.get_by_role("heading", name="Open your account")).to_be_visible()


def test_the_email_field_offers_the_passkey(visitor: Visitor, phone: Device) -> None:
    assert phone
    shortcuts.sign_in(visitor)
    add_passkey(visitor)
    sign_out(visitor)
    asked = answers(visitor, "POST", "/passkeys/sign-in/options")

    visitor.page.get_by_label("Email").first.focus()

    expect(visitor.page.get_by_role("heading", name="Open your account")).to_be_visible()
    assert asked == [200]


def test_the_button_takes_the_place_of_the_offer_in_the_email_field(visitor: Visitor) -> None:
    visitor.page.goto("/")
    visitor.page.evaluate(NEVER_ANSWER)

    visitor.page.get_by_label("Email").first.focus()
    visitor.page.evaluate(UNTIL_ASKED, 1)
    visitor.press("Sign in with a passkey")
    visitor.page.evaluate(UNTIL_ASKED, 2)

    assert visitor.page.evaluate("window.asked.map(({ mediation }) => mediation ?? '')") == ["conditional", ""]
    assert visitor.page.evaluate("window.asked.map(({ signal }) => signal.aborted)") == [True, False]


def test_the_offer_in_the_email_field_is_renewed_before_its_challenge_expires(visitor: Visitor, phone: Device) -> None:
    assert phone  # which has no passkey
    visitor.page.clock.install()
    visitor.page.goto("/")
    asked = answers(visitor, "POST", "/passkeys/sign-in/options")
    field = visitor.page.get_by_label("Email").first

    with visitor.page.expect_response("**/passkeys/sign-in/options"):
        field.focus()
    field.blur()
    field.focus()
    with visitor.page.expect_response("**/passkeys/sign-in/options"):
        visitor.page.clock.fast_forward(4 * 60_000)
    field.blur()
    visitor.page.clock.fast_forward(4 * 60_000)

    assert asked == [200, 200]


@pytest.mark.parametrize("script", ["", OLDER], ids=["new", "older"])
def test_a_passkey_confirms_and_the_cards_appear(owner: Visitor, script: str) -> None:
    owner.page.add_init_script(script)
    ask_for_passkey(owner)

    owner.dialog.get_by_role("button", name="Use a passkey", exact=True).click()

    expect(owner.cards()).to_have_count(1)
    expect(owner.dialog).to_have_count(0)


def test_an_interrupted_form_without_htmx_continues(owner: Visitor) -> None:
    owner.expected |= {403}
    owner.page.goto("/account")
    owner.press("Add a passkey")
    owner.press("Use a passkey instead")

    owner.page.get_by_role("button", name="Use a passkey", exact=True).click()

    expect(owner.page.get_by_role("heading", name="Add a passkey")).to_be_visible()


@pytest.mark.parametrize("failure", ["canceled", "wrong finger"])
def test_a_prompt_that_fails_is_said_and_can_be_repeated(owner: Visitor, phone: Device, failure: str) -> None:
    ask_for_passkey(owner)
    use = owner.dialog.get_by_role("button", name="Use a passkey", exact=True)
    if failure == "canceled":
        owner.page.evaluate(CANCEL_ONCE)
    else:
        phone.set("setUserVerified", isUserVerified=False)

    use.click()

    expect(error(owner)).to_contain_text("No passkey was used.")
    expect(owner.page.get_by_role("status")).to_contain_text("No passkey was used.")
    phone.set("setUserVerified", isUserVerified=True)
    use.click()
    expect(owner.cards()).to_have_count(1)


def test_a_foreign_address_and_a_browser_without_passkeys_are_said(visitor: Visitor) -> None:
    visitor.page.goto("/")
    visitor.page.route(
        "**/sign-in/options", lambda route: route.fulfill(json={"rpId": "example.com", "challenge": "YQ"})
    )

    visitor.press("Sign in with a passkey")
    expect(error(visitor)).to_contain_text("Passkeys work only at example.com.")
    visitor.page.evaluate("delete window.PublicKeyCredential")
    visitor.press("Sign in with a passkey")
    expect(error(visitor)).to_contain_text("This browser can’t use passkeys.")


def test_a_device_keeps_one_passkey_per_account_and_two_devices_work(
    owner: Visitor, phone: Device, devtools: CDPSession
) -> None:
    ask_for_passkey(owner)
    owner.dialog.get_by_role("button", name="Use a passkey", exact=True).click()
    expect(owner.cards()).to_have_count(1)
    owner.page.goto("/account")
    owner.press("Add a passkey")
    owner.press("Create the passkey")
    expect(error(owner)).to_contain_text("This device already has a passkey")
    phone.remove()
    laptop = Device(devtools)

    owner.press("Create the passkey")
    expect(owner.page.get_by_text("Your passkey is added.")).to_be_visible()
    sign_out(owner)
    owner.press("Sign in with a passkey")

    assert laptop
    expect(owner.page.get_by_role("button", name="Sign out", exact=True)).to_be_visible()


def test_a_passkey_that_was_removed_signs_nobody_in(owner: Visitor) -> None:
    owner.expected |= {422}
    ask_for_passkey(owner)
    owner.dialog.get_by_role("button", name="Use a passkey", exact=True).click()
    expect(owner.cards()).to_have_count(1)
    owner.page.goto("/account")
    owner.page.get_by_text("Passkey ", exact=False).locator("xpath=ancestor-or-self::summary").click()
    owner.press("Remove Passkey")
    expect(owner.page.get_by_text("The passkey is removed")).to_be_visible()
    sign_out(owner)

    owner.press("Sign in with a passkey")

    expect(error(owner)).to_contain_text("That passkey was removed from its account.")


def test_a_device_without_a_screen_lock_cannot_keep_one(visitor: Visitor, devtools: CDPSession) -> None:
    key = Device(devtools, hasResidentKey=False, hasUserVerification=False, isUserVerified=False)
    shortcuts.sign_in(visitor)
    visitor.page.goto("/account")
    visitor.press("Add a passkey")

    visitor.press("Create the passkey")

    assert key
    expect(error(visitor)).to_contain_text("This device can’t verify you.")


def test_without_script_the_page_says_what_is_needed(arrive: Arrive) -> None:
    visitor = arrive(script=False)
    visitor.expected |= {422}
    visitor.page.goto("/")

    visitor.press("Sign in with a passkey")

    expect(visitor.error).to_contain_text("Passkeys need JavaScript.")
