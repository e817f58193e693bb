"""Shortcuts through the journey: forms sent over HTTP with the cookies of the visitor's browser."""

from __future__ import annotations

import re

from selectolax.lexbor import LexborHTMLParser, LexborNode

from ..visitor import PERSON
from .visitor import Visitor


def become_customer(visitor: Visitor) -> None:
    """Sign in, enroll and open the account, up to an empty list of cards."""
    enroll(visitor)
    _send(visitor, _read(visitor, "/customer"), "/customer", **PERSON)


def enroll(visitor: Visitor) -> None:
    """Sign in and add an authenticator."""
    sign_in(visitor)
    enrolling = _send(visitor, _read(visitor, "/"), "/totp")
    visitor.key = _one(enrolling, ".key").text().replace(" ", "")
    _send(visitor, enrolling, "/totp/confirm", code=visitor.code_now)


def get_card(visitor: Visitor) -> None:
    """Get the card that the form offers first."""
    _send(visitor, _read(visitor, "/cards/list"), "/cards")


def sign_in(visitor: Visitor, number: str = "") -> None:
    """Sign in, or sign in again with a new session, without a second factor: by link, or by SMS to this number."""
    visitor.page.context.clear_cookies(name=re.compile("stytch_session"))
    visitor.wait_for_mail()
    if number:
        asked = _send(visitor, _read(visitor, "/"), "/codes/sms_code", phone_number=number)
        _send(visitor, asked, "/codes/sms_code/sign-in", code=_texted(asked))
        return
    _send(visitor, _read(visitor, "/"), "/login", email=visitor.email)
    mail = _one(_read(visitor, "/emulator/inbox"), "a.button[href*=token]")
    _send(visitor, _read(visitor, str(mail.attrs["href"])), "/login/authenticate")


def add_number(visitor: Visitor, number: str) -> None:
    """Add a phone number, which this session then has proved."""
    asked = _send(visitor, _read(visitor, "/"), "/codes/sms_code/add", phone_number=number)
    _send(visitor, asked, "/codes/sms_code/confirm", code=_texted(asked))


def _texted(page: LexborHTMLParser) -> str:
    """The code that the pretend phone on the page shows."""
    found = re.search(r"Your code is (\d{6})", page.text())
    assert found
    return found[1]


def _read(visitor: Visitor, url: str) -> LexborHTMLParser:
    answer = visitor.page.context.request.get(url, fail_on_status_code=True)
    return LexborHTMLParser(answer.text())


def _send(visitor: Visitor, page: LexborHTMLParser, action: str, **typed: str) -> LexborHTMLParser:
    """Send the page's form with this action as it is, apart from what is typed."""
    form = _one(page, f"form[action='{action}']:not(.pretend)")
    fields: dict[str, str | float | bool] = {
        str(tag.attrs["name"]): tag.attrs.sget("value") for tag in form.css("input[name]:not([type=radio])")
    }
    fields |= {str(tag.attrs["name"]): str(tag.attrs["value"]) for tag in form.css("input[type=radio][checked]")}
    fields |= {
        str(tag.attrs["name"]): tag.css("option[selected], option")[0].attrs.sget("value")
        for tag in form.css("select[name]")
    }
    answer = visitor.page.context.request.post(action, form={**fields, **typed}, fail_on_status_code=True)
    return LexborHTMLParser(answer.text())


def _one(page: LexborHTMLParser | LexborNode, selector: str) -> LexborNode:
    found = page.css_first(selector)
    heading = re.sub(r"\s+", " ", page.text(separator=" "))[:300]
    assert found, f"no {selector} in: {heading}"
    return found
