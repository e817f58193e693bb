"""A visitor at a browser: finds things by role and label, and notes all that a page must never do."""

from __future__ import annotations

import os
import re
import secrets
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

import pyotp
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Locator, Page, Request, Response, expect

from ..visitor import PERSON
from .server import Server

Scheme = Literal["dark", "light"]
PATIENCE = 10_000  # milliseconds that a test waits for something
POLL = 10_100  # milliseconds until a page that waits asks again; less than a request may take
TABS = 60  # more presses than any page has stops
REPORT = """addEventListener('securitypolicyviolation', ({violatedDirective, blockedURI, sample}) =>
    console.error('securitypolicyviolation', violatedDirective, blockedURI, sample))"""
FAILED_LOAD = re.compile(r"Failed to load resource: the server responded with a status of (\d{3}) ")
SEEN_FOCUS = """() => {
    const {outlineStyle, outlineWidth} = getComputedStyle(document.activeElement);
    return outlineStyle !== 'none' && parseFloat(outlineWidth) >= 2;
}"""
SCREENSHOTS = os.environ.get("SCREENSHOTS")  # a folder for a picture of each step
SCHEMES: tuple[Scheme, ...] = ("light", "dark") if SCREENSHOTS else ("light",)  # which changes colors, no size


@dataclass
class Visitor:
    """One browser window of a person with their own email address."""

    page: Page
    server: Server
    label: str = ""
    email: str = field(default_factory=lambda: f"ada.{secrets.token_hex(4)}@example.com")
    key: str = ""
    expected: set[int] = field(default_factory=set)
    complaints: list[str] = field(default_factory=list)
    pictures: int = 0

    # What a visitor does

    def ask_for_link(self) -> None:
        self.wait_for_mail()
        self.page.goto("/")
        self.look("start")
        self.page.get_by_label("Email").fill(self.email)
        self.press("Email me a link")

    def sign_in(self) -> None:
        self.ask_for_link()
        expect(self.mailed_link).to_be_visible()
        self.look("mail")
        self.mailed_link.click()
        self.look("link")
        self.press("Sign me in")
        expect(self.page.get_by_role("button", name="Sign out")).to_be_visible()
        self.look("next-step")

    def show_qr_code(self) -> None:
        self.press("Show the QR code")
        expect(self.page.get_by_role("img", name="QR code")).to_be_visible()
        self.key = self.page.locator(".key").inner_text().replace(" ", "")
        self.look("qr-code")

    def enroll(self) -> None:
        """Add the pretend phone as authenticator, with the code that it shows."""
        self.show_qr_code()
        self.code_field.fill(self.phone.locator(".one-time-code").inner_text())
        self.press("Confirm the code")
        expect(self.page.get_by_role("heading", name="Your authenticator is set up")).to_be_visible()
        self.look("recovery-codes")

    def continue_to_application(self) -> None:
        self.page.get_by_role("link", name="I’ve saved my codes").click()
        expect(self.page.get_by_role("heading", name="Open your account")).to_be_visible()
        self.look("application")

    def open_account(self, ssn: str = PERSON["ssn"]) -> None:
        self.fill_in_application(ssn)
        self.press("Open my account")
        expect(self.page.get_by_role("heading", name="Get a card")).to_be_visible()
        self.look("no-cards")

    def become_customer(self) -> None:
        """Take every step up to an empty list of cards."""
        self.sign_in()
        self.enroll()
        self.continue_to_application()
        self.open_account()

    def fill_in_application(self, ssn: str = PERSON["ssn"]) -> None:
        """Fill in the form, whether or not it holds a sample applicant."""
        for name, value in (PERSON | {"ssn": ssn}).items():
            if (choice := self.page.locator(f"select[name={name}]")).count():
                choice.select_option(value)
            else:
                self.page.locator(f"input[name={name}]").fill(value)

    def get_card(self, kind: Literal["Virtual", "Physical"]) -> None:
        self.page.get_by_role("radio", name=kind).check()
        self.press("Get this card")
        expect(self.cards(kind)).to_have_count(1)
        self.look(f"{kind.lower()}-card")

    def sign_out(self) -> None:
        self.press("Sign out")
        expect(self.page.get_by_label("Email")).to_be_visible()

    def wait_for_mail(self) -> None:
        """Let time pass: Stytch mails an address once a second at most."""
        self.server.move_clock(seconds=1.1)

    def press(self, name: str) -> None:
        self.page.get_by_role("button", name=name).click()

    def tab_to(self, target: Locator) -> None:
        """Press Tab until the target has the focus, and check that the focus is visible."""
        for _press in range(TABS):
            if target.evaluate("element => element === document.activeElement"):
                break
            self.page.keyboard.press("Tab")
        expect(target).to_be_focused()
        assert self.page.evaluate(SEEN_FOCUS), f"the focus cannot be seen on {target}"

    def tab_and_press(self, target: Locator, key: Literal["Enter", "Space"]) -> None:
        self.tab_to(target)
        self.page.keyboard.press(key)

    def look(self, name: str) -> None:
        """Check that nothing scrolls sideways, and take a picture if ``SCREENSHOTS`` is set."""
        self.page.wait_for_load_state()
        too_wide = self.page.evaluate("document.scrollingElement.scrollWidth - innerWidth")
        assert too_wide <= 0, f"{name} is {too_wide} px wider than the window"
        if SCREENSHOTS and self.label:
            self.pictures += 1
            path = Path(SCREENSHOTS, f"{self.label}-{self.pictures:02}-{name}.png")
            # To hide the caret, Playwright would add a style that the pages' policy refuses.
            self.page.screenshot(path=path, full_page=True, caret="initial")

    def forget_failed_network(self) -> None:
        """Accept complaints about a network that a test has cut."""
        cut = ("ERR_INTERNET_DISCONNECTED", "Failed to fetch")
        self.complaints = [text for text in self.complaints if not any(words in text for words in cut)]

    # What a visitor finds

    @property
    def mailbox(self) -> Locator:
        return self.page.get_by_role("region", name="mailbox")

    @property
    def mailed_link(self) -> Locator:
        return self.mailbox.get_by_role("link", name="Sign in")

    @property
    def phone(self) -> Locator:
        return self.page.get_by_role("region", name="phone")

    @property
    def code_field(self) -> Locator:
        return self.page.get_by_role("textbox", name="code")

    @property
    def dialog(self) -> Locator:
        return self.page.get_by_role("dialog")

    @property
    def error(self) -> Locator:
        """What is wrong, beside the field or above the form."""
        return self.page.locator(".error, .notice").filter(visible=True).first

    def cards(self, kind: Literal["Virtual", "Physical", ""] = "") -> Locator:
        return self.page.get_by_role("article", name=re.compile(f"{kind} card ending in", re.IGNORECASE))

    @property
    def code_now(self) -> str:
        return pyotp.TOTP(self.key).at(int(self.server.now()))

    @property
    def next_code(self) -> str:
        """The code of the next 30 seconds: valid already, and not used yet."""
        return pyotp.TOTP(self.key).at(int(self.server.now()) + 30)

    @property
    def wrong_code(self) -> str:
        return f"{(int(self.next_code) + 500_000) % 1_000_000:06}"


