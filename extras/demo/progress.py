"""How far this visitor has come in the story: which calls were made, and which steps are done.

Step 4 counts once a code was entered for it, step 5 with the first card. The core knows neither: to it, step 4 is done
while a code is fresh, which the first code of an enrollment is too.
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

SEND_LINK = "POST /v1/magic_links/email/login_or_create"
CREATE_TOTP = "POST /v1/totps"
APPLY, STORE_ID = "POST /applications", "PUT /v1/users/*"
EXCHANGE = "POST /customers/*/token"
ISSUE = "POST /cards"
CALLS = {  # those that the story tells; a * stands for an id
    call: re.compile(re.escape(call).replace(r"\*", "[^/]+"))
    for call in (SEND_LINK, CREATE_TOTP, APPLY, STORE_ID, EXCHANGE, ISSUE)
}
CARDS = re.compile("/cards(/[0-9]+)?")
# In Flask's signed cookie, until the next sign-in
CONFIRMED, HAS_CARD, SEEN = "demo_confirmed", "demo_has_card", "demo_calls"


def init_app(app: Flask) -> None:
    """Note what happens, and give templates the steps as the story counts them."""
    step_up_confirmed.connect(note_step_up, app)
    upstream_call.connect(note_call, app)
    app.context_processor(lambda: {"journey": journey, "has_card": lambda: bool(flask_session.get(HAS_CARD))})


def note_step_up(_app: Flask, **_values: str) -> None:
    """A right code was entered for an action."""
    flask_session[CONFIRMED] = True


def note_call(_app: Flask, *, request: requests.PreparedRequest, response: Any, problem: str, **_: object) -> None:
    """A call that the story tells was made, or a card was issued or shown."""
    if problem or not response.ok or not has_request_context():
        return
    path = urlsplit(request.url or "").path
    made = {number for number, pattern in enumerate(CALLS.values()) if pattern.fullmatch(f"{request.method} {path}")}
    if made - (seen := set(flask_session.get(SEEN, ()))):
        flask_session[SEEN] = sorted(made | seen)
    if not flask_session.get(HAS_CARD) and CARDS.fullmatch(path) and response.json().get("data"):
        flask_session[HAS_CARD] = True


def has_seen(call: str) -> bool:
    """Whether this call was made since the last sign-in."""
    return call in CALLS and list(CALLS).index(call) in flask_session.get(SEEN, ())


def journey() -> list[Step]:
    """Return the five steps; none is current once all are done."""
    steps = home.journey()
    if loaded_session() is None:
        return steps
    done = [step.state == "done" for step in steps]
    done[3:] = [bool(flask_session.get(name)) for name in (CONFIRMED, HAS_CARD)]
    current = done.index(False) if False in done else -1
    states = ("done" if is_done else "current" if i == current else "todo" for i, is_done in enumerate(done))
    return [step._replace(state=state) for step, state in zip(steps, states, strict=True)]
