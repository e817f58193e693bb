"""What a visitor's phone does with passkeys, on the pages of ``extras/passkeys``."""

from __future__ import annotations

from emulator.tests.authenticator import Authenticator

from .identity import switch_method
from .visitor import Page, Visitor

ORIGIN = "http://localhost:8000"


def a_phone() -> Authenticator:
    """Return a new phone, whose browser is on this app."""
    return Authenticator(ORIGIN)


def creation_options(visitor: Visitor) -> str:
    """Open the page on which a passkey is created; return what it tells the browser."""
    return visitor.post("/passkeys/new").one("[data-options]").attrs.sget("data-options")


def add_passkey(visitor: Visitor, phone: Authenticator) -> Page:
    """Create a passkey and send it."""
    return visitor.submit("/passkeys", credential=phone.create(creation_options(visitor)))


def options(visitor: Visitor, purpose: str = "sign-in") -> str:
    """Ask for what the browser needs to use a passkey."""
    return visitor.post(f"/passkeys/{purpose}/options").body


def sign_in(visitor: Visitor, phone: Authenticator) -> Page:
    """Sign in with the phone's passkey."""
    return visitor.post("/passkeys/sign-in", {"credential": phone.get(options(visitor))})


def step_up(visitor: Visitor, phone: Authenticator, credential: str | None = None) -> Page:
    """Use the phone's passkey, or send this credential, in the step-up form that is open."""
    if visitor.page.html.css("#step-up button[value=passkey]"):
        switch_method(visitor, "passkey")
    form = visitor.page
    credential = phone.get(options(visitor, "step-up")) if credential is None else credential
    visitor.page = form
    return visitor.submit("/step-up", step_up_credential=credential)
