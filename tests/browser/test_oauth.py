"""Signing in with Google in a real browser: at the demo's own origin, and at a Stytch that has another one."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from bench.processes import environment, free_port, running
from stytch_unit_emulator.pytest_plugin import EmulatedProject

from . import shortcuts
from .accessible import AXE, complaints
from .visitor import PATIENCE, REPORT, Visitor


def pick(page: Page, address: str) -> None:
    """Pick an account on the pretend page of Google."""
    expect(page.get_by_role("heading", name="Pretend Google", exact=True)).to_be_visible()
    page.get_by_label("Another address").fill(address)
    page.get_by_role("button", name="Use this address").click()


def continue_with_google(visitor: Visitor) -> None:
    """Press the button; without script there is a page with a link."""
    visitor.page.goto("/")
    visitor.press("Continue with Google")
    if link := visitor.page.get_by_role("link", name="Go to Google").all():
        link[0].click()


def test_anybody_signs_in_and_the_address_bar_holds_no_token(anybody: Visitor) -> None:
    continue_with_google(anybody)

    pick(anybody.page, anybody.email)

    expect(anybody.page.get_by_role("button", name="Sign out")).to_be_visible()
    expect(anybody.page.get_by_text(anybody.email).first).to_be_visible()
    assert anybody.page.url == f"{anybody.server.origin}/"


def test_canceling_leads_back_to_the_form_with_a_sentence(visitor: Visitor) -> None:
    visitor.page.add_init_script(path=AXE)
    continue_with_google(visitor)
    expect(visitor.page.get_by_role("heading", name="Pretend Google", exact=True)).to_be_visible()
    found = complaints(visitor.page)

    visitor.press("Cancel")

    expect(visitor.page.locator("main").get_by_text("You didn’t continue with Google")).to_be_visible()
    expect(visitor.page.get_by_role("button", name="Continue with Google")).to_be_visible()
    assert found + complaints(visitor.page) == []


def test_an_account_is_added_after_a_code_used_and_removed(visitor: Visitor) -> None:
    visitor.expected = {403}
    shortcuts.become_customer(visitor)
    shortcuts.sign_in(visitor)
    visitor.page.goto("/account")
    visitor.press("Add Google")
    visitor.dialog.get_by_label("Code").fill(visitor.next_code)
    visitor.dialog.get_by_role("button", name="Confirm").click()
    pick(visitor.page, f"work.{visitor.email}")
    expect(visitor.page.get_by_text("You can now sign in with Google.")).to_be_visible()
    visitor.page.get_by_role("button", name="Sign out", exact=True).click()
    expect(visitor.page.locator("main").get_by_text("You’re signed out.")).to_be_visible()

    continue_with_google(visitor)
    pick(visitor.page, f"work.{visitor.email}")

    expect(visitor.page.get_by_role("heading", name="Your bank account is ready")).to_be_visible()
    visitor.server.move_clock(seconds=31)
    visitor.page.goto("/account")
    visitor.page.get_by_text("Remove this account").click()
    visitor.press("Remove Google")
    visitor.dialog.get_by_label("Code").fill(visitor.next_code)
    visitor.dialog.get_by_role("button", name="Confirm").click()
    expect(visitor.page.get_by_text("The account is removed")).to_be_visible()
    expect(visitor.page.get_by_role("button", name="Add Google")).to_be_visible()


@pytest.fixture
def elsewhere(emulated_project: EmulatedProject, tmp_path: Path) -> Iterator[str]:
    """The app of a team, whose Stytch is at another origin than itself."""
    port = free_port()
    environ = environment(
        SECRET_KEY="a-key-that-only-these-tests-know",
        PUBLIC_URL=f"http://localhost:{port}",
        STYTCH_PROJECT_ID=emulated_project.project_id,
        STYTCH_SECRET=emulated_project.secret,
        STYTCH_API_URL=emulated_project.url,
        STYTCH_PUBLIC_TOKEN=emulated_project.project_id.replace("project-", "public-token-", 1),
        UNIT_API_URL=emulated_project.url,
        UNIT_API_TOKEN=emulated_project.unit_token,
        SIGN_IN_METHODS="magic_link google",
    )
    returns = f"http://localhost:{port}/oauth/return"
    emulated_project.register_redirect_urls(returns, types={returns: ["LOGIN", "SIGNUP"]})
    flask = [sys.executable, "-m", "flask", "--app", "app", "run", "--port", str(port)]
    with running(flask, port, tmp_path / "server.log", environ):
        yield f"http://localhost:{port}"


@pytest.mark.parametrize("script", [True, False], ids=["script", "no script"])
def test_the_policy_lets_the_browser_leave_for_another_origin(browser: Browser, elsewhere: str, script: bool) -> None:
    context = browser.new_context(base_url=elsewhere, java_script_enabled=script)
    context.set_default_timeout(PATIENCE)
    context.add_init_script(REPORT)
    violations: list[str] = []
    context.on("console", lambda message: violations.append(message.text) if "violat" in message.text else None)
    page = context.new_page()
    page.goto("/")

    page.get_by_role("button", name="Continue with Google").click()
    if not script:
        page.get_by_role("link", name="Go to Google").click()
    pick(page, "ada@example.com")

    expect(page.get_by_role("button", name="Sign out")).to_be_visible()
    assert page.url == f"{elsewhere}/"
    assert violations == []
    context.close()
