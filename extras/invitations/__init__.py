"""Invitations by email, and embedded links that the back end makes.

Users who have a second factor invite others, revoke an invitation, and see those that are open: pending users at
Stytch whose ``trusted_metadata`` names the inviter, so that nothing is kept here. The link leads to a page that says
who invited, with a button. ``flask stytch embedded-link`` makes a link for support to hand over, without any email.

Neither kind can have PKCE, since another browser asks for it than opens it: anyone who has the link signs in. So an
embedded link is in no factor group, and an invitation proves the mailbox that it was sent to, and no more.

At Stytch, register ``<PUBLIC_URL>/invitations/accept?by={}`` as a redirect URL for invitations; with the same URL
without ``?by={}``, the page can't say who invited. Settings: ``STYTCH_INVITE_MINUTES`` (1440) and
``STYTCH_INVITE_TEMPLATE``. Fills the slot ``account_more``. Nothing else belongs to it. Stytch docs: *Invite by email*,
*Embeddable magic links*.
"""

from __future__ import annotations

import re
from datetime import timedelta
from functools import partial

from flask import Flask

from blueprints.slots import fill_slot
from settings import Settings, SettingsError, whole

from . import commands
from .invites import PATH, Sending
from .views import bp


def init_app(app: Flask) -> None:
    """Add the pages and the command, and name their redirect URLs for the emulator. Raises SettingsError."""
    settings: Settings = app.extensions["settings"]
    life = timedelta(minutes=whole(settings.given, "STYTCH_INVITE_MINUTES", 24 * 60, 5, 7 * 24 * 60))
    app.extensions["invitations"] = Sending(life, _template_id(settings))
    url = f"{settings.public_url}{PATH}"
    app.extensions.setdefault("redirect_urls", set()).update({url, f"{url}?by={{}}"})
    probe = partial(app.extensions["stytch"].sdk.magic_links.email.invite, invite_magic_link_url=f"{url}?by=doctor")
    app.extensions.setdefault("redirect_probes", []).append((f"{url}?by={{}}", "invitations", probe))
    app.register_blueprint(bp)
    app.cli.add_command(commands.stytch)
    fill_slot(app, "account_more", "invitations/_link.html")


def _template_id(settings: Settings) -> str | None:
    template_id = settings.given.get("STYTCH_INVITE_TEMPLATE")
    if template_id and not re.fullmatch(r"[\w-]{1,100}", template_id, re.ASCII):
        raise SettingsError(
            "STYTCH_INVITE_TEMPLATE must be the id of an email template, as Stytch's dashboard shows it."
        )
    return template_id
