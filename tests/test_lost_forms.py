"""What was typed survives the end of a session; and the end is announced in time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from .identity import carried
from .visitor import PERSON, Page, Visitor

SIGN_IN = "/?sign-in=1"


@pytest.fixture
def lost(enrolled: Visitor, clock: time_machine.Traveller) -> Visitor:
    """A visitor on the application form, whose session has ended."""
    enrolled.get("/customer")
    clock.shift(3601)
    return enrolled


def test_htmx_leaves_the_form_and_says_how_to_send_it(lost: Visitor) -> None:
    page = lost.submit("/customer", PERSON, htmx=True)

    notice = page.one("hx-partial[hx-target='#notice']")
    assert (page.status, page.goes_to) == (401, None)
    assert page.response.headers["HX-Reswap"] == "none"
    assert "Sign in again in another tab, then try again." in notice.text()
    assert page.one("a[target=_blank]").attrs["href"] == SIGN_IN


def test_a_plain_form_is_carried_without_secrets_and_sent_after_signing_in_again(
    lost: Visitor, clock: time_machine.Traveller
) -> None:
    kept = lost.submit("/customer", PERSON)
    typed = {str(field.attrs["name"]): str(field.attrs["value"]) for field in kept.html.css("main input[name]")}
    clock.shift(60)
    lost.sign_in()
    lost.step_up()

    sent = lost.post("/customer", typed | {"csrf_token": lost.csrf_token()})

    assert kept.status == 401
    assert kept.one("main a[target=_blank]").attrs["href"] == SIGN_IN
    assert PERSON["ssn"] not in kept.body
    assert typed.keys() == PERSON.keys() - {"ssn"} | {"street2", "nationality", "csrf_token"}
    assert sent.status == 422
    assert sent.one("[name=street]").attrs["value"] == PERSON["street"]
    assert sent.error_of("ssn")
    assert PERSON["street"] not in str(lost.client._cookies)


@pytest.mark.parametrize(
    ("path", "target", "place"),
    [
        pytest.param("/cards/list", "div#cards", "#cards", id="place that loads"),
        pytest.param("/cards/activity", "a#more-1", "#notice", id="link"),
    ],
)
def test_what_htmx_cannot_load_leaves_the_page_and_offers_another_sign_in(
    lost: Visitor, path: str, target: str, place: str
) -> None:
    before = lost.cookie("stytch_session")

    page = lost.get(path, htmx=True, HX_Target=target)

    said = page.one(f"hx-partial[hx-target='{place}']")
    link = page.one("a[target=_blank]")
    assert (page.status, page.goes_to, lost.cookie("stytch_session")) == (401, None, before)
    assert page.response.headers["HX-Reswap"] == "none"
    assert "Your session has ended. Sign in again in another tab, then try again." in said.text(
        separator=" ", strip=True
    )
    assert link.attrs["href"] == SIGN_IN
    assert [button.attrs["hx-get"] for button in page.html.css("button")] == ([path] if place == "#cards" else [])


def test_a_form_that_a_step_up_interrupted_is_carried_on_after_signing_in_again(
    stepped_up: Visitor, clock: time_machine.Traveller
) -> None:
    form = stepped_up.get("/cards/list")
    clock.shift(601)
    stepped_up.page = form
    stepped_up.submit("/cards", kind="virtual")
    clock.shift(3601)
    kept = stepped_up.submit("/step-up", step_up_code="123456")
    stepped_up.sign_in()
    code, token = stepped_up.code(), stepped_up.csrf_token()

    stepped_up.page = kept
    asked = stepped_up.submit("/cards", csrf_token=token)
    stepped_up.page = asked
    confirmed = stepped_up.submit("/step-up", step_up_code=code)
    stepped_up.post("/cards", carried(asked))

    assert kept.status == 401
    assert {field.attrs["name"] for field in kept.html.css("main input")} == {"csrf_token", "kind", "nonce"}
    assert (confirmed.status, confirmed.goes_to) == (307, "/cards")
    assert len(stepped_up.get("/cards/list").html.css("article.plastic")) == 1


@pytest.mark.parametrize(
    "path",
    ["https://evil.example/cards", "//evil.example/cards", "////evil.example", "http://[", "\\\\cards", "/nowhere", ""],
)
def test_a_lost_form_is_sent_to_this_app_only(lost: Visitor, path: str) -> None:
    page = lost.post("/step-up", {"kind": "virtual", "step_up_form": path})

    assert page.one("main form").attrs["action"] in {"/cards", "/step-up"}


def test_all_fields_of_a_lost_form_are_kept_also_those_that_occur_twice(lost: Visitor) -> None:
    fields = {"shop": ["a", "b"], "csrf_token": lost.csrf_token()}

    page = Page(lost.client.post("/cards/1/buy", data=fields))

    assert [field.attrs["value"] for field in page.html.css("main input[name=shop]")] == ["a", "b"]


@pytest.mark.parametrize("htmx", [False, True], ids=["page", "htmx"])
def test_a_form_of_another_site_is_not_kept(lost: Visitor, htmx: bool) -> None:
    page = lost.post("/customer", PERSON | {"csrf_token": "made-up"}, htmx=htmx)

    assert page.goes_to == (None if htmx else "/")
    assert PERSON["street"] not in page.body


@pytest.mark.usefixtures("clock")
def test_a_page_says_when_the_session_ends_and_offers_another_sign_in(signed_in: Visitor) -> None:
    ends = datetime.now(UTC) + timedelta(hours=1)

    place = signed_in.get("/").one("#session-end")
    page = signed_in.get(SIGN_IN)

    assert place.attrs["data-seconds"] == "3600"
    time, link = place.css_first("time"), place.css_first("a[target=_blank]")
    assert time
    assert link
    assert datetime.fromisoformat(str(time.attrs["datetime"])) == ends
    assert link.attrs["href"] == SIGN_IN
    assert page.html.css("form[action='/login'] input[name=email]")
    assert signed_in.get("/").one(".who")


@pytest.mark.parametrize(("seconds", "is_hidden"), [(3479, True), (3480, False), (3599, False)])
@pytest.mark.parametrize("path", ["/", "/customer", "/account", "/step-up", "/nowhere"])
def test_without_script_every_page_of_the_last_two_minutes_says_that_the_session_ends(
    enrolled: Visitor, clock: time_machine.Traveller, path: str, seconds: int, is_hidden: bool
) -> None:
    clock.shift(seconds)

    said = enrolled.get(path).one("#session-end p")

    assert ("hidden" in said.attrs) is is_hidden
    assert "Your session ends at" in said.text()


@pytest.mark.parametrize("path", ["/", SIGN_IN, "/customer"])
def test_nobody_is_warned_who_is_not_signed_in(visitor: Visitor, path: str) -> None:
    assert not visitor.get(path).html.css("#session-end")
