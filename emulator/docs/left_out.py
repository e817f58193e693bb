"""Why operations are not emulated: the first pattern that matches the beginning of the path says it."""

from __future__ import annotations

from typing import TypeAlias

Reasons: TypeAlias = tuple[tuple[str, str], ...]

STYTCH: Reasons = (
    ("/v1/otps", "One-time passcodes: not emulated yet."),
    ("/v1/webauthn", "Passkeys: not emulated yet."),
    ("/v1/sessions/attest", "Needs a profile of a trusted issuer, which only Stytch's dashboard creates."),
    ("/v1/sessions/migrate", "Asks another provider's userinfo endpoint, which is set in Stytch's dashboard."),
    ("/v1/impersonation", "Its tokens come only from a button in Stytch's dashboard."),
    (
        "/v1/users/(webauthn_registrations|biometric_registrations)/",
        "Deletes factors of products that are not emulated.",
    ),
    (
        "/v1/(connected_apps|idp|m2m|public|users/.*connected_apps|sessions/exchange_access_token)",
        "The project as an identity provider for other apps and machines.",
    ),
    ("/v1/(email|fingerprint|rules|verdict_reasons)", "Fraud and risk scores, which need real traffic."),
    ("/v1/(projects|rbac)", "Set-up and support of a project in Stytch's dashboard."),
)
UNIT: Reasons = (
    (
        "/customers/.*authorized-users",
        "Authorized users act for businesses; `PATCH /customers/{customerId}` can set a customer's.",
    ),
    ("/(customers/.*/officers|beneficial-owner|customers$)", "Businesses are not emulated."),
    ("/accounts/.*/relationships", "Joint accounts are not emulated."),
    ("/accounts/.*daca", "Control agreements are for the accounts of businesses."),
    ("/(accounts/.*/repayment|repayments|recurring-repayments)", "Credit accounts are not emulated."),
    ("/(credit-|lending-|receivables)", "Lending is not emulated."),
    ("/(sandbox/)?authorization-requests", "Deprecated by Unit in favor of a programmatic API."),
    ("/(check-|sandbox/check-|stop-payments|positive-pay|white-label)", "Checks are not emulated."),
    ("/(cash-deposits|store-locations|atm-locations)", "Cash deposits in stores, and maps of machines."),
    ("/(wire-drawdowns|sandbox/wire-)", "Wires are not emulated."),
    ("/(recurring-payments|payments/bulk|batch-releases)", "Recurring payments and batches."),
    ("/payments/", "Clearing periods of ACH; the sandbox operations move payments on."),
    ("/(returns|received-payments)", "Returns of received ACH payments."),
    (
        "/(card-fraud|fraud-outreach|disputes|chargebacks)",
        "Fraud and disputes, which people at Unit handle.",
    ),
    ("/bills", "Bill payments are not emulated."),
    ("/cards/.*/cardholder", "Cardholder tokens are for the employees of businesses; customer tokens do the same."),
    ("/cards/.*/mobile-wallet", "Works only with the native SDKs of Visa, Apple and Google."),
    ("/applications/.*/download", "Of uploaded files only type, size and hash are stored."),
    (
        "/(fees|rewards|accrued-interest|account-holds|tax-forms)",
        "Fees, rewards, interest, holds by the org and taxes.",
    ),
    ("/institutions", "Needs the directory of all American banks."),
)
