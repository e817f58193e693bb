"""Reads and validates fields of a request body; raises StytchFault."""

from __future__ import annotations

import json
import re
from typing import Any

from ..store import Json
from .errors import StytchFault

EMAIL = r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@(?=.{4,190}$)([A-Za-z0-9-]+\.)+[A-Za-z]{2,}"
PHONE_NUMBER = r"\+[1-9][0-9]{6,14}"
LINK_MINUTES = (5, 10_080)
LOCALE = "en|es|fr|pt-br"
INACTIVE_DOMAIN = "inactive.example"  # emails to this domain bounce, to test that refusal
MAX_METADATA = 4096  # bytes of JSON
MAX_METADATA_KEYS = 20


def matching(body: Json, name: str, pattern: str, fault: str) -> str:
    """Read a required string that matches the whole pattern."""
    value = body.get(name)
    if not isinstance(value, str) or not re.fullmatch(pattern, value):
        raise StytchFault(fault)
    return value


def optional_matching(body: Json, name: str, pattern: str, fault: str) -> str | None:
    """Read a string that matches the whole pattern, or None if absent."""
    return None if body.get(name) is None else matching(body, name, pattern, fault)


def email(body: Json) -> str:
    """Read an email address."""
    return matching(body, "email", EMAIL, "invalid_email")


def active_email(body: Json) -> str:
    """Read an email address to which an email does not bounce."""
    address = email(body)
    if address.lower().endswith(f"@{INACTIVE_DOMAIN}"):
        raise StytchFault("inactive_email")
    return address


def minutes(
    body: Json,
    name: str,
    default: int,
    allowed: tuple[int, int] = LINK_MINUTES,
    fault: str = "invalid_expiration",
) -> int:
    """Read a number of minutes in the allowed range."""
    value = body.get(name)
    if value is None:
        return default
    if not isinstance(value, int) or isinstance(value, bool) or not allowed[0] <= value <= allowed[1]:
        raise StytchFault(fault)
    return value


def flag(body: Json, name: str) -> bool:
    """Read a boolean, false if absent."""
    value = body.get(name)
    if value is not None and not isinstance(value, bool):
        raise StytchFault("invalid_argument")
    return bool(value)


def mapping(body: Json, name: str, fault: str = "invalid_argument") -> Json:
    """Read a JSON object, empty if absent."""
    value = body.get(name)
    if value is not None and not isinstance(value, dict):
        raise StytchFault(fault)
    return value or {}


def strings(body: Json, name: str, members: tuple[str, ...]) -> dict[str, str]:
    """Read the given members of a JSON object as strings, empty if absent."""
    found = mapping(body, name)
    texts = {member: found.get(member) or "" for member in members}
    if not all(isinstance(text, str) for text in texts.values()):
        raise StytchFault("invalid_argument")
    return texts


def attributes(body: Json) -> dict[str, str]:
    """Read the IP address and user agent of the end user."""
    return strings(body, "attributes", ("ip_address", "user_agent"))


def check_attributes(requested: dict[str, str], body: Json) -> None:
    """Refuse another IP address or browser than the request's, if the options say so."""
    options, found = mapping(body, "options"), attributes(body)
    for option, attribute in (("ip_match_required", "ip_address"), ("user_agent_match_required", "user_agent")):
        if flag(options, option) and found[attribute] != requested[attribute]:
            raise StytchFault("attribute_mismatch")


def check_locale(body: Json) -> None:
    """Refuse an unsupported language. All emails here are in English."""
    optional_matching(body, "locale", LOCALE, "invalid_locale")


def merged_metadata(old: Json, body: Json, name: str) -> Json:
    """Merge metadata at the top level; null deletes a key."""
    update = mapping(body, name, "metadata_invalid_format")
    merged = {key: value for key, value in {**old, **update}.items() if value is not None}
    if len(merged) > MAX_METADATA_KEYS:
        raise StytchFault("metadata_too_many_keys")
    if json_size(merged) > MAX_METADATA:
        raise StytchFault("metadata_too_large")
    return merged


def json_size(value: Any) -> int:
    """The size in bytes of a value as compact JSON."""
    return len(json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode(errors="replace"))
