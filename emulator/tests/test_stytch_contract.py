"""Stytch's official Python client over HTTP: every call and every refusal."""

from __future__ import annotations

import base64
import hashlib
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import Any, TypeAlias

import jwt
import pyotp
import pytest
import requests
import stytch
from pydantic import BaseModel
from stytch.consumer.models.debug import WhoamiResponse
from stytch.consumer.models.magic_links import AuthenticateResponse

import stytch_unit_emulator as emulator
from stytch_unit_emulator import Store
from stytch_unit_emulator import stytch as emulated
from stytch_unit_emulator.pytest_plugin import EmulatedProject
from stytch_unit_emulator.stytch import keys
from stytch_unit_emulator.stytch.errors import REFUSALS
from stytch_unit_emulator.transport import WSGIAdapter

from . import oauth_acts, passkey_acts, password_acts, wallet_acts
from .stytch_story import ADA, BOB, NO_SESSION, NO_TOKEN, NO_USER, refused

VERIFIER = "v" * 43
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).decode().rstrip("=")
NO_TOTP = "totp-test-00000000-0000-4000-8000-000000000000"
NO_EMAIL = "email-test-00000000-0000-4000-8000-000000000000"
SESSION_CLAIM = "https://stytch.com/session"
ENDS = 60  # minutes of a session


@dataclass
class Caller:
    """A project with the SDK, as in an ordinary test suite."""

    project: EmulatedProject
    store: Store
    client: stytch.Client = field(init=False)
    answers: list[Any] = field(default_factory=list)

    def __post_init__(self) -> None:
        session = requests.Session()
        session.hooks["response"] = lambda response, **_: self.answers.append(response.json())
        self.client = stytch.Client(
            self.project.project_id,
            self.project.secret,
            environment=f"{self.project.url}/",
            suppress_warnings=True,
            sync_session=session,
        )

    def raw(self, method: str, path: str, **options: Any) -> object:
        """Call without an SDK method, but parse the response as the SDK does."""
        credentials = options.pop("auth", (self.project.project_id, "secret"))
        url = f"{self.project.url}{path}"
        answer = requests.request(method, url, auth=credentials, timeout=10, **options)
        return WhoamiResponse.from_json(answer.status_code, answer.json())

    def link(self, email: str = ADA, **options: Any) -> str:
        """Request a link; returns its token, a second later."""
        self.client.magic_links.email.login_or_create(email, **options)
        self.project.move_clock(1)
        return str(self.project.mails()[0]["token"])

    def sign_in(self, email: str = ADA) -> AuthenticateResponse:
        """Request a link and open it."""
        return self.client.magic_links.authenticate(self.link(email), session_duration_minutes=ENDS)

    def user(self, email: str = ADA) -> str:
        """Create a user; returns the id."""
        return self.client.users.create(email=email).user_id

    def enrolled(self) -> tuple[str, pyotp.TOTP]:
        """A user with a pending authenticator app."""
        user_id = self.user()
        return user_id, pyotp.TOTP(self.client.totps.create(user_id).secret)

    def proven(self) -> tuple[str, pyotp.TOTP]:
        """A user with a verified authenticator app."""
        user_id, app = self.enrolled()
        self.client.totps.authenticate(user_id, app.now())
        return user_id, app

    def guess(self, times: int) -> str:
        """Send that many wrong codes; returns the user."""
        user_id, app = self.enrolled()
        for _ in range(times):
            with refused(401, "unable_to_authenticate_totp"):
                self.client.totps.authenticate(user_id, wrong(app))
        return user_id

    def signed(self, **changes: object) -> str:
        """A session JWT signed by the project with changed claims; None removes one."""
        claims = jwt.decode(self.sign_in().session_jwt, options={"verify_signature": False}) | changes
        with self.store.read(keys.partition(self.project.project_id)) as project:
            kid, key = keys.signing_key(project)
        kept = {name: value for name, value in claims.items() if value is not None}
        return jwt.encode(kept, key, algorithm="RS256", headers={"kid": kid})

    def with_registered(self, *urls: str) -> stytch.Client:
        """The SDK for an in-process project with these redirect URLs."""
        session = requests.Session()
        session.mount("https://", WSGIAdapter(emulated.create_app(self.store, redirect_urls=frozenset(urls))))
        return stytch.Client(
            self.project.project_id, "secret", environment="test", suppress_warnings=True, sync_session=session
        )


