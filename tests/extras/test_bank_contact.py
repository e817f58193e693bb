"""Contact details at the bank, beside those at Stytch."""

from __future__ import annotations

import pytest
import time_machine
from stytch.consumer.models.users import GetResponse, PhoneNumber

from extras.profile.bank import _verified

from ..asked import bodies_of
from ..fake_network import FakeNetwork, unit_refusal
from ..identity import facts
from ..passcodes import OTHER_PHONE, add_by_code
from ..visitor import Page, Visitor, beside

WORK = "ada@work.example"
PAGE = "/profile/bank"
NUMBERS = ("+447911123456", OTHER_PHONE)


def with_new_contacts(visitor: Visitor) -> Visitor:
    """The visitor, with another address and number at Stytch."""
    visitor.post("/profile/email", {"email": WORK})
    visitor.get(visitor.newest_link())
    visitor.submit("/profile/email/confirm")
    add_by_code(visitor, to=OTHER_PHONE)
    return visitor


def use(visitor: Visitor, contact: str) -> Page:
    """Press the button for this address or number."""
    page = visitor.get(PAGE)
    form = next(form for form in page.html.css(f"form[action='{PAGE}']") if contact in form.text())
    return visitor.post(PAGE, {"id": form.css("[name=id]")[0].attrs.sget("value")})


@pytest.mark.parametrize(("contact", "label"), [(WORK, "Email"), (OTHER_PHONE, "Phone")])
def test_a_new_contact_is_offered_to_the_bank_and_used_when_asked_for(
    stepped_up: Visitor, contact: str, label: str
) -> None:
    before = facts(with_new_contacts(stepped_up).get(PAGE))

    page = use(stepped_up, contact)
    after = stepped_up.follow()

    assert before == {"Email": "ada@example.com", "Phone": "+15555550101"}
    assert page.goes_to == PAGE
    assert f"The bank now uses {contact}." in after.text
    assert facts(after) == before | {label: contact}
    assert [button.text() for button in after.html.css("main form button") if contact in button.text()] == []


def test_the_bank_is_asked_with_the_customers_own_token(stepped_up: Visitor, calls: list[str]) -> None:
    with_new_contacts(stepped_up)
    customer_id = facts(stepped_up.get("/account"))["Unit customer"]
    calls.clear()

    with bodies_of(stepped_up.app, f"/customers/{customer_id}/token") as tokens:
        use(stepped_up, WORK)

    assert [each["data"]["attributes"]["scope"] for each in tokens] == ["customers", "customers customers-write"]
    assert calls.count("PATCH /customers/:id") == 1


def test_the_banks_details_want_a_fresh_code(customer: Visitor) -> None:
    assert customer.get(PAGE).asks_for_a_code
    assert "to see your details at the bank" in customer.follow().text
    assert customer.post(PAGE, {"id": "x"}).status == 403


def test_a_code_of_more_than_five_minutes_ago_changes_nothing(
    stepped_up: Visitor, clock: time_machine.Traveller
) -> None:
    with_new_contacts(stepped_up)
    clock.shift(301)

    page = use(stepped_up, WORK)

    assert page.status == 403
    assert "change your details at the bank" in page.text
    assert facts(stepped_up.get(PAGE))["Email"] == "ada@example.com"


def test_only_ones_own_confirmed_contact_is_given_to_the_bank(stepped_up: Visitor, calls: list[str]) -> None:
    stepped_up.post("/profile/email", {"email": WORK})
    unproven = stepped_up.get("/account").html.css("form[action='/codes/remove'] [name=id]")
    other = beside(stepped_up)
    other.sign_in("grace@example.com")
    theirs = other.get("/account").html.css("form[action='/codes/remove'] [name=id]")

    ids = [each.attrs.sget("value") for each in (*unproven[1:], *theirs)]
    answers = [stepped_up.post(PAGE, {"id": each}).status for each in (*ids, "")]

    assert len(ids) == 2
    assert answers == [404, 404, 404]
    assert "PATCH /customers/:id" not in calls


def test_a_foreign_number_is_not_offered_to_an_american_bank() -> None:
    phones = [PhoneNumber(phone_id=number, phone_number=number, verified=True) for number in NUMBERS]
    user = GetResponse.model_construct(emails=[], phone_numbers=phones)

    assert list(_verified(user).values()) == [OTHER_PHONE]


def test_who_is_no_customer_has_no_details_there(enrolled: Visitor) -> None:
    assert enrolled.get(PAGE).goes_to == "/customer"
    assert enrolled.post(PAGE).goes_to == "/customer"


def test_a_refusal_of_the_banks_says_that_nothing_changed(stepped_up: Visitor, network: FakeNetwork) -> None:
    with_new_contacts(stepped_up)
    network.set("PATCH /customers/[0-9]+", unit_refusal(400, "invalid_email"))

    page = use(stepped_up, WORK)

    assert page.status == 502
    assert "The bank did not accept that" in page.text
