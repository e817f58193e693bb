"""What is logged, and what never is."""

from __future__ import annotations

import io
import json
import logging
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TypeAlias

import pytest
import time_machine
from flask import Flask, Response
from werkzeug.serving import make_server

from app import create_app
from extras.operations.logs import Lines, Readable
from services.guards import public
from settings import Settings, SettingsError

from ..conftest import AppWith
from ..environs import read
from ..visitor import EMAIL, Visitor

Json: TypeAlias = dict[str, Any]


class Written:
    """The log of a process that runs the app."""

    def __init__(self, formatter: logging.Formatter) -> None:
        self._stream = io.StringIO()
        self.handler = logging.StreamHandler(self._stream)
        self.handler.setFormatter(formatter)

    @property
    def text(self) -> str:
        return self._stream.getvalue()

    @property
    def entries(self) -> list[Json]:
        return [json.loads(line) for line in self.text.splitlines()]

    def of(self, event: str) -> list[tuple[str, ...]]:
        """The events of one kind, as action and outcome."""
        return [
            tuple(entry[name] for name in ("action", "outcome") if name in entry)
            for entry in self.entries
            if entry.get("event") == event
        ]


@pytest.fixture
def written(request: pytest.FixtureRequest) -> Iterator[Written]:
    """The log, each record in the form in which it is kept."""
    formatter = getattr(request, "param", Lines)()
    written, root = Written(formatter), logging.getLogger()
    before = root.level
    root.addHandler(written.handler)
    root.setLevel(logging.INFO)
    yield written
    root.removeHandler(written.handler)
    root.setLevel(before)


def test_a_request_is_one_line_without_query_token_or_user_id(stepped_up: Visitor, written: Written) -> None:
    answer = stepped_up.get("/cards?token=hush").response
    stepped_up.get("/emulator/application-form/hush")

    line, other = written.entries
    user, request_id = line.pop("user"), line.pop("request_id")
    assert line.pop("ms") >= 0
    assert line == {
        "time": "2026-06-01T12:00:00.000Z",
        "level": "INFO",
        "logger": "request",
        "event": "request",
        "method": "GET",
        "path": "/cards",
        "status": 200,
        "endpoint": "cards.index",
        "client": "127.0.0.0/24",
    }
    assert answer.headers["X-Request-Id"] == request_id != other["request_id"]
    assert len(user) == 16
    assert other["path"] == "/emulator/application-form/[token]"
    assert "user-test" not in written.text


def test_one_id_holds_the_lines_of_a_request_together(stepped_up: Visitor, written: Written) -> None:
    listing = stepped_up.get("/cards/list").response.headers["X-Request-Id"]
    page = stepped_up.get("/emulator/nowhere")
    missing = page.response.headers["X-Request-Id"]

    ids = {(entry["logger"], entry.get("request_id")) for entry in written.entries}
    assert ids == {
        ("security", listing),
        ("request", listing),
        ("request", missing),
        ("stytch_unit_emulator.unit", None),
    }
    assert listing != missing
    assert f"Reference: {missing}" in page.text


@pytest.mark.parametrize(
    ("proxies", "given", "is_kept"),
    [("1", "from-the-proxy", True), ("0", "from-a-client", False), ("1", "two words; and more", False)],
    ids=["trusted", "untrusted", "malformed"],
)
def test_only_a_trusted_and_well_formed_id_is_kept(app_with: AppWith, proxies: str, given: str, is_kept: bool) -> None:
    visitor = Visitor(app_with(TRUSTED_PROXIES=proxies))

    answer = visitor.get("/healthz", X_Request_Id=given).response

    assert (answer.headers["X-Request-Id"] == given) is is_kept


def test_each_proof_is_an_event(app: Flask, written: Written, clock: time_machine.Traveller) -> None:
    visitor = Visitor(app)
    visitor.sign_in()
    visitor.enroll()
    visitor.open_account()
    visitor.get("/cards/list")
    clock.shift(900)
    visitor.get("/cards/list", htmx=True)
    visitor.step_up()
    visitor.post("/logout")

    assert written.of("login") == [("send_link", "ok"), ("authenticate_link", "ok"), ("sign_out", "ok")]
    assert written.of("factor") == [("start_totp", "ok"), ("recovery_codes", "ok")]
    assert written.of("step-up") == [("authenticate_totp", "ok")] * 2
    assert written.of("exchange") == [("token", "ok")]
    assert ("step-up required",) in written.of("denial")


