"""Settings: which credentials run what, defaults, the ``.env`` file and the secret key."""

from __future__ import annotations

import stat
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from app import create_app
from settings import Settings, SettingsError, load

from .environs import BOTH, KEY, LIVE, SECRET_KEY, TEST_STYTCH, Environ, read

TEST_API, LIVE_API = "https://test.stytch.com", "https://api.stytch.com"
HERE = "http://localhost:8001"
LOOPBACK = {"STYTCH_API_URL": HERE, "UNIT_API_URL": HERE}
SANDBOX_API, BANK_API = "https://api.s.unit.sh", "https://api.unit.co"


@pytest.mark.parametrize(
    ("environ", "emulated", "urls", "is_sandbox"),
    [
        pytest.param({}, {"stytch", "unit"}, (TEST_API, SANDBOX_API), True, id="nothing"),
        pytest.param(TEST_STYTCH | SECRET_KEY, {"unit"}, (TEST_API, SANDBOX_API), True, id="only Stytch"),
        pytest.param(BOTH, set(), (TEST_API, SANDBOX_API), True, id="test and sandbox"),
        pytest.param(BOTH | LOOPBACK, set(), (HERE, HERE), True, id="loopback"),
        pytest.param(LIVE, set(), (LIVE_API, BANK_API), False, id="live and live"),
    ],
)
def test_credentials_decide_what_is_emulated(
    tmp_path: Path, environ: Environ, emulated: set[str], urls: tuple[str, str], is_sandbox: bool
) -> None:
    settings = read(environ, tmp_path)

    assert settings.emulated == emulated
    assert (settings.stytch_api_url, settings.unit_api_url) == urls
    assert settings.jwks_url == f"{urls[0]}/v1/sessions/jwks/{settings.stytch_project_id}"
    assert settings.unit_is_sandbox == is_sandbox


def test_a_fresh_clone_has_these_settings(tmp_path: Path) -> None:
    settings = read({}, tmp_path)

    assert settings.public_url == "http://localhost:8000"
    assert settings.login_url == "http://localhost:8000/login/authenticate"
    assert settings.step_up_max_age == timedelta(minutes=10)
    assert settings.ratelimit_storage_uri == "memory://"
    assert settings.emulator_database_url == f"sqlite:///{tmp_path}/emulator.db"
    assert settings.trusted_proxies == 0
    assert not settings.is_https


@pytest.mark.parametrize(
    ("environ", "sign_in", "step_up"),
    [
        pytest.param({}, None, None, id="emulated: all of them"),
        pytest.param(BOTH, ("magic_link",), ("totp",), id="real"),
        pytest.param(
            BOTH | {"SIGN_IN_METHODS": "b, a", "STEP_UP_METHODS": "d c,b"}, ("b", "a"), ("d", "c", "b"), id="as given"
        ),
    ],
)
def test_the_methods_in_use_are_listed_in_order(
    tmp_path: Path, environ: Environ, sign_in: tuple[str, ...] | None, step_up: tuple[str, ...] | None
) -> None:
    settings = read(environ, tmp_path)

    assert (settings.sign_in_methods, settings.step_up_methods) == (sign_in, step_up)


@pytest.mark.parametrize("name", ["SIGN_IN_METHODS", "STEP_UP_METHODS"])
def test_an_unknown_method_ends_the_start(tmp_path: Path, name: str) -> None:
    settings = read({name: "telepathy"}, tmp_path)

    with pytest.raises(SettingsError, match=f"^{name} names telepathy, which is not a method of this app.$"):
        create_app(settings)


@pytest.mark.parametrize("uri", ["hush", "hush://cache", "redis://hush:port", "://"])
def test_an_impossible_store_for_rate_limits_ends_the_start_with_one_line(settings: Settings, uri: str) -> None:
    with pytest.raises(SettingsError) as refused:
        create_app(replace(settings, ratelimit_storage_uri=uri))

    assert str(refused.value) == ("RATELIMIT_STORAGE_URI must be memory://, or redis://host:port with redis installed.")


