"""Start as a persona, start over, and let something happen. Exists only where both services are emulated."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Flask, Response, abort, request
from flask import session as flask_session
from limits import parse

from blueprints.errors import safe_next_path
from blueprints.htmx import HOME, redirect_to, render
from blueprints.login import end_session
from blueprints.slots import fill_slot
from services import guards
from services.rate_limits import limited
from services.session_cache import session_cache
from services.stytch_client import stytch_client

from .personas import PERSONAS, begin, controls
from .play import ACTS

bp = Blueprint("visits", __name__, url_prefix="/demo")
PER_CLIENT = parse("30/minute")


def init_app(app: Flask) -> None:
    """Add the views, and the drawer on each page of a signed-in visitor."""
    app.register_blueprint(bp)
    fill_slot(app, "banner", "demo/drawer.html")
    fill_slot(app, "wallet_choices", "demo/wallet.html")


@bp.app_context_processor
def inject_play() -> dict[str, Any]:
    """Give templates the personas, what may happen, and what happens at present."""
    return {
        "personas": PERSONAS,
        "acts": ACTS,
        "disturbance": lambda: controls().disturbance(),
        "pretend_wallet": lambda: controls().wallet_key,
    }


@bp.post("/start")
@guards.public
@limited(PER_CLIENT)
def start() -> Response:
    """Sign in as a persona, in a world that holds nothing else."""
    persona = PERSONAS.get(request.form.get("as", "")) or abort(404)
    if before := guards.optional_session():
        stytch_client.sign_out(before.token, before)
    token, url = begin(persona)
    session = session_cache.get(token)
    flask_session.clear()
    told = f"You are {persona.name}, who {persona.story}. {persona.watch}" if persona.watch else ""
    response = redirect_to(url, announce=told, category="notice")
    guards.set_cookie(response, session)
    return response


@bp.post("/start-over")
@guards.public
@limited(PER_CLIENT)
def start_over() -> Response:
    """Sign out and delete everything of this visitor."""
    response = end_session("Everything is deleted. Start again.")
    controls().start_over()
    return response


@bp.get("/play")
@guards.login_required
def choose() -> Response:
    """Show what may happen, in the drawer or on a page of its own."""
    return render("demo/play.html")


@bp.post("/play")
@guards.public
@limited(PER_CLIENT)
def play() -> Response:
    """Let something happen, and return to the page. It needs no session: with Stytch down, there may be none."""
    act = ACTS.get(request.form.get("what", "")) or abort(404)
    act.happens(guards.optional_session())
    return _back(act.watch)


@bp.post("/calm")
@guards.public
def calm() -> Response:
    """End what happens at present."""
    controls().calm()
    return _back("It is over.")


def _back(said: str) -> Response:
    """Return to the page where the button was pressed."""
    return redirect_to(safe_next_path(request.form.get("next", "")) or HOME, announce=said, category="notice")
