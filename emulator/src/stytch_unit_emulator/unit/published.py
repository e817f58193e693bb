"""The operations that Unit publishes, so that one that is not emulated says so."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

_FILE = Path(__file__).parent / "published_operations.txt"


@dataclass(frozen=True)
class Operation:
    """One operation; ``since`` is the version of Unit's API description that first has it."""

    method: str
    path: str
    name: str
    since: str


@cache
def operations() -> tuple[Operation, ...]:
    """All published operations."""
    lines = _FILE.read_text(encoding="utf-8").splitlines()
    return tuple(Operation(*line.split()) for line in lines if not line.startswith("#"))


def find(method: str, path: str) -> Operation | None:
    """The published operation that a request means, or None."""
    for operation in operations():
        pattern = re.sub(r"\{\w+\}", "[^/]+", operation.path)
        if operation.method == method and re.fullmatch(pattern, path.rstrip("/")):
            return operation
    return None
