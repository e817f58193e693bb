"""The proof that a card number wants: a code entered for this card's number, used once, within a minute.

To copy: what a code was for is signed with the step-up form, and names the card. A cookie carries it to the page; a
count in the store of rate limits makes it work once.
"""

from __future__ import annotations

import secrets
import time
from datetime import timedelta
from typing import Any

from flask import Flask
from flask import session as flask_session

from services.errors import StepUpRequired
from services.guards import current_session
from services.rate_limits import store
from services.signals import step_up_confirmed

NUMBER_OF = "see the number of {}"
LIFE = 60  # seconds in which the page has to be opened
PROOF = "number_proof"  # in Flask's signed cookie


def init_app(app: Flask) -> None:
    """Keep proofs for card numbers."""
    step_up_confirmed.connect(keep_proof, app)


def keep_proof(_app: Flask, *, purpose: str) -> None:
    """Note that a code was entered for a card's number. A mailbox's code is not enough."""
    session = current_session()
    if purpose.startswith(NUMBER_OF.format("")) and session.proven_until(timedelta(seconds=LIFE)):
        nonce = secrets.token_urlsafe(16)
        flask_session[PROOF] = {"for": purpose, "session": session.session_id, "at": time.time(), "nonce": nonce}


def require_proof(last4: str, *, use: bool) -> None:
    """Require a code that was just entered for the card with these last digits, and use it up.

    Raises StepUpRequired, StorageError.
    """
    purpose = NUMBER_OF.format(f"the card ending in {last4}")
    proof: dict[str, Any] = flask_session.get(PROOF, {})
    ours = proof.get("for") == purpose and proof["session"] == current_session().session_id
    if not ours or not 0 <= time.time() - proof["at"] < LIFE or store.get(key := f"number/{proof['nonce']}"):
        raise StepUpRequired(purpose, stytch_only=True)
    if use and store.incr(key, LIFE) > 1:  # the same page was opened twice at once
        raise StepUpRequired(purpose, stytch_only=True)
