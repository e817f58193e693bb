"""After a step-up, any htmx element that has an id continues, once."""

from __future__ import annotations

import re

from playwright.sync_api import Route, expect

from . import shortcuts
from .visitor import Visitor, answers

LIST = "/cards/list"
HOME = re.compile(r"^[^/]+//[^/]+/$")
GET = f'hx-get="{LIST}" hx-target="#place"'
ELEMENTS = {  # that have an id, and nothing about step-up
    "form": f'<form id="Its_form" {GET}><button>Go</button></form>',
    "link": f'<a id="it" href="/nowhere" {GET}>Go</a>',
    "button": f'<button id="it" {GET}>Go</button>',
    "button of a form": f'<form action="/nowhere"><input name="a"><button id="it" {GET}>Go</button></form>',
    "select": f'<select id="it" aria-label="Go" name="a" {GET}><option>1<option>2</select>',
    "div that is pressed": f'<div id="it" {GET} hx-trigger="click">Go</div>',
    "div that loads": f'<div id="it" hx-get="{LIST}" hx-trigger="load" hx-swap="innerHTML"></div>',
    "div that loads elsewhere": f'<div id="it" {GET} hx-trigger="load"></div>',
    "div that listens": f'<div id="it" {GET} hx-trigger="card-changed from:document"></div>',
}


def open_page_with(visitor: Visitor, html: str) -> None:
    """Open the home page of a customer who needs a code, with some HTML added to it."""

    def add_html(route: Route) -> None:
        answer = route.fetch()
        route.fulfill(response=answer, body=answer.text().replace("</main>", f"{html}</main>"))

    visitor.expected = {403}
    visitor.server.move_clock(minutes=4)  # an address gets three links in ten minutes, and a code is used once
    shortcuts.sign_in(visitor)
    visitor.page.unroute(HOME)
    visitor.page.route(HOME, add_html)
    visitor.page.goto("/")


def continue_once(visitor: Visitor, name: str, place: str) -> None:
    """Use the element, enter a code, and check that what was asked for is in its place, after one more request."""
    page, found = visitor.page, answers(visitor, "GET", LIST)
    open_page_with(visitor, f'{ELEMENTS[name]}<{place} id="place"></{place}>')
    if name == "select":
        page.get_by_label("Go").select_option("2")
    elif name == "div that listens":
        page.evaluate("document.dispatchEvent(new Event('card-changed'))")
    elif "loads" not in name:
        page.get_by_text("Go", exact=True).click()
    visitor.code_field.fill(visitor.next_code)
    visitor.press("Confirm")

    expect(visitor.cards()).to_have_count(1)
    expect(visitor.dialog).to_have_count(0)
    expect(page.locator("[aria-busy=true]")).to_have_count(0)
    assert found == [403, 200], name
    assert page.url.endswith("/")


def test_any_htmx_element_with_an_id_continues_once(holder: Visitor) -> None:
    for name in ELEMENTS:
        continue_once(holder, name, "section")
    continue_once(holder, "button", "div")


def test_all_places_that_wait_load_after_one_code(holder: Visitor) -> None:
    page = holder.page
    found = [answers(holder, "GET", f"place={number}") for number in range(3)]
    place = '<div id="place-{0}" hx-get="/cards/list?place={0}" hx-trigger="load" hx-swap="innerHTML"></div>'
    open_page_with(holder, "".join(place.format(number) for number in range(3)))

    expect(page.get_by_role("button", name="Enter a code", include_hidden=True)).to_have_count(3)
    holder.code_field.fill(holder.next_code)
    holder.press("Confirm")

    for number in range(3):
        expect(page.locator(f"#place-{number} article.plastic")).to_have_count(1)
    expect(holder.dialog).to_have_count(0)
    expect(page.get_by_role("status")).to_have_count(1)
    assert found == [[403, 200]] * 3


def test_a_button_without_an_id_says_to_try_again(holder: Visitor) -> None:
    page = holder.page
    open_page_with(
        holder, f'<button {GET}>Go</button><a id="button" href="/nowhere"></a><section id="place"></section>'
    )

    page.get_by_text("Go", exact=True).click()
    holder.code_field.fill(holder.next_code)
    holder.press("Confirm")

    expect(page.get_by_role("status")).to_have_text("Confirmed. Now try again.")
    expect(page.get_by_text("Go", exact=True)).to_be_focused()

    page.keyboard.press("Enter")

    expect(holder.cards()).to_have_count(1)


def test_a_div_that_posts_continues_with_its_csrf_token(holder: Visitor) -> None:
    found = answers(holder, "POST", "/cards")
    open_page_with(holder, '<div id="it" hx-post="/cards" hx-trigger="click" hx-swap="innerHTML">Go</div>')
    holder.expected = {403, 422}

    holder.page.get_by_text("Go", exact=True).click()
    holder.code_field.fill(holder.next_code)
    holder.press("Confirm")

    expect(holder.page.get_by_text("Choose a virtual or a physical card.")).to_be_visible()
    assert found == [403, 422]
