"""What the panel redacts, and the curl command of a call."""

from __future__ import annotations

import json
import shlex
import shutil
import subprocess

import pytest

from extras.wire_log.curl import curl
from extras.wire_log.recorder import Call, packed
from extras.wire_log.redaction import redacted, redacted_url, tokens_in

from ..visitor import EMAIL

JWT = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJ1c2VyLXRlc3QtMSIsImVtYWlsIjoiYWRhQGV4YW1wbGUuY29tIn0.c2lnbmF0dXJl"


@pytest.mark.parametrize(
    ("name", "value", "shown"),
    [
        ("totp_code", "123456", "‹six digits›"),
        ("session_jwt", JWT, f"‹eyJ… {len(JWT)} characters›"),
        ("anything", JWT, f"‹eyJ… {len(JWT)} characters›"),
        ("anything", f"Bearer {JWT}", f"Bearer ‹eyJ… {len(JWT)} characters›"),
        ("anything", "v2.public.eyJhIjoxfQ", "‹v2… 20 characters›"),
        ("anything", "secret-test-c2VjcmV0c2VjcmV0", "‹28 characters›"),
        ("anything", "fICvTYMJOTse_Uk8-hXbkyJ-ku4tzEfVdd1WJ_3LcnKc", "‹44 characters›"),
        ("anything", "4000 0012 3456 7899", "‹19 characters›"),
        ("anything", "4000001234567899", "‹16 digits›"),
        ("anything", "123-45-6789", "‹11 characters›"),
        ("ssn", "123456789", "‹9 digits›"),
        ("qr_code", "data:image/png;base64,iVBORw0KGgo=", "‹data:image/png… 34 characters›"),
        ("email", "ada@example.com", "a…@example.com"),
        ("note", "of ada@example.com, say", "of a…@example.com, say"),
        ("recovery_codes", ["ckss-2skx-ebow"], ["‹14 characters›"]),
        ("token", {"value": 12345678}, {"value": "‹8 digits›"}),
        ("user_id", "user-test-16d9ba61-97a1-4ba4-9720-b03761dc50c6", "user-test-16d9ba61-97a1-4ba4-9720-b03761dc50c6"),
        ("idempotencyKey", "3a1a33be-4e12-4603-9ed0-820922389fb8", "3a1a33be-4e12-4603-9ed0-820922389fb8"),
        ("number", "5555550101", "5555550101"),
        ("exp", 1795523526, 1795523526),
        ("anything", 4000001234567899, "‹16 digits›"),
        ("phone", {"countryCode": "1", "number": "55555"}, {"countryCode": "‹one digit›", "number": "‹five digits›"}),
        ("authorization", {"data": {"type": "card", "id": "9"}}, {"data": {"type": "card", "id": "9"}}),
        ("verified", True, True),
        ("existing_password", "hunter2", "‹password›"),
        ("password", {"password_id": "p-1", "requires_reset": False}, {"password_id": "p-1", "requires_reset": False}),
    ],
)
def test_secrets_are_redacted_by_name_and_by_shape(name: str, value: object, shown: object) -> None:
    assert redacted({name: value}) == {name: shown}


def test_deep_and_long_answers_are_cut_short_and_queries_redacted() -> None:
    deep: object = "end"
    for _ in range(200):
        deep = [deep]

    assert "end" not in json.dumps(redacted(deep))
    assert redacted(list(range(50)))[-1] == "… and 40 more"
    assert JWT not in redacted_url(f"https://api.s.unit.sh/cards?token={JWT}&page%5Blimit%5D=1")


def test_a_jwt_is_read_without_its_signature() -> None:
    (token,) = tokens_in({"session_jwt": JWT})

    assert (token.name, token.header, token.claims) == (
        "session_jwt",
        {"alg": "RS256"},
        {"sub": "user-test-1", "email": "a…@example.com"},
    )


@pytest.mark.skipif(shutil.which("sh") is None, reason="no shell here")
def test_the_curl_command_sends_the_same_and_expands_nothing_else() -> None:
    name = 'O\'Brien "$HOME" `id` \\ $(id)'
    body = redacted({"totp_code": "123456", "name": name, "token": JWT, "email": EMAIL})
    url = "https://api.s.unit.sh/cards?filter%5Btags%5D=%27x"
    call = Call("Unit", "POST", url, {"X-Accept-Version": "V1"}, "org", body, 200, packed(None), "", 1, (), ())
    environ = {"UNIT_API_TOKEN": "org", "TOTP_CODE": "654321", "TOKEN": "a token", "EMAIL": "ada@example.org"}

    script = 'curl() { for word in "$@"; do printf \'%s\\0\' "$word"; done; }\n' + curl(call)
    words = subprocess.run(["sh", "-c", script], env=environ, capture_output=True, text=True, check=True).stdout  # noqa: S603, S607

    given = words.split("\0")
    assert given[:-2] == ["-X", "POST", url, "-H", "Authorization: Bearer org", "-H", "X-Accept-Version: V1", "-d"]
    assert json.loads(given[-2]) == {
        "totp_code": "654321",
        "name": name,
        "token": "a token",
        "email": "ada@example.org",
    }
    assert shlex.split(curl(call))[0] == "curl"
