"""Crypto wallets: connect one to the account, and sign in with its signature.

Method ``wallet``; name it in ``SIGN_IN_METHODS``. By Stytch's rule a wallet is in no factor group: it signs in, and
cards need two other factors. Fills the slot ``account_factors``, and leaves ``wallet_choices`` open. Nothing else
belongs to it, but the setting must not name the method any more. Stytch docs: *Crypto wallets*.
"""

from __future__ import annotations

from flask import Flask

from blueprints.slots import fill_slot

from .views import bp


def init_app(app: Flask) -> None:
    """Add the method and its part of the account page."""
    app.register_blueprint(bp)
    fill_slot(app, "account_factors", "wallets/_account.html")
