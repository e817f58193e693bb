"""Visitors who have started as a persona of the demo."""

from __future__ import annotations

from flask import Flask

from .visitor import Page, Visitor


def started(app: Flask, persona: str) -> Visitor:
    """Return a visitor who has pressed the button of this persona."""
    visitor = Visitor(app)
    visitor.get("/")
    assert visitor.post("/demo/start", {"as": persona}).status == 303
    return visitor


def play(visitor: Visitor, what: str) -> Page:
    """Press the button that lets this happen."""
    return visitor.post("/demo/play", {"what": what, "next": "/cards/list"})


def sign_in_again(visitor: Visitor) -> None:
    """Sign in with the address that the start offers to who comes back."""
    address = str(visitor.get("/").one("form.pretend input[name=email]").attrs["value"])
    visitor.post("/login", {"email": address})
    visitor.get(visitor.newest_link())
    visitor.submit("/login/authenticate")
