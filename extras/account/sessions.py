"""The user's open sessions, as Stytch lists them. Stytch docs: *Get sessions*."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from services.session import Session
from services.stytch_client import StytchClient


@dataclass(frozen=True)
class OpenSession:
    """One session, in this browser or another."""

    session_id: str
    started_at: datetime | None
    last_used: datetime | None


def open_sessions(stytch: StytchClient, session: Session) -> list[OpenSession]:
    """Return the user's sessions, newest first. Raises ServiceUnavailable."""
    found = stytch.sdk.sessions.get(session.user_id).sessions
    shown = [OpenSession(each.session_id, each.started_at, each.last_accessed_at) for each in found]
    return sorted(shown, key=lambda each: each.started_at or datetime.min.replace(tzinfo=UTC), reverse=True)
