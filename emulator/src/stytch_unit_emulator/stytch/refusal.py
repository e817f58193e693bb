"""The row of a refusal in the tables of `errors`."""

from __future__ import annotations

from typing import Literal, NamedTuple, TypeAlias

Certainty: TypeAlias = Literal["seen", "status guessed", "type only"]


class Refusal(NamedTuple):
    """HTTP status, message, and which of them were seen in the real service."""

    status: int
    message: str
    certainty: Certainty
