"""What ``flask doctor`` finds out about OAuth: it starts a flow with each provider, and goes no further.

Stytch answers a start with a redirect to the provider, or with the reason why not. What the provider says to the
client id and secret in Stytch's dashboard shows only when a person signs in there.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeAlias

from flask import current_app

from services.errors import ServiceUnavailable

from .providers import offered, project

Finding: TypeAlias = tuple[bool | None, str, str]  # right, wrong or unknown; what; the next step
REGISTER = "Stytch dashboard, Redirect URLs: add it, for login and for sign-up."
NEXT = {
    "no_match_for_provided_oauth_url": REGISTER,
    "public_token_not_found": "Stytch dashboard, API keys: copy the public token to STYTCH_PUBLIC_TOKEN.",
}
CONFIGURE = "Stytch dashboard, OAuth: set {title} up with a client id and secret of yours."
UNCHECKED = "Whether {title} accepts the client id and secret in Stytch's dashboard can't be checked from here"


def findings() -> Iterator[Finding]:
    """Yield what is right or wrong with each provider, without changing anything."""
    http, api_url = current_app.extensions["http"], current_app.extensions["settings"].stytch_api_url
    urls = {"login_redirect_url": project.redirect_url, "signup_redirect_url": project.redirect_url}
    for method in offered():
        url = f"{api_url}/v1/public/oauth/{method.name}/start"
        try:
            answer = http.get(url, params={"public_token": project.public_token, **urls})
            reason = str(answer.json().get("error_type", answer.status_code))
        except ServiceUnavailable as error:
            if error.response is None or not error.response.is_redirect:  # that is what the app's calls never get
                yield None, f"Stytch gives no usable answer about {method.title}: {error}", "Try again in a minute."
                continue
            reason = ""
        if reason:
            next_step = NEXT.get(reason, CONFIGURE.format(title=method.title))
            yield False, f"Stytch does not start {method.title} for {project.redirect_url}: {reason}", next_step
        else:
            yield True, f"Stytch starts {method.title}, and may return to {project.redirect_url}", ""
            yield None, UNCHECKED.format(title=method.title), "Sign in with it once."
