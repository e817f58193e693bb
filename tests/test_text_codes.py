"""A code that the bank texts: the other way to a step-up, for cards only."""

from __future__ import annotations

import json
import time

import pytest
import time_machine
from flask import Flask

from .conftest import Visitor
from .identity import SANDBOX_CODE, another_browser, carried, press_text_me, type_code

WRONG = "That code is not right. Enter the six digits that the newest text shows."
OVER = "That text is over: it was used, or is older than ten minutes. Ask for another one."


@pytest.fixture
def texted(customer: Visitor) -> Visitor:
    """A customer who wanted to see the cards, and has asked for a text instead."""
    customer.get("/cards/list")
    customer.follow()
    press_text_me(customer)
    return customer


def held_texts(app: Flask) -> dict[str, object]:
    texts: dict[str, object] = app.extensions["exchange"]._texts._entries
    return texts


def test_the_bank_texts_a_code_instead(texted: Visitor) -> None:
    assert texted.page.heading == "Confirm it’s you"
    assert "The bank has sent a text" in texted.page.text
    assert "Enter its code to see your cards" in texted.page.text
    assert "Nothing is sent in Unit’s sandbox: the code is 000001" in texted.page.text


def test_the_right_code_goes_on_to_where_one_was(texted: Visitor) -> None:
    page = type_code(texted)

    assert page.goes_to == "/cards/list"
    assert texted.follow().heading == "Your cards"
    assert "Use your card" in texted.get("/").one("nav [aria-current=step]").text()


def test_in_the_dialog_htmx_repeats_the_element_that_asked(customer: Visitor) -> None:
    customer.get("/cards/list", htmx=True, HX_Source="div#cards", HX_Target="div#cards")

    asked = press_text_me(customer, htmx=True)
    confirmed = type_code(customer, htmx=True)

    assert asked.one("form").attrs["id"] == "step-up"
    assert asked.one("input[name=source]").attrs["value"] == "cards"
    assert asked.one("hx-partial[hx-target='#status']").text() == "The bank has sent you a text."
    assert json.loads(confirmed.response.headers["HX-Trigger"]) == {"stepup-done": {"target": "#cards"}}
    assert customer.get("/cards/list", htmx=True).status == 200


def test_without_script_an_interrupted_form_is_sent_again_whole(
    stepped_up: Visitor, clock: time_machine.Traveller
) -> None:
    stepped_up.get("/cards/list")
    clock.shift(601)
    stepped_up.submit("/cards", kind="virtual")

    asked = press_text_me(stepped_up)
    fields = carried(asked)
    confirmed = type_code(stepped_up)
    stepped_up.post("/cards", fields)

    assert fields["kind"] == "virtual"
    assert (confirmed.status, confirmed.goes_to) == (307, "/cards")
    assert len(stepped_up.get("/cards/list").html.css("article.plastic")) == 1


def test_one_may_go_back_to_the_authenticator(texted: Visitor) -> None:
    link = texted.page.one("#step-up .other-ways a")

    assert texted.get(str(link.attrs["href"])).one("form#step-up").attrs["action"] == "/step-up"


def test_only_customers_are_offered_a_text(enrolled: Visitor) -> None:
    offered = enrolled.get("/step-up").html.css("button[formaction]")

    assert offered == []
    assert enrolled.post("/step-up/text").goes_to == "/customer"
    assert enrolled.post("/step-up/text/confirm", {"code": SANDBOX_CODE}).goes_to == "/customer"


def test_a_stranger_is_sent_no_text(visitor: Visitor) -> None:
    assert visitor.post("/step-up/text").goes_to == "/"


def test_what_the_code_belongs_to_never_reaches_the_page(app: Flask, customer: Visitor) -> None:
    held_texts(app).clear()
    customer.get("/step-up")

    body = press_text_me(customer).response.get_data(as_text=True)
    (text,) = held_texts(app).values()
    token = text.verification_token  # type: ignore[attr-defined]

    assert token not in body
    assert token not in repr(text)
    assert token not in (customer.cookie("forms") or "")


@pytest.mark.parametrize("typed", ["", "00001", "0000011", "00000a", "١٢٣٤٥٦"])
def test_a_malformed_code_is_explained_and_never_sent(texted: Visitor, typed: str) -> None:
    page = type_code(texted, typed)

    assert (page.status, page.error_of("code")) == (422, "Enter the six digits that the text shows.")


def test_a_wrong_code_is_explained_and_the_text_still_good(texted: Visitor) -> None:
    page = type_code(texted, "123456")

    assert (page.status, page.error_of("code")) == (422, WRONG)
    assert type_code(texted).goes_to == "/cards/list"


