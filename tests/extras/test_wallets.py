"""Crypto wallets: connected, used to sign in, and removed."""

from __future__ import annotations

import json
import time
from typing import Any, TypeAlias

import pytest
import time_machine

from emulator.tests.wallet import Ethereum, Solana
from services import magic_links

from ..fake_network import FakeNetwork, altered
from ..identity import another_browser
from ..visitor import Page, Visitor, beside

Wallet: TypeAlias = Ethereum | Solana
FAILED = "That wallet did not sign you in."
START = "POST /v1/crypto_wallets/authenticate/start"


@pytest.fixture(params=[Ethereum, Solana], ids=["ethereum", "solana"])
def wallet(request: pytest.FixtureRequest) -> Wallet:
    made: Wallet = request.param()
    return made


def fields(wallet: Wallet, **more: str) -> dict[str, str]:
    return {"kind": wallet.kind, "address": wallet.address} | more


def challenge(visitor: Visitor, wallet: Wallet, purpose: str = "sign-in/") -> Page:
    return visitor.post(f"/wallets/{purpose}challenge", fields(wallet), htmx=True)


def text_of(page: Page) -> str:
    return str(json.loads(page.body)["challenge"])


def connect(visitor: Visitor, wallet: Wallet) -> Page:
    visitor.post("/wallets/new")
    signature = wallet.sign(text_of(challenge(visitor, wallet, "")))
    return visitor.post("/wallets", fields(wallet, signature=signature))


def sign_in(visitor: Visitor, wallet: Wallet) -> Page:
    signature = wallet.sign(text_of(challenge(visitor, wallet)))
    return visitor.post("/wallets/sign-in", fields(wallet, signature=signature))


@pytest.fixture
def connected(stepped_up: Visitor, wallet: Wallet) -> Visitor:
    """A customer with a wallet."""
    assert connect(stepped_up, wallet).goes_to == "/account"
    return stepped_up


def test_a_connected_wallet_signs_in_and_opens_nothing_at_the_bank(connected: Visitor, wallet: Wallet) -> None:
    other = beside(connected)

    assert sign_in(other, wallet).goes_to == "/"
    assert other.get("/account").status == 200
    assert other.get("/cards/list").asks_for_a_code


def test_the_account_page_lists_and_removes_it(connected: Visitor, wallet: Wallet) -> None:
    other = beside(connected)
    page = connected.get("/account")
    action = str(page.one("form[action^='/wallets/crypto-wallet']").attrs["action"])

    assert wallet.address[-4:] in page.text
    assert connected.submit(action).goes_to == "/account"
    assert "The wallet is removed" in connected.follow().text
    assert FAILED in sign_in(other, wallet).text


def test_a_wallet_that_nobody_connected_signs_in_nobody_and_leaves_no_user(
    connected: Visitor, calls: list[str]
) -> None:
    other, unknown = beside(connected), Ethereum()
    calls.clear()

    page = sign_in(other, unknown)

    assert (page.status, FAILED in page.text) == (422, True)
    assert [call.split("/")[2] for call in calls if call.startswith("DELETE")] == ["users"]
    assert connect(connected, unknown).goes_to == "/account"  # so nobody has it


def test_connecting_needs_the_proofs_of_the_factors_that_the_user_has(
    customer: Visitor, clock: time_machine.Traveller
) -> None:
    other = another_browser(customer, clock)

    for path in ("/wallets/new", "/wallets/challenge", "/wallets"):
        assert other.post(path, fields(Ethereum())).html.css("#step-up")


def test_somebody_elses_wallet_is_refused(connected: Visitor, wallet: Wallet, clock: time_machine.Traveller) -> None:
    clock.shift(60)
    thief = beside(connected)
    thief.sign_in("bob@example.com")
    thief.enroll()
    thief.post("/wallets/new")

    page = connect(thief, wallet)

    assert "That wallet is connected to another account." in page.text
    assert wallet.address[-4:] not in thief.get("/account").text


