"""Signed out is signed out: two replicas that share a store."""

from __future__ import annotations

import pytest
import time_machine
from flask import Flask
from limits.errors import StorageError
from limits.storage import MemoryStorage

from app import create_app
from extras.operations.replicas import share
from settings import Settings

from ..fake_network import FakeNetwork
from ..visitor import EMAIL, Visitor


class Store(MemoryStorage):
    """A store that counts look-ups, and can be down."""

    is_down, asked = False, 0

    def get(self, key: str) -> int:
        self.asked += 1
        self.check_up()
        return super().get(key)

    def incr(self, key: str, expiry: float, amount: int = 1) -> int:
        self.check_up()
        return super().incr(key, expiry, amount)

    def check_up(self) -> None:
        if self.is_down:
            raise StorageError(ConnectionError())


@pytest.fixture
def store() -> Store:
    return Store()


@pytest.fixture
def apps(settings: Settings, store: Store, clock: object) -> list[Flask]:
    assert clock
    apps = [create_app(settings), create_app(settings)]
    for app in apps:
        share(app, store)
    return apps


@pytest.fixture
def here(apps: list[Flask]) -> Visitor:
    """A visitor with an authenticator, whose session the other replica has verified too."""
    visitor = Visitor(apps[0])
    visitor.sign_in()
    visitor.enroll()
    return visitor


def at(app: Flask, visitor: Visitor) -> Visitor:
    """The same browser, at another replica."""
    there = Visitor(app)
    there.client._cookies = dict(visitor.client._cookies or {})
    there.get("/account")
    return there


@pytest.mark.parametrize("path", ["/logout", "/logout/everywhere"])
@pytest.mark.parametrize("is_down", [False, True], ids=["store", "store is down"])
def test_a_session_that_was_ended_here_is_refused_there(
    apps: list[Flask], here: Visitor, store: Store, path: str, is_down: bool
) -> None:
    there = at(apps[1], here)
    store.is_down = is_down

    here.post(path)

    assert there.get("/customer").goes_to == "/"
    assert EMAIL not in there.follow().text


def test_it_is_refused_there_although_stytch_was_down(apps: list[Flask], here: Visitor) -> None:
    there = at(apps[1], here)
    with FakeNetwork(apps[0].extensions["http"]) as network:
        network.set("POST /v1/sessions/revoke")
        here.post("/logout")

    assert there.get("/customer").goes_to == "/"


def test_signing_out_everywhere_here_ends_other_browsers_sessions_there(
    apps: list[Flask], here: Visitor, clock: time_machine.Traveller
) -> None:
    other = at(apps[1], here)
    other.client.delete_cookie("stytch_session")
    clock.shift(60)
    other.sign_in()
    assert other.get("/account").status == 200

    here.post("/logout/everywhere")

    assert other.get("/account").goes_to == "/"


def test_a_factor_that_was_removed_here_proves_nothing_there(apps: list[Flask], here: Visitor) -> None:
    there = at(apps[1], here)
    there.get("/customer")

    here.post("/account/authenticator/remove")

    assert there.get("/customer").goes_to == "/"
    assert EMAIL in there.follow().text


def test_a_request_looks_once_and_a_session_that_goes_on_needs_no_call(
    apps: list[Flask], here: Visitor, store: Store
) -> None:
    there, asked = at(apps[1], here), store.asked

    there.get("/customer")

    assert store.asked == asked + 1
