"""Messages with a code, kept for the pretend phone and mailbox in place of being sent."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import uuid4

from .. import clock
from ..store import Json, Tenant

MESSAGE = "message"
MOST = 100  # older ones are deleted


def add(tenant: Tenant, channel: str, to: str, otp: Json) -> None:
    """Keep the message with this code."""
    expires = datetime.fromtimestamp(otp["expires_at"], UTC)
    message: Json = {
        "id": str(uuid4()),
        "channel": channel,
        "to": to,
        "code": otp["code"],
        "method_id": otp["method_id"],
        "sent_at": clock.seconds(clock.now()),
        "expires": clock.seconds(expires),
    }
    tenant.add(MESSAGE, message["id"], message)
    tenant.keep_newest(MESSAGE, MOST)
