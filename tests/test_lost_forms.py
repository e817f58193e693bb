"""What was typed survives the end of a session; and the end is announced in time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from .visitor import PERSON, Visitor

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
    assert "Sign in again in another tab, then send this form again." in notice.text()
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
    assert typed.keys() == PERSON.keys() - {"ssn"} | {"street2", "csrf_token"}
    assert sent.status == 422
    assert sent.one("[name=street]").attrs["value"] == PERSON["street"]
    assert sent.error_of("ssn")
    assert PERSON["street"] not in str(lost.client._cookies)


@pytest.mark.parametrize("htmx", [False, True], ids=["page", "htmx"])
def test_a_form_of_another_site_is_not_kept(lost: Visitor, htmx: bool) -> None:
    page = lost.post("/customer", PERSON | {"csrf_token": "made-up"}, htmx=htmx)

    assert page.goes_to == "/"
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


@pytest.mark.parametrize("path", ["/", SIGN_IN, "/customer"])
def test_nobody_is_warned_who_is_not_signed_in(visitor: Visitor, path: str) -> None:
    assert not visitor.get(path).html.css("#session-end")
