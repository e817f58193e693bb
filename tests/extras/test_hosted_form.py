"""Opening the account on a page of the bank's own."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
import time_machine
from flask import Flask

from extras.hosted_form.forms import HostedForm
from services.errors import ServiceUnavailable
from services.signals import upstream_call
from services.unit_client import org_client

from ..fake_network import FakeNetwork
from ..inside import request_of
from ..visitor import EMAIL, PERSON, Page, Visitor

WAITING = "/customer/hosted/return"


def ask_for_form(visitor: Visitor) -> str:
    """Ask for the bank's form; return the path of the link to it."""
    visitor.get("/customer")
    page = visitor.submit("/customer/hosted")
    return urlsplit(str(page.one("#application a.button:not(.quiet)").attrs["href"])).path


def fill_in(visitor: Visitor, form: str, **typed: str) -> Page:
    """Open the bank's form and send it as it comes, but for what is typed."""
    page = visitor.get(form)
    page.one("form.pretend").attrs["action"] = form
    return visitor.submit(form, typed)


def applications(visitor: Visitor) -> list[str]:
    """Return the states of all applications that the visitor made, as Unit has them, newest first."""
    with request_of(visitor) as session:
        return [application.status for application in org_client.applications(session.user_id)]


def customer_id(visitor: Visitor) -> str | None:
    """Return who the visitor is at Unit, as Stytch has it."""
    with request_of(visitor) as session:
        return session.customer_id


def test_the_bank_s_form_stands_beside_ours(enrolled: Visitor) -> None:
    page = enrolled.get("/customer")

    assert page.one("form[action='/customer/hosted'] button").text() == "Use the bank’s form instead"


@pytest.mark.parametrize("htmx", [False, True], ids=["plain", "htmx"])
def test_asking_for_it_gives_a_link_to_a_page_of_the_bank_s(enrolled: Visitor, htmx: bool) -> None:
    enrolled.get("/customer")

    page = enrolled.submit("/customer/hosted", htmx=htmx)

    assert (page.status, page.heading) == (200, "The bank’s form is ready")
    assert str(page.one("#application a.button:not(.quiet)").attrs["href"]).startswith(
        "http://localhost:8000/emulator/application-form/"
    )


def test_the_server_says_who_the_account_will_belong_to(enrolled: Visitor) -> None:
    sent: list[requests.PreparedRequest] = []

    def overhear(_app: object, *, request: requests.PreparedRequest, **_: object) -> None:
        sent.append(request)

    with upstream_call.connected_to(overhear, sender=enrolled.app):
        ask_for_form(enrolled)

    request = next(request for request in sent if str(request.url).endswith("/application-forms"))
    attributes: dict[str, Any] = json.loads(request.body or b"")["data"]["attributes"]
    user_id = attributes["tags"]["stytch_user_id"]
    assert request.headers["X-Accept-Version"] == "V2024_06"
    assert user_id.startswith("user-test-")
    assert attributes["applicantDetails"] == {
        "applicationType": "Individual",
        "email": EMAIL,
        "jwtSubject": user_id,
    }
    assert attributes["settingsOverride"] == {"redirectUrl": f"http://localhost:8000{WAITING}/0"}
    assert attributes["idempotencyKey"]


def test_the_emulated_form_is_prefilled_and_says_that_it_is_a_demo(enrolled: Visitor) -> None:
    page = enrolled.get(ask_for_form(enrolled))

    assert page.heading == "Bank application (demo)"
    assert page.one("#email").attrs["value"] == EMAIL
    assert page.one("#fullName-first").attrs["value"] == "Ada"
    assert page.one("#code").attrs["value"] == "000001"


def test_an_approved_form_leads_back_and_on_to_the_cards(enrolled: Visitor) -> None:
    back = fill_in(enrolled, ask_for_form(enrolled)).goes_to or ""

    assert urlsplit(back).path == f"{WAITING}/0"
    assert enrolled.get(f"{WAITING}/0").goes_to == "/customer/status"
    assert enrolled.follow().goes_to == "/cards"
    assert enrolled.get("/cards/list").status == 200
    assert applications(enrolled) == ["Approved"]


def test_a_form_under_review_waits_like_ours(enrolled: Visitor) -> None:
    fill_in(enrolled, ask_for_form(enrolled), ssn="000-00-0004")

    enrolled.get(f"{WAITING}/0")

    assert enrolled.follow().heading == "Under review"