def test_a_text_is_over_after_ten_minutes(texted: Visitor, clock: time_machine.Traveller) -> None:
    clock.shift(601)

    page = type_code(texted)

    assert (page.status, page.error_of("code")) == (422, OVER)


def test_a_text_works_once(texted: Visitor) -> None:
    form = texted.page
    type_code(texted)
    texted.page = form

    page = type_code(texted)

    assert (page.status, page.error_of("code")) == (422, OVER)


def test_a_text_that_this_process_has_lost_takes_another_one(app: Flask, texted: Visitor) -> None:
    held_texts(app).clear()

    page = type_code(texted)
    press_text_me(texted)

    assert page.error_of("code") == OVER
    assert type_code(texted).goes_to == "/cards/list"


def test_a_code_is_of_no_use_in_another_session(texted: Visitor, clock: time_machine.Traveller) -> None:
    other = another_browser(texted, clock)

    page = other.post("/step-up/text/confirm", {"code": SANDBOX_CODE})

    assert page.error_of("code") == OVER
    assert other.get("/cards/list").asks_for_a_code


def test_five_wrong_codes_make_one_wait_and_the_text_is_over(texted: Visitor, clock: time_machine.Traveller) -> None:
    for _ in range(5):
        type_code(texted, "123456")

    waits = type_code(texted)
    clock.shift(301)
    after = type_code(texted)

    assert waits.status == 429
    assert waits.error_of("code").startswith("Too many wrong codes. For your safety, wait 5 minutes")
    assert after.error_of("code") == OVER


def test_who_guesses_at_texted_codes_says_nothing_about_the_authenticators(texted: Visitor) -> None:
    for _ in range(5):
        type_code(texted, "123456")

    assert texted.post("/step-up/text/confirm", {"code": SANDBOX_CODE}).status == 429
    assert texted.step_up().goes_to


def test_right_texted_codes_lock_nobody_out(texted: Visitor, clock: time_machine.Traveller) -> None:
    for _ in range(6):
        assert type_code(texted).status == 303
        clock.shift(605)
        texted.post("/logout")
        texted.sign_in()
        texted.post("/step-up/text")

    assert type_code(texted).status == 303


def test_a_phone_gets_three_texts_in_ten_minutes(texted: Visitor, clock: time_machine.Traveller) -> None:
    again = [press_text_me(texted).status for _ in range(2)]

    page = press_text_me(texted)
    still_good = type_code(texted)
    clock.shift(601)

    assert again == [200, 200]
    assert (page.status, page.error_of("code").partition(".")[0]) == (429, "Those were three texts in ten minutes")
    assert still_good.goes_to == "/cards/list"
    assert texted.post("/step-up/text").status == 200


def test_it_lasts_as_long_as_a_step_up(texted: Visitor, clock: time_machine.Traveller) -> None:
    type_code(texted)
    clock.shift(599)
    assert texted.get("/cards/list").status == 200

    clock.shift(2)

    assert texted.get("/cards/list").asks_for_a_code


def test_it_lasts_no_longer_than_the_session(app: Flask, customer: Visitor, clock: time_machine.Traveller) -> None:
    app.extensions["exchange"]._tokens._entries.clear()
    clock.shift(3500)
    customer.post("/step-up/text")
    type_code(customer)

    (held,) = app.extensions["exchange"]._tokens._entries.values()

    assert held.expires_at - 100 == time.time()


def test_it_changes_cards_too(texted: Visitor) -> None:
    type_code(texted)
    texted.follow()

    page = texted.submit("/cards", kind="virtual")

    assert page.goes_to == "/cards/list"


def test_a_text_shows_no_card_number_but_asks_for_the_authenticator(texted: Visitor) -> None:
    type_code(texted)
    texted.follow()
    texted.submit("/cards", kind="virtual")
    card = str(texted.get("/cards/list").one("a.manage").attrs["href"])

    page = texted.get(f"{card.partition('?')[0]}/reveal")

    assert page.asks_for_a_code
    assert texted.follow().html.css("#step-up button[formaction]") == []


def test_a_token_that_the_bank_no_longer_takes_asks_for_another_code(app: Flask, texted: Visitor) -> None:
    type_code(texted)
    entries = app.extensions["exchange"]._tokens._entries
    for key, held in list(entries.items()):
        entries[key] = type(held)("v2.public.gone", held.expires_at, held.by_text)

    page = texted.get("/cards/list")

    assert page.asks_for_a_code
    assert texted.follow().html.css("#step-up button[formaction]")
