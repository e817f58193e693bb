"""Reads control requests. A refusal is a 400 with a sentence that says what to send instead."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from difflib import get_close_matches
from typing import Any

from flask import abort, request

from . import strict_json, stytch
from .store import Json

ALL_TENANTS = "*"


def tenant(project_id: str) -> str:
    """Check the tenant's name, a project id, and return it."""
    if project_id != ALL_TENANTS and not stytch.is_project_id(project_id):
        abort(400, "Name a tenant by its project id: project-test- and a lowercase UUID.")
    return project_id


def body(*members: str) -> Json:
    """Read a JSON object. With names, others are refused."""
    try:
        given = strict_json.parse(request.get_data()) if request.is_json else None
    except ValueError:
        given = None
    if not isinstance(given, dict):
        abort(400, "Send a JSON object, with Content-Type: application/json.")
    problem = unknown_member(given, members) if members else None
    if problem:
        abort(400, f"{problem}.")
    return given


def unknown_member(given: Mapping[str, Any], known: Collection[str]) -> str | None:
    """Describe the first member that is not known, or return None."""
    name = next((name for name in given if name not in known), None)
    return None if name is None else f"there is no member {name!r}; {nearest(name, known)}"


def nearest(name: str, known: Collection[str]) -> str:
    """The near right name, or else all that there are."""
    near = get_close_matches(name, known, 1, 0.7)
    return f"did you mean {near[0]!r}?" if near else f"there are {', '.join(sorted(known))}"


def number(given: Mapping[str, Any], name: str, least: float, most: float, default: float | None = None) -> float:
    """Read a number in a range."""
    value = given.get(name, default)
    if not isinstance(value, int | float) or isinstance(value, bool):
        abort(400, f"{name} must be a number.")
    if not least <= value <= most:
        abort(400, f"{name} must be from {least:g} to {most:g}.")
    return value


def count(given: Mapping[str, Any], name: str, least: int, most: int, default: int = 1) -> int:
    """Read a whole number in a range."""
    value = number(given, name, least, most, default)
    if value != int(value):
        abort(400, f"{name} must be a whole number.")
    return int(value)


def texts(given: Mapping[str, Any], name: str, most: int, longest: int) -> list[str] | None:
    """Read a list of strings, or None if it is absent."""
    value = given.get(name)
    if value is None:
        return None
    if not isinstance(value, list) or len(value) > most:
        abort(400, f"{name} must be a list of at most {most} strings.")
    if not all(isinstance(each, str) and 0 < len(each) <= longest for each in value):
        abort(400, f"{name} must have strings of 1 to {longest} characters.")
    return value
