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
    shown = [OpenSession(each.session_id, _utc(each.started_at), _utc(each.last_accessed_at)) for each in found]
    return sorted(shown, key=lambda each: each.started_at or datetime.min.replace(tzinfo=UTC), reverse=True)


def _utc(at: datetime | None) -> datetime | None:
    """Return a time that can be compared with others; without a zone it is in UTC."""
    return at.replace(tzinfo=UTC) if at and not at.tzinfo else at
