"""The pages that show a tenant, and their buttons, as a browser on this machine uses them."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import requests
from flask import Flask
from selectolax.lexbor import LexborHTMLParser, LexborNode

import stytch_unit_emulator as emulator
from stytch_unit_emulator.pytest_plugin import EmulatedProject
from stytch_unit_emulator.state_kinds import KINDS, SECTIONS

from .listener import Listener, listening
from .over_http import at_unit, client_of
from .unit_story import ADA, document

TOKEN = "a-control-token-of-a-test"

SEED: dict[str, Any] = {
    "users": [
        {
            "email": "ada@example.com",
            "totp": True,
            "accounts": [{"funds": 100_000, "cards": [{"purchases": [{"amount": 1250}]}]}],
        }
    ]
}


class Browser:
    """Opens a tenant's pages, checks what holds on each, and presses its buttons."""

    def __init__(self, project: EmulatedProject) -> None:
        self.project = project
        self.base = f"{project.url}/state/{project.project_id}/"

    def open(self, path: str = "", status: int = 200) -> LexborHTMLParser:
        """Open one of the tenant's pages."""
        return checked(requests.get(f"{self.base}{path}", timeout=10), status)

    def press(self, page: LexborHTMLParser, action: str, **typed: str) -> requests.Response:
        """Send the form of an action as its page would, following the redirect."""
        form = page.css_first(f'form[action$="/actions/{action}"]')
        assert form, f"no button for {action}"
        fields = {each.attributes["name"]: each.attributes.get("value") or "" for each in form.css("input")}
        url = f"{self.project.url}{form.attributes['action']}"
        return requests.post(url, data=fields | typed, headers={"Origin": self.project.url}, timeout=10)


def checked(response: requests.Response, status: int = 200) -> LexborHTMLParser:
    """The page of a response, with what must hold on every page."""
    page = LexborHTMLParser(response.text)
    assert response.status_code == status
    assert (len(page.css("h1")), len(page.css("main")), len(page.css("html[lang=en]"))) == (1, 1, 1)
    assert not page.css("script, style, [style], [onclick]")
    assert {label.attributes["for"] for label in page.css("label")} == {
        each.attributes["id"] for each in page.css("input:not([type=hidden]), select")
    }
    assert len(page.css("table")) == len(page.css("table > caption"))
    assert (response.headers["Cache-Control"], response.headers["Referrer-Policy"]) == ("no-store", "same-origin")
    assert "frame-ancestors 'none'" in response.headers["Content-Security-Policy"]
    return page


def words(found: LexborHTMLParser | LexborNode) -> str:
    """The text with single spaces."""
    return " ".join(found.text(separator=" ").split())


@pytest.fixture
def browser(emulated_project: EmulatedProject) -> Browser:
    return Browser(emulated_project)


@pytest.fixture
def seeded(browser: Browser) -> dict[str, Any]:
    """The ids of a user with an account, a card and a purchase."""
    made: dict[str, Any] = browser.project.seed(SEED)["users"][0]
    return made


@pytest.fixture
def listener() -> Iterator[Listener]:
    with listening() as server:
        yield server


def test_the_overview_counts_each_kind(browser: Browser, seeded: dict[str, Any]) -> None:  # noqa: ARG001
    page = browser.open()

    counts = {words(row.css("dt")[0]): words(row.css("dd")[0]) for row in page.css(".counts div")}
    assert counts.keys() == {"Requests", *(kind.title for kind in KINDS.values())}
    assert (counts["Users"], counts["Cards"], counts["Transactions"], counts["Requests"]) == ("1", "1", "2", "0")


@pytest.mark.parametrize(
    ("section", "shown"),
    [
        ("users", ["ada@example.com", "active", "Authenticator apps", "Yes"]),
        ("sessions", ["Started", "Expires"]),
        ("messages", ["ada@example.com", "Emails"]),
        ("applications", ["Ada Vance", "Approved"]),
        ("customers", ["Ada Vance", "Active"]),
        ("accounts", ["Open", "$987.50"]),
        ("cards", ["individualVirtualDebitCard", "Active"]),
        ("money", ["purchaseTransaction", "$12.50", "achPayment", "authorization", "Completed"]),
        ("tokens", ["Magic links", "login", "Customer tokens", "cards-write"]),
        ("webhooks", ["customer.created", "card.created"]),
    ],
)
def test_each_section_lists_its_records(
    browser: Browser, seeded: dict[str, Any], section: str, shown: list[str]
) -> None:
    client = client_of(browser.project)
    client.magic_links.email.login_or_create("ada@example.com")
    browser.project.session("ada@example.com")
    browser.project.customer_token(seeded["customer_id"], "cards-write")

    text = words(browser.open(f"{section}/"))

    assert [each for each in shown if each not in text] == []


