"""``flask doctor``: whether everything is set up, and what the next step is.

It has no page, since what it says is for those who run the app. It changes nothing at either service.
"""

from __future__ import annotations

import click
from flask import Blueprint, current_app

from services.doctor import Doctor

bp = Blueprint("doctor", __name__, cli_group=None)

MARKS = {True: click.style("✓", fg="green"), False: click.style("✗", fg="red"), None: click.style("·", fg="yellow")}


@bp.cli.command("doctor")
@click.pass_context
def doctor(context: click.Context) -> None:
    """Walk through the set-up at Stytch and Unit. Ends with status 1 if something is wrong."""
    wrong = 0
    for finding in Doctor(current_app.extensions["settings"], current_app.extensions["http"]).findings():
        click.echo(f"{MARKS[finding.right]} {finding.what}")
        if finding.next_step:
            click.echo(f"  → {finding.next_step}")
        wrong += finding.right is False
    click.echo("Everything that can be checked is right." if not wrong else f"To mend: {wrong}.")
    context.exit(1 if wrong else 0)
