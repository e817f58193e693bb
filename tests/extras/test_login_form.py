"""The login form's options, as settings; and the page that says what stands for each option, event and error."""

from __future__ import annotations

import re
from typing import Any

import pytest
import time_machine
from flask import Flask

from services import errors
from services.signals import security_event
from settings import SettingsError, load

from ..asked import bodies_of
from ..conftest import AppWith
from ..imports import ROOT
from ..inside import request_of
from ..passcodes import add_by_code, ask_for_code, newest_code, sign_in_by_code
from ..passkeys import a_phone, add_passkey, sign_in, step_up
from ..visitor import Visitor, beside

pytestmark = pytest.mark.usefixtures("clock")
PAGE = (ROOT / "docs/login-form.md").read_text(encoding="utf-8")
LINK, EMAIL_CODE, SMS = (
    "/v1/magic_links/email/login_or_create",
    "/v1/otps/email/login_or_create",
    "/v1/otps/sms/login_or_create",
)
TEMPLATES = {
    "STYTCH_LINK_LOGIN_TEMPLATE": "link-in",
    "STYTCH_LINK_SIGNUP_TEMPLATE": "link-up",
    "STYTCH_CODE_LOGIN_TEMPLATE": "code-in",
    "STYTCH_CODE_SIGNUP_TEMPLATE": "code-up",
}


def sent_by(visitor: Visitor, path: str, method: str = "") -> dict[str, Any]:
    """What Stytch is asked when the visitor wants a link, or a code by this method."""
    with bodies_of(visitor.app, path) as bodies:
        if method:
            ask_for_code(visitor, method)
        else:
            visitor.ask_for_link()
    return bodies[0]


def rows(heading: str) -> list[list[str]]:
    """The cells of a table of the page."""
    table = PAGE.partition(f"## {heading}\n")[2].partition("\n## ")[0]
    return [line.strip("| ").split(" | ") for line in table.splitlines() if line.startswith("|")][2:]


@pytest.mark.parametrize(
    ("given", "sent"), [("1d6ad9c4-7a1b", "1d6ad9c4-7a1b"), ("", None), ("a b", None), ("x" * 65, None)]
)
def test_stytchs_fingerprint_of_the_browser_goes_along_if_the_page_has_it(
    visitor: Visitor, given: str, sent: str | None
) -> None:
    visitor.get(visitor.ask_for_link())

    with bodies_of(visitor.app, "/v1/magic_links/authenticate") as bodies:
        visitor.submit("/login/authenticate", telemetry_id=given)

    assert bodies[0].get("telemetry_id") == sent


def test_by_default_nothing_more_than_the_lives_is_sent(app: Flask) -> None:
    link, code = sent_by(Visitor(app), LINK), sent_by(Visitor(app), SMS, "sms_code")

    assert (link["login_expiration_minutes"], link["signup_expiration_minutes"]) == (10, 10)
    assert code["expiration_minutes"] == 5
    assert {"locale", "login_template_id", "signup_template_id", "create_user_as_pending"}.isdisjoint({*link, *code})


def test_email_templates_are_handed_to_stytch(app_with: AppWith) -> None:
    app = app_with(**TEMPLATES)

    link, code = sent_by(Visitor(app), LINK), sent_by(Visitor(app), EMAIL_CODE, "email_code")

    assert (link["login_template_id"], link["signup_template_id"]) == ("link-in", "link-up")
    assert (code["login_template_id"], code["signup_template_id"]) == ("code-in", "code-up")
    assert "login_template_id" not in sent_by(Visitor(app), SMS, "sms_code")


@pytest.mark.parametrize(("locale", "in_emails"), [("pt-br", "pt-br"), ("ja", None)])
def test_emails_come_in_four_languages_and_texts_in_more(app_with: AppWith, locale: str, in_emails: str | None) -> None:
    app = app_with(STYTCH_LOCALE=locale)

    link, email = sent_by(Visitor(app), LINK), sent_by(Visitor(app), EMAIL_CODE, "email_code")

    assert link.get("locale") == email.get("locale") == in_emails
    assert sent_by(Visitor(app), SMS, "sms_code")["locale"] == locale


