"""Every state of every fragment, as the gallery of debug mode shows them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from .accessible import AXE, complaints
from .server import Server, serving
from .visitor import Visitor

GROUPS = (
    *("Home", "Sign in", "Authenticator", "Step-up", "Application", "Cards", "Card", "Panels of a card", "Account"),
    *("Invitations", "API calls", "Errors"),
)
SHOW_WITH_SCRIPTS = """urls => {
    const frames = urls.map((src) => Object.assign(document.createElement('iframe'), { src }));
    for (const { style } of [document.body, ...frames]) Object.assign(style, { margin: 0, padding: 0, border: 0 });
    for (const { style } of frames) Object.assign(style, { width: '100%', height: '800px' });
    const loaded = frames.map((frame) => new Promise((done) => { frame.onload = done; }));
    document.body.replaceChildren(...frames);
    return Promise.all(loaded).then(() => null);
}"""


@pytest.fixture(scope="module")
def server(chromium: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:  # noqa: ARG001
    """The app in debug mode, which has the gallery."""
    options = ("--debug", "--no-reload", "--no-debugger")
    with serving(tmp_path_factory.mktemp("served"), "app", *options) as running:
        yield running


@pytest.mark.long
def test_every_state_renders_and_has_no_barrier(visitor: Visitor) -> None:
    page = visitor.page
    page.route("**/gallery/*", lambda route: route.fulfill(body=""))
    page.goto("/gallery")
    assert page.locator("h2").all_inner_texts() == sorted(GROUPS, key=str.lower)
    groups = page.locator("section.gallery").evaluate_all(
        "groups => groups.map(group => [...group.querySelectorAll('iframe')].map(frame => frame.src))"
    )
    page.unroute("**/gallery/*")
    page.add_init_script(path=AXE)
    found: list[str] = []
    for urls in groups:
        found += _complaints_of(visitor, urls)

    assert found == []
    assert min(map(len, groups)) > 1


def _complaints_of(visitor: Visitor, urls: list[str]) -> list[str]:
    """Return what is wrong with these states, each in a frame that runs its scripts."""
    page = visitor.page
    page.evaluate(SHOW_WITH_SCRIPTS, urls)
    frames = page.main_frame.child_frames
    assert [frame.url for frame in frames] == urls
    for frame in frames:
        expect(frame.get_by_role("main")).not_to_be_empty()
    return complaints(page, *frames)


def test_no_state_takes_the_focus_from_the_gallery(visitor: Visitor) -> None:
    visitor.page.goto("/gallery", wait_until="networkidle")

    assert visitor.page.evaluate("document.activeElement === document.body")
    assert visitor.page.evaluate("scrollY") == 0
    visitor.complaints.clear()  # the browser reports each script that it blocks in a frame
