"""A code that the bank texts: another way to step up, for cards only."""

from __future__ import annotations

import json
import time
from dataclasses import replace

import pytest
import requests
import time_machine

from extras.unit_sms.texts import Texts
from services.signals import security_event, upstream_call

from ..fake_network import FakeNetwork, unit_refusal
from ..identity import SANDBOX_CODE, another_browser, carried, press_text_me, step_up_by_text, switch_method, type_code
from ..inside import request_of
from ..visitor import Visitor

pytestmark = pytest.mark.usefixtures("texts")
WRONG = "That code is not right. Enter the six digits from the newest text message."
EXPIRED = "That code was already used or has expired. Ask for another one."


@pytest.fixture
def texted(customer: Visitor) -> Visitor:
    """A customer who wanted to see the cards, and has asked for a text instead."""
    customer.get("/cards/list")
    customer.follow()
    press_text_me(customer)
    return customer


def test_the_bank_texts_a_code_instead(texted: Visitor) -> None:
    assert texted.page.heading == "Confirm it’s you"
    assert texted.page.one("#status").text() == "Your bank sent you a code by text."
    assert "Enter it to see your cards" in texted.page.text
    assert "Nothing is sent in Unit’s sandbox: the code is 000001" in texted.page.text


def test_the_right_code_continues_where_one_was(texted: Visitor) -> None:
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
    assert asked.one("hx-partial[hx-target='#status']").text() == "Your bank sent you a code by text."
    assert json.loads(confirmed.response.headers["HX-Trigger"]) == {"stepup-done": {"source": "cards"}}
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


def test_one_may_switch_back_to_the_authenticator(texted: Visitor) -> None:
    page = switch_method(texted, "totp")

    assert "Enter a code from your authenticator to see your cards" in page.text
    assert texted.page.one("#step-up input[name=method]").attrs["value"] == "totp"


def test_only_customers_are_offered_a_text(enrolled: Visitor) -> None:
    offered = enrolled.get("/step-up").html.css("button[name=use]")

    assert offered == []
    assert enrolled.post("/step-up/method", {"use": "unit_sms"}).status == 400
    assert enrolled.post("/step-up", {"method": "unit_sms", "code": SANDBOX_CODE}).status == 400


def test_nothing_is_texted_or_opened_without_an_authenticator(stepped_up: Visitor) -> None:
    stepped_up.post("/totp/replace")  # removes the present one first

    assert stepped_up.post("/step-up/method", {"use": "unit_sms"}).goes_to == "/"
    assert stepped_up.post("/step-up", {"method": "unit_sms", "code": SANDBOX_CODE}).goes_to == "/"
    assert stepped_up.get("/cards/list").goes_to == "/"


def test_an_authenticator_that_was_removed_elsewhere_is_noticed_before_the_code_is_checked(
    texted: Visitor, clock: time_machine.Traveller
) -> None:
    other = another_browser(texted, clock)
    other.step_up()
    with request_of(other) as session:
        stytch = other.app.extensions["stytch"]
        for totp in stytch.sdk.users.get(session.user_id).totps:
            stytch.sdk.users.delete_totp(totp.totp_id)

    assert type_code(texted).goes_to == "/"
    assert texted.get("/cards/list").goes_to == "/"


def test_a_revoked_session_exchanges_no_code(texted: Visitor, clock: time_machine.Traveller) -> None:
    form = texted.page
    other = another_browser(texted, clock)
    texted.get("/cards/list")
    with request_of(other) as session:
        for each in texted.app.extensions["stytch"].sdk.sessions.get(session.user_id).sessions:
            if each.session_id != session.session_id:
                texted.app.extensions["stytch"].sdk.sessions.revoke(each.session_id)
    texted.page = form

    assert type_code(texted).goes_to == "/"


def test_without_a_session_no_code_is_sent(visitor: Visitor, calls: list[str]) -> None:
    assert visitor.post("/step-up/method", {"use": "unit_sms"}).goes_to == "/"
    assert not [call for call in calls if "verification" in call]


