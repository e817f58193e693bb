"""What programs read of the site."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from settings import SettingsError, load

from .conftest import AppWith, Visitor


def test_search_engines_may_read_what_they_must_not_list(visitor: Visitor) -> None:
    answer = visitor.client.get("/robots.txt")

    assert answer.mimetype == "text/plain"
    assert answer.text.splitlines() == ["User-agent: *", "Disallow:"]


@pytest.mark.parametrize(("origin", "tag"), [("https://demo.example.com", "noindex"), ("http://localhost:8000", None)])
def test_a_demo_on_the_web_is_not_to_be_found(app_with: AppWith, origin: str, tag: str | None) -> None:
    answer = app_with(PUBLIC_URL=origin).test_client().get("/", base_url=origin)

    assert answer.status_code == 200
    assert answer.headers.get("X-Robots-Tag") == tag


def test_holes_are_reported_to_whom_the_settings_say(app_with: AppWith) -> None:
    contact = "mailto:security@example.com"

    answer = app_with(SECURITY_CONTACT=contact).test_client().get("/.well-known/security.txt")
    lines = dict(line.split(": ", 1) for line in answer.text.splitlines())

    assert answer.mimetype == "text/plain"
    assert lines["Contact"] == contact
    assert lines["Canonical"] == "http://localhost:8000/.well-known/security.txt"
    assert 0 < (datetime.fromisoformat(lines["Expires"]) - datetime.now(UTC)).days < 365


def test_without_a_contact_there_is_no_such_file(visitor: Visitor) -> None:
    assert visitor.get("/.well-known/security.txt").status == 404


@pytest.mark.parametrize(
    "contact", ["security@example.com", "http://example.com", "mailto:nobody", "javascript:alert()"]
)
def test_a_contact_is_a_mail_address_or_a_page(tmp_path: Path, contact: str) -> None:
    with pytest.raises(SettingsError, match="SECURITY_CONTACT"):
        load({"SECURITY_CONTACT": contact}, dotenv=None, instance=tmp_path)


def test_a_link_to_the_first_page_has_a_picture(visitor: Visitor) -> None:
    page = visitor.get("/")
    picture = str(page.one("meta[property='og:image']").attrs["content"])

    assert picture.startswith("http://localhost:8000/static/preview.jpg?v=")
    answer = visitor.client.get(picture.removeprefix("http://localhost:8000"), buffered=True)
    assert (answer.status_code, answer.mimetype) == (200, "image/jpeg")
