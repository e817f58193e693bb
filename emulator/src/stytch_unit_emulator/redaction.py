"""Removes secrets from recorded requests and from the records on the state pages.

A value is a secret by the name of its field or by its shape. Email addresses stay: tests look for them, and they are
made up here.
"""

from __future__ import annotations

import re
from itertools import islice
from typing import Any

SECRET_NAMES = frozenset(  # lowercase, without underscores: covers the spelling of both services
    "accesstoken accountnumber codechallenge codeverifier cvv cvv2 dateofbirth idtoken jwttoken oauthattachtoken pan "
    "passport pin plaidprocessortoken qrcode recoverycode recoverycodes refreshtoken secret sessionjwt "
    "sessiontoken ssn street street2 token totpcode upgradabletoken verificationcode verificationtoken".split()
)
PASSWORDS = frozenset("existingpassword hash newpassword password".split())  # not even their length is shown
IF_DIGITS = "code"  # a secret only then: Unit's errors have a ``code`` too
PUBLIC = re.compile(  # a UUID, with or without Stytch's prefix
    r"(?:[a-z0-9-]+-(?:test|live)-)?[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
)
SHAPES = re.compile(
    "|".join(
        (
            r"eyJ[\w-]+\.eyJ[\w-]+\.[\w-]*",  # a JWT
            r"v[1-4]\.(?:public|local)\.[\w.=-]+",  # Unit's tokens
            r"data:[\w/+.-]+;base64,[\w/+= ]+",
            r"(?<![\d.-])\d{3}-\d{2}-\d{4}(?![\d-])",  # a Social Security number
            r"(?<![\w.-])(?:\d[ -]?){12,18}\d(?![\w.-])",  # a card number
            r"(?<![\w-])[\w-]{32,}={0,2}(?![\w-])",  # a token, or a UUID
        )
    ),
    re.ASCII,
)
SHORTEST = 11  # characters of the shortest shape
MAX_ITEMS, MAX_FIELDS, MAX_LENGTH, MAX_DEPTH = 20, 60, 2_000, 12


def redacted(value: Any, name: str = "", *, secret: bool = False, depth: int = 0) -> Any:
    """Return the same JSON without secrets; ``name`` is the field that holds it."""
    secret = secret or name.replace("_", "").lower() in SECRET_NAMES
    if depth > MAX_DEPTH:
        return "…"
    if isinstance(value, dict):
        return {
            redacted_text(key): redacted(inner, key, secret=secret, depth=depth + 1)
            for key, inner in islice(value.items(), MAX_FIELDS)
        }
    if isinstance(value, list):
        items = [redacted(inner, name, secret=secret, depth=depth + 1) for inner in value[:MAX_ITEMS]]
        return items + [f"… and {len(value) - MAX_ITEMS} more"] * (len(value) > MAX_ITEMS)
    if isinstance(value, bool) or value in (None, ""):
        return value
    text = str(value)
    if name.replace("_", "").lower() in PASSWORDS:
        return "‹password›"
    if secret or (name == IF_DIGITS and text.isdigit()):
        return hint(text)
    shown = redacted_text(text)
    return value if shown == text else shown


def redacted_text(text: str) -> str:
    """Return the text without what has the shape of a secret, cut at ``MAX_LENGTH``."""
    if len(text) < SHORTEST:
        return text
    shown = SHAPES.sub(lambda found: found[0] if PUBLIC.fullmatch(found[0]) else hint(found[0]), text)
    return shown if len(shown) <= MAX_LENGTH else f"{shown[:MAX_LENGTH]}…"


def hint(text: str) -> str:
    """What a secret looked like: ``‹6 digits›``, ``‹812 characters›``."""
    return f"‹{len(text):,} {'digits' if text.isascii() and text.isdigit() else 'characters'}›"
