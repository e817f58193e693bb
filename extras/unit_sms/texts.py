"""What this process keeps: texts that wait for their code, and the tokens that right codes were exchanged for."""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from threading import Lock

import requests
from cachetools import TLRUCache

from services.exchange import Token

SIZE = 10_000  # sessions
TEXT_LIFE = 600  # seconds; as long as Unit accepts the code
TRIES = 5  # wrong codes until a text is void


@dataclass(frozen=True)
class Text:
    """A text that waits for its code."""

    verification_token: str = field(repr=False)
    expires_at: float  # seconds since the epoch
    tries: int = TRIES


class Texts:
    """Texts and proofs by session id. Losing them costs the user another text."""

    def __init__(self) -> None:
        self._texts = TLRUCache[str, Text](SIZE, lambda _key, text, _now: text.expires_at, time.time)
        self._proofs = TLRUCache[str, Token](SIZE, lambda _key, token, _now: token.expires_at, time.time)
        self._lock = Lock()

    def sent(self, session_id: str, verification_token: str) -> None:
        """Keep the token that the code of a new text completes; an earlier text is void."""
        with self._lock:
            self._texts[session_id] = Text(verification_token, time.time() + TEXT_LIFE)

    def waiting(self, session_id: str) -> Text | None:
        """Return the text whose code is expected."""
        with self._lock:
            return self._texts.get(session_id)

    def rejected(self, session_id: str, text: Text) -> None:
        """Count a wrong code; the last one makes the text void."""
        with self._lock:
            newest = self._texts.get(session_id)
            if newest is None or newest.verification_token != text.verification_token:
                return
            self._texts[session_id] = replace(newest, tries=newest.tries - 1)
            if newest.tries == 1:
                del self._texts[session_id]

    def proved(self, session_id: str, token: Token) -> None:
        """Note that the code was right, and which token it gave."""
        with self._lock:
            self._texts.pop(session_id, None)
            self._proofs[session_id] = token

    def proven_until(self, session_id: str) -> datetime | None:
        """Return until when the session's token from a texted code is valid."""
        with self._lock:
            token = self._proofs.get(session_id)
        return datetime.fromtimestamp(token.expires_at, UTC) if token else None

    def on_session_ended(self, _app: object, *, session_id: str) -> None:
        """Forget the session."""
        with self._lock:
            self._texts.pop(session_id, None)
            self._proofs.pop(session_id, None)

    def on_upstream_call(
        self, _app: object, *, request: requests.PreparedRequest, response: requests.Response | None, **_: object
    ) -> None:
        """Drop the proof whose token Unit no longer accepts, so that a new one is asked for."""
        if response is None or response.status_code != 401:
            return
        refused = request.headers.get("Authorization")
        with self._lock:
            for session_id, token in list(self._proofs.items()):
                if refused == f"Bearer {token.value}":
                    self._proofs.pop(session_id, None)