def wrong(app: pyotp.TOTP) -> str:
    """A code that no time step near now has."""
    near = {app.at(time.time(), counter_offset=offset) for offset in (-2, -1, 0, 1, 2)}
    return next(code for code in ("000000", "111111", "222222", "333333", "444444", "555555") if code not in near)


Act: TypeAlias = Callable[[Caller], Any]
PHONE, NO_PHONE = "+12025550143", "phone-number-test-00000000-0000-4000-8000-000000000001"


def sent(channel: str, way: str, caller: Caller) -> Any:
    """Send a code to a known user."""
    to = {"email": ADA} if channel == "email" else {"phone_number": PHONE}
    caller.client.users.create(**to)  # type: ignore[arg-type]
    return getattr(getattr(caller.client.otps, channel), way)(**to)


def code_for(caller: Caller, channel: str = "sms") -> tuple[str, str]:
    """The method_id and the code that was sent."""
    answer = sent(channel, "login_or_create", caller)
    method_id = answer.email_id if channel == "email" else answer.phone_id
    return method_id, caller.project.messages(channel)[0]["code"]


def signed_in_by_code(caller: Caller, channel: str) -> Any:
    return caller.client.otps.authenticate(*code_for(caller, channel), session_duration_minutes=ENDS)


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Store]]:
    """A running emulator and its store."""
    url = f"sqlite:///{tmp_path_factory.mktemp('contract')}/emulator.db"
    store = Store(url)
    with emulator.running(url) as origin:
        yield origin, store
    store.close()


@pytest.fixture
def caller(served: tuple[str, Store]) -> Caller:
    origin, store = served
    return Caller(EmulatedProject(origin), store)


CALLS: dict[str, Act] = {
    "magic_links.email.login_or_create": lambda c: c.client.magic_links.email.login_or_create(ADA),
    "magic_links.email.send": lambda c: c.client.magic_links.email.send(BOB, user_id=c.sign_in().user_id),
    "magic_links.email.invite": lambda c: c.client.magic_links.email.invite(ADA, trusted_metadata={"a": 1}),
    "magic_links.email.revoke_invite": lambda c: (
        c.client.magic_links.email.invite(ADA),
        c.client.magic_links.email.revoke_invite(ADA),
    )[1],
    "magic_links.create": lambda c: c.client.magic_links.create(c.user()),
    "magic_links.authenticate": lambda c: c.sign_in(),
    "magic_links.authenticate, without a session": lambda c: c.client.magic_links.authenticate(c.link()),
    "magic_links.authenticate, with a verifier": lambda c: c.client.magic_links.authenticate(
        c.link(code_challenge=CHALLENGE), code_verifier=VERIFIER
    ),
    "sessions.authenticate": lambda c: c.client.sessions.authenticate(c.sign_in().session_token),
    "sessions.get": lambda c: c.client.sessions.get(c.sign_in().user_id),
    "sessions.get_jwks": lambda c: c.client.sessions.get_jwks(c.project.project_id),
    "sessions.revoke": lambda c: c.client.sessions.revoke(session_token=c.sign_in().session_token),
    **{
        f"otps.{channel}.{way}": partial(sent, channel, way)
        for channel in ("sms", "whatsapp", "email")
        for way in ("login_or_create", "send")
    },
    "otps.authenticate, by SMS": lambda c: signed_in_by_code(c, "sms"),
    "otps.authenticate, by email": lambda c: signed_in_by_code(c, "email"),
    "totps.create": lambda c: c.client.totps.create(c.user()),
    "totps.authenticate": lambda c: proven(c, c.enrolled()),
    "totps.recovery_codes": lambda c: c.client.totps.recovery_codes(c.proven()[0]),
    "totps.recover": lambda c: recovered(c, c.proven()[0]),
    "users.create": lambda c: c.client.users.create(email=ADA, phone_number="+15555550101", external_id="crm-1"),
    "users.get": lambda c: c.client.users.get(c.sign_in().user_id),
    "users.update": lambda c: c.client.users.update(c.user(), trusted_metadata={"a": {"b": 1}}),
    "users.search": lambda c: (c.sign_in(), c.client.users.search(limit=1))[1],
    "users.delete": lambda c: c.client.users.delete(c.user()),
    "users.delete_email": lambda c: c.client.users.delete_email(second_email(c)),
    "users.delete_phone_number": lambda c: c.client.users.delete_phone_number(
        c.client.users.create(email=ADA, phone_number="+15555550101").phone_id
    ),
    "users.delete_totp": lambda c: c.client.users.delete_totp(c.client.totps.create(c.user()).totp_id),
    "users.exchange_primary_factor": lambda c: c.client.users.exchange_primary_factor(c.user(), BOB),
    "users.delete_biometric_registration": lambda c: c.client.users.delete_biometric_registration(registration(c)),
    "users.delete_external_id": lambda c: c.client.users.delete_external_id(
        c.client.users.create(email=ADA, external_id="crm-1").user_id
    ),
    **oauth_acts.CALLS,
    **passkey_acts.CALLS,
    **wallet_acts.CALLS,
    **password_acts.CALLS,
    "debug.whoami": lambda c: c.client.debug.whoami(),
}


