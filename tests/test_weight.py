"""What a first visit costs, and which answers are compressed: files that hold no secret, and nothing else."""

from __future__ import annotations

import gzip
import re
from collections.abc import Callable
from pathlib import Path
from typing import cast

import pytest
from flask import Flask

from static_files import add_static_files

from .conftest import Visitor

pytestmark = pytest.mark.panel

GZIP = {"Accept-Encoding": "gzip, deflate, br"}
STATIC = Path(__file__).parents[1] / "static"


def test_a_first_visit_is_at_most_five_requests_and_forty_kilobytes(visitor: Visitor) -> None:
    page = visitor.client.get("/", headers=GZIP)
    urls = set(re.findall(r'<(?:script|link|img|use)[^>]*\s(?:src|href)="([^"#]+)', page.text))
    files = {url: len(visitor.client.get(url, headers=GZIP, buffered=True).data) for url in urls}

    assert len(urls) + 1 <= 5
    assert all(url.startswith("/static/") for url in urls)
    assert len(page.data) + sum(files.values()) <= 40_000
    assert sum(size for url, size in files.items() if ".js" in url) <= 15_000


@pytest.mark.parametrize("name", ["app.css", "app.js", "htmx-4.0.1.min.js", "favicon.svg"])
def test_a_static_file_is_compressed_for_whoever_takes_it(visitor: Visitor, name: str) -> None:
    small = visitor.client.get(f"/static/{name}", headers=GZIP, buffered=True)
    whole = visitor.client.get(f"/static/{name}", buffered=True)

    assert small.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(small.data) == whole.data == (STATIC / name).read_bytes()
    assert "Content-Encoding" not in whole.headers
    assert small.headers["Vary"] == whole.headers["Vary"] == "Accept-Encoding"


def test_a_compressed_file_that_has_not_changed_is_not_sent_again(visitor: Visitor) -> None:
    first = visitor.client.get("/static/app.css", headers=GZIP, buffered=True)

    asked = GZIP | {"If-None-Match": first.headers["ETag"]}
    again = visitor.client.get("/static/app.css", headers=asked, buffered=True)

    assert (again.status_code, again.data) == (304, b"")


def test_a_part_of_a_file_is_sent_as_it_is(visitor: Visitor) -> None:
    part = visitor.client.get("/static/app.css", headers=GZIP | {"Range": "bytes=0-9"}, buffered=True)

    assert part.status_code == 206
    assert part.data == (STATIC / "app.css").read_bytes()[:10]


@pytest.mark.parametrize("path", ["/", "/cards/list", "/account"])
def test_a_page_is_never_compressed(stepped_up: Visitor, path: str) -> None:
    assert "Content-Encoding" not in stepped_up.client.get(path, headers=GZIP).headers


def test_a_changed_file_has_another_hash_at_once(tmp_path: Path) -> None:
    app = Flask("editing", static_folder=str(tmp_path))
    add_static_files(app)
    integrity = cast("Callable[[str], str]", app.jinja_env.globals["integrity"])
    (tmp_path / "sheet.css").write_text("a {}")
    before = integrity("sheet.css")

    (tmp_path / "sheet.css").write_text("b { }")

    assert integrity("sheet.css") != before
