"""Both services on one origin, as ``stytch-unit-emulator`` serves them.

Stytch has ``/v1`` and Unit all other paths, except the emulator's own pages: start page, mailbox and phone, and the
hosted application form. Each ``project-test-<uuid>`` is a separate tenant.
"""

from __future__ import annotations

import logging
import os
import re
import threading
from collections.abc import Callable, Iterable, Iterator, Set
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import requests
from flask import Flask, Response, make_response, render_template, request
from werkzeug.exceptions import HTTPException
from werkzeug.serving import WSGIRequestHandler, make_server

from . import application_page, clock, ledger_controls, provider_page, seeding, state_pages, stytch, unit
from . import controls as control_api
from .control_access import ControlAccess
from .control_middleware import PAGES, PREFIX, ControlMiddleware
from .faults import Operations
from .ledger import LedgerMiddleware, record_attempt
from .ledger_store import LedgerStore
from .store import MAX_RECORDS, Store
from .transport import WSGIAdapter

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

IN_PROCESS = "http://stytch.emulator"  # where Unit fetches Stytch's keys; never resolved by DNS
POLICY = (
    "default-src 'none'; style-src 'self'; form-action 'self' http: https:; base-uri 'none'; frame-ancestors 'none'"
)
FRONT_PATHS = (
    "/inbox",
    "/healthz",
    "/emulator.css",
    "/application-form/",
    "/oauth-provider/",
    PREFIX,
    f"{PREFIX}/",
    PAGES,
    f"{PAGES}/",
)
CONTROLS_OFF = "The control API is off. Start the emulator with --controls to turn it on."
NO_CONTROL = "There is no such control. The start page lists them."
SAMPLE_PROJECT = "project-test-00000000-0000-4000-8000-000000000001"
TOKENS = re.compile(
    r'(/application-form/|[?&](?:token|oauth_attach_token|state|code)=)[^\s&?"]+'
)  # in links that people open


def create_app(
    database_url: str | None = None,
    *,
    controls: ControlAccess | None = None,
    public_url: str | None = None,
    app_hosts: Set[str] = frozenset(),
    ledger: bool = True,
    bank: str | None = None,
) -> Flask:
    """Both services, a start page and optionally the control API, as one app.

    Without a URL, the data is in the database of ``EMULATOR_DATABASE_URL``, or in a SQLite file under ``instance/``.
    ``controls`` says who may use the control API; without it there is none. With it, a ``ledger`` records requests.
    ``public_url`` is the base of links, if browsers reach the app at another origin than API clients do. ``app_hosts``
    are host names at which plain http redirect and webhook URLs are accepted, besides loopback. ``bank``
    is whose questions applications at Unit must answer, one of ``unit.BANKS``. Raises BadDatabaseURL.
    """
    given = database_url or os.environ.get("EMULATOR_DATABASE_URL", "").strip()
    url = given or f"sqlite:///{Path.cwd() / 'instance' / 'emulator.db'}"
    store = LedgerStore(url) if controls else Store(url)
    stytch_app, unit_app = _services(store, public_url, frozenset(app_hosts), bank)
    seed = partial(seeding.seed, store=store, stytch_app=stytch_app, unit_app=unit_app)
    watch = unit_app.extensions["emulated_unit"].dispatcher.watch
    app = _front_app(store, controls, frozenset(app_hosts), watch, bank)
    both = _by_path(app.wsgi_app, stytch_app, unit_app)
    if controls and isinstance(store, LedgerStore):
        operations = Operations(stytch_app, unit_app)
        app.register_blueprint(control_api.blueprint(store, stytch_app, unit_app, operations, controls))
        app.register_blueprint(ledger_controls.blueprint(store, controls))
        app.register_blueprint(state_pages.blueprint(store, controls, lambda: app.wsgi_app))
        both = ControlMiddleware(both, store, operations)
        if ledger:
            both = LedgerMiddleware(both, store)
            unit_app.extensions["emulated_unit"].dispatcher.on_attempt = partial(record_attempt, store)
    else:
        app.register_blueprint(state_pages.off())
    app.wsgi_app = both  # type: ignore[method-assign, assignment]
    logging.getLogger("werkzeug").addFilter(_without_tokens)
    app.extensions |= {"emulator_store": store, "emulator_seed": seed}
    app.extensions["emulator_dispatcher"] = unit_app.extensions["emulated_unit"].dispatcher
    app.extensions["emulator_dispatcher"].resume()
    return app


def org_token(project_id: str) -> str:
    """The Unit org token for a Stytch project's tenant."""
    return f"v2.public.emulator-{project_id}"


