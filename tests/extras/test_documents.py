"""Documents that the bank asks for: sent straight through, checked by their content, and kept nowhere."""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
import requests
import time_machine
from flask import Flask
from werkzeug import formparser

from app import create_app
from services.unit_client import org_client

from ..documents import PNG, forms, send
from ..fake_network import REFUSED, FakeNetwork, Fault, altered, unit_refusal
from ..inside import request_of
from ..live import LiveServices
from ..visitor import PERSON, Visitor

JPEG = b"\xff\xd8\xff\xe0"
PDF = b"%PDF-1.7\n"
MEBIBYTE = 1024 * 1024
ADDRESS, ID = "000-00-0002", "000-00-0003"  # what the bank asks for, by Social Security number


@pytest.fixture
def sent(app: Flask) -> Iterator[list[tuple[str, str, bytes]]]:
    """Path, media type and body of each file that Unit is sent."""
    files: list[tuple[str, str, bytes]] = []
    session: requests.Session = app.extensions["http"]

    def note(response: requests.Response, *_args: object, **_kwargs: object) -> None:
        if response.request.method == "PUT" and "/documents/" in response.request.path_url:
            body: Any = response.request.body
            files.append((response.request.path_url, response.request.headers["Content-Type"], b"".join(body)))

    session.hooks["response"].append(note)
    yield files
    session.hooks["response"].remove(note)


@pytest.fixture
def asked(enrolled: Visitor) -> Visitor:
    """A visitor whom the bank asks for a proof of address."""
    enrolled.open_account(ssn=ADDRESS)
    return enrolled


def only_form(visitor: Visitor) -> str:
    (path,) = forms(visitor.get("/customer/documents"))
    return path


def test_both_sides_are_sent_the_bank_approves_and_the_account_opens(
    enrolled: Visitor, sent: list[tuple[str, str, bytes]]
) -> None:
    waiting = enrolled.open_account(ssn=ID)
    link = str(waiting.one("#application .actions a").attrs["href"])
    front, back = forms(enrolled.get(link))
    picture, copy = JPEG + bytes(3_000_000), PDF + b"x"

    first = send(enrolled, front, picture)
    rest = forms(enrolled.follow())
    last = send(enrolled, back, copy)
    enrolled.get("/customer")
    reviewed = enrolled.page.heading
    enrolled.submit(str(enrolled.page.one("form.pretend").attrs["action"]), decision="approve")

    assert (waiting.heading, link) == ("The bank needs a document", "/customer/documents")
    assert (first.goes_to, rest) == ("/customer/documents", [back])
    assert (last.goes_to, reviewed) == ("/customer", "Under review")
    assert [(path.endswith("/back"), kind) for path, kind, _ in sent] == [
        (False, "image/jpeg"),  # by its content, not as it was declared
        (True, "application/pdf"),
    ]
    assert [body for _, _, body in sent] == [picture, copy]
    assert enrolled.post("/customer/status").goes_to == "/cards"


def test_with_script_the_page_goes_on_to_the_next_file(enrolled: Visitor) -> None:
    enrolled.open_account(ssn=ID)
    front, back = forms(enrolled.get("/customer/documents"))

    first = send(enrolled, front, PNG, HX_Request="true")
    last = send(enrolled, back, PNG, HX_Request="true")

    assert (first.status, forms(first)) == (200, [back])
    assert first.one("#application .done").text() == "File sent. The bank needs another one."
    assert last.goes_to == "/customer"


def test_no_file_is_written(asked: Visitor, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_args: object, **_kwargs: object) -> None:
        raise AssertionError("a temporary file")

    monkeypatch.setattr(formparser, "SpooledTemporaryFile", fail)

    assert send(asked, only_form(asked), PNG + bytes(19 * MEBIBYTE)).goes_to == "/customer"


@pytest.mark.parametrize(
    ("content", "error"),
    [
        pytest.param(None, "Choose a file.", id="none"),
        pytest.param(b"", "Choose a file.", id="empty"),
        pytest.param(b"GIF89a", "This file is not a PDF, PNG or JPEG. Choose another one.", id="gif"),
        pytest.param(b"<svg/>", "This file is not a PDF, PNG or JPEG. Choose another one.", id="svg"),
        pytest.param(b" %PDF-1.7", "This file is not a PDF, PNG or JPEG. Choose another one.", id="not at the start"),
        pytest.param(PNG + bytes(20 * MEBIBYTE), "Choose a file of at most 20 MB.", id="a little too large"),
    ],
)
def test_another_file_is_refused_beside_its_field(
    asked: Visitor, sent: list[tuple[str, str, bytes]], content: bytes | None, error: str
) -> None:
    page = send(asked, only_form(asked), content)

    assert (page.status, page.error_of("file"), sent) == (422, error, [])


