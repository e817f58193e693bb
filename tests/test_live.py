"""The code paths of real services: the same journey over sockets, to an origin that the app does not emulate."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from app import create_app

from .live import LiveServices, get_card, live_services
from .visitor import EMAIL, Visitor

CREDENTIALS_REFUSED = {
    "status_code": 401,
    "request_id": "r",
    "error_type": "unauthorized_credentials",
    "error_message": "Hush.",
}


@pytest.fixture(scope="module")
def services(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServices]:
    with live_services(tmp_path_factory.mktemp("live")) as running:
        yield running


@pytest.fixture
def visitor(services: LiveServices, tmp_path: Path) -> Visitor:
    """A visitor of an app with credentials for both services."""
    return Visitor(create_app(services.settings(tmp_path)))


def test_the_whole_journey_works_with_both_services_real(visitor: Visitor, services: LiveServices) -> None:
    services.open_account(visitor, "whole@example.com")
    card = get_card(visitor)
    visitor.get(card)

    visitor.submit(f"{card}/freeze")

    assert "Frozen" in visitor.get(card).text
    visitor.post("/logout")
    assert visitor.get("/cards").goes_to == "/"


def test_an_app_with_real_services_has_no_page_of_the_emulator(visitor: Visitor) -> None:
    assert visitor.get("/emulator/inbox").status == 404
    assert "emulat" not in visitor.get("/").body.lower()


def test_the_whole_journey_works_with_only_stytch_real(services: LiveServices, tmp_path: Path) -> None:
    settings = services.settings(tmp_path, UNIT_API_TOKEN="", UNIT_API_URL="")
    visitor = Visitor(create_app(settings))
    services.asked.clear()

    services.open_account(visitor, "half@example.com")

    assert settings.emulated == {"unit"}
    assert visitor.get(get_card(visitor)).status == 200
    assert services.asked.count(f"GET /v1/sessions/jwks/{services.project_id}") == 2  # the emulated Unit reads it too
    assert not [call for call in services.asked if "/v1/" not in call]


def test_refused_credentials_are_an_outage_and_sign_no_one_out(services: LiveServices, visitor: Visitor) -> None:
    services.sign_in(visitor, "refused@example.com")
    visitor.app.extensions["session_cache"]._sessions.clear()
    services.lies["POST", "/v1/sessions/authenticate"] = (401, CREDENTIALS_REFUSED)

    page = visitor.get("/customer")
    services.lies.clear()

    assert (page.status, page.heading) == (503, "A service did not answer")
    assert visitor.get("/customer").status == 200


def test_a_service_that_is_not_there_is_a_503(tmp_path: Path, services: LiveServices) -> None:
    nowhere = "http://localhost:9"  # the discard port; nothing listens there
    visitor = Visitor(create_app(services.settings(tmp_path, STYTCH_API_URL=nowhere, UNIT_API_URL=nowhere)))
    visitor.get("/")

    page = visitor.submit("/login", {"email": EMAIL})

    assert page.status == 503
    assert "A service did not answer" in page.text
