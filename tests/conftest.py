"""Fixtures: the app, a clock that stands still, and visitors who are ``signed_in``, ``enrolled``, ``customer`` or
``stepped_up``."""

from __future__ import annotations

import gc
import os
import re
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import TypeAlias
from urllib.parse import urlsplit

import pytest
import requests
import time_machine
from flask import Flask
from jinja2 import FileSystemBytecodeCache

from app import create_app
from services import http, magic_links
from services.signals import upstream_call
from settings import Settings, load
from stytch_unit_emulator.stytch import password_hashes

from .bad_server import Server, serving
from .fake_network import FakeNetwork, Overheard
from .journeys import CUSTOMER, ENROLLED, HAS_CARD, SIGNED_IN, STEPPED_UP, Journey, Snapshots, newest_card
from .live import LiveServices, live_services
from .visitor import Visitor

pytest_plugins = ["stytch_unit_emulator.pytest_plugin"]

AppWith: TypeAlias = Callable[..., Flask]  # by environment variables
AtEndOf: TypeAlias = Callable[[Journey], Visitor]
BROWSER = Path(__file__).parent / "browser"


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """One worker more than there are processors: browser tests wait now and then."""
    return (os.cpu_count() or 1) + 1


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the browser tests by their folder, and start with what takes long: it would be waited for at the end."""
    for item in items:
        if BROWSER in item.path.parents:
            item.add_marker("browser")
    items.sort(key=lambda item: not item.get_closest_marker("long"))


def pytest_collection_finish() -> None:
    """Keep the garbage collector from walking what stays until the end: modules, and thousands of tests."""
    gc.freeze()


@pytest.fixture(scope="session", autouse=True)
def compiled_templates(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Compile each template once, however many apps the tests make."""
    kept = FileSystemBytecodeCache(str(tmp_path_factory.mktemp("templates")))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Flask, "jinja_options", {**Flask.jinja_options, "bytecode_cache": kept})
        yield


@pytest.fixture(scope="session", autouse=True)
def no_pauses() -> Iterator[None]:
    """Retry, answer, and hash the emulator's passwords at once."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(password_hashes, "METHOD", "scrypt:1024:8:1")
        patch.setattr(http, "PAUSE", (0, 0))
        patch.setattr(magic_links, "LEAST_TIME", 0)
        yield


@pytest.fixture
def clock() -> Iterator[time_machine.Traveller]:
    """A clock that stands still until a test shifts it."""
    with time_machine.travel("2026-06-01T12:00:00Z", tick=False) as traveller:
        yield traveller


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """The settings of a fresh clone: nothing set, everything emulated."""
    return load(environ={}, dotenv=None, instance=tmp_path)


@pytest.fixture(scope="session")
def all_apps(tmp_path_factory: pytest.TempPathFactory) -> AppWith:
    """One app for all tests that want the same settings: each visitor is a tenant of their own."""

    @cache
    def made(**environ: str) -> Flask:
        app = create_app(load(environ, dotenv=None, instance=tmp_path_factory.mktemp("instance")))
        app.extensions["emulator_dispatcher"].in_background = False  # webhooks are delivered when a test says so
        return app

    return made


@pytest.fixture
def app_with(all_apps: AppWith, clock: time_machine.Traveller) -> AppWith:
    """The app with these settings, its rate limits reset.

    Without the panel of calls, which makes each page far longer to read, unless a test asks for it.
    """
    assert clock  # stands before the app runs

    def shared(**environ: str) -> Flask:
        app = all_apps(**{"WIRE_LOG": "off"} | environ)
        app.extensions["rate_limits"].reset()
        return app

    return shared


@pytest.fixture
def app(app_with: AppWith, request: pytest.FixtureRequest) -> Flask:
    """The app of a fresh clone; tests marked ``panel`` have the panel."""
    return app_with(WIRE_LOG="on" if request.node.get_closest_marker("panel") else "off")


@pytest.fixture
def calls(app: Flask) -> Iterator[list[str]]:
    """What the app asks of either service during the test, as ``POST /v1/sessions/authenticate``, ids left out."""
    made: list[str] = []

    def note(response: requests.Response, *_args: object, **_kwargs: object) -> None:
        path = re.sub(r"/[0-9]+", "/:id", urlsplit(str(response.request.url)).path)
        if "jwks" not in path:  # the emulated Unit fetches the keys through the same session
            made.append(f"{response.request.method} {path}")

    session: requests.Session = app.extensions["http"]
    session.hooks["response"].append(note)
    yield made
    session.hooks["response"].remove(note)


@pytest.fixture(scope="session")
def snapshots() -> Callable[[Flask], Snapshots]:
    return cache(Snapshots)


@pytest.fixture
def at_end_of(app: Flask, snapshots: Callable[[Flask], Snapshots], clock: time_machine.Traveller) -> AtEndOf:
    """Return a visitor at the end of a journey."""
    return lambda journey: snapshots(app).at_end_of(journey, clock)


@pytest.fixture
def visitor(app: Flask) -> Visitor:
    """Somebody who has just arrived."""
    return Visitor(app)


@pytest.fixture
def signed_in(at_end_of: AtEndOf) -> Visitor:
    """Signed in with a link."""
    return at_end_of(SIGNED_IN)


@pytest.fixture
def enrolled(at_end_of: AtEndOf) -> Visitor:
    """Signed in, with an authenticator whose first code was a moment ago."""
    return at_end_of(ENROLLED)


@pytest.fixture
def customer(at_end_of: AtEndOf) -> Visitor:
    """A customer of the bank who signed in again, so far with the mailbox only."""
    return at_end_of(CUSTOMER)


@pytest.fixture
def stepped_up(at_end_of: AtEndOf) -> Visitor:
    """A customer whose second factor is fresh: it was enrolled a moment ago."""
    return at_end_of(STEPPED_UP)


@pytest.fixture
def holder(at_end_of: AtEndOf) -> Visitor:
    """A customer with a fresh second factor and one virtual card, whose list of cards is open."""
    return at_end_of(HAS_CARD)


@pytest.fixture
def card_path(holder: Visitor) -> str:
    """The path of the holder's card."""
    return newest_card(holder.page)


@pytest.fixture
def network(app: Flask) -> Iterator[FakeNetwork]:
    """What stands between the app and both services."""
    with FakeNetwork(app.extensions["http"]) as network:
        yield network


@pytest.fixture
def overheard(app: Flask) -> Iterator[Overheard]:
    """All that the app asks of the services during the test, and their answers."""
    heard: Overheard = []

    def hear(
        _app: object, *, request: requests.PreparedRequest, response: requests.Response | None, **_: object
    ) -> None:
        assert response is not None
        heard.append((request, response))

    with upstream_call.connected_to(hear, sender=app):
        yield heard


@pytest.fixture
def server() -> Iterator[Server]:
    """A server on loopback that answers as badly as a test wants."""
    with serving(Server()) as running:
        yield running


@pytest.fixture
def session() -> Iterator[http.HttpSession]:
    """An HTTP session of its own."""
    with http.HttpSession() as session:
        yield session


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServices]:
    """Both services over HTTP."""
    with live_services(tmp_path_factory.mktemp("live")) as services:
        yield services
