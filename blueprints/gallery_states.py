"""The states that the gallery shows: each is a template of the app's and made-up values for it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

from flask import url_for

from services.auth import Enrolment, OpenSession
from services.session import Factor, Session
from services.unit_objects import Account, Application, Card, Event, Limits

from .application_form import MADE_UP, ApplicationForm
from .codes import WORDS, too_many
from .limits_form import LimitsForm
from .statuses import TEXTS

NOW = datetime.now(UTC)
QR_CODE = (  # of one dot: a real one holds a secret
    "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNgAAAAAgABSK+kcQAAAABJRU5ErkJggg=="
)
STATUSES = (
    "Active",
    "ActiveForOnlineUse",
    "Inactive",
    "Frozen",
    "Lost",
    "Stolen",
    "ClosedByCustomer",
    "SuspectedFraud",
)
APPLICATIONS = ("Pending", "AwaitingDocuments", "PendingReview", "Denied", "Canceled")
VIRTUAL = Card("1", True, "4821", "2030-06", "Active")
PHYSICAL = Card("2", False, "0093", "2029-11", "Active")
ACCOUNT = Account("1", "Open", 249_550, 18_000, 231_550)
LIMITS = Limits({"dailyPurchase": 50_000, "monthlyPurchase": 200_000}, 6_725, 24_725)
EVENTS = [
    Event("1", NOW, "Corner Café", -450, "posted", "4821"),
    Event("2", NOW - timedelta(hours=3), "Harbour Hotel", -18_000, "pending", "0093"),
    Event("3", NOW - timedelta(days=1), "City Cycles", -89_900, "declined", "4821"),
    Event("4", NOW - timedelta(days=2), "Welcome", 250_000, "posted", ""),
]
SHOPS = {"coffee": ("Corner Café", 5814, 450, False), "hotel": ("Harbour Hotel", 7011, 18_000, True)}
CODES = ["g0pw-5u8b-5v6t", "u1f4-j2sp-q5uh", "qa26-xsxr-eo57", "gyff-fztq-javi"]
SIGNED_IN = Session(
    token="",
    session_id="session-test-1",
    user_id="user-test-00000000-0000-4000-8000-000000000000",
    factors=(Factor("email", NOW), Factor("authenticator_app", NOW)),
    customer_id="10001",
    expires_at=NOW + timedelta(minutes=55),
    jwt="",
    jwt_issued_at=0,
    jwt_expires_at=0,
    email="ada@example.com",
    enrolled=True,
)
INTENT = SimpleNamespace(purpose="freeze the card ending 4821", signed=lambda: "")
SURROUNDINGS = {"session": SIGNED_IN, "sandbox": True, "intent": INTENT, "purpose": INTENT.purpose, "by_text": True}


@dataclass(frozen=True)
class State:
    """A template as it looks with these values."""

    group: str
    name: str
    template: str
    own: dict[str, Any] = field(default_factory=dict)

    @property
    def slug(self) -> str:
        """Its part of the URL."""
        return re.sub(r"[^a-z0-9]+", "-", f"{self.group} {self.name}".lower()).strip("-")

    @property
    def values(self) -> dict[str, Any]:
        """What the template is given: what most want, and what this one wants."""
        return SURROUNDINGS | self.own


def states() -> Iterator[State]:
    """All of them, in the order of the journey."""
    yield from _signing_in()
    yield from _proving()
    yield from _applying()
    yield from _cards()
    yield from _one_card()
    yield from _account()
    yield from _bad_news()


def _signing_in() -> Iterator[State]:
    nobody = {"session": None}
    wrong = SimpleNamespace(email=SimpleNamespace(data="ada@", errors=["Enter an address like ada@example.com."]))
    mail = SimpleNamespace(
        subject="Your link to sign in", to="ada@example.com", sent_at=NOW, text="Open this link to go on.", link="#"
    )
    group = "Sign in"
    yield State(group, "form", "login/_form.html", nobody)
    yield State(group, "refused", "login/_form.html", nobody | {"form": wrong})
    for name, mails, look in (("sent", [], 0), ("sent, mail is there", [mail], 0), ("sent, no mail came", [], 10**6)):
        yield State(
            group, name, "login/_sent.html", nobody | {"email": mail.to, "mails": lambda m=mails: m, "look": look}
        )
    yield State(group, "link", "login/open.html", nobody | {"token": ""})
    yield State(group, "link, signed in already", "login/open.html", {"token": "", "other": SIGNED_IN})
    for problem in ("used", "expired", "unknown", "other_browser"):
        yield State(group, f"link {problem}", "login/problem.html", nobody | {"problem": problem})


def _proving() -> Iterator[State]:
    enrolment = Enrolment("", "", QR_CODE)
    wrong, many = WORDS["unable_to_authenticate_totp"], f"Too many wrong codes. {too_many(90)}"
    group = "Authenticator"
    yield State(group, "start", "totp/_start.html")
    yield State(
        group, "QR code", "totp/_enrol.html", {"enrolment": enrolment, "key": "U2C7 FLP2 OAYE FROO", "otpauth": "#"}
    )
    yield State(group, "code refused", "totp/_confirm.html", {"error": wrong})
    yield State(group, "over", "totp/_over.html")
    yield State(group, "too late", "totp/_too_late.html")
    yield State(group, "recovery codes", "totp/_codes.html", {"codes": CODES})
    group = "Step-up"
    yield State(group, "dialog", "step_up/_dialog.html", {"purpose": "freeze the card ending 4821"})
    yield State(group, "code refused", "step_up/_form.html", {"error": wrong})
    yield State(group, "too many", "step_up/_form.html", {"error": many})
    yield State(group, "text", "step_up/_text.html")
    yield State(group, "text refused", "step_up/_text.html", {"error": WORDS["text_wrong"]})
    yield State(group, "recovery", "step_up/_recover.html")
    yield State(group, "recovery refused", "step_up/_recover.html", {"error": WORDS["invalid_recovery_code"]})


def _applying() -> Iterator[State]:
    blank = ApplicationForm(formdata=None)
    prefilled, refused = ApplicationForm(formdata=None, data=MADE_UP), ApplicationForm(formdata=None, data=MADE_UP)
    refused.ssn.errors = ["Enter nine digits, such as 123-45-6789."]
    refused.blame("/data/attributes/phone")
    group = "Application"
    for name, form in (("form", prefilled), ("blank", blank), ("refused", refused)):
        yield State(group, name, "customer/_form.html", {"form": form})
    for status in APPLICATIONS:
        yield State(group, status, "customer/_status.html", {"application": Application("1", status, None, None)})
    yield State(group, "bank’s form", "hosted_form/_link.html", {"form": SimpleNamespace(url="#")})
    yield State(group, "bank’s form, waiting", "hosted_form/_waiting.html", {"earlier": 0})


def _cards() -> Iterator[State]:
    full = [replace(card, status=status) for card in (VIRTUAL, PHYSICAL) for status in STATUSES]
    group, listing = "Cards", "cards/_list.html"
    yield State(group, "loading", "cards/_loading.html")
    yield State(group, "locked", "_instead.html", _instead("lock", "", "This needs a fresh code.", "Enter a code"))
    yield State(group, "upstream down", "_instead.html", _instead("unplugged", *TEXTS[503], "Try again"))
    yield State(group, "empty", listing, {"cards": [], "account": ACCOUNT})
    yield State(group, "one", listing, {"cards": [VIRTUAL], "account": ACCOUNT})
    refused = "Choose a virtual or a physical card."
    yield State(group, "refused", listing, {"cards": [VIRTUAL], "account": ACCOUNT, "error": refused})
    yield State(group, "every kind and state", listing, {"cards": full, "account": ACCOUNT})


def _one_card() -> Iterator[State]:
    group, one = "Card", "card/_card.html"
    for name, card in (("virtual", VIRTUAL), ("physical", PHYSICAL)):
        for status in ("Active", "Lost") if card.is_virtual else ("Active", "ActiveForOnlineUse", "Inactive", "Frozen"):
            yield State(group, f"{name} {status}", one, {"card": replace(card, status=status)})
    frozen = replace(VIRTUAL, status="Frozen")
    yield State(group, "done", one, {"card": frozen, "done": "Frozen. Nobody can pay with it until you unfreeze it."})
    yield State(group, "refused", one, {"card": frozen, "problem": "The bank did not do that."})
    yield State(group, "activity loading", "card/_loading.html", {"url": "#", "show": "Show it"})
    yield State(group, "activity empty", "card/_activity.html", {"events": [], "offset": 0})
    yield State(group, "activity", "card/_activity.html", {"events": EVENTS, "offset": 0, "next_url": "#"})
    buy = {"card": VIRTUAL, "shops": SHOPS, "account": ACCOUNT, "limits": LIMITS}
    yield State(group, "buy", "card/_buy.html", buy)
    yield State(group, "bought", "card/_buy.html", buy | {"words": "Corner Café took $4.50."})
    yield State(group, "declined", "card/_buy.html", buy | {"words": "Declined: the bank said no.", "declined": True})
    wrong = LimitsForm(formdata=None)
    wrong.dailyPurchase.errors = ["Enter an amount from 0 to 50,000 dollars."]
    limits = {"card": VIRTUAL, "limits": LIMITS, "form": LimitsForm(formdata=None)}
    yield State(group, "limits", "card/_limits.html", limits)
    yield State(group, "limits saved", "card/_limits.html", limits | {"done": "The limits are saved."})
    yield State(group, "limits refused", "card/_limits.html", limits | {"form": wrong})
    yield State(group, "limits of a frozen card", "card/_limits.html", limits | {"card": frozen})
    yield State(
        group, "number", "reveal/_reveal.html", {"card": VIRTUAL, "token": "made-up", "vault": "", "environment": ""}
    )
    yield State(group, "number of a frozen card", "reveal/_reveal.html", {"card": frozen, "token": None})


def _account() -> Iterator[State]:
    sessions = [OpenSession("session-test-1", NOW, NOW), OpenSession("session-test-2", NOW, NOW)]
    group = "Account"
    yield State(group, "all", "account/_account.html", {"sessions": sessions, "texted": True})
    bare = replace(SIGNED_IN, enrolled=False, customer_id=None, factors=SIGNED_IN.factors[:1])
    yield State(group, "just begun", "account/_account.html", {"session": bare, "sessions": sessions[:1]})
    yield State(group, "recovery codes", "account/_codes.html", {"codes": CODES})
    yield State(group, "no codes left", "account/_codes.html", {"codes": []})


def _bad_news() -> Iterator[State]:
    group = "Bad news"
    yield State(group, "offline", "_offline.html")
    for status in (404, 429, 503):
        title, text = TEXTS[status]
        yield State(group, f"notice {status}", "_notice.html", {"title": title, "text": text, "status": status})
        yield State(group, f"page {status}", "error.html", {"session": None, "title": title, "text": text})


def _instead(drawing: str, title: str, text: str, way_on: str) -> dict[str, Any]:
    words = {"drawing": drawing, "title": title, "text": text, "way_on": way_on}
    return {"place": "cards", "url": url_for("cards.listing"), **words}
