"""What tests about identity share: a second browser, what the account page says, and a code that the bank texts."""

from __future__ import annotations

import time_machine

from .visitor import Page, Visitor, beside

SANDBOX_CODE = "000001"  # Unit's own; nothing is sent there
CHANGES = {  # everything that shows or changes a factor, and the words of the step-up before it
    "/account/recovery-codes": "see your recovery codes",
    "/account/authenticator/remove": "remove your authenticator",
    "/totp/replace": "replace your authenticator",
}


def facts(page: Page) -> dict[str, str]:
    """Return what the page says, by its label."""
    said = zip(page.html.css("dl.facts dt"), page.html.css("dl.facts dd"), strict=True)
    return {" ".join(label.text().split()): " ".join(fact.text().split()) for label, fact in said}


def another_browser(visitor: Visitor, clock: time_machine.Traveller) -> Visitor:
    """Return another browser of the same person, signed in there too, a minute later."""
    clock.shift(60)
    other = beside(visitor)
    assert other.sign_in().goes_to == "/"
    return other


def another_customer(visitor: Visitor, clock: time_machine.Traveller) -> Visitor:
    """Return another person, at the same bank, who has become a customer too."""
    clock.shift(60)
    other = beside(visitor, "192.0.2.1")
    other.sign_in("grace@example.com")
    other.enroll()
    other.open_account()
    return other


def authenticators(visitor: Visitor) -> int:
    """Return how many authenticators the visitor's phone shows."""
    return len(visitor.get("/emulator/authenticator").html.css(".entry"))


def carried(page: Page) -> dict[str, str]:
    """Return what the form that asks for a code carries along."""
    return {str(tag.attrs["name"]): tag.attrs.sget("value") for tag in page.html.css("#step-up input[type=hidden]")}


def resumed(visitor: Visitor, path: str) -> Page:
    """Ask for something, give the code that it wants, and send the form again as a browser does after a 307."""
    code = visitor.code()
    asked = visitor.post(path)
    confirmed = visitor.submit("/step-up", step_up_code=code)
    assert (confirmed.status, confirmed.goes_to) == (307, path)
    return visitor.post(path, carried(asked))


def switch_method(visitor: Visitor, name: str, *, htmx: bool = False) -> Page:
    """Press the button of the step-up form that switches to another method, or sends another code."""
    button = visitor.page.one(f"#step-up button[name=step_up_use][value={name}]")
    return visitor.post(str(button.attrs["formaction"]), carried(visitor.page) | {"step_up_use": name}, htmx=htmx)


def press_text_me(visitor: Visitor, *, htmx: bool = False) -> Page:
    """Ask the bank to text a code."""
    return switch_method(visitor, "unit_sms", htmx=htmx)


def type_code(visitor: Visitor, code: str = SANDBOX_CODE, *, htmx: bool = False) -> Page:
    """Submit the step-up form with this code."""
    return visitor.submit("/step-up", htmx=htmx, step_up_code=code)


def step_up_by_text(visitor: Visitor) -> Page:
    """Confirm with a texted code, on the page for it."""
    visitor.get("/step-up")
    press_text_me(visitor)
    return type_code(visitor)
