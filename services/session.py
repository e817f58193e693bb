"""A Stytch session, read from a session JWT that was verified here.

To copy: one verify function with everything pinned (RS256, keys from one URL, issuer, audience, times, session claim),
and one class that says what a session has proven, by kind and age of its factors, never by counting them.
"""

import re
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

import jwt
import requests
from pydantic import AliasChoices, AliasPath, AwareDatetime, BaseModel, Field, ValidationError
from stytch.consumer.models.users import User

from .errors import NotSignedIn, ServiceUnavailable

SESSION_LIFE = timedelta(minutes=60)  # from sign-in, unless ``STYTCH_SESSION_MINUTES`` is set; it does not slide
SESSION_TOKEN = re.compile(r"[\w=-]{32,128}", re.ASCII)  # Stytch's tokens have 44 characters
JWT_MAX_LENGTH = 8_000  # bytes
JWT_LEEWAY = 60  # seconds of clock difference to Stytch
SESSION_CLAIM = "https://stytch.com/session"
SESSION_FIELDS = {"id", "started_at", "expires_at", "authentication_factors"}
CUSTOMER_CLAIM = "unit_customer_id"  # in Stytch's trusted_metadata and in the session's custom claims
OAUTH = "amazon apple bitbucket coinbase discord facebook github git_lab google linked_in microsoft slack twitch"
FACTOR_GROUPS = {  # what a thief would have to hold, by Stytch's delivery_method; other factors count for nothing
    "email": "mailbox",
    "sms": "phone",
    "whatsapp": "phone",
    "authenticator_app": "device",
    "webauthn_registration": "device",
    **{f"oauth_{name.replace('_', '')}": "mailbox" for name in OAUTH.split()},
}
IDS = ("email.email_id", "phone_number.phone_id", "authenticator_app.totp_id", "webauthn.webauthn_registration_id")
OAUTH_IDS = tuple(f"{name}_oauth.id" for name in OAUTH.split())  # as Stytch spells it
FACTOR_ID = AliasChoices(*(AliasPath(f"{kind}_factor", name) for kind, name in (i.split(".") for i in IDS + OAUTH_IDS)))
Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,128}$")]
Seconds = Annotated[float, Field(strict=True, allow_inf_nan=False)]  # since the epoch


class Factor(BaseModel, frozen=True, validate_by_name=True):
    """One proof inside a session."""

    method: Name = Field(validation_alias="delivery_method")
    last_used: AwareDatetime = Field(validation_alias="last_authenticated_at")
    factor_id: str | None = Field(default=None, validation_alias=FACTOR_ID)

    @property
    def group(self) -> str | None:
        """Mailbox, phone or device; None for a factor that does not count, such as a token exchange."""
        return FACTOR_GROUPS.get(self.method)


class Claims(BaseModel):
    """What a session JWT says; pydantic refuses any other shape, so that no later page breaks on one."""

    sub: Name
    iat: Seconds
    exp: Seconds
    session_id: Name = Field(validation_alias=AliasPath(SESSION_CLAIM, "id"))
    started_at: AwareDatetime = Field(validation_alias=AliasPath(SESSION_CLAIM, "started_at"))
    expires_at: AwareDatetime = Field(validation_alias=AliasPath(SESSION_CLAIM, "expires_at"))
    factors: tuple[Factor, ...] = Field(validation_alias=AliasPath(SESSION_CLAIM, "authentication_factors"))
    customer_id: str | None = Field(
        default=None, validation_alias=CUSTOMER_CLAIM, pattern=r"^[0-9]{0,20}$", coerce_numbers_to_str=True
    )


@dataclass(frozen=True)
class Session:
    """A Stytch session, as its verified JWT and the user object show it."""

    token: str = field(repr=False)
    session_id: str
    user_id: str
    factors: tuple[Factor, ...]
    customer_id: str | None
    expires_at: datetime
    jwt: str = field(repr=False)
    jwt_issued_at: float
    jwt_expires_at: float
    email: str = field(repr=False)  # from the user object: to show and to apply with, never to decide on
    enrolled: bool  # has a verified authenticator; from the user object, to offer the right next step
    held: frozenset[str] = frozenset()  # the groups in which the user has verified factors
    pending_totps: tuple[str, ...] = ()
    passkey_domains: frozenset[str] = frozenset()  # where the user's passkeys work
    phone: str = field(default="", repr=False)  # the first verified number, as E.164

    def proven_until(self, max_age: timedelta, groups: int = 2, *, device: bool = False) -> datetime | None:
        """Until when the newest of the ``strong_groups`` counts as fresh, if the factors come from this many groups.

        A timestamp in the future is ignored: it would extend the step-up.
        """
        proven = {factor.group for factor in self.factors if factor.group}
        strong = self.strong_groups(device=device)
        used = max((factor.last_used for factor in self.factors if factor.group in strong), default=None)
        now = datetime.now(UTC)
        if len(proven) < groups or used is None or used > now + timedelta(seconds=JWT_LEEWAY):
            return None
        until = min(used + max_age, self.expires_at)
        return until if until > now else None

    def strong_groups(self, *, device: bool) -> set[str]:
        """Phone and device; with ``device``, the phone only for a user who has no device."""
        return {"device"} if device and "device" in self.held else {"phone", "device"}

    @property
    def verified_until(self) -> float:
        """Until when no further call to Stytch is needed, in seconds since the epoch."""
        return min(self.jwt_expires_at, self.expires_at.timestamp())