def test_a_code_for_a_known_user_has_the_same_options(app_with: AppWith) -> None:
    visitor = Visitor(app_with(STYTCH_LOCALE="es", STYTCH_CREATE_USER_AS_PENDING="on"))
    visitor.sign_in()

    with bodies_of(visitor.app, "/v1/otps/sms/send") as codes:
        add_by_code(visitor)
    with bodies_of(visitor.app, "/v1/magic_links/email/send") as links:
        visitor.post("/profile/email", {"email": "ada@work.example"})

    assert [each["locale"] for each in (*codes, *links)] == ["es", "es"]
    assert "create_user_as_pending" not in {*codes[0], *links[0]}


@pytest.mark.parametrize("method", ["", "sms_code"])
def test_new_users_may_be_pending_until_they_prove_themselves(app_with: AppWith, method: str) -> None:
    visitor = Visitor(app_with(STYTCH_CREATE_USER_AS_PENDING="on"))

    asked = sent_by(visitor, SMS if method else LINK, method)
    if method:
        visitor.get("/")
        visitor.post("/codes/sms_code/sign-in", {"code": newest_code(visitor)})
    else:
        visitor.get(visitor.newest_link())
        visitor.submit("/login/authenticate")

    assert asked["create_user_as_pending"] is True
    assert visitor.get("/account").status == 200


def test_a_link_works_as_long_as_is_set_and_pages_say_so(app_with: AppWith, clock: time_machine.Traveller) -> None:
    app = app_with(STYTCH_LINK_MINUTES="30")
    visitor, late = Visitor(app), Visitor(app)
    asked = sent_by(visitor, LINK)
    link, late_link = visitor.newest_link(), late.ask_for_link("grace@example.com")
    clock.shift(29 * 60)
    visitor.get(link)

    signed_in = visitor.submit("/login/authenticate")
    clock.shift(61)
    late.get(late_link)
    opened = late.submit("/login/authenticate")

    assert (asked["login_expiration_minutes"], asked["signup_expiration_minutes"]) == (30, 30)
    assert "The link works once, for 30 minutes, in this browser." in Visitor(app).get("/").text
    assert signed_in.goes_to == "/"
    assert opened.heading == "This link has expired"
    assert "Links work for 30 minutes" in opened.text


def test_a_code_works_as_long_as_is_set_and_pages_say_so(app_with: AppWith, clock: time_machine.Traveller) -> None:
    visitor = Visitor(app_with(STYTCH_CODE_MINUTES="2"))

    asked = sent_by(visitor, EMAIL_CODE, "email_code")
    form, code = visitor.page, newest_code(visitor, "email_code")
    clock.shift(121)
    page = visitor.post("/codes/email_code/sign-in", {"code": code})

    assert asked["expiration_minutes"] == 2
    assert "It works once, for 2 minutes" in form.text
    assert page.error_of("code").startswith("That code was already used or has expired.")


@pytest.mark.parametrize("way", [Visitor.sign_in, sign_in_by_code], ids=["link", "code"])
@pytest.mark.parametrize("minutes", [5, 120])
def test_a_session_lasts_as_long_as_is_set(
    app_with: AppWith, clock: time_machine.Traveller, minutes: int, way: Any
) -> None:
    visitor = Visitor(app_with(STYTCH_SESSION_MINUTES=str(minutes)))
    way(visitor)
    cookie = visitor.client.get_cookie("stytch_session")
    clock.shift(minutes * 60 - 1)
    before = visitor.get("/account").status
    clock.shift(2)

    assert cookie is not None
    assert cookie.max_age == minutes * 60
    assert before == 200
    assert visitor.get("/account").goes_to == "/"


