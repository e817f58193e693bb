"""Both services over HTTP on loopback, as an app with real credentials calls them; and a visitor's way through it."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from werkzeug.serving import WSGIRequestHandler, make_server

import stytch_unit_emulator as emulator
from settings import Settings
from stytch_unit_emulator.stytch import authenticator, mails

from .environs import SECRET_KEY, Environ, read
from .visitor import PERSON, Visitor, query

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment


@dataclass
class LiveServices:
    """Where they are, the project's credentials, and answers that replace their own."""

    origin: str
    store: emulator.Store
    project_id: str = field(default_factory=lambda: f"project-test-{uuid4()}")
    lies: dict[tuple[str, str], tuple[int, Any]] = field(default_factory=dict)  # by method and path: status and body
    date: str = ""  # in place of the server's own
    asked: list[str] = field(default_factory=list)

    def settings(self, instance: Path, **given: str) -> Settings:
        """The settings of an app that has credentials for both."""
        environ: Environ = {
            **SECRET_KEY,
            "STYTCH_PROJECT_ID": self.project_id,
            "STYTCH_SECRET": "secret-test-of-a-project-on-loopback",
            "STYTCH_API_URL": self.origin,
            "UNIT_API_TOKEN": emulator.org_token(self.project_id),
            "UNIT_API_URL": self.origin,
        }
        return read(environ | given, instance)

    def newest_link(self) -> str:
        """The app's URL that the newest email leads to, past Stytch's own redirect."""
        with self.store.read(self.project_id) as tenant:
            return f"/login/authenticate?token={query(mails(tenant)[0].link)['token']}"

    def code(self) -> str:
        """The newest authenticator's code."""
        with self.store.read(self.project_id) as tenant:
            return authenticator(tenant)[0].code

    def sign_in(self, visitor: Visitor, email: str) -> None:
        visitor.get("/")
        visitor.submit("/login", {"email": email})
        visitor.get(self.newest_link())
        visitor.submit("/login/authenticate")

    def open_account(self, visitor: Visitor, email: str) -> None:
        self.sign_in(visitor, email)
        visitor.get("/")
        visitor.submit("/totp")
        visitor.submit("/totp/confirm", code=self.code())
        visitor.get("/customer")
        visitor.submit("/customer", PERSON)

    def answering(self, application: WSGIApplication) -> WSGIApplication:
        """The services, with their answers replaced where one is given."""

        def served(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
            method, path = environ["REQUEST_METHOD"], environ["PATH_INFO"]
            self.asked.append(f"{method} {path}")
            if lie := self.lies.get((method, path)):
                status, document = lie
                start_response(f"{status} Lie", [("Content-Type", "application/json")])
                return [document.encode() if isinstance(document, str) else json.dumps(document).encode()]
            return application(environ, start_response)

        return served


@contextmanager
def live_services(folder: Path) -> Iterator[LiveServices]:
    """Serve both from a thread, on a free port."""

    class Handler(WSGIRequestHandler):
        def date_time_string(self, timestamp: float | None = None) -> str:
            return services.date or super().date_time_string(timestamp)

    application = emulator.create_app(f"sqlite:///{folder / 'live.db'}")
    server = make_server("localhost", 0, application, threaded=True, request_handler=Handler)
    services = LiveServices(f"http://localhost:{server.port}", application.extensions["emulator_store"])
    server.app = services.answering(application)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    yield services
    server.shutdown()
    thread.join()
    server.server_close()
    services.store.close()
