"""Ask the provider whether a form comes from a person.

To copy: the answer counts only for our own host; a token is never used twice, which the provider checks; and while the
provider is down people pass, at a tenth of the limits.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import cast

import requests
from flask import abort, current_app, request
from limits import parse
from werkzeug.local import LocalProxy

from blueprints.errors import respond
from services.errors import ServiceUnavailable
from services.rate_limits import client_network, count
from services.security import allow
from services.signals import log_security_event

from .providers import Provider

PER_CLIENT = parse("20/minute")  # as many as may ask for a message
PER_CLIENT_WHILE_DOWN = parse("2/minute")
IN_ALL_WHILE_DOWN = parse("200/hour")
OUR_FAULT = frozenset({"missing-input-secret", "invalid-input-secret"})  # the others a client can cause


@dataclass(frozen=True)
class Captcha:
    """A provider, with the keys of this app."""

    provider: Provider
    site_key: str
    secret_key: str = field(repr=False)
    host: str | None  # at which the widget must have been solved; None: any, since test keys name others

    def is_solved(self, http: requests.Session, token: str) -> bool:
        """Whether the provider made this token for a person at our host, just now. Raises ServiceUnavailable."""
        form = {"secret": self.secret_key, "response": token}
        answer = http.post(self.provider.verify, data=form).json()
        errors = answer.get("error-codes") or []
        if wrong := OUR_FAULT.intersection(map(str, errors if isinstance(errors, list) else [])):
            raise ServiceUnavailable("CAPTCHA", min(wrong))
        return answer.get("success") is True and self.host in {None, answer.get("hostname")}


captcha = cast(Captcha, LocalProxy(lambda: current_app.extensions["captcha"]))


def open_policy() -> str:
    """Let the present page load the widget."""
    allow(captcha.provider.sources)
    return ""


def require_person() -> None:
    """Refuse a form without a solved CAPTCHA; what was typed stays on the page. Raises TooManyRequests."""
    count(PER_CLIENT, "captcha", client_network())
    token = request.form.get(captcha.provider.field, "")[:4_000]
    try:
        is_solved = captcha.is_solved(current_app.extensions["http"], token)
    except ServiceUnavailable as error:
        log_security_event("fault", str(error), action="captcha")
        count(PER_CLIENT_WHILE_DOWN, "captcha is down", client_network())
        count(IN_ALL_WHILE_DOWN, "captcha is down", "all")
        return
    if not is_solved:
        log_security_event("denial", "captcha")
        abort(
            respond(
                403,
                "Confirm that you’re a person",
                "Nothing was sent. Solve the check above the button, then press it again.",
            )
        )


def findings() -> Iterator[tuple[bool | None, str, str]]:
    """Yield what ``flask doctor`` says: an empty token is refused, and our secret key is not."""
    name = "CAPTCHA: the provider accepts the secret key"
    try:
        captcha.is_solved(current_app.extensions["http"], "")
    except ServiceUnavailable as error:
        is_key = error.why in OUR_FAULT
        yield (
            False if is_key else None,
            name,
            "Copy CAPTCHA_SECRET_KEY from the provider's dashboard." if is_key else str(error),
        )
    else:
        yield True, name, ""
