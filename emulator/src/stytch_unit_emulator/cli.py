"""The command ``stytch-unit-emulator``: serves both services until it is stopped."""

from __future__ import annotations

import re
import signal
import sys
from ipaddress import ip_address
from pathlib import Path

import click
from flask import Flask
from werkzeug.serving import make_server

from . import __version__, strict_json, stytch, unit
from .control_access import MIN_TOKEN, ControlAccess, check_host_name
from .seed_input import BadSeed
from .server import SAMPLE_PROJECT, create_app


def _host_names(_context: click.Context, _option: click.Parameter, names: tuple[str, ...]) -> frozenset[str]:
    try:
        return frozenset(check_host_name(name) for name in names)
    except ValueError as error:
        raise click.BadParameter(f"{error}.") from error


def _project_id(_context: click.Context, _option: click.Parameter, project_id: str) -> str:
    if not stytch.is_project_id(project_id):
        raise click.BadParameter("a project id is project-test- and a lowercase UUID of version 4.")
    return project_id


def _origin(_context: click.Context, _option: click.Parameter, url: str | None) -> str | None:
    if url and not re.fullmatch(r"https?://[^/?#]+/?", url):
        raise click.BadParameter("an origin is http:// or https://, a host name and maybe a port.")
    return url and url.rstrip("/")


@click.command(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on; 0.0.0.0 in a container.")
@click.option("--port", default=8001, type=click.IntRange(0, 65535), show_default=True, help="0 picks a free port.")
@click.option(
    "--database",
    metavar="URL",
    help="sqlite:///FILE or postgresql://USER@HOST/NAME. Without it, "
    "$EMULATOR_DATABASE_URL, or else instance/emulator.db in the current folder.",
)
@click.option(
    "--public-url",
    metavar="URL",
    callback=_origin,
    help="Origin of the links in emails, where people reach the emulator at "
    "another one than your app does. By default, the origin that your app called.",
)
@click.option(
    "--app-host",
    "app_hosts",
    multiple=True,
    metavar="NAME",
    callback=_host_names,
    help="Accept http URLs on this host name as redirect and webhook URLs, besides localhost. May be given "
    "several times.",
)
@click.option(
    "--bank",
    type=click.Choice(unit.BANKS),
    help="Require the answers that Unit's bank asks applicants for: Thread Bank's, or other banks'. By default, an "
    "application may give either's.",
)
@click.option(
    "--controls",
    is_flag=True,
    help="Turn on the control API for tests at /control: clock, faults, keys, "
    "seeds, emails. It answers only programs on this machine.",
)
@click.option(
    "--allow-host",
    "control_hosts",
    multiple=True,
    metavar="NAME",
    callback=_host_names,
    help="Also answer control requests that are sent to this host name with the control token. May be given "
    "several times.",
)
@click.option(
    "--control-token",
    metavar="TOKEN",
    envvar="EMULATOR_CONTROL_TOKEN",
    default="",
    show_envvar=True,
    help=f"Bearer token for --allow-host, at least {MIN_TOKEN} characters. Other users of this machine can "
    "read an option, so prefer the variable.",
)
@click.option(
    "--seed",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="JSON file of users, customers, accounts and cards to start with. Deletes the project's data first.",
)
@click.option(
    "--project",
    default=SAMPLE_PROJECT,
    metavar="ID",
    callback=_project_id,
    help=f"Project id that --seed fills.  [default: {SAMPLE_PROJECT}]",
)
@click.version_option(__version__)
def main(
    host: str,
    port: int,
    database: str | None,
    public_url: str | None,
    app_hosts: frozenset[str],
    bank: str | None,
    controls: bool,
    control_hosts: frozenset[str],
    control_token: str,
    seed: Path | None,
    project: str,
) -> None:
    """Emulate Stytch and Unit on one origin, for demos and tests.

    Point both SDKs at http://localhost:8001. Any project id (project-test- and a UUID) works with any secret, and is
    a tenant of its own. The start page in a browser has the details.
    """
    if control_hosts and not controls:
        raise click.UsageError("--allow-host needs --controls.")
    try:
        access = ControlAccess(control_hosts, control_token)
    except ValueError as error:
        raise click.UsageError(f"{error}: --control-token or EMULATOR_CONTROL_TOKEN.") from error
    controls_for = access if controls else None
    app = create_app(database, controls=controls_for, public_url=public_url, app_hosts=app_hosts, bank=bank)
    if seed:
        _fill(app, project, seed)
    _serve(app, host, port)


def _fill(app: Flask, project_id: str, file: Path) -> None:
    """Replace the project's data with what the file describes."""
    try:
        given = strict_json.parse(file.read_bytes())
        if not isinstance(given, dict):
            raise BadSeed("must be a JSON object")
        store = app.extensions["emulator_store"]
        with store.all_or_nothing():
            store.forget(project_id)
            made = app.extensions["emulator_seed"](given, project_id)
    except (ValueError, BadSeed) as error:
        raise click.BadParameter(f"{file}: {error}.", param_hint="--seed") from error
    click.echo(f"Seeded {project_id} with {len(made['users'])} users")


def _serve(app: Flask, host: str, port: int) -> None:
    """Serve until SIGINT or SIGTERM; the latter would not end the first process of a container by itself."""
    server = make_server(host, port, app, threaded=True)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    try:
        click.echo(f"Stytch and Unit are emulated at http://{_reachable_name(host)}:{server.server_port}")
        server.serve_forever()
    finally:
        app.extensions["emulator_dispatcher"].stop()
        app.extensions["emulator_store"].close()


def _reachable_name(host: str) -> str:
    """A name for the address, as a URL has it."""
    try:
        address = ip_address(host)
    except ValueError:
        return host
    if address.is_loopback or address.is_unspecified:
        return "localhost"
    return f"[{host}]" if address.version == 6 else host
