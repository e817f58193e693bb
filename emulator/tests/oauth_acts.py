"""What a browser does in an OAuth flow, over HTTP; and every OAuth call and refusal, for the contract tests."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeAlias
from urllib.parse import parse_qsl, urlsplit

import requests
from selectolax.lexbor import LexborHTMLParser
from stytch.consumer.models.debug import WhoamiResponse

from stytch_unit_emulator.pytest_plugin import EmulatedProject

from .stytch_story import ADA, NO_TOKEN

if TYPE_CHECKING:
    from .test_stytch_contract import Caller

LOGIN, SIGNUP = "https://app.example/login", "https://app.example/signup?from=oauth"
NO_REGISTRATION = "oauth-user-test-00000000-0000-4000-8000-000000000000"
Act: TypeAlias = "Callable[[Caller], Any]"


def public_token(project: EmulatedProject) -> str:
    return project.project_id.replace("project-", "public-token-", 1)


def begin(project: EmulatedProject, provider: str = "google", **query: str) -> requests.Response:
    """Start as a browser, and follow to the provider's page or to a refusal."""
    given = {"public_token": public_token(project), "login_redirect_url": LOGIN, "signup_redirect_url": SIGNUP}
    return requests.get(f"{project.url}/v1/public/oauth/{provider}/start", given | query, timeout=10)


def pick(page: requests.Response, choice: str = ADA, email: str = "") -> str:
    """Pick an account on the provider's page; returns where the browser ends up: at the app."""
    (field,) = LexborHTMLParser(page.text).css("[name=state]")
    form = {"state": field.attrs.sget("value"), "choice": choice, "email": email}
    answer = requests.post(page.url, form, allow_redirects=False, timeout=10)
    assert answer.status_code == 303, answer.status_code
    callback = requests.get(
        requests.compat.urljoin(page.url, answer.headers["Location"]), allow_redirects=False, timeout=10
    )
    return callback.headers["Location"]


def returned(url: str) -> dict[str, str]:
    """The parameters with which the browser came back."""
    return dict(parse_qsl(urlsplit(url).query))


def token(project: EmulatedProject, choice: str = ADA, email: str = "", **query: str) -> str:
    """Go through a whole flow; returns its token."""
    return returned(pick(begin(project, **query), choice, email))["token"]


def signed_in(caller: Caller, **query: str) -> Any:
    return caller.client.oauth.authenticate(token(caller.project, **query), session_duration_minutes=60)


def started(caller: Caller, provider: str = "google", **query: str) -> object:
    """Start, and read the refusal as the SDK does."""
    answer = begin(caller.project, provider, **query)
    return WhoamiResponse.from_json(answer.status_code, answer.json())


def registered_login_only(caller: Caller) -> Caller:
    caller.project.register_redirect_urls(LOGIN, types={LOGIN: ["LOGIN"]})
    return caller


CALLS: dict[str, Act] = {
    "oauth.attach": lambda c: c.client.oauth.attach("google", user_id=c.user()),
    "oauth.authenticate": lambda c: signed_in(c),
    "users.delete_oauth_registration": lambda c: c.client.users.delete_oauth_registration(
        signed_in(c).oauth_user_registration_id
    ),
}

REFUSED: dict[str, Act] = {
    "oauth_token_not_found": lambda c: c.client.oauth.authenticate(NO_TOKEN),
    "no_match_for_provided_oauth_url": lambda c: started(registered_login_only(c), signup_redirect_url=LOGIN),
    "invalid_login_oauth_url": lambda c: started(c, login_redirect_url="/login"),
    "invalid_signup_oauth_url": lambda c: started(c, signup_redirect_url="/signup"),
    "public_token_not_found": lambda c: started(c, public_token="public-token-test-1"),
    "oauth_config_not_found": lambda c: c.client.oauth.attach("myspace", user_id=c.user()),
    "oauth_invalid_callback_request": lambda c: c.raw("GET", "/v1/oauth/callback/oauth-callback-test-1?state=x"),
    "invalid_oauth_attach_token": lambda c: started(c, oauth_attach_token=NO_TOKEN),
    "no_oauth_authorize_user_selector": lambda c: c.client.oauth.attach("google"),
    "oauth_user_registration_not_found": lambda c: c.client.users.delete_oauth_registration(NO_REGISTRATION),
}
