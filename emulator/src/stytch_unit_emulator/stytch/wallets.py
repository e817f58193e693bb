"""Crypto wallet endpoints: a challenge to sign, and the signature's check."""

from __future__ import annotations

from flask import Blueprint

from ..store import Json
from . import factors, objects, session_records, siwe, user_records, wallet_records, wallet_signatures
from .endpoint import authenticated
from .errors import StytchFault
from .wire import Call

bp = Blueprint("crypto_wallets", __name__, url_prefix="/v1/crypto_wallets")


@bp.post("/authenticate/start")
@authenticated
def authenticate_start(call: Call) -> Json:
    """Return the text that the wallet signs. An unknown wallet without a user becomes a pending user."""
    kind, address = wallet_records.requested(call.body)
    params = siwe.read(call.body, kind)
    named, owner = session_records.selected_user(call), wallet_records.owner(call.tenant, kind, address)
    if named and owner and named["user_id"] != owner["user_id"]:
        raise StytchFault("duplicate_wallet_address")
    user = named or owner or user_records.add(call.tenant, active=False)
    objects.refuse_if_locked(user)
    challenge = wallet_records.start(call.tenant, user, kind, address, params)
    return {"user_id": user["user_id"], "challenge": challenge, "user_created": not (named or owner)}


@bp.post("/authenticate")
@authenticated
def authenticate(call: Call) -> Json:
    """Check the signature of the wallet's newest challenge, which it uses up; a new wallet becomes the user's."""
    kind, address = wallet_records.requested(call.body)
    signature = wallet_signatures.read(call.body, kind)
    started = wallet_records.take(call.tenant, kind, address)
    user = user_records.load(call.tenant, started["user_id"]) if started else None
    if started is None or user is None:
        raise StytchFault("unable_to_authenticate_crypto_wallet")
    requested = session_records.session_of(call, user)
    objects.refuse_if_locked(user)
    if started["siwe"]:
        siwe.check_times(started["siwe"])
    # UNCONFIRMED: whether wrong signatures lock the user. Here, they don't: anyone could send them.
    if not wallet_signatures.is_right(kind, address, started["challenge"], signature):
        raise StytchFault("unable_to_authenticate_crypto_wallet")
    wallet = wallet_records.verified(call.tenant, user, kind, address)
    objects.count_success(call.tenant, user)
    return {
        "user_id": user["user_id"],
        **session_records.add_factor(call, user, requested, factors.wallet(wallet)),
        "user": objects.user_object(call.tenant, user),
        "user_device": None,
        **({"siwe_params": siwe.shown(started["siwe"])} if started["siwe"] else {}),
    }
