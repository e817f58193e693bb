"""Step-up: a fresh code before anything that matters; then the interrupted request continues."""

from __future__ import annotations

import json
from urllib.parse import quote

import pytest
import time_machine
from itsdangerous import URLSafeSerializer

from blueprints.step_up import NO_ID

from .identity import carried
from .visitor import EMAIL, Page, Visitor


@pytest.fixture
def code(customer: Visitor) -> str:
    """The code that the customer's authenticator shows."""
    return customer.code()


def dialog(visitor: Visitor) -> Page:
    """Return the dialog that the list of cards gets."""
    return visitor.get("/cards/list", htmx=True, HX_Source="div#cards", HX_Target="div#cards")


@pytest.mark.parametrize("htmx", [False, True], ids=["page", "htmx"])
@pytest.mark.parametrize("url", ["/cards/list", "/cards/list?with=a+query"])
def test_cards_need_a_fresh_code_which_on_its_own_page_continues_to_the_requested_url(
    customer: Visitor, code: str, url: str, htmx: bool
) -> None:
    asked = customer.get(url)
    said = customer.follow().text

    page = customer.submit("/step-up", htmx=htmx, step_up_code=code)

    assert asked.asks_for_a_code
    assert "Enter a code from your authenticator to see your cards" in said
    assert page.goes_to == url
    assert customer.follow().status == 200


def test_htmx_gets_a_dialog_that_names_the_purpose_and_the_element_to_repeat(customer: Visitor) -> None:
    page = dialog(customer)

    assert page.status == 403
    assert page.response.headers["HX-Retarget"] == "#dialogs"
    assert "see your cards" in page.one("dialog").text()
    assert page.one("dialog input[name=step_up_source]").attrs["value"] == "cards"
    assert page.one("hx-partial[hx-target='#cards'] button").text() == "Enter a code"


@pytest.mark.parametrize(
    ("source", "resumed"),
    [
        ("div#cards", "cards"),
        ("h2#Show_1", "Show_1"),
        ("my-card#a-b", "a-b"),
        ("button", NO_ID),
        ("", NO_ID),
        ('div#x"], [y="', NO_ID),
        ("div#a,b", NO_ID),
    ],
)
def test_an_element_with_a_plain_id_is_resumed(customer: Visitor, code: str, source: str, resumed: str) -> None:
    page = customer.get("/cards/list", htmx=True, HX_Source=source, HX_Target="div#a,b")

    assert page.html.css("hx-partial") == []  # a place that was loading, if its id is plain
    assert page.one("input[name=step_up_source]").attrs["value"] == resumed
    confirmed = customer.submit("/step-up", htmx=True, step_up_code=code)
    assert json.loads(confirmed.response.headers["HX-Trigger"]) == {"stepup-done": {"source": resumed}}
    assert customer.get("/cards/list", htmx=True).status == 200


@pytest.mark.parametrize(
    ("is_used", "error"),
    [
        pytest.param(False, "That code is wrong.", id="wrong"),
        pytest.param(True, "That code was already used. Wait for the next one, then enter it.", id="used"),
    ],
)
def test_a_wrong_or_used_code_keeps_the_dialog(customer: Visitor, code: str, is_used: bool, error: str) -> None:
    customer.post("/step-up", {"step_up_code": code})
    asked = carried(customer.get("/step-up"))

    page = customer.post(
        "/step-up", asked | {"step_up_source": "cards", "step_up_code": code if is_used else "000000"}, htmx=True
    )

    assert page.status == 422
    assert page.one("form").attrs["id"] == "step-up"
    assert page.one("input[name=step_up_source]").attrs["value"] == "cards"
    assert page.error_of("step_up_code").startswith(error)


def test_after_too_many_wrong_codes_the_dialog_says_how_long_to_wait_and_further_ones_do_not_extend_it(
    customer: Visitor, clock: time_machine.Traveller
) -> None:
    waits = [
        customer.post("/step-up", {"step_up_code": "000000", "step_up_source": "cards"}, htmx=True) for _ in range(25)
    ]
    clock.shift(301)

    assert [page.status for page in waits] == [422] * 5 + [429] * 20
    assert waits[5].error_of("step_up_code").startswith("You entered too many wrong codes. Wait 5 minutes")
    assert waits[5].one("input[name=step_up_source]").attrs["value"] == "cards"
    assert customer.post("/step-up", {"step_up_code": "000000"}).status == 422


