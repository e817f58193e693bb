"""What is kept of each browser's calls: for how long, for whom, and as a file."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import UTC, datetime

import pytest
import time_machine

from extras.wire_log.export import as_markdown
from extras.wire_log.journal import LIFE, MAX_ACTIONS
from extras.wire_log.recorder import Action, packed
from extras.wire_log.sample import CALL

from ..journeys import get_card
from ..visitor import Page, Visitor

pytestmark = pytest.mark.panel


def requests_of(page: Page) -> list[str]:
    """The requests of the browser for which the panel shows calls, newest first."""
    return [str(group.attrs["data-request"]) for group in page.html.css("#wire-log [data-request]")]


def test_calls_before_a_redirect_are_on_the_pages_after_it(customer: Visitor) -> None:
    customer.step_up()

    shown = [requests_of(customer.get(path)) for path in ("/", "/nowhere", "/")]

    assert all("POST /step-up" in requests for requests in shown)


@pytest.mark.parametrize("htmx", [False, True], ids=["page", "htmx"])
def test_several_redirects_in_a_row_lose_nothing(enrolled: Visitor, htmx: bool) -> None:
    enrolled.get("/customer")
    enrolled.submit("/customer", htmx=htmx)
    enrolled.get("/customer")

    assert requests_of(enrolled.follow())[:2] == ["GET /cards", "POST /customer"]


def test_the_newest_actions_stay_and_older_ones_are_a_line_that_loads_their_calls(stepped_up: Visitor) -> None:
    for _ in range(MAX_ACTIONS + 2):
        page = stepped_up.get("/cards/list")

    actions = page.html.css("#wire-log li.action")
    oldest = str(actions[-1].css("details.earlier")[0].attrs["hx-get"])
    assert len(actions) == MAX_ACTIONS
    assert [bool(action.css(".call")) for action in actions] == [True] * 3 + [False] * (MAX_ACTIONS - 3)
    assert "2 calls" in actions[-1].text()
    assert len(stepped_up.get(oldest, htmx=True).html.css(".call")) == 2
    stepped_up.get("/cards/list")
    gone = stepped_up.get(oldest, htmx=True)
    assert (gone.status, "No longer kept here." in gone.text) == (404, True)


def test_the_panel_is_light_even_when_full(stepped_up: Visitor, monkeypatch: pytest.MonkeyPatch) -> None:
    now = datetime.now(UTC)
    call = replace(CALL, url="https://api.s.unit.sh/customers/10001/token?" + "x" * 3000)
    full = [Action(f"{n:011}", now, "POST", "/cards/10001/limits", "cards.index", (call,) * 9) for n in range(20)]
    monkeypatch.setattr("extras.wire_log.journal.Journal.actions", lambda _self: tuple(full))

    panel = stepped_up.get("/").one("#wire-log")

    assert len(panel.css("li.action")) == MAX_ACTIONS
    assert len(str(panel.html).encode()) <= 15_000


def test_calls_are_kept_for_a_while_and_for_one_browser(visitor: Visitor, clock: time_machine.Traveller) -> None:
    visitor.ask_for_link()
    details = str(visitor.get("/").html.css("li .call")[0].attrs["hx-get"])
    stranger = Visitor(visitor.app)
    stranger.client.set_cookie("calls", (visitor.cookie("calls") or "").partition(".")[0] + ".A")

    assert (visitor.get(details).status, stranger.get(details).status) == (200, 404)
    clock.shift(LIFE + 1)
    assert visitor.get(details).status == 404


def test_the_next_user_of_a_browser_sees_nothing_of_the_one_before(stepped_up: Visitor) -> None:
    details = str(stepped_up.get("/cards/list").html.css("li .call")[0].attrs["hx-get"])
    lost = stepped_up.twin()
    lost.client.delete_cookie("stytch_session")

    assert lost.get(details).status == 404
    assert requests_of(lost.get("/")) == []
    stepped_up.post("/logout")
    assert requests_of(stepped_up.follow()) == ["POST /logout"]
    assert stepped_up.get(details).status == 404


def test_a_key_that_another_planted_shows_it_nothing(stepped_up: Visitor) -> None:
    attacker = Visitor(stepped_up.app)
    attacker.ask_for_link("eve@example.org")
    stepped_up.client.set_cookie("calls", attacker.cookie("calls") or "")

    details = str(stepped_up.get("/cards/list").html.css("li .call")[0].attrs["hx-get"])

    assert stepped_up.get(details).status == 200
    assert attacker.get(details).status == 404
    assert requests_of(attacker.get("/")) == []


def test_a_refusal_sets_no_cookie(enrolled: Visitor) -> None:
    enrolled.get("/step-up")
    enrolled.client.delete_cookie("calls")

    refused = enrolled.submit("/step-up", htmx=True, step_up_code="000000")

    assert refused.status == 422
    assert "Stytch refused" in refused.text
    assert enrolled.cookie("calls") is None


def test_the_journey_is_a_page_and_two_files_that_say_what_the_panel_says(customer: Visitor) -> None:
    customer.step_up()
    get_card(customer)

    page = customer.get("/calls")
    files = {kind: customer.client.get(f"/calls.{kind}") for kind in ("json", "md")}

    listed = [str(action.attrs["data-request"]) for action in page.html.css("#main .action")]
    exported = json.loads(files["json"].text)["actions"]
    assert [action["request"] for action in reversed(exported)] == listed
    assert exported[-1]["calls"][-1]["summary"] in page.one("#main").text()
    assert re.findall("^## `(.*)`$", files["md"].text, re.MULTILINE) == listed[::-1]
    assert all("attachment" in file.headers["Content-Disposition"] for file in files.values())
    assert "‹six digits›" in files["json"].text
    assert "eyJhbGci" not in files["json"].text + files["md"].text


def test_a_long_answer_takes_little_memory_until_it_is_opened() -> None:
    answer = {"data": [{"type": "purchaseTransaction", "id": str(number)} for number in range(100)]}
    call = replace(CALL, packed_response=packed(answer))

    assert len(call.packed_response) < len(json.dumps(answer)) / 5
    assert call.response == answer


def test_text_from_elsewhere_is_no_markup_in_markdown() -> None:
    answer = {"errors": [{"title": "x](javascript:1) <b> `"}], "note": "```\n# Heading"}
    call = replace(CALL, status=400, packed_response=packed(answer), url="https://api.s.unit.sh/cards/`x`")

    text = as_markdown([Action("1", datetime.now(UTC), "GET", "/``/", "", (call,))])

    assert "## ``` GET /``/ ```" in text
    assert "x\\]\\(javascript:1\\) \\<b\\> \\`" in text
    assert "`` https://api" in text.replace("POST ", "")
    assert "````json\n" in text
