"""``flask doctor`` checks the setup; ``flask unit link-customer`` links an existing customer to a user.

To copy: linking is a command for operators and never a web form. Customer numbers are easy to guess, so a form that
takes one would hand over the account behind it. The operator checks who is asking, sees whose account it is, then
confirms.
"""

from __future__ import annotations

import re

import click
from flask import Flask, current_app
from flask.cli import AppGroup, with_appcontext
from stytch.core.response_base import StytchError

from services.errors import ServiceUnavailable
from services.stytch_client import stytch_client
from services.unit_client import UnitError, org_client

from .doctor import Doctor
from .linking import CannotLink, Linking

MARKS = {True: click.style("✓", fg="green"), False: click.style("✗", fg="red"), None: click.style("·", fg="yellow")}
CUSTOMER = re.compile(r"[0-9]{1,20}", re.ASCII)
USER = re.compile(r"user-(test|live)-[\w-]{1,60}", re.ASCII)
unit = AppGroup("unit", help="Commands about customers at Unit.")


def init_app(app: Flask) -> None:
    """Add the commands to ``flask``."""
    app.cli.add_command(doctor)
    app.cli.add_command(unit)


@click.command("doctor")
@click.pass_context
@with_appcontext
def doctor(context: click.Context) -> None:
    """Check the setup at Stytch and Unit. Exits with status 1 if something is wrong."""
    wrong, found = 0, current_app.extensions
    checks, probes = found.get("doctor_checks", ()), found.get("redirect_probes", ())
    for finding in Doctor(found["settings"], found["http"], checks, probes).findings():
        click.echo(f"{MARKS[finding.ok]} {finding.what}")
        if finding.next_step:
            click.echo(f"  → {finding.next_step}")
        wrong += finding.ok is False
    click.echo(f"To fix: {wrong}." if wrong else "All checks passed.")
    context.exit(1 if wrong else 0)


@unit.command("link-customer")
@click.argument("unit_customer_id")
@click.argument("stytch_user_id")
@click.option("--yes", is_flag=True, help="Do not ask for confirmation.")
def link_customer(unit_customer_id: str, stytch_user_id: str, yes: bool) -> None:
    """Let a Stytch user act as an existing Unit customer.

    Check who is asking first: a linked user can use the customer's cards.
    """
    if not CUSTOMER.fullmatch(unit_customer_id) or not USER.fullmatch(stytch_user_id):
        raise click.UsageError("Give a customer's number at Unit, then a user id such as user-test-….")
    linking = Linking(stytch_client.sdk, org_client)
    try:
        pair = linking.check(unit_customer_id, stytch_user_id)
        if pair.is_linked:
            click.echo("They are linked already.")
            return
        click.echo(
            f"Customer {unit_customer_id} is {printable(pair.customer.name)}, {printable(masked(pair.customer.email))}."
        )
        if not yes:
            click.confirm(f"Let {stytch_user_id} act as this customer?", abort=True)
        linking.link(pair)
    except CannotLink as error:
        raise click.ClickException(str(error)) from error
    except UnitError as error:
        raise click.ClickException(f"Unit refused: {error}.") from error
    except (ServiceUnavailable, StytchError) as error:
        detail = error if isinstance(error, ServiceUnavailable) else type(error).__name__
        raise click.ClickException(f"A service gave no usable answer: {detail}. Run the command again.") from error
    click.echo("Linked. The user sees the customer's cards from the next page on.")


def printable(text: str) -> str:
    """Return a text from elsewhere for a terminal: bounded, without what could control it."""
    return "".join(char if char.isprintable() else "?" for char in text[:300])


def masked(email: str | None) -> str:
    """Return enough of an address to compare, too little to use: ``a…@example.com``."""
    name, at, host = (email or "").partition("@")
    return f"{name[:1]}…{at}{host}" if at else "no email"
