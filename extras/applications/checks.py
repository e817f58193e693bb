"""What ``flask doctor`` says about ``UNIT_BANK``, by the newest application: which answers Unit still misses in it.

No call names an org's bank. Unit docs: *Get Application Missing Fields*. UNCONFIRMED: that what is missing are the
questions of the org's bank, also in an application that answered the other set.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeAlias

from flask import current_app
from pydantic import BaseModel, Field

from services.errors import ServiceUnavailable
from services.unit_client import UnitError, org_client
from services.unit_models import Application, Json, Resource, attribute

Finding: TypeAlias = tuple[bool | None, str, str]  # right, wrong or unknown; what; the next step
QUESTIONS = {
    "thread": {"accountPurpose", "sourceOfFunds", "transactionVolume", "profession"},
    "other": {"occupation", "annualIncome", "sourceOfIncome"},
}
OTHER = {"thread": "other", "other": "thread"}
AGAIN = "Open an account with the app, then run this again."
BY_HAND = "Unit knows the org's bank: Thread Bank is thread, every other one is other."


class MissingField(BaseModel):
    """A question that an application leaves open."""

    name: str = Field(validation_alias="fieldName")


class MissingFields(Resource):
    """All of them."""

    fields: list[MissingField] = Field(validation_alias=attribute("missingFields"))


def findings() -> Iterator[Finding]:
    """Yield whether the form asks what the org's bank asks, without changing anything."""
    bank = current_app.config["UNIT_BANK"]
    try:
        found = org_client.get("/applications", **{"page[limit]": "1", "sort": "-createdAt"})["data"]
        newest = next(iter(Application.read_all(found)), None)
        if newest is None:
            yield None, f"UNIT_BANK is {bank}; there is no application yet that shows whether that is right", AGAIN
            return
        path = f"/applications/{newest.application_id}/missing-fields"
        missing = MissingFields.read(org_client.get(path)["data"])
    except (UnitError, ServiceUnavailable) as error:
        yield None, f"UNIT_BANK is {bank}; Unit does not say whether that is right: {error}", BY_HAND
        return
    yield compared(bank, {each.name for each in missing.fields}, found[0]["attributes"])


def compared(bank: str, missing: set[str], answers: Json) -> Finding:
    """Return what the newest application says about the setting."""
    if wrong := missing & QUESTIONS[OTHER[bank]]:
        what = f"UNIT_BANK is {bank}, but Unit misses {', '.join(sorted(wrong))} in the newest application"
        return False, what, f"Set UNIT_BANK={OTHER[bank]}, whose form asks for that."
    if not missing and QUESTIONS[bank] <= answers.keys():
        return True, f"UNIT_BANK is {bank}, and Unit misses no answer in the newest application", ""
    return None, f"UNIT_BANK is {bank}; the newest application does not show whether that is right", BY_HAND
