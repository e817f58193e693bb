"""Every state of every fragment, as the gallery of debug mode shows them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Error, Page, expect

from .accessible import complaints
from .server import Server, serving
from .visitor import Visitor


@pytest.fixture(scope="module")
def server(chromium: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:  # noqa: ARG001
    """The app in debug mode, which has the gallery."""
    options = ("--debug", "--no-reload", "--no-debugger")
    with serving(tmp_path_factory.mktemp("served"), "app", *options) as running:
        yield running


GROUPS = (
    *("Home", "Sign in", "Authenticator", "Step-up", "Application", "Cards", "Card", "Panels of a card", "Account"),
    *("API calls", "Errors"),
)


@pytest.mark.parametrize("group", GROUPS)
def test_every_state_renders_and_has_no_barrier(visitor: Visitor, tmp_path: Path, group: str) -> None:
    page = visitor.page
    page.route("**/gallery/*", lambda route: route.fulfill(body=""))
    page.goto("/gallery")
    assert page.locator("h2").all_inner_texts() == sorted(GROUPS, key=str.lower)
    frames = page.get_by_role("region", name=group, exact=True).locator("iframe")
    urls = frames.evaluate_all("frames => frames.map(frame => frame.src)")
    page.unroute("**/gallery/*")
    found: list[str] = []
    for number, url in enumerate(urls):
        page.goto(url)
        expect(page.get_by_role("main")).not_to_be_empty()
        _take(page, tmp_path / f"{number}.png")
        found += complaints(page)

    assert found == []
    assert len(urls) == len(list(tmp_path.iterdir())) > 1


def test_no_state_takes_the_focus_from_the_gallery(visitor: Visitor) -> None:
    visitor.page.goto("/gallery", wait_until="networkidle")

    assert visitor.page.evaluate("document.activeElement === document.body")
    assert visitor.page.evaluate("scrollY") == 0
    visitor.complaints.clear()  # the browser reports each script that it blocks in a frame


def _take(page: Page, path: Path) -> None:
    """Take a picture. On a busy machine the browser may fail to, so try once more."""
    try:
        page.screenshot(path=path, full_page=True, caret="initial")
    except Error:
        page.screenshot(path=path, full_page=True, caret="initial")
