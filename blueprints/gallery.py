"""Every state of every fragment side by side, for whoever works on how they look. Only there in Flask's debug mode.

The templates are the app's own, filled with made-up values. Nothing here asks a service or needs a session. Each state
is a page of its own in a frame, without htmx, so that nothing in it acts.
"""

from __future__ import annotations

import re

from flask import Blueprint, Response, abort, make_response, render_template
from markupsafe import Markup

from headers import content_security_policy

from .gallery_states import states

ELSEWHERE = re.compile(r'<hx-partial hx-target="#(status|balance|spent)".*?</hx-partial>', re.DOTALL)

bp = Blueprint("gallery", __name__, url_prefix="/gallery")


@bp.get("")
def index() -> Response:
    """All of them, by group."""
    response = make_response(render_template("gallery/index.html", states=list(states())))
    response.headers["Content-Security-Policy"] = content_security_policy({"frame-src": "'self'"})
    return response


@bp.get("/<slug>")
def show(slug: str) -> Response:
    """One state."""
    state = next((state for state in states() if state.slug == slug), None) or abort(404)
    body = render_template(state.template, **state.values)
    if state.template.rpartition("/")[2].startswith("_"):
        body = ELSEWHERE.sub("", body)
        body = body.replace("<dialog ", "<dialog open ")
        body = render_template("gallery/state.html", state=state, fragment=Markup(body))  # noqa: S704 - a template's
    response = make_response(body.replace(" autofocus", ""))  # one page would have many
    policy = content_security_policy().replace("frame-ancestors 'none'", "frame-ancestors 'self'")
    response.headers |= {"Content-Security-Policy": policy, "X-Frame-Options": "SAMEORIGIN"}
    return response
