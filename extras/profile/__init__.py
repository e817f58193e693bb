"""What users change about themselves: name, addresses, mobile devices, their details at the bank, and deleting it all.

Parts of the account page: the name; another email address, proven by a link; biometric registrations, which mobile apps
make; deleting the account. A page compares the contact details at Stytch with those at the bank, and offers to use the
new ones there, too. Every change follows the rule on changing factors (``services/factors.py``).

At Stytch, register ``<PUBLIC_URL>/profile/email/confirm`` as a redirect URL for login. Fills the slots
``account_profile``, ``account_emails``, ``account_factors`` and ``account_more``. Nothing else belongs to it. Stytch
docs: *Update user*, *Send*, *Delete user*. Unit docs: *Update customer*.
"""

from __future__ import annotations

from functools import partial

from flask import Flask

from blueprints.slots import fill_slot

from . import bank, views
from .links import PATH


def init_app(app: Flask) -> None:
    """Add the pages and the parts of the account page, and name the redirect URL for the emulator."""
    url = f"{app.config['PUBLIC_URL']}{PATH}"
    app.extensions.setdefault("redirect_urls", set()).add(url)
    probe = partial(app.extensions["stytch"].sdk.magic_links.email.send, login_magic_link_url=url)
    app.extensions.setdefault("redirect_probes", []).append((url, "login", probe))
    app.register_blueprint(views.bp)
    app.register_blueprint(bank.bp)
    fill_slot(app, "account_profile", "profile/_name.html")
    fill_slot(app, "account_emails", "profile/_add_email.html")
    fill_slot(app, "account_factors", "profile/_emails.html")
    fill_slot(app, "account_factors", "profile/_biometrics.html")
    fill_slot(app, "account_more", "profile/_bank.html")
    fill_slot(app, "account_more", "profile/_delete.html")
