"""Both services over HTTP on loopback, as they are when they are real: sockets, base URLs, texts. One may misbehave."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit
from uuid import uuid4

from werkzeug.serving import WSGIRequestHandler, make_server

import emulator
from emulator.stytch import authenticator, mails
from settings import Settings, load

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment


@dataclass
class LiveServices:
    """Where they are, the project's credentials, and what they answer instead of the truth."""

    origin: str
    store: emulator.Store
    project_id: str = field(default_factory=lambda: f"project-test-{uuid4()}")
    lies: dict[tuple[str, str], tuple[int, Any]] = field(default_factory=dict)  # by method and path
    date: str = ""  # in place of the server's own
    asked: list[str] = field(default_factory=list)

    def settings(self, instance: Path, **given: str) -> Settings:
        """The settings of an app for which both are real."""
        environ = {
            "SECRET_KEY": "an-odd-key-that-only-these-tests-know",
            "STYTCH_PROJECT_ID": self.project_id,
            "STYTCH_SECRET": "secret-test-of-a-project-on-loopback",
            "STYTCH_API_URL": self.origin,
            "UNIT_API_TOKEN": emulator.org_token(self.project_id),
            "UNIT_API_URL": self.origin,
        }
        return load(environ | given, dotenv=None, instance=instance)

    def newest_link(self) -> str:
        """The app's URL that the newest mail leads to, past Stytch's own redirect."""
        with self.store.read(self.project_id) as world:
            return f"/login/authenticate?token={parse_qs(urlsplit(mails(world)[0].link).query)['token'][0]}"

    def code(self) -> str:
        """What the newest authenticator shows."""
        with self.store.read(self.project_id) as world:
            return authenticator(world)[0].code

    def answering(self, application: WSGIApplication) -> WSGIApplication:
        """The services, but for the lies."""

        def served(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
            method, path = environ["REQUEST_METHOD"], environ["PATH_INFO"]
            self.asked.append(f"{method} {path}")
            if lie := self.lies.get((method, path)):
                status, document = lie
                body = document.encode() if isinstance(document, str) else json.dumps(document).encode()
                start_response(f"{status} Lie", [("Content-Type", "application/json")])
                return [body]
            return application(environ, start_response)

        return served


@contextmanager
def live_services(folder: Path) -> Iterator[LiveServices]:
    """Serve both from a thread, on a port that is free."""

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
