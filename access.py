"""What every request must pass before its view: our host, our pages, a session, a CSRF token.

To copy: routes are closed unless they are listed here, so that a forgotten decorator opens nothing; and the checks
stand in an order in which another site can neither sign a visitor out nor learn whether there is one.
"""

from __future__ import annotations

from collections.abc import Set as AbstractSet

from flask import Flask, abort, request
from flask_wtf import CSRFProtect
from werkzeug.exceptions import SecurityError

from services.guards import current_session, require_same_origin
from services.http import begin_request, end_request

OPEN = frozenset(
    "static home.index home.healthz home.readyz login.send login.open_link login.spend_link login.sign_out "
    "inspector.source gallery.index gallery.show well_known.robots well_known.security".split()
)
csrf = CSRFProtect()


def add_access(app: Flask, also_open: AbstractSet[str]) -> None:
    """Check each request; ``also_open`` are further endpoints that need no session."""
    csrf.init_app(app)
    opened = OPEN | also_open
    app.before_request(begin_request)
    app.teardown_request(end_request)

    @app.before_request
    def check() -> None:
        if isinstance(request.routing_exception, SecurityError):  # a host that is not ours: no page can be built for it
            raise request.routing_exception
        require_same_origin()  # first: another site's request comes without the cookie, and must not delete it
        if request.endpoint and request.endpoint not in opened:
            current_session()
        if request.mimetype == "multipart/form-data":
            abort(400)  # no form here sends files
        csrf.protect()
