"""Static files: versioned URLs, hashes, and compression of files that hold no secret and nothing else."""

from __future__ import annotations

import base64
import gzip
import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import time_machine
from flask import Blueprint, Flask, url_for
from selectolax.lexbor import LexborNode

from extras.operations import static_files

from ..visitor import Visitor

GZIP = {"Accept-Encoding": "gzip, deflate, br"}
STATIC = Path(__file__).parents[2] / "static"
FOREVER = "public, max-age=31536000, immutable"


def address(tag: LexborNode) -> str:
    return str(tag.attrs.get("src") or tag.attrs.get("href"))


def in_templates(app: Flask, name: str) -> Callable[..., str]:
    function: Callable[..., str] = app.jinja_env.globals[name]  # type: ignore[assignment]
    return function


def sha384(data: bytes) -> str:
    return "sha384-" + base64.b64encode(hashlib.sha384(data).digest()).decode()


@pytest.fixture
def small(tmp_path: Path) -> Flask:
    """An app with a static file, and an extra with one of the same name."""
    app = Flask("small", static_folder=str(tmp_path / "own"), static_url_path="/static")
    extra = Blueprint("extra", __name__, static_folder=str(tmp_path / "extra"), static_url_path="/static/extra")
    app.register_blueprint(extra)
    static_files.init_app(app)
    for folder in ("own", "extra"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "sheet.css").write_text(f"/* {folder} */ a {{}}")
    return app


@pytest.mark.parametrize("name", ["app.css", "app.js", "htmx-4.0.1.min.js", "favicon.svg"])
def test_a_static_file_is_compressed_for_clients_that_accept_it(visitor: Visitor, name: str) -> None:
    small = visitor.client.get(f"/static/{name}", headers=GZIP, buffered=True)
    whole = visitor.client.get(f"/static/{name}", buffered=True)

    assert small.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(small.data) == whole.data == (STATIC / name).read_bytes()
    assert "Content-Encoding" not in whole.headers
    assert small.headers["Vary"] == whole.headers["Vary"] == "Accept-Encoding"


def test_a_compressed_file_that_has_not_changed_is_not_sent_again_and_a_part_is_not_compressed(
    visitor: Visitor,
) -> None:
    first = visitor.client.get("/static/app.css", headers=GZIP, buffered=True)

    asked = GZIP | {"If-None-Match": first.headers["ETag"]}
    again = visitor.client.get("/static/app.css", headers=asked, buffered=True)
    part = visitor.client.get("/static/app.css", headers=GZIP | {"Range": "bytes=0-9"}, buffered=True)

    assert (again.status_code, again.data) == (304, b"")
    assert (part.status_code, part.data) == (206, (STATIC / "app.css").read_bytes()[:10])


@pytest.mark.parametrize("path", ["/", "/cards/list", "/step-up", "/healthz"])
def test_a_page_is_never_compressed(stepped_up: Visitor, path: str) -> None:
    assert "Content-Encoding" not in stepped_up.client.get(path, headers=GZIP).headers


@pytest.mark.panel
@pytest.mark.parametrize("fixture", ["visitor", "stepped_up"])
def test_a_page_loads_only_own_files_of_this_version_with_their_hash(
    request: pytest.FixtureRequest, fixture: str
) -> None:
    visitor: Visitor = request.getfixturevalue(fixture)
    page = visitor.get("/")
    loaded = page.html.css("script, link, img, iframe, use, source, object, embed")
    checked = page.html.css("script, link[rel=stylesheet]")

    answers = {
        address(tag): visitor.client.get(address(tag), buffered=True) for tag in page.html.css("script, head link")
    }

    assert {urlsplit(address(tag)).netloc for tag in loaded} == {""}
    assert len(checked) > 4
    assert [tag.attrs["integrity"] for tag in checked] == [sha384(answers[address(tag)].data) for tag in checked]
    assert {(answer.status_code, answer.headers["Cache-Control"]) for answer in answers.values()} == {(200, FOREVER)}
    assert {answer.headers["Vary"] for answer in answers.values()} == {"Accept-Encoding"}
    assert not [answer for answer in answers.values() if "Set-Cookie" in answer.headers]


@pytest.mark.parametrize("path", ["/static/app.css", "/static/app.css?v=000000000000"], ids=["none", "old"])
def test_a_file_without_its_version_is_asked_for_each_time(visitor: Visitor, path: str) -> None:
    answer = visitor.client.get(path, buffered=True)

    again = visitor.client.get(path, buffered=True, headers={"If-None-Match": answer.headers["ETag"]})

    assert answer.headers["Cache-Control"] == "no-cache"
    assert again.status_code == 304


