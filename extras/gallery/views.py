"""The gallery: the app's own templates, filled with sample values.

It makes no calls and needs no session. Each state is a page in a frame that runs no scripts.
"""

from __future__ import annotations

from collections.abc import Iterator

from flask import Blueprint, Response, abort, current_app, make_response, render_template
from jinja2_fragments.flask import render_block
from markupsafe import Markup

from services.guards import public, set_current_session
from services.security import allow

from .states import State, states

bp = Blueprint(
    "gallery",
    __name__,
    url_prefix="/gallery",
    template_folder="templates",
    static_folder="static",
    static_url_path="/static",  # below the prefix
)


@bp.get("")
@public
def index() -> Response:
    """Show all states, by group."""
    allow({"frame-src": "'self'"})
    return make_response(render_template("gallery/index.html", states=list(installed_states())))


@bp.get("/<slug>")
@public
def show(slug: str) -> Response:
    """Show one state. Only the gallery may frame it."""
    state = next((state for state in installed_states() if state.slug == slug), None) or abort(404)
    response = make_response(_page(state))
    allow({"frame-ancestors": "'self'"})
    response.headers["X-Frame-Options"] = "SAMEORIGIN"
    return response


def installed_states() -> Iterator[State]:
    """Yield the states whose templates are there."""
    installed = set(current_app.jinja_env.list_templates())
    yield from (state for state in states() if {state.template, state.needs or state.template} <= installed)


def _page(state: State) -> str:
    """Return a page of its own as it is, and any other fragment inside an empty page."""
    if state.session:
        set_current_session(state.session)
    blocks = current_app.jinja_env.get_template(state.template).blocks
    if "fragment" in blocks:
        fragment = render_block(state.template, "fragment", **state.values)
    else:
        fragment = render_template(state.template, **state.values)
        if "main" in blocks:
            return fragment
    return render_template("gallery/state.html", state=state, fragment=Markup(fragment))  # noqa: S704 - rendered by Jinja
