"""``reset_sessions``: the first proof of an address by link, code or provider."""

from __future__ import annotations

from typing import Any

from stytch_unit_emulator.pytest_plugin import EmulatedProject

from .oauth_acts import token
from .over_http import client_of
from .stytch_story import refused


def test_the_first_proof_of_an_address_ends_the_sessions_of_who_used_the_account_before(
    emulated_project: EmulatedProject,
) -> None:
    client = client_of(emulated_project)
    for sign_in in (_by_link, _by_code, _by_google):
        email = f"ada@{sign_in.__name__.replace('_', '')}.example"
        user_id = client.users.create(email=email).user_id
        thief = emulated_project.session(user_id, factors=[{"type": "embedded_magic_link"}])["session_token"]

        first, second = sign_in(emulated_project, email), sign_in(emulated_project, email)

        assert (first.user_id, first.reset_sessions, second.reset_sessions) == (user_id, True, False)
        with refused(404, "session_not_found"):
            client.sessions.authenticate(session_token=thief)
        assert client.sessions.authenticate(session_token=first.session_token)


def _by_link(project: EmulatedProject, email: str) -> Any:
    client = client_of(project)
    client.magic_links.email.login_or_create(email)
    project.move_clock(2)
    return client.magic_links.authenticate(str(project.mails()[0]["token"]), session_duration_minutes=60)


def _by_code(project: EmulatedProject, email: str) -> Any:
    sent = client_of(project).otps.email.login_or_create(email)
    project.move_clock(2)
    code = project.messages()[0]["code"]
    return client_of(project).otps.authenticate(sent.email_id, code, session_duration_minutes=60)


def _by_google(project: EmulatedProject, email: str) -> Any:
    return client_of(project).oauth.authenticate(token(project, "other", email), session_duration_minutes=60)
