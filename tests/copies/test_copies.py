"""Each pattern in an empty app: its story, what it refuses, and what it costs to copy."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
import requests

from emulator.tests import oauth_acts
from emulator.tests.authenticator import Authenticator
from stytch_unit_emulator.pytest_plugin import EmulatedProject

from ..imports import ROOT, closure, modules
from .browser import Browser
from .patterns import PATTERNS, Pattern, python_files, readme_row, served
from .people import User

pytestmark = pytest.mark.long

Open = Callable[[str], Browser]


@pytest.fixture
def open_copy(emulated_project: EmulatedProject, tmp_path: Path) -> Iterator[Open]:
    """Serve a pattern's copy, and return a browser that looks at it."""
    with ExitStack() as ends:
        origins: dict[str, str] = {}

        def look(name: str) -> Browser:
            if name not in origins:
                pattern = next(pattern for pattern in PATTERNS if pattern.name == name)
                origins[name] = ends.enter_context(served(pattern, tmp_path, emulated_project))
            return Browser(origins[name])

        yield look


@pytest.fixture
def user(emulated_project: EmulatedProject) -> User:
    user = User(emulated_project)
    user.sign_in()
    return user


def test_magic_link(open_copy: Open, emulated_project: EmulatedProject) -> None:
    browser, other = open_copy("magic_link"), open_copy("magic_link")
    browser.get("/")
    assert "address like" in browser.submit("/login", email="ada")
    assert "Check your email" in browser.submit("/login", email="ada@example.com")
    link = f"/login/authenticate?token={emulated_project.mails()[0]['token']}"

    assert "Open the link in the browser where you asked for it" in other.get(link)
    browser.get(link)
    assert browser.get("/private") != "Hello ada@example.com"  # opening the link uses nothing up
    browser.get(link)
    browser.submit("/login/authenticate")
    assert browser.get("/private") == "Hello ada@example.com"

    assert "You’re signed in" in browser.get(link)
    browser.post("/logout")
    assert browser.status == 400  # no CSRF token
    assert browser.get("/private") == "Hello ada@example.com"


def test_sessions(open_copy: Open, user: User) -> None:
    browser = open_copy("sessions")
    assert (browser.get("/private"), browser.status) == ("sign in first", 401)

    browser.post(f"/session/{user.session_token}")
    assert browser.get("/private") == f"Hello {user.email}"
    assert browser.post("/transfer") == "a code is needed to send money"
    user.enroll()
    assert browser.post("/transfer") == "sent"

    user.client.sessions.revoke(session_token=user.session_token)
    assert (browser.post("/transfer"), browser.status) == ("sign in first", 401)


def test_totp(open_copy: Open, user: User) -> None:
    browser = open_copy("totp")
    browser.post(f"/session/{user.session_token}")
    browser.get("/")
    browser.submit("/totp")
    key = browser.page.css_first(".key")
    assert key
    assert browser.page.css_first("img.qr")
    user.secret = key.text().replace(" ", "")

    browser.submit("/totp/confirm", code="12345")
    assert "Enter the six digits" in browser.text
    browser.submit("/totp/confirm", code=user.code())
    codes = [code.text() for code in browser.page.css(".codes code")]
    assert len(codes) == 10
    assert "You have an authenticator." in browser.get("/")

    browser.get("/step-up/recover")
    assert "wrong or was already used" in browser.submit("/step-up/recover", recovery_code="aaaa-bbbb-cccc")
    browser.submit("/step-up/recover", recovery_code=codes[0])
    assert browser.page.css_first("form[action='/totp']")


def test_step_up(open_copy: Open, user: User) -> None:
    user.enroll()
    user.sign_in()
    browser = open_copy("step_up")
    browser.post(f"/session/{user.session_token}")

    browser.get("/secret")
    assert "Enter a code to <strong>see the secret</strong>" in browser.text
    assert "Enter six digits." in browser.submit("/step-up", step_up_code="12")
    assert "That code is wrong." in browser.submit("/step-up", step_up_code=f"{(int(user.code(1)) + 1) % 1_000_000:06}")
    assert browser.submit("/step-up", step_up_code=user.code(1)) == "<p>The secret is 42.</p>"


def test_step_up_sends_an_interrupted_form_again(open_copy: Open, user: User) -> None:
    user.enroll()
    user.sign_in()
    browser = open_copy("step_up")
    browser.post(f"/session/{user.session_token}")
    browser.get("/")

    assert "change your name" in browser.submit("/change", name="Bela")
    assert browser.submit("/step-up", step_up_code=user.code(1)) == "<p>Changed to Bela.</p>"


def test_passcodes(open_copy: Open, emulated_project: EmulatedProject) -> None:
    browser, other = open_copy("passcodes"), open_copy("passcodes")
    browser.get("/")
    assert "Enter a mobile number" in browser.submit("/codes/sms_code", phone_number="12")
    browser.submit("/codes/sms_code", phone_number="(202) 555-0143")
    code = emulated_project.messages("sms")[0]["code"]
    other.get("/")
    other.submit("/codes/sms_code", phone_number="(202) 555-0144")
    assert "That code is wrong." in other.submit("/codes/sms_code/sign-in", code=code)
    browser.submit("/codes/sms_code/sign-in", code=code)
    assert browser.path == "/"
    assert browser.get("/secret") != "<p>The secret is 42.</p>"  # the phone is one of two groups

    browser.get("/")
    browser.submit("/codes/email_code/add", email="ada@example.com")
    browser.submit("/codes/email_code/confirm", code=emulated_project.messages("email")[0]["code"])
    assert browser.get("/secret") == "<p>The secret is 42.</p>"


