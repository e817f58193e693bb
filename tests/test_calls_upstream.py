"""How many calls to the services a page costs, counted where they arrive."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from app import create_app

from .live import LiveServices, get_card, live_services
from .visitor import Visitor

CHECK = "POST /v1/sessions/authenticate"


@pytest.fixture(scope="module")
def services(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServices]:
    with live_services(tmp_path_factory.mktemp("live")) as running:
        yield running


@pytest.fixture(scope="module")
def holder(services: LiveServices, tmp_path_factory: pytest.TempPathFactory) -> tuple[Visitor, str]:
    """A card holder, and the path of the card's page."""
    visitor = Visitor(create_app(services.settings(tmp_path_factory.mktemp("instance"))))
    services.open_account(visitor, "counted@example.com")
    return visitor, get_card(visitor)


@pytest.fixture
def asked(services: LiveServices, holder: tuple[Visitor, str]) -> list[str]:
    """What the services were asked since the test began."""
    visitor, card = holder
    visitor.get(card)
    services.asked.clear()
    return services.asked


def forget(visitor: Visitor, *, session: bool = False) -> None:
    """Lose what is cached, as in another process."""
    visitor.app.extensions["exchange"]._tokens.clear()
    if session:
        visitor.app.extensions["session_cache"]._sessions.clear()


@pytest.mark.parametrize("path", ["/", "/cards"])
def test_a_page_without_data_of_the_bank_costs_no_call(
    holder: tuple[Visitor, str], asked: list[str], path: str
) -> None:
    assert holder[0].get(path).status == 200

    assert asked == []


def test_the_first_list_after_a_step_up_costs_an_exchange_and_the_list(
    holder: tuple[Visitor, str], asked: list[str]
) -> None:
    visitor, _ = holder
    forget(visitor)

    visitor.get("/cards/list", htmx=True)

    calls = [call for call in asked if call != CHECK]  # made if the JWT is older than half a minute
    assert [call.rpartition("/")[2] for call in calls] == ["token", "cards"]
    assert len(asked) <= 2


def test_the_list_again_costs_one_call(holder: tuple[Visitor, str], asked: list[str]) -> None:
    holder[0].get("/cards/list", htmx=True)

    assert asked == ["GET /cards"]


def test_another_process_asks_for_the_session_too(holder: tuple[Visitor, str], asked: list[str]) -> None:
    visitor, _ = holder
    forget(visitor, session=True)

    visitor.get("/cards/list", htmx=True)

    assert len(asked) == 3
    assert asked[0] == CHECK


@pytest.mark.parametrize("action", ["freeze", "unfreeze"])
def test_a_change_checks_the_session_and_changes(holder: tuple[Visitor, str], asked: list[str], action: str) -> None:
    visitor, card = holder

    page = visitor.submit(f"{card}/{action}", htmx=True)

    assert page.status == 200
    assert asked == [CHECK, f"POST {card}/{action}"]
