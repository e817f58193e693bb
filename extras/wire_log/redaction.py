"""Removes credentials and personal data from logged calls.

To copy: redact by the name of a field *and* by the shape of a value, so that a secret under a new name is caught too.
Redact before anything is kept, not when it is shown. Leave a hint such as ``‹six digits›`` for the reader.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

import jwt

SECRET_NAMES = frozenset(  # lowercase, without underscores: covers the spelling of both services
    "accesstoken accountnumber applicationformtoken cardnumber codechallenge codeverifier cvv cvv2 dateofbirth "
    "idtoken jwttoken oauthattachtoken pan passport phone phonenumber pin qrcode recoverycode recoverycodes "
    "refreshtoken secret sessionjwt sessiontoken ssn street street2 token totpcode upgradabletoken verificationcode "
    "verificationtoken".split()
)
PASSWORDS = frozenset("existingpassword hash newpassword password".split())  # not even their length is shown
IF_DIGITS = "code"  # a secret only then: Unit's errors have a ``code`` too
JWT = re.compile(r"eyJ[\w-]+\.eyJ[\w-]+\.[\w-]*", re.ASCII)
EMAIL = re.compile(r"[^@\s\"'<>:/?=&,;]+@[^@\s\"'<>:/?=&,;]+\.[a-z]{2,}", re.IGNORECASE)
OPAQUE = re.compile(r"(?<![\w-])[\w-]{32,}={0,2}(?![\w-])", re.ASCII)
PUBLIC = re.compile(  # a UUID, with or without Stytch's prefix
    r"(?:[a-z0-9-]+-(?:test|live)-)?[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
)
UNSEEN = re.compile(  # and what turns the direction of writing; joiners stay
    "[\x7f-\x9f\xad\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff]"
)
SHAPES = (
    JWT,
    re.compile(r"v[1-4]\.(?:public|local)\.[\w.=-]+", re.ASCII),  # PASETO: Unit's tokens
    re.compile(r"secret-(?:test|live)-[\w=-]+", re.ASCII),
    re.compile(r"data:[\w/+.-]+;base64,[\w/+= ]+", re.ASCII),
    re.compile(r"(?<![\d.-])\d{3}-\d{2}-\d{4}(?![\d-])", re.ASCII),  # a Social Security number
    re.compile(r"(?<![\w.-])(?:\d[ -]?){12,18}\d(?![\w.-])", re.ASCII),  # a card number
)
DIGITS = ("no", "one digit", "two digits", "three digits", "four digits", "five digits", "six digits")
MAX_ITEMS, MAX_FIELDS, MAX_LENGTH, MAX_DEPTH = 10, 60, 2_000, 12


class Redacted(str):
    """A hint of what was removed. ``name`` is the shell variable that stands for it in a command."""

    name: str

    def __new__(cls, hint: str, name: str) -> Redacted:
        """Keep the name with the hint."""
        made = super().__new__(cls, hint)
        made.name = name
        return made


@dataclass(frozen=True)
class Token:
    """The header and claims of a JWT that was sent or received. Without its signature it proves nothing."""

    name: str
    header: Any
    claims: Any


def redacted(value: Any, name: str = "", *, secret: bool = False, depth: int = 0) -> Any:
    """Return the same JSON without secrets; ``name`` is the field that holds it."""
    secret = secret or name.replace("_", "").lower() in SECRET_NAMES
    if depth > MAX_DEPTH:
        return "…"
    if isinstance(value, dict):
        return {
            _text(str(key), ""): redacted(inner, str(key), secret=secret, depth=depth + 1)
            for key, inner in islice(value.items(), MAX_FIELDS)
        }
    if isinstance(value, list):
        items = [redacted(inner, name, secret=secret, depth=depth + 1) for inner in value[:MAX_ITEMS]]
        return items + [f"… and {len(value) - MAX_ITEMS} more"] * (len(value) > MAX_ITEMS)
    if isinstance(value, str) and name.replace("_", "").lower() in PASSWORDS:
        return Redacted("‹password›", variable(name))
    secret = secret or (name == IF_DIGITS and str(value).isdigit())
    if secret and value not in (None, "") and not isinstance(value, bool):
        return Redacted(hint(str(value)), variable(name))
    if isinstance(value, bool) or value is None:
        return value
    text = str(value)
    shown = _text(text, name)
    return value if shown == text else shown


def redacted_url(url: str) -> str:
    """Return the same URL without secrets."""
    parts = urlsplit(url)
    shown = [(name, redacted(value, name)) for name, value in parse_qsl(parts.query, keep_blank_values=True)]
    path = _text(parts.path, "path")
    if path == parts.path and not any(isinstance(value, Redacted) for _name, value in shown):
        return url
    return parts._replace(path=path, query=urlencode(shown, quote_via=quote)).geturl()


def tokens_in(value: Any, name: str = "", depth: int = 0) -> Iterator[Token]:
    """Yield the JWTs in a JSON, decoded and redacted. Their signatures are not checked here."""
    if depth > MAX_DEPTH:
        return
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from tokens_in(inner, str(key), depth + 1)
    elif isinstance(value, list):
        for inner in value[:MAX_ITEMS]:
            yield from tokens_in(inner, name, depth + 1)
    elif isinstance(value, str) and JWT.fullmatch(value):
        try:
            decoded = jwt.decode_complete(value, options={"verify_signature": False})
        except (jwt.PyJWTError, ValueError, RecursionError):
            return
        yield Token(name, redacted(decoded["header"]), redacted(decoded["payload"]))


def hint(text: str) -> str:
    """Return the form of a text: ``‹six digits›``, ``‹eyJ… 812 characters›``."""
    if text.isascii() and text.isdigit():
        return f"‹{DIGITS[len(text)] if len(text) < len(DIGITS) else f'{len(text)} digits'}›"
    start = next((start for start in ("eyJ", "v2", "data:image/png") if text.startswith(start)), "")
    return f"‹{start}{'… ' if start else ''}{len(text):,} characters›"


def variable(name: str) -> str:
    """Return the shell variable for a field: ``totp_code`` and ``totpCode`` both give ``TOTP_CODE``."""
    words = re.sub(r"[^A-Za-z0-9]+", "_", re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name))
    return words.strip("_").lstrip("_0123456789").upper() or "VALUE"


def as_text(value: Any) -> str:
    """Return indented JSON, in the order in which it was sent."""
    shown = json.dumps(value, indent=2, ensure_ascii=False)
    return UNSEEN.sub(lambda mark: f"\\u{ord(mark[0]):04x}", shown)


def _text(text: str, name: str) -> str:
    shown = text[:MAX_LENGTH] + ("…" if len(text) > MAX_LENGTH else "")
    for shape in SHAPES:
        shown = shape.sub(lambda found: hint(found[0]), shown)
    shown = OPAQUE.sub(lambda found: found[0] if PUBLIC.fullmatch(found[0]) else hint(found[0]), shown)
    masked = EMAIL.sub(lambda found: f"{found[0][0]}…@{found[0].rpartition('@')[2]}", shown)
    if masked == text:
        return text
    return Redacted(masked, "EMAIL" if masked != shown and EMAIL.fullmatch(text) else variable(name))
