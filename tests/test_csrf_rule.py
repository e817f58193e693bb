"""Forms sent by browsers that say less than others: no Referer, no Origin, a token of another tab's first page."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from .conftest import AppWith
from .routes import UNSAFE, csrf_token, responses, routes, statuses
from .visitor import EMAIL, Visitor

ORIGINS = ["http://localhost:8000", "https://demo.example.com"]
SAME = {"Sec-Fetch-Site": "same-origin"}
SAYS = {  # what browsers send with a form of this app, besides Referer
    "everything": SAME | {"Origin": "{here}"},
    "htmx": SAME | {"Origin": "{here}", "HX-Request": "true"},
    "no Origin": SAME,
    "a Referrer-Policy of the visitor's own": SAME | {"Origin": "null"},
    "an old browser": {"Origin": "{here}"},
    "nothing": {},
}


class Browser(FlaskClient):
    """A browser that reaches the app at one origin."""

    here = ""

    def open(self, *args: Any, **kwargs: Any) -> TestResponse:
        return super().open(*args, base_url=self.here, **kwargs)


@pytest.fixture(params=ORIGINS, ids=["http", "https"])
def here(request: pytest.FixtureRequest) -> str:
    """The app's origin."""
    return str(request.param)


@pytest.fixture
def client(app_with: AppWith, here: str) -> FlaskClient:
    """A new browser."""
    return browser(app_with(PUBLIC_URL=here), here)


def browser(app: Flask, here: str) -> FlaskClient:
    """Return a browser at this origin."""
    client = Browser(app, app.response_class)
    client.here = here
    return client


def said(by: str, here: str) -> dict[str, str]:
    return {name: value.format(here=here) for name, value in SAYS[by].items()}


@pytest.mark.parametrize("referer", [True, False], ids=["Referer", "no Referer"])
@pytest.mark.parametrize("by", SAYS)
def test_every_form_is_taken_from_our_pages(client: FlaskClient, here: str, by: str, referer: bool) -> None:
    asked = routes(client.application, UNSAFE)
    headers = said(by, here) | ({"Referer": f"{here}/"} if referer else {})

    given: dict[tuple[str, str], TestResponse] = {}
    token = csrf_token(client)
    for method, path in asked:
        given |= responses(client, [(method, path)], data={"csrf_token": token}, headers=headers)
        if "Set-Cookie" in given[method, path].headers:  # signing out starts a new visit
            token = csrf_token(client)

    assert not [path for path, response in given.items() if "earlier visit" in response.text]
    assert 403 not in statuses(given).values()


@pytest.mark.parametrize("by", ["everything", "htmx", "no Origin", "a Referrer-Policy of the visitor's own"])
@pytest.mark.parametrize("where", ["field", "header"])
def test_two_first_pages_both_work(client: FlaskClient, here: str, by: str, where: str) -> None:
    other = browser(client.application, here)
    earlier, later = csrf_token(other), csrf_token(client)  # the later answer's cookie took the earlier one's place

    for token in (earlier, later, earlier):
        form = {"email": EMAIL} | ({"csrf_token": token} if where == "field" else {})
        headers = said(by, here) | ({"X-CSRFToken": token} if where == "header" else {})
        assert client.post("/login", data=form, headers=headers).status_code == 200


@pytest.mark.parametrize("by", SAYS)
def test_a_form_of_a_page_from_before_the_sign_in_signs_out(signed_in: Visitor, by: str) -> None:
    token = signed_in.csrf_token()
    signed_in.client.delete_cookie("forms")

    response = signed_in.client.post("/logout", data={"csrf_token": token}, headers=said(by, ORIGINS[0]))

    assert (response.status_code < 400) == ("Sec-Fetch-Site" in SAYS[by])


@pytest.mark.parametrize(
    "headers",
    [
        pytest.param({"Sec-Fetch-Site": "cross-site"}, id="another site"),
        pytest.param({"Sec-Fetch-Site": "cross-site", "Origin": "null"}, id="another site's sandbox"),
        pytest.param({"Sec-Fetch-Site": "same-site"}, id="a sibling"),
        pytest.param({"Origin": "null"}, id="an old browser, from a sandbox"),
        pytest.param({"Origin": "https://evil.example"}, id="an old browser, from another site"),
    ],
)
def test_another_sites_form_is_refused_whatever_token_it_holds(
    client: FlaskClient, here: str, headers: dict[str, str]
) -> None:
    asked, tokens = (
        routes(client.application, UNSAFE),
        [csrf_token(browser(client.application, here)), csrf_token(client)],
    )

    for token in tokens:
        given = responses(client, asked, data={"csrf_token": token}, headers=headers | {"Referer": f"{here}/"})
        assert statuses(given) == dict.fromkeys(asked, 403)


@pytest.mark.parametrize("site", ["none", None], ids=str)
def test_a_token_of_another_visit_needs_the_browsers_word(client: FlaskClient, here: str, site: str | None) -> None:
    token = csrf_token(browser(client.application, here))
    csrf_token(client)

    headers = {"Origin": here} | ({"Sec-Fetch-Site": site} if site else {})

    assert client.post("/login", data={"csrf_token": token, "email": EMAIL}, headers=headers).status_code == 400


@pytest.mark.parametrize("token", ["", "made-up", "ImEi.aaaa.bbbb", "\u0661", "a" * 5000], ids=range(5))
def test_a_token_that_is_not_ours_is_refused(client: FlaskClient, here: str, token: str) -> None:
    csrf_token(client)

    response = client.post("/login", data={"csrf_token": token, "email": EMAIL}, headers=SAME | {"Origin": here})

    assert response.status_code == 400
