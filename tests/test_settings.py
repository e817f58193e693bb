"""The environment: what runs with which credentials, and the one line that a wrong setting ends the start with."""

from __future__ import annotations

import stat
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from app import create_app
from settings import Settings, SettingsError, load

KEY = "an-odd-key-that-only-these-tests-know"
TEST_STYTCH = {
    "STYTCH_PROJECT_ID": "project-test-11111111-1111-4111-8111-111111111111",
    "STYTCH_SECRET": "secret-test-hush_hush_hush_hush=",
}
LIVE_STYTCH = {
    "STYTCH_PROJECT_ID": "project-live-11111111-1111-4111-8111-111111111111",
    "STYTCH_SECRET": "secret-live-hush_hush_hush_hush=",
}
SANDBOX_UNIT = {"UNIT_API_TOKEN": "v2.public.hush"}
LIVE_UNIT = {
    "UNIT_API_TOKEN": "v2.public.hush",
    "UNIT_API_URL": "https://api.unit.co",
    "UNIT_VGS_VAULT": "tntabcdefgh",
}
BOTH = TEST_STYTCH | SANDBOX_UNIT | {"SECRET_KEY": KEY}


def read(environ: dict[str, str], instance: Path) -> Settings:
    """The settings of an environment, without a file beside it."""
    return load(environ, dotenv=None, instance=instance)


@pytest.mark.parametrize(
    ("environ", "emulated", "stytch_api_url", "unit_api_url"),
    [
        pytest.param({}, {"stytch", "unit"}, "https://test.stytch.com/", "https://api.s.unit.sh", id="nothing"),
        pytest.param(
            TEST_STYTCH | {"SECRET_KEY": KEY},
            {"unit"},
            "https://test.stytch.com/",
            "https://api.s.unit.sh",
            id="Stytch only",
        ),
        pytest.param(BOTH, set(), "https://test.stytch.com/", "https://api.s.unit.sh", id="test and sandbox"),
        pytest.param(
            LIVE_STYTCH | LIVE_UNIT | {"SECRET_KEY": KEY},
            set(),
            "https://api.stytch.com/",
            "https://api.unit.co",
            id="live and live",
        ),
    ],
)
def test_credentials_decide_what_runs(
    tmp_path: Path, environ: dict[str, str], emulated: set[str], stytch_api_url: str, unit_api_url: str
) -> None:
    settings = read(environ, tmp_path)

    assert settings.emulated == emulated
    assert settings.stytch_api_url == stytch_api_url
    assert settings.unit_api_url == unit_api_url


def test_only_unit_is_refused_because_it_cannot_reach_an_emulated_stytch(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="UNIT_API_TOKEN is set but STYTCH_PROJECT_ID is not"):
        read(SANDBOX_UNIT | {"SECRET_KEY": KEY}, tmp_path)


