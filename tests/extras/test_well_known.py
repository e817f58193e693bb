"""``robots.txt`` and ``security.txt``."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from app import create_app
from settings import SettingsError

from ..conftest import AppWith
from ..environs import read
from ..visitor import Visitor


def test_search_engines_may_read_the_pages_that_say_noindex_and_there_is_no_contact(visitor: Visitor) -> None:
    answer = visitor.client.get("/robots.txt")

    assert answer.mimetype == "text/plain"
    assert answer.text.splitlines() == ["User-agent: *", "Disallow:"]
    assert visitor.get("/.well-known/security.txt").status == 404


@pytest.mark.parametrize(
    ("origin", "tag"),
    [("https://demo.example.com", "noindex"), ("http://localhost:8000", None)],
    ids=["hosted", "local"],
)
def test_a_hosted_demo_is_not_listed(app_with: AppWith, origin: str, tag: str | None) -> None:
    answer = app_with(PUBLIC_URL=origin).test_client().get("/", base_url=origin)

    assert answer.status_code == 200
    assert answer.headers.get("X-Robots-Tag") == tag


def test_vulnerabilities_are_reported_to_the_configured_contact(app_with: AppWith) -> None:
    contact = "mailto:security@example.com"

    answer = app_with(SECURITY_CONTACT=contact).test_client().get("/.well-known/security.txt")
    lines = dict(line.split(": ", 1) for line in answer.text.splitlines())

    assert answer.mimetype == "text/plain"
    assert lines["Contact"] == contact
    assert lines["Canonical"] == "http://localhost:8000/.well-known/security.txt"
    assert 0 < (datetime.fromisoformat(lines["Expires"]) - datetime.now(UTC)).days < 365


@pytest.mark.parametrize(
    "contact",
    ["security@example.com", "http://example.com", "mailto:nobody", "javascript:alert()"],
    ids=["no scheme", "http", "no address", "script"],
)
def test_a_contact_is_an_email_address_or_a_page(tmp_path: Path, contact: str) -> None:
    with pytest.raises(SettingsError, match="SECURITY_CONTACT"):
        create_app(read({"SECURITY_CONTACT": contact}, tmp_path))
