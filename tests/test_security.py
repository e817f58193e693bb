"""What holds on every route and every answer, whoever asks: read off the URL map, so that a new route is in it too."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Callable
from http.cookies import SimpleCookie
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import time_machine
from flask import Flask, url_for
from flask.testing import FlaskClient
from selectolax.lexbor import LexborHTMLParser
from werkzeug.test import TestResponse

from access import OPEN as LISTED
from app import create_app
from settings import Settings
from static_files import add_static_files

from .conftest import EMAIL, AppWith, Visitor

OPEN = {
    *("static", "home.index", "home.healthz", "home.readyz", "inspector.source", "gallery.index", "gallery.show"),
    *("login.send", "login.open_link", "login.spend_link", "login.sign_out"),
    *("well_known.robots", "well_known.security"),
}
PLACEHOLDER = re.compile(r"<(?:any\('?([\w-]+)[^>]*|[^>]*)>")  # <int:card_id>, or <any(freeze,unfreeze):action>
UNSAFE = {"POST", "PUT", "PATCH", "DELETE"}
HERE = "http://localhost:8000"
SECURE = "https://demo.example.com"
HTMX = "sha384-Qp9rdC8H7EqOoX+nR0P3RPG2Noji+qdwJlGpfzwQJsfOpp3sGwIdSP9xO3+UlEhn"
STATIC = Path(__file__).resolve().parent.parent / "static"
HEADERS = {
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
FETCHING = ("default-src", "script-src", "style-src", "img-src", "connect-src", "object-src", "frame-ancestors")


def routes(app: Flask, methods: set[str], *, guarded: bool = False) -> list[tuple[str, str]]:
    """Every method and path of the app with one of these methods; if ``guarded``, only those that want a session."""
    return [
        (method, PLACEHOLDER.sub(lambda name: name[1] or "1", rule.rule))
        for rule in app.url_map.iter_rules()
        for method in sorted((rule.methods or set()) & methods)
        if not guarded or (rule.endpoint not in OPEN and not rule.endpoint.startswith("emulator"))
    ]


def answers(client: FlaskClient, asked: list[tuple[str, str]], **request: Any) -> dict[tuple[str, str], TestResponse]:
    """What the app says to each, when asked like this."""
    return {(method, path): client.open(path, method=method, buffered=True, **request) for method, path in asked}


def statuses(given: dict[tuple[str, str], TestResponse]) -> dict[tuple[str, str], int]:
    return {asked: response.status_code for asked, response in given.items()}


def csrf_token(client: FlaskClient) -> str:
    page = LexborHTMLParser(client.get("/").text)
    return str(page.css("input[name=csrf_token]")[0].attrs["value"])


# --- Who may pass -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("methods", [{"GET", "HEAD"}, UNSAFE], ids=["reading", "writing"])
def test_every_route_wants_a_session_unless_it_is_listed(app: Flask, methods: set[str]) -> None:
    asked = routes(app, methods, guarded=True)

    given = answers(app.test_client(), asked)

    assert {"/cards", "/customer"} <= {path for _, path in asked}
    assert {key: (answer.status_code, answer.location) for key, answer in given.items()} == dict.fromkeys(
        asked, (303, "/")
    )


def test_htmx_without_a_session_is_sent_away_and_gets_no_page(app: Flask) -> None:
    asked = routes(app, {"GET"} | UNSAFE, guarded=True)

    given = answers(app.test_client(), asked, headers={"HX-Request": "true"})

    assert {
        key: (answer.status_code, answer.headers.get("HX-Redirect"), answer.text) for key, answer in given.items()
    } == dict.fromkeys(asked, (401, "/", ""))


def test_a_made_up_cookie_is_no_session_and_is_taken_away(app: Flask) -> None:
    asked = routes(app, {"GET"}, guarded=True)

    given = answers(app.test_client(use_cookies=False), asked, headers={"Cookie": "stytch_session=made-up"})

    assert statuses(given) == dict.fromkeys(asked, 303)
    assert {cookies(answer)["stytch_session"]["value"] for answer in given.values()} == {""}


def test_these_routes_are_open_and_no_others() -> None:
    assert LISTED == OPEN


def test_a_new_route_is_guarded_before_anybody_thinks_of_it(settings: Settings) -> None:
    app = create_app(settings)
    app.add_url_rule("/new", "new", lambda: "for everybody")

    answer = app.test_client().get("/new")

    assert (answer.status_code, answer.location) == (303, "/")


# --- Which requests come from our own pages ---------------------------------------------------------------------------


def test_nothing_is_changed_without_a_csrf_token(signed_in: Visitor) -> None:
    asked = routes(signed_in.app, UNSAFE)

    given = answers(signed_in.client, asked, headers={"Origin": HERE, "Sec-Fetch-Site": "same-origin"})

    assert {"/login", "/logout", "/cards"} <= {path for _, path in asked}
    assert statuses(given) == dict.fromkeys(asked, 400)
    assert {"from an earlier visit" in answer.text for answer in given.values()} == {True}
    assert EMAIL in signed_in.get("/").text


def test_another_visitors_csrf_token_counts_for_nothing(signed_in: Visitor) -> None:
    token = csrf_token(signed_in.app.test_client())
    asked = routes(signed_in.app, UNSAFE)

    given = answers(signed_in.client, asked, data={"csrf_token": token}, headers={"X-CSRFToken": token})

    assert statuses(given) == dict.fromkeys(asked, 400)


FOREIGN = [
    {"Origin": "https://evil.example"},
    {"Origin": "http://localhost:8001"},
    {"Origin": "https://localhost:8000"},
    {"Origin": "http://localhost:8000.evil.example"},
    {"Origin": "null"},
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"},
    {"Sec-Fetch-Site": "something new"},
    {"Sec-Fetch-Site": "cross-site", "Origin": HERE},
    {"Sec-Fetch-Site": "same-origin", "Origin": "https://evil.example"},
]


@pytest.mark.parametrize("headers", FOREIGN, ids=str)
def test_nothing_is_changed_from_another_site_even_with_a_csrf_token(
    signed_in: Visitor, headers: dict[str, str]
) -> None:
    asked = routes(signed_in.app, UNSAFE)

    given = answers(signed_in.client, asked, data={"csrf_token": csrf_token(signed_in.client)}, headers=headers)

    assert statuses(given) == dict.fromkeys(asked, 403)
    assert EMAIL in signed_in.get("/").text


@pytest.mark.parametrize("headers", FOREIGN, ids=str)
def test_no_fragment_is_given_to_another_site(signed_in: Visitor, headers: dict[str, str]) -> None:
    asked = routes(signed_in.app, {"GET"})

    given = answers(signed_in.client, asked, headers=headers | {"HX-Request": "true"})

    assert ("GET", "/cards/list") in asked
    assert statuses(given) == dict.fromkeys(asked, 403)


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Origin": HERE},
        {"Origin": HERE, "Sec-Fetch-Site": "same-origin"},
        {"Origin": HERE, "Sec-Fetch-Site": "same-origin", "HX-Request": "true"},
        {"Sec-Fetch-Site": "none"},
    ],
    ids=str,
)
def test_our_own_forms_are_taken(visitor: Visitor, headers: dict[str, str]) -> None:
    form = {"csrf_token": csrf_token(visitor.client), "email": EMAIL}

    assert visitor.client.post("/login", data=form, headers=headers).status_code == 200


def test_the_csrf_token_may_come_in_a_header_as_htmx_sends_it(visitor: Visitor) -> None:
    headers = {"X-CSRFToken": csrf_token(visitor.client), "HX-Request": "true"}

    assert visitor.client.post("/login", data={"email": EMAIL}, headers=headers).status_code == 200


def test_a_link_on_another_site_may_lead_here(signed_in: Visitor) -> None:
    page = signed_in.get("/", Sec_Fetch_Site="cross-site", Sec_Fetch_Mode="navigate")

    assert page.status == 200
    assert EMAIL in page.text


# --- What stands on every answer --------------------------------------------------------------------------------------


def crash() -> str:
    raise RuntimeError("hush: the words of an exception")


def big_form(client: FlaskClient) -> TestResponse:
    return client.post("/login", data={"csrf_token": csrf_token(client), "email": "a" * 64 * 1024})


EVERY_KIND: dict[str, tuple[int, Callable[[FlaskClient], TestResponse]]] = {
    "a page": (200, lambda client: client.get("/")),
    "a fragment": (
        200,
        lambda client: client.post(
            "/login", data={"csrf_token": csrf_token(client), "email": EMAIL}, headers={"HX-Request": "true"}
        ),
    ),
    "JSON": (200, lambda client: client.get("/healthz")),
    "a file": (200, lambda client: client.get("/static/app.css", buffered=True)),
    "a redirect": (303, lambda client: client.get("/cards")),
    "a redirect for htmx": (401, lambda client: client.get("/cards", headers={"HX-Request": "true"})),
    "a bad request": (400, lambda client: client.post("/login")),
    "a foreign request": (403, lambda client: client.post("/login", headers={"Origin": "https://evil.example"})),
    "nothing there": (404, lambda client: client.get("/nothing")),
    "no such file": (404, lambda client: client.get("/static/nothing")),
    "a wrong method": (405, lambda client: client.get("/login")),
    "too much": (413, big_form),
    "an error in a form": (422, lambda client: client.post("/login", data={"csrf_token": csrf_token(client)})),
    "a forged host": (400, lambda client: client.get("/", headers={"Host": "evil.example"})),
    "a crash": (500, lambda client: client.get("/login/authenticate")),
}


@pytest.fixture
def client(app: Flask, monkeypatch: pytest.MonkeyPatch) -> FlaskClient:
    """A stranger's browser, at an app in which one page crashes."""
    monkeypatch.setitem(app.view_functions, "login.open_link", crash)
    return app.test_client()


