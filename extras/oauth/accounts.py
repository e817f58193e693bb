"""Accounts at providers, at Stytch: sign in with one, add one to the user, remove one. Stytch docs: *OAuth*.

To copy: a provider counts only if it is the one that was asked for, and signs in nobody whose address it does not vouch
for, unless the user has proved something else. Stytch links accounts by verified addresses only.
"""

from __future__ import annotations

import time
from functools import partial
from threading import Condition

from cachetools import TTLCache, cached

from services.errors import CodeRejected, NotSignedIn
from services.factors import remove_factor
from services.session import Session
from services.signals import logs_security_event
from services.stytch_client import minutes, refusals, stytch_client

from .flows import Flow, begin

USED = TTLCache[tuple[str, ...], str](10_000, ttl=60, timer=time.time)  # session tokens, for a request sent twice


@logs_security_event("login")
def sign_in(flow: Flow, token: str) -> Session:
    """Exchange a flow's token for a session. Raises CodeRejected. Stytch docs: *Authenticate OAuth*."""
    try:
        session = stytch_client.sessions.get(_use(token, flow.verifier))
    except NotSignedIn as error:  # sent again after a sign-out
        raise CodeRejected("oauth_token_not_found") from error
    if not _is_proved(flow, session) or not session.held:
        stytch_client.sign_out(session.token, session)
        raise CodeRejected("unproved_email" if _is_proved(flow, session) else "other_provider")
    return session


@logs_security_event("factor")
def begin_adding(session: Session, provider: str) -> str:
    """Return where a flow starts that adds a provider to the user. Raises CodeRejected. Stytch docs: *Attach OAuth*."""
    with refusals():
        answer = stytch_client.sdk.oauth.attach(provider, session_token=session.token)
    return begin(Flow(provider, session.session_id), answer.oauth_attach_token)


@logs_security_event("factor")
def add(flow: Flow, session: Session, token: str) -> Session:
    """Add a flow's proof to this session, and its account to the user. Raises CodeRejected, NotSignedIn."""
    authenticate = stytch_client.sdk.oauth.authenticate
    proven = stytch_client.add_proof(session, lambda keep: authenticate(token, code_verifier=flow.verifier, **keep))
    if not _is_proved(flow, proven):
        raise CodeRejected("other_provider")
    return proven


@logs_security_event("factor")
def remove(session: Session, registration_id: str) -> Session:
    """Delete one of the user's accounts, as ``remove_factor`` does. Raises CodeRejected, NotSignedIn.

    Stytch deletes whatever id of the project it is given, so an id counts only if the user's own record lists it.
    """
    user = stytch_client.sdk.users.get(session.user_id)
    own = {each.oauth_user_registration_id for each in user.providers}
    if registration_id not in own:
        raise CodeRejected("oauth_user_registration_not_found")
    if not session.held and own == {registration_id}:
        raise CodeRejected("last_one")
    delete = partial(stytch_client.sdk.users.delete_oauth_registration, registration_id)
    return remove_factor(session, "oauth_user_registration_not_found", delete)


def _is_proved(flow: Flow, session: Session) -> bool:
    """Whether the session was proved at the provider that this browser was sent to."""
    return f"oauth_{flow.provider}" in {factor.method for factor in session.factors}


@cached(USED, condition=Condition())
def _use(token: str, verifier: str) -> str:
    """Return the token of the flow's session. Parallel requests wait here, then get what the first one got."""
    with refusals():
        answer = stytch_client.sdk.oauth.authenticate(
            token, code_verifier=verifier, session_duration_minutes=minutes(stytch_client.session_life)
        )
    return stytch_client.start_session(answer)
