"""Answers that a proxy in front makes never take the place of what the page shows."""

from __future__ import annotations

import pytest
from playwright.sync_api import Route, expect

from . import shortcuts
from .visitor import Visitor

TOO_LARGE, NO_ANSWER = "Request too large.", "The server did not answer."
SAID = {
    **{400: NO_ANSWER, 413: TOO_LARGE, 414: TOO_LARGE, 429: "Too many requests.", 431: TOO_LARGE},
    **{502: NO_ANSWER, 504: NO_ANSWER},
}


def proxy_answers(status: int) -> dict[str, object]:
    body = f"<html><head><title>{status}</title></head><body><h1>{status} nginx</h1></body></html>"
    return {"status": status, "content_type": "text/html", "body": body}


@pytest.mark.parametrize("status", SAID)
def test_after_a_press_a_notice_stands_beside_what_was_typed(visitor: Visitor, status: int) -> None:
    page = visitor.page
    visitor.expected = {status}
    page.goto("/")
    page.get_by_label("Email").fill(visitor.email)
    page.route("**/login", lambda route: route.fulfill(**proxy_answers(status)))

    visitor.press("Email me a link")

    expect(page.locator("#notice")).to_contain_text(SAID[status])
    expect(page.get_by_role("status")).to_contain_text(SAID[status])
    expect(page.get_by_text("nginx")).to_have_count(0)
    expect(page.get_by_label("Email")).to_have_value(visitor.email)

    page.unroute("**/login")
    visitor.press("Email me a link")

    expect(page.get_by_role("heading", name="Check your email")).to_be_visible()
    expect(page.locator("#notice")).to_be_empty()


@pytest.mark.parametrize("status", [400, 502])
def test_what_cannot_be_loaded_says_so_in_its_place(visitor: Visitor, status: int) -> None:
    shortcuts.become_customer(visitor)
    visitor.expected = {status}
    visitor.page.route("**/cards/list", lambda route: route.fulfill(**proxy_answers(status)))

    visitor.page.goto("/cards")

    expect(visitor.page.locator("#cards")).to_contain_text("The server did not answer.")
    expect(visitor.page.get_by_text("nginx")).to_have_count(0)


def test_no_connection_goes_with_the_first_answer(visitor: Visitor) -> None:
    shortcuts.enroll(visitor)
    page = visitor.page
    page.goto("/customer")
    visitor.fill_in_application("000-00-0004")
    visitor.press("Open my account")
    expect(page.locator("#application")).to_be_visible()

    def cut(route: Route) -> None:
        route.abort("internetdisconnected")

    page.route("**/customer/status*", cut)
    expect(page.locator("#notice")).to_contain_text("No connection.", timeout=15_000)

    page.unroute("**/customer/status*")
    expect(page.locator("#notice")).to_be_empty(timeout=15_000)
    visitor.forget_failed_network()
