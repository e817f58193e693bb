"""Composable checks of request attributes; each reports every problem."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date
from difflib import get_close_matches
from typing import Any, TypeAlias

from .. import clock, strict_json
from .errors import Problem

Check: TypeAlias = Callable[[Any, str], Iterable[Problem]]

MAX_CENTS = 2**53 - 1  # JavaScript's largest safe integer


def wrong(pointer: str, why: str = "") -> Problem:
    """An invalid value."""
    name = pointer.rpartition("/")[2]
    return Problem("invalid_value", f"Invalid value for {name}" + (f": {why}" if why else ""), pointer)


def text(pattern: str = ".+", longest: int = 255) -> Check:
    """A string that matches the whole pattern, by default a single line."""
    expected = re.compile(pattern, re.ASCII)

    def check(value: Any, pointer: str) -> Iterator[Problem]:
        if not isinstance(value, str) or len(value) > longest or not expected.fullmatch(value):
            yield wrong(pointer)

    return check


def one_of(*words: str) -> Check:
    """One of these words."""

    def check(value: Any, pointer: str) -> Iterator[Problem]:
        if value not in words:
            yield wrong(pointer, f"expected one of {', '.join(words)}")

    return check


def whole(least: int, most: int = MAX_CENTS) -> Check:
    """An integer in a range; booleans are not integers."""

    def check(value: Any, pointer: str) -> Iterator[Problem]:
        if type(value) is not int or not least <= value <= most:
            yield wrong(pointer, f"expected an integer from {least} to {most}")

    return check


def number(value: Any, pointer: str) -> Iterator[Problem]:
    """Any finite number."""
    if not strict_json.is_number(value):
        yield wrong(pointer)


def flag(value: Any, pointer: str) -> Iterator[Problem]:
    """A boolean."""
    if not isinstance(value, bool):
        yield wrong(pointer)


def day(value: Any, pointer: str) -> Iterator[Problem]:
    """A date, ``YYYY-MM-DD``."""
    if _day(value) is None:
        yield wrong(pointer, "expected YYYY-MM-DD")


def past_day(value: Any, pointer: str) -> Iterator[Problem]:
    """A date in the past."""
    parsed = _day(value)
    if parsed is None or parsed >= clock.now().date():
        yield wrong(pointer, "expected a date in the past")


def moment(value: Any, pointer: str) -> Iterator[Problem]:
    """A time in RFC 3339, with its offset from UTC."""
    try:
        known = isinstance(value, str) and clock.parse(value).tzinfo is not None
    except ValueError:
        known = False
    if not known:
        yield wrong(pointer, "expected a time such as 2030-01-02T03:04:05Z")


def _day(value: Any) -> date | None:
    if not isinstance(value, str) or not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", value):
        return None
    try:
        return date.fromisoformat(value)
    except ValueError:
        return None


def unchecked(_value: Any, _pointer: str) -> Iterable[Problem]:
    """Any value."""
    return ()


def or_null(inner: Check) -> Check:
    """Null, or what the inner check allows."""
    return lambda value, pointer: () if value is None else inner(value, pointer)


def items(inner: Check, least: int = 0, most: int = 100) -> Check:
    """A list of a length in a range."""

    def check(value: Any, pointer: str) -> Iterator[Problem]:
        if not isinstance(value, list) or not least <= len(value) <= most:
            yield wrong(pointer, f"expected {least} to {most} entries")
        else:
            for position, entry in enumerate(value):
                yield from inner(entry, f"{pointer}/{position}")

    return check


def fields(required: Mapping[str, Check], optional: Mapping[str, Check] | None = None) -> Check:
    """An object with these members and no others."""
    known = {**required, **(optional or {})}

    def check(value: Any, pointer: str) -> Iterator[Problem]:
        if not isinstance(value, dict):
            yield wrong(pointer, "expected an object")
            return
        for name in (name for name in required if name not in value):
            yield Problem("invalid_value", f"Missing value for {name}", f"{pointer}/{name}")
        for name, member in value.items():
            # UNCONFIRMED: whether Unit refuses unknown members.
            unknown = Problem("invalid_value", f"Unknown attribute {name}{_near(name, known)}", f"{pointer}/{name}")
            yield from known[name](member, f"{pointer}/{name}") if name in known else [unknown]

    return check


def _near(name: str, known: Iterable[str]) -> str:
    near = get_close_matches(name, known, 1)
    return f"; did you mean {near[0]}?" if near else ""


def tags(nulls: bool = False) -> Check:
    """Up to 15 pairs of strings; in a PATCH, null removes one."""
    value_check = or_null(text("(?s).+")) if nulls else text("(?s).+")

    def check(value: Any, pointer: str) -> Iterator[Problem]:
        if not isinstance(value, dict) or len(value) > MAX_TAGS:
            yield wrong(pointer, f"expected an object of at most {MAX_TAGS} pairs")
            return
        for key, entry in value.items():
            yield from text("[A-Za-z0-9_]+", 128)(key, f"{pointer}/{key}")
            yield from value_check(entry, f"{pointer}/{key}")

    return check


MAX_TAGS = 15
IDEMPOTENCY_KEY = text("(?s).+")
