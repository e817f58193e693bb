"""The registry of ways to prove who you are: one row per method. And codes, as people type and paste them.

To copy: a blueprint registers its row, which is all that a new method needs. Its ``verify`` counts the code, checks it,
and calls ``set_current_session`` with what Stytch returned. ``blueprints/totp.py`` is the model. In the app's config,
``SIGN_IN_METHODS`` and ``STEP_UP_METHODS`` name the rows in use, in order; None means all.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeAlias
from unicodedata import category, decimal

from flask import Blueprint, current_app

from .errors import CodeRejected
from .session import Session

Form: TypeAlias = Mapping[str, str]
HYPHENS = "\u02d7\u2043\u2212\u30fc\uff70"  # besides those of Unicode's category Pd
UNSEEN = re.compile("[\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]")  # besides category Cf


def _reject(_session: Session, _form: Form) -> None:
    raise CodeRejected("not a step-up method")


@dataclass(frozen=True)
class Method:
    """One way to prove who you are."""

    name: str
    title: str  # completes "Use ... instead"
    group: str | None  # mailbox, phone or device; None: signs in and counts for nothing else
    sign_in: str = ""  # template of its part of the sign-in form; empty: not for signing in
    step_up: str = ""  # template of its fields in the step-up form, named ``step_up_...``; empty: not for step-up
    is_enrolled: Callable[[Session], bool] = lambda _session: False
    prepare: Callable[[Session], str] | None = None  # sends a code, say; returns what to announce
    verify: Callable[[Session, Form], object] = _reject  # checks a submitted code; raises CodeRejected, LimitReached
    proven_until: Callable[[Session], datetime | None] | None = None  # for a proof that Stytch does not know of
    messages: Mapping[str, str] = field(default_factory=dict)  # by the reason of a CodeRejected

    def message(self, reason: str) -> str:
        """Return what to tell the user for a rejected code."""
        return self.messages.get(reason, "That code was not accepted. Enter a new one.")


def register(bp: Blueprint, method: Method) -> Method:
    """Add a row to the registry of each app that uses the blueprint."""
    bp.record(lambda state: state.app.extensions.setdefault("methods", {}).update({method.name: method}))
    return method


def sign_in_methods() -> list[Method]:
    """Return the methods that the sign-in form offers, in order."""
    return [method for method in _chosen("SIGN_IN_METHODS") if method.sign_in]


def step_up_methods() -> list[Method]:
    """Return the methods that the step-up form offers, in order."""
    return [method for method in _chosen("STEP_UP_METHODS") if method.step_up]


def has_second_factor(session: Session) -> bool:
    """Whether this session can prove two groups, with the step-up methods that the user has."""
    groups = {method.group for method in step_up_methods() if method.is_enrolled(session)}
    return len(groups.union(factor.group for factor in session.factors) - {None}) >= 2


def six_digits(form: Form, reason: str) -> str:
    """Return the six digits of the form's ``code``, however typed. Raises CodeRejected with this reason."""
    code = compact(form.get("code", ""))
    if not re.fullmatch(r"[0-9]{6}", code, re.ASCII):
        raise CodeRejected(reason)
    return code


def plain(text: str | None) -> str:
    """Return a typed number with ASCII digits, hyphens and blanks, and without invisible marks."""
    return " ".join("".join(map(_plain, UNSEEN.sub("", text or ""))).split())


def compact(text: str | None) -> str:
    """Return a typed code or number without its blanks and hyphens, as ``plain`` has it."""
    return re.sub("[ -]", "", plain(text))


def _chosen(setting: str) -> list[Method]:
    rows: dict[str, Method] = current_app.extensions.get("methods", {})
    names = current_app.config.get(setting)
    return list(rows.values()) if names is None else [rows[name] for name in names if name in rows]


def _plain(char: str) -> str:
    kind = category(char)
    if kind == "Nd":
        return str(decimal(char))
    if kind == "Pd" or char in HYPHENS:
        return "-"
    if kind == "Cf":
        return ""
    return chr(ord(char) - 0xFEE0) if "\uff01" <= char <= "\uff5e" else char  # full-width
