"""The story that the first page tells: the five steps, who says what to whom in each, and what each spares a team.

Words only. Which steps a visitor has done is for ``home.py`` to say.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Party = Literal["Browser", "This app", "Stytch", "Unit"]


@dataclass(frozen=True)
class Message:
    """One arrow of the sequence diagram."""

    sender: Party
    receiver: Party
    words: str


@dataclass(frozen=True)
class Chapter:
    """One step: what the visitor sees, what their own team would have to build, and who does it instead."""

    title: str
    text: str
    seen: str
    spared: str
    done_by: tuple[tuple[str, str], ...]
    messages: tuple[Message, ...]


CHAPTERS = (
    Chapter(
        "Sign in",
        "A link in your mailbox, no password",
        seen="An e-mail address, a mail, one button.",
        spared="Mail that arrives, links that neither scanners nor thieves can use, sessions that can be revoked.",
        done_by=(("Stytch", "mails the link, takes it once and from this browser only, and keeps the session."),),
        messages=(
            Message("This app", "Stytch", "send a link (PKCE)"),
            Message("Stytch", "Browser", "a mail with the link"),
            Message("This app", "Stytch", "link and verifier"),
            Message("Stytch", "This app", "session, signed JWT"),
        ),
    ),
    Chapter(
        "Add an authenticator",
        "A second proof, on your phone",
        seen="A QR code, then six digits from the phone.",
        spared="Secrets at rest, clocks that drift, codes that work once, recovery codes, lost phones.",
        done_by=(("Stytch", "makes the secret, checks each code, and notes in the session when it was shown."),),
        messages=(
            Message("This app", "Stytch", "create TOTP"),
            Message("Stytch", "This app", "secret and QR code"),
            Message("This app", "Stytch", "code and session"),
        ),
    ),
    Chapter(
        "Open an account",
        "At the bank, tied to your sign-in",
        seen="One form, and mostly an answer at once.",
        spared="A partner bank, identity checks, sanctions lists, a ledger: years, not weeks.",
        done_by=(
            ("Unit", "checks who applies, opens the account, and remembers the Stytch user as jwtSubject."),
            ("Stytch", "keeps who that is at the bank, where only backends can write."),
        ),
        messages=(
            Message("This app", "Unit", "application, jwtSubject"),
            Message("Unit", "This app", "customer, account"),
            Message("This app", "Stytch", "who that is at Unit"),
        ),
    ),
    Chapter(
        "Confirm it’s you",
        "A fresh code when it matters",
        seen="A dialog that says what the code is for. What was typed stays.",
        spared="A second login for the bank, or a bridge of trust between two systems, with keys that rotate.",
        done_by=(
            ("Stytch", "checks the code and signs a fresh JWT."),
            ("Unit", "verifies it with Stytch’s public keys and gives a token that lives for minutes."),
        ),
        messages=(
            Message("This app", "Stytch", "code and session"),
            Message("Stytch", "This app", "fresh JWT"),
            Message("This app", "Unit", "the JWT"),
            Message("Unit", "Stytch", "public keys?"),
            Message("Unit", "This app", "customer token"),
        ),
    ),
    Chapter(
        "Use your card",
        "With a token that is yours alone",
        seen="Cards to freeze, limit and replace. The number comes straight from the bank.",
        spared="Card processing, PCI DSS, plastic in the mail, and a check of whose card it is in every view.",
        done_by=(("Unit", "issues the cards, lets each customer at their own only, and shows the number itself."),),
        messages=(
            Message("This app", "Unit", "freeze, as the customer"),
            Message("Unit", "This app", "the card as it is now"),
            Message("Unit", "Browser", "card number, past the app"),
        ),
    ),
)
