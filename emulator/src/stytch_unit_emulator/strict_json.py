"""JSON that clients in every language can read: no Infinity or NaN, and limited nesting.

Python reads ``NaN``, ``Infinity`` and ``1e999``, and integers of any size, and would write them back.
"""

from __future__ import annotations

import json
import math
from typing import Any, NoReturn

MAX_DEPTH = 100  # levels of objects and lists; UNCONFIRMED: the services' own limits


def parse(text: str | bytes) -> Any:
    """Parse JSON. Raises ValueError, also for numbers that no double can hold."""
    try:
        value = json.loads(text, parse_constant=_refuse, parse_float=_number, parse_int=_integer)
    except RecursionError:
        raise ValueError("nested too deeply") from None
    _check_depth(value)
    return value


def dump(value: Any) -> str:
    """Write JSON. Raises ValueError for Infinity and NaN."""
    return json.dumps(value, allow_nan=False)


def is_number(value: object) -> bool:
    """Whether a value is a finite number; booleans are not numbers."""
    try:
        return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    except OverflowError:  # an integer that no double can hold
        return False


def _refuse(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def _number(digits: str) -> float:
    number = float(digits)
    if math.isinf(number):
        raise ValueError("a number is too large")
    return number


def _integer(digits: str) -> int:
    _number(digits)  # other languages read integers as doubles
    return int(digits)


def _check_depth(value: Any) -> None:
    """Refuse what later code that recurses could not handle."""
    level = [value]
    for _ in range(MAX_DEPTH + 1):
        groups = (each.values() if isinstance(each, dict) else each for each in level if isinstance(each, dict | list))
        level = [member for group in groups for member in group]
        if not level:
            return
    raise ValueError("nested too deeply")
