"""The project's RSA 2048 signing keys; the newest one signs.

Keys belong to the project, not to a visitor, so they have their own partition. Unit fetches them without a visitor.
"""

from __future__ import annotations

import base64
import secrets
from datetime import timedelta
from functools import lru_cache
from uuid import uuid4

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID
from jwt.algorithms import RSAAlgorithm

from .. import clock
from ..store import Json, Tenant

KEY = "jwk"
SECRET = "token_secret"  # noqa: S105 -- the name of a record
CERTIFICATE_LIFE = timedelta(days=365)


def partition(project_id: str) -> str:
    """The partition of a project's keys."""
    return f"project:{project_id}"


def ensure(project: Tenant) -> None:
    """Create a project's first signing key and its session token secret."""
    if project.get(SECRET, SECRET) is None:
        project.add(SECRET, SECRET, {"hex": secrets.token_hex(32)})
        _add_key(project)


def rotate_key(project: Tenant) -> str:
    """Sign with a new key from now on; older keys stay published.

    ``project`` is the project's partition.
    """
    ensure(project)
    return _add_key(project)


def _add_key(project: Tenant) -> str:
    key = new_private_key()
    kid = f"jwk-test-{uuid4()}"
    pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()
    project.add(KEY, kid, {"kid": kid, "pem": pem, "public": _public(kid, key)})
    return kid


def new_private_key() -> rsa.RSAPrivateKey:
    """Generate an RSA key of Stytch's size."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def published(project: Tenant) -> list[Json]:
    """The JWKS entries of all keys, oldest first."""
    return [record["public"] for record in project.all(KEY)]


def signing_key(project: Tenant) -> tuple[str, rsa.RSAPrivateKey]:
    """The newest key and its id."""
    newest = project.all(KEY)[-1]
    return newest["kid"], _parsed(newest["kid"], newest["pem"])


def token_secret(project: Tenant) -> bytes:
    """The secret from which session tokens are derived."""
    secret = project.get(SECRET, SECRET) or {}
    return bytes.fromhex(secret["hex"])


@lru_cache(maxsize=64)
def _parsed(_kid: str, pem: str) -> rsa.RSAPrivateKey:
    """Parse a key. Cached because parsing is slow; unchecked because it is our own."""
    key = serialization.load_pem_private_key(pem.encode(), password=None, unsafe_skip_rsa_key_validation=True)
    assert isinstance(key, rsa.RSAPrivateKey)  # noqa: S101 -- no other kind is stored
    return key


def _public(kid: str, key: rsa.RSAPrivateKey) -> Json:
    """The nine JWKS members that Stytch publishes.

    Stytch writes ``x5tS256``, without the ``#`` of RFC 7517.
    """
    numbers = RSAAlgorithm.to_jwk(key.public_key(), as_dict=True)
    certificate = _certificate(kid, key)
    return {
        "kty": "RSA",
        "use": "sig",
        "key_ops": ["verify"],
        "alg": "RS256",
        "kid": kid,
        "x5c": [base64.b64encode(certificate.public_bytes(serialization.Encoding.DER)).decode()],
        "x5tS256": base64.urlsafe_b64encode(certificate.fingerprint(hashes.SHA256())).decode(),
        "n": numbers["n"],
        "e": numbers["e"],
    }


def _certificate(kid: str, key: rsa.RSAPrivateKey) -> x509.Certificate:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, kid)])
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(clock.now())
        .not_valid_after(clock.now() + CERTIFICATE_LIFE)
        .sign(key, hashes.SHA256())
    )
