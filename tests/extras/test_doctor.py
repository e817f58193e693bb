"""``flask doctor`` against both services over HTTP: first all is right, then one thing is wrong at a time."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import time_machine
from click.testing import Result
from flask import Flask

from app import create_app

from ..environs import read
from ..fake_network import FakeNetwork, Fault
from ..live import LiveServices

SCOPES = {
    "GET /applications": "applications",
    "POST /applications": "applications-write",
    "GET /customers": "customers",
    "PATCH /customers/0": "customers-write",
    "POST /customers/0/token": "customer-token-write",
    "GET /accounts": "accounts",
    "POST /accounts": "accounts-write",
}
EVERY_CALL = [
    *("GET /v1/debug/whoami", "POST /v1/magic_links/email/login_or_create", "POST /v1/magic_links/email/invite"),
    *("POST /v1/magic_links/email/send", "POST /v1/totps"),
    *("GET /v1/sessions/jwks/{project_id}", *SCOPES),
    "GET /applications",  # the newest one shows what the org's bank asks
]
MISSING_SCOPE = "Unit dashboard, API tokens: a token's scopes are fixed, so create another one that has this scope too."
FORBIDDEN = {"errors": [{"status": "403", "title": "Forbidden", "code": "forbidden"}]}
UNAUTHORIZED = {"errors": [{"status": "401", "title": "Hush", "code": "unauthorized", "detail": "hush"}]}


@pytest.fixture
def services(live: LiveServices) -> LiveServices:
    """Both, healthy, before any call."""
    live.lies.clear()
    live.asked.clear()
    live.date = ""
    return live


@pytest.fixture(scope="module")
def shared_app(live: LiveServices, tmp_path_factory: pytest.TempPathFactory) -> Flask:
    return create_app(live.settings(tmp_path_factory.mktemp("instance")))


@pytest.fixture
def app(shared_app: Flask, services: LiveServices) -> Flask:
    assert not services.lies
    return shared_app


def examine(app: Flask, **changes: Any) -> Result:
    """Run the command, with some settings changed."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(app.extensions, "settings", dataclasses.replace(app.extensions["settings"], **changes))
        return app.test_cli_runner().invoke(args=["doctor"])


def crossed(result: Result) -> list[tuple[str, str]]:
    """What is wrong, with the next step."""
    return re.findall(r"^✗ (.*)\n(?:  → (.*)\n)?", result.output, re.MULTILINE)


def test_a_correct_set_up_has_no_cross_status_0_and_changes_nothing(app: Flask, services: LiveServices) -> None:
    def stored() -> list[Any]:
        with services.store.read(services.project_id) as tenant:
            return [tenant.all(kind) for kind in ("user", "mail", "totp", "application", "customer", "account")]

    before, settings = stored(), app.extensions["settings"]

    result = examine(app)

    key_set = f"{services.origin}/v1/sessions/jwks/{services.project_id}"
    assert (result.exit_code, crossed(result)) == (0, [])
    assert result.output.count("✓ Scope ") == 7
    assert result.output.splitlines()[-1] == "All checks passed."
    assert services.asked == [call.format(project_id=services.project_id) for call in EVERY_CALL]
    assert stored() == before
    # what to paste into Unit's dashboard, and what cannot be checked
    assert re.search(rf"{re.escape(key_set)} holds jwk-test-[\w-]+\n", result.output)
    assert "Org Settings, JWT Settings: provider Stytch, and this URL as JWKs Path" in result.output
    assert "· Stytch does not object to the redirect URL http://localhost:8000/login/authenticate\n" in result.output
    assert "· Stytch does not object to authenticators (TOTP)\n" in result.output
    secrets = (settings.secret_key, settings.stytch_secret, settings.unit_api_token)
    assert not [secret for secret in secrets if secret in result.output]


def test_what_is_no_mistake_is_only_mentioned(app: Flask, services: LiveServices) -> None:
    services.lies["GET", "/customers"] = 409, {"errors": [{"status": "409", "code": "odd", "title": "Odd"}]}

    result = examine(app, trusted_proxies=1)

    assert "· Scope customers\n" in result.output
    assert "· Trusted proxies on plain http: 1" in result.output
    assert result.exit_code == 0


def stytch_refuses(error_type: str, status: int = 400) -> tuple[int, Any]:
    answer = {"status_code": status, "request_id": "request-id-test-hush", "error_message": "Hush."}
    return status, answer | {"error_type": error_type}


