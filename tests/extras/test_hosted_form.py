"""Opening the account on a page of the bank's own."""

from __future__ import annotations

from contextlib import nullcontext
from urllib.parse import urlsplit

import pytest
import time_machine
from flask import Flask

from extras.hosted_form.forms import HostedForm
from services.errors import ServiceUnavailable
from services.unit_client import org_client

from ..fake_network import FakeNetwork, Overheard, attributes_of
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


@pytest.mark.parametrize("htmx", [False, True], ids=["plain", "htmx"])
def test_asking_for_it_gives_a_link_to_a_page_of_the_bank_s(enrolled: Visitor, htmx: bool) -> None:
    offered = enrolled.get("/customer").one("form[action='/customer/hosted'] button").text()

    page = enrolled.submit("/customer/hosted", htmx=htmx)

    link = str(page.one("#application a.button:not(.quiet)").attrs["href"])
    assert offered == "Use the bank’s form instead"
    assert (page.status, page.heading) == (200, "The bank’s form is ready")
    assert link.startswith("http://localhost:8000/emulator/application-form/")


def test_the_server_says_who_the_account_will_belong_to(enrolled: Visitor, overheard: Overheard) -> None:
    ask_for_form(enrolled)

    (request,) = [request for request, _ in overheard if str(request.url).endswith("/application-forms")]
    attributes = attributes_of(request)
    user_id = attributes["tags"]["stytch_user_id"]
    assert request.headers["X-Accept-Version"] == "V2024_06"
    assert user_id.startswith("user-test-")
    assert attributes["applicantDetails"] == {"applicationType": "Individual", "email": EMAIL, "jwtSubject": user_id}
    assert attributes["settingsOverride"] == {"redirectUrl": f"http://localhost:8000{WAITING}/0"}
    assert attributes["idempotencyKey"]


def test_the_bank_s_form_is_filled_in_with_what_was_typed_into_ours(enrolled: Visitor, overheard: Overheard) -> None:
    typed = PERSON | {"first_name": "Grace", "date_of_birth": "tomorrow", "nationality": "FR", "passport": "A1234567"}

    link = enrolled.post("/customer/hosted", typed, htmx=True).one("#application a.button:not(.quiet)").attrs["href"]
    page = enrolled.get(urlsplit(str(link)).path)

    (request,) = [request for request, _ in overheard if str(request.url).endswith("/application-forms")]
    details = attributes_of(request)["applicantDetails"]
    assert details["fullName"] == {"first": "Grace", "last": "Vance"}
    assert (details["phone"]["number"], details["address"]["state"]) == ("5555550101", "CA")
    assert details["occupation"] == PERSON["occupation"]
    assert not {"dateOfBirth", "ssn", "passport", "nationality"} & details.keys()  # the link opens the form to anyone
    assert page.one("#fullName-first").attrs["value"] == "Grace"


def test_an_approved_form_leads_back_and_on_to_the_cards(enrolled: Visitor) -> None:
    form = ask_for_form(enrolled)
    prefilled = enrolled.get(form)
    back = fill_in(enrolled, form, jwtSubject="user-test-another", tags="{}").goes_to or ""  # chooses no other owner

    assert prefilled.heading == "Bank application (demo)"
    assert [prefilled.one(f"#{name}").attrs["value"] for name in ("email", "fullName-first")] == [EMAIL, "Ada"]
    assert urlsplit(back).path == f"{WAITING}/0"
    assert enrolled.get(f"{WAITING}/0").goes_to == "/customer"
    enrolled.follow()
    assert enrolled.submit("/customer/status").goes_to == "/cards"
    assert enrolled.get("/cards/list").status == 200
    assert applications(enrolled) == ["Approved"]
    assert enrolled.post("/customer/hosted").goes_to == "/cards"


def test_a_form_under_review_waits_like_ours_and_is_one_application_however_often_one_applies(
    enrolled: Visitor,
) -> None:
    form = ask_for_form(enrolled)
    first = fill_in(enrolled, form, ssn="000-00-0004")
    again = fill_in(enrolled, form)
    enrolled.get(f"{WAITING}/0")

    assert first.goes_to == again.goes_to
    assert enrolled.follow().heading == "Under review"
    assert enrolled.post("/customer/hosted").goes_to == "/customer"
    enrolled.post("/customer", PERSON)
    assert applications(enrolled) == ["PendingReview"]


def test_coming_back_too_early_waits_until_the_bank_has_the_form(enrolled: Visitor) -> None:
    form = ask_for_form(enrolled)

    page = enrolled.get(f"{WAITING}/0")

    assert page.heading == "Waiting for the bank"
    assert page.one("#application").attrs["hx-get"] == f"{WAITING}/0"
    assert page.one("noscript a").attrs["href"] == f"{WAITING}/0"
    fill_in(enrolled, form)
    assert enrolled.get(f"{WAITING}/0", htmx=True).goes_to == "/customer"


def test_after_a_refusal_the_next_form_is_another_one_and_is_waited_for(enrolled: Visitor) -> None:
    first = ask_for_form(enrolled)
    fill_in(enrolled, first, ssn="000-00-0001")
    enrolled.get("/customer?again=1")
    second = str(enrolled.submit("/customer/hosted").one("#application a.button:not(.quiet)").attrs["href"])

    waiting = enrolled.get(f"{WAITING}/1").heading
    fill_in(enrolled, urlsplit(second).path)

    assert urlsplit(second).path != first
    assert waiting == "Waiting for the bank"
    assert enrolled.get(f"{WAITING}/1").goes_to == "/customer"
    assert applications(enrolled) == ["Approved", "Denied"]


