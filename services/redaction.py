"""What may be shown of what was said: everything but what would let somebody act as somebody else, or be them.

To copy: cut by the name of a field *and* by the look of a value, so that a secret under a new name is cut too; cut
before anything is kept, never while it is shown; and leave a hint of the form, which is all that a reader needs.
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

SECRET_NAMES = frozenset(  # without underscores, in small letters: as Stytch and as Unit would write them
    "accountnumber applicationformtoken cardnumber codechallenge codeverifier cvv cvv2 dateofbirth jwttoken pan "
    "passport phone pin qrcode recoverycode recoverycodes secret sessionjwt sessiontoken ssn street token totpcode "
    "upgradabletoken verificationcode verificationtoken".split()
)
JWT = re.compile(r"eyJ[\w-]+\.eyJ[\w-]+\.[\w-]*", re.ASCII)
EMAIL = re.compile(r"[^@\s\"'<>:/?=&,;]+@[^@\s\"'<>:/?=&,;]+\.[a-z]{2,}", re.IGNORECASE)
OPAQUE = re.compile(r"(?<![\w-])[\w-]{32,}={0,2}(?![\w-])", re.ASCII)
PUBLIC = re.compile(  # a UUID, or one behind the words with which Stytch names its kind
    r"(?:[a-z0-9-]+-(?:test|live)-)?[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
)
LOOKS = (
    JWT,
    re.compile(r"v[1-4]\.(?:public|local)\.[\w.=-]+", re.ASCII),  # PASETO: Unit's tokens
    re.compile(r"secret-(?:test|live)-[\w=-]+", re.ASCII),
    re.compile(r"data:[\w/+.-]+;base64,[\w/+= ]+", re.ASCII),
    re.compile(r"(?<![\d.-])\d{3}-\d{2}-\d{4}(?![\d-])", re.ASCII),  # a Social Security number
    re.compile(r"(?<![\w.-])(?:\d[ -]?){12,18}\d(?![\w.-])", re.ASCII),  # a card number
)
COUNTED = ("no", "one digit", "two digits", "three digits", "four digits", "five digits", "six digits")
LONGEST_LIST, MOST_FIELDS, LONGEST_TEXT, DEEPEST = 10, 60, 2_000, 12  # items, fields, characters, levels


class Cut(str):
    """A hint of what stood here. ``name`` is the variable that stands for it in a command line."""

    name: str

    def __new__(cls, hint: str, name: str) -> Cut:
        """Remember the name beside the text."""
        made = super().__new__(cls, hint)
        made.name = name
        return made


@dataclass(frozen=True)
class Token:
    """A JWT that was sent or received: what it says, without the signature that would make it one again."""

    name: str
    header: Any
    claims: Any


def redacted(value: Any, name: str = "", *, secret: bool = False, depth: int = 0) -> Any:
    """The same JSON with what must not be shown cut out; ``name`` is the field that it stands in."""
    secret = secret or name.replace("_", "").lower() in SECRET_NAMES
    if depth > DEEPEST:
        return "…"
    if isinstance(value, dict):
        return {
            _text(str(key), ""): redacted(inner, str(key), secret=secret, depth=depth + 1)
            for key, inner in islice(value.items(), MOST_FIELDS)
        }
    if isinstance(value, list):
        shown = [redacted(inner, name, secret=secret, depth=depth + 1) for inner in value[:LONGEST_LIST]]
        return shown + [f"… and {len(value) - LONGEST_LIST} more"] * (len(value) > LONGEST_LIST)
    if secret and value not in (None, "") and not isinstance(value, bool):
        return Cut(hint(str(value)), variable(name))
    if isinstance(value, bool) or value is None:
        return value
    text = str(value)
    cut = _text(text, name)
    return value if cut == text else cut


def redacted_url(url: str) -> str:
    """The same URL with what must not be shown cut out of its query."""
    parts = urlsplit(url)
    shown = [(name, redacted(value, name)) for name, value in parse_qsl(parts.query, keep_blank_values=True)]
    path = _text(parts.path, "path")
    if path == parts.path and not any(isinstance(value, Cut) for _name, value in shown):
        return url
    return parts._replace(path=path, query=urlencode(shown, quote_via=quote)).geturl()


def tokens_in(value: Any, name: str = "", depth: int = 0) -> Iterator[Token]:
    """The JWTs in a JSON, read and redacted; who has signed them is not asked here."""
    if depth > DEEPEST:
        return
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from tokens_in(inner, str(key), depth + 1)
    elif isinstance(value, list):
        for inner in value[:LONGEST_LIST]:
            yield from tokens_in(inner, name, depth + 1)
    elif isinstance(value, str) and JWT.fullmatch(value):
        try:
            decoded = jwt.decode_complete(value, options={"verify_signature": False})
        except (jwt.PyJWTError, ValueError, RecursionError):
            return
        yield Token(name, redacted(decoded["header"]), redacted(decoded["payload"]))


def hint(text: str) -> str:
    """The form of a text: ``‹six digits›``, ``‹eyJ… 812 characters›``."""
    if text.isascii() and text.isdigit():
        return f"‹{COUNTED[len(text)] if len(text) < len(COUNTED) else f'{len(text)} digits'}›"
    start = next((start for start in ("eyJ", "v2", "data:image/png") if text.startswith(start)), "")
    return f"‹{start}{'… ' if start else ''}{len(text):,} characters›"


def variable(name: str) -> str:
    """The shell variable for a field: ``totp_code`` and ``totpCode`` both give ``TOTP_CODE``."""
    return re.sub(r"\W+", "_", re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name)).strip("_").upper() or "VALUE"


def as_text(value: Any) -> str:
    """JSON for people, in the order in which it was sent."""
    return json.dumps(value, indent=2, ensure_ascii=False)


def _text(text: str, name: str) -> str:
    shown = text[:LONGEST_TEXT] + ("…" if len(text) > LONGEST_TEXT else "")
    for look in LOOKS:
        shown = look.sub(lambda found: hint(found[0]), shown)
    shown = OPAQUE.sub(lambda found: found[0] if PUBLIC.fullmatch(found[0]) else hint(found[0]), shown)
    masked = EMAIL.sub(lambda found: f"{found[0][0]}…@{found[0].rpartition('@')[2]}", shown)
    if masked == text:
        return text
    return Cut(masked, "EMAIL" if masked != shown and EMAIL.fullmatch(text) else variable(name))
