"""A user of the emulated project, made with Stytch's own SDK and Unit's API."""

from __future__ import annotations

import secrets
import time
from dataclasses import dataclass, field
from typing import Any

import pyotp
import requests
import stytch

from stytch_unit_emulator.pytest_plugin import EmulatedProject

APPLICATION = {
    "fullName": {"first": "Ada", "last": "Vance"},
    "dateOfBirth": "1990-02-03",
    "ssn": "123456789",
    "phone": {"countryCode": "1", "number": "5555550101"},
    "address": {"street": "1 Main Street", "city": "Oakland", "state": "CA", "postalCode": "94607", "country": "US"},
    "ip": "127.0.0.1",
}


@dataclass
class User:
    """One user, with the newest session that they signed in to."""

    project: EmulatedProject
    email: str = field(default_factory=lambda: f"ada.{secrets.token_hex(4)}@example.com")
    user_id: str = ""
    session_token: str = ""
    session_jwt: str = ""
    secret: str = ""

    def __post_init__(self) -> None:
        project = self.project
        self.client = stytch.Client(
            project.project_id, project.secret, environment=f"{project.url}/", suppress_warnings=True
        )

    def sign_in(self) -> None:
        """Sign in with a link: a new session, with the mailbox only."""
        self.project.move_clock(2)  # Stytch mails an address once a second
        url = "http://localhost/login"
        self.client.magic_links.email.login_or_create(self.email, login_magic_link_url=url, signup_magic_link_url=url)
        token = self.project.mails()[0]["token"]
        answer = self.client.magic_links.authenticate(token, session_duration_minutes=60)
        self.user_id, self.session_token, self.session_jwt = answer.user_id, answer.session_token, answer.session_jwt

    def enroll(self) -> None:
        """Add an authenticator, and prove it in the present session."""
        self.secret = self.client.totps.create(self.user_id).secret
        self.prove()

    def prove(self) -> None:
        """Add the authenticator's present code to the session."""
        answer = self.client.totps.authenticate(
            self.user_id, self.code(), session_token=self.session_token, session_duration_minutes=60
        )
        self.session_jwt = answer.session_jwt

    def code(self, steps: int = 0) -> str:
        """Return the code of the present step, or of a later one: Stytch also takes the next."""
        return pyotp.TOTP(self.secret).at(int(time.time()) + 30 * steps)

    def become_customer(self) -> str:
        """Apply at Unit with this user as ``jwtSubject``, and open an account; return the customer id."""
        attributes = {**APPLICATION, "email": self.email, "jwtSubject": self.user_id}
        application = self._unit("/applications", "individualApplication", attributes)
        customer = application["relationships"]["customer"]
        self._unit("/accounts", "depositAccount", {"depositProduct": "checking"}, {"customer": customer})
        return str(customer["data"]["id"])

    def _unit(self, path: str, kind: str, attributes: object, relationships: object = None) -> dict[str, Any]:
        headers = {"Authorization": f"Bearer {self.project.unit_token}", "Content-Type": "application/vnd.api+json"}
        more = {"relationships": relationships} if relationships else {}
        document = {"data": {"type": kind, "attributes": attributes, **more}}
        answer = requests.post(f"{self.project.url}{path}", json=document, headers=headers, timeout=10)
        assert answer.ok, answer.text
        data: dict[str, Any] = answer.json()["data"]
        return data
