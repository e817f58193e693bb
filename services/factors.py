"""What must happen together when an authenticator goes, whoever asks for it: its holder, or somebody who lost it.

To copy: nothing lives on that it has proven, neither a token at Unit nor another session, which may be a thief's.
"""

from __future__ import annotations

from .auth import Auth
from .exchange import Exchange
from .session import Session


def remove_authenticator(auth: Auth, exchange: Exchange, session: Session) -> Session:
    """Delete the user's authenticator, end the other sessions, and return this one, which is no longer stepped up.

    Safe to repeat. Raises NotSignedIn, ServiceDown.
    """
    exchange.drop(session.session_id)
    session = auth.remove_authenticator(session)
    exchange.drop(*auth.sign_out_others(session))
    return session
