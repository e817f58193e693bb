"""What the state pages show of each kind of record: one row per kind."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from .redaction import redacted
from .store import Json


@dataclass(frozen=True)
class Kind:
    """A kind of record: its heading, and the columns of its table as paths into the record, by heading."""

    title: str
    columns: Mapping[str, str]
    actions: Mapping[str, str] = field(default_factory=dict)  # what a record's button says, by name of the action


@dataclass(frozen=True)
class Section:
    """A page with the tables of some kinds."""

    title: str
    kinds: Mapping[str, Kind]


_CREATED, _STATUS, _AMOUNT = "attributes.createdAt", "attributes.status", "attributes.amount"
_NAME = "attributes.fullName.first attributes.fullName.last"
_SUMMARY = {"Type": "type", "Summary": "attributes.summary", "Amount": _AMOUNT}
_PAYMENT = {"Type": "type", "Description": "attributes.description", "Amount": _AMOUNT}

SECTIONS: dict[str, Section] = {
    "users": Section(
        "Users",
        {
            "user": Kind(
                "Users",
                {"Email": "emails.0.email", "Phone": "phone_numbers.0.phone_number", "Status": "status"}
                | {"Created": "created_at"},
            ),
            "totp": Kind("Authenticator apps", {"User": "user_id", "Verified": "verified"}),
            "biometric_registration": Kind("Biometric registrations", {"User": "user_id", "Verified": "verified"}),
            "password": Kind("Passwords", {"User": "user_id", "Needs a reset": "requires_reset"}),
            "webauthn_registration": Kind(
                "Passkeys", {"User": "user_id", "Name": "name", "Domain": "domain", "Counter": "sign_count"}
            ),
            "crypto_wallet": Kind(
                "Crypto wallets",
                {"User": "user_id", "Type": "crypto_wallet_type", "Address": "crypto_wallet_address"},
            ),
            "oauth_user_registration": Kind(
                "People at OAuth providers",
                {"User": "user_id", "Provider": "provider_type", "Subject": "provider_subject"},
            ),
        },
    ),
    "sessions": Section(
        "Sessions",
        {"session": Kind("Sessions", {"User": "user_id", "Started": "started_at", "Expires": "expires_at"})},
    ),
    "messages": Section(
        "Messages",
        {
            "mail": Kind("Emails", {"To": "to", "Subject": "subject", "Sent": "sent_at", "Expires": "expires"}),
            "message": Kind(
                "Codes by SMS, WhatsApp and email",
                {"To": "to", "Channel": "channel", "Sent": "sent_at", "Expires": "expires"},
            ),
        },
    ),
    "applications": Section(
        "Applications",
        {
            "application": Kind(
                "Applications",
                {"Name": _NAME, "Status": _STATUS, "Created": _CREATED},
                {"approve": "Approve", "deny": "Deny"},
            ),
            "application_form": Kind("Application forms", {"Created": _CREATED}),
            "document": Kind("Documents", {"Type": "attributes.documentType", "Status": _STATUS}),
        },
    ),
    "customers": Section(
        "Customers", {"customer": Kind("Customers", {"Name": _NAME, "Status": _STATUS, "Created": _CREATED})}
    ),
    "accounts": Section(
        "Accounts",
        {
            "account": Kind(
                "Accounts",
                {"Name": "attributes.name", "Status": _STATUS, "Balance": "attributes.balance", "Created": _CREATED},
            )
        },
    ),
    "cards": Section(
        "Cards",
        {
            "card": Kind(
                "Cards",
                {"Type": "type", "Last 4 digits": "attributes.last4Digits", "Status": _STATUS, "Created": _CREATED},
            )
        },
    ),
    "money": Section(
        "Money",
        {
            "transaction": Kind("Transactions", _SUMMARY | {"Created": _CREATED}),
            "authorization": Kind("Authorizations", _SUMMARY | {"Status": _STATUS, "Created": _CREATED}),
            "counterparty": Kind("Counterparties", {"Name": "attributes.name", "Created": _CREATED}),
            "payment": Kind("Payments", _PAYMENT | {"Status": _STATUS, "Created": _CREATED}),
            "received_payment": Kind("Received payments", _PAYMENT | {"Status": _STATUS, "Created": _CREATED}),
        },
    ),
    "tokens": Section(
        "Tokens",
        {
            "magic_link": Kind("Magic links", {"User": "user_id", "Type": "kind", "Used": "used"}),
            "oauth_token": Kind("OAuth tokens", {"Provider": "provider", "Address": "person.email"}),
            "otp": Kind("Passcodes", {"User": "user_id", "Channel": "channel", "Used": "used"}),
            "customer_token": Kind("Customer tokens", {"Customer": "customer_id", "Scopes": "scopes"}),
            "org_token": Kind("Org tokens", {"Scopes": "internal.scopes", "Expires": "attributes.expiration"}),
            "token_verification": Kind("Verifications by code", {"Customer": "customer_id", "Attempts": "attempts"}),
        },
    ),
    "webhooks": Section(
        "Webhooks",
        {
            "webhook": Kind("Webhooks", {"Label": "attributes.label", "URL": "attributes.url", "Status": _STATUS}),
            "event": Kind("Events", {"Type": "type", "Created": _CREATED}, {"replay": "Send again"}),
        },
    ),
}
KINDS: dict[str, Kind] = {name: kind for section in SECTIONS.values() for name, kind in section.kinds.items()}
SECTION_OF: dict[str, str] = {name: key for key, section in SECTIONS.items() for name in section.kinds}
MONEY = frozenset(("amount", "balance", "hold", "available"))  # in cents


def cells(kind: str, record: Json) -> dict[str, str]:
    """The texts of a record's row, without secrets, by heading."""
    shown = redacted(record)
    return {heading: _text(shown, paths) for heading, paths in KINDS[kind].columns.items()}


def attributes(record: Json) -> dict[str, str]:
    """All values of a record, without secrets, by their paths."""
    return {path.removeprefix("attributes."): text for path, text in _flat(redacted(record), "")}


def display(value: Any, name: str) -> str:
    """A value for people: cents as dollars, and yes or no."""
    if isinstance(value, bool):
        return "Yes" if value else "No"
    if name in MONEY and isinstance(value, int):
        return f"${value / 100:,.2f}"
    return ", ".join(map(str, value)) if isinstance(value, list) else "" if value is None else str(value)


def _text(record: Json, paths: str) -> str:
    found = ((_value(record, path), path.rpartition(".")[2]) for path in paths.split())
    return " ".join(filter(None, (display(value, name) for value, name in found)))


def _value(record: Any, path: str) -> Any:
    for step in path.split("."):
        if isinstance(record, list):
            record = record[int(step)] if int(step) < len(record) else None
        else:
            record = record.get(step) if isinstance(record, dict) else None
    return record


def _flat(value: Any, path: str) -> list[tuple[str, str]]:
    """The members of a JSON with their paths; lists of texts stay together."""
    if isinstance(value, dict):
        return [pair for name, inner in value.items() for pair in _flat(inner, f"{path}.{name}".lstrip("."))]
    if isinstance(value, list) and any(isinstance(each, dict | list) for each in value):
        return [pair for index, inner in enumerate(value) for pair in _flat(inner, f"{path}.{index}")]
    return [(path, display(value, path.rpartition(".")[2]))]
