"""``flask stytch embedded-link`` makes a link that signs in as a user, for support to hand over.

To copy: a command for operators and never a web form, since anyone who has the link is that user until it expires. It
proves no mailbox, phone or device, so cards stay closed until the user confirms with factors of their own.
"""

from __future__ import annotations

from datetime import timedelta

import click
from flask.cli import AppGroup

from services.errors import CodeRejected, ServiceUnavailable

from .invites import embedded_link

stytch = AppGroup("stytch", help="Commands about users at Stytch.")


@stytch.command("embedded-link")
@click.argument("user_id")
@click.option("--minutes", type=click.IntRange(5, 60), default=10, show_default=True, help="How long it works.")
def make_embedded_link(user_id: str, minutes: int) -> None:
    """Print a link that signs in as USER_ID, once.

    Check who is asking first, and hand it over in a way that only they can read.
    """
    try:
        link = embedded_link(user_id, timedelta(minutes=minutes))
    except CodeRejected as error:
        raise click.ClickException(f"Stytch refused: {error.reason}.") from error
    except ServiceUnavailable as error:
        raise click.ClickException(f"Stytch gave no usable answer: {error}. Run the command again.") from error
    click.echo(f"This link works once, for {minutes} minutes, in any browser:\n{link}")
