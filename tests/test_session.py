"""What a session JWT must be to count, and what the factors in it prove: every forgery and every age in one table."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, TypeAlias

import pytest
import time_machine
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256, SHA512
from jwt.algorithms import RSAAlgorithm
from stytch.consumer.models.users import User

from emulator.transport import WSGIAdapter
from services.http import ServiceDown, ServiceSession
from services.session import SESSION_CLAIM, Factor, KeySet, NotSignedIn, Session, session_from, verified_claims
from settings import Settings

from .conftest import EMAIL, Visitor

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

Json: TypeAlias = dict[str, Any]
KID = "jwk-test-1"
HEADER = {"alg": "RS256", "kid": KID, "typ": "JWT"}
OTHER_PROJECT = "project-test-99999999-9999-4999-8999-999999999999"
TEN_MINUTES = timedelta(minutes=10)


@dataclass
class Stytch:
    """Stytch as far as a JWT goes: a key, the key set that it publishes, and how often that was fetched."""

    settings: Settings
    key: rsa.RSAPrivateKey
    published: Json = field(default_factory=dict)
    fetched: int = 0
    keys: KeySet = field(init=False)

    def __post_init__(self) -> None:
        http = ServiceSession()
        http.mount(self.settings.jwks_url, WSGIAdapter(self))
        self.keys = KeySet(self.settings.jwks_url, http)
        self.publish(KID)

    def __call__(self, _environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        self.fetched += 1
        start_response("200 OK", [("Content-Type", "application/json")])
        return [json.dumps(self.published).encode()]

    def publish(self, *kids: str) -> None:
        public = RSAAlgorithm.to_jwk(self.key.public_key(), as_dict=True)
        self.published = {"keys": [{**public, "kid": kid, "use": "sig", "alg": "RS256"} for kid in kids]}

    def claims(self, **changes: Any) -> Json:
        """The claims of a good session JWT, but for some; None leaves a claim out."""
        now = int(time.time())
        good: Json = {
            "aud": [self.settings.stytch_project_id],
            "iss": f"stytch.com/{self.settings.stytch_project_id}",
            "sub": "user-test-1",
            "iat": now,
            "nbf": now,
            "exp": now + 300,
            SESSION_CLAIM: {
                "id": "session-test-1",
                "started_at": moment(),
                "last_accessed_at": moment(),
                "expires_at": moment(timedelta(hours=1)),
                "authentication_factors": [],
                "roles": ["stytch_user"],
            },
        }
        return {name: value for name, value in (good | changes).items() if value is not None}

    def signed(self, key: rsa.RSAPrivateKey | None = None, header: Json | None = None, **changes: Any) -> str:
        """A JWT over these claims, by this key: good unless something is changed."""
        return signed_by(key or self.key, HEADER | (header or {}), self.claims(**changes))

    def showing(self, session: object) -> str:
        """A JWT with this in place of the session claim."""
        return signed_by(self.key, HEADER, self.claims() | {SESSION_CLAIM: session})

    def claims_without_session(self) -> Json:
        return {name: value for name, value in self.claims().items() if name != SESSION_CLAIM}

    def session_without(self, name: str) -> Json:
        return {key: value for key, value in self.claims()[SESSION_CLAIM].items() if key != name}

    def verified(self, session_jwt: str) -> Json:
        return dict(verified_claims(session_jwt, self.keys, self.settings))


def encoded(octets: bytes) -> str:
    return base64.urlsafe_b64encode(octets).rstrip(b"=").decode()


def unsigned(header: object, claims: object) -> str:
    """The first two parts of a JWT, by hand: libraries refuse to write most of what a forger writes."""
    return f"{encoded(json.dumps(header).encode())}.{encoded(json.dumps(claims).encode())}"


def signed_by(key: rsa.RSAPrivateKey, header: object, claims: object) -> str:
    start = unsigned(header, claims)
    return f"{start}.{encoded(key.sign(start.encode(), padding.PKCS1v15(), SHA256()))}"


def signed_otherwise(stytch: Stytch, alg: str) -> str:
    """A JWT by Stytch's own key, with an algorithm that Stytch does not use."""
    start = unsigned(HEADER | {"alg": alg}, stytch.claims())
    pss = padding.PSS(padding.MGF1(SHA256()), SHA256.digest_size)
    signature = {
        "PS256": lambda: stytch.key.sign(start.encode(), pss, SHA256()),
        "RS512": lambda: stytch.key.sign(start.encode(), padding.PKCS1v15(), SHA512()),
    }[alg]()
    return f"{start}.{encoded(signature)}"


