"""The start: what this is, the sign-in form, and where you are in the journey."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import Blueprint, Response, current_app, flash, make_response, render_template, request

from services.exchange import exchange
from services.guards import cookie_name, current_session, delete_cookie, fresh_session, known_session
from services.session import NotSignedIn, Session

from . import SIGN_IN_AGAIN
from .story import CHAPTERS, Chapter

bp = Blueprint("home", __name__)


@dataclass(frozen=True)
class Step:
    """One step of the journey, for this visitor."""

    number: int
    chapter: Chapter
    state: str  # done, current or todo

    @property
    def title(self) -> str:
        """Its name."""
        return self.chapter.title

    @property
    def text(self) -> str:
        """What it is, in a few words."""
        return self.chapter.text


@bp.get("/")
def index() -> Response:
    """Tell the story and offer the next step."""
    try:
        session = current_session()
        if not (session.enrolled and session.customer_id):
            fresh_session()  # another process may have seen the visitor take that step
    except NotSignedIn:
        if cookie_name() not in request.cookies:
            return make_response(render_template("home/index.html"))
        flash(SIGN_IN_AGAIN)
        response = make_response(render_template("home/index.html"))
        delete_cookie(response)
        return response
    return make_response(render_template("home/journey.html"))


@bp.get("/healthz")
def healthz() -> Response:
    """Say that this process is alive."""
    return make_response({"status": "ok"})


@bp.get("/readyz")
def readyz() -> Response:
    """Say whether the services that the app needs answer: as of at most ten seconds ago, however many ask."""
    up = current_app.extensions["readiness"].services()
    ready = bool(up) and all(up.values())
    services = {name: "up" if answers else "down" for name, answers in up.items()}
    return make_response({"status": "ok" if ready else "not ready", "services": services}, 200 if ready else 503)


@bp.app_context_processor
def who_and_where() -> dict[str, Any]:
    """What every page shows: who is signed in, and how far they are. Never calls anybody."""
    session = known_session()
    public_url = current_app.extensions["settings"].public_url
    return {"session": session, "journey": journey(session), "public_url": public_url}


def journey(session: Session | None) -> list[Step]:
    """The five steps, with the first one that is not done as the current one."""
    done = [False] * len(CHAPTERS)
    if session:
        fresh = exchange.is_stepped_up(session)
        done = [True, session.enrolled, session.customer_id is not None, fresh, False]
    current = done.index(False)
    return [
        Step(i + 1, chapter, "current" if i == current else "done" if i < current else "todo")
        for i, chapter in enumerate(CHAPTERS)
    ]
