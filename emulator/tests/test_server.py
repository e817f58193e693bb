"""Both services on one origin over HTTP, and the emulator's own pages."""

from __future__ import annotations

import logging
import os
import re
import shutil
import subprocess
import threading
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pyotp
import pytest
import requests
from flask.cli import ScriptInfo
from selectolax.lexbor import LexborHTMLParser

import stytch_unit_emulator as emulator
from stytch_unit_emulator.pytest_plugin import EmulatedProject

from .listener import listening
from .over_http import at_unit, client_of
from .readme import example
from .unit_story import ADA, ADDRESS, document


def test_the_flask_command_finds_the_emulator(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EMULATOR_DATABASE_URL", f"sqlite:///{tmp_path}/emulator.db")

    app = ScriptInfo(app_import_path="stytch_unit_emulator").load_app()

    assert app.test_client().get("/").status_code == 200


def test_the_start_page_shows_how_to_point_an_sdk_here(emulator_url: str) -> None:
    page = LexborHTMLParser(requests.get(emulator_url, timeout=10).text)

    text = page.text()
    assert page.css("html[lang=en]")
    assert f'environment="{emulator_url}/"' in text
    assert f'env: "{emulator_url}/"' in text
    assert "v2.public.emulator-project-test-" in text
    assert "UNCONFIRMED" in text
    assert not page.css("script, style, [style], [onclick]")


def test_the_start_pages_python_example_runs(emulator_url: str) -> None:
    page = LexborHTMLParser(requests.get(emulator_url, timeout=10).text)
    example = page.css_first("#python")
    found: dict[str, Any] = {}
    assert example

    exec(example.text(), found)  # noqa: S102 - runs the example of our own page

    assert found["auth"].debug.whoami().project_id == found["project_id"]
    assert found["bank"].customers.list().data == []


@pytest.mark.parametrize(
    ("path", "logged"),
    [
        ("/application-form/hush", "/application-form/[token]"),
        (
            "/v1/magic_links/redirect?public_token=p&token=hush&a=b",
            "/v1/magic_links/redirect?public_token=p&token=[token]&a=b",
        ),
        ("/cards/1?include=account", "/cards/1?include=account"),
    ],
)
@pytest.mark.usefixtures("emulator_url")
def test_tokens_in_links_are_not_logged(caplog: pytest.LogCaptureFixture, path: str, logged: str) -> None:
    caplog.set_level(logging.INFO, "werkzeug")

    logging.getLogger("werkzeug").info('%s - "%s" %s %s', "127.0.0.1", f"GET {path} HTTP/1.1", "200", "-")

    assert caplog.messages == [f'127.0.0.1 - "GET {logged} HTTP/1.1" 200 -']


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
def test_the_readmes_example_for_curl_runs(emulator_url: str, tmp_path: Path) -> None:
    (tmp_path / "seed.json").write_text(example("json"))
    (tmp_path / ".curlrc").write_text("silent\nshow-error\nfail-with-body\n")
    script = example("sh").replace("http://localhost:8001", emulator_url)

    ended = subprocess.run(  # noqa: S603 - our own script
        ["bash", "-e", "-c", script],  # noqa: S607 - the installed shell
        cwd=tmp_path,
        env=os.environ | {"CURL_HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert ended.returncode == 0, ended.stdout + ended.stderr
    printed = re.sub(r"\s", "", ended.stdout)
    assert '"last4Digits":' in printed
    assert f'"link":"{emulator_url}/v1/magic_links/redirect?' in printed
    assert '{"ahead":3600}' in printed


def test_an_unknown_path_gets_its_services_error_format(emulator_url: str) -> None:
    stytchs = requests.get(f"{emulator_url}/v1/nowhere", timeout=10)
    units = requests.get(f"{emulator_url}/nowhere", timeout=10)

    assert (stytchs.status_code, stytchs.json()["error_type"]) == (404, "route_not_found")
    assert (units.status_code, units.json()["errors"][0]["code"]) == (404, "not_found")


@pytest.mark.parametrize("name", ["127.0.0.1", "localhost"])
def test_links_use_the_origin_of_the_request(emulated_project: EmulatedProject, name: str) -> None:
    url = emulated_project.url.replace("127.0.0.1", name)
    credentials = (emulated_project.project_id, "secret")
    asked = {"email": "ada@example.com", "signup_magic_link_url": "https://app.example/in?from=mail"}
    requests.post(f"{url}/v1/magic_links/email/login_or_create", json=asked, auth=credentials, timeout=10)
    link = emulated_project.mails()[0]["link"]

    hop = requests.get(link, allow_redirects=False, timeout=10)

    assert link.startswith(f"{url}/v1/magic_links/redirect?")
    assert hop.headers["Location"].startswith("https://app.example/in?from=mail&stytch_token_type=magic_links&token=")


def test_a_new_project_gets_from_an_email_to_a_customer_token_without_setup(emulated_project: EmulatedProject) -> None:
    client = client_of(emulated_project)
    client.magic_links.email.login_or_create("ada@example.com")
    token = parse_qs(urlsplit(emulated_project.mails()[0]["link"]).query)["token"][0]
    opened = client.magic_links.authenticate(token, session_duration_minutes=60)
    totp = client.totps.create(opened.user_id)
    proven = client.totps.authenticate(
        opened.user_id, pyotp.TOTP(totp.secret).now(), session_token=opened.session_token, session_duration_minutes=60
    )
    person = ADA | {"jwtSubject": opened.user_id}
    application = at_unit(emulated_project, "POST", "/applications", document("individualApplication", person)).json()[
        "data"
    ]
    customer = application["relationships"]["customer"]["data"]["id"]

    asked = document("customerToken", {"scope": "cards cards-write", "jwtToken": proven.session_jwt})
    answer = at_unit(emulated_project, "POST", f"/customers/{customer}/token", asked)

    assert answer.status_code == 201, answer.text
    local = client.sessions.authenticate_jwt_local(proven.session_jwt)
    assert local is not None
    assert local.user_id == opened.user_id


def test_each_project_has_its_own_keys(emulator_url: str) -> None:
    first, second = EmulatedProject(emulator_url), EmulatedProject(emulator_url)

    found = [client_of(project).sessions.get_jwks(project.project_id).keys for project in (first, second)]

    assert {key.kid for key in found[0]}.isdisjoint(key.kid for key in found[1])


def open_form(project: EmulatedProject, **more: object) -> tuple[str, dict[str, str]]:
    """Create a form; returns its link, and the fields as they are filled in."""
    attributes = {
        "idempotencyKey": "a-form",
        "settingsOverride": {"redirectUrl": "https://app.example/back"},
        "jwtSubject": ADA["jwtSubject"],
        **more,
    }
    version = {"X-Accept-Version": "V2024_06"}
    body = document("applicationForm", attributes)
    form = at_unit(project, "POST", "/application-forms", body, headers=version).json()["data"]
    address = form["links"]["related"]["href"]
    page = LexborHTMLParser(requests.get(address, timeout=10).text)
    fields = {str(field.attrs["name"]): str(field.attrs["value"]) for field in page.css("input[name]")}
    chosen = {str(field.attrs["name"]): field.css("option[selected]") for field in page.css("select")}
    return address, fields | {name: str(options[0].attrs["value"]) for name, options in chosen.items() if options}


def test_a_form_shows_what_the_org_filled_in(emulated_project: EmulatedProject) -> None:
    known = {"fullName": {"first": "Grace", "last": "Kim"}, "dateOfBirth": "1980-01-01", "address": ADDRESS}

    _address, fields = open_form(emulated_project, applicantDetails=known)

    assert [fields[name] for name in ("fullName-first", "dateOfBirth", "address-city", "phone-number")] == [
        *("Grace", "1980-01-01", "Oakland", "(555) 555-0101")
    ]


def test_a_form_of_version_2_asks_thread_banks_questions(emulated_project: EmulatedProject) -> None:
    address, typed = open_form(emulated_project)
    page = requests.get(address, timeout=10).text
    typed["accountPurpose"] = "Cryptocurrency"

    without = requests.post(address, data=typed, allow_redirects=False, timeout=10)
    sent = requests.post(address, data=typed | {"accountPurposeDetail": "Saving"}, allow_redirects=False, timeout=10)

    assert '<option value="LessThan1K">Less than 1K</option>' in page
    assert '<option value="DomesticP2PAndBillPay">Domestic P2P and bill pay</option>' in page
    assert '<option value="HRProfessional">HR professional</option>' in page
    wrong = [field.attrs["name"] for field in LexborHTMLParser(without.text).css("[aria-invalid]")]
    assert wrong == ["accountPurposeDetail"]
    assert (without.status_code, sent.status_code) == (422, 303)
    made = at_unit(emulated_project, "GET", "/applications").json()["data"][0]["attributes"]
    names = ("accountPurpose", "sourceOfFunds", "transactionVolume", "profession", "accountPurposeDetail")
    assert [made[name] for name in names] == [
        *("Cryptocurrency", "SalaryOrWages", "Between1KAnd5K", "Engineer", "Saving")
    ]


def test_a_forms_link_opens_the_hosted_form(emulated_project: EmulatedProject) -> None:
    address, typed = open_form(emulated_project)

    wrong = requests.post(address, data=typed | {"code": "999999"}, allow_redirects=False, timeout=10)
    sent = requests.post(address, data=typed, allow_redirects=False, timeout=10)

    assert address.startswith(emulated_project.url)
    assert wrong.status_code == 422
    assert (sent.status_code, sent.headers["Location"]) == (303, "https://app.example/back")
    assert len(at_unit(emulated_project, "GET", "/customers").json()["data"]) == 1


def test_the_events_of_a_form_are_delivered_without_a_further_call(emulated_project: EmulatedProject) -> None:
    with listening() as listener:
        hook = {"label": "x", "url": listener.url, "contentType": "Json", "deliveryMode": "AtLeastOnce"}
        at_unit(emulated_project, "POST", "/webhooks", document("webhook", hook))
        address, typed = open_form(emulated_project)

        requests.post(address, data=typed, allow_redirects=False, timeout=10)

        _, body = listener.received.get(timeout=10)
    assert b'"type":"application.created"' in body


def test_an_unknown_form_link_is_not_found(emulator_url: str) -> None:
    assert requests.get(f"{emulator_url}/application-form/none", timeout=10).status_code == 404


def test_the_mailbox_needs_a_project_id(emulated_project: EmulatedProject) -> None:
    made = emulated_project.seed({"users": [{"email": "ada@example.com", "totp": True}]})["users"][0]
    client_of(emulated_project).magic_links.email.login_or_create("ada@example.com")

    anonymous = requests.get(f"{emulated_project.url}/inbox", timeout=10)
    mine = requests.get(f"{emulated_project.url}/inbox", auth=(emulated_project.project_id, "x"), timeout=10)
    theirs = requests.get(
        f"{emulated_project.url}/inbox", auth=(EmulatedProject(emulated_project.url).project_id, "x"), timeout=10
    )

    assert (anonymous.status_code, anonymous.headers["WWW-Authenticate"][:5]) == (401, "Basic")
    assert "ada@example.com" in mine.text
    assert pyotp.TOTP(made["totp"]["secret"]).now() in mine.text
    assert "ada@example.com" not in theirs.text


def test_no_webhook_is_delivered_after_shutdown(caplog: pytest.LogCaptureFixture) -> None:
    before = threading.enumerate()
    with emulator.running() as url:
        project = EmulatedProject(url)
        nowhere = {"label": "x", "url": "http://127.0.0.1:1/", "token": "t", "contentType": "Json"}
        hook = {**nowhere, "deliveryMode": "AtLeastOnce", "includeResources": False, "subscriptionType": "All"}
        made = at_unit(project, "POST", "/webhooks", document("webhook", hook))
        project.seed({"users": [{"customer": True}]})

    assert made.status_code == 201, made.text
    assert "webhooks" not in {thread.name for thread in threading.enumerate() if thread not in before}
    assert "could not be delivered" not in caplog.text


def test_no_data_is_left_after_shutdown() -> None:
    project = EmulatedProject("")
    with emulator.running() as url:
        client_of(EmulatedProject(url, project.project_id)).users.create(email="ada@example.com")

    with emulator.running() as url:
        found = client_of(EmulatedProject(url, project.project_id)).users.search().results

    assert found == []
