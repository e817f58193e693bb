"""The code paths of real services: the same journey over sockets, against an origin that the app does not emulate."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from app import create_app

from .conftest import PERSON, Visitor
from .live import LiveServices, live_services


@pytest.fixture(scope="module")
def services(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServices]:
    with live_services(tmp_path_factory.mktemp("live")) as running:
        yield running


@pytest.fixture
def visitor(services: LiveServices, tmp_path: Path) -> Visitor:
    """Somebody who comes to an app of which neither service is emulated."""
    return Visitor(create_app(services.settings(tmp_path)))


def sign_in(visitor: Visitor, services: LiveServices, email: str) -> None:
    visitor.get("/")
    visitor.submit("/login", {"email": email})
    visitor.get(services.newest_link())
    visitor.submit("/login/authenticate")


def open_account(visitor: Visitor, services: LiveServices, email: str) -> None:
    sign_in(visitor, services, email)
    visitor.get("/")
    visitor.submit("/totp")
    visitor.submit("/totp/confirm", code=services.code())
    visitor.get("/customer")
    visitor.submit("/customer", PERSON)


def get_card(visitor: Visitor) -> str:
    """Get a card, and return the path of its page."""
    visitor.get("/cards/list")
    visitor.submit("/cards", kind="virtual")
    return str(visitor.get("/cards/list").one("a[href^='/cards/1']").attrs["href"]).partition("?")[0]


def test_the_whole_journey_works_with_both_services_real(visitor: Visitor, services: LiveServices) -> None:
    open_account(visitor, services, "whole@example.com")
    card = get_card(visitor)
    visitor.get(card)

    visitor.submit(f"{card}/freeze")

    assert "Frozen" in visitor.get(card).text
    visitor.post("/logout")
    assert visitor.get("/cards").goes_to == "/"


def test_an_app_with_real_services_has_no_pretend_pages(visitor: Visitor) -> None:
    assert visitor.get("/emulator/inbox").status == 404
    assert "emulat" not in visitor.get("/").body.lower()


def test_real_stytch_with_emulated_unit_is_a_whole_app(services: LiveServices, tmp_path: Path) -> None:
    settings = services.settings(tmp_path, UNIT_API_TOKEN="", UNIT_API_URL="")
    visitor = Visitor(create_app(settings))
    services.asked.clear()

    open_account(visitor, services, "half@example.com")

    assert settings.emulated == {"unit"}
    assert visitor.get(get_card(visitor)).status == 200
    assert services.asked.count(f"GET /v1/sessions/jwks/{services.project_id}") == 2  # the emulated Unit reads it too
    assert not [call for call in services.asked if "/v1/" not in call]


def test_a_bank_that_does_not_know_the_customer_lets_one_apply_again(services: LiveServices, tmp_path: Path) -> None:
    before = Visitor(create_app(services.settings(tmp_path)))
    open_account(before, services, "moved@example.com")
    visitor = Visitor(create_app(services.settings(tmp_path, UNIT_API_TOKEN="", UNIT_API_URL="")))
    visitor.client.set_cookie("stytch_session", before.cookie("stytch_session") or "")

    assert visitor.get("/cards/list").goes_to == "/customer"
    visitor.follow()
    visitor.submit("/customer", PERSON)

    assert visitor.get(get_card(visitor)).status == 200


def test_wrong_credentials_are_our_fault_and_sign_nobody_out(services: LiveServices, visitor: Visitor) -> None:
    sign_in(visitor, services, "ours@example.com")
    services.lies["POST", "/v1/sessions/authenticate"] = (
        401,
        {"status_code": 401, "request_id": "r", "error_type": "unauthorized_credentials", "error_message": "Hush."},
    )

    visitor.app.extensions["auth"].sessions._sessions._entries.clear()
    page = visitor.get("/account")
    services.lies.clear()

    assert page.status == 503
    assert page.heading == "A service did not answer"
    assert visitor.get("/account").status == 200


def test_a_service_that_is_not_there_is_a_503(tmp_path: Path, services: LiveServices) -> None:
    nowhere = "http://localhost:9"  # the discard port, where nobody listens
    visitor = Visitor(create_app(services.settings(tmp_path, STYTCH_API_URL=nowhere, UNIT_API_URL=nowhere)))
    visitor.get("/")

    page = visitor.submit("/login", {"email": "ada@example.com"})

    assert page.status == 503
    assert "A service did not answer" in page.text
