"""Unit's error codes, and the exception for refusals.

Every error response is JSON with an ``errors`` array, whose ``status`` is a string.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from http import HTTPStatus

from ..store import Json

REFUSALS: dict[str, tuple[int, str]] = {
    "unauthorized": (401, "Bearer token is invalid or expired"),
    # UNCONFIRMED: all titles below, and the code of an unknown id in the path.
    "forbidden": (403, "Forbidden"),
    "not_found": (404, "Not Found"),
    "invalid_value": (400, "Bad Request"),
    "account_not_found": (400, "Bad Request"),
    "application_not_found": (400, "Bad Request"),
    "authorization_not_found": (400, "Bad Request"),
    "card_not_found": (400, "Bad Request"),
    "counterparty_not_found": (400, "Bad Request"),
    "payment_not_found": (400, "Bad Request"),
    "customer_not_found": (400, "Bad Request"),
    "account_customer_mismatch": (400, "Bad Request"),
    "not_supported_for_account_status": (400, "Bad Request"),
    "not_supported_for_card_status": (400, "Bad Request"),
    "not_supported_for_card_type": (400, "Bad Request"),
    "limits_exceeded": (400, "Bad Request"),
    "already_exists": (409, "Conflict"),
}


@dataclass(frozen=True)
class Problem:
    """One entry of an ``errors`` array."""

    code: str
    detail: str | None = None
    pointer: str | None = None


class UnitFault(Exception):
    """A refusal. Writes made before it are committed, so check before writing."""

    def __init__(
        self, code: str, detail: str | None = None, pointer: str | None = None, *, existing_ids: Sequence[str] = ()
    ) -> None:
        super().__init__(code, detail, pointer)
        self.problems: Sequence[Problem] = [Problem(code, detail, pointer)]
        self.existing_ids = existing_ids

    @classmethod
    def invalid(cls, problems: Sequence[Problem]) -> UnitFault:
        """A refusal with one or more schema violations."""
        fault = cls("invalid_value")
        fault.problems = problems
        return fault

    @property
    def status(self) -> int:
        """The HTTP status of the response."""
        return REFUSALS[self.problems[0].code][0]

    def document(self) -> Json:
        """The response body."""
        return {"errors": [_entry(problem, self.existing_ids) for problem in self.problems]}


def http_error_body(status: int, title: str, why: str | None = None) -> Json:
    """The body of an error outside any view, such as an unknown route."""
    code = {"code": "not_found"} if status == 404 else {}
    details = {"detail": why, "details": why} if why else {}
    return {"errors": [{"status": str(status), "title": title, **code, **details}]}


def by_status(status: int, code: str | None = None) -> Json:
    """The body of an error with this status: of a given code, or with HTTP's own name for the status."""
    if code is None:
        return http_error_body(status, HTTPStatus(status).phrase)
    return {"errors": [_entry(Problem(code), ()) | {"status": str(status)}]}


def _entry(problem: Problem, existing_ids: Sequence[str]) -> Json:
    status, title = REFUSALS[problem.code]
    entry: Json = {"status": str(status), "title": title, "code": problem.code}
    if problem.detail:
        entry |= {"detail": problem.detail, "details": problem.detail}  # the SDKs read either name
    if problem.pointer:
        entry["source"] = {"pointer": problem.pointer}
    if existing_ids:
        entry["meta"] = {"existingIds": list(existing_ids)}
    elif status == 400:
        entry["meta"] = {"supportId": f"emu-{secrets.token_hex(4)}"}
    return entry
