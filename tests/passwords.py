"""What tests with passwords share."""

from __future__ import annotations

from .visitor import EMAIL, Page, Visitor

GOOD, OTHER = "violet-otter-plays-harp", "seven quiet lanterns drift"
WEAK, BREACHED = "sesame7", "correct horse battery staple"


def set_password(visitor: Visitor, password: str = GOOD) -> Page:
    """Set a password on the account page."""
    visitor.get("/account")
    visitor.submit("/passwords/new")
    return visitor.submit("/passwords", new_password=password)


def sign_in(visitor: Visitor, password: str = GOOD, email: str = EMAIL) -> Page:
    """Sign in with a password."""
    visitor.get("/passwords/sign-in")
    return visitor.submit("/passwords/sign-in", email=email, password=password)


def ask_for_reset(visitor: Visitor, email: str = EMAIL) -> Page:
    """Ask for the mail with two links."""
    visitor.get("/passwords/forgot")
    return visitor.submit("/passwords/forgot", email=email)


def mailed_links(visitor: Visitor) -> list[str]:
    """Return where the two links of the newest mail lead in the app: to set a password, and to sign in without."""
    found = [tag.attrs.sget("href") for tag in visitor.get("/emulator/inbox").html.css(".mail a")]
    leads_to = [visitor.get(link.removeprefix("http://localhost:8000")).goes_to or "" for link in found]
    return [link.removeprefix("http://localhost:8000") for link in leads_to]