def test_blank_means_absent_and_blanks_around_a_value_are_ignored(tmp_path: Path) -> None:
    given = dict.fromkeys([*LIVE, "PUBLIC_URL", "STEP_UP_MAX_AGE", "SIGN_IN_METHODS"], " ")
    settings = read({"STEP_UP_MAX_AGE": " 60 ", "OF_AN_EXTRA": " yes ", "ANOTHER": " "}, tmp_path)

    assert read(given, tmp_path) == read({}, tmp_path)
    assert settings.step_up_max_age == timedelta(seconds=60)
    assert settings.given == {"STEP_UP_MAX_AGE": "60", "OF_AN_EXTRA": "yes"}


def test_a_token_may_contain_what_only_resembles_a_placeholder(tmp_path: Path) -> None:
    assert read(BOTH | {"UNIT_API_TOKEN": "v2.public.aYourb4examplec1insertXXXXX9"}, tmp_path)


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


@pytest.mark.parametrize(
    ("environ", "seconds"), [({}, 60), ({"STEP_UP_MAX_AGE": "90"}, 90)], ids=["the file", "the environment"]
)
def test_the_environment_wins_over_the_file_in_which_nothing_is_interpolated(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, environ: Environ, seconds: int
) -> None:
    monkeypatch.setenv("ELSEWHERE", "something else")
    dotenv = tmp_path / ".env"
    dotenv.write_text(f"STEP_UP_MAX_AGE=60\nPUBLIC_URL=\nSECRET_KEY={KEY}${{ELSEWHERE}}\n")

    settings = load(environ, dotenv=dotenv, instance=tmp_path)

    assert settings.step_up_max_age == timedelta(seconds=seconds)
    assert settings.public_url == "http://localhost:8000"
    assert settings.secret_key == f"{KEY}${{ELSEWHERE}}"


def test_no_other_file_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / ".env").write_text("STEP_UP_MAX_AGE=60\n")
    (below := tmp_path / "below").mkdir()
    monkeypatch.chdir(below)

    assert load({}, dotenv=below / ".env", instance=tmp_path).step_up_max_age == timedelta(minutes=10)


def test_a_secret_key_is_made_once_and_only_its_owner_may_read_it(tmp_path: Path) -> None:
    instance = tmp_path / "instance"

    made = read({}, instance).secret_key

    assert len(made) >= 32
    assert read({}, instance).secret_key == made
    assert [file.name for file in instance.iterdir()] == ["secret_key"]
    assert stat.S_IMODE((instance / "secret_key").stat().st_mode) == 0o600
    assert read({}, tmp_path / "another clone").secret_key != made


def test_processes_that_start_together_make_one_secret_key(tmp_path: Path) -> None:
    with ThreadPoolExecutor(16) as starting:
        keys = {settings.secret_key for settings in starting.map(lambda _: read({}, tmp_path / "instance"), range(64))}

    assert len(keys) == 1
    assert len(keys.pop()) >= 32


def test_where_no_secret_key_can_be_stored_one_must_be_given(tmp_path: Path) -> None:
    (tmp_path / "instance").write_text("a file where a folder should be")

    with pytest.raises(SettingsError, match="SECRET_KEY is missing, and none can be stored under instance/"):
        read({}, tmp_path / "instance")


def test_a_given_secret_key_is_used_and_none_is_made(tmp_path: Path) -> None:
    assert read(SECRET_KEY, tmp_path).secret_key == KEY
    assert not list(tmp_path.iterdir())


def test_the_repr_of_settings_shows_no_secret(tmp_path: Path) -> None:
    secrets = {
        "SECRET_KEY": f"hush{KEY}",
        "RATELIMIT_STORAGE_URI": "redis://:hush@cache",
        "EMULATOR_DATABASE_URL": "postgresql://ada:hush@db/demo",
        "OF_AN_EXTRA": "hush",
    }

    shown = repr(read(BOTH | secrets, tmp_path))

    assert BOTH["STYTCH_PROJECT_ID"] in shown
    assert "hush" not in shown
