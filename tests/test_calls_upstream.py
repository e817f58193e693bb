"""How many calls to the services a page costs, counted where they arrive."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from app import create_app

from .conftest import Visitor
from .live import LiveServices, live_services
from .test_live import get_card, open_account

CHECK = "POST /v1/sessions/authenticate"


@pytest.fixture(scope="module")
def services(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServices]:
    with live_services(tmp_path_factory.mktemp("live")) as running:
        yield running


@pytest.fixture(scope="module")
def holder(services: LiveServices, tmp_path_factory: pytest.TempPathFactory) -> tuple[Visitor, str]:
    """Somebody with a card, and its page's path."""
    visitor = Visitor(create_app(services.settings(tmp_path_factory.mktemp("instance"))))
    open_account(visitor, services, "counted@example.com")
    return visitor, get_card(visitor)


@pytest.fixture
def asked(services: LiveServices, holder: tuple[Visitor, str]) -> list[str]:
    """What was asked of the services since the test began."""
    visitor, card = holder
    visitor.get(card)
    services.asked.clear()
    return services.asked


def forget(visitor: Visitor, *, session: bool = False) -> None:
    """Lose what is held in memory, as another process would not have it."""
    visitor.app.extensions["exchange"]._tokens._entries.clear()
    if session:
        visitor.app.extensions["auth"].sessions._sessions._entries.clear()


@pytest.mark.parametrize("path", ["/", "/cards", "/healthz"])
def test_a_page_that_shows_no_data_of_the_bank_asks_nobody(
    holder: tuple[Visitor, str], asked: list[str], path: str
) -> None:
    assert holder[0].get(path).status == 200

    assert asked == []


def test_the_first_list_after_a_step_up_takes_an_exchange_and_the_list(
    holder: tuple[Visitor, str], asked: list[str]
) -> None:
    visitor, _ = holder
    forget(visitor)

    visitor.get("/cards/list", htmx=True)

    calls = [call for call in asked if call != CHECK]  # of a JWT that is older than half a minute
    assert [call.rpartition("/")[2] for call in calls] == ["token", "cards"]
    assert len(asked) <= 2


def test_the_list_again_is_one_call(holder: tuple[Visitor, str], asked: list[str]) -> None:
    holder[0].get("/cards/list", htmx=True)

    assert asked == ["GET /cards"]


def test_a_process_that_knows_nothing_yet_asks_for_the_session_too(
    holder: tuple[Visitor, str], asked: list[str]
) -> None:
    visitor, _ = holder
    forget(visitor, session=True)

    visitor.get("/cards/list", htmx=True)

    assert len(asked) == 3
    assert asked[0] == CHECK


@pytest.mark.parametrize("action", ["freeze", "unfreeze"])
def test_freezing_checks_the_session_and_freezes(holder: tuple[Visitor, str], asked: list[str], action: str) -> None:
    visitor, card = holder

    answer = visitor.submit(f"{card}/{action}", htmx=True)

    assert answer.status == 200
    assert asked == [CHECK, f"POST {card}/{action}"]
