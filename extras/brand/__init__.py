"""Your own name, color and logo on every page.

Settings: ``BRAND_NAME``; ``BRAND_COLOR``, as ``#0b6e5c``; ``BRAND_LOGO_URL``, a file in ``static/`` or an https URL,
whose origin is added to the ``img-src`` of each page. The color becomes a style sheet of variables, which is a static
file like the others. Fills the slots ``head`` and ``brand``. Nothing else belongs to it.
"""

from __future__ import annotations

import atexit
import re
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from tempfile import mkdtemp
from urllib.parse import urlsplit

from flask import Blueprint, Flask

from blueprints.slots import fill_slot
from services.security import allow
from settings import Settings, SettingsError

from .colors import Palette, palette

FILE = re.compile(r"[\w-]{1,60}(\.[\w-]{1,60}){0,3}\.(svg|png|webp|jpe?g)", re.ASCII)
PAGE = re.compile(r"https://[a-z0-9-]+(\.[a-z0-9-]+)+(:[1-9][0-9]{0,4})?(/[\w.~%-]*)+", re.ASCII)


def init_app(app: Flask) -> None:
    """Show the brand on each page. Raises SettingsError."""
    settings: Settings = app.extensions["settings"]
    name, color, logo = (_checked(settings.given, *check) for check in CHECKS)
    if name:
        app.jinja_env.globals["brand_name"] = name
    if logo:
        _check_file(app, logo)
        app.jinja_env.globals["brand_logo"] = logo
    bp = Blueprint("brand", __name__, template_folder="templates", static_url_path="/static/brand")
    if color:
        _add_sheet(app, bp, palette(color))
    app.register_blueprint(bp)
    if name or logo:
        fill_slot(app, "brand", "brand/brand.html")
    if logo.startswith("https:"):
        allow({"img-src": f"https://{urlsplit(logo).netloc}"}, app)


def is_name(text: str) -> bool:
    """Whether a text can stand in the header: one line, not too long."""
    return len(text) <= 40 and text.isprintable()


CHECKS: tuple[tuple[str, Callable[[str], object], str], ...] = (
    ("BRAND_NAME", is_name, "one line of at most 40 characters"),
    ("BRAND_COLOR", re.compile("#[0-9a-fA-F]{6}").fullmatch, "a color such as #0b6e5c"),
    (
        "BRAND_LOGO_URL",
        lambda text: FILE.fullmatch(text) or PAGE.fullmatch(text),
        "a file in static/ such as logo.svg, or an https URL without a query",
    ),
)


def _checked(given: Mapping[str, str], name: str, check: Callable[[str], object], what: str) -> str:
    value = given.get(name, "")
    if value and not check(value):
        raise SettingsError(f"{name} must be {what}.")
    return value


def _check_file(app: Flask, logo: str) -> None:
    if not logo.startswith("https:") and not Path(app.static_folder or "", logo).is_file():
        raise SettingsError("BRAND_LOGO_URL names a file that is not in static/.")


def _add_sheet(app: Flask, bp: Blueprint, colors: Palette) -> None:
    """Serve the variables from a folder of this process, with a version and a hash."""
    folder = mkdtemp(prefix="brand")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    Path(folder, "brand.css").write_text(colors.css)
    bp.static_folder = folder
    bp.add_url_rule("/static/brand/<path:filename>", endpoint="static", view_func=bp.send_static_file)
    fill_slot(app, "head", "brand/head.html")
    if colors.is_shifted:
        app.logger.info(
            "BRAND_COLOR cannot be read on every page: links are %s in light mode and %s in dark mode",
            colors.light.accent,
            colors.dark.accent,
        )
