"""Accessibility checks: WCAG 2.2 AA as far as axe-core finds it, and what axe-core does not check.

``axe-4.14.1.min.js`` is unchanged from the npm package ``axe-core`` (sha384
``xt1SFg49QaDwsyt0Xfs2XAyBtYPClXl3X2q5OOLeGAUmq9jZTYIMdztpF99WdhiH``; Mozilla Public License 2.0,
in the file beside it).
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

from playwright.sync_api import Page

WIDTHS = (640, 320, 1280)  # at 200 % and 400 % zoom, and as usual again
AXE = Path(__file__).with_name("axe-4.14.1.min.js")
RUN_AXE = """async (rules, part = document) => {
    const options = { runOnly: rules, iframes: false, preload: false, resultTypes: ['violations'] };
    const { violations } = await axe.run(part, options);
    return violations.flatMap(({ id, nodes }) => nodes.map(({ target, failureSummary }) =>
        `${id} at ${target}: ${failureSummary}`));
}"""
OUR_OWN_RULES = """() => {
    const found = [];
    const live = document.querySelectorAll('[role=alert], [role=status], [role=log], [aria-live], output');
    if (live.length !== 1) found.push(`${live.length} live regions`);
    if (!document.querySelector('main')?.textContent.trim()) found.push('main is empty');
    if (!document.querySelector('h1')) found.push('no h1');
    for (const field of document.querySelectorAll('[aria-invalid=true]')) {
        const ids = (field.getAttribute('aria-describedby') || '').split(' ');
        if (!ids.some(id => document.getElementById(id)?.matches('.error')))
            found.push(`no error is tied to ${field.name}`);
    }
    if (document.getAnimations().length) found.push('something moves, although less motion is preferred');
    return found;
}"""
ALL = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
TOO_WIDE = "document.scrollingElement.scrollWidth - innerWidth"


def complaints(page: Page) -> list[str]:
    """Return all faults of the page as it is now: light and dark, and at each width.

    A page that will be checked often may have ``AXE`` as a script of its own.
    """
    if not page.evaluate("'axe' in window"):
        page.evaluate(_axe())
    found = page.evaluate(RUN_AXE, ALL) + page.evaluate(OUR_OWN_RULES)
    page.emulate_media(color_scheme="dark")
    found += [f"dark: {fault}" for fault in page.evaluate(RUN_AXE, ["color-contrast"])]
    page.emulate_media(color_scheme="light")
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 800})
        found += [f"scrolls sideways at {width} pixels"] if page.evaluate(TOO_WIDE) > 0 else []
    return [f"{page.title()}: {fault}" for fault in found]


@cache
def _axe() -> str:
    return AXE.read_text()
