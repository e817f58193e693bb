"""Every pair of groups, fresh or stale, for every user: what opens, what the dialog offers, and who changes factors."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import product

import pytest
import time_machine
from flask import Blueprint, Flask

from services.factors import may_change_factors
from services.methods import Method, has_second_factor, register
from services.session import Factor, Session
from services.step_up import offered_methods, proven_until

GROUPS = {"M": "mailbox", "P": "phone", "D": "device"}
FACTORS = {  # by Stytch's delivery method
    "M": ("email", "oauth_google"),
    "P": ("sms", "whatsapp"),
    "D": ("authenticator_app", "webauthn_registration"),
    "-": ("embedded", "oauth_access_token_exchange", "recovery_code", "imported_unheard_of"),
}
# What the user has; what the session proved, and how many minutes ago; whether cards open; what the dialog offers for
# them; whether factors may be changed; and what the dialog offers for that.
TABLE = [
    ("", "-0", False, "", False, ""),
    ("M", "M0", False, "", True, ""),
    ("M", "M11", False, "", False, ""),
    ("P", "P4", False, "", True, "P"),
    ("P", "P6", False, "", False, "P"),
    ("P", "P11", False, "", False, "P"),
    ("D", "D4", False, "", True, "D"),
    ("D", "D6", False, "", False, "D"),
    ("MP", "-0", False, "MP", False, "MP"),
    ("MP", "M0", False, "P", False, "P"),
    ("MP", "P0", False, "M", False, "MP"),
    ("MP", "P11", False, "MP", False, "MP"),
    ("MP", "M59 P4", True, "P", True, "P"),
    ("MP", "M0 P9", True, "P", False, "P"),
    ("MP", "M0 P11", False, "P", False, "P"),
    ("MD", "-0", False, "MD", False, "MD"),
    ("MD", "M0", False, "D", False, "D"),
    ("MD", "D0", False, "M", False, "MD"),
    ("MD", "M59 D4", True, "D", True, "D"),
    ("MD", "M0 D9", True, "D", False, "D"),
    ("MD", "M0 D11", False, "D", False, "D"),
    ("PD", "P0", False, "D", False, "D"),
    ("PD", "D0", False, "P", False, "PD"),
    ("PD", "P0 D4", True, "PD", True, "D"),
    ("PD", "P59 D4", True, "PD", True, "D"),
    ("PD", "P0 D59", True, "PD", False, "D"),
    ("PD", "P11 D11", False, "PD", False, "D"),
    ("MPD", "-0", False, "MPD", False, "MPD"),
    ("MPD", "M0", False, "PD", False, "D"),
    ("MPD", "P0", False, "MD", False, "D"),
    ("MPD", "P11", False, "MPD", False, "D"),
    ("MPD", "D0", False, "MP", False, "MPD"),
    ("MPD", "M0 P0", True, "PD", False, "D"),
    ("MPD", "M59 D4", True, "PD", True, "D"),
    ("MPD", "M0 P0 D11", True, "PD", False, "D"),
    ("MPD", "M0 P11 D11", False, "PD", False, "D"),
]


@pytest.fixture(scope="module")
def app() -> Flask:
    """An app with a step-up method of each group, which users have if they have a factor of it."""
    app = Flask("app")
    app.config["STEP_UP_MAX_AGE"] = timedelta(minutes=10)
    bp = Blueprint("methods", __name__)
    for letter, group in GROUPS.items():
        has = lambda session, group=group: group in session.held  # noqa: E731
        register(bp, Method(letter, letter, group, step_up="step_up.html", is_enrolled=has))
    app.register_blueprint(bp)
    return app


def sessions(held: str, proofs: str) -> list[Session]:
    """Return the session with each choice of factors of these groups."""
    now = datetime.now(UTC)
    proven = [(each[0], now - timedelta(minutes=int(each[1:]))) for each in proofs.split()]
    return [
        Session(
            token="t" * 44,
            session_id="session-test-1",
            user_id="user-test-1",
            factors=tuple(Factor(method=name, last_used=used) for name, (_, used) in zip(names, proven, strict=True)),
            customer_id=None,
            expires_at=now + timedelta(minutes=30),
            jwt="",
            jwt_issued_at=0,
            jwt_expires_at=0,
            email="",
            enrolled=False,
            held=frozenset(GROUPS[letter] for letter in held),
        )
        for names in product(*(FACTORS[letter] for letter, _ in proven))
    ]


def offered(session: Session, *, stytch_only: bool) -> str:
    return "".join(method.name for method in offered_methods(session, stytch_only=stytch_only))


@pytest.mark.parametrize(("held", "proofs", "opens", "dialog", "changes", "dialog_for_changes"), TABLE)
def test_what_a_session_may_do_and_what_the_dialog_offers(
    app: Flask,
    clock: time_machine.Traveller,
    held: str,
    proofs: str,
    opens: bool,
    dialog: str,
    changes: bool,
    dialog_for_changes: str,
) -> None:
    assert clock
    with app.app_context():
        found = {
            (
                proven_until(session) is not None,
                offered(session, stytch_only=False),
                may_change_factors(session),
                offered(session, stytch_only=True),
            )
            for session in sessions(held, proofs)
        }

    expected = (opens, dialog, changes, dialog_for_changes)
    assert found == {expected}


@pytest.mark.parametrize(
    ("held", "proofs", "can"),
    [("M", "M0", False), ("M", "-0", False), ("P", "P0", False), ("MP", "M0", True), ("D", "M0", True)],
)
def test_whoever_cannot_prove_two_groups_has_to_add_one(
    app: Flask, clock: time_machine.Traveller, held: str, proofs: str, can: bool
) -> None:
    assert clock
    with app.app_context():
        assert {has_second_factor(session) for session in sessions(held, proofs)} == {can}


@pytest.mark.parametrize(("held", "ok"), [("MPD", False), ("MP", True)])
def test_a_phone_shows_a_card_number_only_to_who_has_no_device(
    app: Flask, clock: time_machine.Traveller, held: str, ok: bool
) -> None:
    assert clock
    with app.app_context():
        assert {proven_until(each, device=True) is not None for each in sessions(held, "M0 P0")} == {ok}
