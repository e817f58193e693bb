"""Session JWTs, valid and forged, and the key set that they are verified with."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, TypeAlias

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256, SHA512
from jwt.algorithms import RSAAlgorithm

from services.http import HttpSession
from services.session import JWT_LEEWAY, SESSION_CLAIM, KeySet, verified_claims
from stytch_unit_emulator.transport import WSGIAdapter

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

Json: TypeAlias = dict[str, Any]
KID = "jwk-test-1"
HEADER = {"alg": "RS256", "kid": KID, "typ": "JWT"}
OTHER_PROJECT = "project-test-99999999-9999-4999-8999-999999999999"
PROJECT_ID = "project-test-11111111-1111-4111-8111-111111111111"
API_URL = "https://test.stytch.com"
JWKS_URL = f"{API_URL}/v1/sessions/jwks/{PROJECT_ID}"
NOW = 1_780_315_200  # where the clock stands


@dataclass
class Stytch:
    """The part of Stytch that JWTs need: a key, the published key set, and how often that was fetched."""

    key: rsa.RSAPrivateKey
    published: Json = field(default_factory=dict)
    fetched: int = 0
    keys: KeySet = field(init=False)

    def __post_init__(self) -> None:
        http = HttpSession()
        http.mount(JWKS_URL, WSGIAdapter(self))
        self.keys = KeySet(JWKS_URL, http)
        self.publish(KID)

    def __call__(self, _environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        self.fetched += 1
        start_response("200 OK", [("Content-Type", "application/json")])
        return [json.dumps(self.published).encode()]

    def publish(self, *kids: str) -> None:
        public = RSAAlgorithm.to_jwk(self.key.public_key(), as_dict=True)
        self.published = {"keys": [{**public, "kid": kid, "use": "sig", "alg": "RS256"} for kid in kids]}

    def signed(self, key: rsa.RSAPrivateKey | None = None, header: Json | None = None, **changes: Any) -> str:
        """A JWT with these claims, signed by this key; valid unless something is changed."""
        return signed_by(key or self.key, HEADER | (header or {}), claims(**changes))

    def showing(self, session: object) -> str:
        """A JWT with this in place of the session claim."""
        return signed_by(self.key, HEADER, claims() | {SESSION_CLAIM: session})

    def verified(self, session_jwt: str) -> Json:
        return dict(verified_claims(session_jwt, self.keys, PROJECT_ID, API_URL))


def claims(**changes: Any) -> Json:
    """The claims of a valid session JWT, with these changes; None leaves a claim out."""
    now = int(time.time())
    valid: Json = {
        "aud": [PROJECT_ID],
        "iss": f"stytch.com/{PROJECT_ID}",
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
    return {name: value for name, value in (valid | changes).items() if value is not None}


def without(document: Json, name: str) -> Json:
    return {key: value for key, value in document.items() if key != name}


def session_without(name: str) -> Json:
    return without(claims()[SESSION_CLAIM], name)


def encoded(octets: bytes) -> str:
    return base64.urlsafe_b64encode(octets).rstrip(b"=").decode()


def unsigned(header: object, claims: object) -> str:
    """The first two parts of a JWT, by hand: libraries refuse to encode most forgeries."""
    return f"{encoded(json.dumps(header).encode())}.{encoded(json.dumps(claims).encode())}"


def signed_by(key: rsa.RSAPrivateKey, header: object, claims: object) -> str:
    start = unsigned(header, claims)
    return f"{start}.{encoded(key.sign(start.encode(), padding.PKCS1v15(), SHA256()))}"


def signed_otherwise(stytch: Stytch, alg: str) -> str:
    """A JWT signed by Stytch's own key with an algorithm that Stytch does not use."""
    start = unsigned(HEADER | {"alg": alg}, claims())
    pss = padding.PSS(padding.MGF1(SHA256()), SHA256.digest_size)
    signature = {
        "PS256": lambda: stytch.key.sign(start.encode(), pss, SHA256()),
        "RS512": lambda: stytch.key.sign(start.encode(), padding.PKCS1v15(), SHA512()),
    }[alg]()
    return f"{start}.{encoded(signature)}"


def hs256(secret: bytes) -> str:
    """A JWT signed with something public as the secret."""
    start = unsigned(HEADER | {"alg": "HS256"}, claims())
    return f"{start}.{encoded(hmac.digest(secret, start.encode(), hashlib.sha256))}"


def public_pem(stytch: Stytch) -> bytes:
    return stytch.key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )


def moment(shift: timedelta = timedelta(0)) -> str:
    """A time as Stytch writes it."""
    return (datetime.now(UTC) + shift).strftime("%Y-%m-%dT%H:%M:%SZ")


