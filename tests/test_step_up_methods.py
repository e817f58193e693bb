"""Step-up with several methods: choosing another one, which may send a code first."""

from __future__ import annotations

import pytest
import time_machine
from flask import Flask

from services import methods
from services.errors import CodeRejected

from .identity import carried
from .visitor import Visitor


@pytest.fixture
def second_method(app: Flask, monkeypatch: pytest.MonkeyPatch) -> methods.Method:
    """A second way to prove oneself, which sends something first. All users have it."""
    sent = methods.Method(
        "sent",
        "a sent code",
        "phone",
        step_up="totp/_step_up.html",
        is_enrolled=lambda _session: True,
        prepare=lambda _session: "A code is on its way.",
    )
    monkeypatch.setitem(app.extensions["methods"], "sent", sent)
    monkeypatch.setitem(app.config, "STEP_UP_METHODS", ("totp", "sent"))
    return sent


@pytest.mark.usefixtures("second_method")
def test_another_method_can_be_chosen_and_left_again_with_all_that_was_typed(
    stepped_up: Visitor, clock: time_machine.Traveller
) -> None:
    form = stepped_up.get("/cards/list")
    clock.shift(601)
    code = stepped_up.code()
    stepped_up.page = form
    asked = stepped_up.submit("/cards", kind="virtual")
    button = asked.one("button[name=step_up_use]")

    chosen = stepped_up.post(str(button.attrs["formaction"]), carried(asked) | {"step_up_use": "sent"})
    buttons = {str(tag.attrs["value"]): tag.text() for tag in chosen.html.css("button[name=step_up_use]")}
    back = stepped_up.post("/step-up/method", carried(chosen) | {"step_up_use": "totp"})

    assert (button.attrs["value"], button.text()) == ("sent", "Use a sent code instead")
    assert chosen.one("input[name=step_up_method]").attrs["value"] == "sent"
    assert buttons == {"totp": "Use your authenticator instead", "sent": "Send a new code"}
    assert back.one("input[name=kind]").attrs["value"] == "virtual"
    assert stepped_up.submit("/step-up", step_up_code=code).status == 307


@pytest.mark.usefixtures("second_method")
def test_in_the_dialog_another_method_keeps_the_element_and_announces_what_was_sent(customer: Visitor) -> None:
    fields = carried(customer.get("/cards/list", htmx=True, HX_Source="div#cards"))

    page = customer.post("/step-up/method", fields | {"step_up_use": "sent"}, htmx=True)

    assert page.one("form").attrs["id"] == "step-up"
    assert page.one("input[name=step_up_source]").attrs["value"] == "cards"
    assert page.one("hx-partial[hx-target='#status']").text() == "A code is on its way."


def test_a_method_that_cannot_send_says_why(
    app: Flask, customer: Visitor, second_method: methods.Method, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_session: object) -> str:
        raise CodeRejected("too_many")

    refusing = methods.Method(**{**vars(second_method), "prepare": refuse, "messages": {"too_many": "Too many."}})
    monkeypatch.setitem(app.extensions["methods"], "sent", refusing)

    page = customer.post("/step-up/method", {"step_up_use": "sent"})

    assert (page.status, page.error_of("step_up_code")) == (429, "Too many.")


@pytest.mark.parametrize("field", ["step_up_use", "step_up_method"])
def test_an_unknown_method_is_refused(customer: Visitor, field: str) -> None:
    path = "/step-up/method" if field == "step_up_use" else "/step-up"

    assert customer.post(path, {field: "carrier_pigeon", "step_up_code": customer.code()}).status == 400
