"""Passkeys: sign in without typing an address, and step up.

Method ``passkey``; name it in ``SIGN_IN_METHODS`` and ``STEP_UP_METHODS``. A passkey proves the device only: a code by
email or text completes the pair that cards need (``extras/passcodes``). Fills the slots ``scripts``, ``add_factor``,
``email_autocomplete``, ``authenticator_added`` and ``account_factors``. With it goes ``webauthn`` in
``pyproject.toml``, if the emulator is gone too; the settings of methods must not name it any more. Stytch
docs: *WebAuthn and Passkeys*.
"""

from __future__ import annotations

from flask import Flask

from blueprints.slots import fill_slot

from .views import bp

POLICY = "publickey-credentials-create=(self), publickey-credentials-get=(self)"


def init_app(app: Flask) -> None:
    """Add the method, its pages, and the policy: the step-up dialog may open on any page."""
    app.register_blueprint(bp)
    app.extensions.setdefault("permissions", []).append(POLICY)
    fill_slot(app, "scripts", "passkeys/_script.html")
    fill_slot(app, "email_autocomplete", "passkeys/_email_autocomplete.html")
    fill_slot(app, "add_factor", "passkeys/_offer.html")
    fill_slot(app, "authenticator_added", "passkeys/_offer.html")
    fill_slot(app, "account_factors", "passkeys/_account.html")
