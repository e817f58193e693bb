"""Token scopes: who may have which, and which need two factors."""

from __future__ import annotations

from collections.abc import Iterable

_READ_WRITE_ORG = ("applications", "webhooks", "authorization-requests", "batch-releases", "received-payments")
_READ_WRITE_ORG_MORE = ("chargebacks", "rewards")
_READ_WRITE_BOTH = (
    "customers",
    "accounts",
    "transactions",
    "check-deposits",
    "check-payments",
    "wire-drawdowns",
    "events",
)


def _with_write(names: Iterable[str]) -> frozenset[str]:
    return frozenset(name + suffix for name in names for suffix in ("", "-write"))


# Only for customer tokens that can be upgraded.
UPGRADE = _with_write(["customer-token"])

# UNCONFIRMED: counterparties-write. Unit's table marks the others.
TWO_FACTOR = frozenset(
    {
        "cards-write",
        "cards-sensitive",
        "cards-sensitive-write",
        "payments-write",
        "payments-write-counterparty",
        "payments-write-linked-account",
        "payments-write-ach-debit",
        "ach-payments-write",
        "wire-payments-write",
        "counterparties-write",
    }
)
_PLAIN = _with_write(_READ_WRITE_BOTH) | {
    "customer-tags-write",
    "cards",
    "authorizations",
    "statements",
    "payments",
    "counterparties",
}
CUSTOMER = _PLAIN | TWO_FACTOR | UPGRADE

# Unit's documentation of the sandbox code still uses the old names, such as ``cards-create``.
_OLD_NAMES = {name.removesuffix("-write") + "-create": name for name in CUSTOMER if name.endswith("-write")}

# Card numbers and PINs are for customers only.
_CUSTOMER_ONLY = frozenset({"cards-sensitive", "cards-sensitive-write"})
ORG = _with_write((*_READ_WRITE_ORG, *_READ_WRITE_ORG_MORE)) | (CUSTOMER - _CUSTOMER_ONLY)


def read(words: str) -> frozenset[str]:
    """The scopes in a request, by their present names."""
    return frozenset(_OLD_NAMES.get(word, word) for word in words.split())