@contextmanager
def running(database_url: str | None = None, *, port: int = 0) -> Iterator[str]:
    """Serve from a thread on loopback, with controls; yields the origin.

    Without a URL the data is deleted at the end. Without a port a free one is used.
    """
    with TemporaryDirectory(prefix="emulator-", ignore_cleanup_errors=True) as folder:
        app = create_app(database_url or f"sqlite:///{folder}/emulator.db", controls=ControlAccess())
        server = make_server("127.0.0.1", port, app, threaded=True, request_handler=_SilentRequestHandler)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()
            server.server_close()
            app.extensions["emulator_dispatcher"].stop()
            app.extensions["emulator_store"].close()


def _without_tokens(record: logging.LogRecord) -> bool:
    """Log filter that redacts the tokens of links in request lines."""
    if isinstance(record.args, tuple):
        record.args = tuple(TOKENS.sub(r"\1[token]", arg) if isinstance(arg, str) else arg for arg in record.args)
    return True


class _SilentRequestHandler(WSGIRequestHandler):
    """Logs no requests: they would clutter test output and show tokens."""

    def log(self, type: str, message: str, *args: object) -> None:  # noqa: A002 - named by the library
        """Log nothing."""


def _services(store: Store, public_url: str | None, app_hosts: frozenset[str], bank: str | None) -> tuple[Flask, Flask]:
    stytch_app = stytch.create_app(store, public_url=public_url, app_hosts=app_hosts)
    in_process = requests.Session()
    in_process.mount(IN_PROCESS, WSGIAdapter(stytch_app))
    unit_app = unit.create_app(
        store,
        jwt_settings=lambda project_id: unit.JwtSettings(
            jwks_path=f"{IN_PROCESS}/v1/sessions/jwks/{project_id}", issuer=f"stytch.com/{project_id}"
        ),
        fetch=lambda url: in_process.get(url).json(),
        public_url=public_url,
        app_hosts=app_hosts,
        bank=bank,
    )
    return stytch_app, unit_app


def _by_path(front: WSGIApplication, stytch_app: WSGIApplication, unit_app: WSGIApplication) -> WSGIApplication:
    def application(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        path = environ["PATH_INFO"]
        if path.startswith("/v1/"):
            return stytch_app(environ, start_response)
        is_front = path in ("/", *FRONT_PATHS) or path.startswith(
            tuple(prefix for prefix in FRONT_PATHS if prefix.endswith("/"))
        )
        return (front if is_front else unit_app)(environ, start_response)

    return application


def _front_app(
    store: Store,
    access: ControlAccess | None,
    app_hosts: frozenset[str],
    changed: Callable[[str], None],
    bank: str | None,
) -> Flask:
    app = Flask(__name__, template_folder="templates/server", static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = control_api.MAX_BYTES
    app.context_processor(lambda: {"csrf_token": str})  # the secret token in the form's URL prevents CSRF
    app.add_template_filter(clock.display, "display_time")
    tenant_of = partial(unit.tenant_of_form, store=store)
    app.register_blueprint(application_page.pages(store, tenant_of, changed, bank=bank))
    app.register_blueprint(provider_page.pages(store))

    @app.after_request
    def finish(response: Response) -> Response:
        response.headers.setdefault("Content-Security-Policy", POLICY)
        response.headers |= {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
        response.headers.setdefault("Referrer-Policy", "no-referrer")
        return response

    @app.errorhandler(HTTPException)
    def refused(error: HTTPException) -> HTTPException | tuple[dict[str, str], int, dict[str, str]]:
        """Answer JSON also where the control API is off, or has no such path."""
        if not request.path.startswith(PREFIX):
            return error
        return control_api.refusal(error, NO_CONTROL if access else CONTROLS_OFF)

    @app.get("/")
    def start() -> str:
        """Show how to point an SDK at this server."""
        origin = request.host_url.rstrip("/")
        return render_template(
            "start.html",
            origin=origin,
            project_id=SAMPLE_PROJECT,
            org_token=org_token(SAMPLE_PROJECT),
            controls=access,
            app_hosts=sorted(app_hosts),
            max_records=MAX_RECORDS,
        )

    @app.get("/inbox")
    def inbox() -> Response:
        """Show a project's mailbox and phone. Any password is accepted."""
        project_id = (request.authorization and request.authorization.username) or ""
        if not stytch.is_project_id(project_id):
            ask = {"WWW-Authenticate": 'Basic realm="A project id and any secret", charset="UTF-8"'}
            return make_response(render_template("no_project.html"), 401, ask)
        with store.read(project_id) as tenant:
            return make_response(
                render_template(
                    "inbox.html",
                    mails=stytch.mails(tenant),
                    messages=stytch.messages(tenant),
                    codes=stytch.authenticator(tenant),
                )
            )

    @app.get("/healthz")
    def healthz() -> dict[str, str]:
        """Health check."""
        return {"status": "ok"}

    @app.get("/emulator.css")
    def style() -> Response:
        """The stylesheet of these pages."""
        return Response((Path(__file__).parent / "static" / "emulator.css").read_bytes(), mimetype="text/css")

    return app
