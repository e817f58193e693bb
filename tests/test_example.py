"""``examples/one_file.py`` against the emulator over HTTP: from the link to a card, and what it refuses."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from pathlib import Path

import pyotp
import pytest
import time_machine
from flask import Flask
from selectolax.lexbor import LexborHTMLParser

from stytch_unit_emulator.pytest_plugin import EmulatedProject

MODULE = "examples.one_file"


class Browser:
    """One browser, which fills in the forms of the page that it shows."""

    def __init__(self, app: Flask, project: EmulatedProject) -> None:
        self.client, self.project = app.test_client(), project
        self.get("/")

    def get(self, path: str) -> None:
        self._show(path, "GET")

    def send(self, action: str, **typed: str) -> None:
        form = self.page.css_first(f"form[action='{action}']")
        assert form, f"no form for {action} in {self.text}"
        fields = {str(tag.attrs["name"]): tag.attrs.sget("value") for tag in form.css("input[name]")}
        self._show(action, "POST", fields | typed)

    def offers(self, action: str) -> bool:
        return bool(self.page.css_first(f"form[action='{action}']"))

    def open_newest_link(self) -> None:
        self.get(f"/login/authenticate?token={self.project.mails()[0]['token']}")
        self.send("/login/authenticate")

    def sign_in(self) -> None:
        self.send("/login", email="ada@example.com")
        self.open_newest_link()

    def enroll(self) -> None:
        self.send("/totp")
        key = self.page.css_first("p")
        assert key
        self.send("/totp/authenticate", code=pyotp.TOTP(key.text().removeprefix("Key: ")).now())

    def _show(self, path: str, method: str, data: dict[str, str] | None = None) -> None:
        response = self.client.open(path, method=method, data=data, follow_redirects=True)
        self.status, self.text, self.page = response.status_code, response.text, LexborHTMLParser(response.text)


@pytest.fixture
def app(
    emulated_project: EmulatedProject, clock: time_machine.Traveller, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Flask]:
    assert clock  # stands before the app starts
    for name, value in {
        "STYTCH_PROJECT_ID": emulated_project.project_id,
        "STYTCH_SECRET": emulated_project.secret,
        "STYTCH_API_URL": emulated_project.url,
        "UNIT_API_TOKEN": emulated_project.unit_token,
        "UNIT_API_URL": emulated_project.url,
        "SECRET_KEY": "a-key-that-only-these-tests-know",
    }.items():
        monkeypatch.setenv(name, value)
    app: Flask = importlib.import_module(MODULE).app
    yield app
    del sys.modules[MODULE]


@pytest.fixture
def browser(app: Flask, emulated_project: EmulatedProject) -> Browser:
    return Browser(app, emulated_project)


def test_from_the_link_to_a_card(browser: Browser) -> None:
    browser.sign_in()
    browser.enroll()
    browser.send("/account")
    assert "No cards yet" in browser.text

    browser.send("/cards")

    assert [card.text().rpartition(", ")[2] for card in browser.page.css("li")] == ["Active"]
    browser.send("/logout")
    assert browser.offers("/login")


def test_a_link_works_only_in_the_browser_that_asked_for_it(browser: Browser, app: Flask) -> None:
    browser.send("/login", email="ada@example.com")
    other = Browser(app, browser.project)

    other.open_newest_link()

    assert other.status == 400
    other.get("/")
    assert other.offers("/login")


def test_cards_need_a_fresh_code(browser: Browser, clock: time_machine.Traveller) -> None:
    browser.sign_in()
    browser.enroll()
    browser.send("/account")
    assert browser.offers("/cards")

    clock.shift(601)
    browser.get("/")

    assert browser.offers("/totp/authenticate")
    assert not browser.offers("/cards")


def test_a_post_without_a_csrf_token_is_refused(browser: Browser) -> None:
    assert browser.client.post("/login", data={"email": "ada@example.com"}).status_code == 400


def test_it_fits_on_a_few_screens_and_does_not_know_the_emulator() -> None:
    source = Path(importlib.util.find_spec(MODULE).origin or "").read_text()  # type: ignore[union-attr]

    assert len(source.splitlines()) <= 220
    assert "emulator" not in source
