"""The code paths of real services: the same journey over sockets, to an origin that the app does not emulate."""

from __future__ import annotations

from pathlib import Path

import pytest

from app import create_app

from .journeys import get_card
from .live import LiveServices
from .visitor import Visitor

CREDENTIALS_REFUSED = {
    "status_code": 401,
    "request_id": "r",
    "error_type": "unauthorized_credentials",
    "error_message": "Hush.",
}


@pytest.fixture
def visitor(live: LiveServices, tmp_path: Path) -> Visitor:
    """A visitor of an app with credentials for both services."""
    return Visitor(create_app(live.settings(tmp_path)))


def test_the_whole_journey_works_with_both_services_real(visitor: Visitor, live: LiveServices) -> None:
    live.open_account(visitor, "whole@example.com")
    card = get_card(visitor)
    visitor.get(card)

    visitor.submit(f"{card}/freeze")

    assert "Frozen" in visitor.get(card).text
    visitor.post("/logout")
    assert visitor.get("/cards").goes_to == "/"
    assert visitor.get("/emulator/inbox").status == 404
    assert "emulat" not in visitor.get("/").body.lower()


def test_the_whole_journey_works_with_only_stytch_real(live: LiveServices, tmp_path: Path) -> None:
    settings = live.settings(tmp_path, UNIT_API_TOKEN="", UNIT_API_URL="")
    visitor = Visitor(create_app(settings))
    live.asked.clear()

    live.open_account(visitor, "half@example.com")

    assert settings.emulated == {"unit"}
    assert visitor.get(get_card(visitor)).status == 200
    assert live.asked.count(f"GET /v1/sessions/jwks/{live.project_id}") > 1  # the emulated Unit reads it too
    assert not [call for call in live.asked if "/v1/" not in call]


def test_refused_credentials_are_an_outage_and_sign_no_one_out(live: LiveServices, visitor: Visitor) -> None:
    live.sign_in(visitor, "refused@example.com")
    visitor.app.extensions["session_cache"]._sessions.clear()
    live.lies["POST", "/v1/sessions/authenticate"] = (401, CREDENTIALS_REFUSED)

    page = visitor.get("/")
    live.lies.clear()

    assert (page.status, page.heading) == (503, "A service did not answer")
    assert "refused@example.com" in visitor.get("/").text
