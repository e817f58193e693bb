"""Whether a JWT from the org's identity provider is worth believing, and whom it is about.

RS256 only, with a key from the configured JWKS only: what the JWT's own header says about algorithms or key
locations is never followed. The keys are fetched anew for each JWT, so a key rotation needs no care.
UNCONFIRMED: that Unit checks the audience. It is not known to look at authentication factors, and neither do we.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import jwt
from jwt.types import Options

from .. import clock
from ..store import Json

LEEWAY = 5  # seconds; the provider's clock is not ours
MAX_LENGTH = 8192  # characters
_NO_TIME_CHECKS: Options = {"verify_exp": False, "verify_nbf": False, "verify_iat": False}


@dataclass(frozen=True)
class JwtSettings:
    """What an org enters under *JWT Settings* in Unit's dashboard."""

    jwks_path: str
    issuer: str | None
    provider: str = "Stytch"


@dataclass(frozen=True)
class Verdict:
    """Whom a JWT is about, or why it proves nothing."""

    subject: str | None = None
    reason: str | None = None


# UNCONFIRMED: the words in which Unit tells one fault from another.
REASONS: dict[type[Exception], str] = {
    jwt.ExpiredSignatureError: "expired",
    jwt.ImmatureSignatureError: "not valid yet",
    jwt.InvalidSignatureError: "signature",
    jwt.InvalidIssuerError: "issuer",
    jwt.InvalidAudienceError: "audience",
    jwt.InvalidAlgorithmError: "algorithm",
    jwt.MissingRequiredClaimError: "missing claim",
}


def verify_jwt(token: str, settings: JwtSettings | None, fetch: Callable[[str], Json]) -> Verdict:
    """Verify a JWT. It fetches keys over the network, so call it outside any transaction."""
    if settings is None:
        return Verdict(reason="JWT settings are not configured")
    if len(token) > MAX_LENGTH:
        return Verdict(reason="malformed")
    try:
        key_id = jwt.get_unverified_header(token).get("kid")
    except (jwt.PyJWTError, ValueError, RecursionError):  # the library lets some of its own decoding's errors out
        return Verdict(reason="malformed")
    key = _key(key_id, settings, fetch)
    return Verdict(reason="unknown key") if key is None else _verify(token, key, settings.issuer)


def _key(key_id: object, settings: JwtSettings, fetch: Callable[[str], Json]) -> jwt.PyJWK | None:
    try:
        keys = jwt.PyJWKSet.from_dict(fetch(settings.jwks_path)).keys
    except Exception:  # whatever is wrong with the far end, no key was found there
        return None
    return next((key for key in keys if key.key_id is not None and key.key_id == key_id), None)


def _verify(token: str, key: jwt.PyJWK, issuer: str | None) -> Verdict:
    try:
        claims = jwt.decode(
            token,
            key,
            algorithms=["RS256"],
            issuer=issuer,
            audience=issuer.rpartition("/")[2] if issuer else None,
            options={
                "require": ["exp", "sub"],
                "verify_aud": issuer is not None,
                "verify_iss": issuer is not None,
                **_NO_TIME_CHECKS,
            },
        )
        _check_times(claims)
    except jwt.PyJWTError as error:
        return Verdict(reason=REASONS.get(type(error), "malformed"))
    return Verdict(subject=claims["sub"])


def _check_times(claims: Json) -> None:
    """Check what the library would check by the machine's clock, which is not the one that controls move."""
    times = {name: claims[name] for name in ("exp", "nbf", "iat") if name in claims}
    if not all(isinstance(moment, int | float) for moment in times.values()):
        raise jwt.DecodeError("a time is no number")
    if times["exp"] <= clock.timestamp() - LEEWAY:
        raise jwt.ExpiredSignatureError
    if any(times.get(name, 0) > clock.timestamp() + LEEWAY for name in ("nbf", "iat")):
        raise jwt.ImmatureSignatureError
