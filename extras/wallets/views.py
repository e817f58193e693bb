"""Wallets: sign in, connect, remove. ``static/wallets.js`` asks the browser's wallet and sends what it signed."""

from __future__ import annotations

from flask import Blueprint, Response, current_app, jsonify, request, url_for
from limits import parse

from blueprints.htmx import HOME, redirect_to, render
from blueprints.login import finish_sign_in
from services import guards, methods
from services.errors import CodeRejected
from services.factors import require_factor_proof
from services.rate_limits import limited

from . import wallets
from .challenges import Wallet, finish

bp = Blueprint(
    "wallets", __name__, template_folder="templates", static_folder="static", static_url_path="/static/wallets"
)
PER_CLIENT = parse("20/minute")
FAILED = "That wallet did not sign you in. Only one that you connected on your account page can. Use another way."
MESSAGES = {
    "malformed": "The wallet’s answer was incomplete. Turn JavaScript on, then try again.",
    "other_challenge": "This took longer than five minutes, or was started in another tab or browser. Try again.",
    "unable_to_authenticate_crypto_wallet": FAILED,
    "user_not_found": FAILED,
    "user_id_mismatch": "That wallet is connected to another account.",
    "duplicate_wallet_address": "That wallet is connected to another account.",
    "duplicate_wallet_address_for_user": "That wallet is connected to your account already.",
    "crypto_wallet_not_found": "That wallet is already removed.",
    "siwe_message_expired": "This took longer than five minutes. Try again.",
    "user_lock_limit_reached": "There were too many wrong codes. Wait up to an hour, then try again.",
}
METHOD = methods.register(
    bp, methods.Method("wallet", "a crypto wallet", None, sign_in="wallets/_sign_in.html", messages=MESSAGES)
)


@bp.get("/wallets/sign-in")
@guards.public
def choose() -> Response:
    """Show the wallets to sign in with."""
    return render("wallets/sign_in.html")


@bp.post("/wallets/sign-in/challenge")
@guards.public
@limited(PER_CLIENT)
def challenge() -> tuple[Response, int]:
    """Return the text that the wallet signs."""
    try:
        return jsonify(challenge=wallets.challenge_to_sign_in(Wallet.from_form())), 200
    except CodeRejected as rejected:
        return jsonify(error=METHOD.message(rejected.reason)), 409


@bp.post("/wallets/challenge")
@guards.revalidate_session
@limited(PER_CLIENT)
def connect_challenge() -> tuple[Response, int]:
    """Return the text that a wallet signs to become the user's."""
    require_factor_proof("connect a wallet")
    try:
        return jsonify(challenge=wallets.challenge_to_connect(Wallet.from_form(), guards.current_session())), 200
    except CodeRejected as rejected:
        return jsonify(error=METHOD.message(rejected.reason)), 409


@bp.post("/wallets/sign-in")
@guards.public
@limited(PER_CLIENT)
def sign_in() -> Response:
    """Exchange the wallet's signature for a session."""
    before = guards.optional_session()
    try:
        wallet = Wallet.from_form()
        finish(wallet)
        session = wallets.sign_in(wallet, request.form.get("signature", ""))
    except CodeRejected as rejected:
        return render("wallets/sign_in.html", 422, error=METHOD.message(rejected.reason))
    return finish_sign_in(session, before)


@bp.post("/wallets/new")
@guards.revalidate_session
def new() -> Response:
    """Show the wallets to connect."""
    require_factor_proof("connect a wallet")
    return render("wallets/connect.html", back=_account())


@bp.post("/wallets")
@guards.revalidate_session
def connect() -> Response:
    """Make the wallet the user's."""
    require_factor_proof("connect a wallet")
    try:
        wallet = Wallet.from_form()
        finish(wallet)
        guards.set_current_session(wallets.connect(guards.current_session(), wallet, request.form.get("signature", "")))
    except CodeRejected as rejected:
        return render("wallets/connect.html", 422, back=_account(), error=METHOD.message(rejected.reason))
    return redirect_to(_account(), announce="Your wallet is connected.")


@bp.post("/wallets/<wallet_id>/remove")
@guards.revalidate_session
def remove(wallet_id: str) -> Response:
    """Remove a wallet, and end what rested on it."""
    require_factor_proof("remove a wallet")
    try:
        wallets.remove(guards.current_session(), wallet_id)
    except CodeRejected as rejected:
        return redirect_to(_account(), announce=METHOD.message(rejected.reason), category="notice")
    return redirect_to(_account(), announce="The wallet is removed, and you’re signed out on all other devices.")


def _account() -> str:
    """Return the page of the user's account, or without it that of the next step."""
    return url_for("account.index") if "account.index" in current_app.view_functions else HOME