def hs256(stytch: Stytch, secret: bytes) -> str:
    """A JWT by something that everybody knows."""
    start = unsigned(HEADER | {"alg": "HS256"}, stytch.claims())
    return f"{start}.{encoded(hmac.digest(secret, start.encode(), hashlib.sha256))}"


def public_pem(stytch: Stytch) -> bytes:
    return stytch.key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )


def moment(shift: timedelta = timedelta(0)) -> str:
    """A time as Stytch writes it."""
    return (datetime.now(UTC) + shift).strftime("%Y-%m-%dT%H:%M:%SZ")


@pytest.fixture(scope="module")
def own_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@pytest.fixture(scope="module")
def forgers_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@pytest.fixture
def stytch(clock: time_machine.Traveller, settings: Settings, own_key: rsa.RSAPrivateKey) -> Stytch:  # noqa: ARG001
    return Stytch(settings, own_key)


def test_a_good_jwt_gives_its_claims(stytch: Stytch) -> None:
    assert stytch.verified(stytch.signed()) == stytch.claims()


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"aud": "project-test-00000000-0000-4000-8000-000000000000"}, id="audience not in a list"),
        pytest.param({"iss": "https://test.stytch.com"}, id="issuer of a project with its own domain"),
        pytest.param({"exp": 1780315171}, id="expired within the leeway"),  # the clock stands at 1780315200
        pytest.param({"nbf": 1780315230}, id="begins within the leeway"),
        pytest.param({"unit_customer_id": "10001"}, id="a claim of our own"),
    ],
)
def test_a_jwt_that_differs_in_what_may_differ_is_good(stytch: Stytch, changes: Json) -> None:
    assert stytch.verified(stytch.signed(**changes)) == stytch.claims(**changes)


FORGERIES: dict[str, Callable[[Stytch, rsa.RSAPrivateKey], str]] = {
    # not signed by Stytch
    "alg none": lambda stytch, _: unsigned({"alg": "none", "kid": KID}, stytch.claims()) + ".",
    "alg None": lambda stytch, _: unsigned({"alg": "None", "kid": KID}, stytch.claims()) + ".",
    "no signature": lambda stytch, _: stytch.signed().rpartition(".")[0] + ".",
    "no alg": lambda stytch, _: unsigned({"kid": KID}, stytch.claims()) + ".AAAA",
    "HS256 by the public key as PEM": lambda stytch, _: hs256(stytch, public_pem(stytch)),
    "HS256 by the public key as JWK": lambda stytch, _: hs256(stytch, json.dumps(stytch.published["keys"][0]).encode()),
    "HS256 by nothing": lambda stytch, _: hs256(stytch, b""),
    "another key": lambda stytch, forger: stytch.signed(forger),
    "another key's jwk": lambda stytch, forger: stytch.signed(
        forger, {"jwk": RSAAlgorithm.to_jwk(forger.public_key(), as_dict=True)}
    ),
    "another key's jku": lambda stytch, forger: stytch.signed(forger, {"jku": "https://evil.example/jwks"}),
    "another key's x5u": lambda stytch, forger: stytch.signed(forger, {"x5u": "https://evil.example/cert"}),
    "another key's x5c": lambda stytch, forger: stytch.signed(forger, {"x5c": ["MIIB"]}),
    "PS256": lambda stytch, _: signed_otherwise(stytch, "PS256"),
    "RS512": lambda stytch, _: signed_otherwise(stytch, "RS512"),
    "other claims under the signature": lambda stytch, _: (
        unsigned(HEADER, stytch.claims(sub="user-test-2")) + "." + stytch.signed().rpartition(".")[2]
    ),
    # signed by Stytch, but not for us, or not now
    "another audience": lambda stytch, _: stytch.signed(aud=[OTHER_PROJECT]),
    "an audience that begins like ours": lambda stytch, _: stytch.signed(aud=stytch.settings.stytch_project_id + "0"),
    "another issuer": lambda stytch, _: stytch.signed(iss=f"stytch.com/{OTHER_PROJECT}"),
    "the live issuer": lambda stytch, _: stytch.signed(iss="https://api.stytch.com"),
    "expired": lambda stytch, _: stytch.signed(exp=int(time.time()) - 30),
    "not yet": lambda stytch, _: stytch.signed(nbf=int(time.time()) + 31),
    "issued in the future": lambda stytch, _: stytch.signed(iat=int(time.time()) + 31),
    "exp as text": lambda stytch, _: stytch.signed(exp="tomorrow"),
    "sub as a number": lambda stytch, _: stytch.signed(sub=1),
    # a claim is missing
    "no exp": lambda stytch, _: stytch.signed(exp=None),
    "no nbf": lambda stytch, _: stytch.signed(nbf=None),
    "no iat": lambda stytch, _: stytch.signed(iat=None),
    "no sub": lambda stytch, _: stytch.signed(sub=None),
    "no aud": lambda stytch, _: stytch.signed(aud=None),
    "no iss": lambda stytch, _: stytch.signed(iss=None),
    # another kind of token
    "no session": lambda stytch, _: stytch.showing(None),
    "no trace of a session": lambda stytch, _: signed_by(stytch.key, HEADER, stytch.claims_without_session()),
    "an empty session": lambda stytch, _: stytch.showing({}),
    "a session as text": lambda stytch, _: stytch.showing("session-test-1"),
    "a session without an id": lambda stytch, _: stytch.showing(stytch.session_without("id")),
    "a session without a start": lambda stytch, _: stytch.showing(stytch.session_without("started_at")),
    "a session without an end": lambda stytch, _: stytch.showing(stytch.session_without("expires_at")),
    "a session without factors": lambda stytch, _: stytch.showing(stytch.session_without("authentication_factors")),
    # not a token at all, or one that asks too much
    "crit": lambda stytch, _: stytch.signed(header={"crit": ["b64"], "b64": False}),
    "crit that nobody knows": lambda stytch, _: stytch.signed(header={"crit": ["urn:example"], "urn:example": 1}),
    "too long": lambda stytch, _: stytch.signed(padding="p" * 8_000),
    "a kid that is no text": lambda stytch, _: stytch.signed(header={"kid": [KID]}),
    "a header that is no object": lambda stytch, _: unsigned(None, stytch.claims()) + ".AAAA",
    "claims that are no object": lambda stytch, _: signed_by(stytch.key, HEADER, []),
    "a header without a bottom": lambda _stytch, _: f"{encoded(b'[' * 4_000)}.e30.AAAA",
    "nothing": lambda _stytch, _: "",
    "a word": lambda _stytch, _: "word",
    "dots": lambda _stytch, _: "..",
    "four parts": lambda stytch, _: stytch.signed() + ".AAAA",
    "a line break": lambda stytch, _: stytch.signed() + "\n",
    "letters that are not Base64": lambda _stytch, _: "é.é.é",
    "half a character": lambda _stytch, _: "\ud800.e30.AAAA",
}


