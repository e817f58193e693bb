"""Step-up: a fresh code before anything that matters, and what it interrupted goes on."""

from __future__ import annotations

import json
from urllib.parse import quote

import pytest
import time_machine
from itsdangerous import URLSafeSerializer

from .conftest import EMAIL, Page, Visitor
from .identity import carried


def interrupted(visitor: Visitor, clock: time_machine.Traveller) -> tuple[Page, str]:
    """What asks for a code when the form for a card is sent without script, too late; and the code."""
    form = visitor.get("/cards/list")
    clock.shift(601)
    code = visitor.code()
    visitor.page = form
    return visitor.submit("/cards", kind="virtual"), code


def test_cards_need_a_fresh_second_factor(customer: Visitor) -> None:
    page = customer.get("/cards/list")

    assert page.asks_for_a_code
    assert "Enter a code from your authenticator to see your cards" in customer.follow().text


def test_the_right_code_goes_on_to_where_one_was(customer: Visitor) -> None:
    code = customer.code()
    customer.get("/cards/list")
    customer.follow()

    page = customer.submit("/step-up", code=code)

    assert page.goes_to == "/cards/list"
    assert customer.follow().heading == "Your cards"


def test_htmx_gets_a_dialog_that_names_the_purpose_and_the_element_to_repeat(customer: Visitor) -> None:
    page = customer.get("/cards/list", htmx=True, HX_Source="div#cards", HX_Target="div#cards")

    assert page.status == 403
    assert page.response.headers["HX-Retarget"] == "#dialogs"
    assert "see your cards" in page.one("dialog").text()
    assert page.one("dialog input[name=source]").attrs["value"] == "cards"
    assert page.one("hx-partial[hx-target='#cards'] button").text() == "Enter a code"


def test_after_the_right_code_htmx_repeats_that_one_element(customer: Visitor) -> None:
    code = customer.code()
    customer.get("/cards/list", htmx=True, HX_Source="div#cards", HX_Target="div#cards")

    page = customer.submit("/step-up", htmx=True, code=code)

    assert json.loads(page.response.headers["HX-Trigger"]) == {"stepup-done": {"target": "#cards"}}
    assert customer.get("/cards/list", htmx=True).status == 200


def test_only_plain_ids_become_selectors(customer: Visitor) -> None:
    page = customer.get("/cards/list", htmx=True, HX_Source='div#x"], [y="', HX_Target="div#a,b")

    assert page.html.css("input[name=source]") == []
    assert page.html.css("hx-partial:not([hx-target^='#inspector'])") == []


def test_a_wrong_code_keeps_the_dialog(customer: Visitor) -> None:
    customer.get("/cards/list", htmx=True, HX_Source="div#cards", HX_Target="div#cards")

    page = customer.submit("/step-up", htmx=True, code="000000")

    assert page.status == 422
    assert page.one("form").attrs["id"] == "step-up"
    assert page.one("input[name=source]").attrs["value"] == "cards"
    assert page.error_of("code").startswith("That code is not right.")


def test_a_code_works_once(customer: Visitor) -> None:
    code = customer.code()
    customer.get("/step-up")
    customer.submit("/step-up", code=code)
    customer.get("/step-up")

    page = customer.submit("/step-up", code=code)

    assert page.status == 422
    assert page.error_of("code") == "That code was used already. Wait for the next one, then enter it."


def test_a_step_up_lasts_ten_minutes(stepped_up: Visitor, clock: time_machine.Traveller) -> None:
    clock.shift(599)
    assert stepped_up.get("/cards/list").status == 200

    clock.shift(2)

    assert stepped_up.get("/cards/list").asks_for_a_code


def test_a_fresh_link_is_no_step_up(stepped_up: Visitor, clock: time_machine.Traveller) -> None:
    clock.shift(601)
    stepped_up.post("/login", {"email": EMAIL})
    stepped_up.get(stepped_up.newest_link())
    stepped_up.submit("/login/authenticate")

    assert stepped_up.get("/cards/list").asks_for_a_code


def test_the_step_up_does_not_prolong_the_session(stepped_up: Visitor, clock: time_machine.Traveller) -> None:
    clock.shift(3500)
    stepped_up.step_up()
    clock.shift(101)

    assert stepped_up.get("/cards").goes_to == "/"


