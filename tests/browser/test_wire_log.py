"""The panel of API calls, as people come to it: by eye, by keyboard, on a phone, without scripts."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Locator, Route, expect

from . import shortcuts
from .accessible import complaints
from .conftest import Arrive
from .visitor import Visitor

pytestmark = pytest.mark.panel

SHIFTS = """addEventListener('DOMContentLoaded', () => { window.shifts ??= 0 });
new PerformanceObserver((list) => {
    for (const { hadRecentInput, value } of list.getEntries())
        if (!hadRecentInput) window.shifts = (window.shifts ?? 0) + value;
}).observe({ type: 'layout-shift', buffered: true })"""
SHIFTED = """async () => {  // when what has come late is drawn and measured
    await document.fonts.ready;
    await new Promise((done) => { requestAnimationFrame(() => setTimeout(done, 100)); });
    return window.shifts;
}"""
ROOM = "parseFloat(getComputedStyle(document.body).paddingRight)"


def sign_in(visitor: Visitor) -> None:
    """Sign in over HTTP, and open the page that comes next."""
    shortcuts.sign_in(visitor)
    visitor.page.goto("/")


def panel(visitor: Visitor) -> Locator:
    return visitor.page.get_by_role("complementary", name="API calls")


def calls(visitor: Visitor, path: str) -> Locator:
    return panel(visitor).locator("details.call > summary").filter(has_text=path)


def test_what_just_happened_comes_into_the_panel_and_the_focus_stays_in_the_page(visitor: Visitor) -> None:
    visitor.sign_in()
    expect(calls(visitor, "/v1/magic_links/authenticate")).to_have_count(1)

    visitor.show_qr_code()

    expect(calls(visitor, "/v1/totps")).to_have_count(1)
    groups = panel(visitor).locator("[data-request]")
    expect(groups.first).to_have_attribute("data-request", "POST /totp")
    assert visitor.page.evaluate("document.activeElement.closest('#wire-log') === null")
    assert panel(visitor).locator("[aria-live], [role=status], [role=alert]").count() == 0


def test_a_call_loads_its_details_and_its_code_when_they_are_opened(visitor: Visitor) -> None:
    sign_in(visitor)
    call = panel(visitor).locator("details.call").filter(has_text="/v1/magic_links/authenticate")

    call.locator("summary").click()
    expect(call.get_by_text("The JWT in session_jwt, decoded")).to_be_visible()
    expect(call.get_by_role("link", name="Stytch docs")).to_have_attribute("href", re.compile("^https:"))
    call.locator(".code").evaluate("details => { details.open = true; }")  # without scrolling, as a click would

    code = call.locator(".code .source")
    expect(code.get_by_text(re.compile(r"services/magic_links\.py:\d+")).first).to_be_visible()
    expect(call.locator(".hll").first).to_contain_text("authenticate_link(")
    expect(call.get_by_text("Show the code")).to_be_in_viewport()
    expect(call.locator(".code figure").first).to_be_in_viewport()
    call.get_by_text("Show the code").click()
    expect(code).to_be_hidden()
    assert visitor.page.url.endswith("/")


def test_times_are_in_the_visitors_zone(visitor: Visitor) -> None:
    sign_in(visitor)
    shown = panel(visitor).locator(".action time").first

    expect(shown).to_have_attribute("title", re.compile(" UTC$"))
    expect(shown).to_have_text(re.compile(r"^[A-Z][a-z]{2} \d{1,2}, \d{1,2}:\d\d [AP]M$"))


def test_one_services_calls_are_shown_alone(visitor: Visitor) -> None:
    visitor.page.goto("/")
    sample = panel(visitor).locator(".sample .call.unit")
    expect(sample).to_be_visible()
    panel(visitor).get_by_label("Stytch").check()
    expect(sample).to_be_hidden()

    visitor.sign_in()
    signed_in = calls(visitor, "/v1/magic_links/authenticate")
    panel(visitor).get_by_label("Unit").check()
    expect(signed_in).to_be_hidden()
    panel(visitor).get_by_label("Stytch").check()
    expect(signed_in).to_be_visible()


@pytest.mark.parametrize("width", [1280, 360])
def test_a_key_opens_and_closes_it_and_is_named_in_the_title(arrive: Arrive, width: int) -> None:
    visitor = arrive(width=width)
    visitor.page.goto("/")
    shown, named = panel(visitor).locator(".only"), visitor.page.get_by_title("Ctrl+`")
    is_open = width == 1280

    assert (shown.is_visible(), named.first.is_visible() or named.last.is_visible()) == (is_open, True)
    for now in (not is_open, is_open):
        visitor.page.keyboard.press("Control+Backquote")
        expect(shown).to_be_visible(visible=now)


def test_the_page_keeps_the_newest_20_actions(visitor: Visitor) -> None:
    sign_in(visitor)
    entries = panel(visitor).locator(".action")
    visitor.page.evaluate("""() => { const list = document.getElementById('wire-log-calls');
        for (let n = 0; n < 30; n += 1) list.append(list.firstElementChild.cloneNode(true)); }""")

    visitor.show_qr_code()

    expect(entries).to_have_count(20)
    expect(entries.first).to_have_attribute("data-request", "POST /totp")


def test_the_panel_is_reached_and_left_by_keyboard(visitor: Visitor) -> None:
    sign_in(visitor)
    page = visitor.page

    visitor.tab_and_press(page.get_by_role("link", name="Skip to the API calls"), "Enter")
    visitor.tab_and_press(panel(visitor).locator("details.call > summary").first, "Enter")
    expect(panel(visitor).locator("details.call").first).to_have_attribute("open", "")
    visitor.page.keyboard.press("Enter")
    page.get_by_role("link", name="Back to the page").focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")

    expect(page.get_by_role("button", name="Show the QR code")).to_be_focused()


def test_the_panel_folds_away_and_stays_folded(visitor: Visitor) -> None:
    sign_in(visitor)
    fold, wide = panel(visitor).get_by_role("heading", name="API calls"), "document.body.clientWidth - innerWidth"
    before = visitor.page.evaluate(ROOM)

    fold.click()
    expect(visitor.page.locator("html.folded")).to_be_attached()  # the event that stores it comes after the press
    visitor.page.reload()

    expect(panel(visitor).locator("#wire-log-calls")).to_be_hidden()
    assert visitor.page.evaluate(ROOM) < before
    assert visitor.page.evaluate(wide) <= 0


def late(route: Route) -> None:
    """Answer as the server does, later, as on a slow network."""
    route.request.frame.page.wait_for_timeout(200)
    route.continue_()


def test_nothing_moves_while_a_page_loads(holder: Visitor) -> None:
    page = holder.page
    page.goto("/cards")
    card_path = str(page.locator("a.manage").first.get_attribute("href"))
    page.emulate_media(reduced_motion="no-preference")  # calls that come in slide; only without motion do they jump
    page.add_init_script(SHIFTS)
    page.route("**/static/**", late)  # what comes late must find its place free
    for padding in (400, 48):  # the panel is open, then folded
        for path in ("/", "/cards", card_path, "/account"):
            page.goto(path)
            expect(page.locator("[aria-busy=true]")).to_have_count(0)
            assert page.evaluate(SHIFTED) < 0.01, path
            assert page.evaluate(ROOM) == padding
        page.evaluate("sessionStorage.panel = 'folded'")
    page.unroute_all(behavior="wait")


def test_the_room_for_the_panel_does_not_wait_for_the_panel(visitor: Visitor) -> None:
    visitor.page.goto("/")
    visitor.page.locator("#wire-log").evaluate("panel => panel.remove()")

    assert visitor.page.evaluate(ROOM) == 400


@pytest.mark.parametrize("script", [True, False], ids=["script", "no-script"])
def test_on_a_phone_it_is_a_drawer(arrive: Arrive, script: bool) -> None:
    visitor = arrive(script=script, width=360)
    sign_in(visitor)
    opens = visitor.page.get_by_role("button", name=re.compile("^API calls"))
    expect(panel(visitor)).to_have_count(0)  # hidden, it is no landmark

    visitor.tab_and_press(opens, "Enter")
    expect(panel(visitor)).to_be_visible()
    expect(calls(visitor, "/v1/magic_links/authenticate")).to_be_visible()
    visitor.look("drawer")
    visitor.page.keyboard.press("Escape")

    expect(panel(visitor)).to_have_count(0)
    expect(opens).to_be_focused()

    opens.click()
    panel(visitor).get_by_role("button", name="Close").click()
    expect(panel(visitor)).to_have_count(0)


COVERED = """() => [...document.querySelectorAll('header :is(a, button), main :is(a, button, input, summary)')]
    .filter((place) => place.checkVisibility() && !place.disabled).filter((place) => {
        place.focus();
        const bar = document.querySelector('.wire-log-button').getBoundingClientRect();
        const at = place.getBoundingClientRect();
        return document.activeElement === place && at.bottom > bar.top + 1 && at.top < bar.bottom;
    }).map((place) => place.outerHTML)"""


OVERLAP = """() => document.querySelector('footer').getBoundingClientRect().bottom
    - document.querySelector('.wire-log-button').getBoundingClientRect().top"""


def test_on_a_phone_its_bar_counts_calls_and_covers_nothing_that_has_the_focus(holder: Visitor) -> None:
    page = holder.page
    page.set_viewport_size({"width": 360, "height": 640})
    page.goto("/cards")
    expect(holder.cards()).to_have_count(1)

    expect(page.get_by_role("button", name=re.compile(r"^API calls · [1-9]"))).to_be_in_viewport(ratio=1)
    assert page.evaluate(COVERED) == []
    page.evaluate("scrollTo(0, document.body.scrollHeight)")
    assert page.evaluate(OVERLAP) <= 1


def test_on_paper_the_journey_has_its_calls_and_no_panel(visitor: Visitor) -> None:
    sign_in(visitor)
    visitor.page.goto("/calls")
    visitor.page.emulate_media(media="print")

    expect(visitor.page.locator("main .call").first).to_be_visible()
    expect(panel(visitor)).to_have_count(0)


def test_without_scripts_the_code_is_a_page_of_its_own(arrive: Arrive) -> None:
    visitor = arrive(script=False)
    sign_in(visitor)

    calls(visitor, "/v1/magic_links/authenticate").click()
    panel(visitor).get_by_role("link", name="Request, response and code").last.click()
    visitor.page.get_by_text("Show the code").click()
    visitor.page.get_by_role("link", name="The code on a page of its own").click()

    expect(visitor.page.get_by_role("heading", name="The code that made the call")).to_be_visible()
    expect(visitor.page.locator(".hll").last).to_be_visible()


def test_code_is_copied_at_a_press(visitor: Visitor) -> None:
    visitor.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    visitor.page.goto("/source/totp.confirm")

    visitor.press("Copy")

    expect(visitor.page.locator("#status")).to_have_text("Copied.")
    assert "def confirm() -> Response:" in visitor.page.evaluate("navigator.clipboard.readText()")


def test_no_entry_and_no_code_has_a_barrier(visitor: Visitor) -> None:
    sign_in(visitor)
    expect(calls(visitor, "/v1/magic_links/authenticate")).to_have_count(1)
    for call in panel(visitor).locator("details.call").all():
        call.locator("summary").click()
        call.get_by_text("Show the code").click()
        expect(call.locator(".source")).to_be_visible()
    panel(visitor).evaluate("panel => panel.scrollTo(0, 0)")  # nothing is half below the panel's heading
    found = complaints(visitor.page)
    visitor.page.set_viewport_size({"width": 360, "height": 800})
    visitor.page.get_by_role("button", name=re.compile("^API calls")).click()
    expect(panel(visitor).locator(".source").first).to_be_visible()
    found += complaints(visitor.page)
    for path in ("/source/totp.confirm?via=services.factors.authenticate_totp:69", "/calls", "/calls/sample/0"):
        visitor.page.goto(path)
        found += complaints(visitor.page)

    assert found == []