def test_a_step_up_lasts_ten_minutes(stepped_up: Visitor, clock: time_machine.Traveller) -> None:
    clock.shift(599)
    assert stepped_up.get("/cards/list").status == 200

    clock.shift(2)

    assert stepped_up.get("/cards/list").asks_for_a_code


def test_a_fresh_link_is_not_a_step_up(stepped_up: Visitor, clock: time_machine.Traveller) -> None:
    clock.shift(601)
    stepped_up.post("/login", {"email": EMAIL})
    stepped_up.get(stepped_up.newest_link())
    stepped_up.submit("/login/authenticate")

    assert stepped_up.get("/cards/list").asks_for_a_code


def test_a_step_up_does_not_extend_the_session(stepped_up: Visitor, clock: time_machine.Traveller) -> None:
    clock.shift(3500)
    stepped_up.step_up()
    clock.shift(101)

    assert stepped_up.get("/cards").goes_to == "/"


def test_without_script_an_interrupted_form_is_sent_again_whole_and_carried_out_once(
    stepped_up: Visitor, clock: time_machine.Traveller
) -> None:
    form = stepped_up.get("/cards/list")
    clock.shift(601)
    code = stepped_up.code()
    stepped_up.page = form

    asked = stepped_up.submit("/cards", kind="virtual")
    confirmed = stepped_up.submit("/step-up", step_up_code=code)
    for _ in range(2):
        stepped_up.post("/cards", carried(asked))

    assert asked.status == 403
    assert carried(asked)["kind"] == "virtual"
    assert (confirmed.status, confirmed.goes_to) == (307, "/cards")
    assert len(stepped_up.get("/cards/list").html.css("article.plastic")) == 1


def test_a_carried_form_keeps_fields_named_as_the_step_ups_own_and_fields_that_occur_twice(
    customer: Visitor, code: str
) -> None:
    names = ["code", "method", "source", "use", "pending", "shop"]
    token = customer.csrf_token()
    asked = customer.client.post("/cards", data={name: ["a", "b"] for name in names} | {"csrf_token": token})
    html = Page(asked).html

    customer.page = Page(asked)
    confirmed = customer.submit("/step-up", step_up_code=code)

    sent = [(str(field.attrs["name"]), field.attrs["value"]) for field in html.css("#step-up input[type=hidden]")]
    assert [field for field in sent if field[0] in names] == [(name, value) for name in names for value in "ab"]
    assert confirmed.status == 307


def test_two_tabs_each_say_what_their_own_code_is_for(customer: Visitor, code: str) -> None:
    customer.get("/cards/list")
    first = customer.follow()
    customer.get("/cards/10001?ending=1234")
    second = customer.follow()

    customer.page = first
    wrong = customer.submit("/step-up", step_up_code="000000")
    page = customer.submit("/step-up", step_up_code=code)

    assert "see the card ending in 1234" in second.text
    assert "see your cards" in wrong.text
    assert page.goes_to == "/cards/list"


@pytest.mark.parametrize("pending", ["", "x", "eyJwdXJwb3NlIjoiIn0.x", "é"])
def test_a_purpose_that_we_did_not_sign_is_ignored(customer: Visitor, pending: str) -> None:
    page = customer.get(f"/step-up?pending={quote(pending)}")

    assert "Enter a code from your authenticator to continue" in page.text


def test_a_purpose_is_valid_in_one_session_only(customer: Visitor) -> None:
    stranger = Visitor(customer.app)
    stranger.sign_in("mallory@example.com")
    stranger.enroll()
    url = customer.get("/cards/list").goes_to or ""

    assert "see your cards" in customer.get(url).text
    assert "to continue" in stranger.get(url).text


def test_resuming_never_leads_out_of_the_app(customer: Visitor, code: str) -> None:
    forged = URLSafeSerializer("guessed", salt="step-up").dumps({"form": "https://evil.example/cards"})
    customer.get("/step-up")

    page = customer.post("/step-up", {"step_up_code": code, "step_up_pending": str(forged)})

    assert (page.status, page.goes_to) == (303, "/")


def test_a_user_without_an_authenticator_is_not_asked_for_a_code(signed_in: Visitor) -> None:
    assert signed_in.get("/step-up").goes_to == "/"


def test_after_a_new_sign_in_no_abandoned_step_up_is_resumed(customer: Visitor, clock: time_machine.Traveller) -> None:
    customer.get("/cards/list")
    customer.follow()
    clock.shift(3601)
    customer.get("/step-up")

    assert customer.sign_in().goes_to == "/"
