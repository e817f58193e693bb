"""The visitor cookie of the app."""

from __future__ import annotations

import pytest
from flask import Flask


@pytest.mark.parametrize(
    ("path", "given"), [("/", 1), ("/nothing", 1), ("/static/app.css", 0), ("/healthz", 0), ("/robots.txt", 0)]
)
def test_only_pages_create_a_visitor(app: Flask, path: str, given: int) -> None:
    answer = app.test_client().get(path, buffered=True)

    cookies = [cookie for cookie in answer.headers.getlist("Set-Cookie") if cookie.startswith("emulator_visitor=")]
    assert len(cookies) == given