@pytest.mark.parametrize(
    ("environ", "line"),
    [
        # half a pair
        (
            BOTH | {"STYTCH_SECRET": ""},
            "STYTCH_SECRET is missing: Stytch needs both the project id and its secret, or neither.",
        ),
        (
            BOTH | {"STYTCH_PROJECT_ID": "  "},
            "STYTCH_PROJECT_ID is missing: Stytch needs both the project id and its secret, or neither.",
        ),
        # placeholders and mix-ups
        (
            BOTH | {"STYTCH_PROJECT_ID": "project-test-hush"},
            "STYTCH_PROJECT_ID does not look like project-test-… or project-live-….",
        ),
        (
            BOTH | {"STYTCH_PROJECT_ID": "secret-test-hush_hush"},
            "STYTCH_PROJECT_ID does not look like project-test-… or project-live-….",
        ),
        (
            BOTH | {"STYTCH_SECRET": "hush hush hush"},
            "STYTCH_SECRET does not look like secret-test-… or secret-live-….",
        ),
        (
            BOTH | {"STYTCH_SECRET": TEST_STYTCH["STYTCH_PROJECT_ID"]},
            "STYTCH_SECRET does not look like secret-test-… or secret-live-….",
        ),
        *(
            (
                BOTH | {name: value},
                f"{name} is still a placeholder: put the dashboard's value in its place, or leave it blank.",
            )
            for name, value in [
                ("STYTCH_PROJECT_ID", "project-test-xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx"),
                ("STYTCH_PROJECT_ID", "project-test-…"),
                ("STYTCH_SECRET", "<your hush>"),
                ("STYTCH_SECRET", "secret-test-your_hush_here"),
                ("UNIT_API_TOKEN", "v2.public.YOUR_HUSH"),
                ("UNIT_API_TOKEN", "change-me"),
            ]
        ),
        # the URL of a service that would be emulated
        (
            {"UNIT_API_URL": "https://api.s.unit.sh"},
            "UNIT_API_TOKEN is missing: UNIT_API_URL is set, and is for a real service. Set both, or neither.",
        ),
        (
            {"STYTCH_API_URL": "https://hush.example.com"},
            "STYTCH_PROJECT_ID is missing: STYTCH_API_URL is set, and is for a real service. Set both, or neither.",
        ),
        # test with live
        (
            BOTH | {"STYTCH_SECRET": LIVE_STYTCH["STYTCH_SECRET"]},
            "STYTCH_SECRET is of another environment (test or live) than STYTCH_PROJECT_ID.",
        ),
        (
            BOTH | {"STYTCH_PROJECT_ID": LIVE_STYTCH["STYTCH_PROJECT_ID"]},
            "STYTCH_SECRET is of another environment (test or live) than STYTCH_PROJECT_ID.",
        ),
        (
            BOTH | LIVE_STYTCH,
            "UNIT_API_URL must be Unit's live API when STYTCH_PROJECT_ID is a live project.",
        ),
        (
            LIVE_STYTCH | {"SECRET_KEY": KEY},
            "UNIT_API_TOKEN is missing: a live Stytch project has real customers, and they need a real bank. "
            "Set it, with UNIT_API_URL=https://api.unit.co, or use a test project, which the emulated Unit is for.",
        ),
        (BOTH | LIVE_UNIT, "STYTCH_PROJECT_ID must be a live project when UNIT_API_URL is Unit's live API."),
        (
            BOTH | {"UNIT_API_URL": "https://API.unit.co:443/"},
            "STYTCH_PROJECT_ID must be a live project when UNIT_API_URL is Unit's live API.",
        ),
        # the vault that holds the card numbers
        (
            LIVE_STYTCH | LIVE_UNIT | {"SECRET_KEY": KEY, "UNIT_VGS_VAULT": ""},
            "UNIT_VGS_VAULT is missing: Unit's live API has a vault of its own for card numbers.",
        ),
        (
            LIVE_STYTCH | LIVE_UNIT | {"SECRET_KEY": KEY, "UNIT_VGS_VAULT": "tntazhyknp1"},
            "UNIT_VGS_VAULT is missing: Unit's live API has a vault of its own for card numbers.",
        ),
        (
            BOTH | {"UNIT_VGS_VAULT": "tnt; script-src *"},
            "UNIT_VGS_VAULT must be the id of a vault, such as tntazhyknp1.",
        ),
        # the key that signs cookies
        (TEST_STYTCH, "SECRET_KEY is missing: give at least 32 random bytes when a real service is used."),
        (
            BOTH | {"SECRET_KEY": ""},
            "SECRET_KEY is missing: give at least 32 random bytes when a real service is used.",
        ),
        (BOTH | {"SECRET_KEY": "hush" * 7}, "SECRET_KEY is too short: give at least 32 bytes."),
        ({"SECRET_KEY": "hush"}, "SECRET_KEY is too short: give at least 32 bytes."),
        *(
            (
                BOTH | {"SECRET_KEY": sample},
                "SECRET_KEY is a known sample, or no random bytes: make one as .env.example says.",
            )
            for sample in [
                "192b9bdd22ab9ed4d12e236c78afcb9a393ec15f71bbf5dc987d54727823bcbf",
                "change-me-to-a-long-random-string-of-hush",
                "hush" * 8,
            ]
        ),
        # the debugger
        *(
            (
                {"FLASK_DEBUG": value, "PUBLIC_URL": "https://hush.example.com"},
                "FLASK_DEBUG must be off when PUBLIC_URL is not on localhost: the debugger runs any code.",
            )
            for value in ["1", "true", "on"]
        ),
        # origins
        (
            {"PUBLIC_URL": "https://hush.example.com/app"},
            "PUBLIC_URL must be an origin such as http://localhost:8000, without a path.",
        ),
        (
            {"PUBLIC_URL": "https://hush.example.com?a=b"},
            "PUBLIC_URL must be an origin such as http://localhost:8000, without a path.",
        ),
        (
            {"PUBLIC_URL": "https://ada:hush@example.com"},
            "PUBLIC_URL must be an origin such as http://localhost:8000, without a path.",
        ),
        (
            {"PUBLIC_URL": "https://hush.example.com:port"},
            "PUBLIC_URL must be an origin such as http://localhost:8000, without a path.",
        ),
        (
            {"PUBLIC_URL": "http://[hush"},
            "PUBLIC_URL must be an origin such as http://localhost:8000, without a path.",
        ),
        (
            {"PUBLIC_URL": "hush.example.com"},
            "PUBLIC_URL must be an origin such as http://localhost:8000, without a path.",
        ),
        (
            {"PUBLIC_URL": "ftp://hush.example.com"},
            "PUBLIC_URL must be an origin such as http://localhost:8000, without a path.",
        ),
        ({"PUBLIC_URL": "http://hush.example.com"}, "PUBLIC_URL must use https, except on localhost."),
        (
            {"PUBLIC_URL": "http://localhost.hush.example.com"},
            "PUBLIC_URL must use https, except on localhost.",
        ),
        (BOTH | {"STYTCH_API_URL": "http://hush.example.com"}, "STYTCH_API_URL must use https, except on localhost."),
        (
            BOTH | {"STYTCH_API_URL": "https://test.stytch.com/v1/hush"},
            "STYTCH_API_URL must be an origin such as https://test.stytch.com, without a path.",
        ),
        (BOTH | {"UNIT_API_URL": "http://api.s.unit.sh"}, "UNIT_API_URL must use https, except on localhost."),
        (
            BOTH | {"UNIT_API_URL": "https://hush.example.com"},
            "UNIT_API_URL must be https://api.s.unit.sh, https://api.unit.co, or on localhost.",
        ),
        # numbers and words
        ({"STEP_UP_MAX_AGE": "29"}, "STEP_UP_MAX_AGE must be a whole number from 30 to 3600."),
        ({"STEP_UP_MAX_AGE": "3601"}, "STEP_UP_MAX_AGE must be a whole number from 30 to 3600."),
        ({"STEP_UP_MAX_AGE": "10 hush"}, "STEP_UP_MAX_AGE must be a whole number from 30 to 3600."),
        ({"STEP_UP_MAX_AGE": "٦٠٠"}, "STEP_UP_MAX_AGE must be a whole number from 30 to 3600."),
        ({"TRUSTED_PROXIES": "-1"}, "TRUSTED_PROXIES must be a whole number from 0 to 10."),
        ({"TRUSTED_PROXIES": "11"}, "TRUSTED_PROXIES must be a whole number from 0 to 10."),
        ({"LOG_LEVEL": "hush"}, "LOG_LEVEL must be one of DEBUG, ERROR, INFO, WARNING."),
    ],
)
def test_a_wrong_setting_stops_the_start_with_one_line_that_names_it(
    tmp_path: Path, environ: dict[str, str], line: str
) -> None:
    with pytest.raises(SettingsError) as refused:
        read(environ, tmp_path)

    assert str(refused.value) == line
    assert "hush" not in line


