"""The classes of errors that Stytch's SDK tells apart, and what each becomes here."""

from __future__ import annotations

import json

import pytest

from services.signals import security_event

from .fake_network import REFUSED, Behavior, FakeNetwork, Fault, altered
from .visitor import Visitor


def refusal(status: int, error_type: str | None) -> Fault:
    """A refusal in Stytch's format."""
    body = {"status_code": status, "request_id": "r", "error_type": error_type, "error_message": "No."}
    return Fault(status, json.dumps(body).encode())


def without_user(answer: dict[str, object]) -> dict[str, object]:
    """An answer of another shape."""
    return {name: value for name, value in answer.items() if name != "user"}


ROWS: list[tuple[str, Behavior, int, str, str]] = [
    (
        "API error, the user's",
        refusal(401, "unable_to_auth_magic_link"),
        400,
        "This link was already used",
        "unable_to_auth",
    ),
    ("API error, unknown to us", refusal(400, "a_new_error"), 400, "This link is not valid", "a_new_error"),
    ("API error, our fault", refusal(401, "unauthorized_credentials"), 503, "A service did not answer", "unauthorized"),
    (
        "API error, our set-up",
        refusal(400, "no_match_for_x_url"),
        503,
        "A service did not answer",
        "no_match_for_x_url",
    ),
    ("API error, forbidden", refusal(403, "use_https"), 503, "A service did not answer", "use_https"),
    ("API error without a type", refusal(400, None), 503, "A service did not answer", "unknown"),
    ("a limit", refusal(429, "too_many_requests"), 503, "A service did not answer", "too_many_requests"),
    ("unreachable", REFUSED, 503, "A service did not answer", "ConnectionError"),
    ("status 500", Fault(500, b"{}"), 503, "A service did not answer", "status 500"),
    (
        "schema, no JSON",
        Fault(200, b"<html>", {"Content-Type": "text/html"}),
        503,
        "A service did not",
        "without a JSON",
    ),
    ("schema, a member is missing", altered(without_user), 503, "A service did not answer", "ValidationError"),
]


@pytest.mark.usefixtures("clock")
@pytest.mark.parametrize(
    ("behavior", "status", "heading", "logged"), [pytest.param(*row[1:], id=row[0]) for row in ROWS]
)
def test_an_error_of_stytchs_is_told_by_its_class(
    visitor: Visitor, network: FakeNetwork, behavior: Behavior, status: int, heading: str, logged: str
) -> None:
    visitor.get(visitor.ask_for_link())
    network.set("POST /v1/magic_links/authenticate", behavior)
    outcomes: list[str] = []

    def hear(_app: object, *, outcome: str, **_: object) -> None:
        outcomes.append(outcome)

    with security_event.connected_to(hear, sender=visitor.app):
        page = visitor.submit("/login/authenticate")

    assert page.status == status
    assert page.heading.startswith(heading)
    assert any(logged in outcome for outcome in outcomes)
    assert visitor.cookie("stytch_session") is None


def test_a_lost_session_is_not_an_error_but_a_sign_out(signed_in: Visitor, network: FakeNetwork) -> None:
    network.set("POST /v1/sessions/authenticate", refusal(404, "session_not_found"))

    assert signed_in.get("/account").goes_to == "/"