def test_a_challenge_to_connect_does_not_tell_whether_a_wallet_is_somebodys(
    connected: Visitor, wallet: Wallet, clock: time_machine.Traveller, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock.shift(60)
    thief = beside(connected)
    thief.sign_in("bob@example.com")
    thief.enroll()
    slept: list[float] = []
    monkeypatch.setattr(magic_links, "LEAST_TIME", 0.5)
    monkeypatch.setattr(time, "sleep", slept.append)

    pages = [challenge(thief, each, "") for each in (wallet, type(wallet)())]

    assert [page.status for page in pages] == [200, 200]
    assert len(text_of(pages[0])) == pytest.approx(len(text_of(pages[1])), abs=1)  # a Solana address may be shorter
    assert [0 < each <= 0.5 for each in slept] == [True, True]


def test_a_signature_works_in_the_browser_that_asked_and_once(connected: Visitor, wallet: Wallet) -> None:
    other, thief = beside(connected), beside(connected)
    signature = wallet.sign(text_of(challenge(other, wallet)))
    proof = fields(wallet, signature=signature)

    stolen = thief.post("/wallets/sign-in", proof)
    first = other.post("/wallets/sign-in", proof)
    again = other.post("/wallets/sign-in", proof)

    assert "started in another tab or browser" in stolen.text
    assert first.goes_to == "/"
    assert "started in another tab or browser" in again.text


def test_a_challenge_to_sign_in_connects_nothing(stepped_up: Visitor, wallet: Wallet) -> None:
    signature = wallet.sign(text_of(challenge(stepped_up, wallet)))

    page = stepped_up.post("/wallets", fields(wallet, signature=signature))

    assert "started in another tab or browser" in page.text
    assert wallet.address[-4:] not in stepped_up.get("/account").text


def test_another_wallets_signature_is_refused(connected: Visitor, wallet: Wallet) -> None:
    other = beside(connected)
    signature = type(wallet)().sign(text_of(challenge(other, wallet)))

    assert FAILED in other.post("/wallets/sign-in", fields(wallet, signature=signature)).text


def test_after_five_minutes_it_starts_anew(connected: Visitor, wallet: Wallet, clock: time_machine.Traveller) -> None:
    other = beside(connected)
    signature = wallet.sign(text_of(challenge(other, wallet)))
    clock.shift(301)

    assert "longer than five minutes" in other.post("/wallets/sign-in", fields(wallet, signature=signature)).text


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("localhost:8000 wants", "evil.example wants"),
        ("URI: http://localhost:8000", "URI: http://evil.example"),
        ("Nonce: ", "Nonce: 1\nOther: "),
        ("Expiration Time: 20", "Expiration Time: 19"),
        ("Expiration Time: 20", "Expiration Time: 29"),
        ("Expiration Time: ", "Expires: "),
        ("0x", "0x1"),
        ("URI: ", "URI: http://evil.example\nURI: "),
        ("\n", " "),
    ],
)
def test_a_message_that_is_not_for_this_site_is_never_shown(
    visitor: Visitor, network: FakeNetwork, before: str, after: str
) -> None:
    def change(answer: Any) -> Any:
        assert before in answer["challenge"]
        return answer | {"challenge": answer["challenge"].replace(before, after, 1)}

    network.set(START, altered(change))

    assert challenge(visitor, Ethereum()).status == 503


@pytest.mark.parametrize(
    "change", [{"kind": "bitcoin"}, {"address": "0x12"}, {"address": "0x" + "g" * 40}, {"kind": ""}]
)
def test_malformed_wallets_are_refused_without_a_call(
    visitor: Visitor, calls: list[str], change: dict[str, str]
) -> None:
    body = fields(Ethereum()) | change
    visitor.get("/wallets/sign-in")
    calls.clear()

    asked = visitor.post("/wallets/sign-in/challenge", body, htmx=True)
    sent = visitor.post("/wallets/sign-in", body | {"signature": "0x12"})

    assert (asked.status, sent.status) == (409, 422)
    assert "The wallet’s answer was incomplete." in sent.text
    assert calls == []


def test_while_stytch_is_down_a_challenge_says_so(visitor: Visitor, network: FakeNetwork) -> None:
    network.set(START)

    assert challenge(visitor, Solana()).status == 503


def test_the_demos_pretend_wallet_is_the_visitors_own(visitor: Visitor) -> None:
    key = visitor.get("/wallets/sign-in").one("[data-pretend-wallet]").attrs["data-pretend-wallet"]

    assert len(str(key)) == 64
    assert Visitor(visitor.app).get("/wallets/sign-in").one("[data-pretend-wallet]").attrs["data-pretend-wallet"] != key
