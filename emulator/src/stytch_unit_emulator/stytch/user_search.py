"""User search: filters joined by AND or OR."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

from .. import clock
from ..store import Json
from .errors import StytchFault

Test: TypeAlias = Callable[[Json, Any], bool]
DEFAULT_LIMIT = 100
MAX_LIMIT = 1000


@dataclass(frozen=True)
class Search:
    """A validated query and the requested page."""

    every: bool
    operands: list[tuple[Test, Any]]
    start: int
    limit: int


def read(body: Json) -> Search:
    """Validate the request.

    UNCONFIRMED: the error types. Here, all are ``invalid_argument``.
    """
    limit, cursor = body.get("limit"), body.get("cursor") or "0"
    limit = DEFAULT_LIMIT if limit is None else limit
    query = body.get("query") or {"operator": "AND", "operands": []}
    if not isinstance(limit, int) or isinstance(limit, bool) or not 1 <= limit <= MAX_LIMIT:
        raise StytchFault("invalid_argument")
    if not isinstance(cursor, str) or not (cursor.isascii() and cursor.isdigit() and len(cursor) < 10):
        raise StytchFault("invalid_argument")
    if not isinstance(query, dict) or query.get("operator") not in ("AND", "OR"):
        raise StytchFault("invalid_argument")
    operands = query.get("operands")
    if not isinstance(operands, list):
        raise StytchFault("invalid_argument")
    return Search(query["operator"] == "AND", [_operand(operand) for operand in operands], int(cursor), limit)


def page(users: list[Json], search: Search) -> Json:
    """One page of the matching users."""
    joined = all if search.every or not search.operands else any
    found = [user for user in users if joined(test(user, value) for test, value in search.operands)]
    end = search.start + search.limit
    return {
        "results": found[search.start : end],
        "results_metadata": {"total": len(found), "next_cursor": str(end) if end < len(found) else None},
    }


def _operand(operand: object) -> tuple[Test, Any]:
    if not isinstance(operand, dict):
        raise StytchFault("invalid_argument")
    name, value = operand.get("filter_name"), operand.get("filter_value")
    filter_ = _FILTERS.get(name) if isinstance(name, str) else None
    if filter_ is None or not filter_.accepts(value):
        raise StytchFault("invalid_argument")
    return filter_.test, value


@dataclass(frozen=True)
class _Filter:
    accepts: Callable[[object], bool]
    test: Test


def _is_strings(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)


def _is_time(value: object) -> bool:
    try:
        return isinstance(value, str) and clock.parse(value).tzinfo is not None
    except ValueError:
        return False


def _is_span(value: object) -> bool:
    return isinstance(value, dict) and _is_time(value.get("greater_than")) and _is_time(value.get("less_than"))


def _one_of(values: Callable[[Json], list[str]]) -> _Filter:
    return _Filter(_is_strings, lambda user, wanted: any(value in wanted for value in values(user)))


def _like(values: Callable[[Json], list[str]]) -> _Filter:
    return _Filter(
        lambda value: isinstance(value, str),
        lambda user, wanted: any(wanted.lower() in value.lower() for value in values(user)),
    )


def _is_flag(value: object) -> bool:
    return isinstance(value, bool)


def _verified(name: str) -> _Filter:
    return _Filter(
        _is_flag,
        lambda user, wanted: any(entry["verified"] is wanted for entry in user[name]),
    )


def _each(name: str, member: str) -> Callable[[Json], list[str]]:
    return lambda user: [entry[member] for entry in user[name]]


def _has_email(user: Json, wanted: list[str]) -> bool:
    return any(entry["email"].lower() in map(str.lower, wanted) for entry in user["emails"])


def _created(user: Json) -> Any:
    return clock.parse(user["created_at"])


def _after(user: Json, moment: str) -> bool:
    return bool(_created(user) > clock.parse(moment))


def _before(user: Json, moment: str) -> bool:
    return bool(_created(user) < clock.parse(moment))


_FILTERS: dict[str, _Filter] = {
    "user_id": _one_of(lambda user: [user["user_id"]]),
    "status": _one_of(lambda user: [user["status"]]),
    "full_name_fuzzy": _like(lambda user: [" ".join(part for part in user["name"].values() if part)]),
    "email_id": _one_of(_each("emails", "email_id")),
    "email_address": _Filter(_is_strings, _has_email),
    "email_address_fuzzy": _like(_each("emails", "email")),
    "email_verified": _verified("emails"),
    "phone_id": _one_of(_each("phone_numbers", "phone_id")),
    "phone_number": _one_of(_each("phone_numbers", "phone_number")),
    "phone_number_fuzzy": _like(_each("phone_numbers", "phone_number")),
    "phone_verified": _verified("phone_numbers"),
    "totp_id": _one_of(_each("totps", "totp_id")),
    "totp_verified": _verified("totps"),
    # Products that are not emulated; no user has them.
    "oauth_provider": _one_of(_each("providers", "provider_type")),
    "webauthn_registration_id": _one_of(_each("webauthn_registrations", "webauthn_registration_id")),
    "webauthn_registration_verified": _verified("webauthn_registrations"),
    "crypto_wallet_id": _one_of(_each("crypto_wallets", "crypto_wallet_id")),
    "crypto_wallet_address": _one_of(_each("crypto_wallets", "crypto_wallet_address")),
    "crypto_wallet_verified": _verified("crypto_wallets"),
    "password_exists": _Filter(_is_flag, lambda user, wanted: (user["password"] is not None) is wanted),
    "created_at_greater_than": _Filter(_is_time, _after),
    "created_at_less_than": _Filter(_is_time, _before),
    "created_at_between": _Filter(
        _is_span, lambda user, span: _after(user, span["greater_than"]) and _before(user, span["less_than"])
    ),
}
