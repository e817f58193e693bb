"""The CAPTCHA's widget, drawn by a stand-in of the provider's script."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Route, expect

from .server import Server, serving
from .visitor import Visitor

WIDGET = """window.turnstile = {
    render: (place, { sitekey, size }) => {
        place.innerHTML = `<label><input type=checkbox> I am a person (${sitekey}, ${size})</label>
            <input type=hidden name=cf-turnstile-response>`;
        place.firstChild.onchange = () => { place.lastChild.value = 'good'; };
        place.querySelector('[type=checkbox]').name = '';
        return place;
    },
    reset: (place) => { place.lastChild.value = ''; place.querySelector('[type=checkbox]').checked = false; },
};
drawCaptchas();"""


@pytest.fixture(scope="module")
def server(chromium: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:  # noqa: ARG001
    with serving(tmp_path_factory.mktemp("served"), "tests.browser.served_captcha") as running:
        yield running


def draw(route: Route) -> None:
    route.fulfill(body=WIDGET, content_type="text/javascript")


def test_a_person_is_asked_before_a_message_is_sent_and_again_for_the_next(visitor: Visitor) -> None:
    visitor.expected = {403, 422}
    page = visitor.page
    page.route("https://challenges.cloudflare.com/**", draw)
    page.goto("/")
    form = page.locator("form[action='/login']")
    expect(form.get_by_label("I am a person (site, normal)")).to_be_visible()

    page.get_by_label("Email").first.fill("ada@example.com")
    visitor.press("Email me a link")
    expect(page.locator("#notice")).to_contain_text("Nothing was sent. Solve the check above the button")
    expect(page.get_by_label("Email").first).to_have_value("ada@example.com")
    form.get_by_label("I am a person").check()
    page.get_by_label("Email").first.fill("not an address")
    visitor.press("Email me a link")
    expect(page.locator("#email-error")).to_be_visible()
    expect(form.get_by_label("I am a person")).not_to_be_checked()  # a token works once
    page.get_by_label("Email").first.fill("ada@example.com")
    form.get_by_label("I am a person").check()
    visitor.press("Email me a link")

    expect(page.get_by_role("heading", name="Check your email")).to_be_visible()
    visitor.complaints = [text for text in visitor.complaints if "challenges.cloudflare.com" not in text]
