"""What holds for every request and response: our host, our pages, a session, a CSRF token, security headers.

To copy: every view needs a session unless it is marked ``@public``, so a forgotten decorator opens nothing; and the
checks stand in an order in which another site can neither sign a user out nor find out whether someone is signed in.
"""

from collections.abc import Mapping

from flask import Flask, Response, abort, current_app, g, request, session
from flask_wtf import CSRFProtect
from itsdangerous import BadData, URLSafeTimedSerializer
from werkzeug.exceptions import Forbidden, SecurityError

from .guards import current_session

UNSAFE = frozenset({"POST", "PUT", "PATCH", "DELETE"})
POLICY = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "img-src": "'self' data:",
    "connect-src": "'self'",
    "form-action": "'self'",
    "base-uri": "'none'",
    "object-src": "'none'",
    "frame-ancestors": "'none'",
}
csrf = CSRFProtect()


HEADERS = {
    "Content-Security-Policy": "; ".join(map(" ".join, POLICY.items())),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}


def init_app(app: Flask) -> None:
    """Check each request, and set the headers of each response, errors included."""
    # Checked below, after the session. Privacy tools strip Referer, so it is never needed.
    app.config.update(WTF_CSRF_CHECK_DEFAULT=False, WTF_CSRF_SSL_STRICT=False)
    csrf.init_app(app)
    app.before_request(check_request)
    app.after_request(set_headers)
    app.extensions.setdefault("public_endpoints", {"static"})
    app.extensions.setdefault("upload_endpoints", set())  # views of forms that send files


def allow(more: Mapping[str, str], app: Flask | None = None) -> None:
    """Add sources to directives of the policy: of the present response, or of each response of an app."""
    added = app.extensions.setdefault("sources", {}) if app else g.setdefault("sources", {})
    added |= {name: f"{added.get(name, '')} {sources}" for name, sources in more.items()}


def content_security_policy() -> str:
    """Return the policy of the present response."""
    policy = dict(POLICY)
    for added in (current_app.extensions.get("sources", {}), g.get("sources", {})):
        policy |= {name: f"{policy.get(name, '')} {sources}".replace("'none' ", "") for name, sources in added.items()}
    return "; ".join(" ".join([name, *dict.fromkeys(sources.split())]) for name, sources in policy.items())


def check_request() -> None:
    """Refuse a request before its view runs."""
    g.is_checking = True  # as in ``guards.guard``
    if isinstance(request.routing_exception, SecurityError):  # another host: no page can be built for it
        raise request.routing_exception
    require_same_origin()  # first: another site's POST has no cookie, and must not delete ours
    if request.endpoint and not is_public(request.endpoint):
        current_session()
    if request.mimetype == "multipart/form-data" and request.endpoint not in current_app.extensions["upload_endpoints"]:
        abort(400)  # or anyone could fill the disk
    require_our_token()
    g.is_checking = False


def require_our_token() -> None:
    """Refuse a form that is not from one of our pages. Raises CSRFError."""
    if not (g.get("csrf_valid") or has_our_token()):
        csrf.protect()  # the token must be the one that the cookie is tied to


def has_our_token() -> bool:
    """Whether the browser vouches that our page sent this form, and it holds a token that we signed for any visit.

    So forms still work that were opened before the cookie was replaced: in another tab, or before a sign-in.
    """
    if request.method not in UNSAFE or request.headers.get("Sec-Fetch-Site") != "same-origin":
        return False
    token = request.form.get("csrf_token") or request.headers.get("X-CSRFToken", "")
    try:
        URLSafeTimedSerializer(str(current_app.secret_key), salt="wtf-csrf-token").loads(token)
    except BadData:
        return False
    g.csrf_valid = True  # as Flask-WTF marks a request whose token it has checked
    return True


def is_public(endpoint: str) -> bool:
    """Whether an endpoint needs no session: marked ``@public``, static files, or listed by an extension."""
    if endpoint.endswith(".static") or endpoint in current_app.extensions["public_endpoints"]:
        return True
    return getattr(current_app.view_functions[endpoint], "is_public", False)


def is_static(endpoint: str | None) -> bool:
    """Whether an endpoint serves static files, of the app or of a blueprint."""
    return endpoint is not None and endpoint.rpartition(".")[2] == "static"


def require_same_origin() -> None:
    """Refuse what another site makes a browser send, but for links to pages. In addition to the CSRF token.

    No page can forge ``Sec-Fetch-Site`` or ``Origin``. Each is checked where it is sent; a privacy tool that strips
    Referer makes the browser send ``Origin: null``, so then ``Sec-Fetch-Site`` alone decides.
    """
    is_page = "HX-Request" not in request.headers and request.headers.get("Sec-Fetch-Mode") in {None, "navigate"}
    if request.method not in UNSAFE and is_page:
        return
    site, origin = request.headers.get("Sec-Fetch-Site"), request.headers.get("Origin")
    origins = {None, "", current_app.config["PUBLIC_URL"]} | ({"null"} if site == "same-origin" else set())
    if site not in {None, "same-origin", "none"} or origin not in origins:
        g.is_foreign = True
        raise Forbidden("This request came from another site.")


def set_headers(response: Response) -> Response:
    """Set what every response carries; only successful static files may be cached."""
    headers = HEADERS | {"Content-Security-Policy": content_security_policy()}
    permissions = current_app.extensions.get("permissions", ())  # of extras
    headers["Permissions-Policy"] = ", ".join([headers["Permissions-Policy"], *permissions])
    response.headers.extend({name: value for name, value in headers.items() if name not in response.headers})
    if g.get("is_foreign"):
        session.modified = False  # no new cookie: it would take the place of the one that the browser held back
    if not is_static(request.endpoint) or response.status_code >= 400:
        response.headers["Cache-Control"] = "no-store"
        response.vary.add("HX-Request")
    if current_app.config["SESSION_COOKIE_SECURE"]:
        response.headers["Strict-Transport-Security"] = "max-age=31536000; includeSubDomains"
    return response
