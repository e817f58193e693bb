"""The registry of ways to prove who you are: what forms offer, in which order, and what the start refuses."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from flask import Blueprint, Flask

from services.errors import CodeRejected
from services.methods import Method, register, sign_in_methods, six_digits, step_up_methods
from services.step_up import check_methods, offered_methods

from .inside import request_of
from .visitor import Visitor

LINK = Method("link", "an email link", "mailbox", sign_in="link.html")
PASSWORD = Method("password", "your password", None, sign_in="password.html")
TOTP = Method("totp", "your authenticator", "device", step_up="totp.html", is_enrolled=lambda session: session.enrolled)
UNKNOWN = "names {}, which is not a method of this app."
NO_OTHER_GROUP = "has no method of another group than link."
CODE = Method("email_code", "a code by email", "mailbox", sign_in="code.html", step_up="code.html")


def app_with_methods(*methods: Method, **config: tuple[str, ...] | timedelta | None) -> Flask:
    """An app whose blueprints register these methods, in this order."""
    app = Flask("app")
    app.config.update(config)
    for method in methods:
        bp = Blueprint(method.name, __name__)
        assert register(bp, method) is method
        app.register_blueprint(bp)
    return app


@pytest.mark.parametrize(
    ("config", "sign_in", "step_up"),
    [
        pytest.param({}, ["link", "password", "email_code"], ["totp", "email_code"], id="all, as registered"),
        pytest.param({"SIGN_IN_METHODS": None}, ["link", "password", "email_code"], ["totp", "email_code"], id="None"),
        pytest.param(
            {"SIGN_IN_METHODS": ("email_code", "link"), "STEP_UP_METHODS": ("email_code", "totp")},
            ["email_code", "link"],
            ["email_code", "totp"],
            id="those that are listed, in order",
        ),
        pytest.param(
            {"SIGN_IN_METHODS": ("totp", "link"), "STEP_UP_METHODS": ("link", "telepathy")},
            ["link"],
            [],
            id="only for what they are for",
        ),
    ],
)
def test_forms_offer_the_methods_in_use_in_order(
    config: dict[str, tuple[str, ...]], sign_in: list[str], step_up: list[str]
) -> None:
    app = app_with_methods(LINK, PASSWORD, TOTP, CODE, **config)

    with app.app_context():
        assert [method.name for method in sign_in_methods()] == sign_in
        assert [method.name for method in step_up_methods()] == step_up


def test_each_app_has_its_own_registry() -> None:
    one, other = app_with_methods(LINK), app_with_methods(PASSWORD)

    for app, method in ((one, LINK), (other, PASSWORD)):
        with app.app_context():
            assert sign_in_methods() == [method]


def test_a_user_is_offered_only_the_methods_that_they_have(signed_in: Visitor) -> None:
    with request_of(signed_in) as session:
        pass
    sms = Method("sms", "a text", "phone", step_up="sms.html", is_enrolled=lambda _session: True)

    with app_with_methods(TOTP, CODE, sms, STEP_UP_MAX_AGE=timedelta(minutes=10)).app_context():
        assert offered_methods(session) == [sms]
        assert offered_methods(replace(session, enrolled=True)) == [TOTP, sms]


@pytest.mark.parametrize(
    ("methods", "config"),
    [
        pytest.param([LINK, TOTP], {}, id="link and authenticator"),
        pytest.param([PASSWORD, CODE], {"SIGN_IN_METHODS": ("password",)}, id="a group beside none"),
        pytest.param(
            [CODE, LINK, TOTP], {"STEP_UP_METHODS": ("email_code", "totp")}, id="one of another group is enough"
        ),
        pytest.param([], {"SIGN_IN_METHODS": ()}, id="nothing"),
    ],
)
def test_a_good_choice_of_methods_is_accepted(methods: list[Method], config: dict[str, tuple[str, ...]]) -> None:
    check_methods(app_with_methods(*methods, **config))


@pytest.mark.parametrize(
    ("setting", "names", "refusal"),
    [
        pytest.param("SIGN_IN_METHODS", ("link", "telepathy"), UNKNOWN.format("telepathy"), id="unknown sign-in"),
        pytest.param("STEP_UP_METHODS", ("telepathy",), UNKNOWN.format("telepathy"), id="unknown step-up"),
        pytest.param("SIGN_IN_METHODS", ("totp",), UNKNOWN.format("totp"), id="not for signing in"),
        pytest.param("STEP_UP_METHODS", ("password",), UNKNOWN.format("password"), id="not for step-up"),
        pytest.param("STEP_UP_METHODS", ("email_code",), NO_OTHER_GROUP, id="two of one group"),
        pytest.param("STEP_UP_METHODS", (), NO_OTHER_GROUP, id="no step-up"),
    ],
)
def test_a_choice_that_cannot_work_is_refused(setting: str, names: tuple[str, ...], refusal: str) -> None:
    app = app_with_methods(LINK, PASSWORD, TOTP, CODE, **{setting: names})

    with pytest.raises(ValueError, match=f"^{setting} {refusal}$"):
        check_methods(app)


def test_a_method_has_its_own_messages_and_one_for_any_other_reason() -> None:
    method = replace(TOTP, messages={"malformed": "Enter six digits."})

    assert method.message("malformed") == "Enter six digits."
    assert method.message("of tomorrow") == "That code was not accepted. Enter a new one."


def test_a_method_that_is_not_for_step_up_verifies_nothing(signed_in: Visitor) -> None:
    with request_of(signed_in) as session, pytest.raises(CodeRejected):
        LINK.verify(session, {"code": "123456"})


@pytest.mark.parametrize("typed", ["123456", " 123 456 ", "123\u00a0456"])
def test_a_code_may_be_typed_with_blanks(typed: str) -> None:
    assert six_digits({"code": typed}, "malformed") == "123456"


@pytest.mark.parametrize("code", [None, "", "12345", "1234567", "12345a", "-12345", "1e5000"])
def test_anything_but_six_digits_is_rejected_with_the_methods_reason(code: str | None) -> None:
    with pytest.raises(CodeRejected, match=r"^malformed$"):
        six_digits({} if code is None else {"code": code}, "malformed")
