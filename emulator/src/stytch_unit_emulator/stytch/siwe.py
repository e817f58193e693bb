"""Sign-In With Ethereum (EIP-4361): the text that a wallet signs."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Any

from .. import clock
from ..store import Json
from . import fields
from .errors import StytchFault
from .wallet_signatures import checksummed

DOMAIN = r"[A-Za-z0-9.-]{1,253}(:[0-9]{1,5})?"
URI = r"[a-zA-Z][a-zA-Z0-9+.-]*:[^\s<>\"{}|\\^`]{1,2000}"
STATEMENT = r"[ -~]{0,1000}"
REQUEST_ID = r"[A-Za-z0-9._~!$&'()*+,;=:@%-]{0,200}"
LARGEST_CHAIN = 9_223_372_036_854_775_771


def read(body: Json, kind: str) -> Json | None:
    """Read ``siwe_params``, None without them."""
    if body.get("siwe_params") is None:
        return None
    if kind != "ethereum":
        raise StytchFault("crypto_wallet_type_incompatible_with_siwe")
    given = fields.mapping(body, "siwe_params")
    now = clock.seconds(clock.now())
    return {
        "domain": fields.matching(given, "domain", DOMAIN, "invalid_siwe_domain"),
        "uri": fields.matching(given, "uri", URI, "invalid_siwe_uri"),
        "chain_id": _chain_id(given.get("chain_id")),
        "resources": _resources(given.get("resources")),
        "statement": fields.optional_matching(given, "statement", STATEMENT, "invalid_siwe_statement"),
        "issued_at": _time(given.get("issued_at")) or now,
        "not_before": _time(given.get("not_before")) or now,
        "message_request_id": fields.optional_matching(
            given, "message_request_id", REQUEST_ID, "invalid_siwe_message_request_id"
        ),
    }


def text(address: str, params: Json, nonce: str, now: datetime, life: int) -> str:
    """Write the message, and note in ``params`` when it expires.

    UNCONFIRMED: which optional lines Stytch writes. Here, all.
    """
    params["expires_at"] = clock.seconds(now + timedelta(seconds=life))
    lines = [f"{params['domain']} wants you to sign in with your Ethereum account:", checksummed(address), ""]
    lines += [params["statement"], ""] if params["statement"] else [""]
    lines += [
        f"URI: {params['uri']}",
        "Version: 1",
        f"Chain ID: {params['chain_id']}",
        f"Nonce: {nonce}",
        f"Issued At: {params['issued_at']}",
        f"Expiration Time: {params['expires_at']}",
        f"Not Before: {params['not_before']}",
    ]
    if params["message_request_id"] is not None:
        lines.append(f"Request ID: {params['message_request_id']}")
    if params["resources"]:
        lines += ["Resources:", *(f"- {each}" for each in params["resources"])]
    return "\n".join(lines)


def check_times(params: Json) -> None:
    """Refuse a message that has expired, or is not valid yet."""
    if clock.parse(params["expires_at"]) <= clock.now():
        raise StytchFault("siwe_message_expired")
    if clock.parse(params["not_before"]) > clock.now():
        raise StytchFault("siwe_message_not_valid_yet")


def shown(params: Json) -> Json:
    """The parameters as Stytch returns them; its SDK demands an envelope inside."""
    names = ("domain", "uri", "chain_id", "resources", "issued_at", "message_request_id")
    return {**{name: params[name] for name in names}, "status_code": 200, "request_id": "request-id-test-siwe"}


def _chain_id(given: Any) -> str:
    if given is None:
        return "1"
    if not isinstance(given, str) or not re.fullmatch("[1-9][0-9]{0,18}", given) or int(given) > LARGEST_CHAIN:
        raise StytchFault("invalid_siwe_chain_id")
    return given


def _resources(given: Any) -> list[str]:
    found = given or []
    if not isinstance(found, list) or not all(isinstance(each, str) and re.fullmatch(URI, each) for each in found):
        raise StytchFault("invalid_siwe_resource")
    return found


def _time(given: Any) -> str | None:
    if given is None:
        return None
    try:
        return clock.seconds(clock.parse(given))
    except (TypeError, ValueError, AttributeError) as error:
        raise StytchFault("invalid_argument") from error
