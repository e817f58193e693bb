"""The code that the panel shows: of this project's functions, and of nothing else."""

from __future__ import annotations

from urllib.parse import quote

import pytest

from ..visitor import Visitor

pytestmark = pytest.mark.panel


def test_the_code_of_a_view_comes_with_its_file_and_line_as_a_page_or_a_fragment(visitor: Visitor) -> None:
    path = "/source/totp.confirm?via=services.factors.authenticate_totp:1"

    page, fragment = visitor.get(path), visitor.get(path, htmx=True)

    shown = [" ".join(figure.text().split()) for figure in page.html.css("figure")]
    assert page.heading == "The code that made the call"
    assert [figure.partition(":")[0] for figure in shown] == ["blueprints/totp.py", "services/factors.py"]
    assert "def confirm() -> Response:" in shown[0]
    assert "totps.authenticate(" in shown[1]
    assert fragment.html.css("html, main, h1") == []
    assert len(fragment.html.css(".source figure pre[tabindex='0']")) == 2


def test_the_line_that_the_call_went_through_is_marked(stepped_up: Visitor) -> None:
    details = stepped_up.get("/cards/list").html.css(".call")[0].attrs["hx-get"]
    link = str(stepped_up.get(str(details), htmx=True).one("details.code").attrs["hx-get"])

    marked = [line.text().strip() for line in stepped_up.get(link).html.css(".hll")]

    assert marked[0] == 'return _listing(announce="Your cards are loaded.")'
    assert any(line.startswith("response = self.http.request(") for line in marked)


@pytest.mark.parametrize(
    "view_name",
    [
        *("static", "nothing", "emulator_stytch.inbox", "os.system", "__init__"),
        *("services.stytch_client.StytchClient.sign_out", "../app.py", "%2e%2e%2fsettings.py", "home.index%00", "é"),
    ],
)
def test_nothing_but_views_of_this_project_is_shown(visitor: Visitor, view_name: str) -> None:
    assert visitor.get(f"/source/{view_name}").status == 404


@pytest.mark.parametrize(
    "via",
    [
        *("os.system:1", "settings.load:1", "emulator.create_app:1", "requests.get:1", "tests.visitor.query:1"),
        *("services.stytch_client.StytchClient:1", "services.stytch_client.log:1", "x", ":1"),
        "services.session.Session.__eq__:1",  # generated: it has no source
    ],
)
def test_nothing_but_functions_of_this_project_is_shown_below(visitor: Visitor, via: str) -> None:
    page = visitor.get(f"/source/home.index?via={quote(via)}")

    assert page.status == 200
    assert len(page.html.css("figure")) == 1