JWKS = "GET /v1/sessions/jwks/{project_id}"
KEY_SET = "The key set at {origin}/v1/sessions/jwks/{project_id}"
MISTAKES: dict[str, tuple[str, tuple[int, Any], str, str]] = {  # the call, its answer, what is wrong, the next step
    "credentials": (
        "GET /v1/debug/whoami",
        stytch_refuses("unauthorized_credentials", 401),
        "Stytch does not accept them: unauthorized_credentials",
        "Stytch dashboard, API keys: copy the project id and a secret of the same environment again.",
    ),
    "Stytch unreachable": (
        "GET /v1/debug/whoami",
        (502, "<html>hush</html>"),
        "Stytch does not accept them: {host}: status 502",
        "Check STYTCH_API_URL and the network, then try again.",
    ),
    "redirect URL": (
        "POST /v1/magic_links/email/login_or_create",
        stytch_refuses("no_match_for_provided_magic_link_url"),
        "Stytch refuses links to this app: no_match_for_provided_magic_link_url",
        "Stytch dashboard, Redirect URLs: add http://localhost:8000/login/authenticate for login and for sign-up.",
    ),
    "redirect URL of invitations": (
        "POST /v1/magic_links/email/invite",
        stytch_refuses("no_match_for_provided_magic_link_url"),
        "Stytch refuses links to this app: no_match_for_provided_magic_link_url",
        "Stytch dashboard, Redirect URLs: add http://localhost:8000/invitations/accept?by={} for invitations.",
    ),
    "redirect URL of second addresses": (
        "POST /v1/magic_links/email/send",
        stytch_refuses("no_match_for_provided_magic_link_url"),
        "Stytch refuses links to this app: no_match_for_provided_magic_link_url",
        "Stytch dashboard, Redirect URLs: add http://localhost:8000/profile/email/confirm for login.",
    ),
    "TOTP": (
        "POST /v1/totps",
        stytch_refuses("totp_not_enabled", 403),
        "Stytch refuses authenticators: totp_not_enabled",
        "Stytch dashboard: enable TOTP for the project.",
    ),
    "key set": (
        JWKS,
        (404, {"status_code": 404}),
        f"{KEY_SET} cannot be read: no keys in the answer",
        "Check STYTCH_PROJECT_ID, then try again.",
    ),
    "empty key set": (
        JWKS,
        (200, {"keys": []}),
        f"{KEY_SET} holds no key",
        "Unit dashboard, Org Settings, JWT Settings: provider Stytch, and this URL as JWKs Path.",
    ),
    "token": (
        "GET /applications",
        (401, UNAUTHORIZED),
        "Unit does not accept the token",
        "Unit dashboard, API tokens: create one, and set UNIT_API_TOKEN.",
    ),
    "Unit down": (
        "GET /accounts",
        (500, {}),
        "Unit gives no usable answer: {host}: status 500",
        "Check UNIT_API_URL, then try again.",
    ),
} | {scope: (call, (403, FORBIDDEN), f"Scope {scope}", MISSING_SCOPE) for call, scope in SCOPES.items()}


@pytest.mark.parametrize(("call", "lie", "wrong", "step"), MISTAKES.values(), ids=MISTAKES)
def test_one_mistake_is_one_cross_with_its_next_step_and_status_1(
    app: Flask, services: LiveServices, call: str, lie: tuple[int, Any], wrong: str, step: str
) -> None:
    words = {
        "origin": services.origin,
        "host": services.origin.removeprefix("http://"),
        "project_id": services.project_id,
    }
    method, path = call.format(**words).split()
    services.lies[method, path] = lie

    result = examine(app)

    assert crossed(result) == [(wrong.format(**words), step)]
    assert result.exit_code == 1
    assert result.output.splitlines()[-1] == "To fix: 1."
    assert "hush" not in result.output.lower()


@pytest.mark.parametrize(
    ("date", "line"),
    [
        ("Mon, 01 Jun 2026 12:00:00 GMT", "✗ The clock is 300 seconds ahead of Stytch's"),
        ("Mon, 01 Jun 2026 12:10:00 GMT", "✗ The clock is 300 seconds behind Stytch's"),
        ("Mon, 01 Jun 2026 12:05:20 GMT", "✓ The clock is right, within 21 seconds of Stytch's"),
        ("yesterday", "· The clock cannot be compared with Stytch's, which sent no time"),
    ],
    ids=["ahead", "behind", "right", "malformed"],
)
def test_the_clock_is_compared_with_stytchs(
    app: Flask, services: LiveServices, clock: time_machine.Traveller, date: str, line: str
) -> None:
    clock.shift(300)
    services.date = date

    assert line in examine(app).output.splitlines()


