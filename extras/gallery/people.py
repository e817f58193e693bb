"""The states of the pages on which users change what is known of them, and invite others."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any, TypeAlias

from services.session import Session

from .samples import sample_session

Row: TypeAlias = tuple[str, str, str, Mapping[str, Any], Session | None]  # group, name, template, values, session
ADDRESS = "Enter an address like ada@example.com."


def rows() -> Iterator[Row]:
    """Yield the arguments of each state."""
    for name, template, values in _profile():
        yield "Account", name, f"profile/{template}.html", values, sample_session()
    for name, template, values, is_signed_in in _invitations():
        yield "Invitations", name, f"invitations/{template}.html", values, sample_session() if is_signed_in else None


def _profile() -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    email, contact = {"email": "ada@work.example"}, SimpleNamespace(email="ada@example.com", phone="+15555550101")
    name = {"first_name": "Ada", "middle_name": "", "last_name": "Vance"}
    yield "name refused", "name", {"name": name, "name_error": "Use at most 60 letters for each part."}
    yield "address refused", "email", {**email, "email_error": ADDRESS}
    yield "link to an address sent", "sent", email
    yield "link to an address", "open", {"token": ""}
    for reason in ("pkce_mismatch", "unable_to_auth_magic_link", "unknown"):
        yield f"link to an address {reason}", "problem", {"reason": reason}
    yield "details at the bank", "bank", {"contact": contact, "new": {"1": "ada@work.example"}}
    yield "details at the bank, all known", "bank", {"contact": contact, "new": {}}
    yield "deletion refused", "delete", {"delete_error": "Type the word delete to confirm."}


def _invitations() -> Iterator[tuple[str, str, Mapping[str, Any], bool]]:
    now = datetime.now(UTC)
    waiting = [
        SimpleNamespace(user_id=f"user-{each}", email=f"{each}@example.com", until=now, has_expired=each == "bob")
        for each in ("grace", "bob")
    ]
    wrong = SimpleNamespace(email=SimpleNamespace(data="grace@", errors=[ADDRESS]))
    yield "none", "index", {"invitations": []}, True
    yield "waiting", "index", {"invitations": waiting}, True
    yield "refused", "index", {"invitations": [], "form": wrong}, True
    yield "link", "open", {"token": "", "by": "Ada Vance"}, False
    yield "link, signed in already", "open", {"by": "Ada Vance", "other": sample_session()}, True
    yield "embedded link", "open", {"token": "", "by": ""}, False
    for reason in ("unable_to_auth_magic_link", "user_lock_limit_reached", "unknown"):
        yield f"link {reason}", "problem", {"reason": reason}, False
