"""Which requests come from the app's own pages: CSRF tokens, ``Origin`` and ``Sec-Fetch-Site``."""

from __future__ import annotations

import pytest
from flask import Flask

from .cookies import cookies
from .routes import HERE, SIGNED, UNSAFE, csrf_token, responses, routes, statuses
from .visitor import EMAIL, Visitor

FOREIGN = [
    {"Origin": "https://evil.example"},
    {"Origin": "http://localhost:8001"},
    {"Origin": "https://localhost:8000"},
    {"Origin": "http://localhost:8000.evil.example"},
    {"Origin": "null"},
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"},
    {"Sec-Fetch-Site": "something new"},
    {"Sec-Fetch-Site": "cross-site", "Origin": HERE},
    {"Sec-Fetch-Site": "same-origin", "Origin": "https://evil.example"},
]
OWN = [
    {},
    {"Origin": HERE},
    {"Origin": HERE, "Sec-Fetch-Site": "same-origin"},
    {"Origin": HERE, "Sec-Fetch-Site": "same-origin", "HX-Request": "true"},
    {"Sec-Fetch-Site": "none"},
]


def test_nothing_changes_without_a_csrf_token(signed_in: Visitor) -> None:
    asked = [each for each in routes(signed_in.app, UNSAFE) if each not in SIGNED]

    given = responses(signed_in.client, asked, headers={"Origin": HERE, "Sec-Fetch-Site": "same-origin"})

    assert {"/login", "/logout", "/cards"} <= {path for _, path in asked}
    assert statuses(given) == dict.fromkeys(asked, 400)
    assert {"from an earlier visit" in response.text for response in given.values()} == {True}
    assert EMAIL in signed_in.get("/").text


def test_another_browsers_csrf_token_is_refused(signed_in: Visitor) -> None:
    token = csrf_token(signed_in.app.test_client())
    asked = [each for each in routes(signed_in.app, UNSAFE) if each not in SIGNED]

    given = responses(signed_in.client, asked, data={"csrf_token": token}, headers={"X-CSRFToken": token})

    assert statuses(given) == dict.fromkeys(asked, 400)


@pytest.mark.parametrize("headers", FOREIGN, ids=str)
def test_nothing_changes_from_another_site_even_with_a_csrf_token(signed_in: Visitor, headers: dict[str, str]) -> None:
    asked = routes(signed_in.app, UNSAFE)

    given = responses(signed_in.client, asked, data={"csrf_token": csrf_token(signed_in.client)}, headers=headers)

    assert statuses(given) == dict.fromkeys(asked, 403)
    assert EMAIL in signed_in.get("/").text


@pytest.mark.parametrize("headers", FOREIGN, ids=str)
def test_another_site_gets_no_fragment(signed_in: Visitor, headers: dict[str, str]) -> None:
    asked = routes(signed_in.app, {"GET"})

    given = responses(signed_in.client, asked, headers=headers | {"HX-Request": "true"})

    assert ("GET", "/cards/list") in asked
    assert statuses(given) == dict.fromkeys(asked, 403)


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_what_another_sites_page_embeds_does_nothing_and_sets_no_cookie(signed_in: Visitor, site: str) -> None:
    headers = {"Sec-Fetch-Site": site, "Sec-Fetch-Mode": "no-cors", "Sec-Fetch-Dest": "image"}
    asked = routes(signed_in.app, {"GET"})

    given = responses(signed_in.client, asked, headers=headers)

    assert {("GET", "/"), ("GET", "/login/authenticate")} <= set(asked)
    assert statuses(given) == dict.fromkeys(asked, 403)
    assert not any(cookies(response).keys() - {"emulator_visitor"} for response in given.values())


@pytest.mark.parametrize("headers", FOREIGN, ids=str)
def test_a_refused_foreign_request_sets_and_deletes_no_cookie_of_the_app(app: Flask, headers: dict[str, str]) -> None:
    response = app.test_client().post("/logout", headers=headers)

    assert response.status_code == 403
    assert cookies(response).keys() <= {"emulator_visitor"}  # the emulator's own


@pytest.mark.parametrize("where", ["field", "header"])
@pytest.mark.parametrize("headers", OWN, ids=str)
def test_the_apps_own_forms_are_accepted(visitor: Visitor, headers: dict[str, str], where: str) -> None:
    token = csrf_token(visitor.client)
    in_header = {"X-CSRFToken": token} if where == "header" else {}  # as htmx sends it
    form = {"email": EMAIL} | ({"csrf_token": token} if where == "field" else {})

    assert visitor.client.post("/login", data=form, headers=headers | in_header).status_code == 200


def test_a_link_on_another_site_may_lead_here(signed_in: Visitor) -> None:
    page = signed_in.get("/", Sec_Fetch_Site="cross-site", Sec_Fetch_Mode="navigate")

    assert page.status == 200
    assert EMAIL in page.text