def test_a_far_too_large_file_is_refused_and_only_this_route_takes_large_ones(
    asked: Visitor, sent: list[tuple[str, str, bytes]]
) -> None:
    path = only_form(asked)
    large = PNG + bytes(21 * MEBIBYTE)

    plain, htmx = send(asked, path, large), send(asked, path, large, HX_Request="true")

    assert (plain.status, plain.heading) == (413, "This file is too large")
    assert "choose a file of at most 20 MB" in htmx.text
    assert htmx.response.headers["HX-Reswap"] == "none"  # the page stays, and with it the form
    assert asked.post("/customer", {"city": "x" * 70_000}).status == 413
    assert sent == []


def test_a_form_that_was_carried_through_a_sign_in_asks_for_the_file_again(
    asked: Visitor, clock: time_machine.Traveller
) -> None:
    path = only_form(asked)
    asked.post("/logout")
    lost = send(asked, path, PNG)
    clock.shift(60)
    asked.sign_in()
    asked.step_up()

    again = asked.post(path)

    assert lost.status == 401
    assert "Nothing was sent. Sign in again in another tab, then go back and choose the file again." in lost.text
    assert (again.status, again.error_of("file")) == (422, "Choose the file again. It was not kept meanwhile.")


def test_a_stale_code_is_asked_for_before_anything_is_sent(
    asked: Visitor, clock: time_machine.Traveller, sent: list[tuple[str, str, bytes]]
) -> None:
    path = only_form(asked)
    clock.shift(601)

    dialog = send(asked, path, PNG, HX_Request="true", HX_Source="form#send-front-1", HX_Target="section#application")
    plain = send(asked, path, PNG)
    code = asked.code()
    asked.page = plain
    resumed = asked.submit("/step-up", step_up_code=code)

    assert dialog.response.headers["HX-Retarget"] == "#dialogs"
    assert (plain.status, resumed.status, resumed.goes_to) == (403, 307, path)
    assert sent == []


def test_a_form_of_another_site_sends_nothing(asked: Visitor, sent: list[tuple[str, str, bytes]]) -> None:
    path = only_form(asked)
    token = asked.csrf_token
    asked.csrf_token = lambda: "forged"  # type: ignore[method-assign]

    assert send(asked, path, PNG).status == 400
    asked.csrf_token = token  # type: ignore[method-assign]
    assert send(asked, path, PNG, Sec_Fetch_Site="cross-site").status == 403
    assert sent == []


def test_only_documents_of_ones_own_application_are_taken(
    app: Flask, asked: Visitor, sent: list[tuple[str, str, bytes]]
) -> None:
    other = Visitor(app)
    other.sign_in("grace@example.com")
    other.enroll()
    other.open_account(ssn=ADDRESS)
    path = only_form(asked)

    assert send(other, path, PNG).status == 404
    assert send(asked, path.replace("front", "side"), PNG).status == 400  # no route, so no file
    assert send(asked, path.replace("front", "back"), PNG).status == 200  # this one has one side: shown again
    assert sent == []


def test_a_document_that_is_there_is_not_sent_twice(enrolled: Visitor, sent: list[tuple[str, str, bytes]]) -> None:
    enrolled.open_account(ssn=ID)
    front, _back = forms(enrolled.get("/customer/documents"))
    send(enrolled, front, PNG)

    assert send(enrolled, front, PNG).status == 200
    assert len(sent) == 1


@pytest.mark.parametrize("ssn", ["123-45-6789", "000-00-0004"])
def test_who_is_asked_for_nothing_is_sent_on(enrolled: Visitor, ssn: str) -> None:
    enrolled.open_account(ssn=ssn)

    assert enrolled.get("/customer/documents").goes_to == "/customer"
    assert send(enrolled, "/customer/documents/1/front", PNG).goes_to == "/customer"


