"""Verifies JWTs of the org's identity provider.

Accepts only RS256 and only keys of the configured JWKS, whatever the JWT's header says. Keys are fetched for each JWT,
so that key rotation needs no cache handling. Authentication factors are not checked; Unit is not known to check them.
UNCONFIRMED: that Unit checks the audience. Here it does for Stytch, whose issuer names it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import jwt
from jwt.types import Options

from .. import clock, strict_json
from ..store import Json

LEEWAY = 5  # seconds of clock difference
MAX_LENGTH = 8192  # characters
_NO_TIME_CHECKS: Options = {"verify_exp": False, "verify_nbf": False, "verify_iat": False}


@dataclass(frozen=True)
class JwtSettings:
    """The *JWT Settings* of an org in Unit's dashboard."""

    jwks_path: str
    issuer: str | None
    provider: str = "Stytch"


@dataclass(frozen=True)
class Verdict:
    """The subject of a valid JWT, or why it is invalid."""

    subject: str | None = None
    reason: str | None = None


# UNCONFIRMED: the wording.
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
    """Verify a JWT. Fetches keys by HTTP, so call it outside transactions."""
    if settings is None:
        return Verdict(reason="JWT settings are not configured")
    if len(token) > MAX_LENGTH:
        return Verdict(reason="malformed")
    try:
        key_id = jwt.get_unverified_header(token).get("kid")
    except (jwt.PyJWTError, ValueError, RecursionError):  # the library leaks some decoding errors
        return Verdict(reason="malformed")
    key = _key(key_id, settings, fetch)
    return Verdict(reason="unknown key") if key is None else _verify(token, key, settings)


def _key(key_id: object, settings: JwtSettings, fetch: Callable[[str], Json]) -> jwt.PyJWK | None:
    try:
        keys = jwt.PyJWKSet.from_dict(fetch(settings.jwks_path)).keys
    except Exception:  # any failure means that there is no key
        return None
    return next((key for key in keys if key.key_id is not None and key.key_id == key_id), None)


def _verify(token: str, key: jwt.PyJWK, settings: JwtSettings) -> Verdict:
    issuer = settings.issuer
    audience = issuer.rpartition("/")[2] if issuer and settings.provider == "Stytch" else None
    try:
        claims = jwt.decode(
            token,
            key,
            algorithms=["RS256"],
            issuer=issuer,
            audience=audience,
            options={
                "require": ["exp", "sub"],
                "verify_aud": audience is not None,
                "verify_iss": issuer is not None,
                **_NO_TIME_CHECKS,
            },
        )
        _check_times(claims)
    except jwt.PyJWTError as error:
        return Verdict(reason=REASONS.get(type(error), "malformed"))
    return Verdict(subject=claims["sub"])


def _check_times(claims: Json) -> None:
    """Check times by the emulator's clock, which the library would not use."""
    times = {name: claims[name] for name in ("exp", "nbf", "iat") if name in claims}
    if not all(strict_json.is_number(moment) for moment in times.values()):
        raise jwt.DecodeError("a time is not a number")
    if times["exp"] <= clock.timestamp() - LEEWAY:
        raise jwt.ExpiredSignatureError
    if any(times.get(name, 0) > clock.timestamp() + LEEWAY for name in ("nbf", "iat")):
        raise jwt.ImmatureSignatureError