@pytest.mark.parametrize("forge", FORGERIES.values(), ids=FORGERIES)
def test_whoever_shows_a_bad_jwt_is_not_signed_in(
    stytch: Stytch, forgers_key: rsa.RSAPrivateKey, forge: Callable[[Stytch, rsa.RSAPrivateKey], str]
) -> None:
    forged = forge(stytch, forgers_key)

    with pytest.raises(NotSignedIn):
        stytch.verified(forged)


def test_a_jwt_of_eight_thousand_bytes_is_the_longest(stytch: Stytch) -> None:
    longest = stytch.signed(padding="p" * ((8_000 - len(stytch.signed(padding=""))) * 3 // 4))

    assert 7_990 < len(longest) <= 8_000
    assert stytch.verified(longest)["sub"] == "user-test-1"


@pytest.mark.parametrize("kid", ["jwk-test-2", ""])
def test_a_key_that_stytch_does_not_publish_is_no_reason_to_sign_anyone_out(stytch: Stytch, kid: str) -> None:
    with pytest.raises(ServiceDown):
        stytch.verified(stytch.signed(header={"kid": kid}))


@pytest.mark.parametrize(
    "published",
    [{}, {"keys": []}, {"keys": "none"}, {"keys": [{"kid": KID}]}, {"keys": ["key"]}, {"status_code": 404}],
    ids=str,
)
def test_a_key_set_without_a_key_is_no_reason_to_sign_anyone_out(stytch: Stytch, published: Json) -> None:
    stytch.published = published

    with pytest.raises(ServiceDown):
        stytch.verified(stytch.signed())


def test_a_key_for_another_use_is_not_used(stytch: Stytch) -> None:
    stytch.published = {"keys": [key | {"use": "enc"} for key in stytch.published["keys"]]}

    with pytest.raises(ServiceDown):
        stytch.verified(stytch.signed())


def test_keys_are_fetched_once_for_many_jwts(stytch: Stytch) -> None:
    first, second = stytch.verified(stytch.signed()), stytch.verified(stytch.signed(sub="user-test-2"))

    assert first["sub"] != second["sub"]
    assert stytch.fetched == 1


def test_keys_that_are_rotated_in_are_found_at_once(stytch: Stytch) -> None:
    stytch.verified(stytch.signed())
    stytch.publish(KID, "jwk-test-2")
    stytch.verified(stytch.signed(header={"kid": "jwk-test-2"}))
    stytch.publish("jwk-test-2", "jwk-test-3")

    assert stytch.verified(stytch.signed(header={"kid": "jwk-test-3"})) == stytch.claims()
    assert stytch.fetched == 3


@pytest.mark.parametrize("alg", ["PS256", "RS512"])
def test_only_rs256_counts_whatever_a_key_is_published_for(stytch: Stytch, alg: str) -> None:
    stytch.published = {"keys": [key | {"alg": alg} for key in stytch.published["keys"]]}

    with pytest.raises(NotSignedIn):
        stytch.verified(signed_otherwise(stytch, alg))


def test_headers_never_say_where_keys_are(stytch: Stytch, forgers_key: rsa.RSAPrivateKey) -> None:
    forged = stytch.signed(forgers_key, {"jku": stytch.settings.jwks_url.replace("jwks", "evil")})

    with pytest.raises(NotSignedIn):
        stytch.verified(forged)
    assert stytch.fetched == 1


def ago(seconds: int) -> datetime:
    return datetime.now(UTC) - timedelta(seconds=seconds)


@pytest.fixture
def session(clock: time_machine.Traveller) -> Session:  # noqa: ARG001 - the ages below count from a clock that stands
    """A session that began half an hour ago and proves nothing."""
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
    """The session with factors of these delivery methods, used so many seconds ago."""
    return replace(session, factors=tuple(Factor(method, ago(seconds)) for method, seconds in factors))


@pytest.mark.parametrize(
    ("factors", "left"),
    [
        pytest.param([], None, id="nothing"),
        pytest.param([("email", 0)], None, id="mailbox"),
        pytest.param([("authenticator_app", 0)], None, id="device"),
        pytest.param([("sms", 0)], None, id="phone"),
        pytest.param([("email", 0), ("authenticator_app", 0)], 600, id="mailbox and device"),
        pytest.param([("authenticator_app", 0), ("email", 0)], 600, id="device and mailbox"),
        pytest.param([("email", 0), ("webauthn_registration", 0)], 600, id="mailbox and passkey"),
        pytest.param([("email", 0), ("sms", 0)], 600, id="mailbox and phone"),
        pytest.param([("oauth_google", 0), ("whatsapp", 0)], 600, id="OAuth and phone"),
        pytest.param([("sms", 0), ("authenticator_app", 0)], 600, id="phone and device"),
        # the age that counts is the second factor's
        pytest.param([("email", 3000), ("authenticator_app", 1)], 599, id="old mailbox, fresh device"),
        pytest.param([("email", 0), ("authenticator_app", 599)], 1, id="fresh mailbox, device at its last second"),
        pytest.param([("email", 0), ("authenticator_app", 600)], None, id="fresh mailbox, device too old"),
        pytest.param([("email", 0), ("authenticator_app", 3000)], None, id="fresh mailbox, device long ago"),
        pytest.param([("email", 0), ("sms", 700), ("authenticator_app", 100)], 500, id="the fresher of two counts"),
        # two of one group are one
        pytest.param([("email", 0), ("email", 0)], None, id="two mailboxes"),
        pytest.param([("email", 0), ("oauth_github", 0)], None, id="mailbox and OAuth"),
        pytest.param([("sms", 0), ("whatsapp", 0)], None, id="one phone twice"),
        pytest.param([("authenticator_app", 0), ("webauthn_registration", 0)], None, id="two devices"),
        # what counts for nothing
        pytest.param([("email", 0), ("recovery_code", 0)], None, id="recovery code"),
        pytest.param([("email", 0), ("recovery_code", 0), ("authenticator_app", 700)], None, id="recovery code, old"),
        pytest.param([("email", 0), ("knowledge", 0)], None, id="password"),
        pytest.param([("embedded", 0), ("authenticator_app", 0)], None, id="a link that nobody's mailbox got"),
        pytest.param([("impersonation", 0), ("authenticator_app", 0)], None, id="impersonation"),
        pytest.param([("email", 0), ("telepathy", 0)], None, id="what is not invented yet"),
        # a clock that runs ahead, and one that lies
        pytest.param([("email", 0), ("authenticator_app", -30)], 630, id="ahead within the leeway"),
        pytest.param([("email", 0), ("authenticator_app", -31)], None, id="of the future"),
        pytest.param([("email", 0), ("sms", 0), ("authenticator_app", -3600)], None, id="one of them of the future"),
    ],
)
def test_a_session_is_stepped_up_by_two_groups_and_a_fresh_second_factor(
    session: Session, factors: list[tuple[str, int]], left: int | None
) -> None:
    proven_until = with_factors(session, factors).proven_until(TEN_MINUTES)

    assert proven_until == (None if left is None else ago(-left))


def test_a_proof_ends_with_its_session(session: Session) -> None:
    session = with_factors(replace(session, expires_at=ago(-60)), [("email", 0), ("authenticator_app", 0)])

    assert session.proven_until(TEN_MINUTES) == ago(-60)


def test_a_session_that_is_over_proves_nothing(session: Session) -> None:
    session = with_factors(replace(session, expires_at=ago(0)), [("email", 0), ("authenticator_app", 0)])

    assert session.proven_until(TEN_MINUTES) is None


def test_the_second_factors_age_is_the_second_factors(session: Session) -> None:
    session = with_factors(session, [("email", 0), ("authenticator_app", 90)])

    assert session.second_factor_at == ago(90)
    assert session.last_used("email") == ago(0)
    assert session.last_used("sms") is None


def test_one_factor_is_no_second_factor(session: Session) -> None:
    assert with_factors(session, [("authenticator_app", 0)]).second_factor_at is None


def test_a_session_shows_no_secret(session: Session) -> None:
    shown = repr(replace(session, token="hush", jwt="hush.hush.hush", email="hush@example.com"))

    assert "session-test-1" in shown
    assert "hush" not in shown


@pytest.fixture
def user() -> User:
    """The Stytch user, as far as a session shows it."""
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


def test_a_session_is_what_its_jwt_shows(stytch: Stytch, user: User) -> None:
    factors = [
        {"type": "magic_link", "delivery_method": "email", "last_authenticated_at": moment()},
        {"type": "totp", "delivery_method": "authenticator_app", "last_authenticated_at": moment(-TEN_MINUTES)},
    ]
    shown = stytch.claims()[SESSION_CLAIM] | {"authentication_factors": factors}
    claims = stytch.claims() | {SESSION_CLAIM: shown, "unit_customer_id": "10001"}

    session = session_from("opaque", "jwt", claims, user)

    assert session == Session(
        token="opaque",
        session_id="session-test-1",
        user_id="user-test-1",
        factors=(Factor("email", ago(0)), Factor("authenticator_app", ago(600))),
        customer_id="10001",
        expires_at=ago(-3600),
        jwt="jwt",
        jwt_issued_at=time.time(),
        jwt_expires_at=time.time() + 300,
        email=EMAIL,
        enrolled=True,
        pending_totps=("totp-test-1",),
    )


def test_a_session_never_lasts_longer_than_an_hour(stytch: Stytch, user: User) -> None:
    shown = stytch.claims()[SESSION_CLAIM] | {"expires_at": moment(timedelta(days=30))}

    session = session_from("opaque", "jwt", stytch.claims() | {SESSION_CLAIM: shown}, user)

    assert session.expires_at == ago(-3600)


@pytest.mark.parametrize(
    "times",
    [
        {"started_at": timedelta(hours=-1), "expires_at": timedelta(minutes=5)},
        {"started_at": timedelta(minutes=-5), "expires_at": timedelta(0)},
    ],
    ids=["its hour is over", "Stytch ended it"],
)
def test_a_session_that_is_over_is_none(stytch: Stytch, user: User, times: dict[str, timedelta]) -> None:
    shown = stytch.claims()[SESSION_CLAIM] | {name: moment(shift) for name, shift in times.items()}

    with pytest.raises(NotSignedIn):
        session_from("opaque", "jwt", stytch.claims() | {SESSION_CLAIM: shown}, user)


@pytest.mark.parametrize(("session_left", "verified_for"), [(1800, 300), (60, 60)])
def test_a_session_is_asked_for_anew_when_its_jwt_or_itself_ends(
    session: Session, session_left: int, verified_for: int
) -> None:
    assert replace(session, expires_at=ago(-session_left)).verified_until == time.time() + verified_for


def test_a_late_step_up_does_not_lengthen_the_hour(enrolled: Visitor, clock: time_machine.Traveller) -> None:
    clock.shift(58 * 60)
    code = enrolled.code()
    enrolled.get("/step-up")
    enrolled.submit("/step-up", code=code)
    just_before = enrolled.get("/customer").status
    clock.shift(2 * 60)

    after = enrolled.get("/customer")

    assert just_before == 200
    assert (after.status, after.goes_to) == (303, "/")