def test_what_the_code_belongs_to_never_reaches_the_page(texts: Texts, customer: Visitor) -> None:
    customer.get("/step-up")

    body = press_text_me(customer).body
    (text,) = texts._texts.values()

    assert text.verification_token not in body
    assert text.verification_token not in repr(text)
    assert text.verification_token not in (customer.cookie("forms") or "")


@pytest.mark.parametrize("typed", ["", "00001", "0000011", "00000a", "١٢٣٤٥٦"])
def test_a_malformed_code_is_explained_and_never_sent(texted: Visitor, calls: list[str], typed: str) -> None:
    calls.clear()

    page = type_code(texted, typed)

    assert (page.status, page.error_of("code")) == (422, "Enter the six digits from the text message.")
    assert not [call for call in calls if call.endswith("/token")]


def test_a_wrong_code_is_explained_and_the_text_still_counts(texted: Visitor) -> None:
    page = type_code(texted, "123456")

    assert (page.status, page.error_of("code")) == (422, WRONG)
    assert type_code(texted).goes_to == "/cards/list"


def test_a_wrong_code_is_known_by_the_status_alone(texted: Visitor, network: FakeNetwork) -> None:
    network.set("POST .*/token", unit_refusal(400, "a code of tomorrow"))

    page = type_code(texted, "123456")

    assert (page.status, page.error_of("code")) == (422, WRONG)


def test_while_the_bank_is_down_the_text_keeps_its_tries(texts: Texts, texted: Visitor, network: FakeNetwork) -> None:
    form = texted.page
    network.set("POST .*/token")
    down = type_code(texted)
    network.clear()
    texted.page = form

    assert (down.status, [text.tries for text in texts._texts.values()]) == (503, [5])
    assert type_code(texted).goes_to == "/cards/list"


def test_a_text_expires_after_ten_minutes(texted: Visitor, clock: time_machine.Traveller) -> None:
    clock.shift(601)

    page = type_code(texted)

    assert (page.status, page.error_of("code")) == (422, EXPIRED)


def test_a_text_works_once(texted: Visitor) -> None:
    form = texted.page
    type_code(texted)
    texted.page = form

    page = type_code(texted)

    assert (page.status, page.error_of("code")) == (422, EXPIRED)


def test_a_second_text_voids_the_first(texted: Visitor) -> None:
    sent: list[str] = []

    def overhear(_app: object, *, request: requests.PreparedRequest, **_: object) -> None:
        if str(request.url).endswith("/token"):
            sent.append(json.loads(request.body or b"")["data"]["attributes"]["verificationToken"])

    with upstream_call.connected_to(overhear, sender=texted.app):
        type_code(texted, "123456")
        press_text_me(texted)
        type_code(texted)

    assert len(set(sent)) == 2


def test_a_text_that_this_process_has_lost_takes_another_one(texts: Texts, texted: Visitor) -> None:
    texts._texts.clear()

    page = type_code(texted)
    press_text_me(texted)

    assert page.error_of("code") == EXPIRED
    assert type_code(texted).goes_to == "/cards/list"


def test_a_code_is_of_no_use_in_another_session(texted: Visitor, clock: time_machine.Traveller) -> None:
    other = another_browser(texted, clock)

    page = other.post("/step-up", {"method": "unit_sms", "code": SANDBOX_CODE})

    assert page.error_of("code") == EXPIRED
    assert other.get("/cards/list").asks_for_a_code


def test_five_wrong_codes_make_one_wait_and_the_text_is_void(texted: Visitor, clock: time_machine.Traveller) -> None:
    for _ in range(5):
        type_code(texted, "123456")

    waits = type_code(texted)
    clock.shift(301)
    after = type_code(texted)

    assert waits.status == 429
    assert waits.error_of("code").startswith("Too many wrong codes. For your safety, wait 5 minutes")
    assert after.error_of("code") == EXPIRED


def test_wrong_texted_codes_do_not_count_for_the_authenticator(texted: Visitor) -> None:
    for _ in range(5):
        type_code(texted, "123456")

    assert type_code(texted).status == 429
    assert texted.step_up().goes_to