def test_a_fresh_clone_runs_on_these_settings(tmp_path: Path) -> None:
    settings = read({}, tmp_path)

    assert settings.public_url == "http://localhost:8000"
    assert settings.login_url == "http://localhost:8000/login/authenticate"
    assert settings.step_up_max_age == timedelta(minutes=10)
    assert settings.ratelimit_storage_uri == "memory://"
    assert settings.emulator_database_url == f"sqlite:///{tmp_path}/emulator.db"
    assert settings.trusted_proxies == 0
    assert settings.log_level == "INFO"
    assert not settings.is_https


@pytest.mark.parametrize(
    "given", [{"FLASK_DEBUG": "1"}, {"FLASK_DEBUG": "0", "PUBLIC_URL": "https://demo.example.com"}]
)
def test_debugging_on_localhost_is_fine_and_so_is_none_elsewhere(tmp_path: Path, given: dict[str, str]) -> None:
    assert read(given, tmp_path)


def test_a_token_that_happens_to_hold_such_a_word_is_no_placeholder(tmp_path: Path) -> None:
    token = "v2.public.aYourb4examplec1insertXXXXX9"

    assert read(BOTH | {"UNIT_API_TOKEN": token}, tmp_path).unit_api_token == token


@pytest.mark.parametrize("uri", ["hush", "hush://cache", "redis://hush:port", "://"])
def test_a_store_for_rate_limits_that_cannot_be_stops_the_start_with_one_line(settings: Settings, uri: str) -> None:
    with pytest.raises(SettingsError) as refused:
        create_app(replace(settings, ratelimit_storage_uri=uri))

    assert str(refused.value) == (
        "RATELIMIT_STORAGE_URI must be memory://, or redis://host:port with the redis package installed."
    )


def test_blank_means_absent(tmp_path: Path) -> None:
    given = dict.fromkeys([*LIVE_STYTCH, *LIVE_UNIT, "PUBLIC_URL", "STEP_UP_MAX_AGE", "LOG_LEVEL", "SECRET_KEY"], " ")

    assert read(given, tmp_path) == read({}, tmp_path)


def test_space_around_a_value_does_not_count(tmp_path: Path) -> None:
    assert read({"STEP_UP_MAX_AGE": " 60 ", "LOG_LEVEL": " debug"}, tmp_path).step_up_max_age.seconds == 60


