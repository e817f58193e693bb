"""Authentication guards: the sign-in cookie, the current session, and the decorators that stand first on a view.

To copy: every view needs a session unless it is marked ``@public`` (``services/security.py``); a guard never refuses on
a cached session without asking Stytch; and a guard only raises: one place turns that into a dialog, redirect or page.
"""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import wraps
from typing import Any, ParamSpec, TypeVar
from urllib.parse import urlsplit

from flask import Response, current_app, g, request
from itsdangerous import BadSignature, Signer

from .errors import NoCustomer, NotSignedIn, SecondFactorMissing, ServiceUnavailable
from .methods import has_second_factor
from .session import SESSION_TOKEN, Session
from .session_cache import session_cache

P = ParamSpec("P")
R = TypeVar("R")


def sign_in_token() -> str | None:
    """Return the session token of this request's cookie. The signature keeps guesses from costing a call."""
    try:
        token = _signer().unsign(request.cookies.get(cookie_name("stytch_session"), "")).decode()
    except BadSignature:
        return None
    return token if SESSION_TOKEN.fullmatch(token) else None


def current_session() -> Session:
    """Return this request's session, verified within the last five minutes. Raises NotSignedIn."""
    if (session := loaded_session()) is None:
        if (token := sign_in_token()) is None:
            raise NotSignedIn
        session = set_current_session(session_cache.get(token))
    return session


def optional_session() -> Session | None:
    """Return the session, or None: not signed in, or Stytch is down."""
    try:
        return current_session()
    except (NotSignedIn, ServiceUnavailable):
        return None


def loaded_session() -> Session | None:
    """Return the session if this request has loaded it. Never makes a call, so error pages may use it."""
    session: Session | None = g.get("stytch_session")
    return session


def fresh_session() -> Session:
    """Return the session as Stytch sees it now: before a refusal, and before every write. Raises NotSignedIn."""
    if not g.get("session_is_fresh"):
        set_current_session(session_cache.refresh(current_session().token))
        g.session_is_fresh = True
    return current_session()


def set_current_session(session: Session) -> Session:
    """Let the rest of this request see a session that has just changed."""
    g.stytch_session = session
    return session


def public(view: Callable[P, R]) -> Callable[P, R]:
    """Mark a view that needs no session."""
    view.is_public = True  # type: ignore[attr-defined]
    return view


def guard(check: Callable[[], object]) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Return a decorator that runs ``check`` before the view, while ``g.is_checking``."""

    def decorate(view: Callable[P, R]) -> Callable[P, R]:
        @wraps(view)
        def guarded(*args: P.args, **kwargs: P.kwargs) -> R:
            g.is_checking = True  # nothing has been done yet, if a service fails
            check()
            g.is_checking = False
            return view(*args, **kwargs)

        return guarded

    return decorate


def _require_customer() -> None:
    if not (current_session().customer_id or fresh_session().customer_id):
        raise NoCustomer


def _require_second_factor() -> None:
    if not (has_second_factor(current_session()) or has_second_factor(fresh_session())):
        raise SecondFactorMissing


login_required = guard(current_session)
customer_required = guard(_require_customer)
second_factor_required = guard(_require_second_factor)
revalidate_session = guard(fresh_session)  # before a write: the JWT of a revoked session verifies for five minutes


def set_cookie(response: Response, session: Session) -> None:
    """Give the browser the opaque session token, signed: at sign-in and never again."""
    value, name = _signer().sign(session.token).decode(), cookie_name("stytch_session")
    left = session.expires_at - datetime.now(UTC)  # browsers prefer it to the time, which their clock may not agree on
    response.set_cookie(name, value, max_age=left, expires=session.expires_at, **cookie_flags())


def delete_cookie(response: Response) -> None:
    """Take the session token back."""
    response.delete_cookie(cookie_name("stytch_session"), **cookie_flags())


def _signer() -> Signer:
    return Signer(str(current_app.secret_key), salt="sign-in cookie")


def cookie_name(name: str, config: Mapping[str, Any] | None = None) -> str:
    """Return a cookie's name: over https with ``__Host-``, which pins it to this host, else with the port.

    Cookies know no ports, so two apps on one machine would overwrite each other's.
    """
    config = config or current_app.config
    if config["SESSION_COOKIE_SECURE"]:
        return f"__Host-{name}"
    port = urlsplit(config.get("PUBLIC_URL", "")).port
    return f"{name}_{port}" if port else name


def cookie_flags() -> dict[str, Any]:
    """Return what every cookie has: for the server only, and not for other sites' requests."""
    return {"secure": current_app.config["SESSION_COOKIE_SECURE"], "httponly": True, "samesite": "Lax"}