def test_right_texted_codes_lock_nobody_out(texted: Visitor, clock: time_machine.Traveller) -> None:
    for _ in range(6):
        assert type_code(texted).status == 303
        clock.shift(605)
        texted.post("/logout")
        texted.sign_in()
        texted.get("/step-up")
        press_text_me(texted)

    assert type_code(texted).status == 303


def test_a_phone_gets_three_texts_in_ten_minutes(texted: Visitor, clock: time_machine.Traveller) -> None:
    again = [press_text_me(texted).status for _ in range(2)]

    page = press_text_me(texted)
    still_good = type_code(texted)
    clock.shift(601)
    texted.get("/step-up")

    assert again == [200, 200]
    assert (page.status, page.error_of("code").partition(".")[0]) == (429, "You can get three codes in ten minutes")
    assert still_good.goes_to == "/cards/list"
    assert press_text_me(texted).status == 200


def test_it_lasts_as_long_as_a_step_up(texted: Visitor, clock: time_machine.Traveller) -> None:
    type_code(texted)
    clock.shift(599)
    assert texted.get("/cards/list").status == 200

    clock.shift(2)

    assert texted.get("/cards/list").asks_for_a_code


def test_it_lasts_no_longer_than_the_session(texts: Texts, customer: Visitor, clock: time_machine.Traveller) -> None:
    clock.shift(3500)
    step_up_by_text(customer)

    (token,) = texts._proofs.values()

    assert token.expires_at - 100 == time.time()


def test_it_changes_cards_too(texted: Visitor) -> None:
    type_code(texted)
    texted.follow()

    page = texted.submit("/cards", kind="virtual")

    assert page.goes_to == "/cards/list"


def test_it_opens_nothing_in_another_session(texted: Visitor, clock: time_machine.Traveller) -> None:
    type_code(texted)

    assert another_browser(texted, clock).get("/cards/list").asks_for_a_code


def test_a_token_that_the_bank_no_longer_accepts_asks_for_another_code(texts: Texts, texted: Visitor) -> None:
    type_code(texted)
    for cache in (texted.app.extensions["exchange"]._tokens, texts._proofs):
        for key, token in list(cache.items()):
            cache[key] = replace(token, value="v2.public.gone")

    page = texted.get("/cards/list")

    assert page.asks_for_a_code
    assert texted.follow().html.css("#step-up button[name=use]")
    assert "Confirm it’s you" in texted.get("/").one("nav [aria-current=step]").text()
    texted.get("/cards/list")
    texted.follow()
    press_text_me(texted)
    type_code(texted)
    assert texted.follow().heading == "Your cards"


def test_signing_out_drops_text_and_proof(texts: Texts, texted: Visitor) -> None:
    type_code(texted)
    texted.get("/step-up")
    press_text_me(texted)
    before = (len(texts._texts), len(texts._proofs))

    texted.post("/logout")

    assert before == (1, 1)
    assert (len(texts._texts), len(texts._proofs)) == (0, 0)


def test_texts_and_codes_are_in_the_security_log(customer: Visitor) -> None:
    events: list[tuple[str, str]] = []

    def note(_app: object, *, event: str, outcome: str, action: str | None, user_id: str | None) -> None:
        if action in {"send_sms_code", "verify_sms_code"}:
            assert (event, (user_id or "")[:10]) == ("step-up", "user-test-")
            events.append((action, outcome))

    with security_event.connected_to(note, sender=customer.app):
        customer.get("/step-up")
        press_text_me(customer)
        type_code(customer, "123456")
        type_code(customer)

    assert events == [("send_sms_code", "ok"), ("verify_sms_code", "wrong_code"), ("verify_sms_code", "ok")]


def test_real_customers_get_no_hint_about_the_code(texted: Visitor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(texted.app.jinja_env.globals, "unit_sms_sandbox", False)

    assert SANDBOX_CODE not in type_code(texted, "123456").text
