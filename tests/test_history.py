"""Going back in the browser shows whole pages."""

from __future__ import annotations

import pytest

from .visitor import Visitor


@pytest.mark.parametrize("path", ["/customer", "/cards/list"])
def test_what_htmx_restores_is_a_whole_page(stepped_up: Visitor, path: str) -> None:
    headers = {"HX-Request": "true", "HX-History-Restore-Request": "true", "Sec-Fetch-Site": "same-origin"}

    response = stepped_up.client.get(path, headers=headers, follow_redirects=True)

    assert '<html lang="en">' in response.text


@pytest.mark.parametrize("path", ["/login", "/totp"])
def test_a_reloaded_form_goes_to_the_next_step(visitor: Visitor, signed_in: Visitor, path: str) -> None:
    for one in (visitor, signed_in):
        page = one.get(path)
        assert (page.status, page.goes_to) == (303, "/")