def test_oauth(open_copy: Open) -> None:
    browser, other = open_copy("oauth"), open_copy("oauth")
    for each in (browser, other):
        each.get("/")
        each.submit("/oauth/google")
    link = browser.page.css_first("main a.button")
    assert link

    back = oauth_acts.pick(requests.get(link.attrs.sget("href"), timeout=10)).removeprefix("http://localhost:8000")

    other.get(back)
    assert other.get("/private") != "Hello ada@example.com"
    browser.get(back)
    assert browser.get("/private") == "Hello ada@example.com"


def test_exchange(open_copy: Open, user: User, emulated_project: EmulatedProject) -> None:
    user.enroll()
    customer = user.become_customer()
    browser, other = open_copy("exchange"), User(emulated_project)
    browser.http.headers["Authorization"] = f"Bearer {user.session_jwt}"
    other.sign_in()

    assert browser.get(f"/cards?customer={customer}") == '{"cards":[]}\n'
    browser.http.headers["Authorization"] = f"Bearer {other.session_jwt}"
    browser.get(f"/cards?customer={customer}")
    assert browser.status == 403


def test_passkeys(open_copy: Open, user: User) -> None:
    browser, phone = open_copy("passkeys"), Authenticator("http://localhost:8000")
    browser.post(f"/session/{user.session_token}")
    assert browser.get("/secret") == "StepUpRequired"
    browser.get("/")
    browser.submit("/passkeys/new", next="/")
    button = browser.page.css_first("[data-options]")
    assert button

    browser.submit("/passkeys", credential=phone.create(button.attrs.sget("data-options")))
    assert browser.get("/secret") == f"The secret of {user.email} is 42."
    browser.http.cookies.clear()
    browser.get("/")
    token = browser.page.css_first("#passkey-sign-in [name=csrf_token]")
    assert token
    options = browser.post("/passkeys/sign-in/options", csrf_token=token.attrs.sget("value"))
    browser.get("/")
    browser.submit("/passkeys/sign-in", credential=phone.get(options))

    assert browser.page.css_first("form[action='/passkeys/new']")  # signed in
    assert browser.get("/secret") == "StepUpRequired"  # the device alone


def test_passwords(open_copy: Open, emulated_project: EmulatedProject) -> None:
    browser, email, password = open_copy("passwords"), "ada@example.com", "violet-otter-plays-harp"
    browser.get("/")
    browser.submit("/login", email=email)
    browser.get(f"/login/authenticate?token={emulated_project.mails()[0]['token']}")
    browser.submit("/login/authenticate")
    browser.get("/")
    browser.submit("/passwords/new")
    assert "too easy to guess" in browser.submit("/passwords", new_password="sesame7")
    browser.submit("/passwords", new_password=password)
    assert "Hello ada@example.com" in browser.get("/")

    browser.http.cookies.clear()
    browser.get("/passwords/sign-in")
    assert "don’t match" in browser.submit("/passwords/sign-in", email=email, password="x")
    browser.submit("/passwords/sign-in", email=email, password=password)
    assert "Hello ada@example.com" in browser.get("/")

    browser.http.cookies.clear()
    browser.get("/passwords/forgot")
    browser.submit("/passwords/forgot", email=email)
    token = emulated_project.mails()[0]["token"]
    browser.get(f"/passwords/reset?stytch_token_type=reset_password&token={token}")
    browser.submit("/passwords/reset/form")
    browser.submit("/passwords/reset", new_password="seven quiet lanterns drift")
    assert "Hello ada@example.com" in browser.get("/")


def test_wire_log(open_copy: Open) -> None:
    browser = open_copy("wire_log")

    browser.get("/")

    assert "/v1/sessions/jwks/" in browser.text
    call = browser.page.css_first("details.call")
    assert call
    assert "curl -X GET" in browser.get(call.attrs.sget("hx-get"))


@pytest.mark.parametrize("pattern", PATTERNS, ids=lambda pattern: pattern.name)
def test_what_comes_along_stays_small(pattern: Pattern) -> None:
    along = closure(*python_files(pattern))
    lines = sum(len(modules()[module].read_text().splitlines()) for module in along)

    most_modules, most_lines = pattern.most
    named = {module for module in along if len(modules()[module].read_text().splitlines()) > 3}  # not the packages
    assert len(named) <= most_modules
    assert lines <= most_lines


@pytest.mark.parametrize("pattern", PATTERNS, ids=lambda pattern: pattern.name)
def test_the_readme_names_every_file_of_the_pattern(pattern: Pattern) -> None:
    assert readme_row(pattern) in (ROOT / "README.md").read_text().splitlines()


def test_the_file_for_assistants_names_the_same_files() -> None:
    rows = (ROOT / "AGENTS.md").read_text().splitlines()

    for pattern in PATTERNS:
        assert f"| {pattern.title} | {', '.join(f'`{name}`' for name in pattern.files)} |" in rows
