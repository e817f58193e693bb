"""Who may use the control API: programs on this machine, and at other host names those that have the token.

Web pages and proxies are refused everywhere: they could relay requests of others.
"""

from __future__ import annotations

import hmac
import re
from dataclasses import dataclass
from ipaddress import ip_address

from flask import Request
from werkzeug.datastructures import WWWAuthenticate
from werkzeug.exceptions import Forbidden, Unauthorized

MIN_TOKEN = 16  # characters
LOCAL_NAMES = ("localhost", "127.0.0.1", "[::1]")
HOST_NAME = re.compile(r"[a-z0-9_-]+(\.[a-z0-9_-]+)*|\[[0-9a-f:.]+\]")


def check_host_name(name: str) -> str:
    """Return the host name. Raises ValueError unless it is lowercase and without a port."""
    if not HOST_NAME.fullmatch(name):
        raise ValueError(f"{name!r} is not a lowercase host name without a port")
    return name


@dataclass(frozen=True)
class ControlAccess:
    """The host names besides this machine's at which the control API answers, and their bearer token.

    Raises ValueError for host names without a token of at least ``MIN_TOKEN`` characters.
    """

    hosts: frozenset[str] = frozenset()
    token: str = ""

    def __post_init__(self) -> None:
        for name in self.hosts:
            check_host_name(name)
        if self.hosts and len(self.token) < MIN_TOKEN:
            raise ValueError(f"controls at other host names need a token of at least {MIN_TOKEN} characters")

    def check(self, request: Request) -> None:
        """Raise Forbidden or Unauthorized unless the request may use the control API."""
        from_page = "Origin" in request.headers or request.headers.get("Sec-Fetch-Site", "none") != "none"
        if from_page or _is_forwarded(request):
            raise Forbidden("The control API answers programs only, not web pages or proxies.")
        if _is_local(request):
            return
        if _name(request) not in self.hosts:
            raise Forbidden(
                "The control API answers only programs on this machine. To use it at another host name, start the "
                "emulator with --allow-host NAME and --control-token."
            )
        if not self._holds_token(request):
            raise Unauthorized("Send the emulator's control token: Authorization: Bearer <token>.")

    def check_page(self, request: Request) -> None:
        """Raise Forbidden or Unauthorized unless a browser asks, by itself or from a page of this origin.

        A form must say that it is from this origin. At other host names the control token is the password.
        """
        origin = request.headers.get("Origin", "" if request.method == "POST" else request.host_url[:-1])
        from_elsewhere = request.headers.get("Sec-Fetch-Site", "none") not in ("none", "same-origin")
        if from_elsewhere or origin != request.host_url[:-1]:
            raise Forbidden("These pages answer only requests that begin here. Open the emulator's start page first.")
        if _is_forwarded(request) or not (_is_local(request) or _name(request) in self.hosts):
            raise Forbidden(
                "These pages open only on the emulator's machine, at localhost and without a proxy. For another host "
                "name, start the emulator with --allow-host NAME and --control-token."
            )
        if not _is_local(request) and not self._is_password(request):
            ask = WWWAuthenticate("basic", {"realm": "Any name, and the control token as password"})
            raise Unauthorized("Enter the emulator's control token as the password.", www_authenticate=ask)

    def _is_password(self, request: Request) -> bool:
        given = request.authorization
        sent = given.password if given and given.type == "basic" else None
        return hmac.compare_digest((sent or "").encode(), self.token.encode())

    def _holds_token(self, request: Request) -> bool:
        given = request.authorization
        sent = given.token if given and given.type == "bearer" else None
        return hmac.compare_digest((sent or "").encode(), self.token.encode())


def _name(request: Request) -> str:
    return re.sub(r":\d*$", "", request.host.lower())


def _is_forwarded(request: Request) -> bool:
    return not {"Forwarded", "X-Forwarded-For", "X-Real-Ip", "Via"}.isdisjoint(name for name, _ in request.headers)


def _is_local(request: Request) -> bool:
    return _name(request) in LOCAL_NAMES and _is_loopback(request.remote_addr or "")


def _is_loopback(peer: str) -> bool:
    try:
        return ip_address(peer).is_loopback
    except ValueError:
        return False
