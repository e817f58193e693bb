"""The states that the gallery shows: each is a template of the app with sample values."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

from flask import current_app, url_for
from markupsafe import Markup

from blueprints import totp
from blueprints.application_form import application_form
from blueprints.cards import ACTIONS, REFUSED, UNCONFIRMED
from blueprints.errors import MESSAGES
from services.errors import LimitReached
from services.factors import Enrollment
from services.methods import step_up_methods
from services.session import Session
from services.unit_models import ACTIONS_IN, Application

from . import people
from .samples import (
    ACCOUNT,
    CODES,
    FROZEN,
    LIMITS,
    PHYSICAL,
    QR_CODE,
    STATUSES,
    VIRTUAL,
    calls,
    events,
    sample_session,
    text_form,
)

IN_PANEL = {"account", "activity", "spending_limits", "step_up", "totp"}  # their panel is outside of the fragment
WEAK = {  # a new password that is refused, in zxcvbn's words
    "error": "This password is too easy to guess. Choose another one.",
    "reason": "weak_password",
    "strength": SimpleNamespace(score=1, is_valid=False, is_breached=False, words=["This is a common password."]),
}
APPLICATIONS = ("Pending", "AwaitingDocuments", "PendingReview", "Denied", "Canceled")


@dataclass(frozen=True)
class State:
    """A template as it looks with these values."""

    group: str
    name: str
    template: str
    values: Mapping[str, Any] = field(default_factory=dict)
    session: Session | None = field(default_factory=sample_session)
    needs: str = ""  # another template, which this one includes

    @property
    def slug(self) -> str:
        """Its part of the URL."""
        return re.sub(r"[^a-z0-9]+", "-", f"{self.group} {self.name}".lower()).strip("-")

    @property
    def is_in_panel(self) -> bool:
        """Whether the gallery has to add the panel."""
        return self.template.partition("/")[0] in IN_PANEL and not self.template.endswith("_dialog.html")


def states() -> Iterator[State]:
    """Yield all states, in the order of the journey."""
    yield from _home()
    yield from _sign_in()
    yield from _authenticator()
    yield from _step_up()
    yield from _application()
    yield from _cards()
    yield from _card()
    yield from _card_panels()
    yield from _account()
    yield from _api_calls()
    yield from _errors()


def _home() -> Iterator[State]:
    session = sample_session()
    bare = replace(session, enrolled=False, customer_id=None, factors=session.factors[:1])
    yield State("Home", "signed out", "home/index.html", session=None)
    yield State("Home", "signed in", "home/journey.html", session=bare)
    yield State("Home", "enrolled", "home/journey.html", session=replace(session, customer_id=None))
    yield State("Home", "customer", "home/journey.html", session=replace(session, factors=session.factors[:1]))
    yield State("Home", "stepped up", "home/journey.html")
    yield State("Home", "what may happen", "demo/play.html")
    yield State("Home", "behind each step", "demo/behind.html")


def _sign_in() -> Iterator[State]:
    wrong = SimpleNamespace(email=SimpleNamespace(data="ada@", errors=["Enter an address like ada@example.com."]))
    group = "Sign in"
    yield State(group, "form", "login/form.html", session=None)
    yield State(group, "refused", "login/form.html", {"form": wrong}, session=None)
    yield State(group, "sent", "login/sent.html", {"email": "ada@example.com"}, session=None)
    yield State(group, "link", "login/open.html", {"token": ""}, session=None)
    yield State(group, "link, signed in already", "login/open.html", {"token": "", "other": sample_session()})
    yield from _passcodes()
    yield State(group, "wallet", "wallets/sign_in.html", {"error": "That wallet did not sign you in."}, session=None)
    for problem in ("used", "expired", "unknown", "other_browser", "locked"):
        yield State(group, f"link {problem}", "login/problem.html", {"problem": problem}, session=None)


def _passcodes() -> Iterator[State]:
    group, page = "Sign in", "passcodes/code.html"
    sms = SimpleNamespace(name="sms_code", product="sms", how="by text message", group="phone", is_phone=True)
    channel = SimpleNamespace(**vars(sms), to_name="phone_number", life=timedelta(minutes=5))
    values = {"channel": channel, "action": "#", "again": "#", "to": "(415) 555-2671", "next": "/"}
    refused = {"passcode": channel, "passcode_error": "Enter a mobile number with its area code."}
    yield State(group, "code by text message", page, values, session=None)
    yield State(group, "code refused", page, {**values, "error": "That code is wrong."}, session=None)
    yield State(group, "password", "passwords/sign_in.html", session=None)
    yield State(group, "reset your password", "passwords/forgot.html", session=None)
    yield State(group, "reset sent", "passwords/sent.html", {"email": "ada@example.com"}, session=None)
    yield State(group, "reset link", "passwords/open.html", {"token": ""}, session=None)
    yield State(group, "new password refused", "passwords/reset.html", {"token": "", **WEAK}, session=None)
    yield State(group, "reset link used", "passwords/problem.html", {"problem": "over"}, session=None)
    yield State("Account", "new password", "passwords/new.html", {"back": "/account"})
    changed = {"can_be_changed": True, "back": "/account", "error": "That is not your current password."}
    yield State("Account", "change password", "passwords/new.html", {**changed, "reason": "wrong_old"})
    yield State("Account", "number refused", "passcodes/add.html", {**refused, "next": "/account"})


def _authenticator() -> Iterator[State]:
    enrollment = {"enrollment": Enrollment("", "", QR_CODE), "key": "U2C7 FLP2 OAYE FROO", "otpauth": "#"}
    wrong = totp.MESSAGES["unable_to_authenticate_totp"]
    group = "Authenticator"
    yield State(group, "start", "totp/_start.html")
    yield State(group, "QR code", "totp/enroll.html", enrollment)
    yield State(group, "code refused", "totp/confirm.html", {"error": wrong})
    yield State(group, "start again", "totp/start_again.html")
    yield State(group, "too late", "totp/too_late.html")
    yield State(group, "recovery codes", "totp/codes.html", {"codes": CODES})
    yield State(group, "recovery", "totp/recover.html")
    refused = {"error": totp.MESSAGES["unable_to_authenticate_recovery_code"]}
    yield State(group, "recovery refused", "totp/recover.html", refused)


def _step_up() -> Iterator[State]:
    group, many = "Step-up", LimitReached(90, "You entered too many wrong codes.").advice
    purpose, methods = "freeze the card ending in 4821", step_up_methods()
    pending = SimpleNamespace(purpose=purpose, methods=methods, form="", signed=lambda: "")
    for method in methods:
        values = {"pending": pending, "method": method}
        yield State(group, f"{method.name} dialog", "step_up/_dialog.html", values)
        for error in dict.fromkeys((*method.messages.values(), many)):
            yield State(group, f"{method.name}: {error}", "step_up/page.html", {**values, "error": error})


def _application() -> Iterator[State]:
    sample = current_app.config.get("SAMPLE_APPLICANT")
    refused = application_form(formdata=None, data=sample)
    refused.ssn.errors = ["Enter nine digits, such as 123-45-6789."]
    refused.attach_error("/data/attributes/phone")
    group, form = "Application", "onboarding/form.html"
    yield State(group, "form", form, {"form": application_form(formdata=None, data=sample)})
    yield State(group, "blank", form, {"form": application_form(formdata=None)})
    yield State(group, "refused", form, {"form": refused})
    for status in APPLICATIONS:
        application = Application(application_id="1", status=status, customer_id=None, jwt_subject=None)
        yield State(group, status, "onboarding/status.html", {"application": application})
    approved = Application(application_id="1", status="Approved", customer_id="1", jwt_subject=None)
    yield State(group, "Approved", "onboarding/status.html", {"application": approved})
    yield State(group, "bank’s form", "hosted_form/link.html", {"form": SimpleNamespace(url="#")})
    asked: dict[str, Any] = {
        "kind": "IdDocument",
        "title": "Photo ID",
        "description": "A driver’s license.",
        "document_id": "1",
    }
    asked |= {"sides": ["front", "back"], "is_open": True, "why": "", "reason": None, "archived": False}
    rejected: dict[str, Any] = {
        "why": "It has expired. Send a valid one.",
        "reason": "Expired in 2025.",
        "sides": ["back"],
    }
    for name, changes in {"documents": {}, "document rejected": rejected, "document received": {"sides": []}}.items():
        documents = [SimpleNamespace(**asked | changes)]
        yield State(group, name, "documents/page.html", {"documents": documents})
    yield State(group, "bank’s form, waiting", "hosted_form/waiting.html", {"earlier": 0})


def _cards() -> Iterator[State]:
    every = [card.model_copy(update={"status": status}) for card in (VIRTUAL, PHYSICAL) for status in STATUSES]
    group, page, listing = "Cards", "cards/list.html", {"cards": [VIRTUAL], "accounts": [ACCOUNT], "most": 1_000}
    locked = _instead("lock", "Confirm it’s you to see this.", "Enter a code")
    yield State(group, "loading", "cards/_loading.html")
    yield State(group, "locked", "_instead.html", locked)
    title, text = MESSAGES[503]
    yield State(group, "service down", "_instead.html", {**_instead("unplugged", text, "Try again"), "title": title})
    yield State(group, "empty", page, {**listing, "cards": []})
    yield State(group, "one", page, listing)
    yield State(group, "refused", page, {**listing, "error": "Choose a virtual or a physical card."})
    yield State(group, "every kind and status", page, {**listing, "cards": every})


def _card() -> Iterator[State]:
    group, page = "Card", "cards/show.html"
    for name, card, shown in (("virtual", VIRTUAL, ("Active", "Lost")), ("physical", PHYSICAL, ACTIONS_IN)):
        for status in shown:
            yield State(group, f"{name} {status}", page, {"card": card.model_copy(update={"status": status})})
    yield State(group, "done", page, {"card": FROZEN, "done": ACTIONS["freeze"][2]})
    yield State(group, "refused", page, {"card": FROZEN, "problem": REFUSED})
    yield State(group, "number", "reveal/page.html", {"card": VIRTUAL, "token": "sample"})
    yield State(group, "number of a frozen card", "reveal/page.html", {"card": FROZEN, "token": ""})
    yield State(group, "beside Unit's", "unit_components/page.html", {"cards": [VIRTUAL, FROZEN], "places": []})


def _card_panels() -> Iterator[State]:
    group = "Panels of a card"
    yield State(group, "loading", "cards/_loading_lines.html", {"url": "#", "show": "Show activity"})
    yield State(group, "activity empty", "activity/page.html", {"events": []})
    yield State(group, "activity", "activity/page.html", {"events": events(), "next_url": "#"})
    buy = {"card": VIRTUAL, "account": ACCOUNT}
    yield State(group, "purchase", "demo/_buy.html", buy)
    yield State(group, "purchase made", "demo/_buy.html", {**buy, "text": "Corner Café charged $4.50."})
    declined = {"text": "Declined: the bank did not allow it.", "declined": True}
    yield State(group, "purchase declined", "demo/_buy.html", {**buy, **declined})
    form, wrong = text_form(LIMITS), text_form(LIMITS)
    wrong.daily_purchase.errors = ["Enter an amount from $0 to $50,000, such as 250 or 99.50."]
    spent = SimpleNamespace(own={"dailyPurchase": 50_000}, spent_today=6_725, spent_this_month=24_725)
    page, values = "spending_limits/limits.html", {"card": VIRTUAL, "limits": spent, "form": form, "shown": {}}
    yield State(group, "limits", page, values)
    yield State(group, "limits saved", page, {**values, "done": "Limits saved."})
    yield State(group, "limits refused", page, {**values, "form": wrong})
    yield State(group, "limits of a frozen card", page, {**values, "card": FROZEN})


def _account() -> Iterator[State]:
    session, now = sample_session(), datetime.now(UTC)
    bare = replace(session, enrolled=False, customer_id=None, factors=session.factors[:1])
    ids = (session.session_id, "session-test-2")
    seen = {"device": "Firefox on Windows", "ip_address": "192.0.2.1"}
    sessions = [SimpleNamespace(session_id=each, started_at=now, last_used=now, **seen) for each in ids]
    phones = [
        SimpleNamespace(phone_id=f"phone-{each}", phone_number="+14155552671", verified=each == 1) for each in (1, 2)
    ]
    key = SimpleNamespace(webauthn_registration_id="key-1", name="WebAuthN 1a2b3c4d", domain="localhost")
    emails = [SimpleNamespace(email_id="email-1", email=session.email, verified=True)]
    mobile = SimpleNamespace(biometric_registration_id="biometric-registration-test-1a2b3c")
    account = SimpleNamespace(oauth_user_registration_id="oauth-1", provider_type="Google")
    name = SimpleNamespace(first_name="Ada", middle_name="", last_name="Vance")
    user = SimpleNamespace(phone_numbers=phones, emails=emails, totps=[], webauthn_registrations=[key])
    user.biometric_registrations, user.name, user.providers = [mobile], name, [account]
    values = {"sessions": sessions, "user": user, "last_used": {"phone-1": now}}
    group, page = "Account", "account/index.html"
    yield State(group, "customer", page, values)
    yield State(group, "signed in only", page, values, session=bare)
    yield State(group, "recovery codes", "account/codes.html", {"codes": CODES})
    yield State(group, "new passkey", "passkeys/new.html", {"options": {"rp": {}}, "next": "/account"})
    yield State(
        group, "passkey refused", "passkeys/new.html", {"error": "That passkey is already in use.", "next": "/"}
    )
    yield State(group, "wallet", "wallets/connect.html", {"back": "/account"})
    yield State(group, "to a provider", "oauth/leave.html", {"provider": "Google", "url": "https://test.stytch.com"})
    yield State(group, "no recovery code left", "account/codes.html", {"codes": []})
    yield from (State(*row) for row in people.rows())


def _api_calls() -> Iterator[State]:
    code = Markup("def enroll() -> Response:")
    source = SimpleNamespace(file="blueprints/totp.py", line=79, name="enroll", html=code)
    hit, *made = calls()
    where = {"id": "1", "at": datetime.now(UTC), "method": "POST", "path": "/totp", "endpoint": "totp.enroll"}
    action = SimpleNamespace(**where, calls=made, hits=[hit])
    about = {"docs": "https://stytch.com/docs", "curl": "curl -X POST", "claims": {"sub": "the Stytch user"}}
    details = {"action": action, "call": made[0], "about": about}
    yield State("API calls", "calls", "gallery/_calls.html", {"action": action}, needs="wire_log/_action.html")
    yield State("API calls", "details", "wire_log/call.html", details)
    yield State("API calls", "one request", "wire_log/action.html", {"action": action})
    yield State("API calls", "details gone", "wire_log/call.html", {"call": None})
    yield State("API calls", "journey", "wire_log/journey.html", {"actions": [action]})
    yield State("API calls", "code", "wire_log/source.html", {"sources": [source], "view_name": "totp.enroll"})


def _errors() -> Iterator[State]:
    group = "Errors"
    yield State(group, "offline", "_offline.html")
    for status, (title, text) in MESSAGES.items():
        words = {"title": title, "text": text, "status": status}
        yield State(group, f"notice {status}", "_notice.html", words)
        yield State(group, f"page {status}", "error.html", {**words, "again": status >= 500}, session=None)
    title, text = UNCONFIRMED
    words = {"title": title, "text": text, "again": True}
    yield State(group, "page with a form", "error.html", {**words, "kept": [("kind", "virtual")]})


def _instead(drawing: str, text: str, button: str) -> dict[str, Any]:
    place = {"place": "cards", "url": url_for("cards.listing")}
    return {**place, "drawing": drawing, "text": text, "button": button}
