"""What a session is read from, and what its factors prove."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from stytch.consumer.models.users import User

from services.errors import NotSignedIn
from services.session import JWT_LEEWAY, SESSION_CLAIM, SESSION_LIFE, Factor, Session, session_from

from .session_jwts import claims, moment
from .visitor import EMAIL

TEN_MINUTES = timedelta(minutes=10)


def ago(seconds: int) -> datetime:
    return datetime.now(UTC) - timedelta(seconds=seconds)


@pytest.fixture
def session(clock: time_machine.Traveller) -> Session:
    """A session that began half an hour ago and proves nothing."""
    assert clock  # the ages below need one that stands still
    return Session(
        token="opaque",
        session_id="session-test-1",
        user_id="user-test-1",
        factors=(),
        customer_id=None,
        expires_at=ago(-1800),
        jwt="jwt",
        jwt_issued_at=time.time(),
        jwt_expires_at=time.time() + 300,
        email=EMAIL,
        enrolled=True,
    )


def with_factors(session: Session, factors: list[tuple[str, int]]) -> Session:
    """The session with factors of these delivery methods, used this many seconds ago."""
    return replace(session, factors=tuple(Factor(method=method, last_used=ago(seconds)) for method, seconds in factors))


@pytest.mark.parametrize(
    ("factors", "left"),
    [
        pytest.param([], None, id="no factor"),
        pytest.param([("email", 0)], None, id="mailbox"),
        pytest.param([("authenticator_app", 0)], None, id="device"),
        pytest.param([("sms", 0)], None, id="phone"),
        pytest.param([("email", 0), ("authenticator_app", 0)], 600, id="mailbox and device"),
        pytest.param([("authenticator_app", 0), ("email", 0)], 600, id="device and mailbox"),
        pytest.param([("email", 0), ("webauthn_registration", 0)], 600, id="mailbox and passkey"),
        pytest.param([("email", 0), ("sms", 0)], 600, id="mailbox and phone"),
        pytest.param([("oauth_google", 0), ("whatsapp", 0)], 600, id="OAuth and phone"),
        pytest.param([("sms", 0), ("authenticator_app", 0)], 600, id="phone and device"),
        # the second factor's age decides
        pytest.param([("email", 3000), ("authenticator_app", 1)], 599, id="old mailbox, fresh device"),
        pytest.param([("email", 0), ("authenticator_app", 599)], 1, id="fresh mailbox, device at its last second"),
        pytest.param([("email", 0), ("authenticator_app", 600)], None, id="fresh mailbox, device too old"),
        pytest.param([("email", 0), ("authenticator_app", 3000)], None, id="fresh mailbox, device long ago"),
        pytest.param([("email", 0), ("sms", 700), ("authenticator_app", 100)], 500, id="the fresher of two counts"),
        # two factors of one group count as one
        pytest.param([("email", 0), ("email", 0)], None, id="two mailboxes"),
        pytest.param([("email", 0), ("oauth_github", 0)], None, id="mailbox and OAuth"),
        pytest.param([("sms", 0), ("whatsapp", 0)], None, id="one phone twice"),
        pytest.param([("authenticator_app", 0), ("webauthn_registration", 0)], None, id="two devices"),
        # factors that count for nothing
        pytest.param([("email", 0), ("recovery_code", 0)], None, id="recovery code"),
        pytest.param(
            [("email", 0), ("recovery_code", 0), ("authenticator_app", 700)],
            None,
            id="recovery code with an old device",
        ),
        pytest.param([("email", 0), ("knowledge", 0)], None, id="password"),
        pytest.param([("embedded", 0), ("authenticator_app", 0)], None, id="embedded link"),
        pytest.param([("impersonation", 0), ("authenticator_app", 0)], None, id="impersonation"),
        pytest.param([("email", 0), ("telepathy", 0)], None, id="unknown method"),
        # timestamps in the future
        pytest.param(
            [("email", 0), ("authenticator_app", -JWT_LEEWAY)], 600 + JWT_LEEWAY, id="future within the leeway"
        ),
        pytest.param([("email", 0), ("authenticator_app", -JWT_LEEWAY - 1)], None, id="future"),
        pytest.param([("email", 0), ("sms", 0), ("authenticator_app", -3600)], None, id="one of two in the future"),
    ],
)
def test_step_up_needs_two_groups_and_a_fresh_second_factor(
    session: Session, factors: list[tuple[str, int]], left: int | None
) -> None:
    proven_until = with_factors(session, factors).proven_until(TEN_MINUTES)

    assert proven_until == (None if left is None else ago(-left))


@pytest.mark.parametrize(("left", "until"), [(60, -60), (0, None)], ids=["in a minute", "ended"])
def test_a_proof_ends_with_its_session(session: Session, left: int, until: int | None) -> None:
    session = with_factors(replace(session, expires_at=ago(-left)), [("email", 0), ("authenticator_app", 0)])

    assert session.proven_until(TEN_MINUTES) == (None if until is None else ago(until))


def test_the_time_of_the_second_factor_is_not_that_of_the_mailbox(session: Session) -> None:
    both = with_factors(session, [("email", 0), ("authenticator_app", 90)])

    assert both.proven_until(TEN_MINUTES) == ago(90 - 600)
    assert with_factors(session, [("authenticator_app", 0)]).proven_until(TEN_MINUTES) is None


@pytest.mark.parametrize(
    ("method", "group"),
    [
        ("oauth_google", "mailbox"),
        ("oauth_gitlab", "mailbox"),
        ("oauth_figma", None),
        ("oauth_access_token_exchange", None),
        ("oauth_exchange_slack", None),
        ("password", None),
    ],
)
def test_signing_in_with_a_provider_is_a_mailbox_and_a_token_exchange_is_nothing(
    method: str, group: str | None
) -> None:
    assert Factor(method=method, last_used=datetime.now(UTC)).group == group


def test_a_sessions_repr_shows_no_secret(session: Session) -> None:
    shown = repr(replace(session, token="hush", jwt="hush.hush.hush", email="hush@example.com"))

    assert "session-test-1" in shown
    assert "hush" not in shown


@pytest.fixture
def user() -> User:
    """The Stytch user."""
    return User.model_validate(
        {
            "user_id": "user-test-1",
            "emails": [{"email_id": "email-test-1", "email": EMAIL, "verified": True}],
            "totps": [
                {"totp_id": "totp-test-1", "verified": False},
                {"totp_id": "totp-test-2", "verified": True},
            ],
            "status": "active",
            "phone_numbers": [],
            "webauthn_registrations": [],
            "providers": [],
            "crypto_wallets": [],
            "biometric_registrations": [],
            "is_locked": False,
            "roles": ["stytch_user"],
        }
    )


def read_session(user: User, shown: dict[str, object], **changes: object) -> Session:
    """Return the session of a JWT with these changes in its session claim, and to its other claims."""
    return session_from(
        "opaque", "jwt", claims(**changes) | {SESSION_CLAIM: claims()[SESSION_CLAIM] | shown}, user, SESSION_LIFE
    )


@pytest.mark.usefixtures("clock")
def test_a_session_is_read_from_its_jwt_and_the_user(user: User) -> None:
    factors = [
        {"type": "magic_link", "delivery_method": "email", "last_authenticated_at": moment()},
        {"type": "totp", "delivery_method": "authenticator_app", "last_authenticated_at": moment(-TEN_MINUTES)},
    ]

    session = read_session(user, {"authentication_factors": factors}, unit_customer_id="10001")

    assert session == Session(
        token="opaque",
        session_id="session-test-1",
        user_id="user-test-1",
        factors=(Factor(method="email", last_used=ago(0)), Factor(method="authenticator_app", last_used=ago(600))),
        customer_id="10001",
        expires_at=ago(-3600),
        jwt="jwt",
        jwt_issued_at=time.time(),
        jwt_expires_at=time.time() + 300,
        email=EMAIL,
        enrolled=True,
        held=frozenset({"mailbox", "device"}),
        pending_totps=("totp-test-1",),
    )


@pytest.mark.usefixtures("clock")
def test_a_session_never_lasts_longer_than_an_hour(user: User) -> None:
    session = read_session(user, {"expires_at": moment(timedelta(days=30))})

    assert session.expires_at == ago(-3600)


@pytest.mark.usefixtures("clock")
@pytest.mark.parametrize("number", [2, 3], ids=["present", "removed"])
@pytest.mark.parametrize(
    ("method", "detail", "name"),
    [
        ("authenticator_app", "authenticator_app_factor", "totp"),
        ("email", "email_factor", "email"),
        ("sms", "phone_number_factor", "phone"),
        ("webauthn_registration", "webauthn_factor", "webauthn_registration"),
    ],
)
def test_a_factor_counts_only_while_the_user_has_what_it_proves(
    user: User, method: str, detail: str, name: str, number: int
) -> None:
    phone = {"phone_id": "phone-test-2", "phone_number": "+12025550143", "verified": True}
    key: dict[str, object] = {
        "webauthn_registration_id": "webauthn_registration-test-2",
        "domain": "localhost",
        "user_agent": "",
    }
    key |= {"authenticator_type": "", "name": "", "verified": True}
    emails = [*user.model_dump()["emails"], {"email_id": "email-test-2", "email": "b@example.com", "verified": True}]
    known = user.model_dump() | {"phone_numbers": [phone], "webauthn_registrations": [key], "emails": emails}
    shown = {f"{name}_id": f"{name}-test-{number}"}
    factor = {"delivery_method": method, "last_authenticated_at": moment(), detail: shown}

    session = read_session(User.model_validate(known), {"authentication_factors": [factor]})

    assert len(session.factors) == (number == 2)
    assert session.held == {"mailbox", "phone", "device"}


@pytest.mark.usefixtures("clock")
@pytest.mark.parametrize(
    "times",
    [
        {"started_at": timedelta(hours=-1), "expires_at": timedelta(minutes=5)},
        {"started_at": timedelta(minutes=-5), "expires_at": timedelta(0)},
    ],
    ids=["its hour has passed", "Stytch ended it"],
)
def test_an_expired_session_signs_no_one_in(user: User, times: dict[str, timedelta]) -> None:
    with pytest.raises(NotSignedIn):
        read_session(user, {name: moment(shift) for name, shift in times.items()})


@pytest.mark.parametrize(
    ("session_left", "verified_for"), [(1800, 300), (60, 60)], ids=["the JWT ends first", "the session ends first"]
)
def test_a_session_is_verified_until_its_jwt_or_the_session_ends(
    session: Session, session_left: int, verified_for: int
) -> None:
    assert replace(session, expires_at=ago(-session_left)).verified_until == time.time() + verified_for
