"""A code that the bank texts: another way to step up, for cards only."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest
import time_machine

from extras.unit_sms.texts import Texts
from services.signals import security_event

from ..fake_network import FakeNetwork, Fault, Overheard, attributes_of, unit_refusal
from ..identity import SANDBOX_CODE, another_browser, press_text_me, step_up_by_text, type_code
from ..inside import request_of
from ..visitor import Page, Visitor

pytestmark = pytest.mark.usefixtures("texts")
WRONG = "That code is wrong. Enter the six digits from the newest text message."
EXPIRED = "That code was already used or has expired. Send another code."


@pytest.fixture
def texted(customer: Visitor) -> Visitor:
    """A customer who wanted to see the cards, and has asked for a text instead."""
    customer.get("/cards/list")
    customer.follow()
    press_text_me(customer)
    return customer


def test_the_bank_texts_a_code_instead(texted: Visitor) -> None:
    assert texted.page.heading == "Confirm it’s you"
    assert texted.page.one("#status").text() == "Your bank texted you a code."
    assert "Enter it to see your cards" in texted.page.text
    assert "In Unit’s sandbox, the code is always the same." in texted.page.one("#text-message").text()
    assert texted.page.one("button[data-field=step_up_code]").attrs["data-code"] == SANDBOX_CODE


def test_the_right_code_continues_where_one_was_and_opens_changes_to_cards_too(texted: Visitor) -> None:
    page = type_code(texted)

    assert page.goes_to == "/cards/list"
    assert texted.follow().heading == "Your cards"
    assert texted.submit("/cards", kind="virtual").goes_to == "/cards/list"
    assert texted.follow().status == 200


def test_only_customers_are_offered_a_text(enrolled: Visitor) -> None:
    offered = enrolled.get("/step-up").html.css("button[name=step_up_use]")

    assert offered == []
    assert enrolled.post("/step-up/method", {"step_up_use": "unit_sms"}).status == 400
    assert enrolled.post("/step-up", {"step_up_method": "unit_sms", "step_up_code": SANDBOX_CODE}).status == 400


def test_nothing_is_texted_or_opened_without_an_authenticator(stepped_up: Visitor) -> None:
    stepped_up.post("/totp/replace")  # removes the present one first

    assert stepped_up.post("/step-up/method", {"step_up_use": "unit_sms"}).goes_to == "/"
    assert stepped_up.post("/step-up", {"step_up_method": "unit_sms", "step_up_code": SANDBOX_CODE}).goes_to == "/"
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


def test_what_the_code_belongs_to_never_reaches_the_page(texts: Texts, customer: Visitor) -> None:
    customer.get("/step-up")

    body = press_text_me(customer).body
    (text,) = texts._texts.values()

    assert text.verification_token not in body
    assert text.verification_token not in repr(text)
    assert text.verification_token not in (customer.cookie("forms") or "")


@pytest.mark.parametrize("typed", ["", "00000a"])
def test_a_malformed_code_is_explained_and_never_sent(texted: Visitor, calls: list[str], typed: str) -> None:
    calls.clear()

    page = type_code(texted, typed)

    assert (page.status, page.error_of("step_up_code")) == (422, "Enter the six digits from the text message.")
    assert not [call for call in calls if call.endswith("/token")]


@pytest.mark.parametrize("reason", ["", "a code of tomorrow"], ids=["the emulator's", "unknown"])
def test_a_wrong_code_is_known_by_the_status_alone_and_the_text_still_counts(
    texted: Visitor, network: FakeNetwork, reason: str
) -> None:
    if reason:
        network.set("POST .*/token", unit_refusal(400, reason))

    page = type_code(texted, "123456")
    network.clear()

    assert (page.status, page.error_of("step_up_code")) == (422, WRONG)
    assert type_code(texted).goes_to == "/cards/list"


def test_while_the_bank_is_down_the_text_keeps_its_tries(texts: Texts, texted: Visitor, network: FakeNetwork) -> None:
    form = texted.page
    network.set("POST .*/token")
    down = type_code(texted)
    network.clear()
    texted.page = form

    assert (down.status, [text.tries for text in texts._texts.values()]) == (503, [5])
    assert type_code(texted).goes_to == "/cards/list"


@pytest.mark.parametrize("why", ["expired", "used", "lost"])
def test_a_text_that_is_used_expired_or_lost_takes_another_one(
    texts: Texts, texted: Visitor, clock: time_machine.Traveller, why: str
) -> None:
    form = texted.page
    if why == "used":
        type_code(texted)
    elif why == "expired":
        clock.shift(601)
    else:
        texts._texts.clear()  # as in another process
    texted.page = form

    page = type_code(texted)
    press_text_me(texted)

    assert (page.status, page.error_of("step_up_code")) == (422, EXPIRED)
    assert type_code(texted).goes_to == "/cards/list"


def test_a_second_text_voids_the_first(texted: Visitor, overheard: Overheard) -> None:
    type_code(texted, "123456")
    press_text_me(texted)
    type_code(texted)

    sent = [attributes_of(request) for request, _ in overheard if str(request.url).endswith("/token")]
    assert len({attributes["verificationToken"] for attributes in sent}) == len(sent) == 2


def test_a_code_and_its_proof_are_of_no_use_in_another_session(texted: Visitor, clock: time_machine.Traveller) -> None:
    other = another_browser(texted, clock)

    page = other.post("/step-up", {"step_up_method": "unit_sms", "step_up_code": SANDBOX_CODE})
    type_code(texted)

    assert page.error_of("step_up_code") == EXPIRED
    assert other.get("/cards/list").asks_for_a_code


def test_five_wrong_codes_make_one_wait_the_text_is_void_and_the_authenticator_still_works(
    texted: Visitor, clock: time_machine.Traveller
) -> None:
    for _ in range(5):
        type_code(texted, "123456")

    waits = type_code(texted)
    form = texted.page
    stepped_up = texted.step_up()
    texted.page = form
    clock.shift(301)
    after = type_code(texted)

    assert waits.status == 429
    assert waits.error_of("step_up_code").startswith("You entered too many wrong codes. Wait 5 minutes")
    assert stepped_up.goes_to
    assert after.error_of("step_up_code") == EXPIRED


def test_a_phone_gets_three_texts_in_ten_minutes(texted: Visitor, clock: time_machine.Traveller) -> None:
    again = [press_text_me(texted).status for _ in range(2)]

    page = press_text_me(texted)
    still_good = type_code(texted)
    clock.shift(601)
    texted.get("/step-up")

    assert again == [200, 200]
    assert (page.status, page.error_of("step_up_code").partition(".")[0]) == (
        429,
        "You can get three codes in ten minutes",
    )
    assert still_good.goes_to == "/cards/list"
    assert press_text_me(texted).status == 200


def test_it_lasts_as_long_as_a_step_up_and_right_codes_lock_no_one_out(
    texted: Visitor, clock: time_machine.Traveller
) -> None:
    for _ in range(6):
        type_code(texted)
        clock.shift(599)
        assert texted.get("/cards/list").status == 200
        clock.shift(2)
        assert texted.get("/cards/list").asks_for_a_code
        texted.post("/logout")
        texted.sign_in()
        texted.get("/cards/list")
        texted.follow()
        press_text_me(texted)


def test_it_lasts_no_longer_than_the_session(texts: Texts, customer: Visitor, clock: time_machine.Traveller) -> None:
    clock.shift(3500)
    step_up_by_text(customer)

    assert [token.expires_at - 100 for token in texts._proofs.values()] == [time.time()]


def test_a_token_that_the_bank_no_longer_accepts_asks_for_another_code(texts: Texts, texted: Visitor) -> None:
    type_code(texted)
    for cache in (texted.app.extensions["exchange"]._tokens, texts._proofs):
        for key, token in list(cache.items()):
            cache[key] = replace(token, value="v2.public.gone")

    page = texted.get("/cards/list")

    assert page.asks_for_a_code
    assert texted.follow().html.css("#step-up button[name=step_up_use]")
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


def test_a_text_that_an_outage_took_is_given_back(customer: Visitor, network: FakeNetwork) -> None:
    def ask() -> Page:
        return customer.post("/step-up/method", {"step_up_use": "unit_sms"})

    network.set("POST /customers/[0-9]+/token/verification", Fault(503, b"{}"))
    outages = [ask().status for _ in range(4)]
    network.clear()
    pages = [ask() for _ in range(4)]

    assert outages == [503] * 4
    assert [page.status for page in pages] == [200] * 3 + [429]
    assert 0 < int(pages[-1].response.headers["Retry-After"]) <= 600