def proven(caller: Caller, enrolled: tuple[str, pyotp.TOTP]) -> object:
    user_id, app = enrolled
    return caller.client.totps.authenticate(user_id, app.now(), session_duration_minutes=ENDS)


def recovered(caller: Caller, user_id: str) -> object:
    code = caller.client.totps.recovery_codes(user_id).totps[0].recovery_codes[0]
    return caller.client.totps.recover(user_id, code, session_duration_minutes=ENDS)


def second_email(caller: Caller) -> str:
    user_id = caller.sign_in().user_id
    return caller.client.magic_links.email.send(BOB, user_id=user_id).email_id


def registration(caller: Caller) -> str:
    """A biometric registration of a seeded user."""
    user = {"email": ADA, "biometric_registrations": [{}, {}]}
    return str(caller.project.seed({"users": [user]})["users"][0]["biometric_registrations"][0])


@pytest.mark.parametrize("call", CALLS)
def test_a_response_has_only_members_that_the_sdk_knows(caller: Caller, call: str) -> None:
    answer = CALLS[call](caller)

    assert answer.status_code in (200, 201)
    assert list(unknown(caller.answers[-1], answer)) == []


def unknown(found: Any, model: Any, where: str = "") -> Iterator[str]:
    """The members of a response that the SDK's model lacks."""
    if isinstance(model, BaseModel):
        for name, value in found.items():
            if name not in type(model).model_fields:
                yield f"{where}.{name}"
            else:
                yield from unknown(value, getattr(model, name), f"{where}.{name}")
    elif isinstance(model, list):
        for index, (value, each) in enumerate(zip(found, model, strict=True)):
            yield from unknown(value, each, f"{where}[{index}]")


def test_the_sdk_verifies_jwts_before_and_after_a_rotation(caller: Caller) -> None:
    token = caller.client.magic_links.create(caller.user()).token
    opened = caller.client.magic_links.authenticate(token, session_duration_minutes=ENDS)
    caller.project.rotate_keys()

    renewed = caller.client.sessions.authenticate(opened.session_token).session_jwt
    sessions = [caller.client.sessions.authenticate_jwt_local(text) for text in (opened.session_jwt, renewed)]

    assert [session and session.user_id for session in sessions] == [opened.user_id] * 2
    assert caller.client.sessions.authenticate_jwt(renewed, max_token_age_seconds=0).session_jwt != ""
    assert len({jwt.get_unverified_header(text)["kid"] for text in (opened.session_jwt, renewed)}) == 2


