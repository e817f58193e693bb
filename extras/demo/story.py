"""The story on the home page: the five steps, the calls behind each, and what a team would have to build itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from flask import Blueprint, Flask, Response

from blueprints.home import Step
from blueprints.htmx import render
from blueprints.slots import fill_slot
from services import guards

from .progress import APPLY, CREATE_TOTP, EXCHANGE, ISSUE, SEND_LINK, STORE_ID, has_seen, journey

Party: TypeAlias = Literal["Browser", "This app", "Stytch", "Unit"]

bp = Blueprint("demo", __name__, template_folder="templates", static_folder="static", static_url_path="/static/demo")


@dataclass(frozen=True)
class Message:
    """One arrow of the sequence diagram."""

    sender: Party
    receiver: Party
    text: str
    call: str = ""  # the call that it is a part of


@dataclass(frozen=True)
class Chapter:
    """What is behind one step of the journey."""

    summary: str
    seen: str  # what the user sees
    saved: str  # what a team would otherwise build
    done_by: tuple[tuple[str, str], ...]  # a service, and what it does
    messages: tuple[Message, ...]


CHAPTERS = (  # in the order of blueprints.home.STEPS
    Chapter(
        "A link in your mailbox, no password",
        seen="An email address, an email, one button.",
        saved="Email delivery, links that scanners and thieves can’t use, sessions that can be revoked.",
        done_by=(("Stytch", "emails the link, accepts it once and only from this browser, and keeps the session."),),
        messages=(
            Message("This app", "Stytch", "send a link (PKCE)", SEND_LINK),
            Message("Stytch", "Browser", "email with the link", SEND_LINK),
            Message("This app", "Stytch", "link and verifier"),
            Message("Stytch", "This app", "session, signed JWT"),
        ),
    ),
    Chapter(
        "A second factor, on your phone",
        seen="A QR code, then six digits from the phone.",
        saved="Encrypted secrets, clock drift, one-time codes, recovery codes, lost phones.",
        done_by=(("Stytch", "creates the secret, checks each code, and records in the session when it was used."),),
        messages=(
            Message("This app", "Stytch", "create TOTP", CREATE_TOTP),
            Message("Stytch", "This app", "secret and QR code", CREATE_TOTP),
            Message("This app", "Stytch", "code and session"),
        ),
    ),
    Chapter(
        "At the bank, tied to your sign-in",
        seen="One form, and in most cases an instant decision.",
        saved="A partner bank, identity checks, sanctions screening, a ledger: years, not weeks.",
        done_by=(
            ("Unit", "checks the applicant, opens the account, and stores the Stytch user as jwtSubject."),
            ("Stytch", "stores the customer’s id at Unit, where only backends can write."),
        ),
        messages=(
            Message("This app", "Unit", "application, jwtSubject", APPLY),
            Message("Unit", "This app", "customer, account"),
            Message("This app", "Stytch", "customer id at Unit", STORE_ID),
        ),
    ),
    Chapter(
        "A fresh code when it matters",
        seen="A dialog that says what the code is for. What you typed stays.",
        saved="A second login for the bank, or trust between two systems, with keys that rotate.",
        done_by=(
            ("Stytch", "checks the code and signs a fresh JWT."),
            ("Unit", "verifies it with Stytch’s public keys and returns a token that expires within minutes."),
        ),
        messages=(
            Message("This app", "Stytch", "code and session"),
            Message("Stytch", "This app", "fresh JWT"),
            Message("This app", "Unit", "the JWT", EXCHANGE),
            Message("Unit", "Stytch", "public keys?", EXCHANGE),
            Message("Unit", "This app", "customer token", EXCHANGE),
        ),
    ),
    Chapter(
        "With a token that is yours alone",
        seen="Cards to freeze, limit and replace. The number comes straight from the bank.",
        saved="Card processing, PCI DSS, card production, and an ownership check in every view.",
        done_by=(("Unit", "issues the cards, lets customers use only their own, and shows the number itself."),),
        messages=(
            Message("This app", "Unit", "issue a card, as the customer", ISSUE),
            Message("Unit", "This app", "the card as it is now", ISSUE),
            Message("Unit", "Browser", "card number, past the app"),
        ),
    ),
)


def init_app(app: Flask) -> None:
    """Add the story to the home page."""
    app.register_blueprint(bp)
    for name in ("home_head", "home_pitch", "home_story"):
        fill_slot(app, name, f"demo/{name.removeprefix('home_')}.html")
    fill_slot(app, "head", "demo/play_head.html")
    fill_slot(app, "cards_panels", "demo/end.html")


@bp.get("/behind")
@guards.public
def behind() -> Response:
    """Show the calls behind the five steps: a part of the home page that is loaded when it is opened."""
    guards.optional_session()
    return render("demo/behind.html")


@bp.app_context_processor
def inject_story() -> dict[str, Any]:
    """Give templates ``story``, and which calls have been made."""
    return {"story": story, "has_seen": has_seen}


def story() -> list[tuple[Step, Chapter]]:
    """Return each step as this user has it, with what is behind it."""
    return list(zip(journey(), CHAPTERS, strict=True))
