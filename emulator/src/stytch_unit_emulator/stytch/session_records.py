"""Sessions in the store: which one a request names, and adding factors to it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from .. import clock
from ..store import Json, Tenant
from . import factors, fields, password_records, tokens, user_records
from .errors import StytchFault
from .wire import Call, new_id

SESSION = "session"
TOKEN = r"[A-Za-z0-9_-]{43}[A-Za-z0-9_=-]"  # noqa: S105 -- UNCONFIRMED: what counts as malformed
SESSION_MINUTES = (5, 527_040)
MAX_CLAIMS = 4096  # bytes of JSON


@dataclass(frozen=True)
class SessionRequest:
    """The validated session arguments of an authenticate call."""

    session: Json | None  # the session to extend
    minutes: int | None  # its new duration
    claims: Json
    attributes: Json  # for a new session

    def without_others(self, user: Json) -> SessionRequest:
        """The same, but never another user's session."""
        is_others = self.session is not None and self.session["user_id"] != user["user_id"]
        return replace(self, session=None) if is_others else self


def session_request(call: Call) -> SessionRequest:
    """Read and validate the session arguments of an authenticate call."""
    session_id = requested_session_id(call, "too_many_session_arguments", ("session_token", "session_jwt"))
    session = None if session_id is None else active_session(call.tenant, session_id)
    return request_for(call, session)


def session_of(call: Call, user: Json) -> SessionRequest:
    """Read the session arguments of a call for this user.

    UNCONFIRMED: another user's session. Here, it is refused.
    """
    requested = session_request(call)
    if requested.session and requested.session["user_id"] != user["user_id"]:
        raise StytchFault("user_id_mismatch")
    return requested


def request_for(call: Call, session: Json | None) -> SessionRequest:
    """Read and validate the arguments for a session that is already loaded."""
    requested = SessionRequest(session, _minutes(call), _claims(call), fields.attributes(call.body))
    if fields.json_size(_merge(session["custom_claims"] if session else {}, requested.claims)) > MAX_CLAIMS:
        raise StytchFault("custom_claims_too_large")
    return requested


def _minutes(call: Call) -> int | None:
    value = call.body.get("session_duration_minutes")
    if value is None:
        return None
    shortest, longest = SESSION_MINUTES
    if not isinstance(value, int) or isinstance(value, bool) or not shortest <= value <= longest:
        raise StytchFault("invalid_session_duration_minutes")
    return value


def _claims(call: Call) -> Json:
    """Read the custom claims.

    UNCONFIRMED: claims with reserved names. The SDK says ignored, a guide says refused. Here, they are ignored.
    """
    requested = fields.mapping(call.body, "session_custom_claims")
    return {name: value for name, value in requested.items() if not _is_reserved(name)}


def _is_reserved(name: str) -> bool:
    return name in tokens.RESERVED_CLAIMS or name.startswith("https://stytch.com/")


def requested_session_id(call: Call, too_many: str, ways: tuple[str, ...]) -> str | None:
    """Read the id of the session that the request names; it may not exist.

    Accepts at most one of the given arguments. Returns None if there is none.
    """
    used = [way for way in ways if call.body.get(way) is not None]
    if len(used) > 1:
        raise StytchFault(too_many)
    return _READERS[used[0]](call) if used else None


def _by_id(call: Call) -> str:
    return fields.matching(call.body, "session_id", r"session-test-[0-9a-f-]{36}", "invalid_session_id")


def _by_token(call: Call) -> str:
    token = fields.matching(call.body, "session_token", TOKEN, "invalid_session_token")
    found = call.tenant.find(SESSION, "session_token", tokens.digest(token))
    return found["session_id"] if found else ""


def _by_jwt(call: Call) -> str:
    return tokens.session_of_jwt(
        call, fields.matching(call.body, "session_jwt", r"[A-Za-z0-9._=-]+", "unable_to_parse_session_jwt")
    )


_READERS = {"session_id": _by_id, "session_token": _by_token, "session_jwt": _by_jwt}


