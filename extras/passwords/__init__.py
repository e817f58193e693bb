"""Passwords: sign in with one; set, change and remove it; reset it by email.

Method ``password``; name it in ``SIGN_IN_METHODS``. A password is in no factor group (Stytch's rule): it signs in and
opens nothing at the bank, so the step-up dialog asks for two proofs (``extras/passcodes`` has the code by email). There
is no sign-up by password: a mailbox is proved first. At Stytch, register ``<PUBLIC_URL>/passwords/reset`` as a redirect
URL for password resets. Fills the slots ``account_factors`` and ``step_up_note``. With it goes ``zxcvbn`` in
``pyproject.toml``, if the emulator is gone too; settings must not name the method any more. Stytch docs: *Passwords*.
"""

from __future__ import annotations

from functools import partial

from flask import Flask

from blueprints.slots import fill_slot

from . import reset_views, views


def init_app(app: Flask) -> None:
    """Add the method and its pages."""
    app.register_blueprint(views.bp)
    app.register_blueprint(reset_views.bp)
    url = f"{app.config['PUBLIC_URL']}/passwords/reset"
    app.extensions.setdefault("redirect_urls", set()).add(url)
    if "password" in (app.config.get("SIGN_IN_METHODS") or ()):
        probe = partial(app.extensions["stytch"].sdk.passwords.email.reset_start, reset_password_redirect_url=url)
        app.extensions.setdefault("redirect_probes", []).append((url, "password resets", probe))
    app.extensions.setdefault("sends_messages", set()).add("password_resets.send")
    fill_slot(app, "account_factors", "passwords/_account.html")
    fill_slot(app, "step_up_note", "passwords/_step_up_note.html")
