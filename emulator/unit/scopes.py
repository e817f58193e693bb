"""What a token may be for: every scope, who may hold it, and which of them need two factors in a customer token."""

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


# A customer token holds these only if it may be upgraded.
UPGRADE = _with_write(["customer-token"])

# UNCONFIRMED: the table flags these and no others; counterparties-write is likely.
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

# Card numbers and PINs are for the customer's own eyes.
_CUSTOMER_ONLY = frozenset({"cards-sensitive", "cards-sensitive-write"})
ORG = _with_write((*_READ_WRITE_ORG, *_READ_WRITE_ORG_MORE)) | (CUSTOMER - _CUSTOMER_ONLY)
