"""What a designer found: what is seen, what moves, what has the focus, and what is said meanwhile."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, Route, expect

from app import EXTRAS

from . import shortcuts
from .accessible import complaints
from .conftest import Arrive
from .visitor import Visitor

SHIFTS = """addEventListener('DOMContentLoaded', () => { window.shifts ??= 0 });
new PerformanceObserver((list) => {
    for (const { hadRecentInput, value } of list.getEntries())
        if (!hadRecentInput) window.shifts = (window.shifts ?? 0) + value;
}).observe({ type: 'layout-shift', buffered: true })"""
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
    """Answer as the server does, half a second later, as on a slow network."""
    route.request.frame.page.wait_for_timeout(500)
    route.continue_()


def holder(visitor: Visitor) -> None:
    """Make the visitor a customer who has a card."""
    shortcuts.become_customer(visitor)
    shortcuts.get_card(visitor)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_field_with_an_error_has_a_red_edge(arrive: Arrive, scheme: str) -> None:
    visitor = arrive(scheme="dark" if scheme == "dark" else "light")
    visitor.expected = {422}
    visitor.page.goto("/")
    before = color(visitor.page, "#email", "borderColor")
    visitor.page.get_by_label("Email").fill("ada")
    visitor.press("Email me a link")
    expect(visitor.error).to_be_visible()

    assert color(visitor.page, "#email", "borderTopWidth") == "2px"
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
@pytest.mark.parametrize("folded", [False, True], ids=["open", "folded"])
@pytest.mark.parametrize("path", ["/", "/cards", "/account"])
def test_nothing_moves_while_a_page_loads(visitor: Visitor, path: str, folded: bool) -> None:
    holder(visitor)
    page = visitor.page
    page.add_init_script(SHIFTS)
    if folded:
        page.add_init_script("sessionStorage.panel = 'folded'")
    page.route("**/static/**", late)  # what comes late must find its place free
    page.goto(path, wait_until="networkidle")
    page.wait_for_timeout(300)

    # On /cards, calls that come in move the earlier ones down in the panel.
    assert page.evaluate("window.shifts") < (0.1 if path == "/cards" else 0.01)
    padding = color(page, "body", "paddingRight")
    assert padding == ("48px" if folded else "400px")


@needs_panel
def test_the_room_for_the_panel_does_not_wait_for_the_panel(visitor: Visitor) -> None:
    visitor.page.goto("/")
    visitor.page.locator("#wire-log").evaluate("panel => panel.remove()")

    assert color(visitor.page, "body", "paddingRight") == "400px"


@pytest.mark.parametrize("path", ["/", "/cards", "/cards/list", "/customer", "/step-up/recover", "/account"])
@pytest.mark.parametrize("width", [1280, 390])
def test_opening_a_page_moves_neither_the_focus_nor_the_page(arrive: Arrive, path: str, width: int) -> None:
    if path == "/account" and "account" not in EXTRAS:
        pytest.skip("extras/account is deleted")
    visitor = arrive(width=width)
    holder(visitor)
    visitor.page.goto(path)
    expect(visitor.page.locator("[aria-busy=true]")).to_have_count(0)

    expect(visitor.page.locator("body")).to_be_focused()
    assert visitor.page.evaluate("scrollY") == 0
    if path == "/cards":
        expect(visitor.page.get_by_role("status")).to_have_text("Your cards are loaded.")


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


def test_after_a_press_and_after_a_code_the_focus_is_on_what_came(visitor: Visitor) -> None:
    visitor.expected = {403}
    holder(visitor)
    page = visitor.page
    shortcuts.sign_in(visitor)
    page.goto("/cards")
    visitor.code_field.fill(visitor.next_code)
    visitor.dialog.get_by_role("button", name="Confirm", exact=True).click()
    expect(visitor.cards()).to_have_count(1)
    expect(page.locator("#cards")).to_be_focused()
    assert page.evaluate("scrollY") == 0

    visitor.press("Get this card")

    expect(visitor.cards()).to_have_count(2)
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
    holder(visitor)
    page.goto("/")
    steps = page.locator(".progress li")
    backgrounds = steps.evaluate_all(
        "steps => steps.map(step => getComputedStyle(step.firstElementChild).backgroundColor)"
    )
    current = steps.evaluate_all("steps => steps.findIndex(step => step.ariaCurrent === 'step')")

    assert backgrounds.count(backgrounds[current]) == 1


@pytest.mark.parametrize("width", [1280, 390])
def test_the_card_itself_is_the_link_to_it(arrive: Arrive, width: int) -> None:
    visitor = arrive(width=width)
    holder(visitor)
    visitor.page.goto("/cards")
    card = visitor.cards().first
    expect(card).to_be_visible()
    assert "Manage" in card.evaluate(IN_THE_WAY)
    small = visitor.page.locator("main a:visible, main button:visible").evaluate_all(
        "all => all.filter(it => it.getBoundingClientRect().height < 24).map(it => it.outerHTML)"
    )
    assert small == []

    box = card.bounding_box()
    assert box
    visitor.page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)

    expect(visitor.page.get_by_role("heading", name="Card ending in")).to_be_visible()


def test_the_progress_does_not_arrive_anew_on_each_page(visitor: Visitor) -> None:
    holder(visitor)
    visitor.page.emulate_media(reduced_motion="no-preference")
    visitor.page.goto("/account" if "account" in EXTRAS else "/")
    names = visitor.page.locator(".progress *").evaluate_all(
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
def test_a_success_goes_with_the_next_act(visitor: Visitor) -> None:
    visitor.expected = {403, 409, 422}
    holder(visitor)
    page = visitor.page
    page.goto("/cards")
    page.get_by_role("link", name="Manage the card").click()
    visitor.press("Pay with this card")
    expect(page.locator("#bought")).to_contain_text("charged")
    page.get_by_label("Daily purchases").or_(page.locator("#limits-form input[type=text]").first).first.fill("100")
    visitor.press("Save limits")
    expect(page.locator("#card-limits .done")).to_have_text("Limits saved.")
    expect(page.locator("#bought")).to_be_empty()
    visitor.press("Freeze")
    expect(page.locator(".card .done")).to_contain_text("Card frozen")
    expect(page.get_by_text("Limits saved.").filter(visible=True)).to_have_count(0)
    visitor.press("Pay with this card")
    expect(page.locator("#bought.error")).to_be_visible()
    expect(page.locator(".card .done")).to_be_empty()
    visitor.press("Unfreeze")
    expect(page.locator(".card .done")).to_contain_text("Card unfrozen")

    expect(page.locator("#bought")).to_be_empty()


def test_a_reload_at_check_your_email_keeps_it(visitor: Visitor) -> None:
    visitor.ask_for_link()
    expect(visitor.mailed_link).to_be_visible()
    assert visitor.email not in visitor.page.url

    visitor.page.reload()

    expect(visitor.page.get_by_role("heading", name="Check your email")).to_be_visible()
    visitor.mailed_link.click()
    visitor.press("Sign me in")
    expect(visitor.page.get_by_role("button", name="Sign out")).to_be_visible()


def test_an_address_that_is_refused_does_not_change_the_url(visitor: Visitor) -> None:
    visitor.expected = {422}
    visitor.page.goto("/")
    visitor.page.get_by_label("Email").fill("ada")
    visitor.press("Email me a link")
    expect(visitor.error).to_be_visible()

    assert visitor.page.url.endswith("/")


def test_back_from_check_your_email_is_the_form(visitor: Visitor) -> None:
    visitor.ask_for_link()
    expect(visitor.mailed_link).to_be_visible()

    visitor.page.go_back()

    expect(visitor.page.get_by_label("Email")).to_be_visible()


def test_a_reload_at_the_qr_code_offers_a_new_one(visitor: Visitor) -> None:
    shortcuts.sign_in(visitor)
    visitor.page.goto("/")
    visitor.show_qr_code()
    earlier = visitor.key

    visitor.page.reload()

    expect(visitor.page.get_by_text("Each QR code is shown only once.")).to_be_visible()
    visitor.show_qr_code()
    assert visitor.key != earlier


@pytest.mark.parametrize("width", [360, 320])
def test_on_a_small_phone_no_word_breaks_and_the_header_is_one_row(arrive: Arrive, width: int) -> None:
    visitor = arrive(width=width)
    page = visitor.page
    visitor.sign_in()
    page.reload()  # the first page says who is signed in, with the button beside it
    found = []
    for step in range(3):
        if step == 1:
            visitor.show_qr_code()
        if step == 2:
            holder(visitor)
            page.goto("/cards")
            expect(visitor.cards()).to_have_count(1)
        found += page.evaluate(BROKEN_WORDS)
        brand, sign_out = (page.locator(name).bounding_box() for name in (".brand", ".who button"))
        assert brand
        assert sign_out
        assert abs(brand["y"] + brand["height"] / 2 - sign_out["y"] - sign_out["height"] / 2) < 4
        visitor.look("small")

    assert found == []


def test_while_a_card_is_made_the_button_says_so(visitor: Visitor) -> None:
    shortcuts.become_customer(visitor)
    page = visitor.page
    page.goto("/cards")
    button = page.locator("#new-card button")
    expect(button).to_have_text("Get this card")
    page.route("**/cards", late)
    button.click()

    expect(button).to_have_text("Getting your card…")
    expect(page.get_by_role("status")).to_have_text("Getting your card…")
    expect(visitor.cards()).to_have_count(1)
    expect(button).to_have_text("Get this card")


def test_after_a_failure_the_button_can_be_pressed_again(visitor: Visitor) -> None:
    visitor.page.goto("/")
    visitor.page.get_by_label("Email").fill(visitor.email)
    visitor.page.context.set_offline(True)
    visitor.press("Email me a link")

    expect(visitor.page.locator("#notice")).to_contain_text("No connection.")
    expect(visitor.page.get_by_role("button", name="Email me a link")).to_be_visible()
    visitor.forget_failed_network()


def test_one_card_is_drawn_while_cards_load(visitor: Visitor) -> None:
    shortcuts.become_customer(visitor)
    visitor.page.route("**/cards/list", late)
    visitor.page.goto("/cards")

    expect(visitor.page.locator(".skeleton .plastic")).to_have_count(1)
    expect(visitor.page.get_by_role("button", name="Get this card")).to_be_visible()


def test_another_answer_does_not_end_the_words_of_a_button(visitor: Visitor) -> None:
    shortcuts.become_customer(visitor)
    page = visitor.page
    page.goto("/cards")
    button = page.locator("#new-card button")
    expect(button).to_be_visible()
    page.route("**/cards", late)
    button.click()
    page.evaluate("htmx.ajax('GET', '/cards/list', { target: '#notice', swap: 'none' })")
    page.wait_for_timeout(200)

    expect(button).to_have_text("Getting your card…")
    expect(visitor.cards()).to_have_count(1)


def test_no_new_state_has_a_barrier(visitor: Visitor) -> None:
    page = visitor.page
    found: list[str] = []
    for path in ("/cards", "/?sent"):
        page.goto(path)
        found += complaints(page)
    shortcuts.sign_in(visitor)
    page.goto("/?setup")
    found += complaints(page)
    visitor.press("Sign out")
    expect(page.locator("main > .done")).to_be_visible()
    found += complaints(page)

    assert found == []


def test_on_paper_the_panel_takes_no_room_and_cards_are_there(visitor: Visitor) -> None:
    holder(visitor)
    visitor.page.goto("/cards")
    expect(visitor.cards()).to_have_count(1)
    visitor.page.emulate_media(media="print")

    assert color(visitor.page, "body", "paddingRight") == "0px"
    expect(visitor.cards().first).to_be_visible()
    expect(visitor.page.get_by_role("button").filter(visible=True)).to_have_count(0)