@pytest.mark.parametrize(("status", "ask"), EVERY_KIND.values(), ids=EVERY_KIND)
def test_every_kind_of_answer_carries_the_headers_that_protect_it(
    client: FlaskClient, status: int, ask: Callable[[FlaskClient], TestResponse]
) -> None:
    answer = ask(client)
    policy = dict(part.strip().split(" ", 1) for part in answer.headers["Content-Security-Policy"].split(";"))

    assert answer.status_code == status
    assert HEADERS.items() <= dict(answer.headers).items()
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
    assert "Strict-Transport-Security" not in answer.headers


@pytest.mark.parametrize("kind", [kind for kind in EVERY_KIND if "file" not in kind])
def test_no_answer_but_a_file_is_kept_by_anyone(client: FlaskClient, kind: str) -> None:
    answer = EVERY_KIND[kind][1](client)

    assert answer.headers["Cache-Control"] == "no-store"
    assert "HX-Request" in answer.headers["Vary"]


@pytest.mark.parametrize("headers", [{}, {"HX-Request": "true"}], ids=["plain", "htmx"])
def test_a_crash_is_told_without_a_trace(client: FlaskClient, headers: dict[str, str]) -> None:
    answer = client.get("/login/authenticate", headers=headers)

    assert answer.status_code == 500
    assert "Something broke on our side" in answer.text
    assert "hush" not in answer.text
    assert "Traceback" not in answer.text
    assert "RuntimeError" not in answer.text