def test_every_section_has_an_empty_page(browser: Browser) -> None:
    pages = [browser.open(f"{section}/") for section in SECTIONS]

    assert all("None yet." in words(page) for page in pages)


def test_a_records_page_shows_its_attributes_without_secrets(browser: Browser, seeded: dict[str, Any]) -> None:
    text = words(browser.open(f"records/totp/{seeded['totp']['totp_id']}"))

    assert seeded["user_id"] in text
    assert seeded["totp"]["secret"] not in text
    assert not [code for code in seeded["totp"]["recovery_codes"] if code in text]


def test_a_records_history_names_the_requests_that_wrote_it(browser: Browser, seeded: dict[str, Any]) -> None:
    card = seeded["accounts"][0]["cards"][0]["card_id"]
    at_unit(browser.project, "POST", f"/cards/{card}/freeze")
    at_unit(browser.project, "GET", f"/cards/{card}")
    at_unit(browser.project, "POST", f"/cards/{card}/unfreeze")

    rows = [words(row) for row in browser.open(f"records/card/{card}").css("tbody tr")]

    assert [row.split(" 200 ")[0] for row in rows] == [
        f"POST /cards/{card}/unfreeze updated",
        f"POST /cards/{card}/freeze updated",
    ]


def test_a_seeded_record_says_why_it_has_no_history(browser: Browser, seeded: dict[str, Any]) -> None:
    assert "No recorded request wrote it." in words(browser.open(f"records/user/{seeded['user_id']}"))


def test_a_deleted_record_keeps_its_history(browser: Browser) -> None:
    client = client_of(browser.project)
    user_id = client.users.create(email="ada@example.com").user_id
    client.users.delete(user_id)

    text = words(browser.open(f"records/user/{user_id}"))

    assert "This record was deleted." in text
    assert f"DELETE /v1/users/{user_id} deleted" in text


@pytest.mark.parametrize("path", ["records/user/nobody", "records/nothing/1", "requests/1", "nothing/"])
def test_an_unknown_page_is_not_found(browser: Browser, path: str) -> None:
    assert requests.get(f"{browser.base}{path}", timeout=10).status_code == 404


def test_a_malformed_project_id_is_not_found(browser: Browser) -> None:
    page = checked(requests.get(f"{browser.project.url}/state/nobody/", timeout=10), 404)

    assert "A project id is project-test-" in words(page)


def test_requests_are_listed_newest_first_and_filtered(browser: Browser) -> None:
    at_unit(browser.project, "GET", "/cards/1")
    at_unit(browser.project, "GET", "/customers")

    pages = [browser.open(f"requests/{query}") for query in ("", "?path=/c*&status=4xx", "?status=500")]

    listed = [[words(link) for link in page.css("tbody a")] for page in pages]
    assert listed == [["GET /customers", "GET /cards/1"], ["GET /cards/1"], []]
    assert "No requests match." in words(pages[2])


def test_a_request_opens_with_its_answer_changes_and_webhooks(browser: Browser, listener: Listener) -> None:
    hook = {"label": "x", "url": listener.url, "contentType": "Json", "deliveryMode": "AtMostOnce"}
    at_unit(browser.project, "POST", "/webhooks", document("webhook", hook))
    made = at_unit(browser.project, "POST", "/applications", document("individualApplication", ADA)).json()["data"]
    listener.received.get(timeout=10)
    number = browser.project.requests(path="/applications")[0]["number"]
    deadline = time.monotonic() + 10
    while listener.url not in (text := words(browser.open(f"requests/{number}"))):
        assert time.monotonic() < deadline  # the attempt is recorded after the listener has answered

    assert "individualApplication" in text
    assert f"Applications {made['id']} created" in text
    assert "123456789" not in text


def test_the_request_before_a_tenants_first_is_not_found(browser: Browser) -> None:
    at_unit(browser.project, "GET", "/cards")
    first = browser.project.requests()[0]["number"]

    browser.open(f"requests/{first - 1}", 404)


def test_lists_show_no_secrets(browser: Browser) -> None:
    hook = {"label": "x", "url": f"https://example.com/{'k' * 40}", "contentType": "Json"}
    at_unit(browser.project, "POST", "/webhooks", document("webhook", hook))

    assert "https://example.com/‹40 characters›" in words(browser.open("webhooks/"))