def test_coming_back_too_early_waits_until_the_bank_has_the_form(enrolled: Visitor) -> None:
    form = ask_for_form(enrolled)

    page = enrolled.get(f"{WAITING}/0")

    assert page.heading == "Waiting for the bank"
    assert page.one("#application").attrs["hx-get"] == f"{WAITING}/0"
    assert page.one("noscript a").attrs["href"] == f"{WAITING}/0"
    fill_in(enrolled, form)
    assert enrolled.get(f"{WAITING}/0", htmx=True).goes_to == "/customer/status"


def test_after_a_refusal_the_next_form_is_another_one_and_is_waited_for(enrolled: Visitor) -> None:
    first = ask_for_form(enrolled)
    fill_in(enrolled, first, ssn="000-00-0001")
    enrolled.get("/customer?again=1")
    second = str(enrolled.submit("/customer/hosted").one("#application a.button:not(.quiet)").attrs["href"])

    waiting = enrolled.get(f"{WAITING}/1").heading
    fill_in(enrolled, urlsplit(second).path)

    assert urlsplit(second).path != first
    assert waiting == "Waiting for the bank"
    assert enrolled.get(f"{WAITING}/1").goes_to == "/customer/status"
    assert applications(enrolled) == ["Approved", "Denied"]


def test_asking_twice_gives_the_same_form(enrolled: Visitor) -> None:
    assert ask_for_form(enrolled) == ask_for_form(enrolled)


def test_a_form_sent_twice_makes_one_application(enrolled: Visitor) -> None:
    form = ask_for_form(enrolled)
    fill_in(enrolled, form, ssn="000-00-0004")

    assert urlsplit(fill_in(enrolled, form).goes_to or "").path == f"{WAITING}/0"
    assert applications(enrolled) == ["PendingReview"]


def test_a_link_that_has_expired_is_replaced(enrolled: Visitor, clock: time_machine.Traveller) -> None:
    old = ask_for_form(enrolled)
    clock.shift(23 * 3600)
    enrolled.sign_in()
    same = ask_for_form(enrolled)
    clock.shift(2 * 3600)
    enrolled.sign_in()

    new = ask_for_form(enrolled)

    assert same == old != new
    assert enrolled.get(old).status == 404
    assert enrolled.get(new).status == 200


def test_with_an_open_application_there_is_no_second_form(enrolled: Visitor) -> None:
    enrolled.open_account(ssn="000000004")

    assert enrolled.post("/customer/hosted").goes_to == "/customer/status"


def test_our_form_after_the_bank_s_is_one_application(enrolled: Visitor) -> None:
    fill_in(enrolled, ask_for_form(enrolled), ssn="000-00-0004")

    enrolled.post("/customer", PERSON)

    assert applications(enrolled) == ["PendingReview"]


def test_the_bank_s_form_after_ours_makes_nobody_another_customer(enrolled: Visitor) -> None:
    form = ask_for_form(enrolled)
    enrolled.post("/customer", PERSON)
    first = customer_id(enrolled)

    fill_in(enrolled, form)
    back = enrolled.get(f"{WAITING}/0")

    assert back.goes_to == "/customer/status"
    assert enrolled.follow().goes_to == "/cards"
    assert applications(enrolled) == ["Approved", "Approved"]
    assert customer_id(enrolled) == first


def test_of_two_approved_applications_the_first_counts_even_after_a_crash(
    enrolled: Visitor, network: FakeNetwork
) -> None:
    form = ask_for_form(enrolled)
    network.set("GET .*/accounts")
    crashed = enrolled.post("/customer", PERSON)
    network.clear()
    fill_in(enrolled, form)

    enrolled.get(f"{WAITING}/0")
    enrolled.follow()

    with request_of(enrolled) as session:
        approved = org_client.applications(session.user_id)[-1]
    assert crashed.status == 503
    assert session.customer_id == approved.customer_id


def test_a_customer_waits_for_no_other_application(enrolled: Visitor) -> None:
    form = ask_for_form(enrolled)
    enrolled.post("/customer", PERSON | {"ssn": "000000004"})
    fill_in(enrolled, form)

    page = enrolled.get("/customer/status")

    assert page.goes_to == "/cards"
    assert applications(enrolled) == ["Approved", "PendingReview"]


def test_a_customer_needs_no_form(customer: Visitor) -> None:
    assert customer.post("/customer/hosted").goes_to == "/cards"
    assert customer.get(f"{WAITING}/0").goes_to == "/customer/status"