# --- Which words of a request are believed ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "host",
    ["evil.example", "localhost.evil.example", "evil.example:8000", "localhost@evil.example", "127.0.0.1:8000", ""],
)
def test_a_forged_host_is_told_where_the_app_is(visitor: Visitor, host: str) -> None:
    answer = visitor.client.get("/", headers={"Host": host})

    assert answer.status_code == 400
    assert answer.text == f"This app is at {HERE}"
    assert answer.mimetype == "text/plain"


def test_what_a_proxy_would_say_is_not_believed_when_there_is_none(visitor: Visitor) -> None:
    answer = visitor.client.get(
        "/",
        headers={
            "X-Forwarded-Host": "evil.example",
            "X-Forwarded-Proto": "https",
            "X-Forwarded-Prefix": "/evil",
            "X-Forwarded-For": "192.0.2.1",
            "Forwarded": "host=evil.example;proto=https",
        },
    )

    assert answer.status_code == 200
    assert "evil" not in answer.text
    assert {cookie["secure"] for cookie in cookies(answer).values()} == {""}


def test_a_body_is_64_kilobytes_at_most(visitor: Visitor) -> None:
    form = {"csrf_token": csrf_token(visitor.client), "email": ""}
    rest = 64 * 1024 - len(f"csrf_token={form['csrf_token']}&email=")

    just_right = visitor.client.post("/login", data=form | {"email": "a" * rest})
    too_much = visitor.client.post("/login", data=form | {"email": "a" * (rest + 1)})

    assert just_right.status_code == 422
    assert too_much.status_code == 413
    assert "That was too much" in too_much.text


