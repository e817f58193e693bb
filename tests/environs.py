"""Environments to load settings from."""

from __future__ import annotations

from pathlib import Path
from typing import TypeAlias

from settings import Settings, load

Environ: TypeAlias = dict[str, str]
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
LIVE_UNIT = {"UNIT_API_TOKEN": "v2.public.hush", "UNIT_API_URL": "https://api.unit.co"}
SECRET_KEY = {"SECRET_KEY": KEY}
BOTH = TEST_STYTCH | SANDBOX_UNIT | SECRET_KEY
LIVE = LIVE_STYTCH | LIVE_UNIT | SECRET_KEY


def read(environ: Environ, instance: Path) -> Settings:
    """The settings of an environment, without a file."""
    return load(environ, dotenv=None, instance=instance)
