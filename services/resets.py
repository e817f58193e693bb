"""What happens to an account when its mailbox is proved for the first time: Stytch's ``reset_sessions``.

To copy: those who used the account before never proved the mailbox. What they added goes before the owner's session
is of use. Their sessions Stytch ends itself, and makes their password useless; here they end in the cache.
"""

from typing import Any

from flask import Flask

from .session import Session
from .signals import account_claimed, logs_security_event
from .stytch_client import stytch_client

UNPROVEN = ("totp", "phone_number", "webauthn_registration", "crypto_wallet", "biometric_registration")


def init_app(app: Flask) -> None:
    """Do it for every way to sign in: by link, code or OAuth provider."""
    account_claimed.connect(reset_account, app)


@logs_security_event("factor")
def reset_account(_app: Flask, session: Session, user: Any) -> None:
    """Forget the user's other sessions, and delete the factors that this new session has not proved.

    Raises StytchError, ServiceUnavailable: nobody is signed in then. Stytch docs: *Authenticate OAuth*.
    """
    for other in stytch_client.sessions.of_user(session.user_id):
        stytch_client.sessions.end(token=other.token, session_id=other.session_id)
    proved = {factor.factor_id for factor in session.factors}
    lists = {"providers": "oauth_registration"} | {f"{name}s": name for name in UNPROVEN}
    own = next((each.email_id for each in user.emails if each.email_id in proved), user.emails[0].email_id)
    for email in user.emails:  # a provider proves the address that the account had from the start
        if email.email_id != own:
            stytch_client.sdk.users.delete_email(email.email_id)
    for name, factor in ((name, factor) for listed, name in lists.items() for factor in getattr(user, listed)):
        factor_id = next(value for field, value in factor if field.endswith("_id"))
        if factor_id not in proved:
            getattr(stytch_client.sdk.users, f"delete_{name}")(factor_id)