def selected_user(call: Call) -> Json | None:
    """Find the user who gets another email address or phone number, if the request names one."""
    ways = [name for name in ("user_id", "session_token", "session_jwt") if call.body.get(name) is not None]
    if len(ways) > 1:
        raise StytchFault("too_many_user_selection_arguments")
    if ways == ["user_id"]:
        return user_records.requested_user(call.tenant, call.body)
    session = session_request(call).session
    return user_records.load(call.tenant, session["user_id"]) if session else None


def active_session(tenant: Tenant, session_id: str) -> Json:
    """Load the session; unknown, revoked and expired ones are not found."""
    session = tenant.get(SESSION, session_id)
    if session is None or clock.parse(session["expires_at"]) <= clock.now():
        raise StytchFault("session_not_found")
    return session


def of_user(tenant: Tenant, user_id: str) -> list[Json]:
    """The user's active sessions."""
    return [
        session
        for session in tenant.all(SESSION)
        if session["user_id"] == user_id and clock.parse(session["expires_at"]) > clock.now()
    ]


def add_factor(call: Call, user: Json, requested: SessionRequest, factor: Json) -> Json:
    """Start or extend a session with a proven factor; returns its three fields.

    UNCONFIRMED: a session given without a duration. Here, as without a session, nothing changes and none is returned.
    """
    if requested.minutes is None:
        return {"session": None, "session_token": "", "session_jwt": ""}
    session = requested.session or _new_session(call, user, requested)
    session["authentication_factors"] = factors.add_or_refresh(session["authentication_factors"], factor)
    return extend(call, session, requested)


def prove(tenant: Tenant, user: Json, contact: Json, requested: SessionRequest) -> bool:
    """Mark a contact as verified; returns ``reset_sessions``: whether others may have used the account before.

    UNCONFIRMED: when it is true. Documented is that it guards an address nobody had proved. Here, it is true at the
    first proof of such an email address if the user has other sessions, which end, or a password, which needs a reset.
    """
    is_new = "email" in contact and not contact["verified"] and "until" not in contact
    contact["verified"] = True
    contact.pop("until", None)
    if not is_new:
        return False
    others = [] if requested.session else of_user(tenant, user["user_id"])
    for session in others:
        tenant.remove(SESSION, session["session_id"])
    return password_records.require_reset(tenant, user) or bool(others)


def extend(call: Call, session: Json, requested: SessionRequest) -> Json:
    """Update the session's last access, expiry and claims; returns its tokens."""
    now = clock.now()
    session["last_accessed_at"] = clock.seconds(now)
    if requested.minutes is not None:
        session["expires_at"] = clock.seconds(now + timedelta(minutes=requested.minutes))
    session["custom_claims"] = _merge(session["custom_claims"], requested.claims)
    call.tenant.save(SESSION, session["session_id"], session)
    return {
        "session": session,
        "session_token": tokens.session_token(call, session["session_id"]),
        "session_jwt": tokens.mint(call, session),
    }


def forget_factor(tenant: Tenant, user_id: str, method_id: str) -> None:
    """Remove a deleted factor from the user's sessions.

    UNCONFIRMED: what Stytch does with such sessions. Here, a session without another factor ends.
    """
    for session in of_user(tenant, user_id):
        session["authentication_factors"] = factors.without(session["authentication_factors"], method_id)
        if session["authentication_factors"]:
            tenant.save(SESSION, session["session_id"], session)
        else:
            tenant.remove(SESSION, session["session_id"])


def _new_session(call: Call, user: Json, requested: SessionRequest) -> Json:
    session_id, now = new_id("session"), clock.seconds(clock.now())
    session: dict[str, Any] = {
        "session_id": session_id,
        "user_id": user["user_id"],
        "started_at": now,
        "last_accessed_at": now,
        "expires_at": now,
        "attributes": requested.attributes,
        "authentication_factors": [],
        "roles": user["roles"],
        "custom_claims": {},
    }
    token = tokens.session_token(call, session_id)
    return call.tenant.add(SESSION, session_id, session, {"session_token": tokens.digest(token)})


def _merge(old: Any, new: Json) -> Json:
    """Merge objects recursively; null deletes."""
    merged = dict(old) if isinstance(old, dict) else {}
    for name, value in new.items():
        if value is None:
            merged.pop(name, None)
        else:
            merged[name] = _merge(merged.get(name), value) if isinstance(value, dict) else value
    return merged
