"""What a visitor's browser does with OAuth, on the pages of ``extras/oauth`` and of the emulated provider."""

from __future__ import annotations

from .visitor import EMAIL, Page, Visitor


def leave(visitor: Visitor, action: str = "/oauth/google", *, htmx: bool = True) -> str:
    """Press the button; returns the page of the provider, on which the visitor then is."""
    page = visitor.post(action, htmx=htmx)
    assert page.status == 200, page.text
    url = page.goes_to or page.one("main a.button:not(.quiet)").attrs.sget("href")
    return visitor.get(visitor.get(local(url)).goes_to or "").response.request.full_path


def local(url: str) -> str:
    return url.removeprefix("http://localhost:8000")


def pick(visitor: Visitor, choice: str = EMAIL, email: str = "") -> str:
    """Pick an account on the provider's page; returns where the app is called back."""
    at = visitor.page.response.request
    state = visitor.page.one("[name=state]").attrs.sget("value")
    answer = visitor.post(at.path, {"state": state, "choice": choice, "email": email})
    assert answer.status == 303, answer.text
    return local(visitor.get(answer.goes_to or "").goes_to or "")


def sign_in(visitor: Visitor, choice: str = EMAIL, email: str = "", provider: str = "google") -> Page:
    """Sign in with a provider."""
    leave(visitor, f"/oauth/{provider}")
    return visitor.get(pick(visitor, choice, email))


def add(visitor: Visitor, choice: str = EMAIL, email: str = "", provider: str = "google") -> Page:
    """Add a provider to the account that is signed in."""
    leave(visitor, f"/oauth/{provider}/add")
    return visitor.get(pick(visitor, choice, email))
