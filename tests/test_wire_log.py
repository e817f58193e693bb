"""The panel of calls, over the whole journey: all that the app says is in it, and nothing that is secret."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
import time_machine

from app import create_app
from settings import load

from .conftest import EMAIL
from .identity import SANDBOX_CODE
from .whole_journey import OTHER_EMAIL, SECRET_FIELDS, Journey, walk

pytestmark = [pytest.mark.long, pytest.mark.panel]

README = Path(__file__).resolve().parent.parent / "README.md"
FILE = r"(?:blueprints|services)/\w+\.py"
THE_LINKS_OWN_WAY = "/emulator/v1/magic_links/redirect"  # the mail provider's, on its way back to the app
MEANT_FOR_THE_VISITOR = ", ".join(
    (
        *(".pretend", ".qr", ".key", "a[href^=otpauth]"),  # their mailbox and phone; a new authenticator
        *(".codes", "a[download]"),  # their recovery codes
        *("form[action='/login/authenticate'] input[name=token]", "input[name=ssn]"),  # what their own form sends
        "#application a",  # the way to the bank's form
    )
)


@pytest.fixture(scope="module")
def journey(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Journey]:
    """The whole journey, without what visitors are meant to see and send of their own."""
    with time_machine.travel("2026-06-01T12:00:00Z", tick=False) as clock:
        journey = walk(create_app(load({}, dotenv=None, instance=tmp_path_factory.mktemp("journey"))), clock)
        for _asked, page in journey.pages:
            for element in page.html.css(MEANT_FOR_THE_VISITOR):
                element.decompose()
        yield journey


def is_in(value: str, text: str) -> bool:
    """Whether a value stands in a text by itself: six digits are a part of many a longer number."""
    return value in text and re.search(rf"(?<![\w-]){re.escape(value)}(?![\w-])", text) is not None


def test_no_answer_holds_a_secret_that_is_not_meant_for_the_visitor(journey: Journey) -> None:
    found = [
        (asked, name, value)
        for asked, page in journey.pages
        if page.response.mimetype == "text/html" and THE_LINKS_OWN_WAY not in asked
        for text in [str(page.html.html)]
        for name, values in journey.wire.secrets.items()
        for value in values - {SANDBOX_CODE}
        if is_in(value, text)
    ]

    assert {name for name, values in journey.wire.secrets.items() if values} == {*SECRET_FIELDS, "pan", "Authorization"}
    assert found == []


def test_the_panel_does_not_even_show_the_code_that_everybody_knows(journey: Journey) -> None:
    assert not [panel for panel in journey.panels if is_in(SANDBOX_CODE, str(panel.html))]


def test_the_panel_shows_no_mail_address_in_full(journey: Journey) -> None:
    shown = [panel for panel in journey.panels if EMAIL in str(panel.html) or OTHER_EMAIL in str(panel.html)]

    assert shown == []


def test_every_call_has_its_sentence_and_its_page_in_the_docs(journey: Journey) -> None:
    calls = [call for panel in journey.panels for call in panel.css("details.call")]
    bare = [call.text() for call in calls if not call.css("a[rel]")]

    assert len(calls) > 100
    assert bare == []


def test_every_call_leads_to_code_that_the_readme_names(journey: Journey) -> None:
    links = {str(link.attrs["href"]) for panel in journey.panels for link in panel.css("a[href^='/source/']")}
    client = journey.app.test_client()
    pages = [client.get(link) for link in sorted(links)]
    files = {
        name for page in pages for name in re.findall(r"<code>((?:blueprints|services)/\w+\.py):\d+</code>", page.text)
    }
    named = set(re.findall(r"`((?:blueprints|services)/\w+\.py)`", README.read_text()))

    assert {page.status_code for page in pages} == {200}
    assert all('class="hll"' in page.text for page in pages)
    assert files - named == set()
    assert [name for name in named if not (README.parent / name).is_file()] == []


def test_a_call_names_the_view_and_the_functions_that_made_it(journey: Journey) -> None:
    ways = {
        tuple(place.rpartition(":")[0] for place in parse_qs(urlsplit(str(link.attrs["href"])).query)["via"])
        for panel in journey.panels
        for link in panel.css("a[href^='/source/totp.confirm']")
    }

    assert ("blueprints.totp.confirm", "services.auth.Auth.authenticate_totp") in ways
