"""Changing a name, adding an address by a link, removing a mobile device, and deleting the account."""

from __future__ import annotations

from typing import Any

import pytest
import time_machine
from flask import Flask
from flask.sessions import SecureCookieSessionInterface

from extras.profile.links import KEY
from services.stytch_client import stytch_client
from stytch_unit_emulator.transport import current_tenant

from ..asked import bodies_of
from ..identity import another_browser, carried
from ..inside import request_of
from ..passcodes import sign_in_by_code
from ..visitor import EMAIL, Page, Visitor, beside

WORK = "ada@work.example"
CHANGES = {  # the words of the step-up before each change, and a form
    "/profile/name": ("change your name", {"first_name": "Mallory"}),
    "/profile/email": ("add an email address", {"email": "mallory@example.com"}),
    "/profile/biometrics/remove": ("remove a mobile device", {"id": "biometric-registration-test-1"}),
    "/profile/delete": ("delete your account", {"confirm": "delete"}),
}
CONFIRM = "/profile/email/confirm"


def add_email(visitor: Visitor, email: str = WORK) -> Page:
    """Fill in the form of the account page."""
    visitor.get("/account")
    return visitor.submit("/profile/email", email=email)


def addresses(visitor: Visitor) -> list[str]:
    """The addresses that the account page lists."""
    page = visitor.get("/account")
    return [each.text() for each in page.one("section:has(> #emails-title)").css("li strong")]


def mails(visitor: Visitor) -> list[str]:
    """To whom the newest usable email is, if there is one."""
    return [each.text() for each in visitor.get("/emulator/inbox").html.css("article.mail .hint bdi")]


def kept(app: Flask, cookie: str) -> Any:
    """What the signed cookie of forms holds."""
    signer = SecureCookieSessionInterface().get_signing_serializer(app)
    return signer.loads(cookie) if signer and cookie else {}


def with_devices(app: Flask, count: int = 2) -> Visitor:
    """A user with mobile devices, signed in with a link."""
    visitor = Visitor(app)
    visitor.get("/")
    token = current_tenant.set(visitor.cookie("emulator_visitor") or "")
    app.extensions["emulator"].seed({"email": EMAIL, "biometric_registrations": [{}] * count})
    current_tenant.reset(token)
    visitor.sign_in()
    return visitor


@pytest.mark.parametrize("path", CHANGES)
def test_a_mailbox_alone_changes_nothing_of_a_user_who_has_more(customer: Visitor, path: str) -> None:
    purpose, form = CHANGES[path]

    page = customer.post(path, form)

    assert page.status == 403
    assert f"Enter a code from your authenticator to {purpose}" in page.text
    assert customer.get("/account").status == 200
    assert addresses(customer) == [EMAIL]


@pytest.mark.parametrize("path", CHANGES)
def test_a_mailbox_of_more_than_ten_minutes_ago_changes_nothing(
    signed_in: Visitor, clock: time_machine.Traveller, path: str
) -> None:
    clock.shift(601)

    assert signed_in.post(path, CHANGES[path][1]).heading == "Sign in again first"


@pytest.mark.parametrize("path", CHANGES)
def test_a_form_of_another_site_changes_nothing(stepped_up: Visitor, path: str) -> None:
    assert stepped_up.post(path, CHANGES[path][1] | {"csrf_token": "x"}, Sec_Fetch_Site="cross-site").status == 403
    assert stepped_up.client.get(path).status_code == 405


def test_a_name_is_changed_as_a_whole(stepped_up: Visitor) -> None:
    stepped_up.post("/profile/name", {"first_name": "Ada", "middle_name": "M", "last_name": "Vance"})
    stepped_up.get("/account")

    with bodies_of(stepped_up.app, stepped_up_path(stepped_up)) as sent:
        page = stepped_up.submit("/profile/name", first_name=" Ada ", middle_name="", last_name="<i>Lovelace</i>")
    account = stepped_up.follow()

    assert page.goes_to == "/account"
    assert "Your name is changed." in account.text
    assert account.one("section:has(> #name-title) > p").text() == "Ada <i>Lovelace</i>"
    assert sent[0]["name"] == {"first_name": "Ada", "middle_name": "", "last_name": "<i>Lovelace</i>"}


