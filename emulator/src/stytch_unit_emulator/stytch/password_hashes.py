"""Password hashes: scrypt for passwords that are set here, and the formats that Stytch migrates.

bcrypt needs the package of that name, which is optional: ``stytch-unit-emulator[bcrypt]``.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import importlib.util
import re
from collections.abc import Callable
from importlib import import_module
from typing import TypeAlias

from cryptography.hazmat.primitives.kdf.argon2 import Argon2i, Argon2id
from werkzeug.security import check_password_hash, generate_password_hash

from ..store import Json
from . import fields
from .errors import StytchFault

HEX = re.compile("[0-9a-fA-F]+")
DIGESTS = {"md_5": ("md5", 32), "sha_1": ("sha1", 40), "sha_512": ("sha512", 128)}  # and characters of the hash
BCRYPT = re.compile(r"\$2[abxy]\$(0[4-9]|[12][0-9]|3[01])\$[./A-Za-z0-9]{53}")
ARGON_2 = re.compile(
    r"\$argon2(id?)\$v=19\$m=([0-9]{1,7}),t=([0-9]{1,2}),p=([0-9]{1,2})\$([\w+/]+)\$([\w+/]+)", re.ASCII
)
PHPASS = re.compile(r"\$[PH]\$([5-9A-I])([./A-Za-z0-9]{8})([./A-Za-z0-9]{22})")
ALPHABET = "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"  # of phpass
MAX_MEMORY = 320 * 1024 * 1024  # bytes, enough for Stytch's largest scrypt
METHOD = "scrypt:32768:8:1"  # of passwords that are set here, as werkzeug names it
Reader: TypeAlias = Callable[[str, Json], Json]


def own(password: str) -> Json:
    """Hash a password that is set here."""
    return {"type": "own", "hash": generate_password_hash(password, METHOD)}


def read(body: Json) -> Json:
    """Read the hash to migrate, with what is needed to check a password against it.

    UNCONFIRMED: the types for malformed members, of which Stytch has one each. Here, most are ``invalid_hash``.
    """
    kind, text = body.get("hash_type"), body.get("hash")
    if kind not in READERS:
        raise StytchFault("invalid_hash_type")
    if not isinstance(text, str) or not text:
        raise StytchFault("invalid_hash")
    try:
        return {"type": kind, **READERS[kind](text, body)}
    except (ValueError, KeyError, TypeError) as error:
        raise StytchFault("invalid_hash") from error


def matches(kept: Json, password: str) -> bool:
    """Whether this is the password of a hash that was read or made here."""
    kind, raw = kept["type"], password.encode()
    if kind == "own":
        return check_password_hash(kept["hash"], password)
    if kind == "bcrypt":
        return bool(import_module("bcrypt").checkpw(raw, kept["hash"].encode()))
    return hmac.compare_digest(_derive(kind, kept, raw), kept["hash"])


def _derive(kind: str, kept: Json, raw: bytes) -> str:
    """The hash of a password by this method, as text in the form that is kept."""
    if kind in DIGESTS:
        salted = kept["prepend_salt"].encode() + raw + kept["append_salt"].encode()
        return hashlib.new(DIGESTS[kind][0], salted).hexdigest()
    if kind == "phpass":
        return _phpass(kept, raw)
    salt, length = base64.b64decode(kept["salt"]), kept["length"]
    if kind == "scrypt":
        options = {name: kept[name] for name in ("n", "r", "p")}
        key = hashlib.scrypt(raw, salt=salt, dklen=length, maxmem=MAX_MEMORY, **options)
    elif kind == "pbkdf_2":
        key = hashlib.pbkdf2_hmac(kept["algorithm"], raw, salt, kept["iterations"], length)
    else:
        method = Argon2id if kind == "argon_2id" else Argon2i
        options = {"iterations": kept["iterations"], "lanes": kept["threads"], "memory_cost": kept["memory"]}
        key = method(salt=salt, length=length, **options).derive(raw)
    return key.hex()


def _phpass(kept: Json, raw: bytes) -> str:
    """Portable PHP password hashing: MD5 in rounds, and 24 bits as four characters, lowest first."""
    key = hashlib.md5(kept["salt"].encode() + raw, usedforsecurity=False).digest()
    for _ in range(2 ** kept["rounds"]):
        key = hashlib.md5(key + raw, usedforsecurity=False).digest()
    text = ""
    for start in range(0, 16, 3):
        part = key[start : start + 3]
        number = int.from_bytes(part, "little")
        text += "".join(ALPHABET[number >> 6 * place & 63] for place in range(len(part) + 1))
    return text


def _digest(text: str, body: Json, kind: str) -> Json:
    salts = fields.strings(body, f"{kind}_config", ("prepend_salt", "append_salt"))
    if not HEX.fullmatch(text) or len(text) != DIGESTS[kind][1]:
        raise ValueError
    return {"hash": text.lower(), **salts}


def _bcrypt(text: str, _body: Json) -> Json:
    if not BCRYPT.fullmatch(text) or importlib.util.find_spec("bcrypt") is None:
        raise StytchFault("invalid_bcrypt_hash")
    return {"hash": text}


def _scrypt(text: str, body: Json) -> Json:
    given = fields.mapping(body, "scrypt_config")
    n = _whole(given["n_parameter"], 2, 262_144)
    r, p = _whole(given["r_parameter"], 1, 8), _whole(given["p_parameter"], 1, 16)
    if n & (n - 1):
        raise ValueError
    return {**_key(text, given), "n": n, "r": r, "p": p}


def _pbkdf_2(text: str, body: Json) -> Json:
    given = fields.mapping(body, "pbkdf_2_config")
    if given.get("algorithm") not in {"sha256", "sha512"}:
        raise ValueError
    return {
        **_key(text, given),
        "algorithm": given["algorithm"],
        "iterations": _whole(given["iteration_amount"], 1, 2_000_000),
    }


def _key(text: str, given: Json) -> Json:
    """A derived key in base64, its salt and its length."""
    key, length = base64.b64decode(text, validate=True), _whole(given["key_length"], 8, 1024)
    if len(key) != length:
        raise ValueError
    base64.b64decode(given["salt"], validate=True)
    return {"hash": key.hex(), "salt": given["salt"], "length": length}


def _argon_2(text: str, body: Json, kind: str) -> Json:
    """Argon2's own format, or a key as hex digits with its parameters beside it."""
    if found := ARGON_2.fullmatch(text):
        if found[1] != kind.removeprefix("argon_2"):
            raise ValueError
        memory, iterations, threads, salt, key = found[2], found[3], found[4], _unpadded(found[5]), _unpadded(found[6])
        length = len(key)
    else:
        given = fields.mapping(body, "argon_2_config")
        memory, iterations, threads = given["memory"], given["iteration_amount"], given["threads"]
        salt, key, length = given["salt"].encode(), bytes.fromhex(text), given["key_length"]
    if len(key) != length:
        raise StytchFault("argon_2_key_length_mismatch")
    threads = _whole(int(threads), 1, 16)
    return {
        "hash": key.hex(),
        "salt": base64.b64encode(salt).decode(),
        "length": length,
        "memory": _whole(int(memory), 8 * threads, MAX_MEMORY // 1024),
        "iterations": _whole(int(iterations), 1, 20),
        "threads": threads,
    }


def _phpass_parts(text: str, _body: Json) -> Json:
    found = PHPASS.fullmatch(text)
    if found is None:
        raise ValueError
    return {"hash": found[3], "salt": found[2], "rounds": ALPHABET.index(found[1])}


def _unpadded(text: str) -> bytes:
    return base64.b64decode(text + "=" * (-len(text) % 4), validate=True)


def _whole(value: object, least: int, most: int) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
        raise ValueError
    return value


READERS: dict[object, Reader] = {
    "bcrypt": _bcrypt,
    "md_5": lambda text, body: _digest(text, body, "md_5"),
    "sha_1": lambda text, body: _digest(text, body, "sha_1"),
    "sha_512": lambda text, body: _digest(text, body, "sha_512"),
    "argon_2i": lambda text, body: _argon_2(text, body, "argon_2i"),
    "argon_2id": lambda text, body: _argon_2(text, body, "argon_2id"),
    "scrypt": _scrypt,
    "pbkdf_2": _pbkdf_2,
    "phpass": _phpass_parts,
}
