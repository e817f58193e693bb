"""The step-up, copied into an empty app, resumes in a real browser."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from stytch_unit_emulator.pytest_plugin import EmulatedProject

from ..copies.patterns import PATTERNS, served
from ..copies.people import User


@pytest.fixture
def user(emulated_project: EmulatedProject) -> User:
    """Signed in again since the enrollment, so far with the mailbox only."""
    user = User(emulated_project)
    user.sign_in()
    user.enroll()
    user.sign_in()
    return user


@pytest.fixture
def page(browser: Browser, user: User, tmp_path: Path) -> Iterator[Page]:
    pattern = next(pattern for pattern in PATTERNS if pattern.name == "step_up")
    with served(pattern, tmp_path, user.project) as origin:
        context = browser.new_context(base_url=origin)
        context.request.post(f"/session/{user.session_token}")
        page = context.new_page()
        page.goto("/")
        yield page
        context.close()


def test_the_button_goes_on_after_the_code(page: Page, user: User) -> None:
    page.get_by_role("button", name="Reveal").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("see the secret")

    dialog.get_by_label("Code").fill(user.code(1))
    dialog.get_by_role("button", name="Confirm").click()

    expect(page.locator("#out")).to_have_text("The secret is 42.")
    expect(dialog).to_have_count(0)
    expect(page.get_by_role("button", name="Reveal")).to_be_focused()


def test_the_form_is_sent_with_what_was_typed(page: Page, user: User) -> None:
    page.get_by_label("Name").fill("Bela")
    page.get_by_role("button", name="Change").click()
    page.get_by_role("dialog").get_by_label("Code").fill(user.code(1))
    page.get_by_role("button", name="Confirm").click()

    expect(page.locator("#out")).to_have_text("Changed to Bela.")
