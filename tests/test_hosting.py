"""The files that host the app agree with the app."""

from __future__ import annotations

import re
from pathlib import Path

from dotenv import dotenv_values

ROOT = Path(__file__).resolve().parent.parent
COMPOSE = (ROOT / "compose.yaml").read_text()
NGINX = (ROOT / "hosting" / "nginx.conf").read_text()


def test_every_setting_reaches_the_containers() -> None:
    assert set(dotenv_values(ROOT / ".env.example")) <= set(re.findall(r"^ {4}([A-Z_]+):", COMPOSE, re.MULTILINE))


def test_the_image_holds_all_of_the_app_and_neither_tests_nor_settings() -> None:
    listed = set(re.findall(r"^!(\S+)$", (ROOT / ".dockerignore").read_text(), re.MULTILINE))
    modules = {path.name for path in ROOT.glob("*.py")} | {path.parent.name for path in ROOT.glob("*/__init__.py")}

    assert modules - {"tests", "bench"} <= listed
    assert {"static", "templates", "requirements-hosting.lock"} <= listed
    assert not [name for name in listed if name.startswith((".", "tests", "instance"))]
    assert not [name for name in listed if not (ROOT / name).exists()]


def test_nginx_spreads_requests_over_the_replicas_of_the_composition() -> None:
    replicas = re.findall(r"^ {2}(app-[0-9]+):", COMPOSE, re.MULTILINE)

    assert re.findall(r"server (app-[0-9]+):8000", NGINX) == replicas


def test_no_secret_is_written_into_the_composition() -> None:
    for name in ("SECRET_KEY", "POSTGRES_PASSWORD", "STYTCH_SECRET", "UNIT_API_TOKEN"):
        values = re.findall(rf" {name}: (\S+)", COMPOSE)
        assert values
        assert all(value.startswith("${") for value in values)


def test_no_log_of_nginx_shows_a_query_or_a_referer() -> None:
    (ours,) = re.findall(r"log_format ours (.*?);", NGINX, re.DOTALL)

    assert "$uri" in ours
    assert not re.search(r"\$request\b|\$request_uri|\$args|\$query_string|\$http_referer|\$http_cookie", ours)
