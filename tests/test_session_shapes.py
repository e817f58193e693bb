"""Session claims of another shape than Stytch documents: no session is made of them, and nothing breaks later."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from stytch.consumer.models.users import User

from services.errors import NotSignedIn, ServiceUnavailable
from services.session import SESSION_CLAIM, SESSION_LIFE, Session, session_from

from .session_jwts import OTHER_PROJECT, PROJECT_ID, Stytch, claims, moment

LISTS = dict.fromkeys(
    "emails phone_numbers webauthn_registrations providers totps crypto_wallets biometric_registrations roles".split()
)
USER = User.model_validate(
    {"user_id": "user-test-1", "status": "active", "is_locked": False} | {name: [] for name in LISTS}
)
FACTOR = {"delivery_method": "email", "last_authenticated_at": "2026-06-01T12:00:00Z"}
SHAPES: list[Any] = [None, True, 7, -1.5, "", "x y", "../../v1", [], [None], [[]], {}, {"id": 1}, float("inf")]
SHAPES += ["2026-06-01T12:00:00", "9999-12-31T23:59:59Z"]  # a time without a zone, and one at the end of time


def read(shown: dict[str, Any] | None = None, **changes: Any) -> Session:
    changed = claims() | changes
    session = changed[SESSION_CLAIM]
    return session_from("t" * 44, "jwt", changed | {SESSION_CLAIM: session | (shown or {})}, USER, SESSION_LIFE)


def uses(session: Session) -> None:
    """Do what the app does with a session."""
    session.proven_until(timedelta(minutes=10))
    assert session.verified_until - time.time() < 4000
    assert time.time() - session.jwt_issued_at < 1e12
    assert f"{session.session_id}{session.user_id}".isascii()
    assert session.customer_id is None or session.customer_id.isdigit()


@pytest.mark.usefixtures("clock")
@pytest.mark.parametrize("shape", SHAPES, ids=repr)
@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda shape: read({"id": shape}), id="id"),
        pytest.param(lambda shape: read({"started_at": shape}), id="start"),
        pytest.param(lambda shape: read({"expires_at": shape}), id="end"),
        pytest.param(lambda shape: read({"authentication_factors": shape}), id="factors"),
        pytest.param(lambda shape: read({"authentication_factors": [shape]}), id="factor"),
        pytest.param(
            lambda shape: read({"authentication_factors": [FACTOR | {"delivery_method": shape}]}), id="delivery method"
        ),
        pytest.param(
            lambda shape: read({"authentication_factors": [FACTOR | {"last_authenticated_at": shape}]}), id="last used"
        ),
        pytest.param(
            lambda shape: read({"authentication_factors": [FACTOR | {"authenticator_app_factor": shape}]}),
            id="authenticator",
        ),
        pytest.param(lambda shape: read(sub=shape), id="sub"),
        pytest.param(lambda shape: read(iat=shape), id="iat"),
        pytest.param(lambda shape: read(exp=shape), id="exp"),
        pytest.param(lambda shape: read(unit_customer_id=shape), id="customer"),
        pytest.param(lambda shape: read(**{SESSION_CLAIM: {"id": shape}}), id="session"),
    ],
)
def test_a_claim_of_another_shape_makes_no_session_or_one_that_works(
    change: Callable[[Any], Session], shape: object
) -> None:
    try:
        session = change(shape)
    except (NotSignedIn, ServiceUnavailable):
        return
    uses(session)


@pytest.mark.usefixtures("clock")
@pytest.mark.parametrize(("claim", "customer_id"), [("10001", "10001"), (10001, "10001"), ("", None), (None, None)])
def test_a_customer_id_that_was_typed_as_a_number_works(claim: object, customer_id: str | None) -> None:
    assert read(unit_customer_id=claim).customer_id == customer_id


@pytest.mark.usefixtures("clock")
def test_an_audience_beside_ours_is_refused() -> None:
    stytch = Stytch(rsa.generate_private_key(public_exponent=65537, key_size=2048))

    with pytest.raises(NotSignedIn):
        stytch.verified(stytch.signed(aud=[PROJECT_ID, OTHER_PROJECT]))


@pytest.mark.usefixtures("clock")
def test_a_key_of_1024_bits_is_an_outage() -> None:
    stytch = Stytch(rsa.generate_private_key(public_exponent=65537, key_size=1024))  # noqa: S505 - to be refused

    with pytest.raises(ServiceUnavailable):
        stytch.verified(stytch.signed())


@pytest.mark.usefixtures("clock")
def test_times_of_any_zone_are_read() -> None:
    assert read({"expires_at": moment(timedelta(minutes=5)).replace("Z", "+00:00")}).expires_at.tzinfo
