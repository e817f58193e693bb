"""Every state of every fragment, as the gallery of debug mode shows them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from .accessible import ALL, AXE, OUR_OWN_RULES, RUN_AXE, WIDTHS
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
CHECKS = f"Object.assign(window, {{ axeFaults: {RUN_AXE}, ownFaults: {OUR_OWN_RULES} }})"
# What stands around main, such as the header, is checked once, and again wherever it differs.
FAULTS = """async rules => {
    window.known ??= new Set();
    const found = [];
    for (const frame of document.querySelectorAll('iframe')) {
        const { document: page, axeFaults } = frame.contentWindow, around = page.body.cloneNode(true);
        around.querySelector('main').replaceChildren();
        const form = around.outerHTML.replace(/\\/gallery\\/[\\w-]+|(?<= (datetime|value)=)"[^"]*"/g, '');
        frame.checked ??= known.has(form) ? page.querySelector('main') : page;
        known.add(form);
        found.push(...(await axeFaults(rules, frame.checked)).map((fault) => `${page.title}: ${fault}`));
    }
    return found;
}"""
OWN_FAULTS = """() => [...document.querySelectorAll('iframe')].map((frame) => frame.contentWindow)
    .flatMap(({ document: { title }, ownFaults }) => ownFaults().map((fault) => `${title}: ${fault}`))"""
WIDE = """() => [...document.querySelectorAll('iframe')].map(({ contentDocument: page }) => page)
    .filter(page => page.scrollingElement.scrollWidth > innerWidth).map(page => `${page.title} scrolls sideways`)"""


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
    page.add_init_script(CHECKS)
    found: list[str] = []
    for urls in groups:
        page.evaluate(SHOW_WITH_SCRIPTS, urls)
        assert [frame.url for frame in page.main_frame.child_frames] == urls
        found += page.evaluate(FAULTS, ALL) + page.evaluate(OWN_FAULTS)
        page.emulate_media(color_scheme="dark")
        found += [f"dark: {fault}" for fault in page.evaluate(FAULTS, ["color-contrast"])]
        page.emulate_media(color_scheme="light")
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 800})
            found += page.evaluate(WIDE)

    assert found == []
    assert min(map(len, groups)) > 1


def test_no_state_takes_the_focus_from_the_gallery(visitor: Visitor) -> None:
    visitor.page.goto("/gallery", wait_until="networkidle")

    assert visitor.page.evaluate("document.activeElement === document.body")
    assert visitor.page.evaluate("scrollY") == 0
    visitor.complaints.clear()  # the browser reports each script that it blocks in a frame