def answers(visitor: Visitor, method: str, part: str) -> list[int]:
    """Return a list to which each answer from now on adds its status, for URLs that contain this."""
    found: list[int] = []

    def note(response: Response) -> None:
        if response.request.method == method and part in response.url:
            found.append(response.status)

    visitor.page.on("response", note)
    return found


def visitor_in(
    browser: Browser,
    server: Server,
    *,
    script: bool,
    width: int,
    scheme: Scheme,
    label: str,
) -> Visitor:
    """Return a visitor with a new browser, at an address of their own."""
    context = browser.new_context(
        base_url=server.origin,
        java_script_enabled=script,
        viewport={"width": width, "height": 800},
        color_scheme=scheme,
        reduced_motion="reduce",
        extra_http_headers={"X-Forwarded-For": f"10.{'.'.join(str(byte) for byte in secrets.token_bytes(3))}"},
    )
    context.set_default_timeout(PATIENCE)
    context.add_init_script(REPORT)
    visitor = Visitor(context.new_page(), server, label)
    _watch(context, visitor, urlsplit(server.origin).netloc)
    return visitor


def _watch(context: BrowserContext, visitor: Visitor, host: str) -> None:
    """Note what no page may do: violate the policy, fail in a script, or call another host."""

    def on_console(message: ConsoleMessage) -> None:
        if message.type not in {"error", "warning"}:
            return
        failed = FAILED_LOAD.match(message.text)
        if not failed or int(failed[1]) not in visitor.expected:
            visitor.complaints.append(f"console: {message.text} ({message.location['url']})")

    def on_request(request: Request) -> None:
        url = urlsplit(request.url)
        if url.scheme != "data" and url.netloc != host:
            visitor.complaints.append(f"another host: {request.url}")

    context.on("console", on_console)
    context.on("weberror", lambda error: visitor.complaints.append(f"script: {error.error}"))
    context.on("request", on_request)
