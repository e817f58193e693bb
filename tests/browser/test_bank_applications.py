"""Thread Bank's form, and the documents that a bank asks for."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Literal

import pytest
from playwright.sync_api import FilePayload, expect

from . import shortcuts
from .accessible import complaints
from .conftest import Arrive
from .server import Server, serving
from .visitor import Visitor

ASKED_FOR_ID = "000-00-0003"
PICTURE: FilePayload = {"name": "id.png", "mimeType": "image/png", "buffer": b"\x89PNG\r\n\x1a\n" + bytes(500_000)}
TEXT: FilePayload = {"name": "id.png", "mimeType": "image/png", "buffer": b"a text"}


@pytest.fixture(scope="module")
def server(chromium: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:  # noqa: ARG001
    """The app of an org whose bank is Thread Bank."""
    with serving(tmp_path_factory.mktemp("served"), environ={"UNIT_BANK": "thread", "WIRE_LOG": "off"}) as running:
        yield running


def apply(visitor: Visitor, ssn: str = ASKED_FOR_ID) -> None:
    """Apply with the sample details, but for this Social Security number."""
    shortcuts.enroll(visitor)
    visitor.page.goto("/customer")
    visitor.page.get_by_label("Social Security number").fill(ssn)
    visitor.press("Open my account")


def choose(visitor: Visitor, side: Literal["Front", "Back"], file: FilePayload = PICTURE) -> None:
    visitor.page.get_by_label(side).set_input_files(file)


def open_documents(visitor: Visitor) -> None:
    apply(visitor)
    visitor.page.get_by_role("link", name="See what to send").click()
    expect(visitor.page.get_by_role("heading", name="Photo ID")).to_be_visible()


def test_thread_banks_form_keeps_what_was_typed_and_opens_the_account(arrive: Arrive) -> None:
    visitor = arrive(width=360)
    visitor.expected = {422}
    page = visitor.page
    shortcuts.enroll(visitor)
    page.goto("/customer")
    visitor.look("thread-form")
    page.get_by_label("Main use of the account").select_option(label="Sending money abroad")
    page.get_by_label("Profession").select_option(label="Choose")
    page.get_by_label("City").fill("Berkeley")

    visitor.press("Open my account")
    expect(visitor.error).to_be_focused()
    expect(visitor.error).to_contain_text("Please check 2 fields")
    visitor.look("thread-form-errors")
    expect(page.get_by_label("City")).to_have_value("Berkeley")
    page.get_by_role("link", name="More about this use").click()
    expect(page.get_by_label("More about this use")).to_be_focused()
    page.keyboard.type("Money for my parents")
    page.get_by_label("Profession").select_option(label="Software engineer")
    visitor.press("Open my account")

    expect(page.get_by_role("heading", name="Get a card")).to_be_visible()


def test_a_passport_stands_for_the_social_security_number(visitor: Visitor) -> None:
    visitor.expected = {422}
    shortcuts.enroll(visitor)
    page = visitor.page
    page.goto("/customer")
    page.get_by_label("Social Security number").fill("")
    page.get_by_text("No Social Security number?").click()
    page.get_by_label("Passport number").fill("A1234567")

    visitor.press("Open my account")
    expect(visitor.error).to_contain_text("Choose the country that issued your passport.")
    page.get_by_label("Country of citizenship").select_option(label="France")
    visitor.press("Open my account")

    expect(page.get_by_role("heading", name="Get a card")).to_be_visible()


def test_both_sides_are_sent_and_the_bank_approves(anybody: Visitor) -> None:
    page = anybody.page
    page.set_viewport_size({"width": 360, "height": 800})
    open_documents(anybody)
    anybody.look("documents")

    choose(anybody, "Front")
    anybody.press("Send the front")
    expect(page.get_by_text("File sent. The bank needs another one.").first).to_be_visible()
    expect(page.get_by_label("Front")).to_have_count(0)
    anybody.look("documents-back")
    choose(anybody, "Back")
    anybody.press("Send the back")
    expect(page.get_by_role("heading", name="Under review")).to_be_visible()
    anybody.press("Reject the document")
    page.get_by_role("link", name="See what to send").click()
    expect(page.get_by_text("The bank could not read it.")).to_be_visible()
    anybody.look("documents-rejected")
    sides: tuple[Literal["Front", "Back"], ...] = ("Front", "Back")
    for side in sides:
        choose(anybody, side)
        anybody.press(f"Send the {side.lower()}")
        expect(page.get_by_label(side)).to_have_count(0)
    expect(page.get_by_role("heading", name="Under review")).to_be_visible()
    anybody.press("Approve")

    expect(page.get_by_role("heading", name=re.compile("Get a card|Application approved"))).to_be_visible()


def test_another_file_is_refused_beside_its_field(anybody: Visitor) -> None:
    anybody.expected = {422}
    open_documents(anybody)

    choose(anybody, "Front", TEXT)
    anybody.press("Send the front")

    expect(anybody.error).to_have_text("This file is not a PDF, PNG or JPEG. Choose another one.")
    expect(anybody.page.get_by_label("Front")).to_have_attribute("aria-invalid", "true")
    expect(anybody.page.get_by_label("Back")).not_to_have_attribute("aria-invalid", "true")


def test_a_file_that_is_too_large_is_not_sent(visitor: Visitor) -> None:
    open_documents(visitor)
    field = visitor.page.get_by_label("Front")
    asked: list[str] = []
    visitor.page.on("request", lambda request: asked.append(request.method))

    field.evaluate("""input => {
        const files = new DataTransfer();
        files.items.add(new File([new ArrayBuffer(21 * 1024 * 1024)], 'id.png'));
        input.files = files.files;
        input.dispatchEvent(new Event('change', { bubbles: true }));
    }""")
    visitor.press("Send the front")

    assert field.evaluate("input => input.validationMessage") == "Choose a file of at most 20 MB."
    assert "POST" not in asked


def test_a_file_stays_chosen_while_a_code_is_asked_for(visitor: Visitor, server: Server) -> None:
    visitor.expected = {403}
    open_documents(visitor)
    server.move_clock(minutes=11)
    choose(visitor, "Front")

    visitor.press("Send the front")
    visitor.dialog.get_by_role("textbox", name="code").fill(visitor.code_now)
    visitor.dialog.get_by_role("button", name="Confirm").click()

    expect(visitor.page.get_by_text("File sent. The bank needs another one.").first).to_be_visible()


def test_a_lost_session_leaves_the_file_chosen_or_asks_for_it_again(anybody: Visitor) -> None:
    anybody.expected = {401}
    page = anybody.page
    open_documents(anybody)
    choose(anybody, "Front")
    page.context.clear_cookies(name=re.compile("stytch_session"))

    anybody.press("Send the front")

    if page.locator("form[hx-post]").count():
        expect(page.locator("#notice")).to_contain_text("Your session has ended.")
        assert page.get_by_label("Front").evaluate("input => input.files.length") == 1
    else:
        expect(page.locator("main")).to_contain_text("go back and choose the file again")


def test_the_pages_have_no_barrier(visitor: Visitor) -> None:
    shortcuts.enroll(visitor)
    visitor.page.goto("/customer")
    found = complaints(visitor.page)
    visitor.page.get_by_label("Social Security number").fill(ASKED_FOR_ID)
    visitor.press("Open my account")
    visitor.page.get_by_role("link", name="See what to send").click()

    assert found + complaints(visitor.page) == []