def ask_for_links(app: Flask, *clients: str) -> list[int]:
    """What each of these clients hears when it asks for a link, one after the other."""
    browser = app.test_client()
    form = {"csrf_token": csrf_token(browser), "email": EMAIL}
    return [browser.post("/login", data=form, environ_base={"REMOTE_ADDR": client}).status_code for client in clients]


def test_a_client_asks_for_twenty_links_a_minute_at_most(app: Flask, clock: time_machine.Traveller) -> None:
    one, other = "192.0.2.1", "192.0.2.2"

    assert ask_for_links(app, *[one] * 21) == [200] * 20 + [429]
    assert ask_for_links(app, other) == [200]
    clock.shift(61)
    assert ask_for_links(app, one) == [200]


def test_too_many_requests_are_told_to_wait(app: Flask) -> None:
    ask_for_links(app, *["127.0.0.1"] * 20)
    visitor = Visitor(app)

    page = visitor.post("/login", {"email": EMAIL})

    assert page.status == 429
    assert page.heading == "Too many requests"


def test_a_client_cannot_be_many_by_saying_so(app: Flask) -> None:
    client = app.test_client()
    form = {"csrf_token": csrf_token(client), "email": EMAIL}

    heard = [
        client.post("/login", data=form, headers={"X-Forwarded-For": f"192.0.2.{number}"}).status_code
        for number in range(21)
    ]

    assert heard == [200] * 20 + [429]


def test_behind_a_proxy_clients_are_counted_by_what_the_proxy_says(app_with: AppWith) -> None:
    client = app_with(TRUSTED_PROXIES="1").test_client()
    form = {"csrf_token": csrf_token(client), "email": EMAIL}

    heard = [
        client.post("/login", data=form, headers={"X-Forwarded-For": f"10.0.0.{number}, {one_client}"}).status_code
        for one_client in ("192.0.2.1", "192.0.2.2")
        for number in range(21)
    ]

    assert heard == ([200] * 20 + [429]) * 2


# --- Cookies ----------------------------------------------------------------------------------------------------------


def cookies(answer: TestResponse) -> dict[str, dict[str, str]]:
    """The cookies that an answer sets, with the flags that decide who may see them."""
    set_here = [SimpleCookie(line) for line in answer.headers.getlist("Set-Cookie")]
    return {
        name: {flag: str(morsel[flag] or "") for flag in ("httponly", "samesite", "path", "domain", "secure")}
        | {"value": morsel.value}
        for cookie in set_here
        for name, morsel in cookie.items()
    }


def flags(path: str = "/", *, secure: bool = False) -> dict[str, str]:
    return {
        "httponly": "True",
        "samesite": "Lax",
        "path": path,
        "domain": "",
        "secure": "True" if secure else "",
    }


