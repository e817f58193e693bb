"""Answers that a proxy in front makes never take the place of what the page shows."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import Route, expect

from . import shortcuts
from .visitor import POLL, Visitor

TOO_LARGE, NO_ANSWER = "Request too large.", "The server did not answer."
SAID = {
    **{400: NO_ANSWER, 413: TOO_LARGE, 414: TOO_LARGE, 429: "Too many requests.", 431: TOO_LARGE},
    **{502: NO_ANSWER, 504: NO_ANSWER},
}


def proxy_answers(status: int) -> Callable[[Route], None]:
    body = f"<html><head><title>{status}</title></head><body><h1>{status} nginx</h1></body></html>"
    return lambda route: route.fulfill(status=status, content_type="text/html", body=body)


def press_once_in_vain(visitor: Visitor, status: int) -> None:
    """Ask for a link through a proxy that answers with this status, then through one that works."""
    page = visitor.page
    visitor.expected = {status}
    visitor.email = f"{status}.{visitor.email}"  # an address gets three links in ten minutes
    page.goto("/")
    page.get_by_label("Email").fill(visitor.email)
    page.route("**/login", proxy_answers(status))

    visitor.press("Email me a link")

    expect(page.locator("#notice")).to_contain_text(SAID[status])
    expect(page.get_by_role("status")).to_contain_text(SAID[status])
    expect(page.get_by_text("nginx")).to_have_count(0)
    expect(page.get_by_label("Email")).to_have_value(visitor.email)

    page.unroute("**/login")
    visitor.press("Email me a link")

    expect(page.get_by_role("heading", name="Check your email")).to_be_visible()
    expect(page.locator("#notice")).to_be_empty()


def test_after_a_press_a_notice_stands_beside_what_was_typed(visitor: Visitor) -> None:
    for status in SAID:
        press_once_in_vain(visitor, status)


def test_what_cannot_be_loaded_says_so_in_its_place(visitor: Visitor) -> None:
    shortcuts.become_customer(visitor)
    visitor.expected = {400, 502}
    for status in (400, 502):
        visitor.page.route("**/cards/list", proxy_answers(status))

        visitor.page.goto("/cards")

        expect(visitor.page.locator("#cards")).to_contain_text("The server did not answer.")
        expect(visitor.page.get_by_text("nginx")).to_have_count(0)


def test_no_connection_goes_with_the_first_answer(visitor: Visitor) -> None:
    shortcuts.enroll(visitor)
    page = visitor.page
    page.clock.install()
    page.goto("/customer")
    visitor.fill_in_application("000-00-0004")
    visitor.press("Open my account")
    expect(page.get_by_role("heading", name="Under review")).to_be_visible()

    def cut(route: Route) -> None:
        route.abort("internetdisconnected")

    page.route("**/customer/status*", cut)
    page.clock.run_for(POLL)
    expect(page.locator("#notice")).to_contain_text("No connection.")

    page.unroute("**/customer/status*")
    page.clock.run_for(POLL)
    expect(page.locator("#notice")).to_be_empty()
    visitor.forget_failed_network()
