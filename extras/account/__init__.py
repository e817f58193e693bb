"""The account page: factors, recovery codes and sessions.

Users replace or remove their authenticator, see their recovery codes and where they are signed in, and sign out one
session or all. Other extras show their part in the slots ``account_profile``, ``account_factors`` and ``account_more``.
Fills the slots ``nav`` and ``recovery_codes_note``. Nothing else belongs to it. Stytch docs: *Get sessions*, *Revoke
session*.
"""

from __future__ import annotations

from flask import Flask

from blueprints.slots import fill_slot

from .views import bp


def init_app(app: Flask) -> None:
    """Add the page, and the links to it."""
    app.register_blueprint(bp)
    fill_slot(app, "nav", "account/_link.html")
    fill_slot(app, "recovery_codes_note", "account/_recovery_codes_note.html")