class SecureClient(FlaskClient):
    """A browser that reaches the app over TLS."""

    def open(self, *args: Any, **kwargs: Any) -> TestResponse:
        headers = {"Referer": f"{SECURE}/", "Origin": SECURE} | (kwargs.pop("headers", None) or {})
        return super().open(*args, base_url=SECURE, headers=headers, **kwargs)


@pytest.fixture
def secure_client(app_with: AppWith) -> FlaskClient:
    app = app_with(PUBLIC_URL=SECURE, WIRE_LOG="on")
    return SecureClient(app, app.response_class)


def sign_in(client: FlaskClient) -> list[TestResponse]:
    """The answers on the way in: the first page, the link that was sent, and the link that was spent."""
    first = client.get("/")
    form = {"csrf_token": csrf_token(client), "email": EMAIL}
    sent = client.post("/login", data=form)
    mail = LexborHTMLParser(client.get("/emulator/inbox").text).css(".mail a")[0]
    url = urlsplit(str(mail.attrs["href"]))
    landed = urlsplit(client.get(f"{url.path}?{url.query}").headers["Location"])
    token = parse_qs(landed.query)["token"][0]
    return [first, sent, client.post("/login/authenticate", data=form | {"token": token})]


@pytest.mark.panel
def test_cookies_are_for_the_server_and_for_this_site_alone(app: Flask) -> None:
    given = {name: cookie for answer in sign_in(app.test_client()) for name, cookie in cookies(answer).items()}

    assert {name: {**cookie, "value": ""} for name, cookie in given.items()} == {
        "forms": flags() | {"value": ""},
        "emulator_visitor": flags() | {"value": ""},
        "pkce_verifier": flags("/login") | {"value": ""},
        "stytch_session": flags() | {"value": ""},
        "calls": flags() | {"value": ""},
    }


def test_over_https_cookies_are_secure_and_pinned_to_the_host(secure_client: FlaskClient) -> None:
    given = {name: cookie for answer in sign_in(secure_client) for name, cookie in cookies(answer).items()}

    assert {name: {**cookie, "value": ""} for name, cookie in given.items()} == {
        "__Host-forms": flags(secure=True) | {"value": ""},
        "__Host-emulator_visitor": flags(secure=True) | {"value": ""},
        "pkce_verifier": flags("/login", secure=True) | {"value": ""},
        "__Host-stytch_session": flags(secure=True) | {"value": ""},
        "__Host-calls": flags(secure=True) | {"value": ""},
    }


def test_over_https_the_visitor_is_signed_in_and_out(secure_client: FlaskClient) -> None:
    sign_in(secure_client)
    page = secure_client.get("/")

    left = secure_client.post("/logout", data={"csrf_token": csrf_token(secure_client)})

    assert EMAIL in page.text
    assert cookies(left)["__Host-stytch_session"] == flags(secure=True) | {"value": ""}
    assert EMAIL not in secure_client.get("/").text


def test_over_https_browsers_are_told_to_stay_there(secure_client: FlaskClient) -> None:
    kept = {
        secure_client.get(path, buffered=True).headers["Strict-Transport-Security"]
        for path in ("/", "/nothing", "/static/app.js")
    }

    assert kept == {"max-age=31536000; includeSubDomains"}


def test_a_signed_in_visitor_is_given_no_further_cookie(signed_in: Visitor) -> None:
    given = answers(signed_in.client, [("GET", "/"), ("GET", "/customer"), ("GET", "/healthz")])

    assert [set(cookies(answer)) & {"stytch_session", "pkce_verifier"} for answer in given.values()] == [set()] * 3


# --- Our own files ----------------------------------------------------------------------------------------------------


def sha384(name: str) -> str:
    return "sha384-" + base64.b64encode(hashlib.sha384((STATIC / name).read_bytes()).digest()).decode()


def test_htmx_is_the_file_that_its_authors_published() -> None:
    assert sha384("htmx-4.0.1.min.js") == HTMX


