"""Limits per user and day on what costs money."""

from __future__ import annotations

import time_machine

from extras.daily_limits.calls import LIMITS
from services.rate_limits import store

from ..fake_network import REFUSED, FakeNetwork, Fault
from ..inside import request_of
from ..visitor import PERSON, Visitor

DOWN = Fault(503, b"{}")


def _place(user_id: str, number: int) -> str:
    return LIMITS["enrollment"].item.key_for("daily enrollment", user_id, str(number))


DENIED = PERSON | {"ssn": "000-00-0001"}


def test_a_user_applies_five_times_a_day(enrolled: Visitor, calls: list[str]) -> None:
    pages = [enrolled.post("/customer", DENIED) for _ in range(6)]

    assert [page.status for page in pages] == [200] * 5 + [429]
    assert "You can apply five times a day. Wait 24 hours, then try again." in pages[-1].text
    assert 86_000 < int(pages[-1].response.headers["Retry-After"]) <= 86_400
    assert calls.count("POST /applications") == 5


def test_applications_that_the_bank_did_not_take_are_not_counted(enrolled: Visitor, network: FakeNetwork) -> None:
    for fault in (DOWN, REFUSED, Fault(400, b'{"errors": [{"code": "invalid"}]}')):
        network.set("POST /applications", fault)
        for _ in range(3):
            enrolled.post("/customer", PERSON)
    network.clear()

    assert enrolled.open_account().goes_to == "/cards"


def test_a_user_gets_ten_cards_a_day_and_pressing_twice_counts_once(stepped_up: Visitor) -> None:
    for _ in range(10):
        form = stepped_up.get("/cards/list")
        assert stepped_up.submit("/cards", kind="virtual").goes_to == "/cards/list"
        stepped_up.page = form
        assert stepped_up.submit("/cards", kind="virtual").goes_to == "/cards/list"
    stepped_up.get("/cards/list")
    refused = stepped_up.submit("/cards", kind="virtual")

    assert refused.status == 429
    assert "You can get ten cards a day. Wait 24 hours" in refused.text
    assert len(stepped_up.get("/cards/list").html.css("article.plastic")) == 10


def test_an_authenticator_is_replaced_if_another_one_can_be_added(stepped_up: Visitor, calls: list[str]) -> None:
    with request_of(stepped_up) as session:
        places = [_place(session.user_id, number) for number in range(10)]
        for place in places[2:]:
            store.incr(place, 86_400)

    assert stepped_up.post("/totp/replace").status == 200
    assert [call.split()[0] for call in calls if "totps" in call] == ["DELETE", "POST"]
    with stepped_up.app.app_context():
        assert len([place for place in places if store.get(place)]) == 10 - 1  # the check before took no place


def test_a_user_starts_ten_enrollments_a_day(signed_in: Visitor, clock: time_machine.Traveller) -> None:
    pages = []
    for _ in range(11):
        pages.append(signed_in.post("/totp"))
        clock.shift(3)

    assert [page.status for page in pages] == [200] * 10 + [429]
    assert "ten times a day" in pages[-1].text


def test_no_authenticator_is_removed_if_no_other_can_be_added(stepped_up: Visitor, calls: list[str]) -> None:
    with request_of(stepped_up) as session:
        for number in range(10):
            store.incr(_place(session.user_id, number), 86_400)

    assert stepped_up.post("/totp/replace").status == 429
    assert not [call for call in calls if call.startswith("DELETE")]
