"""Every state of every fragment, as the gallery of debug mode shows them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import expect

from .accessible import complaints
from .server import Server, serving
from .visitor import Visitor

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def server(chromium: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:  # noqa: ARG001
    """The app in debug mode, which has the gallery."""
    options = ("--debug", "--no-reload", "--no-debugger")
    with serving(tmp_path_factory.mktemp("served"), "app", *options) as running:
        yield running


GROUPS = ("Sign in", "Authenticator", "Step-up", "Application", "Cards", "Card", "Account", "Bad news")


@pytest.mark.parametrize("group", GROUPS)
def test_every_state_renders_and_is_open_to_everybody(visitor: Visitor, tmp_path: Path, group: str) -> None:
    page = visitor.page
    page.goto("/gallery")
    expect(page.locator("h2")).to_have_text(sorted(GROUPS))
    frames = page.get_by_role("region", name=group, exact=True).locator("iframe")
    urls = frames.evaluate_all("frames => frames.map(frame => frame.src)")
    page.goto("about:blank")
    found: list[str] = []
    for url in urls:
        page.goto(url)
        expect(page.get_by_role("main")).not_to_be_empty()
        page.screenshot(path=tmp_path / f"{url.rpartition('/')[2]}.png", full_page=True, caret="initial")
        found += complaints(page)

    assert found == []
    assert len(urls) == len(list(tmp_path.iterdir())) > 3