def test_without_script_an_interrupted_form_is_sent_again_whole(
    stepped_up: Visitor, clock: time_machine.Traveller
) -> None:
    asked, code = interrupted(stepped_up, clock)

    confirmed = stepped_up.submit("/step-up", code=code)

    assert asked.status == 403
    assert asked.one("input[name=kind]").attrs["value"] == "virtual"
    assert (confirmed.status, confirmed.goes_to) == (307, "/cards")


def test_the_interrupted_form_is_carried_out_once(stepped_up: Visitor, clock: time_machine.Traveller) -> None:
    asked, code = interrupted(stepped_up, clock)
    fields = carried(asked)
    stepped_up.submit("/step-up", code=code)

    stepped_up.post("/cards", fields)
    stepped_up.post("/cards", fields)

    assert len(stepped_up.get("/cards/list").html.css("article.plastic")) == 1


def test_two_tabs_each_say_what_their_own_code_is_for(customer: Visitor) -> None:
    customer.get("/cards/list")
    first = customer.follow()
    customer.get("/cards/activity")
    second = customer.follow()
    code = customer.code()

    customer.page = first
    wrong = customer.submit("/step-up", code="000000")
    page = customer.submit("/step-up", code=code)

    assert "see what happened on your account" in second.text
    assert "see your cards" in wrong.text
    assert page.goes_to == "/cards/list"


@pytest.mark.parametrize("intent", ["", "x", "eyJwdXJwb3NlIjoiIn0.x", "é"])
def test_words_that_are_not_ours_are_dropped(customer: Visitor, intent: str) -> None:
    page = customer.get(f"/step-up?intent={quote(intent)}")

    assert "Enter a code from your authenticator to go on" in page.text


def test_what_a_code_is_for_is_good_in_one_session_only(customer: Visitor) -> None:
    stranger = Visitor(customer.app)
    stranger.sign_in("mallory@example.com")
    stranger.enrol()
    url = customer.get("/cards/list").goes_to or ""

    assert "see your cards" in customer.get(url).text
    assert "to go on" in stranger.get(url).text


def test_resuming_never_leads_out_of_the_app(customer: Visitor) -> None:
    code = customer.code()
    forged = URLSafeSerializer("guessed", salt="step-up").dumps({"form": "https://evil.example/cards"})
    customer.get("/step-up")

    page = customer.post("/step-up", {"code": code, "intent": str(forged)})

    assert (page.status, page.goes_to) == (303, "/")


def test_somebody_without_an_authenticator_is_asked_for_no_code(signed_in: Visitor) -> None:
    assert signed_in.get("/step-up").goes_to == "/"


def test_the_page_after_the_code_is_the_very_one_that_was_asked_for(customer: Visitor) -> None:
    code = customer.code()
    customer.get("/cards/activity?start=10")
    customer.follow()

    assert customer.submit("/step-up", code=code).goes_to == "/cards/activity?start=10"


def test_whoever_signs_in_again_is_not_sent_to_a_dialog_for_nothing(
    customer: Visitor, clock: time_machine.Traveller
) -> None:
    customer.get("/cards/list")
    customer.follow()
    clock.shift(3601)
    customer.get("/step-up")
    customer.sign_in()

    assert customer.page.goes_to == "/"


def test_on_a_page_of_its_own_the_right_code_goes_on_with_script_too(customer: Visitor) -> None:
    code = customer.code()
    customer.get("/cards/list")
    customer.follow()

    page = customer.submit("/step-up", htmx=True, code=code)

    assert page.response.headers["HX-Redirect"] == "/cards/list"


def test_without_script_one_can_go_back_from_the_texted_code_with_all_that_was_typed(
    stepped_up: Visitor, clock: time_machine.Traveller
) -> None:
    asked, _code = interrupted(stepped_up, clock)
    fields = carried(asked)
    texted = stepped_up.post("/step-up/text", fields)

    back = stepped_up.post(str(texted.html.css("button[formaction]")[-1].attrs["formaction"]), fields)

    assert back.one("form#step-up").attrs["action"] == "/step-up"
    assert back.one("input[name=kind]").attrs["value"] == "virtual"
