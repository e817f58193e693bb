"""A brand of one's own: name, color and logo, and colors that can be read."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from app import create_app
from extras.brand.colors import CONTRAST, DARK, LIGHT, SURFACES, contrast, palette
from settings import SettingsError

from ..conftest import AppWith
from ..environs import read
from ..visitor import Visitor

LOGO = "https://assets.example.com/brand/logo.svg"


def test_without_settings_pages_have_the_samples_own_name_and_no_further_file(visitor: Visitor) -> None:
    page = visitor.get("/")

    assert page.one(".brand").text(strip=True).startswith("Cards")
    assert "Cards with Stytch and Unit" in page.one("title").text()
    assert "brand.css" not in page.body


def test_the_name_stands_in_header_and_title_of_pages_and_fragments(app_with: AppWith) -> None:
    visitor = Visitor(app_with(BRAND_NAME="Acme <Bank>"))

    page = visitor.get("/")

    assert page.one(".brand").text(strip=True) == "Acme <Bank>"
    assert page.one("title").text().endswith(" – Acme <Bank>")
    visitor.sign_in()
    assert "– Acme &lt;Bank&gt;</title>" in visitor.post("/totp", htmx=True).body


def test_the_color_is_a_style_sheet_of_variables_that_browsers_keep(app_with: AppWith) -> None:
    visitor = Visitor(app_with(BRAND_COLOR="#FFCC00"))

    sheet = visitor.get("/").one("link[href*='brand.css']").attrs
    answer = visitor.client.get(str(sheet["href"]), buffered=True)

    assert answer.mimetype == "text/css"
    assert "immutable" in answer.headers["Cache-Control"]
    assert str(sheet["integrity"]).startswith("sha384-")
    assert "--button: #ffcc00;" in answer.text
    assert "--on-button: #000000;" in answer.text
    assert "style=" not in visitor.page.body


@pytest.mark.parametrize(
    "color", ["#000000", "#ffffff", "#ffcc00", "#0b6e5c", "#777777", "#ff0000", "#00ff00", "#1d2926", "#660033"]
)
def test_links_can_be_read_on_every_surface_and_buttons_too(color: str) -> None:
    found = palette(color)

    for shades, surfaces in ((found.light, LIGHT), (found.dark, DARK)):
        assert all(contrast(shades.accent, each) >= CONTRAST for each in (*surfaces, shades.soft))
        assert contrast(shades.on_accent, shades.accent) >= CONTRAST
    on_button = re.findall("--on-button: (#[0-9a-f]{6});", found.css)[0]
    assert contrast(on_button, color) >= CONTRAST
    assert f"--button: {color};" in found.css


def test_a_button_has_an_edge_where_it_would_not_stand_out() -> None:
    assert "--button-edge: light-dark(var(--edge), transparent);" in palette("#ffffff").css
    assert "--button-edge: light-dark(transparent, var(--edge));" in palette("#000000").css
    assert "--button-edge: light-dark(transparent, transparent);" in palette("#7a7a7a").css


def test_the_surfaces_are_those_of_the_style_sheet() -> None:
    sheet = (Path(__file__).parents[2] / "static" / "app.css").read_text()

    for name, *colors in zip(SURFACES, LIGHT, DARK, strict=True):
        assert f"--{name}: light-dark({', '.join(colors)});" in sheet


def test_the_start_says_when_the_color_had_to_be_shifted(caplog: pytest.LogCaptureFixture, tmp_path: Path) -> None:
    caplog.set_level("INFO")

    create_app(read({"BRAND_COLOR": "#ffcc00"}, tmp_path))

    light = palette("#ffcc00").light.accent
    assert f"links are {light} in light mode and #ffcc00 in dark mode" in caplog.text


def test_a_logo_of_another_origin_is_allowed_there_and_nowhere_else(app_with: AppWith) -> None:
    visitor = Visitor(app_with(BRAND_LOGO_URL=LOGO))

    page = visitor.get("/")

    assert page.one(".brand img").attrs["src"] == LOGO
    assert page.one(".brand img").attrs["alt"] == "Home"  # the link has no other name
    policy = dict(part.split(" ", 1) for part in page.response.headers["Content-Security-Policy"].split("; "))
    assert policy["img-src"] == "'self' data: https://assets.example.com"
    assert [name for name, sources in policy.items() if "example.com" in sources] == ["img-src"]


def test_a_logo_in_static_is_versioned(app_with: AppWith) -> None:
    page = Visitor(app_with(BRAND_NAME="Acme", BRAND_LOGO_URL="favicon.svg")).get("/")

    assert str(page.one(".brand img").attrs["src"]).startswith("/static/favicon.svg?v=")
    assert page.one(".brand img").attrs["alt"] == ""


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("BRAND_NAME", "x" * 41),
        ("BRAND_NAME", "Acme\nBank"),
        ("BRAND_COLOR", "red"),
        ("BRAND_COLOR", "#12345"),
        ("BRAND_COLOR", "#123456; } body { display: none"),
        ("BRAND_LOGO_URL", "http://example.com/logo.svg"),
        ("BRAND_LOGO_URL", "https://example.com/logo.svg; script-src *"),
        ("BRAND_LOGO_URL", "https://user@example.com/logo.svg"),
        ("BRAND_LOGO_URL", "../secret_key.svg"),
        ("BRAND_LOGO_URL", "none.svg"),
        ("BRAND_LOGO_URL", "data:image/svg+xml,"),
    ],
)
def test_any_other_value_ends_the_start(tmp_path: Path, name: str, value: str) -> None:
    with pytest.raises(SettingsError, match=f"^{name} "):
        create_app(read({name: value}, tmp_path))
