"""Who may pass: the sign-in cookie, the current session, and the decorators that stand first on a view.

To copy: routes are guarded unless they are listed as open; a guard never refuses on a cached session without asking
Stytch once; and a guard only raises: one place turns that into a dialog, a redirect or a page.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from functools import wraps
from typing import ParamSpec, TypeVar

from flask import Response, current_app, g, request
from werkzeug.exceptions import Forbidden, TooManyRequests

from settings import Settings

from .auth import auth
from .exchange import NoCustomer, StepUpNeeded, exchange
from .http import ServiceDown
from .limits import few_unknown_sessions
from .session import SESSION_TOKEN, NotSignedIn, Session

P = ParamSpec("P")
R = TypeVar("R")
UNSAFE = frozenset({"POST", "PUT", "PATCH", "DELETE"})
FACTOR_MAX_AGE = timedelta(minutes=5)  # of the second factor, to see or change what proves who somebody is


class StepUpRequired(Exception):
    """The view needs a fresh second factor; ``purpose`` says in the visitor's words what for.

    ``by_text``: whether a code that Unit texts would do.
    """

    def __init__(self, purpose: str, *, by_text: bool) -> None:
        super().__init__(purpose)
        self.purpose, self.by_text = purpose, by_text


def sign_in_token() -> str | None:
    """The session token of this request's cookie, if it can be one."""
    token = request.cookies.get(cookie_name(), "")
    return token if SESSION_TOKEN.fullmatch(token) else None


def current_session() -> Session:
    """The session of this request's cookie, verified within the last five minutes. Raises NotSignedIn."""
    if (session := known_session()) is None:
        if not (token := sign_in_token()):
            raise NotSignedIn
        if (session := auth.sessions.known(token)) is None:
            with few_unknown_sessions():
                session = auth.sessions.get(token)
        g.session = session
    return session


def session_if_any() -> Session | None:
    """The session where one would be nice to have, but is not needed."""
    try:
        return current_session()
    except (NotSignedIn, ServiceDown, TooManyRequests):
        return None


def known_session() -> Session | None:
    """The session if this request has asked for it already. Calls nobody, so that even an error page may use it."""
    session: Session | None = g.get("session")
    return session


def fresh_session() -> Session:
    """The session as Stytch sees it now: before a refusal, and before every write. Raises NotSignedIn."""
    if not g.get("session_is_fresh"):
        g.session, g.session_is_fresh = auth.sessions.refresh(current_session().token), True
    return current_session()


def go_on_with(session: Session) -> Session:
    """Let the rest of this request see a session that has just changed."""
    g.session = session
    return session


def signed_in(view: Callable[P, R]) -> Callable[P, R]:
    """Let only visitors with a session pass."""

    @wraps(view)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> R:
        current_session()
        return view(*args, **kwargs)

    return guarded


def customer_required(view: Callable[P, R]) -> Callable[P, R]:
    """Let only users pass who are customers at Unit."""

    @wraps(view)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> R:
        if not (current_session().customer_id or fresh_session().customer_id):
            raise NoCustomer
        return view(*args, **kwargs)

    return guarded


def stepped_up(
    purpose: str | Callable[[], str], max_age: timedelta | None = None, *, by_text: bool = True
) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Let only sessions pass whose second factor is fresh (``STEP_UP_MAX_AGE`` unless said otherwise).

    ``purpose`` completes the sentence "Enter a code to ...", or reads from the request what does. Decided by the kind
    and the age of the factors, in the JWT that Unit will be shown: Unit is not known to look at them, so this gate is
    the app's to keep. A code that Unit texted does as well, unless the view says otherwise.
    """
    by_text = by_text and max_age is None

    def is_proven(session: Session) -> bool:
        if by_text:
            return exchange.is_stepped_up(session)
        return session.proven_until(max_age or _settings().step_up_max_age) is not None

    def decorate(view: Callable[P, R]) -> Callable[P, R]:
        @wraps(view)
        def guarded(*args: P.args, **kwargs: P.kwargs) -> R:
            words = purpose if isinstance(purpose, str) else purpose()
            if not (is_proven(current_session()) or is_proven(fresh_session())):
                raise StepUpRequired(words, by_text=by_text)
            try:
                return view(*args, **kwargs)
            except StepUpNeeded as needed:
                texted = exchange.is_texted(fresh_session())
                raise StepUpRequired(words, by_text=by_text and not texted) from needed

        return guarded

    return decorate


def writes(view: Callable[P, R]) -> Callable[P, R]:
    """Ask Stytch before anything is changed: a revoked session's JWT would verify here for five minutes more.

    Stands above ``stepped_up``, which then decides on what Stytch has just said.
    """

    @wraps(view)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> R:
        fresh_session()
        return view(*args, **kwargs)

    return guarded


def require_same_origin() -> None:
    """Refuse what another site makes a browser send: every unsafe request, and every fragment.

    Stands beside the CSRF token. Browsers set ``Sec-Fetch-Site`` themselves; where it is missing, ``Origin`` decides.
    """
    if request.method not in UNSAFE and "HX-Request" not in request.headers:
        return
    site, origin = request.headers.get("Sec-Fetch-Site"), request.headers.get("Origin")
    if site not in {None, "same-origin", "none"} or (origin and origin != _settings().public_url):
        raise Forbidden("This request came from another site.")


def cookie_name() -> str:
    """``stytch_session``, Stytch's own name; over https with the prefix that pins it to this host."""
    return "__Host-stytch_session" if _settings().is_https else "stytch_session"


def set_cookie(response: Response, session: Session) -> None:
    """Give the browser the opaque session token: the only thing it ever holds. Done at sign-in and never again."""
    response.set_cookie(
        cookie_name(),
        session.token,
        expires=session.expires_at,
        secure=_settings().is_https,
        httponly=True,
        samesite="Lax",
    )


def delete_cookie(response: Response) -> None:
    """Take the session token back."""
    response.delete_cookie(cookie_name(), secure=_settings().is_https, httponly=True, samesite="Lax")


def _settings() -> Settings:
    settings: Settings = current_app.extensions["settings"]
    return settings