@pytest.mark.parametrize(
    ("changes", "wrong", "step"),
    [
        (
            {"public_url": "https://demo.example.com"},
            "No proxy is trusted, but something in front of the app must terminate https",
            "Set TRUSTED_PROXIES to the number of proxies, or all visitors share one address and its rate limits.",
        ),
        (
            {"stytch_project_id": "project-live-11111111-1111-4111-8111-111111111111", "emulated": {"stytch", "unit"}},
            "Live services, but no https",
            "Set PUBLIC_URL to the https origin of the app.",
        ),
    ],
    ids=["no proxy", "live without https"],
)
def test_contradictory_settings_are_a_cross(app: Flask, changes: dict[str, Any], wrong: str, step: str) -> None:
    result = examine(app, **changes)

    assert crossed(result) == [(wrong, step)]


@pytest.mark.parametrize(("answers", "status"), [(True, 0), (False, 1)], ids=["up", "down"])
def test_a_shared_store_of_rate_limits_must_answer(
    app: Flask, monkeypatch: pytest.MonkeyPatch, answers: bool, status: int
) -> None:
    monkeypatch.setattr(app.extensions["rate_limits"], "check", lambda: answers)

    result = examine(app, ratelimit_storage_uri="redis://localhost")

    assert f"The store of rate limits {'answers' if answers else 'does not answer'}" in result.output
    assert result.exit_code == status


def test_without_credentials_the_next_step_is_to_get_some(tmp_path: Path) -> None:
    result = examine(create_app(read({}, tmp_path)))

    assert result.exit_code == 0
    assert "· Stytch is emulated\n  → For your own project, set STYTCH_PROJECT_ID and STYTCH_SECRET in .env." in (
        result.output
    )
    assert "· Unit is emulated\n" in result.output


def test_with_stytch_alone_only_stytch_is_checked(services: LiveServices, tmp_path: Path) -> None:
    result = examine(create_app(services.settings(tmp_path, UNIT_API_TOKEN="", UNIT_API_URL="")))

    assert result.exit_code == 0
    assert services.asked == [call.format(project_id=services.project_id) for call in EVERY_CALL[:6]]


def test_checks_of_extras_run_where_their_service_is_real(services: LiveServices, tmp_path: Path) -> None:
    oauth = {"SIGN_IN_METHODS": "magic_link google", "STYTCH_PUBLIC_TOKEN": f"public-token-test-{uuid4()}"}
    captcha = {"CAPTCHA_PROVIDER": "turnstile", "CAPTCHA_SITE_KEY": "a", "CAPTCHA_SECRET_KEY": "b"}
    stytch_alone = create_app(services.settings(tmp_path, UNIT_API_TOKEN="", UNIT_API_URL="", **oauth))
    emulated = create_app(read(captcha, tmp_path))
    answer = Fault(200, b'{"success": false, "error-codes": ["invalid-input-secret"]}')

    with FakeNetwork(emulated.extensions["http"]) as network:
        network.set("POST .*/siteverify", answer)
        (secret_key,) = crossed(examine(emulated))
    services.lies["GET", "/v1/public/oauth/google/start"] = stytch_refuses("public_token_not_found", 404)
    (provider,) = crossed(examine(stytch_alone))

    assert secret_key[1] == "Copy CAPTCHA_SECRET_KEY from the provider's dashboard."
    assert provider[1] == "Stytch dashboard, API keys: copy the public token to STYTCH_PUBLIC_TOKEN."


def test_the_redirect_url_of_password_resets_is_probed_where_passwords_sign_in(
    services: LiveServices, tmp_path: Path
) -> None:
    methods = {"SIGN_IN_METHODS": "magic_link password", "STEP_UP_METHODS": "totp email_code"}
    app = create_app(services.settings(tmp_path, **methods))

    right = examine(app)
    services.lies["POST", "/v1/passwords/email/reset/start"] = stytch_refuses("invalid_password_reset_redirect_url")
    wrong = examine(app)

    assert "· Stytch does not object to the redirect URL http://localhost:8000/passwords/reset\n" in right.output
    assert [step for _what, step in crossed(wrong)] == [
        "Stytch dashboard, Redirect URLs: add http://localhost:8000/passwords/reset for password resets."
    ]
