"""What only a demo has: the story on the home page, and play money at the bank."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest
import requests
import time_machine
from flask import Flask

from app import create_app
from extras.demo.progress import CREATE_TOTP, has_seen, note_call
from services.signals import account_opened, send
from services.unit_client import UnknownCustomer, org_client
from settings import SettingsError

from ..conftest import AtEndOf
from ..environs import LIVE, read
from ..fake_network import REFUSED, Behavior, FakeNetwork, unit_refusal
from ..inside import request_of
from ..journeys import Kind, has_card, newest_card
from ..visitor import Page, Visitor

HELD = "Harbor Hotel placed a hold of $180.00."
UNKNOWN = unit_refusal(404, "not_found")


@pytest.fixture
def live_bank(tmp_path: Path) -> Visitor:
    """A visitor of an app whose money is real."""
    return Visitor(create_app(read(LIVE | {"UNIT_VGS_VAULT": "tntazhyknp2"}, tmp_path)))


def state(page: Page) -> str:
    return page.one(".state").text()


@pytest.mark.parametrize("fixture", ["visitor", "live_bank"])
def test_the_story_says_what_each_step_saves_and_who_does_it(request: pytest.FixtureRequest, fixture: str) -> None:
    visitor: Visitor = request.getfixturevalue(fixture)

    steps = visitor.get("/behind").html.css(".chapters li")

    assert len(steps) == len(visitor.page.html.css("figure svg g[class^=is-]")) == 5
    assert all("You’d build:" in step.text() and step.css("b.stytch, b.unit") for step in steps)


def test_the_diagram_shows_who_calls_whom_and_has_a_name_and_a_description(visitor: Visitor) -> None:
    diagram = visitor.get("/behind").one(".sequence svg")

    assert diagram.attrs["role"] == "img"
    named = [visitor.page.one(f"#{name}").text() for name in str(diagram.attrs["aria-labelledby"]).split()]
    assert named[0] == "Messages between browser, app, Stytch and Unit"
    assert "The list beside it says the same in words" in named[1]
    assert {text.text() for text in diagram.css(".party")} == {"Browser", "This app", "Stytch", "Unit"}


@pytest.mark.parametrize(
    ("fixture", "shown"),
    [
        ("visitor", "current todo todo todo todo"),
        ("signed_in", "done current todo todo todo"),
        ("enrolled", "done done current todo todo"),  # the code of an enrollment is no step-up
        ("stepped_up", "done done done current todo"),
        ("holder", "done done done current done"),
    ],
)
def test_the_diagram_lights_up_as_the_journey_continues(
    request: pytest.FixtureRequest, fixture: str, shown: str
) -> None:
    visitor: Visitor = request.getfixturevalue(fixture)

    page = visitor.get("/behind" if fixture == "visitor" else "/")

    states = [str(step.attrs["class"]) for step in page.html.css(".sequence g")]
    sheet = page.one("link[href*='demo.css']")
    assert states == [f"is-{state}" for state in shown.split()]
    assert [str(step.attrs["class"]) for step in page.html.css(".chapters li")] == states
    assert str(sheet.attrs["integrity"]).startswith("sha384-")
    assert visitor.client.get(str(sheet.attrs["href"]), buffered=True).mimetype == "text/css"


def test_the_diagram_lights_up_call_by_call(visitor: Visitor) -> None:
    def lit() -> list[str]:
        return [text.text() for text in visitor.get("/").html.css(".sequence g text.lit")]

    visitor.ask_for_link()
    sent = [text.text() for text in visitor.get("/behind").html.css(".sequence g text.lit")]
    visitor.sign_in()
    signed_in = lit()
    visitor.post("/totp")
    enrolling = lit()

    assert sent == ["send a link (PKCE)", "email with the link"]
    assert signed_in == [*sent, "link and verifier", "session, signed JWT"]
    assert enrolling == [*signed_in, "create TOTP", "secret and QR code"]


@pytest.mark.parametrize(("ok", "problem"), [(False, ""), (True, "not JSON")])
def test_a_call_that_failed_lights_up_nothing(app: Flask, ok: bool, problem: str) -> None:
    request = requests.Request("POST", "https://test.stytch.com/v1/totps").prepare()

    with app.test_request_context():
        note_call(app, request=request, response=SimpleNamespace(ok=ok), problem=problem)

        assert not has_seen(CREATE_TOTP)


def test_a_link_to_the_home_page_has_a_preview_image(visitor: Visitor) -> None:
    page = visitor.get("/")
    image = str(page.one("meta[property='og:image']").attrs["content"])

    assert image.startswith("http://localhost:8000/static/demo/preview.jpg?v=")
    answer = visitor.client.get(image.removeprefix("http://localhost:8000"), buffered=True)
    assert (answer.status_code, answer.mimetype) == (200, "image/jpeg")


def test_the_application_is_filled_in_with_sample_details(enrolled: Visitor) -> None:
    page = enrolled.get("/customer")

    assert page.one("#first_name").attrs["value"] == "Ada"
    assert page.one("#ssn").attrs["value"] == "123-45-6789"
    assert page.one("#state option[selected]").attrs["value"] == "CA"
    assert (
        page.html.css("#application-form button")[0].text() == "Apply with these details"
    )  # and sent without scrolling


@pytest.mark.parametrize(
    ("outcome", "words"),
    [("review", "Under review"), ("documents", "The bank needs a document"), ("declined", "Application declined")],
)
def test_the_details_are_those_of_another_outcome_if_one_wants(enrolled: Visitor, outcome: str, words: str) -> None:
    link = enrolled.get("/customer").one(f"#application a[href*='outcome={outcome}']").attrs["href"]
    enrolled.get(str(link))

    assert words in enrolled.submit("/customer").text
    assert enrolled.get("/customer?outcome=nonsense").status == 200


def test_step_4_is_done_once_a_code_was_asked_for_and_the_end_says_what_is_next(
    customer: Visitor, clock: time_machine.Traveller
) -> None:
    clock.shift(30)
    customer.step_up()
    assert "Use your card" in customer.get("/").one("nav [aria-current=step]").text()
    assert not customer.get("/cards/list").html.css(".the-end")

    customer.submit("/cards", kind="virtual")
    end = customer.follow().one(".the-end").text()

    assert len(customer.page.html.css("nav .is-done")) == 5
    assert customer.get("/").status == 200
    assert "Encrypted secrets" in end
    assert "http://localhost:8000" in end
    assert "Start over" in end
    assert "Open the code" not in end


def test_with_script_the_first_card_ticks_the_last_step(stepped_up: Visitor) -> None:
    stepped_up.get("/cards/list")

    page = stepped_up.submit("/cards", htmx=True, kind="virtual")

    steps = page.html.css("hx-partial[hx-target='#progress'] li")
    assert str(steps[-1].attrs["class"]) == "is-done"


@pytest.mark.parametrize("url", ["http://example.com/code", "https://", "javascript:alert(1)"])
def test_the_address_of_the_code_is_checked_at_the_start(tmp_path: Path, url: str) -> None:
    assert create_app(read({"SOURCE_URL": "https://example.com/code"}, tmp_path)).config["SOURCE_URL"]
    with pytest.raises(SettingsError, match="SOURCE_URL must be"):
        create_app(read({"SOURCE_URL": url}, tmp_path))


def test_with_real_money_there_is_no_play_money_and_no_customer_is_forgotten(live_bank: Visitor) -> None:
    app = live_bank.app

    assert "SAMPLE_APPLICANT" not in app.config
    assert not app.extensions["slots"].keys() & {"application_help"}
    assert [rule.rule for rule in app.url_map.iter_rules() if rule.rule.endswith(("/buy", "/activate"))] == []
    assert not account_opened.has_receivers_for(app)
    assert UnknownCustomer not in app.error_handler_spec[None][None]


def test_a_new_account_is_funded_once(enrolled: Visitor) -> None:
    enrolled.open_account()
    enrolled.post("/customer/status")
    enrolled.get("/customer")
    with request_of(enrolled) as session:
        send(account_opened, account=org_client.accounts(session.customer_id or "")[0])

    assert "$2,500.00" in enrolled.get("/cards/list").text


def test_a_purchase_shows_the_new_balance_and_the_activity(holder: Visitor, card_path: str) -> None:
    bought = holder.post(f"{card_path}/buy", {"shop": "coffee"}, htmx=True)

    assert bought.one("#bought.done[autofocus]").text() == "Corner Café charged $4.50."
    assert bought.one("hx-partial[hx-target='#status']").text() == "Corner Café charged $4.50."
    assert "$2,495.50" in bought.one("hx-partial[hx-target='#balance']").text()
    assert bought.response.headers["HX-Trigger"] == "card-paid"
    assert "Corner Café" in holder.get(f"{card_path}/activity").one(".event.posted").text()


def test_without_script_a_purchase_leads_back_to_the_card(holder: Visitor, card_path: str) -> None:
    page = holder.get(card_path)

    assert [option.attrs["value"] for option in page.html.css("#shop option")] == [
        "coffee",
        "groceries",
        "hotel",
        "bicycle",
    ]
    assert holder.submit(f"{card_path}/buy", shop="groceries").goes_to == card_path
    assert "Green Grocer charged $62.75." in holder.follow().one("main > .done").text()


@pytest.mark.parametrize(
    "card", [("virtual", "freeze"), ("virtual", "close"), ("physical",)], ids=["frozen", "closed", "in the mail"]
)
def test_a_card_that_is_not_active_is_declined(at_end_of: AtEndOf, card: tuple[Kind, ...]) -> None:
    holder = at_end_of(has_card(*card))

    bought = holder.post(f"{newest_card(holder.page)}/buy", {"shop": "coffee"}, htmx=True)

    assert bought.one("#bought.error").text() == "Declined: this card can’t be used in its current state."


def test_a_purchase_above_what_is_available_is_declined(holder: Visitor, card_path: str) -> None:
    shops = ["hotel", "bicycle", "bicycle", "bicycle"]

    bought = [holder.post(f"{card_path}/buy", {"shop": shop}, htmx=True) for shop in shops]

    texts = [page.one("#bought").text() for page in bought]
    balance = bought[0].one("hx-partial[hx-target='#balance']").text()
    assert texts[:3] == [HELD, "City Cycles charged $899.00.", "City Cycles charged $899.00."]
    assert texts[3].startswith("Declined: ")
    assert "$2,320.00 and $180.00 held" in " ".join(balance.split())


def test_a_refusal_that_is_not_the_cards_is_an_outage_and_not_a_decline(
    holder: Visitor, card_path: str, network: FakeNetwork
) -> None:
    network.set("POST /sandbox/purchases", unit_refusal(403, "forbidden"))

    assert holder.post(f"{card_path}/buy", {"shop": "coffee"}).status == 502


@pytest.mark.parametrize("shop", ["", "casino"], ids=["none", "unknown"])
def test_an_unknown_shop_is_not_found(holder: Visitor, card_path: str, shop: str) -> None:
    assert holder.post(f"{card_path}/buy", {"shop": shop}).status == 404


@pytest.mark.parametrize(("action", "purpose"), [("buy", "pay with"), ("activate", "activate")])
def test_play_money_needs_a_fresh_second_factor(
    holder: Visitor, card_path: str, clock: time_machine.Traveller, action: str, purpose: str
) -> None:
    clock.shift(601)

    page = holder.post(f"{card_path}/{action}", {"shop": "coffee", "ending": "1234"}, htmx=True)

    assert page.status == 403
    assert f"{purpose} the card ending in 1234" in page.text


def test_a_physical_card_is_activated(at_end_of: AtEndOf) -> None:
    holder = at_end_of(has_card("physical"))
    path = newest_card(holder.page)
    holder.get(path)

    page = holder.submit(f"{path}/activate", htmx=True)

    assert state(page) == "Ready to use"
    assert page.one(".done[autofocus]").text() == "Card activated. You can pay with it now."
    assert page.response.headers["HX-Trigger"] == "card-changed"


@pytest.mark.parametrize(
    "card",
    [("virtual",), ("physical", "activate"), ("physical", "close")],
    ids=["virtual", "physical active", "physical closed"],
)
def test_only_a_physical_card_that_waits_for_it_can_be_activated(at_end_of: AtEndOf, card: tuple[Kind, ...]) -> None:
    holder = at_end_of(has_card(*card))
    path = newest_card(holder.page)
    before = holder.get(path)

    page = holder.post(f"{path}/activate", htmx=True)

    assert before.html.css(f"form[action='{path}/activate']") == []
    assert (page.status, state(page)) == (409, state(before))
    assert "The bank did not make this change." in page.one(".error[autofocus]").text()


@pytest.mark.parametrize(
    ("calls", "behavior", "status", "leads_to"),
    [
        pytest.param("(POST|GET) /customers/.*", UNKNOWN, 303, "/customer", id="deleted"),
        pytest.param("POST /customers/.*", UNKNOWN, 404, None, id="still there"),
        pytest.param(
            "(POST|GET) /customers/.*",
            lambda request, forward: (UNKNOWN if request.method == "POST" else REFUSED)(request, forward),
            503,
            None,
            id="Unit cannot be asked",
        ),
    ],
)
def test_only_a_customer_whom_the_sandbox_has_deleted_can_apply_again(
    stepped_up: Visitor, network: FakeNetwork, calls: str, behavior: Behavior, status: int, leads_to: str | None
) -> None:
    network.set(calls, behavior)
    page = stepped_up.get("/cards/list")
    network.clear()

    assert (page.status, page.goes_to) == (status, leads_to)
    assert stepped_up.get("/cards").goes_to == leads_to