def test_a_link_that_has_expired_is_replaced(enrolled: Visitor, clock: time_machine.Traveller) -> None:
    old = ask_for_form(enrolled)
    clock.shift(23 * 3600)
    enrolled.sign_in()
    enrolled.step_up()
    same = ask_for_form(enrolled)
    clock.shift(2 * 3600)
    enrolled.sign_in()
    enrolled.step_up()

    new = ask_for_form(enrolled)

    assert same == old != new  # asking again gives the same form while its link is good
    assert enrolled.get(old).status == 404
    assert enrolled.get(new).status == 200


def test_the_bank_s_form_after_ours_makes_nobody_another_customer(enrolled: Visitor) -> None:
    form = ask_for_form(enrolled)
    enrolled.post("/customer", PERSON)
    first = customer_id(enrolled)

    fill_in(enrolled, form)
    back = enrolled.get(f"{WAITING}/0")

    assert back.goes_to == "/customer"
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
    enrolled.submit("/customer/status")

    with request_of(enrolled) as session:
        approved = org_client.applications(session.user_id)[-1]
    assert crashed.status == 503
    assert session.customer_id == approved.customer_id


def test_a_customer_waits_for_no_other_application(enrolled: Visitor) -> None:
    form = ask_for_form(enrolled)
    enrolled.post("/customer", PERSON | {"ssn": "000000004"})
    fill_in(enrolled, form)

    page = enrolled.post("/customer/status")

    assert page.goes_to == "/cards"
    assert applications(enrolled) == ["Approved", "PendingReview"]


@pytest.mark.parametrize(
    ("earlier", "status"),
    [("x", 404), ("-1", 404), ("9" * 20, 200), ("9" * 21, 404), ("", 404)],
    ids=["word", "negative", "huge", "too long", "no"],
)
def test_a_number_that_makes_no_sense_is_handled(enrolled: Visitor, earlier: str, status: int) -> None:
    assert enrolled.get(f"{WAITING}/{earlier}").status == status


@pytest.mark.parametrize(
    ("field", "typed"),
    [("ssn", "12"), ("email", "nobody"), ("dateOfBirth", "tomorrow"), ("address-state", "Cal"), ("code", "123456")],
)
def test_the_bank_s_form_says_what_is_wrong_and_keeps_what_was_typed(enrolled: Visitor, field: str, typed: str) -> None:
    page = fill_in(enrolled, ask_for_form(enrolled), **{field: typed, "address-city": "Berkeley"})

    assert page.status == 422
    assert page.error_of(field) == (
        "Wrong code. Enter 000001." if field == "code" else "The bank doesn’t accept this value."
    )
    assert page.one("#address-city").attrs["value"] == "Berkeley"
    assert applications(enrolled) == []


def test_a_full_bank_says_so_keeps_what_was_typed_and_decides_nothing(
    enrolled: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    form = ask_for_form(enrolled)
    enrolled.post("/customer", PERSON | {"ssn": "000-00-0004"})
    waiting = enrolled.get("/customer")
    decide = str(waiting.one("form.pretend").attrs["action"])
    monkeypatch.setattr("stytch_unit_emulator.store.MAX_RECORDS", 0)

    refused = fill_in(enrolled, form, **{"address-city": "Berkeley"})
    enrolled.page = waiting
    undecided = enrolled.submit(decide, {"decision": "approve"})

    assert refused.status == undecided.status == 507
    assert "You reached the demo’s storage limit" in refused.text
    assert refused.one("#address-city").attrs["value"] == "Berkeley"
    assert undecided.heading == "Storage limit reached"


def test_an_unknown_form_and_another_visitors_are_not_found(app: Flask, enrolled: Visitor) -> None:
    form = ask_for_form(enrolled)

    assert enrolled.get("/emulator/application-form/nothing").status == 404
    assert Visitor(app).get(form).status == 404
    assert Visitor(app).post(form, {"code": "000001"}).status == 404


@pytest.mark.parametrize(
    ("url", "is_fit"),
    [
        ("https://onboarding.s.unit.sh/form/1", True),
        ("http://localhost:8000/emulator/application-form/1", True),
        ("http://onboarding.s.unit.sh/form/1", False),
        ("http://localhost.evil.example/", False),
        ("javascript:alert(1)", False),
        ("//evil.example", False),
    ],
)
def test_only_a_link_that_is_fit_for_visitors_is_shown(url: str, is_fit: bool) -> None:
    token = {"expiration": "2026-06-02T12:00:00.000Z"}
    form = {"id": "1", "links": {"related": {"href": url}}, "attributes": {"applicationFormToken": token}}

    with nullcontext() if is_fit else pytest.raises(ServiceUnavailable):
        assert HostedForm.read(form).url == url


def test_a_user_asks_for_ten_hosted_forms_a_day(enrolled: Visitor) -> None:
    pages = [enrolled.post("/customer/hosted") for _ in range(11)]

    assert [page.status for page in pages] == [200] * 10 + [429]
    assert "Retry-After" in pages[-1].response.headers
