"""Invitations at Stytch: send, list, revoke and accept one; and embedded links.

To copy: Stytch keeps the invitations. An open one is a pending user whose ``trusted_metadata``, which only a back end
can write, names the inviter. Stytch can't search in metadata, so the first thousand pending users are looked through:
an app with more of them needs a list of its own.
"""

from __future__ import annotations

import time
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from threading import Condition
from typing import cast
from urllib.parse import urlencode

from cachetools import TTLCache, cached
from flask import current_app
from itsdangerous import BadSignature, URLSafeSerializer
from limits import parse
from stytch.consumer.models.users import User
from stytch.core.response_base import StytchError
from werkzeug.local import LocalProxy

from services.errors import CodeRejected, NotSignedIn
from services.magic_links import LINKS_IN_ALL, LINKS_PER_ADDRESS, mailbox
from services.rate_limits import count, counted
from services.session import Session
from services.signals import log_security_event, logs_security_event
from services.stytch_client import minutes, new_session, refusal_reason, refusals, stytch_client

PATH = "/invitations/accept"
INVITER, UNTIL = "invited_by", "invited_until"  # in the invited user's trusted_metadata
INVITES_PER_DAY = parse("10/day")
RULE = "You can send ten invitations a day."
MOST = 1_000  # pending users that are looked through; Stytch's longest page
UNREGISTERED = "no_match_for_provided_magic_link_url"
USED = TTLCache[tuple[str, ...], str](10_000, ttl=60, timer=time.time)  # session tokens, for a second press


@dataclass(frozen=True)
class Sending:
    """How invitations are sent."""

    life: timedelta
    template_id: str | None = None


@dataclass(frozen=True)
class Invitation:
    """An invitation that nobody has accepted."""

    user_id: str
    email: str = field(repr=False)
    until: datetime

    @property
    def has_expired(self) -> bool:
        """Whether its link no longer works."""
        return self.until <= datetime.now(UTC)


sending = cast(Sending, LocalProxy(lambda: current_app.extensions["invitations"]))  # the running app's


def send(session: Session, email: str, name: str) -> None:
    """Invite an address in this user's name. Raises CodeRejected if it is malformed, LimitReached.

    An address that has an account gets no mail, and looks the same here; but it does not appear among the open
    invitations. That is why an inviter needs a second factor and can send few.
    """
    with (
        counted("invitation", session.user_id, INVITES_PER_DAY, rule=RULE),
        counted("link", mailbox(email), LINKS_PER_ADDRESS, rule="This address got three emails in ten minutes."),
    ):
        count(LINKS_IN_ALL, "link", "all")
        _invite(session, email, name)


def open_invitations(user_id: str) -> list[Invitation]:
    """Return the user's invitations that wait, newest first. Stytch docs: *Search users*."""
    query = {"operator": "AND", "operands": [{"filter_name": "status", "filter_value": ["pending"]}]}
    with refusals():
        found = stytch_client.sdk.users.search(limit=MOST, query=query).results
    own = [user for user in found if user.emails and (user.trusted_metadata or {}).get(INVITER) == user_id]
    return sorted(map(_invitation, own), key=lambda each: each.until, reverse=True)


@logs_security_event("login")
def revoke(session: Session, user_id: str) -> None:
    """Make the link of one of the user's own invitations useless. Raises CodeRejected if it is not theirs.

    The invited user stays at Stytch, pending: deleting them could hit someone who accepts at this moment. Stytch docs:
    *Revoke invite*.
    """
    invitation = next((each for each in open_invitations(session.user_id) if each.user_id == user_id), None)
    if invitation is None:
        raise CodeRejected("unknown_invitation")
    with refusals():
        stytch_client.sdk.magic_links.email.revoke_invite(invitation.email)
        stytch_client.sdk.users.update(invitation.user_id, trusted_metadata={INVITER: None, UNTIL: None})


@logs_security_event("login")
def accept(token: str, browser: str, invited: str) -> Session:
    """Exchange an invitation's link, or an embedded one, for a session. Raises CodeRejected.

    ``browser`` tells browsers apart, for a second press; ``invited`` is the address that the page has shown, so that
    nobody puts a trusted inviter before a link to another account. Stytch docs: *Authenticate magic link*.
    """
    try:
        session = stytch_client.sessions.get(_use(token, browser))
    except NotSignedIn as error:  # pressed again after a sign-out
        raise CodeRejected("unable_to_auth_magic_link") from error
    if invited and session.email.casefold() != invited.casefold():
        stytch_client.sign_out(session.token, session)
        raise CodeRejected("unknown_invitation")
    return session


def named_in(signed: str) -> tuple[str, str]:
    """Return who invited, and which address, as our own link says it; empty if it does not."""
    with suppress(BadSignature, ValueError):
        inviter, invited = _signer().loads(signed)
        return str(inviter), str(invited)
    return "", ""


@logs_security_event("login")
def embedded_link(user_id: str, life: timedelta) -> str:
    """Return a link that signs in as this user. Raises CodeRejected. Stytch docs: *Create embeddable magic link*."""
    with refusals():
        token = stytch_client.sdk.magic_links.create(user_id, expiration_minutes=minutes(life)).token
    return f"{current_app.config['PUBLIC_URL']}{PATH}?{urlencode({'token': token})}"


def _invite(session: Session, email: str, name: str) -> None:
    """Let Stytch mail the invitation. Refusals are only logged: they would show who has an account."""
    url = f"{current_app.config['PUBLIC_URL']}{PATH}"
    ask = partial(
        stytch_client.sdk.magic_links.email.invite,
        email,
        invite_template_id=sending.template_id,
        invite_expiration_minutes=minutes(sending.life),
        trusted_metadata={INVITER: session.user_id, UNTIL: int(time.time() + sending.life.total_seconds())},
        **stytch_client.more("magic_links.email.invite"),
    )
    reason = "ok"
    try:
        try:
            ask(invite_magic_link_url=f"{url}?{urlencode({'by': _signer().dumps([name, email])})}")
        except StytchError as error:
            if error.details.error_type != UNREGISTERED:
                raise
            ask(invite_magic_link_url=url)  # registered without the part that says who invited
    except StytchError as error:
        too_often = error.details.error_type == "too_many_requests"
        reason = "too_many_requests" if too_often else refusal_reason(error)
    log_security_event("login", reason, action="invite", user_id=session.user_id)
    if reason == "invalid_email":
        raise CodeRejected(reason)


@cached(USED, condition=Condition())
def _use(token: str, _browser: str) -> str:
    """Return the token of the link's session. Parallel presses of one browser wait here, then get the same."""
    with refusals():
        answer = stytch_client.sdk.magic_links.authenticate(token, **new_session())
    return stytch_client.start_session(answer)


def _invitation(user: User) -> Invitation:
    until = (user.trusted_metadata or {}).get(UNTIL)
    moment = datetime.fromtimestamp(until if isinstance(until, int) else 0, UTC)
    return Invitation(user.user_id, user.emails[0].email, moment)


def _signer() -> URLSafeSerializer:
    return URLSafeSerializer(str(current_app.secret_key), salt="invitation")  # so that nobody forges a name
