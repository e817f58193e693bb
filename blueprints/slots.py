"""Slots: places in core templates that extras fill, and what templates need if no extra provides it."""

from typing import Any

from flask import Flask, current_app
from jinja2 import pass_context
from jinja2.runtime import Context
from markupsafe import Markup


def init_app(app: Flask) -> None:
    """Give templates ``slot``, and fallbacks for what only extras provide."""
    app.extensions.setdefault("slots", {})
    app.jinja_env.globals["slot"] = slot
    app.jinja_env.globals.setdefault("integrity", lambda _filename, _endpoint="static": "")


def fill_slot(app: Flask, name: str, template: str) -> None:
    """Show a template at a place that core templates leave open."""
    app.extensions["slots"].setdefault(name, []).append(template)


@pass_context
def slot(page: Context, name: str, **context: Any) -> Markup:
    """Render what extras show at this place, with what the page has; empty without them."""
    if not (names := current_app.extensions["slots"].get(name)):
        return Markup()
    templates = map(page.environment.get_template, names)
    return Markup("").join(Markup(one.render(page.get_all(), **context).strip()) for one in templates)  # noqa: S704 - rendered by Jinja
