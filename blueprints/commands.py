"""The one step that has no page: linking somebody who is a customer at Unit already to their Stytch user.

To copy: this is a command for those who run the app, and never a form on the web. Whoever may say "that customer is me"
by a number takes over the account behind it: numbers are guessed and seen. So a person who has checked who is asking
does it, sees whose account it is, and says yes.
"""

from __future__ import annotations

import re

import click
from flask import Blueprint, current_app
from stytch.core.response_base import StytchError

from services.http import ServiceDown
from services.linking import CannotLink, Linking
from services.unit_wire import UnitError

bp = Blueprint("commands", __name__, cli_group="unit")

CUSTOMER = re.compile(r"[0-9]{1,20}", re.ASCII)
USER = re.compile(r"user-(test|live)-[\w-]{1,60}", re.ASCII)


@bp.cli.command("link-customer")
@click.argument("unit_customer_id")
@click.argument("stytch_user_id")
@click.option("--yes", is_flag=True, help="Do not ask for confirmation.")
def link_customer(unit_customer_id: str, stytch_user_id: str, yes: bool) -> None:
    """Let a Stytch user act as the Unit customer that this person is already.

    Check who is asking first: whoever is linked can use the customer's cards.
    """
    if not CUSTOMER.fullmatch(unit_customer_id) or not USER.fullmatch(stytch_user_id):
        raise click.UsageError("Give a customer's number at Unit, then a user id such as user-test-….")
    linking = Linking(*(current_app.extensions[name] for name in ("settings", "http", "unit")))
    try:
        pair = linking.look(unit_customer_id, stytch_user_id)
        if pair.is_linked:
            click.echo("They are linked already.")
            return
        click.echo(f"Customer {unit_customer_id} is {pair.customer.name}, {masked(pair.customer.email)}.")
        if not yes:
            click.confirm(f"Let {stytch_user_id} act as this customer?", abort=True)
        linking.link(pair)
    except CannotLink as error:
        raise click.ClickException(str(error)) from error
    except UnitError as error:
        raise click.ClickException(f"Unit refused: {error}.") from error
    except (ServiceDown, StytchError) as error:
        detail = error if isinstance(error, ServiceDown) else type(error).__name__
        raise click.ClickException(f"A service gave no usable answer: {detail}. Run the same again.") from error
    click.echo("Linked. From the next page on the user sees the customer's cards.")


def masked(email: str) -> str:
    """Enough of an address to compare, too little to use: ``a…@example.com``."""
    name, at, host = email.partition("@")
    return f"{name[:1]}…{at}{host}" if at else "no e-mail"