def test_a_refusal_is_an_event(enrolled: Visitor, written: Written) -> None:
    enrolled.get("/step-up")
    enrolled.submit("/step-up", step_up_code="000000")
    enrolled.get("/cards")
    enrolled.post("/logout", {"csrf_token": "forged"})
    enrolled.get("/emulator/inbox", Host="evil.example")
    enrolled.post("/login", {"email": "ada@inactive.example"})

    assert written.of("step-up") == [("authenticate_totp", "unable_to_authenticate_totp")]
    assert written.of("denial") == [("no customer",), ("CSRF token",), ("SecurityError",)]
    assert {entry["level"] for entry in written.entries if entry.get("event") == "denial"} == {"WARNING"}
    assert written.of("login") == [("send_link", "inactive_email")]


def test_a_limit_is_an_event(visitor: Visitor, written: Written) -> None:
    for _ in range(4):
        visitor.ask_for_link()

    assert written.of("limit") == [("link: 3 per 10 minute",)]


def test_no_secret_is_ever_logged(app: Flask, written: Written) -> None:
    visitor = Visitor(app)
    link = visitor.ask_for_link()
    visitor.get(link)
    visitor.submit("/login/authenticate")
    visitor.get("/")
    visitor.submit("/totp")
    secret = visitor.page.one("code.key").text().replace(" ", "")
    code = visitor.code()
    visitor.enroll()
    visitor.open_account()
    visitor.get("/cards/list")

    secrets = [link.partition("token=")[2], visitor.cookie("stytch_session") or "", visitor.cookie("forms") or ""]
    assert min(len(each) for each in [*secrets, secret]) > 20
    assert [kept for kept in [*secrets, secret, code, EMAIL, "123-45-6789", "?"] if kept in written.text] == []


@pytest.mark.parametrize("written", [Lines, Readable], indirect=True, ids=["JSON", "terminal"])
def test_no_one_can_forge_a_line(visitor: Visitor, written: Written) -> None:
    visitor.get('/x%0d%0a{"event":"login"}%0a%e2%80%a8')

    assert len(written.text.splitlines()) == 1
    assert "\r" not in written.text


@pytest.mark.parametrize("written", [Readable], indirect=True)
def test_a_terminal_shows_the_same_in_one_line(visitor: Visitor, written: Written) -> None:
    visitor.get("/healthz")

    assert written.text.split()[:6] == ["12:00:00", "INFO", "request", "GET", "/healthz", "200"]


def test_of_a_crash_the_place_is_logged_and_not_the_text(settings: Settings, written: Written) -> None:
    app = create_app(settings)

    def crash() -> Response:
        raise KeyError("hush")

    app.view_functions["operations.healthz"] = public(crash)

    page = Visitor(app).get("/healthz")

    assert page.status == 500
    (entry,) = [entry for entry in written.entries if "trace" in entry]
    assert entry["trace"][0] == "KeyError"
    assert "test_logs.py" in entry["trace"][-1]
    assert "hush" not in written.text
    assert written.of("fault") == [("InternalServerError",)]


@pytest.mark.parametrize(
    "line",
    ["GET /login/authenticate?token=hush hush HTTP/1.1", "GET /?token=hush HTTP/x", "hush /hush", "hush"],
    ids=["too many words", "protocol", "two words", "one word"],
)
def test_the_development_server_quotes_nothing_of_a_malformed_request(app: Flask, written: Written, line: str) -> None:
    with make_server("127.0.0.1", 0, app) as server:
        thread = threading.Thread(target=server.handle_request)
        thread.start()
        with socket.create_connection(("127.0.0.1", server.port)) as client:
            client.sendall(f"{line}\r\n\r\n".encode())
            client.recv(1)
        thread.join()

    assert "code 400, message Bad" in written.text
    assert "hush" not in written.text


@pytest.mark.usefixtures("written")
def test_the_level_is_one_of_four(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"LOG_LEVEL must be one of DEBUG, ERROR, INFO, WARNING\."):
        create_app(read({"LOG_LEVEL": "hush"}, tmp_path))

    assert create_app(read({"LOG_LEVEL": " debug"}, tmp_path))


def test_the_start_says_which_services_are_real(settings: Settings, written: Written) -> None:
    create_app(settings)

    messages = [entry["message"] for entry in written.entries if entry["logger"] == "app"]
    assert messages == ["Stytch is emulated", "Unit is emulated", "Open http://localhost:8000"]
