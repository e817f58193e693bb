"""One module per step of the story. What they share: how an answer takes its form.

A plain browser gets a whole page or a 303, htmx the fragment or an ``HX-Redirect``; the template of the fragment is the
same file in both cases. ``HX-Request`` decides about form only, never about rights.
"""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import quote, unquote, urlsplit

from flask import Response, current_app, flash, make_response, redirect, render_template, request
from flask_wtf.csrf import validate_csrf
from werkzeug.exceptions import HTTPException
from werkzeug.routing import RequestRedirect
from wtforms import ValidationError

ELEMENT = re.compile(r"(?:[a-z]+#)?(?P<id>[a-z][a-z0-9-]{0,60})", re.ASCII)
SIGN_IN_AGAIN = "You are not signed in, or your session has ended. Sign in to go on."


def is_htmx() -> bool:
    """Whether htmx asks, and so wants a fragment."""
    return request.headers.get("HX-Request") == "true"


def render(
    page: str, fragment: str, status: int = 200, *, say: str = "", is_step: bool = False, **context: Any
) -> Response:
    """The fragment for htmx, or the page that includes it; ``say`` goes to the page's live region.

    ``is_step``: the fragment takes the page's place, so the page's title and the visitor's progress come with it.
    """
    if not is_htmx():
        return make_response(render_template(page, say=say, **context), status)
    parts = [render_template(fragment, **context)]
    if is_step:
        parts.append(render_template("_step.html", title=_title(page, context)))
    if say:
        parts.append(render_template("_say.html", say=say))
    return make_response("".join(parts), status)


def _title(page: str, context: dict[str, Any]) -> str:
    """The title block of a page, which is the only place where its title is written."""
    template, values = current_app.jinja_env.get_template(page), dict(context)
    current_app.update_template_context(values)
    return "".join(template.blocks["title"](template.new_context(values)))


def go(url: str, *, say: str = "") -> Response:
    """Send the visitor to another page of ours, which then says what happened."""
    if say:
        flash(say)
    if is_htmx():
        return make_response("", 200, {"HX-Redirect": url})
    return make_response(redirect(url, 303))


def own_path(url: str) -> str | None:
    """The path of a URL if this app has a page for it, else None; scheme, host and query are never believed.

    It is quoted, and so fit for a header: the digits of a card's id may be those of any script.
    """
    try:
        path = unquote(urlsplit(url).path)
        current_app.url_map.bind("").match(path, method="GET")
    except (HTTPException, RequestRedirect, ValueError):
        return None
    return quote(path) if re.match("/(?!/)", path) else None  # "//cards" is a view to the router, a host to a browser


def notice(
    status: int,
    title: str,
    text: str,
    page: str = "error.html",
    *,
    again: bool = False,
    retry_after: int | None = None,
    **context: Any,
) -> Response:
    """Bad news: a page, or for htmx a notice beside what stays on the page as it was, with all that was typed.

    ``again`` offers to send the same request once more, in a page with the form's fields. For htmx, what could not be
    loaded always offers it in its own place. ``retry_after`` is in seconds.
    """
    headers = {"Retry-After": str(retry_after)} if retry_after else {}
    words = {"title": title, "text": text, "status": status}
    if not is_htmx():
        kept = _own_form() if again else None
        return make_response(render_template(page, **words, again=again, kept=kept, **context), status, headers)
    body = render_template("_notice.html", **words, place=place_to_load())
    return make_response(body, status, headers | {"HX-Reswap": "none"})


def _own_form() -> dict[str, str] | None:
    """The fields of the form that was sent, if it is one of our own pages' and not too large to read."""
    try:
        validate_csrf(request.form.get("csrf_token"))
    except (ValidationError, HTTPException):
        return None
    return {name: value for name, value in request.form.items() if name != "csrf_token"}


def element_id(text: str) -> str:
    """An element's id out of htmx's ``tag#id``, or nothing: only plain ids may become selectors."""
    match = ELEMENT.fullmatch(text)
    return match["id"] if match else ""


def place_to_load() -> str:
    """The id of the empty place on the page that this request was to fill, if it was for one."""
    target = request.headers.get("HX-Target", "") if request.method == "GET" else ""
    return element_id(target) if target.startswith("div#") else ""


def dollars(cents: int) -> str:
    """An amount as people write it: ``-$1,234.50``."""
    return f"{'-' if cents < 0 else ''}${abs(cents) // 100:,}.{abs(cents) % 100:02}"
