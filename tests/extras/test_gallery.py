"""The gallery of all states is for developers only."""

from __future__ import annotations

import jinja2
import pytest
from flask import Flask

from app import create_app
from extras.gallery.states import states
from settings import Settings

from ..visitor import Visitor

ELSEWHERE = ("emulator/", "gallery/")  # pages that are no part of the app
WITHOUT_STATES = {"layout.html", "cards/index.html"}  # the latter is the list while it loads: cards/_loading.html


@pytest.fixture
def debugged(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Flask:
    """The app in debug mode."""
    monkeypatch.setenv("FLASK_DEBUG", "1")
    return create_app(settings)


def test_outside_debug_mode_there_is_no_gallery(visitor: Visitor) -> None:
    assert visitor.get("/gallery").status == 404
    assert "gallery" not in visitor.app.blueprints


def test_each_state_is_a_page_that_only_the_gallery_may_frame(debugged: Flask) -> None:
    client = debugged.test_client()

    state = client.get("/gallery/cards-empty")

    assert "No cards yet" in state.text
    assert "frame-ancestors 'self'" in state.headers["Content-Security-Policy"]
    assert state.headers["X-Frame-Options"] == "SAMEORIGIN"
    assert client.get("/gallery/cards-unheard-of").status_code == 404
    assert client.get("/gallery").text.count("<iframe") > 60


def test_every_page_has_a_state(debugged: Flask) -> None:
    env = debugged.jinja_env
    with debugged.test_request_context():
        shown = {state.template for state in states()}

    pages = {name for name in env.list_templates() if "main" in env.get_template(name).blocks}

    assert {page for page in pages if not page.startswith(ELSEWHERE)} - WITHOUT_STATES - shown == set()


def test_states_of_an_extra_that_is_not_installed_are_left_out(debugged: Flask) -> None:
    complete = debugged.test_client().get("/gallery").text
    loader = debugged.jinja_env.loader
    assert loader
    rest = {name: loader.get_source(debugged.jinja_env, name)[0] for name in debugged.jinja_env.list_templates()}
    debugged.jinja_env.loader = jinja2.DictLoader({name: rest[name] for name in rest if "account/" not in name})

    gallery = debugged.test_client().get("/gallery").text

    assert "account-customer" in complete
    assert "account-customer" not in gallery
    assert "cards-empty" in gallery