class KeySet(jwt.PyJWKClient):
    """Stytch's public keys, fetched through our own HTTP session and its time limits."""

    def __init__(self, url: str, http: requests.Session) -> None:
        super().__init__(url, cooldown_duration=0)  # only Stytch's own answers are verified: no one can force fetches
        self._http = http

    def fetch_data(self) -> Any:
        """Return the key set as Stytch publishes it, parsed from JSON."""
        return self._http.get(self.uri).json()


def verified_claims(session_jwt: str, keys: jwt.PyJWKClient, project_id: str, issuer: str) -> Mapping[str, Any]:
    """Return the claims of a session JWT of this project; ``issuer`` is Stytch's API origin.

    Raises NotSignedIn if it is invalid, ServiceUnavailable if its key cannot be fetched or a clock is wrong: Stytch has
    just made it. Stytch docs: *Session JWTs*.
    """
    if len(session_jwt) > JWT_MAX_LENGTH:
        raise NotSignedIn
    try:
        claims: dict[str, Any] = jwt.decode(
            session_jwt,
            keys.get_signing_key_from_jwt(session_jwt),
            algorithms=["RS256"],
            audience=project_id,
            issuer=[f"stytch.com/{project_id}", issuer],
            leeway=JWT_LEEWAY,
            options={"require": ["exp", "nbf", "iat", "sub", "aud", "iss"], "enforce_minimum_key_length": True},
        )
    except (jwt.PyJWKClientError, jwt.PyJWKSetError, jwt.PyJWKError, jwt.InvalidKeyError) as error:
        raise ServiceUnavailable("Stytch", "no usable key") from error
    except (jwt.ImmatureSignatureError, jwt.ExpiredSignatureError) as error:  # the signature was right
        off = jwt.decode(session_jwt, options={"verify_signature": False})["iat"] - time.time()
        if abs(off) <= JWT_LEEWAY:
            raise NotSignedIn from error
        raise ServiceUnavailable("Stytch", f"the clock differs from Stytch's by {off:+.0f} seconds") from error
    except (jwt.PyJWTError, ValueError) as error:
        raise NotSignedIn from error
    shown = claims.get(SESSION_CLAIM)  # other tokens of the project are signed by the same keys
    is_session = isinstance(shown, dict) and shown.keys() >= SESSION_FIELDS
    if not is_session or claims["aud"] not in (project_id, [project_id]):
        raise NotSignedIn
    return claims


def session_from(token: str, session_jwt: str, claims: Mapping[str, Any], user: User, life: timedelta) -> Session:
    """Return the session that verified claims show. Raises NotSignedIn if it has expired, else ServiceUnavailable."""
    try:
        shown = Claims.model_validate(claims)
    except ValidationError as error:
        raise ServiceUnavailable("Stytch", "a session of another shape") from error
    expires_at = shown.started_at + min(shown.expires_at - shown.started_at, life)
    if expires_at <= datetime.now(UTC):
        raise NotSignedIn
    totp_ids = {totp.totp_id: totp.verified for totp in user.totps}
    has = {
        "mailbox": {email.email_id: email.verified for email in user.emails},
        "phone": {phone.phone_id: phone.verified for phone in user.phone_numbers},
        "device": totp_ids | {key.webauthn_registration_id: key.verified for key in user.webauthn_registrations},
    }
    known = {None, *(each.oauth_user_registration_id for each in user.providers)}.union(*has.values())
    return Session(
        token=token,
        session_id=shown.session_id,
        user_id=shown.sub,
        factors=tuple(each for each in shown.factors if each.factor_id in known),
        customer_id=shown.customer_id or None,
        expires_at=expires_at,
        jwt=session_jwt,
        jwt_issued_at=shown.iat,
        jwt_expires_at=shown.exp,
        email=next((email.email for email in sorted(user.emails, key=lambda email: not email.verified)), ""),
        enrolled=any(totp_ids.values()),
        held=frozenset(group for group in has if any(has[group].values())),
        phone=next((phone.phone_number for phone in user.phone_numbers if phone.verified), ""),
        pending_totps=tuple(totp_id for totp_id, verified in totp_ids.items() if not verified),
        passkey_domains=frozenset(key.domain for key in user.webauthn_registrations if key.verified),
    )
