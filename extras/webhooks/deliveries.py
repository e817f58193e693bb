"""What Unit delivers: signed JSON with a list of events. Unit docs: *Webhooks*, *Events*.

To copy: check the signature over the raw bytes before anything is parsed, in constant time, with the token as text.
Unit signs no time and no id of a delivery, so an old delivery can be sent again: let no event do more than bring news.
"""

from __future__ import annotations

import base64
import hmac
import json
from collections.abc import Iterator
from contextlib import suppress

from pydantic import AliasPath, BaseModel, Field, ValidationError

from services.session import Name
from services.unit_client import USER_TAG
from services.unit_models import Id, attribute

SIGNATURE = "x-unit-signature"


class Event(BaseModel):
    """Whom an event concerns. What happened is asked for at Unit, so no type of event is unknown."""

    user_id: Name | None = Field(None, validation_alias=attribute("tags", USER_TAG))  # the application's tag
    customer_id: Id | None = Field(None, validation_alias=AliasPath("relationships", "customer", "data", "id"))


def signature_of(body: bytes, token: str) -> str:
    """Return Unit's signature of a body: HMAC-SHA1 in Base64, keyed with the token's ASCII characters."""
    return base64.b64encode(hmac.digest(token.encode(), body, "sha1")).decode()


def is_signed(body: bytes, signature: str, token: str) -> bool:
    """Whether Unit signed this body."""
    return hmac.compare_digest(signature_of(body, token).encode(), signature.encode())


def events_in(body: bytes) -> Iterator[Event]:
    """Yield the events of a delivery, one or up to 64 of them. What is no event is skipped."""
    try:
        data = json.loads(body)["data"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return
    for each in data if isinstance(data, list) else ():
        with suppress(ValidationError):
            yield Event.model_validate(each)
