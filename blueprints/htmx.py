"""Page or fragment: a plain browser gets a whole page or a 303, htmx a block of that page or an ``HX-Redirect``.

``HX-Request`` decides about form only, never about rights. Each page template has its fragment in a block.
"""

from typing import Any

from flask import Response, flash, make_response, redirect, render_template, request
from jinja2_fragments.flask import render_block
from werkzeug.urls import iri_to_uri

HOME = "/"  # the page that knows a user's next step


def is_htmx() -> bool:
    """Whether htmx sent this request, and expects a fragment; to restore its history it expects a whole page."""
    return request.headers.get("HX-Request") == "true" and "HX-History-Restore-Request" not in request.headers


def render(
    page: str, status: int = 200, *, announce: str = "", is_step: bool = False, block: str = "fragment", **context: Any
) -> Response:
    """Return the page, or for htmx a block of it; ``announce`` goes to the page's live region.

    ``is_step``: the fragment replaces the page's content, so the title and the progress come with it.
    """
    if not is_htmx():
        return make_response(render_template(page, announce=announce, **context), status)
    parts = [render_block(page, block, **context)]
    if is_step:
        parts.append(render_template("_step.html", title=render_block(page, "title", **context)))
    if announce:
        parts.append(render_template("_announce.html", announce=announce))
    return make_response("".join(parts), status)


def redirect_to(url: str, *, announce: str = "", category: str = "message") -> Response:
    """Send the user to another page of this app, which then shows the message: a "notice" if it is no success."""
    if announce:
        flash(announce, category)
    if is_htmx():
        return make_response("", 200, {"HX-Redirect": iri_to_uri(url)})
    return make_response(redirect(url, 303))