def stepped_up_path(visitor: Visitor) -> str:
    """The path at Stytch of the visitor's user."""
    with request_of(visitor) as session:
        return f"/v1/users/{session.user_id}"


@pytest.mark.parametrize("part", ["a" * 61, "Ada\u202e", "A\x00da"])
def test_a_name_that_cannot_be_shown_is_refused(stepped_up: Visitor, part: str) -> None:
    page = stepped_up.post("/profile/name", {"first_name": part})

    assert (page.status, page.heading) == (422, "Change your name")
    assert page.error_of("first_name") == "Use at most 60 letters for each part."
    assert "Not given." in stepped_up.get("/account").text


def test_an_address_is_added_by_a_link_and_proves_a_factor_of_this_session(stepped_up: Visitor) -> None:
    token = stepped_up.cookie("stytch_session")
    asked = add_email(stepped_up)
    link = stepped_up.newest_link()

    opened = stepped_up.get(link)
    unproven = addresses(stepped_up)
    stepped_up.page = opened
    page = stepped_up.submit(CONFIRM)
    forms = stepped_up.cookie("forms") or ""

    assert asked.heading == "Check your email"
    assert opened.heading == "Add this email address"
    assert opened.response.headers["Referrer-Policy"] == "strict-origin"
    assert unproven == addresses(stepped_up) == [EMAIL, WORK]
    assert page.goes_to == "/account"
    assert stepped_up.cookie("stytch_session") == token
    assert KEY not in kept(stepped_up.app, forms)
    with request_of(stepped_up) as session:
        verified = [each.verified for each in stytch_client.sdk.users.get(session.user_id).emails]
    assert verified == [True, True]


def test_the_new_address_signs_the_same_user_in(signed_in: Visitor, clock: time_machine.Traveller) -> None:
    add_email(signed_in)
    signed_in.get(signed_in.newest_link())
    signed_in.submit(CONFIRM)
    said = signed_in.follow().text
    clock.shift(60)
    other = beside(signed_in)

    other.sign_in(WORK)

    assert "Your email address is added." in said
    assert "bank keeps" not in said
    assert addresses(other) == [EMAIL, WORK]


def test_a_customer_is_told_that_the_bank_keeps_its_address(stepped_up: Visitor) -> None:
    add_email(stepped_up)
    stepped_up.get(stepped_up.newest_link())
    stepped_up.submit(CONFIRM)

    page = stepped_up.follow()

    assert "The bank keeps the one that it has: see Contact details at the bank." in page.text
    assert page.one("a[href='/profile/bank']")


@pytest.mark.parametrize("is_signed_in", [True, False])
def test_a_link_works_only_where_it_was_asked_for(signed_in: Visitor, *, is_signed_in: bool) -> None:
    add_email(signed_in)
    link, other = signed_in.newest_link(), beside(signed_in)
    if is_signed_in:
        other.sign_in("grace@example.com")

    opened = other.get(link)
    used = other.post(CONFIRM, {"token": link.partition("token=")[2]})

    assert (opened.status, opened.heading) == (400, "Open the link where you asked for it")
    assert used.status in {400, 303} if is_signed_in else used.status != 200
    signed_in.get(link)
    assert signed_in.submit(CONFIRM).goes_to == "/account"


def test_a_link_is_for_the_user_who_asked_even_in_the_same_browser(signed_in: Visitor) -> None:
    add_email(signed_in)
    link, stale = signed_in.newest_link(), signed_in.cookie("forms") or ""
    opened = signed_in.get(link)
    grace = beside(signed_in)
    grace.sign_in("grace@example.com")
    grace.client.set_cookie("forms", stale)
    grace.page = opened

    used = grace.submit(CONFIRM)

    assert (used.status, used.heading) == (400, "Open the link where you asked for it")
    assert grace.get(link).heading == "Open the link where you asked for it"
    assert addresses(grace) == ["grace@example.com"]


