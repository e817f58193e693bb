"""Client addresses as some proxies write them, with a port or in brackets: cleaned once, for all."""

from __future__ import annotations

import re
from contextlib import suppress
from functools import lru_cache
from ipaddress import ip_address

from flask import request

DECORATED = re.compile(r"\[(?P<six>[^\]]*)\](:\d+)?|(?P<four>[\d.]+):\d+", re.ASCII)


def clean_address() -> None:
    """Let the rest of the request see a bare address, or none if it is not one."""
    request.remote_addr = bare(request.remote_addr or "")


@lru_cache(1_000)
def bare(text: str) -> str | None:
    """Return an address without port, brackets and zone; an IPv4 address that is written as IPv6 as IPv4."""
    text = text.strip(' "')
    decorated = DECORATED.fullmatch(text)
    plain = (decorated["six"] or decorated["four"] or "") if decorated else text
    with suppress(ValueError):
        address = ip_address(plain.partition("%")[0])
        return str(getattr(address, "ipv4_mapped", None) or address)
    return None
