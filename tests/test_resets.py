"""An account that somebody used before its mailbox was proved: the owner's first sign-in ends what they had."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pyotp
import pytest
import time_machine
from flask import Flask

from services.errors import NotSignedIn
from stytch_unit_emulator.stytch import user_records
from stytch_unit_emulator.transport import current_tenant

from . import oauth
from .fake_network import FakeNetwork
from .identity import another_browser
from .inside import request_of
from .passcodes import sign_in_by_code
from .visitor import EMAIL, Page, Visitor

PHONE = "+12025550143"


@dataclass(frozen=True)
class Thief:
    """Somebody who made an account for the owner's address, and has a session in it that the app has cached."""

    user_id: str
    token: str


@pytest.fixture
def thief(app: Flask, visitor: Visitor) -> Iterator[Thief]:
    visitor.get("/")
    left = current_tenant.set(visitor.cookie("emulator_visitor") or "")
    stytch = app.extensions["stytch"]
    with app.test_request_context():
        user_id = stytch.sdk.users.create(email=EMAIL, phone_number=PHONE).user_id
        code = pyotp.TOTP(stytch.sdk.totps.create(user_id).secret).now()
        token = stytch.sdk.totps.authenticate(user_id, code, session_duration_minutes=60).session_token
        assert stytch.sessions.get(token).held == {"device"}
        yield Thief(user_id, token)
    current_tenant.reset(left)


def give_verified_email(app: Flask, user_id: str, email: str) -> None:
    """Let the thief have a mailbox of their own in the account, as a provider would have added it."""
    with app.extensions["emulator"]._store.change(current_tenant.get()) as tenant:
        user = user_records.load(tenant, user_id) or {}
        user_records.add_contact(tenant, user, "email", email)
        user["emails"][-1]["verified"] = True
        user_records.save(tenant, user)


def by_reset(owner: Visitor) -> Page:
    owner.get("/passwords/forgot")
    owner.submit("/passwords/forgot", email=EMAIL)
    owner.get(owner.newest_link())
    return owner.submit("/login/authenticate")


def by_link(owner: Visitor) -> Page:
    return owner.sign_in()


def by_code(owner: Visitor) -> Page:
    return sign_in_by_code(owner, "email_code")


@pytest.mark.parametrize("sign_in", [by_link, by_code, by_reset, oauth.sign_in])
def test_the_owners_first_sign_in_ends_others_sessions_and_removes_what_they_added(
    app: Flask, visitor: Visitor, thief: Thief, sign_in: Callable[[Visitor], Page]
) -> None:
    stytch = app.extensions["stytch"]
    give_verified_email(app, thief.user_id, "evil@example.com")

    assert sign_in(visitor).goes_to == "/"
    with request_of(visitor) as session:
        assert session.held == {"mailbox"}

    assert visitor.follow().heading == "Add an authenticator"
    user = stytch.sdk.users.get(thief.user_id)
    assert ([each.email for each in user.emails], user.phone_numbers, user.totps) == ([EMAIL], [], [])
    assert len(user.providers) == (1 if sign_in is oauth.sign_in else 0)
    with pytest.raises(NotSignedIn):
        stytch.sessions.get(thief.token)


def test_nobody_is_signed_in_if_it_cannot_be_done(visitor: Visitor, thief: Thief, network: FakeNetwork) -> None:
    assert thief
    visitor.get(visitor.ask_for_link())
    network.set("DELETE .*")

    page = visitor.submit("/login/authenticate")

    assert page.status == 503
    assert visitor.cookie("stytch_session") is None


def test_a_later_sign_in_removes_nothing(enrolled: Visitor, clock: time_machine.Traveller) -> None:
    again = another_browser(enrolled, clock)

    assert again.follow().heading == "Open your account"
