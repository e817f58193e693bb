"""A ``requests`` adapter that calls a WSGI app without a socket."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextvars import ContextVar
from io import BytesIO
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from requests import PreparedRequest, Response
from requests.adapters import BaseAdapter, HTTPAdapter
from urllib3 import HTTPResponse
from werkzeug.test import EnvironBuilder, run_wsgi_app

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

TENANT = "emulator.tenant"  # WSGI environ key of the tenant that a call belongs to

current_tenant: ContextVar[str] = ContextVar("current_tenant", default="nobody")
"""The visitor whose tenant this thread's calls use; set for each browser request."""


class WSGIAdapter(BaseAdapter):
    """A ``requests`` transport adapter that calls a WSGI app in this process."""

    def __init__(self, application: WSGIApplication) -> None:
        super().__init__()
        self._application = application
        self._http = HTTPAdapter()

    def send(
        self,
        request: PreparedRequest,
        stream: bool = False,
        timeout: float | tuple[float, float] | tuple[float, None] | None = None,
        verify: bool | str = True,
        cert: bytes | str | tuple[bytes | str, bytes | str] | None = None,
        proxies: Mapping[str, str] | None = None,
    ) -> Response:
        """Call the app and build a response as if it came from a socket."""
        url = urlsplit(request.url or "")
        body = request.body or b""
        if not isinstance(body, str | bytes):
            body = b"".join(body)  # sent in pieces
        builder = EnvironBuilder(
            method=request.method or "GET",
            base_url=f"{url.scheme}://{url.netloc}/",
            path=url.path,
            query_string=url.query,
            headers=list(request.headers.items()),
            input_stream=BytesIO(body.encode() if isinstance(body, str) else body),
            environ_overrides={TENANT: current_tenant.get()},
        )
        try:
            chunks, status, headers = run_wsgi_app(self._application, builder.get_environ(), buffered=True)
        finally:
            builder.close()
        return self._http.build_response(request, _raw(chunks, status, dict(headers)))

    def close(self) -> None:
        """Nothing to close."""


def _raw(chunks: Iterable[bytes], status: str, headers: dict[str, str]) -> HTTPResponse:
    code, _, reason = status.partition(" ")
    return HTTPResponse(
        body=BytesIO(b"".join(chunks)),
        headers=headers,
        status=int(code),
        reason=reason,
        preload_content=False,
    )
