"""The one line that refuses a wrong setting."""

from __future__ import annotations

from pathlib import Path

import pytest

from settings import SettingsError

from .environs import BOTH, LIVE_STYTCH, LIVE_UNIT, SANDBOX_UNIT, SECRET_KEY, TEST_STYTCH, Environ, read

NEEDED = "is set, which needs it. Set both, or neither."
ODD_PROJECT = "STYTCH_PROJECT_ID does not look like project-(test|live)-…: copy it from the dashboard."
ODD_SECRET = "STYTCH_SECRET does not look like secret-(test|live)-…: copy it from the dashboard."
OTHER_ENVIRONMENT = "STYTCH_SECRET is of another environment (test or live) than STYTCH_PROJECT_ID."
PLACEHOLDER = "is still a placeholder: set the dashboard's value, or leave it blank."
ODD_ORIGIN = "must be an origin such as http://localhost:8000, without a path."
REFUSALS: dict[str, list[Environ]] = {
    # credentials
    f"STYTCH_PROJECT_ID is missing: UNIT_API_TOKEN {NEEDED}": [SANDBOX_UNIT | SECRET_KEY],
    f"STYTCH_SECRET is missing: STYTCH_PROJECT_ID {NEEDED}": [BOTH | {"STYTCH_SECRET": ""}],
    f"STYTCH_PROJECT_ID is missing: STYTCH_SECRET {NEEDED}": [BOTH | {"STYTCH_PROJECT_ID": "  "}],
    ODD_PROJECT: [
        BOTH | {"STYTCH_PROJECT_ID": "project-test-hush"},
        BOTH | {"STYTCH_PROJECT_ID": "secret-test-hush_hush"},
    ],
    ODD_SECRET: [
        BOTH | {"STYTCH_SECRET": "hush hush hush"},
        BOTH | {"STYTCH_SECRET": TEST_STYTCH["STYTCH_PROJECT_ID"]},
    ],
    f"STYTCH_PROJECT_ID {PLACEHOLDER}": [
        BOTH | {"STYTCH_PROJECT_ID": "project-test-xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx"},
        BOTH | {"STYTCH_PROJECT_ID": "project-test-…"},
    ],
    f"STYTCH_SECRET {PLACEHOLDER}": [
        BOTH | {"STYTCH_SECRET": "<your hush>"},
        BOTH | {"STYTCH_SECRET": "secret-test-your_hush_here"},
    ],
    f"UNIT_API_TOKEN {PLACEHOLDER}": [
        BOTH | {"UNIT_API_TOKEN": "v2.public.YOUR_HUSH"},
        BOTH | {"UNIT_API_TOKEN": "change-me"},
    ],
    f"UNIT_API_TOKEN is missing: UNIT_API_URL {NEEDED}": [{"UNIT_API_URL": "https://api.s.unit.sh"}],
    f"STYTCH_PROJECT_ID is missing: STYTCH_API_URL {NEEDED}": [{"STYTCH_API_URL": "https://hush.example.com"}],
    # test mixed with live
    OTHER_ENVIRONMENT: [
        BOTH | {"STYTCH_SECRET": LIVE_STYTCH["STYTCH_SECRET"]},
        BOTH | {"STYTCH_PROJECT_ID": LIVE_STYTCH["STYTCH_PROJECT_ID"]},
    ],
    "UNIT_API_TOKEN is missing: a live Stytch project has real customers, who need a real bank.": [
        LIVE_STYTCH | SECRET_KEY
    ],
    "UNIT_API_URL must be https://api.unit.co for a live STYTCH_PROJECT_ID, and only for a live one.": [
        BOTH | LIVE_STYTCH,
        BOTH | LIVE_UNIT,
        BOTH | {"UNIT_API_URL": "https://API.unit.co:443/"},
    ],
    # the key that signs cookies
    "SECRET_KEY is missing: give at least 32 random bytes when a real service is used.": [
        TEST_STYTCH,
        BOTH | {"SECRET_KEY": ""},
    ],
    "SECRET_KEY is too short: give at least 32 bytes.": [BOTH | {"SECRET_KEY": "hush" * 7}, {"SECRET_KEY": "hush"}],
    "SECRET_KEY is a known sample, or not random: make one as .env.example says.": [
        BOTH | {"SECRET_KEY": "192b9bdd22ab9ed4d12e236c78afcb9a393ec15f71bbf5dc987d54727823bcbf"},
        BOTH | {"SECRET_KEY": "change-me-to-a-long-random-string-of-hush"},
        BOTH | {"SECRET_KEY": "hush" * 8},
    ],
    # origins
    f"PUBLIC_URL {ODD_ORIGIN}": [
        {"PUBLIC_URL": "https://hush.example.com/app"},
        {"PUBLIC_URL": "https://hush.example.com?a=b"},
        {"PUBLIC_URL": "https://ada:hush@example.com"},
        {"PUBLIC_URL": "https://hush.example.com:port"},
        {"PUBLIC_URL": "http://[hush"},
        {"PUBLIC_URL": "hush.example.com"},
        {"PUBLIC_URL": "ftp://hush.example.com"},
    ],
    "PUBLIC_URL must use https, except on localhost.": [
        {"PUBLIC_URL": "http://hush.example.com"},
        {"PUBLIC_URL": "http://localhost.hush.example.com"},
    ],
    "STYTCH_API_URL must use https, except on localhost.": [BOTH | {"STYTCH_API_URL": "http://hush.example.com"}],
    "STYTCH_API_URL must be an origin such as https://test.stytch.com, without a path.": [
        BOTH | {"STYTCH_API_URL": "https://test.stytch.com/v1/hush"}
    ],
    "UNIT_API_URL must use https, except on localhost.": [BOTH | {"UNIT_API_URL": "http://api.s.unit.sh"}],
    "UNIT_API_URL must be https://api.s.unit.sh, https://api.unit.co, or on localhost.": [
        BOTH | {"UNIT_API_URL": "https://hush.example.com"}
    ],
    # numbers
    "STEP_UP_MAX_AGE must be a whole number from 30 to 3600.": [
        {"STEP_UP_MAX_AGE": value} for value in ("29", "3601", "10 hush", "٦٠٠")
    ],
    "TRUSTED_PROXIES must be a whole number from 0 to 10.": [{"TRUSTED_PROXIES": value} for value in ("-1", "11")],
}


def changes(environ: Environ) -> str:
    return " ".join(f"{name}={value}" for name, value in environ.items() if BOTH.get(name) != value)


@pytest.mark.parametrize(
    ("environ", "line"),
    [pytest.param(environ, line, id=changes(environ) or line) for line in REFUSALS for environ in REFUSALS[line]],
)
def test_a_wrong_setting_ends_the_start_with_one_line_that_names_it(
    tmp_path: Path, environ: Environ, line: str
) -> None:
    with pytest.raises(SettingsError) as refused:
        read(environ, tmp_path)

    assert str(refused.value) == line
    assert "hush" not in line
