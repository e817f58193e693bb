"""What programs read of this site: which pages are for search engines, and where to report a hole.

To copy: ``security.txt`` (RFC 9116) is only there when somebody reads what is sent to it.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from flask import Blueprint, Response, abort, current_app

bp = Blueprint("well_known", __name__)

GOOD_FOR = timedelta(days=180)  # the RFC recommends less than a year
ROBOTS = "User-agent: *\nDisallow:\n"


@bp.get("/robots.txt")
def robots() -> Response:
    """Nothing is forbidden: a page that must not be found says so itself, which only helps where it may be read."""
    return Response(ROBOTS, mimetype="text/plain")


@bp.get("/.well-known/security.txt")
def security() -> Response:
    """Whom to tell of a hole in the security."""
    settings = current_app.extensions["settings"]
    if not settings.security_contact:
        abort(404)
    lines = {
        "Contact": settings.security_contact,
        "Expires": (datetime.now(UTC) + GOOD_FOR).strftime("%Y-%m-%dT00:00:00Z"),
        "Preferred-Languages": "en",
        "Canonical": f"{settings.public_url}/.well-known/security.txt",
    }
    return Response("".join(f"{name}: {value}\n" for name, value in lines.items()), mimetype="text/plain")
