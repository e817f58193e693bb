"""The waiting page's poll, answered without a call to Unit while there is no news."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, cast

from flask import Flask, Response, make_response, request

from blueprints.htmx import is_htmx
from services.errors import ServiceUnavailable
from services.guards import current_session

from .news import forget_asking, should_ask

ENDPOINT = "onboarding.check"
UNDECIDED = {"Pending", "AwaitingDocuments", "PendingReview"}  # what a page shows that polls until Unit decides


def answer_application_polls(app: Flask) -> None:
    """Let the view run only if Unit is to be asked."""
    view = cast(Callable[..., Response], app.view_functions[ENDPOINT])

    @wraps(view)
    def check(**values: Any) -> Response:
        if not (is_htmx() and request.form.get("shown") in UNDECIDED):
            return view(**values)
        user_id = current_session().user_id
        if not should_ask(user_id):
            return no_news()
        try:
            return view(**values)
        except ServiceUnavailable:
            forget_asking(user_id)
            raise

    app.view_functions[ENDPOINT] = check


def no_news() -> Response:
    """Answer a poll that changes nothing."""
    return make_response("", 204)