def test_names_from_outside_are_isolated_and_escaped(browser: Browser) -> None:
    hostile = "<b>\u202eada"
    client_of(browser.project).users.create(email="ada@example.com", name={"first_name": hostile})
    user_id = browser.project.requests()[0]["answer"]["user_id"]

    page = browser.open(f"records/user/{user_id}")

    assert hostile in [each.text() for each in page.css("bdi")]
    assert not page.css("b")


def test_moving_the_clock_shows_the_tenants_time(browser: Browser) -> None:
    page = checked(browser.press(browser.open(), "clock", amount="45", unit="days"))

    assert "The clock was moved." in words(page)
    assert f"It is {datetime.now(UTC) + timedelta(days=45):%b} " in words(page)
    assert "3,888,000 seconds ahead of the real time" in words(page)
    assert "ahead" not in words(checked(browser.press(page, "real_time")))


def test_calls_fail_as_asked(browser: Browser) -> None:
    typed = {"path": "/customers", "fault": "error", "times": "2"}
    page = checked(browser.press(browser.open(), "fail", **typed))

    assert "/customers : error, 2 more times" in words(page)
    assert at_unit(browser.project, "GET", "/customers").status_code == 500


def test_a_reset_empties_the_tenant(browser: Browser, seeded: dict[str, Any]) -> None:
    browser.press(browser.open(), "reset")

    assert browser.open(f"records/user/{seeded['user_id']}", 404)


@pytest.mark.parametrize(("action", "status"), [("approve", "Approved"), ("deny", "Denied")])
def test_an_application_under_review_is_decided(browser: Browser, action: str, status: str) -> None:
    pending = document("individualApplication", ADA | {"ssn": "000000004"})
    made = at_unit(browser.project, "POST", "/applications", pending).json()["data"]

    page = checked(browser.press(browser.open(f"records/application/{made['id']}"), action))

    assert f"status {status}" in words(page)
    assert f"POST /sandbox/applications/{made['id']}/{action} updated" in words(page)
    assert not page.css('form[action*="/actions/"]')


def test_an_event_is_sent_again(browser: Browser, seeded: dict[str, Any], listener: Listener) -> None:  # noqa: ARG001
    event = at_unit(browser.project, "GET", "/events").json()["data"][0]["id"]
    hook = {"label": "x", "url": listener.url, "contentType": "Json", "deliveryMode": "AtMostOnce"}
    at_unit(browser.project, "POST", "/webhooks", document("webhook", hook))

    checked(browser.press(browser.open(f"records/event/{event}"), "replay"))

    _headers, body = listener.received.get(timeout=10)
    assert f'"id":"{event}"'.encode() in body


@pytest.mark.parametrize(
    ("action", "typed", "problem"),
    [
        ("clock", {"amount": "soon"}, "amount must be a number."),
        ("clock", {"amount": "1e12"}, "seconds must be from"),
        ("fail", {"path": "cards"}, "path must be a path"),
    ],
)
def test_a_refused_action_says_why(browser: Browser, action: str, typed: dict[str, str], problem: str) -> None:
    fields = {"unit": "days", "fault": "error", "times": "1"} | typed

    page = checked(browser.press(browser.open(), action, **fields), 400)

    assert problem in words(page)


def test_an_application_that_was_decided_is_refused_with_units_words(browser: Browser) -> None:
    pending = document("individualApplication", ADA | {"ssn": "000000004"})
    made = at_unit(browser.project, "POST", "/applications", pending).json()["data"]
    page = browser.open(f"records/application/{made['id']}")
    browser.press(page, "approve")

    assert "The application is Approved." in words(checked(browser.press(page, "deny"), 400))


@pytest.mark.parametrize(
    ("headers", "token"),
    [
        pytest.param({"Origin": "https://evil.example"}, None, id="another_origin"),
        pytest.param({"Origin": "http://localhost:3000"}, None, id="another_port"),
        pytest.param({"Origin": "null"}, None, id="no_origin_named"),
        pytest.param({}, None, id="no_origin"),
        pytest.param({"Origin": "{own}", "Sec-Fetch-Site": "same-site"}, None, id="another_app_on_this_machine"),
        pytest.param({"Origin": "{own}"}, "", id="no_token"),
        pytest.param({"Origin": "{own}"}, "é" * 64, id="a_wrong_token"),
    ],
)
def test_a_form_of_another_page_is_refused(
    browser: Browser, seeded: dict[str, Any], headers: dict[str, str], token: str | None
) -> None:
    own = browser.open().css_first("input[name=form_token]")
    assert own
    sent = {name: value.format(own=browser.project.url) for name, value in headers.items()}
    data = {"form_token": own.attributes["value"] if token is None else token}

    refused = requests.post(f"{browser.base}actions/reset", data=data, headers=sent, timeout=10)

    assert refused.status_code == 403
    assert browser.open(f"records/user/{seeded['user_id']}")