def test_a_passkeys_session_lasts_as_long_as_is_set(app_with: AppWith, clock: time_machine.Traveller) -> None:
    visitor, phone = Visitor(app_with(STYTCH_SESSION_MINUTES="120")), a_phone()
    visitor.sign_in()
    add_passkey(visitor, phone)
    other = beside(visitor)
    sign_in(other, phone)
    clock.shift(119 * 60)

    assert other.get("/account").status == 200


def test_a_proof_does_not_make_a_longer_session_slide(app_with: AppWith, clock: time_machine.Traveller) -> None:
    visitor = Visitor(app_with(STYTCH_SESSION_MINUTES="120"))
    visitor.sign_in()
    clock.shift(9 * 60)
    visitor.enroll()

    with request_of(visitor) as session:
        left = session.expires_at.isoformat()

    assert left == "2026-06-01T14:00:00+00:00"


@pytest.mark.parametrize(
    ("name", "value", "problem"),
    [
        ("STYTCH_SESSION_MINUTES", "4", "a whole number from 5 to 1440"),
        ("STYTCH_SESSION_MINUTES", "1441", "a whole number from 5 to 1440"),
        ("STYTCH_LINK_MINUTES", "61", "a whole number from 5 to 60"),
        ("STYTCH_CODE_MINUTES", "11", "a whole number from 1 to 10"),
        ("STYTCH_CODE_MINUTES", "0", "a whole number from 1 to 10"),
        ("STYTCH_INVITE_MINUTES", "4", "a whole number from 5 to 10080"),
        ("STYTCH_LOCALE", "tlh", "one of en, es"),
        ("STYTCH_CREATE_USER_AS_PENDING", "yes", "on or off"),
        ("STYTCH_CODE_SIGNUP_TEMPLATE", "my template", "the id of an email template"),
        ("STYTCH_INVITE_TEMPLATE", "<x>", "the id of an email template"),
    ],
)
def test_a_wrong_option_stops_the_start_by_name(app_with: AppWith, name: str, value: str, problem: str) -> None:
    with pytest.raises(SettingsError, match=f"^{name} must be {problem}"):
        app_with(**{name: value})


def test_the_page_names_every_setting_and_the_sample_file_has_them() -> None:
    named = set(re.findall(r"`(STYTCH_\w+)`", PAGE))
    sample = set(re.findall(r"^(STYTCH_\w+)=", (ROOT / ".env.example").read_text(encoding="utf-8"), re.MULTILINE))
    code = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "extras").rglob("*.py"))
    used = set(re.findall(r'"(STYTCH_(?!CODE$|LINK$)\w+)"', code)) | set(TEMPLATES)

    assert named == used
    assert named <= sample
    assert load({}, dotenv=None)


def test_each_event_on_the_page_is_a_signal(app: Flask, clock: time_machine.Traveller) -> None:
    heard: set[str] = set()

    def hear(_app: object, *, event: str, outcome: str, action: str | None, user_id: str | None) -> None:
        assert user_id is None or user_id.startswith("user-")
        heard.update({f"`{event}`, `{action}`"} if outcome == "ok" else ())

    with security_event.connected_to(hear, sender=app):
        visitor, phone = Visitor(app), a_phone()
        visitor.sign_in()
        add_by_code(visitor)
        clock.shift(31)
        add_passkey(visitor, phone)
        visitor.open_account()
        sign_in_by_code(beside(visitor))
        clock.shift(660)
        sign_in(other := beside(visitor), phone)
        visitor.get("/step-up")
        step_up(visitor, phone)

    named = {row[1] for row in rows("Events") if row[0] != "`onError`"}
    assert named - heard == set()
    assert other.get("/account").status == 200


def test_each_error_on_the_page_is_an_exception_here() -> None:
    named = {name for row in rows("Errors") for name in re.findall(r"`([A-Z]\w+)`", row[1])}

    assert named - {"SettingsError", "ValidationError"} == {"CodeRejected", "NotSignedIn", "ServiceUnavailable"}
    assert all(hasattr(errors, name) for name in named - {"SettingsError", "ValidationError"})
