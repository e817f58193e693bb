"""The panel of API calls over everything that visitors can do: it has every call, and no secret."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
import time_machine

from app import create_app
from settings import load

from ..identity import SANDBOX_CODE
from ..passcodes import OTHER_PHONE, PHONE
from ..visitor import EMAIL
from ..whole_journey import OTHER_EMAIL, SECRET_FIELDS, Walk, walk_everything

pytestmark = pytest.mark.long

ROOT = Path(__file__).resolve().parents[2]
LAYOUT = ROOT / "docs" / "layout.md"
FILE = r"(?:blueprints|services|extras/\w+)/\w+\.py"
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
def walk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Walk]:
    """The whole walk, without what visitors are meant to see and send of their own."""
    with time_machine.travel("2026-06-01T12:00:00Z", tick=False) as clock:
        walk = walk_everything(create_app(load({}, dotenv=None, instance=tmp_path_factory.mktemp("walk"))), clock)
        for _asked, page in walk.pages:
            for element in page.html.css(MEANT_FOR_THE_VISITOR):
                element.decompose()
        yield walk


def is_in(value: str, text: str) -> bool:
    """Whether a value stands in a text by itself: six digits are a part of many a longer number."""
    return value in text and re.search(rf"(?<![\w-]){re.escape(value)}(?![\w-])", text) is not None


def test_the_walk_meets_no_fault(walk: Walk) -> None:
    assert [asked for asked, page in walk.pages if page.status >= 500] == []


def test_no_response_holds_a_secret_that_is_not_meant_for_the_visitor(walk: Walk) -> None:
    found = [
        (asked, name, value)
        for asked, page in walk.pages
        if page.response.mimetype == "text/html" and THE_LINKS_OWN_WAY not in asked
        for text in [str(page.html.html)]
        for name, values in walk.secrets.items()
        for value in values - {SANDBOX_CODE}
        if is_in(value, text)
    ]

    assert {name for name, values in walk.secrets.items() if values} == {
        *SECRET_FIELDS,
        "pan",
        "passcode",
        "Authorization",
    }
    assert found == []


@pytest.mark.parametrize("known", [SANDBOX_CODE, EMAIL, OTHER_EMAIL, PHONE, OTHER_PHONE])
def test_the_panel_shows_neither_the_sandboxs_code_nor_an_address_or_number_in_full(walk: Walk, known: str) -> None:
    shown = [*(str(panel.html) for panel in walk.panels), *(call.body for call in walk.details)]

    assert not [text for text in shown if is_in(known, text)]


def test_every_call_is_described_and_links_to_its_docs(walk: Walk) -> None:
    bare = [call.text for call in walk.details if not call.html.css("a[rel]")]
    sentences = {line.text() for panel in walk.panels for line in panel.css(".call .summary")}

    assert len(walk.details) > 100
    assert bare == []
    assert not {"Stytch answered.", "Unit answered."} & sentences


def test_the_panel_is_at_most_15_kilobytes_of_any_page(walk: Walk) -> None:
    sizes = [len(str(page.one("#wire-log").html).encode()) for _asked, page in walk.pages if page.html.css("#wire-log")]

    assert 5_000 < max(sizes) <= 15_000


@pytest.fixture(scope="module")
def sources(walk: Walk) -> list[str]:
    """The pages behind all links to code."""
    links = {str(link.attrs["href"]) for call in walk.details for link in call.html.css("a[href^='/source/']")}
    client = walk.app.test_client()
    pages = [client.get(link) for link in sorted(links)]
    assert {page.status_code for page in pages} == {200}
    return [page.text for page in pages]


def test_every_call_leads_to_the_line_that_made_it(sources: list[str]) -> None:
    assert all('class="hll"' in page for page in sources)


def test_the_docs_name_the_files_that_calls_lead_to(sources: list[str]) -> None:
    files = {name for page in sources for name in re.findall(rf"<code>({FILE}):\d+</code>", page)}
    named = set(re.findall(r"`((?:blueprints|services|extras)/[\w./]*)`", LAYOUT.read_text()))

    assert {
        name
        for name in files
        if name not in named and not any(name.startswith(folder) for folder in named if folder.endswith("/"))
    } == set()
    assert [name for name in named if not (ROOT / name).exists()] == []


def test_a_call_names_the_view_and_the_functions_that_made_it(walk: Walk) -> None:
    paths = {
        tuple(place.rpartition(":")[0] for place in parse_qs(urlsplit(str(link.attrs["href"])).query)["via"])
        for call in walk.details
        for link in call.html.css("a[href^='/source/totp.confirm']")
    }

    functions = ("totp.confirm", "totp.verify", "factors.authenticate_totp")
    assert functions in {tuple(name.partition(".")[2] for name in path[:3]) for path in paths}
