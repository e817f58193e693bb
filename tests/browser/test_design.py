"""What a designer found: what is seen, what moves, what has the focus, and what is said meanwhile."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, Route, expect

from app import EXTRAS

from . import shortcuts
from .visitor import Visitor

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
IN_THE_WAY = """(element) => {
    const { left, top, width, height } = element.getBoundingClientRect();
    const found = document.elementFromPoint(left + width / 2, top + height / 2);
    return found.closest('a')?.textContent ?? found.outerHTML;
}"""
BROKEN_WORDS = """() => [...document.querySelectorAll(
    '.progress .is-current .name, .top *, h1, h2, button, .button'
)].flatMap((element) => {
    const range = document.createRange(), broken = [];
    for (const node of element.childNodes) {
        if (node.nodeType !== Node.TEXT_NODE) continue;
        for (const { index, 0: word } of node.data.matchAll(/[\\p{L}\\p{N}]+/gu)) {
            range.setStart(node, index); range.setEnd(node, index + word.length);
            const tops = new Set([...range.getClientRects()].map(({ top }) => Math.round(top)));
            if (tops.size > 1) broken.push(word);
        }
    }
    return broken;
})"""
needs_panel = pytest.mark.skipif("wire_log" not in EXTRAS, reason="extras/wire_log is deleted")
needs_limits = pytest.mark.skipif("spending_limits" not in EXTRAS, reason="extras/spending_limits is deleted")
needs_demo = pytest.mark.skipif("demo" not in EXTRAS, reason="extras/demo is deleted")


def color(page: Page, selector: str, name: str) -> str:
    return str(page.locator(selector).evaluate(f"element => getComputedStyle(element).{name}"))


def late(route: Route) -> None:
    """Answer as the server does, later, as on a slow network."""
    route.request.frame.page.wait_for_timeout(200)
    route.continue_()


def test_a_field_with_an_error_has_a_red_edge(visitor: Visitor) -> None:
    visitor.expected = {422}
    visitor.page.goto("/")
    before = color(visitor.page, "#email", "borderColor")
    visitor.page.get_by_label("Email").fill("ada")
    visitor.press("Email me a link")
    expect(visitor.error).to_be_visible()
    assert visitor.page.url.endswith("/")

    assert color(visitor.page, "#email", "borderTopWidth") == "2px"
    assert color(visitor.page, "#email", "borderColor") == color(visitor.page, ".error", "color") != before
    visitor.page.emulate_media(color_scheme="dark")
    assert color(visitor.page, "#email", "borderColor") == color(visitor.page, ".error", "color") != before


def test_every_kind_of_field_shows_its_error(visitor: Visitor) -> None:
    visitor.expected = {422}
    shortcuts.enroll(visitor)
    visitor.page.goto("/customer")
    visitor.page.locator("input[name=first_name], input[name=date_of_birth]").evaluate_all(
        "fields => fields.forEach(field => { field.value = '' })"
    )
    visitor.page.locator("select[name=occupation]").select_option("")
    visitor.press("Open my account")
    expect(visitor.error).to_be_visible()
    wrong = visitor.page.locator("[aria-invalid=true]")
    kinds = wrong.evaluate_all("fields => [...new Set(fields.map(field => field.type))].sort()")
    widths = wrong.evaluate_all("fields => [...new Set(fields.map(field => getComputedStyle(field).borderTopWidth))]")

    assert kinds == ["select-one", "text"]
    assert widths == ["2px"]


@needs_panel
def test_nothing_moves_while_a_page_loads(holder: Visitor) -> None:
    page = holder.page
    page.add_init_script(SHIFTS)
    page.route("**/static/**", late)  # what comes late must find its place free
    for padding in ("400px", "48px"):  # the panel is open, then folded
        for path in ("/", "/cards", "/account"):
            page.goto(path)
            expect(page.locator("[aria-busy=true]")).to_have_count(0)
            # On /cards, calls that come in move the earlier ones down in the panel.
            assert page.evaluate(SHIFTED) < (0.1 if path == "/cards" else 0.01), path
            assert color(page, "body", "paddingRight") == padding
        page.evaluate("sessionStorage.panel = 'folded'")
    page.unroute_all(behavior="wait")


@needs_panel
def test_the_room_for_the_panel_does_not_wait_for_the_panel(visitor: Visitor) -> None:
    visitor.page.goto("/")
    visitor.page.locator("#wire-log").evaluate("panel => panel.remove()")

    assert color(visitor.page, "body", "paddingRight") == "400px"


@pytest.mark.parametrize("width", [1280, 390])
def test_opening_a_page_moves_neither_the_focus_nor_the_page(holder: Visitor, width: int) -> None:
    page = holder.page
    page.set_viewport_size({"width": width, "height": 800})
    account = ["/account"] if "account" in EXTRAS else []
    for path in ("/", "/cards", "/cards/list", "/customer", "/step-up/recover", *account):
        page.goto(path)
        expect(page.locator("[aria-busy=true]")).to_have_count(0)

        expect(page.locator("body")).to_be_focused()
        assert page.evaluate("scrollY") == 0
        if path == "/cards":
            expect(page.get_by_role("status")).to_have_text("Your cards are loaded.")


def test_the_page_of_a_link_and_of_a_decision_do_not_take_the_focus(visitor: Visitor) -> None:
    visitor.ask_for_link()
    visitor.mailed_link.click()
    expect(visitor.page.get_by_role("button", name="Sign me in")).to_be_visible()
    expect(visitor.page.locator("body")).to_be_focused()
    visitor.press("Sign me in")
    visitor.enroll()
    visitor.continue_to_application()
    visitor.fill_in_application(ssn="000-00-0004")
    visitor.press("Open my account")
    expect(visitor.page.get_by_role("heading", name="Under review")).to_be_focused()

    visitor.page.goto("/customer")

    expect(visitor.page.locator("body")).to_be_focused()


def test_after_a_press_and_after_a_code_the_focus_is_on_what_came(holder: Visitor) -> None:
    holder.expected = {403}
    page = holder.page
    shortcuts.sign_in(holder)
    page.goto("/cards")
    holder.code_field.fill(holder.next_code)
    holder.dialog.get_by_role("button", name="Confirm", exact=True).click()
    expect(holder.cards()).to_have_count(1)
    expect(page.locator("#cards")).to_be_focused()
    assert page.evaluate("scrollY") == 0

    holder.press("Get this card")

    expect(holder.cards()).to_have_count(2)
    expect(page.locator("#cards")).to_be_focused()


@needs_demo
def test_in_forced_colors_cards_are_opaque_and_have_an_edge(visitor: Visitor) -> None:
    page = visitor.page
    page.emulate_media(forced_colors="active")
    page.goto("/")
    for number in range(2):
        card = page.locator(".showcase .plastic").nth(number)
        style = card.evaluate(
            "card => (({ backgroundImage, borderTop }) => [backgroundImage, borderTop])(getComputedStyle(card))"
        )
        assert style[0] == "none"
        assert style[1].startswith("1px solid")
    shortcuts.enroll(visitor)
    page.goto("/")
    steps = page.locator(".progress li")
    backgrounds = steps.evaluate_all(
        "steps => steps.map(step => getComputedStyle(step.firstElementChild).backgroundColor)"
    )
    current = steps.evaluate_all("steps => steps.findIndex(step => step.ariaCurrent === 'step')")

    assert backgrounds.count(backgrounds[current]) == 1


def test_the_card_itself_is_the_link_to_it(holder: Visitor) -> None:
    page = holder.page
    for width in (1280, 390):
        page.set_viewport_size({"width": width, "height": 800})
        page.goto("/cards")
        card = holder.cards().first
        expect(card).to_be_visible()
        assert "Manage" in card.evaluate(IN_THE_WAY)
        small = page.locator("main a:visible, main button:visible").evaluate_all(
            "all => all.filter(it => it.getBoundingClientRect().height < 24).map(it => it.outerHTML)"
        )
        assert small == []

        box = card.bounding_box()
        assert box
        page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)

        expect(page.get_by_role("heading", name="Card ending in")).to_be_visible()


def test_the_progress_does_not_arrive_anew_on_each_page(holder: Visitor) -> None:
    holder.page.emulate_media(reduced_motion="no-preference")
    holder.page.goto("/account" if "account" in EXTRAS else "/")
    names = holder.page.locator(".progress *").evaluate_all(
        "all => [...new Set(all.map(it => getComputedStyle(it).animationName))]"
    )

    assert names == ["none"]


def test_the_eyebrow_and_the_progress_name_the_same_step(anybody: Visitor) -> None:
    page = anybody.page

    def expect_step(number: int) -> None:
        expect(page.locator(".eyebrow")).to_have_text(f"Step {number} of 5")
        expect(page).to_have_title(re.compile(f": step {number} of 5"))
        current = page.locator("#progress li").evaluate_all("all => all.findIndex(it => it.ariaCurrent === 'step') + 1")
        assert current == number

    anybody.sign_in()
    expect_step(2)
    anybody.show_qr_code()
    expect_step(2)
    anybody.code_field.fill(anybody.code_now)
    anybody.press("Confirm the code")
    expect(page.get_by_role("heading", name="Your authenticator is set up")).to_be_visible()
    expect_step(2)
    anybody.continue_to_application()
    expect_step(3)


def test_who_is_not_signed_in_reads_a_notice_and_no_success(visitor: Visitor) -> None:
    visitor.page.goto("/cards")

    expect(visitor.page.locator("main > .said")).to_contain_text("You’re not signed in")
    expect(visitor.page.locator("main > .said")).not_to_be_focused()
    expect(visitor.page.locator(".done")).to_have_count(0)
    expect(visitor.page.get_by_role("status")).to_contain_text("You’re not signed in")


def test_signing_out_says_so(anybody: Visitor) -> None:
    shortcuts.sign_in(anybody)
    anybody.page.goto("/")
    anybody.press("Sign out")

    expect(anybody.page.locator("main > .done")).to_have_text("You’re signed out.")


@needs_demo
@needs_limits
def test_a_success_goes_with_the_next_act(holder: Visitor) -> None:
    holder.expected = {403, 409, 422}
    page = holder.page
    page.goto("/cards")
    page.get_by_role("link", name="Manage the card").click()
    holder.press("Pay with this card")
    expect(page.locator("#bought")).to_contain_text("charged")
    page.get_by_label("Daily purchases").or_(page.locator("#limits-form input[type=text]").first).first.fill("100")
    holder.press("Save limits")
    expect(page.locator("#card-limits .done")).to_have_text("Limits saved.")
    expect(page.locator("#bought")).to_be_empty()
    holder.press("Freeze")
    expect(page.locator(".card .done")).to_contain_text("Card frozen")
    expect(page.get_by_text("Limits saved.").filter(visible=True)).to_have_count(0)
    holder.press("Pay with this card")
    expect(page.locator("#bought.error")).to_be_visible()
    expect(page.locator(".card .done")).to_be_empty()
    holder.press("Unfreeze")
    expect(page.locator(".card .done")).to_contain_text("Card unfrozen")

    expect(page.locator("#bought")).to_be_empty()


def test_a_reload_at_check_your_email_keeps_it_and_back_is_the_form(visitor: Visitor) -> None:
    visitor.ask_for_link()
    expect(visitor.mailed_link).to_be_visible()
    assert visitor.email not in visitor.page.url

    visitor.page.reload()

    expect(visitor.page.get_by_role("heading", name="Check your email")).to_be_visible()
    visitor.page.go_back()
    expect(visitor.page.get_by_label("Email")).to_be_visible()
    visitor.page.go_forward()
    visitor.mailed_link.click()
    visitor.press("Sign me in")
    expect(visitor.page.get_by_role("button", name="Sign out")).to_be_visible()


def test_back_from_check_your_email_is_the_form(visitor: Visitor) -> None:
    visitor.ask_for_link()
    expect(visitor.mailed_link).to_be_visible()

    visitor.page.go_back()

    expect(visitor.page.get_by_label("Email")).to_be_visible()


def test_a_reload_at_the_qr_code_offers_one_again(visitor: Visitor) -> None:
    shortcuts.sign_in(visitor)
    visitor.page.goto("/")
    visitor.show_qr_code()

    visitor.page.reload()

    expect(visitor.page.get_by_text("Each QR code is shown only once.")).to_be_visible()
    visitor.show_qr_code()


def test_on_a_small_phone_no_word_breaks_and_the_header_is_one_row(visitor: Visitor) -> None:
    page = visitor.page
    shortcuts.sign_in(visitor)
    page.goto("/")
    _look_on_small_phones(visitor)
    visitor.show_qr_code()
    _look_on_small_phones(visitor)
    shortcuts.become_customer(visitor)
    shortcuts.get_card(visitor)
    page.goto("/cards")
    expect(visitor.cards()).to_have_count(1)
    _look_on_small_phones(visitor)


def _look_on_small_phones(visitor: Visitor) -> None:
    page = visitor.page
    for width in (360, 320):
        page.set_viewport_size({"width": width, "height": 800})
        assert page.evaluate(BROKEN_WORDS) == []
        brand, sign_out = (page.locator(name).bounding_box() for name in (".brand", ".who button"))
        assert brand
        assert sign_out
        assert abs(brand["y"] + brand["height"] / 2 - sign_out["y"] - sign_out["height"] / 2) < 4
        visitor.look("small")


def test_while_cards_load_one_is_drawn_and_while_one_is_made_the_button_says_so(visitor: Visitor) -> None:
    shortcuts.become_customer(visitor)
    page, held = visitor.page, list[Route]()
    page.route("**/cards/list", lambda route: held.append(route))
    page.goto("/cards")
    button = page.locator("#new-card button")
    expect(page.locator(".skeleton .plastic")).to_have_count(1)
    held.pop().continue_()
    page.unroute("**/cards/list")
    expect(page.locator(".skeleton")).to_have_count(0)
    expect(button).to_have_text("Get this card")

    page.route("**/cards", lambda route: held.append(route))
    button.click()
    expect(button).to_have_text("Getting your card…")
    expect(page.get_by_role("status")).to_have_text("Getting your card…")
    page.evaluate("htmx.ajax('GET', '/cards/list', { target: '#notice', swap: 'none' })")  # not what it waits for
    expect(button).to_have_text("Getting your card…")
    held.pop().continue_()

    expect(visitor.cards()).to_have_count(1)
    expect(button).to_have_text("Get this card")


def test_on_paper_the_panel_takes_no_room_and_cards_are_there(holder: Visitor) -> None:
    holder.page.goto("/cards")
    expect(holder.cards()).to_have_count(1)
    holder.page.emulate_media(media="print")

    assert color(holder.page, "body", "paddingRight") == "0px"
    expect(holder.cards().first).to_be_visible()
    expect(holder.page.get_by_role("button").filter(visible=True)).to_have_count(0)
