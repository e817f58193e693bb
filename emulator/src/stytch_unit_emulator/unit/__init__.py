"""The emulated Unit sandbox API for a debit card program for individuals.

Not emulated: businesses, joint and credit accounts, setting PINs, wires, checks, recurring payments, authorization
requests, cardholder tokens, rate limits. ``docs/coverage.md`` lists every operation.

The table lists every refusal. Each row has a test of the same name. Source: *docs* is Unit's documentation, API
description or SDKs; *catalog* is a third party's summary of them; *emulator* is a rule of this emulator; UNCONFIRMED is
a choice made here because Unit's behavior is undocumented. The code marks the place with UNCONFIRMED too.

| what | answer | source |
|---|---|---|
| a request without a valid bearer is unauthorized | 401 unauthorized | docs |
| an expired customer token is unauthorized | 401 unauthorized | docs |
| a customer token of another tenant is unauthorized | 401 unauthorized | emulator |
| over http an org token reaches no visitors tenant | 401 unauthorized | emulator |
| an operation beyond the scopes is forbidden | 403 forbidden | catalog |
| an operation of the org is forbidden to customers | 403 forbidden | catalog, sandbox UNCONFIRMED |
| an org token shows no card numbers | 403 forbidden | docs |
| an unknown id is not found | 404 not_found | UNCONFIRMED |
| another customers resource is not found | 404 not_found | UNCONFIRMED |
| an unknown route is not found | 404 not_found | UNCONFIRMED |
| an operation that is not emulated says so | 501 | emulator |
| an unknown method is not allowed | 405 | UNCONFIRMED |
| a body that is not json api is invalid | 400 invalid_value | catalog |
| a body over 64 kib is too large | 413 | emulator |
| an unknown attribute is invalid | 400 invalid_value | UNCONFIRMED |
| an unknown relationship is invalid | 400 invalid_value | UNCONFIRMED |
| an unknown or malformed query parameter is invalid | 400 invalid_value | docs for tags, else UNCONFIRMED |
| paging transactions without customer or account is invalid | 400 invalid_value | UNCONFIRMED |
| a full tenant refuses new records | 400 limits_exceeded | emulator |
| an invalid attribute is refused | 400 invalid_value | catalog |
| an applications subject cannot be changed | 400 invalid_value | docs |
| a decided or pending application cannot be canceled | 400 invalid_value | docs, code UNCONFIRMED |
| only an application under review can be decided | 400 invalid_value | docs, code UNCONFIRMED |
| only pdf png and jpeg files are accepted | 400 invalid_value | docs, code UNCONFIRMED |
| a file over 20 mib is too large | 413 | emulator |
| a decided application accepts no documents | 400 invalid_value | UNCONFIRMED |
| a document of a decided application cannot be reviewed | 400 invalid_value | UNCONFIRMED |
| an answer that the bank does not ask for is refused | 400 invalid_value | UNCONFIRMED |
| some purposes need a detail | 400 invalid_value | docs, code UNCONFIRMED |
| only a selfie verification can be verified | 400 invalid_value | UNCONFIRMED |
| a version 2 form needs an idempotency key | 400 invalid_value | docs |
| an invalid form is refused | 400 invalid_value | emulator |
| a form can be submitted once | 409 already_exists | UNCONFIRMED |
| a customers identity cannot be changed | 400 invalid_value | docs |
| merged tags are limited to 15 | 400 invalid_value | docs |
| the tags scope changes tags only | 403 forbidden | docs |
| a customer token cannot change the subject | 403 forbidden | UNCONFIRMED |
| an archived customer refuses writes | 400 invalid_value | docs, code UNCONFIRMED |
| an archived customer gets no account or card | 400 invalid_value | docs, code UNCONFIRMED |
| an invalid account attribute is refused | 400 invalid_value | docs, product UNCONFIRMED |
| an unknown customer gets no account | 400 customer_not_found | catalog |
| a joint account is refused | 400 invalid_value | emulator |
| a frozen account cannot be frozen again | 400 not_supported_for_account_status | catalog |
| only a frozen account can be unfrozen | 400 not_supported_for_account_status | catalog |
| only a closed account can be reopened | 400 not_supported_for_account_status | catalog |
| a closed account cannot be closed again | 400 not_supported_for_account_status | catalog |
| a closed account receives nothing | 400 not_supported_for_account_status | catalog |
| a closed account declines purchases | 400 not_supported_for_account_status | UNCONFIRMED |
| a sandbox payment can only be a credit | 400 invalid_value | docs |
| cash over the available balance is refused | 400 limits_exceeded | UNCONFIRMED |
| an amount that is not positive cents is invalid | 400 invalid_value | catalog |
| a received payment can be completed once | 400 invalid_value | UNCONFIRMED |
| only an advanceable payment can be advanced | 400 invalid_value | docs, code UNCONFIRMED |
| an ach payment describes one counterparty | 400 invalid_value | docs, code UNCONFIRMED |
| another customers counterparty cannot be paid | 400 counterparty_not_found | catalog |
| a counterparty is paid or debited as permitted | 400 invalid_value | docs, code UNCONFIRMED |
| only a pending ach payment can be canceled | 400 invalid_value | docs, code UNCONFIRMED |
| the sandbox moves ach payments in order | 400 invalid_value | UNCONFIRMED |
| a counterparty needs an account or a plaid token | 400 invalid_value | docs |
| only a plaid counterparty has a balance | 400 invalid_value | docs, code UNCONFIRMED |
| an account cannot pay itself | 400 invalid_value | UNCONFIRMED |
| an unknown account cannot be paid | 400 account_not_found | catalog |
| a customer cannot debit another customers account | 400 account_not_found | UNCONFIRMED |
| an inactive card cannot deposit cash | 400 not_supported_for_card_status | UNCONFIRMED |
| a card needs an account | 400 invalid_value | docs |
| an unknown account gets no card | 400 account_not_found | catalog |
| a customer token creates cards on its own accounts only | 400 account_not_found | UNCONFIRMED |
| a card on another customers account is a mismatch | 400 account_customer_mismatch | catalog |
| a closed account gets no card | 400 not_supported_for_account_status | catalog |
| an invalid card attribute is refused | 400 invalid_value | catalog |
| a card must expire 3 to 5 years ahead | 400 invalid_value | docs, code UNCONFIRMED |
| an idempotency key of another customer is refused | 409 already_exists | UNCONFIRMED |
| the type must match the card | 400 invalid_value | docs |
| an action that the status does not allow is refused | 400 not_supported_for_card_status | catalog, cells UNCONFIRMED |
| only an inactive card can be activated | 400 not_supported_for_card_status | catalog |
| a closed or frozen card cannot be replaced | 400 not_supported_for_card_status | catalog |
| a virtual card cannot be replaced | 400 not_supported_for_card_type | UNCONFIRMED |
| an inactive card shows no secrets | 400 not_supported_for_card_status | docs, code catalog |
| a physical card shows no secrets | 400 not_supported_for_card_type | docs, code UNCONFIRMED |
| a token for one card shows no other cards secrets | 404 not_found | docs, code UNCONFIRMED |
| a wrong cvv2 or expiration activates no card | 400 invalid_value | UNCONFIRMED |
| an inactive card has no pin status | 400 not_supported_for_card_status | UNCONFIRMED |
| an inactive card declines purchases | 400 not_supported_for_card_status | UNCONFIRMED |
| a purchase over the available balance is declined | 400 limits_exceeded | UNCONFIRMED |
| a purchase over a limit is declined | 400 limits_exceeded | UNCONFIRMED |
| a purchase needs a card of the account | 400 card_not_found | catalog |
| an authorization over the available balance is declined | 400 limits_exceeded | UNCONFIRMED |
| a declined authorization is found only if asked for | 404 not_found | UNCONFIRMED |
| only an open authorization can be released | 400 invalid_value | docs, code UNCONFIRMED |
| an authorization can be settled once | 400 invalid_value | UNCONFIRMED |
| another cards authorization cannot be settled | 400 authorization_not_found | UNCONFIRMED |
| an unknown customer gets no token | 404 not_found | UNCONFIRMED |
| a scope that is not for customers is invalid | 400 invalid_value | UNCONFIRMED |
| an api token has no more scopes than its maker | 400 invalid_value | UNCONFIRMED |
| an expired or revoked api token is unauthorized | 401 unauthorized | docs |
| an api token works from its addresses only | 403 forbidden | catalog |
| an upgradable scope needs the scope to create tokens | 400 invalid_value | docs, code UNCONFIRMED |
| an upgradable scope must be a customer scope | 400 invalid_value | UNCONFIRMED |
| an invalid token attribute is refused | 400 invalid_value | catalog |
| an expiration outside 1 to 86400 seconds is invalid | 400 invalid_value | docs, code UNCONFIRMED |
| a two factor scope without proof is forbidden | 403 forbidden | docs, code UNCONFIRMED |
| a wrong code is refused | 400 invalid_value | UNCONFIRMED |
| a verification expires after 10 minutes | 400 invalid_value | docs, code UNCONFIRMED |
| a verification works once | 400 invalid_value | UNCONFIRMED |
| a verification of another customer is invalid | 400 invalid_value | UNCONFIRMED |
| a fifth wrong code invalidates a verification | 400 invalid_value | UNCONFIRMED |
| an invalid verification attribute is refused | 400 invalid_value | catalog |
| an invalid jwt is refused | 400 invalid_value | docs, code UNCONFIRMED |
| a code does not make up for an invalid jwt | 400 invalid_value | UNCONFIRMED |
| a customer without a subject matches no jwt | 400 invalid_value | docs, code UNCONFIRMED |
| a jwt is refused without jwt settings | 400 invalid_value | UNCONFIRMED |
| a jwt is refused if its keys cannot be fetched | 400 invalid_value | UNCONFIRMED |
| a resource of another customer is not found | 400 card_not_found, account_not_found | UNCONFIRMED |
| a webhook url must be https or loopback | 400 invalid_value | emulator |
| an invalid webhook attribute is refused | 400 invalid_value | catalog |
| the number of webhooks is limited | 400 limits_exceeded | emulator |
| a webhook cannot be deleted | 405 | docs |
| a token is not upgraded beyond its upgradable scope | 403 forbidden | UNCONFIRMED |
| an upgrade needs proof | 403 forbidden | docs, code UNCONFIRMED |
| a token creates none for another customer | 404 not_found | UNCONFIRMED |
| an upgraded token reaches no more resources | 400 card_not_found | UNCONFIRMED |
"""

from __future__ import annotations

from .app import create_app
from .bearers import ORG_TOKEN, add_org_token, granted
from .bearers import named_by as tenant_named_by
from .card_secrets import printed
from .delivery import Attempt, Delivery, WebhookDispatcher
from .errors import REFUSALS, UnitFault
from .errors import by_status as refusal
from .forms import open_form, submit, tenant_of_form
from .jsonapi import MEDIA_TYPE
from .onboarding import PendingApplication, decide, pending_applications
from .proof import JwtSettings
from .questionnaires import BANKS, CHOICES
from .scopes import ORG as ORG_SCOPES
from .verification import CODE as VERIFICATION_CODE

__all__ = [
    "BANKS",
    "CHOICES",
    "MEDIA_TYPE",
    "ORG_SCOPES",
    "ORG_TOKEN",
    "REFUSALS",
    "VERIFICATION_CODE",
    "Attempt",
    "Delivery",
    "JwtSettings",
    "PendingApplication",
    "UnitFault",
    "WebhookDispatcher",
    "add_org_token",
    "create_app",
    "decide",
    "granted",
    "open_form",
    "pending_applications",
    "printed",
    "refusal",
    "submit",
    "tenant_named_by",
    "tenant_of_form",
]