def test_a_link_works_once_and_for_five_minutes(signed_in: Visitor, clock: time_machine.Traveller) -> None:
    add_email(signed_in)
    link = signed_in.newest_link()
    signed_in.get(link)
    form = signed_in.page
    clock.shift(301)

    before = kept(signed_in.app, signed_in.cookie("forms") or "")
    page = signed_in.submit(CONFIRM)
    after = kept(signed_in.app, signed_in.cookie("forms") or "")
    signed_in.page = form
    again = signed_in.submit(CONFIRM)

    assert (page.status, page.heading) == (400, "This link was already used or has expired")
    assert (again.status, KEY in before, KEY in after) == (400, True, False)
    assert addresses(signed_in) == [EMAIL]


def test_a_link_that_comes_too_late_needs_the_proof_again(signed_in: Visitor, clock: time_machine.Traveller) -> None:
    clock.shift(9 * 60 + 50)
    add_email(signed_in)
    signed_in.get(signed_in.newest_link())
    clock.shift(11)

    assert signed_in.submit(CONFIRM).heading == "Sign in again first"


def test_somebody_elses_address_gets_no_link_and_looks_the_same(signed_in: Visitor) -> None:
    other = beside(signed_in)
    other.sign_in("grace@example.com")
    before = mails(signed_in)

    theirs = add_email(signed_in, "grace@example.com")
    sent = mails(signed_in)
    free = add_email(signed_in)

    assert sent == before
    assert (
        theirs.one("main").text().replace("grace@example.com", WORK).split("is on its way")[0]
        == (free.one("main").text().split("is on its way")[0])
    )
    assert addresses(signed_in) == [EMAIL, WORK]


@pytest.mark.parametrize("typed", ["ada", "", "a@b"])
def test_a_malformed_address_is_refused_beside_the_field(signed_in: Visitor, calls: list[str], typed: str) -> None:
    page = add_email(signed_in, typed)

    assert (page.status, page.heading) == (422, "Add an email address")
    assert page.error_of("email") == "Enter an address like ada@example.com."
    assert "POST /v1/magic_links/email/send" not in calls


def test_an_address_gets_three_links_in_ten_minutes_and_a_user_ten_a_day(
    signed_in: Visitor, calls: list[str], clock: time_machine.Traveller
) -> None:
    for _ in range(4):
        assert add_email(signed_in).heading == "Check your email"
        clock.shift(1)
    for number in range(6):
        add_email(signed_in, f"{number}@example.com")

    page = signed_in.post("/profile/email", {"email": "more@example.com"})

    assert calls.count("POST /v1/magic_links/email/send") == 3 + 6
    assert page.status == 429
    assert "You can ask for ten of these links a day." in page.text


def test_who_signed_in_by_phone_adds_an_address_by_a_link(visitor: Visitor) -> None:
    sign_in_by_code(visitor)

    add_email(visitor)
    visitor.get(visitor.newest_link())
    visitor.submit(CONFIRM)

    assert addresses(visitor) == [WORK]


def test_mobile_devices_are_listed_and_removed_which_ends_other_sessions(
    app: Flask, clock: time_machine.Traveller
) -> None:
    visitor = with_devices(app)
    other = another_browser(visitor, clock)
    page = visitor.get("/account")
    ids = [each.attrs.sget("value") for each in page.html.css("form[action='/profile/biometrics/remove'] [name=id]")]

    removed = visitor.post("/profile/biometrics/remove", {"id": ids[0]})
    said = visitor.follow()

    assert "A mobile app added these. They can’t be used on this website." in page.text
    assert removed.goes_to == "/account"
    assert "The mobile device is removed" in said.text
    assert [each.attrs.sget("value") for each in said.html.css("[name=id][value^=biometric]")] == ids[1:]
    assert other.get("/account").goes_to == "/"


