"""How far this visitor has come in the story: step 4 counts once a code was entered for it, step 5 with the first card.

The core knows neither: to it, step 4 is done while a code is fresh, which the first code of an enrollment is too.
"""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlsplit

import requests
from flask import Flask, has_request_context
from flask import session as flask_session

from blueprints import home
from blueprints.home import Step
from services.guards import loaded_session
from services.signals import step_up_confirmed, upstream_call

CARDS = re.compile("/cards(/[0-9]+)?")
CONFIRMED, HAS_CARD = "demo_confirmed", "demo_has_card"  # in Flask's signed cookie, until the next sign-in


def init_app(app: Flask) -> None:
    """Note what happens, and give templates the steps as the story counts them."""
    step_up_confirmed.connect(note_step_up, app)
    upstream_call.connect(note_card, app)
    app.context_processor(lambda: {"journey": journey, "has_card": lambda: bool(flask_session.get(HAS_CARD))})


def note_step_up(_app: Flask, **_values: str) -> None:
    """A right code was entered for an action."""
    flask_session[CONFIRMED] = True


def note_card(_app: Flask, *, request: requests.PreparedRequest, response: Any, problem: str, **_: object) -> None:
    """A card was issued, or shown."""
    if problem or not response.ok or not has_request_context() or flask_session.get(HAS_CARD):
        return
    if CARDS.fullmatch(urlsplit(request.url or "").path) and response.json().get("data"):
        flask_session[HAS_CARD] = True


def journey() -> list[Step]:
    """Return the five steps; none is current once all are done."""
    steps = home.journey()
    if loaded_session() is None:
        return steps
    done = [step.state == "done" for step in steps]
    done[3:] = [bool(flask_session.get(name)) for name in (CONFIRMED, HAS_CARD)]
    current = done.index(False) if False in done else -1
    states = ["done" if done[i] else "current" if i == current else "todo" for i in range(len(steps))]
    return [Step(step.number, step.title, state) for step, state in zip(steps, states, strict=True)]
