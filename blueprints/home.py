"""The home page: the sign-in form, or the user's next step."""

from typing import Any, NamedTuple

from flask import Blueprint, Response, current_app, flash, make_response, render_template, request, url_for

from services import guards
from services.errors import NotSignedIn
from services.methods import has_second_factor
from services.step_up import proven_until

from .errors import SIGN_IN_AGAIN
from .htmx import HOME, redirect_to

bp = Blueprint("home", __name__)
STEPS = ("Sign in", "Add a second factor", "Open an account", "Confirm it’s you", "Use your card")


class Step(NamedTuple):
    """One step of the journey, for this user."""

    number: int
    title: str
    state: str  # done, current or todo


@bp.get("/")
@guards.public
def index() -> Response:
    """Offer the next step, or a sign-in before the session ends."""
    try:
        session = guards.current_session()
        if not (has_second_factor(session) and session.customer_id):
            guards.fresh_session()  # another process may have seen the user take that step
    except NotSignedIn:
        if is_lost := guards.cookie_name("stytch_session") in request.cookies:
            flash(SIGN_IN_AGAIN, "notice")
        response = make_response(render_template("home/index.html"))
        if is_lost:
            guards.delete_cookie(response)
        return response
    return make_response(render_template("home/index.html" if "sign-in" in request.args else "home/journey.html"))


@bp.get("/login")
@bp.get("/totp")
@guards.public
def start() -> Response:
    """Send who reloads or types the address of a form to the page that knows the next step."""
    return redirect_to(HOME)


@bp.app_context_processor
def inject_journey() -> dict[str, Any]:
    """Give every template the steps and the next page. Neither makes a call."""
    return {"journey": journey, "next_step_url": next_step_url, "public_url": current_app.config["PUBLIC_URL"]}


def journey() -> list[Step]:
    """Return the five steps; the first one that is not done is the current one."""
    done = [False] * len(STEPS)
    if session := guards.loaded_session():
        fresh = proven_until(session) is not None
        done = [True, has_second_factor(session), session.customer_id is not None, fresh, False]
    states = ["done" if is_done else "todo" for is_done in done]
    states[done.index(False)] = "current"
    return [Step(number, title, state) for number, (title, state) in enumerate(zip(STEPS, states, strict=True), 1)]


def next_step_url() -> str:
    """Return where the user continues."""
    current = next(step.number for step in journey() if step.state == "current")
    return url_for({3: "onboarding.index", 4: "cards.index", 5: "cards.index"}.get(current, "home.index"))
