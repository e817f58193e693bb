"""Customer tokens: what an exchange asks Unit for, and how long a token is kept."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import requests
import time_machine

from services import exchange
from services.exchange import CARDS_SCOPE, Exchange, Proof
from services.signals import session_ended
from services.unit_client import OrgClient, UnitError
from services.unit_models import CustomerToken, Json

SIZE = 3  # tokens


class Org(OrgClient):
    """Issues numbered tokens that live for as long as is asked for, but at most ``longest`` seconds."""

    def __init__(self) -> None:
        super().__init__(requests.Session(), "https://unit.example", "")
        self.asked: list[Json] = []
        self.longest = 3600

    def customer_token(self, customer_id: str, attributes: Json) -> CustomerToken:
        self.asked.append({"customer": customer_id, **attributes})
        lives = min(self.longest, attributes["expiresIn"])
        token: Json = {"token": f"v2.public.{len(self.asked)}", "expiresIn": lives}
        return CustomerToken.read({"type": "customerBearerToken", "id": "1", "attributes": token})


@pytest.fixture
def org() -> Org:
    return Org()


@pytest.fixture
def tokens(clock: time_machine.Traveller, org: Org, monkeypatch: pytest.MonkeyPatch) -> Exchange:
    assert clock  # tokens expire by it
    monkeypatch.setattr(exchange, "SIZE", SIZE)
    return Exchange(org)


def proof() -> Proof:
    return Proof("session-1", "user-1", "10001", "jwt", datetime.now(UTC) + timedelta(seconds=600))


def is_kept(tokens: Exchange, session_id: str, scope: str = CARDS_SCOPE) -> bool:
    """Whether a token is there without another proof."""

    def refuse() -> Proof:
        raise PermissionError

    try:
        return bool(tokens.customer(session_id, refuse, scope))
    except PermissionError:
        return False


def test_a_token_is_exchanged_for_once_per_session_and_scope(tokens: Exchange, org: Org) -> None:
    for session_id, scope in (("1", CARDS_SCOPE), ("2", CARDS_SCOPE), ("1", "cards"), ("1", CARDS_SCOPE)):
        tokens.customer(session_id, proof, scope)

    assert [attributes["scope"] for attributes in org.asked] == [CARDS_SCOPE, CARDS_SCOPE, "cards"]


@pytest.mark.parametrize(("longest", "lives"), [(3600, 600), (60, 60)], ids=["as asked for", "as Unit says"])
def test_a_token_is_kept_until_it_expires(
    tokens: Exchange, org: Org, clock: time_machine.Traveller, longest: int, lives: int
) -> None:
    org.longest = longest
    tokens.customer("1", proof)

    clock.shift(lives - 0.1)
    before = is_kept(tokens, "1")
    clock.shift(0.1)

    assert (before, is_kept(tokens, "1"), is_kept(tokens, "2")) == (True, False, False)


def test_the_end_of_a_session_drops_its_tokens(tokens: Exchange) -> None:
    keys = [("1", "cards"), ("1", "accounts"), ("2", "cards")]
    for session_id, scope in keys:
        tokens.customer(session_id, proof, scope)

    session_ended.send(None, session_id="1")

    assert [is_kept(tokens, *key) for key in keys] == [False, False, True]


def test_the_tokens_in_memory_are_bounded(tokens: Exchange) -> None:
    for number in range(2 * SIZE):
        tokens.customer(str(number), proof)

    assert len(tokens._tokens) == len(tokens._loading) == SIZE


@pytest.mark.parametrize(
    ("arguments", "asked"),
    [
        pytest.param({}, {"expiresIn": 600}, id="the step-up's time"),
        pytest.param({"longest": 300}, {"expiresIn": 300}, id="a shorter time"),
        pytest.param({"longest": 900}, {"expiresIn": 600}, id="never longer than the step-up"),
        pytest.param(
            {"resources": [{"type": "card", "ids": ["7"]}]},
            {"expiresIn": 600, "resources": [{"type": "card", "ids": ["7"]}]},
            id="for one card",
        ),
    ],
)
def test_a_token_of_its_own_is_asked_for_and_not_kept(
    tokens: Exchange, org: Org, arguments: dict[str, Any], asked: Json
) -> None:
    tokens.token(proof(), "cards", **arguments)

    assert org.asked == [{"customer": "10001", "scope": "cards", "jwtToken": "jwt"} | asked]
    assert not tokens._tokens


def test_an_exchange_that_failed_is_not_kept(tokens: Exchange, org: Org, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_args: object) -> CustomerToken:
        raise UnitError(403, "forbidden")

    with monkeypatch.context() as patch:
        patch.setattr(org, "customer_token", refuse)
        with pytest.raises(UnitError):
            tokens.customer("1", proof)

    assert tokens.customer("1", proof)


def test_secrets_stay_out_of_a_repr(tokens: Exchange) -> None:
    assert "jwt" not in repr(proof())
    assert "v2.public" not in repr(tokens.token(proof(), "cards"))
