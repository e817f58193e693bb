"""The user's open sessions, as Stytch lists them, and what was proved in them. Stytch docs: *Get sessions*."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial

from services.session import Factor, Session
from services.signals import logs_security_event
from services.stytch_client import StytchClient, ignore_missing

BROWSERS = {  # by what a user agent says, the most particular first: Edge says Chrome and Safari, too
    "Edge": "Edg",
    "Opera": "OPR",
    "Firefox": "Firefox|FxiOS",
    "Chrome": "Chrome|CriOS",
    "Safari": "Safari",
}
SYSTEMS = {
    "iPhone": "iPhone",
    "iPad": "iPad",
    "Android": "Android",
    "Windows": "Windows",
    "Mac": "Mac OS X",
    "ChromeOS": "CrOS",
    "Linux": "Linux",
}


@dataclass(frozen=True)
class OpenSession:
    """One session, in this browser or another."""

    session_id: str
    started_at: datetime | None
    last_used: datetime | None
    factors: tuple[Factor, ...]
    ip_address: str = ""
    device: str = ""  # from what the browser said of itself; to recognize it, never to decide on


def open_sessions(stytch: StytchClient, session: Session) -> list[OpenSession]:
    """Return the user's sessions, newest first. Raises ServiceUnavailable."""
    found = stytch.sdk.sessions.get(session.user_id).sessions
    shown = [
        OpenSession(
            each.session_id,
            _utc(each.started_at),
            _utc(each.last_accessed_at),
            tuple(Factor.model_validate(factor.model_dump(mode="json")) for factor in each.authentication_factors),
            (each.attributes and each.attributes.ip_address) or "",
            device((each.attributes and each.attributes.user_agent) or ""),
        )
        for each in found
    ]
    return sorted(shown, key=lambda each: each.started_at or datetime.min.replace(tzinfo=UTC), reverse=True)


def device(user_agent: str) -> str:
    """Return the browser and the system in words, as far as they are known: ``Firefox on Windows``."""
    browser = next((name for name, mark in BROWSERS.items() if re.search(rf"({mark})[A-Za-z]*/", user_agent)), "")
    system = next((name for name, mark in SYSTEMS.items() if mark in user_agent), "")
    return " on ".join(filter(None, (browser, system)))


@logs_security_event("login")
def end_other(stytch: StytchClient, session: Session, session_id: str) -> bool:
    """Revoke another session of the user's; return whether it was theirs. Stytch docs: *Revoke session*.

    Stytch revokes whatever id of the project it is given, so an id counts only if it is among the user's sessions.
    """
    if session_id not in {each.session_id for each in open_sessions(stytch, session)}:
        return False
    stytch.sessions.end(session_id=session_id)
    ignore_missing("session_not_found", partial(stytch.sdk.sessions.revoke, session_id))
    return True


def last_used(sessions: Iterable[OpenSession]) -> dict[str, datetime]:
    """Return when each factor was last used in these sessions, by its id."""
    uses = [factor for session in sessions for factor in session.factors if factor.factor_id]
    return {str(use.factor_id): use.last_used for use in sorted(uses, key=lambda use: use.last_used)}


def _utc(at: datetime | None) -> datetime | None:
    """Return a time that can be compared with others; without a zone it is in UTC."""
    return at.replace(tzinfo=UTC) if at and not at.tzinfo else at
