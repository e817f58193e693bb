"""The method: Unit texts a code, and exchanges the right one for a customer token.

To copy: ask Stytch for the session first; count each code before it is checked, apart from the authenticator's; and
let the token live as long as a step-up does.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import cast

from flask import Blueprint, current_app
from limits import parse
from pydantic import Field
from werkzeug.local import LocalProxy

from services import methods
from services.errors import CodeRejected, SecondFactorMissing
from services.exchange import CARDS_SCOPE, CARDS_WRITE_SCOPE, Token, exchange
from services.guards import fresh_session
from services.rate_limits import counted, counted_code
from services.session import Session
from services.signals import logs_security_event
from services.unit_client import UnitError, org_client
from services.unit_models import Resource, attribute

from .texts import Texts

TEXTS_PER_USER = parse("3/10 minutes")
RULE = "You can get three codes in ten minutes. Enter the newest one."
KIND = "texted"  # codes are counted apart from the authenticator's
bp = Blueprint("unit_sms", __name__, template_folder="templates")
texts = cast(Texts, LocalProxy(lambda: current_app.extensions["unit_sms"]))


class Verification(Resource):
    """A text that Unit has sent."""

    verification_token: str = Field(validation_alias=attribute("verificationToken"), repr=False)


def is_enrolled(session: Session) -> bool:
    """Whether the user may use it: a customer with an authenticator.

    The session must show the mailbox or the device as well: the phone is only one of two groups.
    """
    other_groups = {factor.group for factor in session.factors} & {"mailbox", "device"}
    return bool(session.enrolled and session.customer_id and other_groups)


def prepare(session: Session) -> str:
    """Let Unit text a code. Raises LimitReached, UnitError, ServiceUnavailable."""
    with counted("text", session.user_id, TEXTS_PER_USER, rule=RULE):
        send_sms_code(session)
    return "Your bank texted you a code."


def verify(_session: Session, form: methods.Form) -> None:
    """Check the texted code.

    Raises CodeRejected, LimitReached, SecondFactorMissing, UnitError, ServiceUnavailable.
    """
    session = fresh_session()  # a revoked session's JWT verifies here for up to five minutes
    if not is_enrolled(session):
        raise SecondFactorMissing
    code = methods.six_digits(form, "malformed")
    with counted_code(session.user_id, KIND):
        verify_sms_code(session, code)


@logs_security_event("step-up")
def send_sms_code(session: Session) -> None:
    """Start a verification at Unit; the token that the code belongs to stays here."""
    path = f"/customers/{session.customer_id}/token/verification"
    answer = org_client.post(path, "customerTokenVerification", {"channel": "sms"})
    texts.sent(session.session_id, Verification.read(answer["data"]).verification_token)


@logs_security_event("step-up")
def verify_sms_code(session: Session, code: str) -> None:
    """Exchange a texted code for a customer token.

    Raises CodeRejected, UnitError, ServiceUnavailable.
    """
    text = texts.waiting(session.session_id)
    if text is None:
        raise CodeRejected("text_expired")
    left = min(current_app.config["STEP_UP_MAX_AGE"], session.expires_at - datetime.now(UTC))
    lifetime = max(1, int(left.total_seconds()))
    proof = {"verificationToken": text.verification_token, "verificationCode": code}
    try:
        answer = org_client.customer_token(
            str(session.customer_id), {"scope": CARDS_WRITE_SCOPE, "expiresIn": lifetime, **proof}
        )
    except UnitError as error:
        if error.status != 400:
            raise
        texts.rejected(session.session_id, text)
        raise CodeRejected("wrong_code") from error
    token = Token(answer.token, time.time() + min(lifetime, answer.expires_in))
    for scope in (CARDS_SCOPE, CARDS_WRITE_SCOPE):  # one token for both: the code is used up
        exchange.keep(session.session_id, token, scope)
    texts.proved(session.session_id, token)


def proven_until(session: Session) -> datetime | None:
    """Return until when a texted code opens the user's cards."""
    return texts.proven_until(session.session_id) if is_enrolled(session) else None


METHOD = methods.Method(
    "unit_sms",
    "a code texted by your bank",
    "phone",
    step_up="unit_sms/_step_up.html",
    is_enrolled=is_enrolled,
    prepare=prepare,
    verify=verify,
    proven_until=proven_until,
    messages={
        "malformed": "Enter the six digits from the text message.",
        "wrong_code": "That code is wrong. Enter the six digits from the newest text message.",
        "text_expired": "That code was already used or has expired. Send another code.",
    },
)
methods.register(bp, METHOD)