FORGERIES: dict[str, Callable[[Stytch, rsa.RSAPrivateKey], str]] = {
    # not signed by Stytch
    "alg none": lambda _stytch, _: unsigned({"alg": "none", "kid": KID}, claims()) + ".",
    "alg None": lambda _stytch, _: unsigned({"alg": "None", "kid": KID}, claims()) + ".",
    "no signature": lambda stytch, _: stytch.signed().rpartition(".")[0] + ".",
    "no alg": lambda _stytch, _: unsigned({"kid": KID}, claims()) + ".AAAA",
    "HS256 by the public key as PEM": lambda stytch, _: hs256(public_pem(stytch)),
    "HS256 by the public key as JWK": lambda stytch, _: hs256(json.dumps(stytch.published["keys"][0]).encode()),
    "HS256 by an empty secret": lambda _stytch, _: hs256(b""),
    "another key": lambda stytch, forger: stytch.signed(forger),
    "another key's jwk": lambda stytch, forger: stytch.signed(
        forger, {"jwk": RSAAlgorithm.to_jwk(forger.public_key(), as_dict=True)}
    ),
    "another key's jku": lambda stytch, forger: stytch.signed(forger, {"jku": "https://evil.example/jwks"}),
    "another key's x5u": lambda stytch, forger: stytch.signed(forger, {"x5u": "https://evil.example/cert"}),
    "another key's x5c": lambda stytch, forger: stytch.signed(forger, {"x5c": ["MIIB"]}),
    "other claims under the signature": lambda stytch, _: (
        unsigned(HEADER, claims(sub="user-test-2")) + "." + stytch.signed().rpartition(".")[2]
    ),
    # signed by Stytch, but for another app or another time
    "another audience": lambda stytch, _: stytch.signed(aud=[OTHER_PROJECT]),
    "an audience that starts with the right one": lambda stytch, _: stytch.signed(aud=PROJECT_ID + "0"),
    "another issuer": lambda stytch, _: stytch.signed(iss=f"stytch.com/{OTHER_PROJECT}"),
    "the live issuer": lambda stytch, _: stytch.signed(iss="https://api.stytch.com"),
    "expired": lambda stytch, _: stytch.signed(exp=NOW - JWT_LEEWAY),
    "not valid yet": lambda stytch, _: stytch.signed(nbf=NOW + JWT_LEEWAY + 1),
    "exp as a string": lambda stytch, _: stytch.signed(exp="tomorrow"),
    "sub as a number": lambda stytch, _: stytch.signed(sub=1),
    # a claim is missing
    "no exp": lambda stytch, _: stytch.signed(exp=None),
    "no nbf": lambda stytch, _: stytch.signed(nbf=None),
    "no iat": lambda stytch, _: stytch.signed(iat=None),
    "no sub": lambda stytch, _: stytch.signed(sub=None),
    "no aud": lambda stytch, _: stytch.signed(aud=None),
    "no iss": lambda stytch, _: stytch.signed(iss=None),
    # another kind of token
    "a null session": lambda stytch, _: stytch.showing(None),
    "no session claim": lambda stytch, _: signed_by(stytch.key, HEADER, without(claims(), SESSION_CLAIM)),
    "an empty session": lambda stytch, _: stytch.showing({}),
    "a session that is a string": lambda stytch, _: stytch.showing("session-test-1"),
    "a session without an id": lambda stytch, _: stytch.showing(session_without("id")),
    "a session without a start": lambda stytch, _: stytch.showing(session_without("started_at")),
    "a session without an end": lambda stytch, _: stytch.showing(session_without("expires_at")),
    "a session without factors": lambda stytch, _: stytch.showing(session_without("authentication_factors")),
    # malformed, or asking for more than is supported
    "crit": lambda stytch, _: stytch.signed(header={"crit": ["b64"], "b64": False}),
    "an unknown crit": lambda stytch, _: stytch.signed(header={"crit": ["urn:example"], "urn:example": 1}),
    "too long": lambda stytch, _: stytch.signed(padding="p" * 8_000),
    "a kid that is not a string": lambda stytch, _: stytch.signed(header={"kid": [KID]}),
    "a header that is not an object": lambda _stytch, _: unsigned(None, claims()) + ".AAAA",
    "claims that are not an object": lambda stytch, _: signed_by(stytch.key, HEADER, []),
    "a deeply nested header": lambda _stytch, _: f"{encoded(b'[' * 4_000)}.e30.AAAA",
    "empty": lambda _stytch, _: "",
    "a word": lambda _stytch, _: "word",
    "dots": lambda _stytch, _: "..",
    "four parts": lambda stytch, _: stytch.signed() + ".AAAA",
    "a line break": lambda stytch, _: stytch.signed() + "\n",
    "characters that are not Base64": lambda _stytch, _: "é.é.é",
    "half of a surrogate pair": lambda _stytch, _: "\ud800.e30.AAAA",
}
