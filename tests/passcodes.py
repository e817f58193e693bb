"""What tests with codes by SMS, WhatsApp and email share."""

from __future__ import annotations

import re

from .visitor import EMAIL, Page, Visitor

PHONE, OTHER_PHONE = "+12025550143", "+12025550144"
METHODS = ("sms_code", "whatsapp_code", "email_code")


def address(method: str, to: str | None = None) -> dict[str, str]:
    """The field that says where to send a code."""
    name, default = ("email", EMAIL) if method == "email_code" else ("phone_number", PHONE)
    return {name: default if to is None else to}


def newest_code(visitor: Visitor, method: str = "sms_code") -> str:
    """The code that arrived last, on the pretend phone or in the pretend mailbox; the present page stays."""
    page = visitor.page
    place = "inbox" if method == "email_code" else "authenticator"
    texts = [text.text() for text in visitor.get(f"/emulator/{place}").html.css("article.text")]
    visitor.page = page
    found = re.search(r"Your code is ([0-9]{6})\.", texts[0]) if texts else None
    return found[1] if found else ""


def ask_for_code(visitor: Visitor, method: str = "sms_code", to: str | None = None) -> Page:
    """Fill in the sign-in form of a method."""
    visitor.get("/")
    return visitor.submit(f"/codes/{method}", address(method, to))


def sign_in_by_code(visitor: Visitor, method: str = "sms_code", to: str | None = None) -> Page:
    """Sign in with a code."""
    ask_for_code(visitor, method, to)
    return visitor.submit(f"/codes/{method}/sign-in", code=newest_code(visitor, method))


def add_by_code(visitor: Visitor, method: str = "sms_code", to: str | None = None) -> Page:
    """Add a phone number or an email address."""
    visitor.post(f"/codes/{method}/add", address(method, to))
    return visitor.submit(f"/codes/{method}/confirm", code=newest_code(visitor, method))


def sends(calls: list[str]) -> list[str]:
    """The calls that send a code."""
    return [call for call in calls if call.startswith("POST /v1/otps/") and "authenticate" not in call]


def wrong(code: str) -> str:
    """Another code."""
    return "000000" if code != "000000" else "111111"
