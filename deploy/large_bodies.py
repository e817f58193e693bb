"""How many large bodies waitress receives at once, from whom, and how slowly.

They are held in memory, so their places are few. A client that holds one and sends slowly, or nothing, would keep
others out: so webhooks and documents have places of their own, and so has who is signed in; one network or session
gets half of them; and a body has to come at a least rate.
"""

from __future__ import annotations

import time
from copy import copy
from typing import TYPE_CHECKING, Any, ClassVar
from weakref import WeakSet

from waitress.parser import HTTPRequestParser, ParsingError
from waitress.utilities import BadRequest, Error

if TYPE_CHECKING:
    from flask import Flask

LARGE_BODIES = {  # by the start of a path: bytes, above the app's own limit; places with and without a sign-in cookie
    "/customer/documents/": (21 * 1024 * 1024, 4, 2),
    "/webhooks/unit": (1100 * 1024, 4, 4),
}
LEAST_RATE = 32 * 1024  # bytes per second; a poor mobile network has more
GRACE = 10.0  # seconds that a body may be behind; what came faster earns no more
LONGEST_LINE = 8 * 1024  # bytes between two chunks; waitress reads an unfinished line again from its start each time


class Busy(Error):  # type: ignore[misc]
    """What a client hears that gets no place, or loses it."""

    code, reason = 503, "Service Unavailable"


class Parser(HTTPRequestParser):  # type: ignore[misc]
    """Reads a request of a client at the address ``peer``."""

    adj: Any
    body_rcv: Any
    completed: bool
    large: ClassVar[WeakSet[Parser]] = WeakSet()  # those with a large body that are being read or answered
    late_at = float("inf")  # seconds since the epoch, unless more comes until then
    kind: tuple[str, bool]  # the start of the path, and whether there is a sign-in cookie
    client: set[str]  # its network, and the session token of its sign-in cookie

    def __init__(self, adj: Any, app: Flask, peer: str) -> None:
        super().__init__(adj)
        self._app, self._peer = app, peer

    def parse_header(self, header_plus: bytes) -> None:
        """Set the limit of this request's route. Raises ParsingError."""
        try:
            super().parse_header(header_plus)
        except ValueError as error:  # which waitress lets through: "http://[", or a length of thousands of digits
            raise ParsingError("Bad URI or length") from error
        route = next(filter(self.path.startswith, LARGE_BODIES), "")
        if route and (self.chunked or self.content_length >= self.adj.max_request_body_size):
            self.adj = copy(self.adj)
            self.adj.max_request_body_size, signed_in, signed_out = LARGE_BODIES[route]
            network, token = self._client()
            self.kind, self.client = (route, token is not None), {network, token or network}
            self._take_place(signed_in if token else signed_out)

    def received(self, data: bytes) -> int:
        """Read a part of the request; one that is refused is complete."""
        before, was_late = self.body_bytes_received, self.is_late
        consumed: int = super().received(data)
        if self in self.large:
            came = self.body_bytes_received - before
            self.late_at = min(self.late_at + came / LEAST_RATE, time.time() + GRACE)
        if was_late and not self.completed:
            self.error = Busy("This took too long. Try again.")
        if self.chunked and len(self.body_rcv.control_line) + len(self.body_rcv.trailer) > LONGEST_LINE:
            self.error = BadRequest("A line between chunks is too long.")
        self.completed = self.completed or self.error is not None
        return consumed

    @property
    def is_late(self) -> bool:
        """Whether the body comes too slowly. Such a request holds no place any more."""
        return not self.completed and time.time() > self.late_at

    def _take_place(self, most: int) -> None:
        others = [each for each in list(self.large) if each.kind == self.kind and not each.is_late]
        if len(others) >= most or sum(bool(each.client & self.client) for each in others) >= most // 2:
            self.error = Busy("Try again in a minute.")
            return
        self.late_at = time.time() + GRACE
        self.large.add(self)

    def _client(self) -> tuple[str, str | None]:
        """Return the client's network as the app will see it, and the session token of its sign-in cookie."""
        from extras.operations.addresses import clean_address  # these are not needed by --check
        from services import guards, rate_limits

        addresses = [self._peer, *reversed(self.headers.get("X_FORWARDED_FOR", "").split(","))]
        proxies = self._app.extensions["settings"].trusted_proxies
        address = (addresses[proxies].strip() if proxies < len(addresses) else "") or self._peer
        cookie = {"Cookie": self.headers.get("COOKIE", "")}
        with self._app.test_request_context(headers=cookie, environ_base={"REMOTE_ADDR": address}):
            clean_address()
            return rate_limits.client_network(), guards.sign_in_token()
