"""A CAPTCHA in front of what sends messages."""

from __future__ import annotations

import json
from pathlib import Path
from urllib.parse import parse_qs

import pytest
import requests
from flask import Flask

from extras.captcha import configured
from extras.captcha.providers import PROVIDERS
from settings import SettingsError

from ..conftest import AppWith
from ..environs import BOTH, read
from ..fake_network import REFUSED, FakeNetwork, Fault, Forward
from ..visitor import Page, Visitor

KEYS = {"CAPTCHA_PROVIDER": "turnstile", "CAPTCHA_SITE_KEY": "site-key", "CAPTCHA_SECRET_KEY": "secret-key"}
FIELD = "cf-turnstile-response"
VERIFY = "POST /turnstile/v0/siteverify"


@pytest.fixture
def app(app_with: AppWith) -> Flask:
    return app_with(**KEYS)


def answers(**body: object) -> Fault:
    return Fault(200, json.dumps(body).encode())


def provider(request: requests.PreparedRequest, _forward: Forward) -> requests.Response:
    """Answer as Cloudflare does: one token is good, at our host."""
    sent = parse_qs(str(request.body))
    assert sent["secret"] == ["secret-key"]
    is_good = sent.get("response") == ["good"]
    errors = [] if is_good else ["invalid-input-response" if "response" in sent else "missing-input-response"]
    body = answers(**{"success": is_good, "hostname": "localhost", "error-codes": errors})
    return body(request, _forward)


def ask(visitor: Visitor, token: str | None, *, htmx: bool = True) -> Page:
    fields = {} if token is None else {FIELD: token}
    return visitor.post("/login", fields | {"email": "ada@example.com"}, htmx=htmx)


def test_the_form_has_a_widget_and_its_page_alone_opens_the_policy(visitor: Visitor) -> None:
    page, other = visitor.get("/"), visitor.get("/nowhere")

    widget = page.one("form[action='/login'] .captcha").attrs
    assert (widget["data-api"], widget["data-site-key"]) == ("turnstile", "site-key")
    assert "script-src 'self' https://challenges.cloudflare.com;" in page.response.headers["Content-Security-Policy"]
    assert "frame-src https://challenges.cloudflare.com" in page.response.headers["Content-Security-Policy"]
    assert "cloudflare" not in other.response.headers["Content-Security-Policy"]
    assert "secret-key" not in page.body


@pytest.mark.parametrize(
    "path", ["/", "/passwords/forgot", "/login/authenticate", "/invitations/accept", "/passwords/reset"]
)
def test_each_page_with_a_form_that_it_guards_has_its_script(visitor: Visitor, path: str) -> None:
    page = visitor.get(path)

    forms = page.html.css("form[action='/login'], form[action^='/codes/'], form[action='/passwords/forgot']")
    assert len(forms) == len(page.html.css("form .captcha"))
    assert bool(forms) == bool(page.html.css("script[src*='captcha.js']"))


@pytest.mark.parametrize(
    "code", ["bad-request", "sitekey-secret-mismatch", "timeout-or-duplicate", "not-using-dummy-passcode"]
)
def test_an_error_that_a_client_can_cause_lets_nobody_pass(visitor: Visitor, network: FakeNetwork, code: str) -> None:
    network.set(VERIFY, answers(**{"success": False, "error-codes": [code]}))

    assert ask(visitor, "made for another site key").status == 403


@pytest.mark.parametrize("token", [None, "", "bad", "x" * 50_000])
def test_without_a_solved_one_nothing_is_sent_and_what_was_typed_stays(
    visitor: Visitor, network: FakeNetwork, calls: list[str], token: str | None
) -> None:
    network.set(VERIFY, provider)
    calls.clear()

    page, plain = ask(visitor, token), ask(visitor, token, htmx=False)

    assert (page.status, plain.status) == (403, 403)
    assert page.response.headers["HX-Reswap"] == "none"
    assert "Solve the check above the button" in page.body
    assert not [call for call in calls if "magic_links" in call]


def test_a_solved_one_sends_the_link_and_the_panel_shows_nothing_of_it(visitor: Visitor, network: FakeNetwork) -> None:
    network.set(VERIFY, provider)

    page = ask(visitor, "good")

    assert "Check your email" in page.body
    assert network.met == [VERIFY]
    assert "siteverify" not in page.body + visitor.get("/").body


@pytest.mark.parametrize("path", ["/codes/sms_code", "/codes/email_code"])
def test_codes_are_guarded_too(visitor: Visitor, network: FakeNetwork, path: str) -> None:
    network.set(VERIFY, provider)
    fields = {"phone_number": "+14155550123", "email": "ada@example.com"}

    assert visitor.post(path, fields, htmx=True).status == 403
    assert visitor.post(path, fields | {FIELD: "good"}, htmx=True).status == 200


@pytest.mark.parametrize(("host", "is_ours"), [("cards.example.com", True), ("evil.example", False), (None, False)])
def test_a_token_that_was_made_elsewhere_is_refused(
    network: FakeNetwork, app: Flask, host: str, *, is_ours: bool
) -> None:
    network.set(VERIFY, answers(success=True, hostname=host))

    captcha = configured(read(BOTH | KEYS | {"PUBLIC_URL": "https://cards.example.com"}, Path(app.instance_path)))

    assert captcha
    assert captcha.is_solved(app.extensions["http"], "good") == is_ours


@pytest.mark.parametrize("down", [REFUSED, Fault(503, b""), answers(**{"error-codes": ["invalid-input-secret"]})])
def test_while_the_provider_is_down_people_pass_at_a_tenth_of_the_limits(
    visitor: Visitor, network: FakeNetwork, caplog: pytest.LogCaptureFixture, down: Fault
) -> None:
    network.set(VERIFY, down)

    statuses = [ask(visitor, None).status for _try in range(3)]

    assert statuses == [200, 200, 429]
    assert caplog.messages.count("fault") == 3


def test_one_client_cannot_make_us_ask_the_provider_without_end(visitor: Visitor, network: FakeNetwork) -> None:
    network.set(VERIFY, provider)

    statuses = [ask(visitor, "bad").status for _try in range(21)]

    assert statuses == [403] * 20 + [429]
    assert len(network.met) == 20


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"CAPTCHA_SECRET_KEY": ""}, "belong together"),
        ({"CAPTCHA_SITE_KEY": ""}, "belong together"),
        ({"CAPTCHA_PROVIDER": ""}, "belong together"),
        ({"CAPTCHA_PROVIDER": "captcha"}, "must be recaptcha, hcaptcha, turnstile"),
    ],
)
def test_half_a_setup_is_refused(app_with: AppWith, change: dict[str, str], problem: str) -> None:
    with pytest.raises(SettingsError, match=problem):
        app_with(**KEYS | change)


def test_each_provider_is_asked_over_https_and_its_sources_cover_its_script() -> None:
    for each in PROVIDERS.values():
        host = each.script.split("/")[2].split(".", 1)[-1]
        assert each.verify.startswith("https://")
        assert host in each.sources["script-src"]
        assert each.sources["frame-src"]