def test_a_token_of_another_tenants_form_is_refused(browser: Browser) -> None:
    other = Browser(EmulatedProject(browser.project.url))
    token = other.open().css_first("input[name=form_token]")
    assert token

    answer = browser.press(browser.open(), "reset", form_token=str(token.attributes["value"]))

    assert "This form is no longer valid." in words(checked(answer, 403))


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    """An emulator with controls, called from any address."""
    folder = tmp_path_factory.mktemp("state")
    app = emulator.create_app(f"sqlite:///{folder}/emulator.db", controls=emulator.ControlAccess())
    yield app
    app.extensions["emulator_store"].close()


@pytest.mark.parametrize(
    ("peer", "headers", "status"),
    [
        pytest.param("127.0.0.1", {}, 200, id="this_machine"),
        pytest.param("127.0.0.1", {"Sec-Fetch-Site": "same-origin"}, 200, id="a_link_of_these_pages"),
        pytest.param("127.0.0.1", {"Sec-Fetch-Site": "none"}, 200, id="a_typed_address"),
        pytest.param("127.0.0.1", {"Sec-Fetch-Site": "cross-site"}, 403, id="a_link_of_another_site"),
        pytest.param("127.0.0.1", {"Origin": "https://evil.example"}, 403, id="another_sites_script"),
        pytest.param("192.0.2.7", {}, 403, id="another_machine"),
        pytest.param("127.0.0.1", {"X-Forwarded-For": "192.0.2.7"}, 403, id="a_proxy"),
        pytest.param("127.0.0.1", {"Host": "evil.example"}, 403, id="another_host_name"),
    ],
)
def test_the_pages_open_only_on_this_machine(app: Flask, peer: str, headers: dict[str, str], status: int) -> None:
    answer = app.test_client().get("/state/", headers=headers, environ_base={"REMOTE_ADDR": peer})

    assert answer.status_code == status


@pytest.mark.parametrize(
    ("password", "host", "status"),
    [
        pytest.param(TOKEN, "emulator:8001", 200, id="the_control_token"),
        pytest.param("x" * 16, "emulator:8001", 401, id="another_password"),
        pytest.param("", "emulator:8001", 401, id="no_password"),
        pytest.param(TOKEN, "evil.example", 403, id="another_host_name"),
    ],
)
def test_at_an_allowed_host_name_the_control_token_opens_the_pages(
    tmp_path: Path, password: str, host: str, status: int
) -> None:
    access = emulator.ControlAccess(frozenset({"emulator"}), TOKEN)
    client = emulator.create_app(f"sqlite:///{tmp_path}/emulator.db", controls=access).test_client()

    answer = client.get(
        "/state/", auth=("any", password), headers={"Host": host}, environ_base={"REMOTE_ADDR": "192.0.2.7"}
    )

    assert answer.status_code == status
    assert ("WWW-Authenticate" in answer.headers) == (status == 401)


def test_faults_for_every_path_spare_the_pages(browser: Browser) -> None:
    browser.project.fail("/*", "error")

    assert browser.open()


def test_the_list_of_tenants_names_the_one_used_last(browser: Browser) -> None:
    at_unit(browser.project, "GET", "/cards")
    browser.project.requests()

    page = checked(requests.get(f"{browser.project.url}/state/", timeout=10))

    assert browser.project.project_id in words(page)


def test_a_project_id_opens_its_overview(browser: Browser) -> None:
    query = {"project": browser.project.project_id}

    answer = requests.get(f"{browser.project.url}/state/", query, timeout=10)

    assert answer.url == browser.base


@pytest.mark.parametrize("path", ["/state/", "/state/any/users/"])
def test_without_controls_the_pages_say_how_to_turn_them_on(tmp_path: Path, path: str) -> None:
    answer = emulator.create_app(f"sqlite:///{tmp_path}/emulator.db").test_client().get(path)

    assert answer.status_code == 404
    assert "stytch-unit-emulator --controls" in answer.text
