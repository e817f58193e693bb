"""The templates that the emulator registers for the host app's slots."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace

import pytest
import requests
from flask import Flask, render_template
from selectolax.lexbor import LexborHTMLParser

import stytch_unit_emulator as emulator

COMMON = {"banner", "head"}
STYTCH = {"sign_in", "link_sent", "authenticator_code", "passcode_sent", "recovery_code"}
UNIT = {"application_waiting", "card_number", "texted_code"}


@dataclass(frozen=True)
class Settings:
    emulated: frozenset[str]
    emulator_database_url: str
    is_https: bool = False
    given: Mapping[str, str] = field(default_factory=dict)
    jwks_url: str = "https://test.stytch.com/v1/sessions/jwks/project-test-11111111-1111-4111-8111-111111111111"
    login_url: str = "http://localhost:8000/login/authenticate"
    public_url: str = "http://localhost:8000"
    stytch_api_url: str = "https://test.stytch.com/"
    stytch_project_id: str = "project-test-11111111-1111-4111-8111-111111111111"
    unit_api_url: str = "https://api.s.unit.sh"


def host_app(folder: Path, *emulated: str) -> Flask:
    """An app with nothing but the emulator."""
    app = Flask(__name__)
    app.jinja_env.globals["csrf_token"] = lambda: "token"
    app.add_url_rule("/login", "login.send", methods=["POST"])
    emulator.mount(app, requests.Session(), Settings(frozenset(emulated), f"sqlite:///{folder}/emulator.db"))
    return app


@pytest.mark.parametrize(
    ("emulated", "slots"),
    [
        pytest.param(["stytch", "unit"], COMMON | STYTCH | UNIT, id="both"),
        pytest.param(["stytch"], COMMON | STYTCH, id="stytch"),
        pytest.param(["unit"], COMMON | UNIT, id="unit"),
    ],
)
def test_only_the_slots_of_emulated_services_are_filled(tmp_path: Path, emulated: list[str], slots: set[str]) -> None:
    app = host_app(tmp_path, *emulated)

    assert app.extensions["slots"].keys() == slots


@pytest.mark.parametrize(
    ("slot", "text"),
    [
        ("banner", "Stytch and Unit are both emulated"),
        ("sign_in", ""),
        ("texted_code", "000 001 Use this code"),
        ("recovery_code", ""),
        ("link_sent", "No email yet."),
        ("passcode_sent", "No authenticator apps and no messages yet."),
        ("authenticator_code", "No authenticator apps and no messages yet."),
        ("application_waiting", ""),
        ("card_number", ""),
    ],
)
def test_a_slots_template_renders_in_the_host_app(tmp_path: Path, slot: str, text: str) -> None:
    app = host_app(tmp_path, "stytch", "unit")
    context = {"application": None, "card": SimpleNamespace(card_id=10_001), "token": "token", "field": "code"}

    with app.test_request_context():
        [template] = app.extensions["slots"][slot]
        html = LexborHTMLParser(render_template(template, **context), is_fragment=True)

    assert text in " ".join(html.text().split())
