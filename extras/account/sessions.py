"""The user's open sessions, as Stytch lists them, and what was proved in them. Stytch docs: *Get sessions*."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from services.session import Factor, Session
from services.stytch_client import StytchClient


@dataclass(frozen=True)
class OpenSession:
    """One session, in this browser or another."""

    session_id: str
    started_at: datetime | None
    last_used: datetime | None
    factors: tuple[Factor, ...]


def open_sessions(stytch: StytchClient, session: Session) -> list[OpenSession]:
    """Return the user's sessions, newest first. Raises ServiceUnavailable."""
    found = stytch.sdk.sessions.get(session.user_id).sessions
    shown = [
        OpenSession(
            each.session_id,
            _utc(each.started_at),
            _utc(each.last_accessed_at),
            tuple(Factor.model_validate(factor.model_dump(mode="json")) for factor in each.authentication_factors),
        )
        for each in found
    ]
    return sorted(shown, key=lambda each: each.started_at or datetime.min.replace(tzinfo=UTC), reverse=True)


def last_used(sessions: Iterable[OpenSession]) -> dict[str, datetime]:
    """Return when each factor was last used in these sessions, by its id."""
    uses = [factor for session in sessions for factor in session.factors if factor.factor_id]
    return {str(use.factor_id): use.last_used for use in sorted(uses, key=lambda use: use.last_used)}


def _utc(at: datetime | None) -> datetime | None:
    """Return a time that can be compared with others; without a zone it is in UTC."""
    return at.replace(tzinfo=UTC) if at and not at.tzinfo else at