def test_scripts_and_styles_are_our_own_and_checked_by_the_browser(visitor: Visitor) -> None:
    tags = visitor.get("/").html.css("script, link[rel=stylesheet]")

    given = {
        str(tag.attrs.get("src") or tag.attrs.get("href")).partition("?")[0]: tag.attrs.get("integrity") for tag in tags
    }

    assert given == {f"/static/{name}": sha384(name) for name in ("app.css", "htmx-4.0.1.min.js", "app.js")}


def test_a_page_loads_nothing_from_elsewhere(visitor: Visitor) -> None:
    tags = visitor.get("/").html.css("script, link, img, iframe, use, source, object, embed")

    assert {urlsplit(str(tag.attrs.get("src") or tag.attrs.get("href"))).netloc for tag in tags} == {""}


def test_a_file_under_its_version_is_kept_for_a_year(visitor: Visitor) -> None:
    urls = [
        str(tag.attrs.get("src") or tag.attrs.get("href")) for tag in visitor.get("/").html.css("script, head link")
    ]

    given = {url: visitor.client.get(url, buffered=True) for url in urls}

    assert len(given) == 4
    assert {(answer.status_code, answer.headers["Cache-Control"]) for answer in given.values()} == {
        (200, "public, max-age=31536000, immutable")
    }
    assert {answer.headers["Vary"] for answer in given.values()} == {"Accept-Encoding"}
    assert not [answer for answer in given.values() if "Set-Cookie" in answer.headers]


@pytest.mark.parametrize("path", ["/static/app.css", "/static/app.css?v=000000000000"])
def test_a_file_without_its_version_is_asked_for_each_time(visitor: Visitor, path: str) -> None:
    answer = visitor.client.get(path, buffered=True)

    again = visitor.client.get(path, buffered=True, headers={"If-None-Match": answer.headers["ETag"]})

    assert answer.headers["Cache-Control"] == "no-cache"
    assert again.status_code == 304


def test_a_files_version_changes_with_its_content(tmp_path: Path) -> None:
    def url_of(content: str) -> str:
        (tmp_path / "app.css").write_text(content)
        app = Flask("app", static_folder=str(tmp_path), static_url_path="/static")
        add_static_files(app)
        with app.test_request_context():
            return url_for("static", filename="app.css")

    assert url_of("a {}") != url_of("b {}")
    assert url_of("a {}") == url_of("a {}")


@pytest.mark.parametrize(
    "part", ["", "Content-Disposition: form-data", 'Content-Disposition: form-data; name="email"; filename="x"']
)
@pytest.mark.parametrize("path", ["/login", "/login/authenticate", "/customer", "/cards", "/step-up", "/totp"])
def test_no_form_takes_files(stepped_up: Visitor, path: str, part: str) -> None:
    body = f"--x\r\n{part}\r\n\r\nabc\r\n--x--\r\n".encode()

    response = stepped_up.client.post(path, data=body, headers={"Content-Type": "multipart/form-data; boundary=x"})

    assert response.status_code == 400


@pytest.mark.parametrize("url", ["http://[", "http://[::1", "//evil.example/cards", "\\cards"])
def test_a_url_that_is_none_of_ours_is_never_gone_back_to(visitor: Visitor, url: str) -> None:
    page = visitor.get("/cards", htmx=True, HX_Current_URL=url)
    visitor.sign_in()

    assert page.status == 401
    assert visitor.page.goes_to in {"/", "/cards"}


def test_options_of_a_static_file_that_is_not_there_is_no_crash(visitor: Visitor) -> None:
    assert visitor.client.options("/static/nothing.css").status_code < 500


def test_another_site_cannot_sign_a_visitor_out(app: Flask) -> None:
    answer = app.test_client().post("/logout", headers={"Origin": "https://evil.example"})

    assert answer.status_code == 403
    assert "stytch_session" not in str(answer.headers.getlist("Set-Cookie"))
