"""The command ``stytch-unit-emulator``: its options, its refusals, and an app on another host name."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import requests
from click.testing import CliRunner, Result

from stytch_unit_emulator.cli import main
from stytch_unit_emulator.server import SAMPLE_PROJECT

from .command import FOLDER, environment, serving
from .unit_story import ADA, document

TOKEN = "a-token-of-24-characters"
ORG = {"Authorization": f"Bearer v2.public.emulator-{SAMPLE_PROJECT}", "Content-Type": "application/vnd.api+json"}


def refused(folder: Path, *args: str) -> Result:
    """The end of a start that should be refused; it could not serve either, as no machine has this address."""
    command = [*args, "--host", "192.0.2.1", "--database", f"sqlite:///{folder}/emulator.db"]
    return CliRunner(env={"EMULATOR_CONTROL_TOKEN": ""}).invoke(main, command)


@pytest.mark.parametrize(
    ("args", "problem"),
    [
        (["--controls", "--allow-host", "emulator"], "a token of at least 16 characters"),
        (["--controls", "--allow-host", "emulator", "--control-token", "x" * 15], "a token of at least 16 characters"),
        (["--allow-host", "emulator", "--control-token", TOKEN], "--allow-host needs --controls"),
        (["--app-host", "http://app"], "'http://app' is not a lowercase host name without a port"),
        (["--public-url", "localhost:8001"], "an origin is http:// or https://"),
        (["--project", "project-live-1"], "a project id is project-test-"),
        (["--bank", "first"], "'first' is not one of 'thread', 'other'"),
        (["--seed", "nowhere.json"], "'nowhere.json' does not exist"),
    ],
)
def test_a_wrong_option_ends_the_start_with_one_sentence(tmp_path: Path, args: list[str], problem: str) -> None:
    ended = refused(tmp_path, *args)

    assert ended.exit_code == 2
    assert problem in ended.output


@pytest.mark.parametrize(
    ("seed", "problem"),
    [
        ("{", "Expecting property name"),
        ("[" * 50_000, "nested too deeply"),
        ("[]", "must be a JSON object"),
        ('{"users": [{"email": "nobody"}]}', "users[0]: Email format is invalid"),
    ],
    ids=["not JSON", "nested", "a list", "a bad email"],
)
def test_a_wrong_seed_ends_the_start_with_one_sentence(tmp_path: Path, seed: str, problem: str) -> None:
    (tmp_path / "seed.json").write_text(seed)

    ended = refused(tmp_path, "--seed", f"{tmp_path}/seed.json")

    assert ended.exit_code == 2
    assert problem in ended.output


def test_a_seed_fills_the_project_anew_at_each_start(tmp_path: Path) -> None:
    (tmp_path / "seed.json").write_text(json.dumps({"users": [{"email": "ada@example.com"}]}))
    found = []

    for _start in range(2):
        with serving(tmp_path, "--seed", f"{tmp_path}/seed.json") as (url, printed):
            answer = requests.post(f"{url}/v1/users/search", json={}, auth=(SAMPLE_PROJECT, "any"), timeout=10)
            found.append([user["emails"][0]["email"] for user in answer.json()["results"]])
            assert f"Seeded {SAMPLE_PROJECT} with 1 users" in printed

    assert found == [["ada@example.com"]] * 2


def test_an_application_answers_the_questions_of_the_bank_that_the_option_names(tmp_path: Path) -> None:
    with serving(tmp_path, "--bank", "thread") as (url, _printed):
        body = document("individualApplication", ADA | {"occupation": "Doctor"})
        refused = requests.post(f"{url}/applications", json=body, headers=ORG, timeout=10)

    assert [error["source"]["pointer"].rpartition("/")[2] for error in refused.json()["errors"]] == [
        *("accountPurpose", "sourceOfFunds", "transactionVolume", "profession"),
        "occupation",
    ]


def test_controls_are_off_unless_the_option_turns_them_on(tmp_path: Path) -> None:
    with serving(tmp_path) as (url, _printed):
        off = requests.get(f"{url}/control/faults", timeout=10)
    with serving(tmp_path, "--controls") as (url, _printed):
        on = requests.get(f"{url}/control/faults", timeout=10)

    assert (off.status_code, on.status_code) == (404, 200)


def test_an_app_on_another_host_name_uses_everything_as_the_example_for_compose_says(tmp_path: Path) -> None:
    example = (FOLDER / "compose.yaml").read_text()
    command = re.search(r"^    command: \[(.+)\]$", example, re.M)
    assert command
    options = [option.strip('"') for option in command[1].split(", ")]
    with serving(tmp_path, *options, environ=environment(EMULATOR_CONTROL_TOKEN=TOKEN)) as (origin, _printed):

        def ask(method: str, path: str, body: object = None, **given: Any) -> requests.Response:
            headers = {"Host": "emulator:8001"} | given.pop("headers", {})
            return requests.request(method, f"{origin}{path}", json=body, headers=headers, timeout=10, **given)

        bearer = {"Authorization": f"Bearer {TOKEN}"}
        asked = {"email": "ada@example.com", "signup_magic_link_url": "http://app:3000/in"}
        sent = ask("POST", "/v1/magic_links/email/login_or_create", asked, auth=(SAMPLE_PROJECT, "any"))
        mails = ask("GET", f"/control/tenants/{SAMPLE_PROJECT}/mails", headers=bearer)
        without = ask("GET", f"/control/tenants/{SAMPLE_PROJECT}/mails")
        hook = {"label": "Mine", "url": "http://app:3000/hooks", "token": "secret", "contentType": "Json"}
        webhook = ask("POST", "/webhooks", document("webhook", hook), headers=ORG)
        elsewhere = ask("POST", "/webhooks", document("webhook", hook | {"url": "http://db:3000/"}), headers=ORG)

    assert (sent.status_code, mails.status_code, without.status_code) == (200, 200, 401), sent.text
    assert mails.json()[0]["link"].startswith("http://localhost:8001/v1/magic_links/redirect?")
    assert (webhook.status_code, elsewhere.status_code) == (201, 400), webhook.text
