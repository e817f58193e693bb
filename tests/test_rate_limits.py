"""How many links one client may ask for, and who counts as one client."""

from __future__ import annotations

import time_machine
from flask import Flask

from .conftest import AppWith
from .routes import csrf_token
from .visitor import EMAIL, Visitor

ALLOWED = [200] * 20 + [429]


def ask_for_links(app: Flask, *clients: str, **environ: str) -> list[int]:
    """Ask for a link from each of these addresses, one after the other, and return the statuses."""
    browser = app.test_client()
    form = {"csrf_token": csrf_token(browser), "email": EMAIL}
    return [
        browser.post("/login", data=form, environ_base={"REMOTE_ADDR": client} | environ).status_code
        for client in clients
    ]


def test_a_client_may_ask_for_twenty_links_a_minute_and_is_then_asked_to_wait(
    app: Flask, clock: time_machine.Traveller
) -> None:
    one, other = "192.0.2.1", "192.0.2.2"

    assert ask_for_links(app, *[one] * 21) == ALLOWED
    page = Visitor(app, one).post("/login", {"email": EMAIL})
    assert (page.status, page.heading) == (429, "Too many requests")
    assert "Wait a minute" in page.text
    assert ask_for_links(app, other) == [200]
    clock.shift(61)
    assert ask_for_links(app, one) == [200]


def forwarded(app: Flask, addresses: list[str]) -> list[int]:
    """Ask for a link for each of these values of ``X-Forwarded-For``."""
    return [ask_for_links(app, "127.0.0.1", HTTP_X_FORWARDED_FOR=address)[0] for address in addresses]


def test_a_client_cannot_pretend_to_be_many(app: Flask) -> None:
    assert forwarded(app, [f"192.0.2.{number}" for number in range(21)]) == ALLOWED


def test_behind_a_proxy_a_client_is_what_the_proxy_says(app_with: AppWith) -> None:
    addresses = [f"10.0.0.{number}, {client}" for client in ("192.0.2.1", "192.0.2.2") for number in range(21)]

    assert forwarded(app_with(TRUSTED_PROXIES="1"), addresses) == ALLOWED * 2
