"""Pages for machines: health checks, ``robots.txt`` and ``security.txt``.

To copy: ``/healthz`` is about this process only, so that an outage elsewhere restarts nothing; ``/readyz`` is about the
services that it needs. ``security.txt`` (RFC 9116) exists only if a contact is configured.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from flask import Blueprint, Flask, Response, abort, current_app, make_response

from services.guards import public
from settings import SettingsError

bp = Blueprint("operations", __name__, template_folder="templates")
CONTACT = re.compile(r"mailto:[^\s@]+@[^\s@]+|https://\S+")
VALID_FOR = timedelta(days=180)  # the RFC recommends less than a year


def init_app(app: Flask) -> None:
    """Read ``SECURITY_CONTACT``. Raises SettingsError if it is neither an email address nor a page."""
    contact = app.extensions["settings"].given.get("SECURITY_CONTACT", "")
    if contact and not CONTACT.fullmatch(contact):
        raise SettingsError(
            "SECURITY_CONTACT must be like mailto:security@example.com or https://example.com/security."
        )
    app.config["SECURITY_CONTACT"] = contact


@bp.get("/healthz")
@public
def healthz() -> Response:
    """Say that this process is alive."""
    return make_response({"status": "ok"})


@bp.get("/readyz")
@public
def readyz() -> Response:
    """Say whether the services that the app needs answered within the last ten seconds."""
    up = current_app.extensions["readiness"].services()
    ready = bool(up) and all(up.values())
    services = {name: "up" if answers else "down" for name, answers in up.items()}
    return make_response({"status": "ok" if ready else "not ready", "services": services}, 200 if ready else 503)


@bp.get("/robots.txt")
@public
def robots() -> Response:
    """Allow everything: a crawler finds a page's ``noindex`` only if it may read the page."""
    return Response("User-agent: *\nDisallow:\n", mimetype="text/plain")


@bp.get("/.well-known/security.txt")
@public
def security_txt() -> Response:
    """Say where to report a vulnerability."""
    contact = current_app.config["SECURITY_CONTACT"] or abort(404)
    lines = {
        "Contact": contact,
        "Expires": (datetime.now(UTC) + VALID_FOR).strftime("%Y-%m-%dT00:00:00Z"),
        "Preferred-Languages": "en",
        "Canonical": f"{current_app.config['PUBLIC_URL']}/.well-known/security.txt",
    }
    return Response("".join(f"{name}: {value}\n" for name, value in lines.items()), mimetype="text/plain")