@pytest.mark.parametrize(
    ("endpoint", "filename"),
    [
        ("static", "app.css"),
        ("demo.static", "demo.css"),
        ("demo.static", "preview.jpg"),
        ("reveal.static", "reveal.js"),
    ],
)
def test_only_what_succeeds_may_be_kept_of_the_app_and_of_extras(
    visitor: Visitor, endpoint: str, filename: str
) -> None:
    with visitor.app.test_request_context():
        url = url_for(endpoint, filename=filename)
    etag = visitor.client.get(url, headers=GZIP, buffered=True).headers["ETag"]

    kept = [
        visitor.client.get(url, headers=GZIP, buffered=True),
        visitor.client.head(url, headers=GZIP, buffered=True),
        visitor.client.get(url, headers=GZIP | {"If-None-Match": etag}, buffered=True),
        visitor.client.get(url, headers={"Range": "bytes=0-9"}, buffered=True),
    ]
    refused = [
        visitor.client.get(url.replace(".", "-none."), buffered=True),
        visitor.client.post(url, buffered=True),
        visitor.client.get(url, headers={"Range": "bytes=99999999-"}, buffered=True),
    ]

    assert [got.status_code for got in kept] == [200, 200, 304, 206]
    assert [got.headers["Cache-Control"] for got in kept] == [FOREVER] * 4
    assert all(got.status_code >= 400 for got in refused)
    assert [got.headers["Cache-Control"] for got in refused] == ["no-store"] * 3


def test_an_extras_file_has_a_version_and_a_hash_of_its_own(small: Flask) -> None:
    with small.test_request_context():
        urls = [url_for(endpoint, filename="sheet.css") for endpoint in ("static", "extra.static")]
        hashes = [in_templates(small, "integrity")("sheet.css", endpoint) for endpoint in ("static", "extra.static")]

    answers = [small.test_client().get(url, headers=GZIP, buffered=True) for url in urls]

    assert len(set(hashes)) == 2
    assert [url.partition("?v=")[0] for url in urls] == ["/static/sheet.css", "/static/extra/sheet.css"]
    assert [answer.headers["Cache-Control"] for answer in answers] == [FOREVER] * 2
    assert [gzip.decompress(answer.data) for answer in answers] == [b"/* own */ a {}", b"/* extra */ a {}"]


@pytest.mark.parametrize("path", ["/static/none.css", "/static/extra/none.css"])
def test_an_unknown_file_is_not_found_and_has_no_version(small: Flask, path: str) -> None:
    with small.test_request_context():
        assert url_for("static", filename="none.css") == "/static/none.css"

    assert small.test_client().get(path, headers=GZIP).status_code == 404


def test_a_changed_file_has_another_version_and_hash_within_a_second(
    small: Flask, tmp_path: Path, clock: time_machine.Traveller
) -> None:
    template = small.jinja_env.from_string("{{ url_for('static', filename='sheet.css') }} {{ integrity('sheet.css') }}")

    def seen() -> list[str]:
        with small.test_request_context():
            return template.render().split()

    before, again = seen(), seen()
    (tmp_path / "own" / "sheet.css").write_text("b { color: red }")
    clock.shift(1)
    after = seen()
    answer = small.test_client().get(after[0], buffered=True)

    assert before == again
    assert not set(before) & set(after)
    assert after[1] == sha384(answer.data)
    assert answer.headers["Cache-Control"] == FOREVER


def test_a_changed_file_is_not_kept_under_its_old_version(small: Flask, tmp_path: Path) -> None:
    with small.test_request_context():
        url = in_templates(small, "url_for")("static", filename="sheet.css")
    (tmp_path / "own" / "sheet.css").write_text("b { color: red }")

    assert small.test_client().get(url, buffered=True).headers["Cache-Control"] != FOREVER


def test_urls_in_templates_are_those_of_flask(small: Flask) -> None:
    small.add_url_rule("/files/<filename>", "file")
    small.add_url_rule("/", "home")
    asked: list[tuple[str, dict[str, Any]]] = [
        ("static", {"filename": "sheet.css"}),
        ("static", {"filename": "sheet.css", "_anchor": "mark"}),
        ("static", {"filename": "none.css"}),
        ("extra.static", {"filename": "sheet.css"}),
        ("file", {"filename": "a"}),
        ("file", {"filename": "b"}),
        ("home", {}),
        ("home", {"next": "x"}),
    ]

    for prefix in ("", "/prefix", ""):
        with small.test_request_context(base_url=f"http://localhost{prefix}"):
            built = [in_templates(small, "url_for")(endpoint, **values) for endpoint, values in asked]

            assert built == [url_for(endpoint, **values) for endpoint, values in asked]
            assert all(url.startswith(f"{prefix}/") for url in built)