def test_a_refused_document_says_why_and_can_be_sent_again(asked: Visitor) -> None:
    path = only_form(asked)
    send(asked, path, PNG)
    asked.get("/customer")
    asked.submit(str(asked.page.one("form.pretend").attrs["action"]), decision="reject")

    page = asked.get("/customer/documents")

    assert asked.get("/customer").heading == "The bank needs a document"
    assert page.one(".document .error").text() == (
        "The bank could not read it. Send a sharp picture of the whole document, in good light."
    )
    assert "The bank’s words: The picture is blurred." in page.text
    assert send(asked, path, PNG).goes_to == "/customer"


def test_the_banks_words_are_short_text_and_a_selfie_cannot_be_sent_here(asked: Visitor, network: FakeNetwork) -> None:
    def change(answer: Any) -> Any:
        (document,) = answer["data"]
        words = "<b>" + "x" * 1_000
        changes = {"documentType": "SelfieVerification", "status": "Invalid", "description": words, "reason": words}
        return {"data": [{**document, "attributes": {**document["attributes"], **changes}}]}

    network.set("GET .*/documents", altered(change))

    page = asked.get("/customer/documents")

    assert forms(page) == []
    assert "This can’t be done here. The bank tells you how." in page.text
    assert [len(words.text()) for words in page.html.css(".document bdi")] == [300, 300]
    assert not page.html.css(".document b")


def test_a_call_without_an_answer_is_repeated_with_the_whole_file(
    asked: Visitor, network: FakeNetwork, sent: list[tuple[str, str, bytes]]
) -> None:
    path, picture = only_form(asked), PNG + bytes(200_000)
    network.set("PUT .*/documents/.*", Fault(503, acted=True), times=1)

    assert send(asked, path, picture).goes_to == "/customer"
    assert sent[-1][2] == picture


@pytest.mark.parametrize(
    ("fault", "status"), [(REFUSED, 503), (unit_refusal(400, "invalid_value"), 422), (unit_refusal(403, "no"), 502)]
)
def test_what_unit_does_not_take_is_not_lost_silently(
    asked: Visitor, network: FakeNetwork, fault: Fault, status: int
) -> None:
    path = only_form(asked)
    network.set("PUT .*/documents/.*", fault)

    page = send(asked, path, PNG)

    assert page.status == status
    assert status != 422 or page.error_of("file") == "The bank did not accept this file. Choose another one."


def test_files_of_a_day_are_limited(asked: Visitor, network: FakeNetwork) -> None:
    path = only_form(asked)
    network.set("PUT .*/documents/.*", Fault(error=requests.ReadTimeout))
    statuses = [send(asked, path, PNG).status for _ in range(30)]

    assert set(statuses) == {503}
    assert "You can send 30 files a day." in send(asked, path, PNG).text


@pytest.mark.panel
def test_the_panel_shows_the_size_of_a_file_only(asked: Visitor) -> None:
    send(asked, only_form(asked), PNG + b"a secret picture")

    page = asked.get("/customer")
    details = "".join(asked.get(str(call.attrs["hx-get"]), htmx=True).body for call in page.html.css(".call[hx-get]"))

    assert "Unit received a file for a document." in page.text
    assert "24 bytes that are not JSON" in details
    assert "secret picture" not in details


def test_unit_has_the_file_that_was_sent(asked: Visitor) -> None:
    send(asked, only_form(asked), PNG)

    with request_of(asked) as session:
        (application,) = org_client.applications(session.user_id)
        documents = org_client.get(f"/applications/{application.application_id}/documents")["data"]

    assert [document["attributes"]["status"] for document in documents] == ["PendingReview"]


def test_a_file_reaches_unit_whole_over_a_socket(live: LiveServices, tmp_path: Path) -> None:
    visitor = Visitor(create_app(live.settings(tmp_path)))
    live.sign_in(visitor, "omar@example.com")
    visitor.get("/")
    visitor.submit("/totp")
    visitor.submit("/totp/confirm", code=live.code())
    visitor.get("/customer")
    visitor.submit("/customer", PERSON | {"ssn": ADDRESS})
    picture = PNG + bytes(12 * MEBIBYTE)

    page = send(visitor, only_form(visitor), picture)

    with live.store.read(live.project_id) as tenant:
        (document,) = tenant.all("document")
    assert page.goes_to == "/customer"
    assert document["internal"]["files"]["front"]["sha256"] == sha256(picture).hexdigest()