REFUSED: dict[str, Act] = {
    # any call
    "unauthorized_credentials": lambda c: c.raw("GET", "/v1/debug/whoami", auth=("project-test-1", "secret")),
    "bad_request": lambda c: c.raw("POST", "/v1/users", data="email=ada@example.com"),
    "invalid_argument": lambda c: c.client.users.search(limit=1001),
    "route_not_found": lambda c: c.raw("GET", "/v1/nowhere"),
    "method_not_allowed": lambda c: c.raw("PATCH", "/v1/users"),
    "too_many_requests": lambda c: [c.client.magic_links.email.login_or_create(ADA) for _ in range(20)],
    "internal_server_error": lambda c: failing(c).user(),
    # asking for a magic link
    "invalid_email": lambda c: c.link("nobody"),
    "email_not_found": lambda c: c.client.magic_links.email.send(ADA),
    "inactive_email": lambda c: c.link("ada@inactive.example"),
    "duplicate_email": lambda c: c.client.magic_links.email.send(ADA, user_id=(c.user(ADA), c.user(BOB))[1]),
    "too_many_user_selection_arguments": lambda c: c.client.magic_links.email.send(
        ADA, user_id=NO_USER, session_token=NO_TOKEN
    ),
    "user_already_invited": lambda c: [later(c, 1).client.magic_links.email.invite(ADA) for _ in range(2)],
    "no_match_for_provided_magic_link_url": lambda c: c.link(login_magic_link_url="http://app.example/in"),
    "no_login_redirect_urls_set": lambda c: c.with_registered().magic_links.email.login_or_create(ADA),
    "no_invite_redirect_urls_set": lambda c: c.with_registered().magic_links.email.invite(ADA),
    "no_default_login_redirect_url_set": lambda c: c.with_registered(
        "https://a.example/", "https://b.example/"
    ).magic_links.email.login_or_create(ADA),
    "no_default_signup_redirect_url_set": lambda c: c.with_registered(
        "https://a.example/", "https://b.example/"
    ).magic_links.email.login_or_create(ADA, login_magic_link_url="https://a.example/"),
    "no_default_invite_redirect_url_set": lambda c: c.with_registered(
        "https://a.example/", "https://b.example/"
    ).magic_links.email.invite(ADA),
    "invalid_login_magic_link_url": lambda c: c.link(login_magic_link_url="/login"),
    "invalid_signup_magic_link_url": lambda c: c.link(signup_magic_link_url="/login"),
    "invalid_invite_magic_link_url": lambda c: c.client.magic_links.email.invite(ADA, invite_magic_link_url="/login"),
    "invalid_expiration": lambda c: c.link(login_expiration_minutes=4),
    "invalid_locale": lambda c: c.link(locale="tlh"),
    "invalid_pkce_code_challenge": lambda c: c.link(code_challenge="short"),
    # opening a magic link
    "invalid_token": lambda c: c.client.magic_links.authenticate("not a token"),
    "magic_link_not_found": lambda c: c.client.magic_links.authenticate(NO_TOKEN),
    "unable_to_auth_magic_link": lambda c: [c.client.magic_links.authenticate(token) for token in [c.link()] * 2],
    "attribute_mismatch": lambda c: c.client.magic_links.authenticate(
        c.link(attributes={"ip_address": "192.0.2.1", "user_agent": "A"}),
        options={"ip_match_required": True, "user_agent_match_required": False},
    ),
    "pkce_mismatch": lambda c: c.client.magic_links.authenticate(
        c.link(code_challenge=CHALLENGE), code_verifier="w" * 43
    ),
    "pkce_expected_code_verifier": lambda c: c.client.magic_links.authenticate(c.link(code_challenge=CHALLENGE)),
    "pkce_did_not_expect_code_verifier": lambda c: c.client.magic_links.authenticate(c.link(), code_verifier=VERIFIER),
    "invalid_pkce_code_verifier": lambda c: c.client.magic_links.authenticate(
        c.link(code_challenge=CHALLENGE), code_verifier="short"
    ),
    "user_lock_limit_reached": lambda c: c.client.totps.authenticate(c.guess(10), "123456"),
    # sessions
    "invalid_session_token": lambda c: c.client.sessions.authenticate("token"),
    "session_not_found": lambda c: c.client.sessions.authenticate(NO_TOKEN),
    "too_many_session_arguments": lambda c: c.client.sessions.authenticate(NO_TOKEN, session_jwt="a.b.c"),
    "no_session_arguments": lambda c: c.client.sessions.authenticate(),
    "no_session_revoke_arguments": lambda c: c.client.sessions.revoke(),
    "too_many_session_revoke_arguments": lambda c: c.client.sessions.revoke(NO_SESSION, session_token=NO_TOKEN),
    "invalid_session_id": lambda c: c.client.sessions.revoke("session-1"),
    "unable_to_parse_session_jwt": lambda c: c.client.sessions.authenticate(session_jwt="not.a.jwt"),
    "jwt_invalid_audience": lambda c: c.client.sessions.authenticate(session_jwt=c.signed(aud=["project-test-2"])),
    "jwt_invalid_issuer": lambda c: c.client.sessions.authenticate(session_jwt=c.signed(iss="https://stytch.com")),
    "jwt_invalid_claims": lambda c: c.client.sessions.authenticate(session_jwt=c.signed(**{SESSION_CLAIM: None})),
    "invalid_session_duration_minutes": lambda c: c.client.magic_links.authenticate(
        c.link(), session_duration_minutes=4
    ),
    "custom_claims_too_large": lambda c: c.client.sessions.authenticate(
        c.sign_in().session_token, session_custom_claims={"a": "x" * 4096}
    ),
    "consumer_session_authorization_error": lambda c: c.client.sessions.authenticate(
        c.sign_in().session_token, authorization_check={"resource_id": "cards", "action": "read"}
    ),
    # TOTP
    "active_totp_exists": lambda c: c.client.totps.create(c.proven()[0]),
    "pending_totp_exists": lambda c: c.client.totps.create(c.enrolled()[0]),
    "totps_not_found_for_user": lambda c: c.client.totps.authenticate(c.user(), "123456"),
    "totp_not_found": lambda c: c.client.users.delete_totp(NO_TOTP),
    "invalid_totp_id": lambda c: c.client.users.delete_totp("totp-1"),
    "invalid_totp_code": lambda c: c.client.totps.authenticate(c.user(), "12345"),
    "unable_to_authenticate_totp": lambda c: c.client.totps.authenticate(*with_wrong(c.enrolled())),
    "totp_code_already_authenticated": lambda c: [
        c.client.totps.authenticate(user_id, code) for user_id, code in [with_right(c.enrolled())] * 2
    ],
    "expired_totp": lambda c: c.client.totps.authenticate(too_late(c, c.enrolled()[0]), "123456"),
    "recovery_code_used_as_totp_code": lambda c: c.client.totps.authenticate(c.user(), "aaaa-bbbb-cccc"),
    "totp_code_used_as_recovery_code": lambda c: c.client.totps.recover(c.user(), "123456"),
    "invalid_recovery_code": lambda c: c.client.totps.recover(c.user(), "AAAA-BBBB-CCCC"),
    "unable_to_authenticate_recovery_code": lambda c: c.client.totps.recover(c.proven()[0], "aaaa-bbbb-cccc"),
    "recovery_codes_not_found": lambda c: c.client.totps.recovery_codes(c.user()),
    "no_active_recovery_code_backed_factor": lambda c: c.client.totps.recover(c.user(), "aaaa-bbbb-cccc"),
    "user_id_mismatch": lambda c: c.client.totps.authenticate(
        c.user(), "123456", session_token=c.sign_in(BOB).session_token
    ),
    # one-time passcodes
    "otp_code_not_found": lambda c: c.client.otps.authenticate(NO_PHONE, "123456"),
    "unable_to_auth_otp_code": lambda c: [c.client.otps.authenticate(*code) for code in [code_for(c)] * 2],
    "invalid_code": lambda c: c.client.otps.authenticate(NO_PHONE, "12345"),
    "invalid_method_id": lambda c: c.client.otps.authenticate("phone-1", "123456"),
    "invalid_expiration_otp": lambda c: c.client.otps.sms.login_or_create(PHONE, expiration_minutes=11),
    "invalid_phone_number_country_code": lambda c: c.client.otps.sms.login_or_create("+447911123456"),
    "downstream_carrier_error": lambda c: c.client.otps.sms.login_or_create("+12025550109"),
    "unsubscribed_phone_number": lambda c: c.client.otps.sms.login_or_create("+12025550104"),
    "too_many_unverified_factors": lambda c: c.client.otps.sms.send(PHONE, user_id=c.user()),
    **oauth_acts.REFUSED,
    **passkey_acts.REFUSED,
    **wallet_acts.REFUSED,
    **password_acts.REFUSED,
    # users
    "invalid_user_id": lambda c: c.client.users.get("user-test-1"),
    "user_not_found": lambda c: c.client.users.get(NO_USER),
    "invalid_create_user_request": lambda c: c.client.users.create(),
    "invalid_phone_number": lambda c: c.client.users.create(phone_number="5555550101"),
    "phone_number_not_found": lambda c: c.client.users.delete_phone_number("phone-number-test-1"),
    "duplicate_phone_number": lambda c: [c.client.users.create(phone_number="+15555550101") for _ in range(2)],
    "duplicate_user_external_id": lambda c: [
        c.client.users.create(email=email, external_id="crm-1") for email in (ADA, BOB)
    ],
    "invalid_exchange_primary_factor_fields": lambda c: c.client.users.exchange_primary_factor(c.user()),
    "invalid_exchange_primary_factor_user": lambda c: c.client.users.exchange_primary_factor(c.enrolled()[0], BOB),
    "invalid_biometric_registration_id": lambda c: c.client.users.delete_biometric_registration("biometric-1"),
    "biometric_registration_not_found": lambda c: [
        c.client.users.delete_biometric_registration(each) for each in [registration(c)] * 2
    ],
    "too_many_biometric_registrations_for_user": lambda c: failing(
        c, "too_many_biometric_registrations_for_user"
    ).user(),  # only a seed meets it
    "metadata_invalid_format": lambda c: c.client.users.create(email=ADA, trusted_metadata=[1]),  # type: ignore[arg-type]
    "metadata_too_many_keys": lambda c: c.client.users.update(
        c.user(), untrusted_metadata={str(number): number for number in range(21)}
    ),
    "metadata_too_large": lambda c: c.client.users.update(c.user(), trusted_metadata={"a": "x" * 4096}),
    "cannot_delete_last_primary_factor": lambda c: c.client.users.delete_email(
        c.client.users.create(email=ADA).email_id
    ),
}


def failing(caller: Caller, error_type: str = "internal_server_error") -> Caller:
    caller.project.fail("/v1/users", error_type=error_type)
    return caller


def later(caller: Caller, seconds: float) -> Caller:
    caller.project.move_clock(seconds)
    return caller


def too_late(caller: Caller, user_id: str) -> str:
    later(caller, 86_401)
    return user_id


def with_right(enrolled: tuple[str, pyotp.TOTP]) -> tuple[str, str]:
    return enrolled[0], enrolled[1].now()


def with_wrong(enrolled: tuple[str, pyotp.TOTP]) -> tuple[str, str]:
    return enrolled[0], wrong(enrolled[1])


@pytest.mark.parametrize("error_type", REFUSED)
def test_it_refuses_with(caller: Caller, error_type: str) -> None:
    with refused(REFUSALS[error_type].status, error_type):
        REFUSED[error_type](caller)


def test_every_refusal_has_a_test() -> None:
    assert sorted(REFUSED) == sorted(REFUSALS)
