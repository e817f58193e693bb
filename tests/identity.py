"""What tests about identity share: a second browser, what the account page says, and a code that the bank texts."""

from __future__ import annotations

import time_machine

from .conftest import Page, Visitor

SANDBOX_CODE = "000001"  # Unit's own; nothing is sent there
CHANGES = {  # everything that shows or changes a factor, and the words of the step-up before it
    "/account/recovery-codes": "see your recovery codes",
    "/account/authenticator/remove": "remove your authenticator",
    "/totp/replace": "replace your authenticator",
}


def facts(page: Page) -> dict[str, str]:
    """What the page says, by its label."""
    said = zip(page.html.css("dl.facts dt"), page.html.css("dl.facts dd"), strict=True)
    return {" ".join(label.text().split()): " ".join(fact.text(separator=" ").split()) for label, fact in said}


def another_browser(visitor: Visitor, clock: time_machine.Traveller) -> Visitor:
    """The same person with another browser, signed in there too, a minute later."""
    clock.shift(60)
    other = Visitor(visitor.app)
    other.client.set_cookie("emulator_visitor", visitor.cookie("emulator_visitor") or "")
    assert other.sign_in().goes_to == "/"
    return other


def authenticators(visitor: Visitor) -> int:
    return len(visitor.get("/emulator/authenticator").html.css(".entry"))


def carried(page: Page) -> dict[str, str]:
    """What the form that asks for a code carries along."""
    return {str(tag.attrs["name"]): tag.attrs.sget("value") for tag in page.html.css("#step-up input[type=hidden]")}


def resumed(visitor: Visitor, path: str) -> Page:
    """Ask for something, give the code that it wants, and send the form again as a browser does after a 307."""
    code = visitor.code()
    asked = visitor.post(path)
    confirmed = visitor.submit("/step-up", code=code)
    assert (confirmed.status, confirmed.goes_to) == (307, path)
    return visitor.post(path, carried(asked))


def press_text_me(visitor: Visitor, *, htmx: bool = False) -> Page:
    """Press the form's second button, which sends the same fields elsewhere."""
    button = visitor.page.one("#step-up button[formaction]")
    return visitor.post(str(button.attrs["formaction"]), carried(visitor.page), htmx=htmx)


def type_code(visitor: Visitor, code: str = SANDBOX_CODE, *, htmx: bool = False) -> Page:
    return visitor.submit("/step-up/text/confirm", htmx=htmx, code=code)