@pytest.mark.parametrize("path", ["/customer/hosted", f"{WAITING}/0"])
def test_without_a_session_one_signs_in_first(visitor: Visitor, path: str) -> None:
    page = visitor.get(path) if path.startswith(WAITING) else visitor.post(path)

    assert page.goes_to == "/"


@pytest.mark.parametrize(
    ("earlier", "status"), [("x", 404), ("-1", 404), ("9" * 30, 200), ("", 404)], ids=["word", "negative", "huge", "no"]
)
def test_a_number_that_makes_no_sense_is_handled(enrolled: Visitor, earlier: str, status: int) -> None:
    assert enrolled.get(f"{WAITING}/{earlier}").status == status


@pytest.mark.parametrize(
    ("field", "typed"), [("ssn", "12"), ("email", "nobody"), ("dateOfBirth", "tomorrow"), ("address-state", "Cal")]
)
def test_the_bank_s_form_says_what_is_wrong_and_keeps_what_was_typed(enrolled: Visitor, field: str, typed: str) -> None:
    page = fill_in(enrolled, ask_for_form(enrolled), **{field: typed, "address-city": "Berkeley"})

    assert page.status == 422
    assert page.error_of(field) == "The bank doesn’t accept this value."
    assert page.one("#address-city").attrs["value"] == "Berkeley"
    assert applications(enrolled) == []


def test_a_wrong_phone_code_makes_no_application(enrolled: Visitor) -> None:
    page = fill_in(enrolled, ask_for_form(enrolled), code="123456")

    assert (page.status, page.error_of("code")) == (422, "Wrong code. Enter 000001.")
    assert applications(enrolled) == []


def test_a_full_bank_says_so_and_keeps_what_was_typed(enrolled: Visitor, monkeypatch: pytest.MonkeyPatch) -> None:
    form = ask_for_form(enrolled)
    monkeypatch.setattr("emulator.store.MAX_RECORDS", 0)

    page = fill_in(enrolled, form, **{"address-city": "Berkeley"})

    assert page.status == 507
    assert "You reached the demo’s storage limit" in page.text
    assert page.one("#address-city").attrs["value"] == "Berkeley"


def test_a_full_bank_decides_nothing_and_says_so(enrolled: Visitor, monkeypatch: pytest.MonkeyPatch) -> None:
    fill_in(enrolled, ask_for_form(enrolled), ssn="000-00-0004")
    page = enrolled.get("/customer")
    decide = str(page.one("form.pretend").attrs["action"])
    monkeypatch.setattr("emulator.store.MAX_RECORDS", 0)

    page = enrolled.submit(decide, {"decision": "approve"})

    assert (page.status, page.heading) == (507, "Storage limit reached")


def test_the_form_cannot_choose_whose_account_it_opens(enrolled: Visitor) -> None:
    form = ask_for_form(enrolled)

    fill_in(enrolled, form, jwtSubject="user-test-another", tags="{}")

    assert applications(enrolled) == ["Approved"]


def test_an_unknown_form_and_another_visitors_are_not_found(app: Flask, enrolled: Visitor) -> None:
    form = ask_for_form(enrolled)

    assert enrolled.get("/emulator/application-form/nothing").status == 404
    assert Visitor(app).get(form).status == 404
    assert Visitor(app).post(form, {"code": "000001"}).status == 404


@pytest.mark.parametrize(
    ("url", "is_fit"),
    [
        pytest.param("https://onboarding.s.unit.sh/form/1", True, id="https"),
        pytest.param("http://localhost:8000/emulator/application-form/1", True, id="http on this machine"),
        pytest.param("http://onboarding.s.unit.sh/form/1", False, id="http"),
        pytest.param("http://localhost.evil.example/", False, id="a host like localhost"),
        pytest.param("javascript:alert(1)", False, id="a script"),
        pytest.param("//evil.example", False, id="no scheme"),
    ],
)
def test_only_a_link_that_is_fit_for_visitors_is_shown(url: str, is_fit: bool) -> None:
    form = {
        "id": "1",
        "links": {"related": {"href": url}},
        "attributes": {"applicationFormToken": {"expiration": "2026-06-02T12:00:00.000Z"}},
    }

    if is_fit:
        assert HostedForm.read(form).url == url
    else:
        with pytest.raises(ServiceUnavailable):
            HostedForm.read(form)