@pytest.mark.parametrize(
    ("given", "origin"),
    [
        ("https://demo.example.com/", "https://demo.example.com"),
        ("https://Demo.Example.COM", "https://demo.example.com"),
        ("https://demo.example.com:443", "https://demo.example.com"),
        ("https://demo.example.com:8443", "https://demo.example.com:8443"),
        ("http://127.0.0.1:80", "http://127.0.0.1"),
    ],
)
def test_the_public_url_is_kept_as_browsers_write_an_origin(tmp_path: Path, given: str, origin: str) -> None:
    assert read({"PUBLIC_URL": given}, tmp_path).public_url == origin


def test_unit_may_be_on_loopback_and_then_counts_as_sandbox(tmp_path: Path) -> None:
    settings = read(BOTH | {"UNIT_API_URL": "http://localhost:8001"}, tmp_path)

    assert settings.unit_api_url == "http://localhost:8001"
    assert settings.unit_is_sandbox


def test_only_units_live_api_is_no_sandbox(tmp_path: Path) -> None:
    assert not read(LIVE_STYTCH | LIVE_UNIT | {"SECRET_KEY": KEY}, tmp_path).unit_is_sandbox


def test_the_key_set_is_found_where_the_project_is(tmp_path: Path) -> None:
    settings = read(BOTH | {"STYTCH_API_URL": "http://localhost:8001"}, tmp_path)

    assert settings.jwks_url == f"http://localhost:8001/v1/sessions/jwks/{BOTH['STYTCH_PROJECT_ID']}"


def test_the_file_beside_the_app_is_read(tmp_path: Path) -> None:
    dotenv = tmp_path / ".env"
    dotenv.write_text("STEP_UP_MAX_AGE=60\nPUBLIC_URL=\n")

    settings = load({}, dotenv=dotenv, instance=tmp_path)

    assert settings.step_up_max_age == timedelta(seconds=60)
    assert settings.public_url == "http://localhost:8000"


def test_the_environment_wins_over_the_file(tmp_path: Path) -> None:
    dotenv = tmp_path / ".env"
    dotenv.write_text("STEP_UP_MAX_AGE=60\n")

    settings = load({"STEP_UP_MAX_AGE": "90"}, dotenv=dotenv, instance=tmp_path)

    assert settings.step_up_max_age == timedelta(seconds=90)


def test_no_other_file_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / ".env").write_text("STEP_UP_MAX_AGE=60\n")
    below = tmp_path / "below"
    below.mkdir()
    monkeypatch.chdir(below)

    settings = load({}, dotenv=below / ".env", instance=tmp_path)

    assert settings.step_up_max_age == timedelta(minutes=10)


def test_a_value_in_the_file_is_taken_as_it_stands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ELSEWHERE", "something else")
    dotenv = tmp_path / ".env"
    dotenv.write_text(f"SECRET_KEY={KEY}${{ELSEWHERE}}\n")

    settings = load({}, dotenv=dotenv, instance=tmp_path)

    assert settings.secret_key == f"{KEY}${{ELSEWHERE}}"


def test_a_secret_key_is_made_once_and_kept_for_the_owner_alone(tmp_path: Path) -> None:
    instance = tmp_path / "instance"

    made = read({}, instance).secret_key

    assert len(made) >= 32
    assert read({}, instance).secret_key == made
    assert [file.name for file in instance.iterdir()] == ["secret_key"]
    assert stat.S_IMODE((instance / "secret_key").stat().st_mode) == 0o600


def test_processes_that_start_together_make_one_secret_key(tmp_path: Path) -> None:
    with ThreadPoolExecutor(16) as starting:
        keys = {settings.secret_key for settings in starting.map(lambda _: read({}, tmp_path / "instance"), range(64))}

    assert len(keys) == 1
    assert len(keys.pop()) >= 32


def test_where_no_secret_key_can_be_kept_one_must_be_given(tmp_path: Path) -> None:
    (tmp_path / "instance").write_text("a file where a folder should be")

    with pytest.raises(SettingsError, match="SECRET_KEY is missing, and none can be kept under instance/"):
        read({}, tmp_path / "instance")


def test_another_clone_makes_another_secret_key(tmp_path: Path) -> None:
    assert read({}, tmp_path / "one").secret_key != read({}, tmp_path / "two").secret_key


def test_a_given_secret_key_is_used_and_none_is_made(tmp_path: Path) -> None:
    assert read({"SECRET_KEY": KEY}, tmp_path).secret_key == KEY
    assert not list(tmp_path.iterdir())


def test_settings_show_no_secret(tmp_path: Path) -> None:
    shown = repr(
        read(
            BOTH
            | {
                "SECRET_KEY": f"hush{KEY}",
                "RATELIMIT_STORAGE_URI": "redis://:hush@cache",
                "EMULATOR_DATABASE_URL": "postgresql://ada:hush@db/demo",
            },
            tmp_path,
        )
    )

    assert BOTH["STYTCH_PROJECT_ID"] in shown
    assert "hush" not in shown