def test_only_ones_own_device_can_be_removed(app: Flask, clock: time_machine.Traveller, calls: list[str]) -> None:
    visitor = with_devices(app)
    page = visitor.get("/account")
    own = page.html.css("form[action='/profile/biometrics/remove'] [name=id]")[0].attrs.sget("value")
    clock.shift(60)
    thief = beside(visitor)
    thief.sign_in("grace@example.com")

    assert "Mobile devices" not in thief.get("/account").text
    assert thief.post("/profile/biometrics/remove", {"id": own}).status == 404
    assert thief.post("/profile/biometrics/remove").status == 404
    assert [call for call in calls if call.startswith("DELETE")] == []


def test_deletion_says_first_what_happens_at_the_bank(stepped_up: Visitor) -> None:
    section = stepped_up.get("/account").one("section:has(> #delete-title)")
    said = " ".join(section.text().split())

    assert "open" not in section.css("details")[0].attrs
    assert "Your bank account stays open, with its money and its cards." in said
    assert "a new account here isn’t connected to it" in said


def test_a_user_without_a_bank_account_reads_nothing_of_one(signed_in: Visitor) -> None:
    assert "bank account stays" not in signed_in.get("/account").text
    assert signed_in.page.html.css("a[href='/profile/bank']") == []


@pytest.mark.parametrize("typed", ["", "yes", "delet"])
def test_without_the_word_nothing_is_deleted(stepped_up: Visitor, calls: list[str], typed: str) -> None:
    stepped_up.get("/account")

    page = stepped_up.submit("/profile/delete", confirm=typed)

    assert (page.status, page.error_of("confirm")) == (422, "Type the word delete to confirm.")
    assert "Your bank account stays open" in page.text
    assert [call for call in calls if call.startswith("DELETE")] == []


def test_a_deleted_user_is_gone_at_stytch_and_signed_out_and_the_customer_stays(
    stepped_up: Visitor, clock: time_machine.Traveller
) -> None:
    other = another_browser(stepped_up, clock)
    token = stepped_up.cookie("stytch_session") or ""
    bank = stepped_up.app.extensions["emulator"]
    tenant = current_tenant.set(stepped_up.cookie("emulator_visitor") or "")
    stepped_up.get("/account")

    page = stepped_up.submit("/profile/delete", confirm=" DELETE ")
    said = stepped_up.follow().text
    customers = bank.records("customer")
    current_tenant.reset(tenant)
    stepped_up.client.set_cookie("stytch_session", token)

    assert page.goes_to == "/"
    assert "Your account is deleted, and you’re signed out on all devices." in said
    assert [each["attributes"]["status"] for each in customers] == ["Active"]
    assert other.get("/cards").goes_to == "/"  # which does not ask Stytch
    assert stepped_up.get("/account").goes_to == "/"


def test_who_comes_back_is_somebody_new(stepped_up: Visitor, clock: time_machine.Traveller) -> None:
    stepped_up.post("/profile/delete", {"confirm": "delete"})
    clock.shift(601)

    stepped_up.sign_in()

    assert stepped_up.get("/").heading == "Add an authenticator"
    assert stepped_up.get("/cards").goes_to == "/customer"


def test_a_deletion_goes_on_after_the_code_that_it_wants(customer: Visitor) -> None:
    customer.get("/account")
    asked = customer.submit("/profile/delete", confirm="delete")
    code = customer.code()
    customer.page = asked

    confirmed = customer.submit("/step-up", step_up_code=code)

    deleted = customer.post("/profile/delete", carried(asked))

    assert (confirmed.status, confirmed.goes_to) == (307, "/profile/delete")
    assert "Your account is deleted" in customer.follow().text
    assert deleted.goes_to == "/"
