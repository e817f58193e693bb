"""What holds on every route and every response, read off the URL map, so that new routes are covered too."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from app import create_app
from services.guards import public
from services.security import is_public
from settings import Settings

from .cookies import cookies
from .routes import HEADERS, HERE, PERMISSIONS, UNSAFE, csrf_token, responses, routes, statuses
from .visitor import EMAIL, Visitor

PUBLIC = {"home.index", "home.start", "login.send", "login.open_link", "login.use_link", "login.sign_out"}
HTMX = "Qp9rdC8H7EqOoX+nR0P3RPG2Noji+qdwJlGpfzwQJsfOpp3sGwIdSP9xO3+UlEhn"  # SHA-384
PUBLIC_IN_EXTRAS = {
    *("operations.healthz", "operations.readyz", "operations.robots", "operations.security_txt"),
    *("wire_log.source", "wire_log.journey", "wire_log.export", "wire_log.action", "wire_log.call"),
    *("gallery.index", "gallery.show"),
    *("passcodes.send", "passcodes.sign_in"),
    *("oauth.start", "oauth.come_back"),
    *("passkeys.sign_in", "passkeys.sign_in_options"),
    *("passwords.show", "passwords.sign_in", "passwords.strength"),
    *(f"password_resets.{name}" for name in ("forgot", "send", "open_link", "form", "reset")),
    *("wallets.choose", "wallets.challenge", "wallets.sign_in"),
    *("invitations.open_link", "invitations.accept", "profile.open_link"),
    "webhooks.receive",  # opened by a signature
    "demo.behind",
    "account.sign_out_everywhere",  # the second press, when the session has ended
    *("visits.start", "visits.start_over", "visits.play", "visits.calm"),  # of this visitor's tenant at the emulator
}
FETCHING = ("default-src", "script-src", "style-src", "img-src", "connect-src", "object-src", "frame-ancestors")


@pytest.mark.parametrize(
    ("headers", "answer"),
    [({}, (303, "/", None)), ({"HX-Request": "true"}, (401, None, None))],
    ids=["plain", "htmx"],
)
def test_every_route_needs_a_session_unless_it_is_public(
    app: Flask, headers: dict[str, str], answer: tuple[int, str | None, str | None]
) -> None:
    asked = routes(app, {"GET", "HEAD"} | UNSAFE, guarded=True)

    given = responses(app.test_client(), asked, headers=headers)

    assert {"/cards", "/customer"} <= {path for _, path in asked}
    assert {
        key: (response.status_code, response.location, response.headers.get("HX-Redirect"))
        for key, response in given.items()
    } == dict.fromkeys(asked, answer)
    read = {response.text for (method, _path), response in given.items() if method != "HEAD"}
    assert not headers or all("Your session has ended" in text for text in read)


def test_a_made_up_cookie_is_not_a_session_and_is_deleted(app: Flask) -> None:
    asked = routes(app, {"GET"}, guarded=True)

    given = responses(app.test_client(use_cookies=False), asked, headers={"Cookie": "stytch_session_8000=made-up"})

    assert statuses(given) == dict.fromkeys(asked, 303)
    assert {cookies(response)["stytch_session"]["value"] for response in given.values()} == {""}


def test_these_views_are_public_and_no_others(app: Flask) -> None:
    with app.app_context():
        found = {name: app.view_functions[name].__module__ for name in app.view_functions if is_public(name)}

    assert {name for name, module in found.items() if module.startswith("blueprints.")} == PUBLIC
    assert {name for name, module in found.items() if module.startswith("extras.")} <= PUBLIC_IN_EXTRAS


@pytest.mark.parametrize(("mark", "status"), [(lambda view: view, 303), (public, 200)], ids=["unmarked", "public"])
def test_a_new_route_is_closed_unless_it_is_marked(
    settings: Settings, mark: Callable[[Callable[[], str]], Callable[[], str]], status: int
) -> None:
    app = create_app(settings)
    app.add_url_rule("/new", "new", mark(lambda: "for everyone"))

    assert app.test_client().get("/new").status_code == status


# --- What every response carries --------------------------------------------------------------------------------------


def crash() -> str:
    raise RuntimeError("hush: the text of an exception")


def big_form(client: FlaskClient) -> TestResponse:
    return client.post("/login", data={"csrf_token": csrf_token(client), "email": "a" * 64 * 1024})


def fragment(client: FlaskClient) -> TestResponse:
    form = {"csrf_token": csrf_token(client), "email": EMAIL}
    return client.post("/login", data=form, headers={"HX-Request": "true"})


EVERY_KIND: dict[str, tuple[int, Callable[[FlaskClient], TestResponse]]] = {
    "page": (200, lambda client: client.get("/")),
    "fragment": (200, fragment),
    "static file": (200, lambda client: client.get("/static/app.css", buffered=True)),
    "redirect": (303, lambda client: client.get("/cards")),
    "redirect for htmx": (401, lambda client: client.get("/cards", headers={"HX-Request": "true"})),
    "bad request": (400, lambda client: client.post("/login")),
    "from another site": (403, lambda client: client.post("/login", headers={"Origin": "https://evil.example"})),
    "not found": (404, lambda client: client.get("/nothing")),
    "static file not found": (404, lambda client: client.get("/static/nothing")),
    "wrong method": (405, lambda client: client.get("/step-up/method")),
    "too large": (413, big_form),
    "error in a form": (422, lambda client: client.post("/login", data={"csrf_token": csrf_token(client)})),
    "forged host": (400, lambda client: client.get("/", headers={"Host": "evil.example"})),
    "crash": (500, lambda client: client.get("/login/authenticate")),
}


@pytest.fixture
def client(app: Flask, monkeypatch: pytest.MonkeyPatch) -> FlaskClient:
    """A new browser, at an app in which one page crashes."""
    monkeypatch.setitem(app.view_functions, "login.open_link", public(crash))
    return app.test_client()


@pytest.mark.parametrize(("kind", "status", "ask"), [(kind, *row) for kind, row in EVERY_KIND.items()], ids=EVERY_KIND)
def test_every_kind_of_response_carries_the_security_headers_and_only_static_files_may_be_cached(
    client: FlaskClient, kind: str, status: int, ask: Callable[[FlaskClient], TestResponse]
) -> None:
    response = ask(client)
    policy = dict(part.strip().split(" ", 1) for part in response.headers["Content-Security-Policy"].split(";"))

    assert response.status_code == status
    assert HEADERS.items() <= dict(response.headers).items()
    assert response.headers["Permissions-Policy"].startswith(PERMISSIONS)
    assert {name: policy.get(name, policy["default-src"]) for name in FETCHING} == {
        "default-src": "'none'",
        "script-src": "'self'",
        "style-src": "'self'",
        "img-src": "'self' data:",
        "connect-src": "'self'",
        "object-src": "'none'",
        "frame-ancestors": "'none'",
    }
    assert (policy["form-action"], policy["base-uri"]) == ("'self'", "'none'")
    assert "Strict-Transport-Security" not in response.headers
    assert kind == "static file" or response.headers["Cache-Control"] == "no-store"
    assert kind == "static file" or "HX-Request" in response.headers["Vary"]


@pytest.mark.parametrize("headers", [{}, {"HX-Request": "true"}], ids=["plain", "htmx"])
def test_a_crash_shows_no_trace(client: FlaskClient, headers: dict[str, str]) -> None:
    response = client.get("/login/authenticate", headers=headers)

    assert response.status_code == 500
    assert "Something went wrong on our side" in response.text
    for internal in ("hush", "Traceback", "RuntimeError"):
        assert internal not in response.text


def test_options_of_a_missing_static_file_does_not_crash(client: FlaskClient) -> None:
    assert client.options("/static/nothing.css").status_code < 500


def test_a_page_loads_nothing_from_elsewhere_and_htmx_as_its_authors_published_it(visitor: Visitor) -> None:
    tags = visitor.get("/").html.css("script, link, img, iframe, use, source, object, embed")
    htmx = Path(__file__).resolve().parent.parent / "static" / "htmx-4.0.1.min.js"

    assert {str(tag.attrs.get("src") or tag.attrs.get("href"))[:2] for tag in tags} == {"/s"}
    assert base64.b64encode(hashlib.sha384(htmx.read_bytes()).digest()).decode() == HTMX


# --- What is believed of a request ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "host",
    [
        *("evil.example", "localhost.evil.example", "evil.example:8000", "localhost@evil.example", "127.0.0.1:8000"),
        *("", "\x99\xf5", "bytes=0-", "a b"),
    ],
)
@pytest.mark.parametrize("asked", ["GET /", "POST /login", "POST /logout", "POST /cards", "POST /nothing"])
def test_a_forged_host_gets_only_the_apps_address(client: FlaskClient, host: str, asked: str) -> None:
    method, path = asked.split()

    response = client.open(path, method=method, headers={"Host": host})

    assert response.status_code == 400
    assert response.text == f"This app is at {HERE}"
    assert response.mimetype == "text/plain"


def test_forwarded_headers_are_ignored_when_there_is_no_proxy(client: FlaskClient) -> None:
    response = client.get(
        "/",
        headers={
            "X-Forwarded-Host": "evil.example",
            "X-Forwarded-Proto": "https",
            "X-Forwarded-Prefix": "/evil",
            "X-Forwarded-For": "192.0.2.1",
            "Forwarded": "host=evil.example;proto=https",
        },
    )

    assert response.status_code == 200
    assert "evil" not in response.text
    assert {cookie["secure"] for cookie in cookies(response).values()} == {""}


def test_a_body_has_at_most_64_kilobytes(client: FlaskClient) -> None:
    form = {"csrf_token": csrf_token(client), "email": ""}
    rest = 64 * 1024 - len(f"csrf_token={form['csrf_token']}&email=")

    just_right = client.post("/login", data=form | {"email": "a" * rest})
    too_large = client.post("/login", data=form | {"email": "a" * (rest + 1)})

    assert just_right.status_code == 422
    assert too_large.status_code == 413
    assert "Request too large" in too_large.text


@pytest.mark.parametrize(
    "part",
    ["", "Content-Disposition: form-data", 'Content-Disposition: form-data; name="email"; filename="x"'],
    ids=["no header", "no name", "file"],
)
@pytest.mark.parametrize("path", ["/login", "/login/authenticate", "/customer", "/cards", "/step-up", "/totp"])
def test_no_form_accepts_files(stepped_up: Visitor, path: str, part: str) -> None:
    body = f"--x\r\n{part}\r\n\r\nabc\r\n--x--\r\n".encode()

    response = stepped_up.client.post(path, data=body, headers={"Content-Type": "multipart/form-data; boundary=x"})

    assert response.status_code == 400
