"""Application forms that Unit hosts. Unit docs: *Application Forms*."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, AliasPath, AwareDatetime, Field

from services.onboarding import open_application
from services.session import Session
from services.unit_client import USER_TAG, OrgClient, idempotency_key
from services.unit_models import Id, Json, Resource, attribute

PATH = "/application-forms"
VERSION = "V2024_06"
PREFILLED = (  # what Unit takes for either bank; a number of an identity document is left out: the link opens the form
    *("fullName", "dateOfBirth", "phone", "address"),
    *("occupation", "annualIncome", "sourceOfIncome"),
)


def _web_address(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in {"localhost", "127.0.0.1"}):
        raise ValueError("not an https link")
    return url


class HostedForm(Resource):
    """An application form on Unit's page."""

    form_id: Id = Field(validation_alias="id")
    url: Annotated[str, AfterValidator(_web_address)] = Field(  # opens the form to anyone who has it
        validation_alias=AliasPath("links", "related", "href"), repr=False
    )
    expires_at: AwareDatetime = Field(validation_alias=attribute("applicationFormToken", "expiration"))


def hosted_form(
    unit: OrgClient, session: Session, return_url: Callable[[int], str], person: Json | None = None
) -> HostedForm | None:
    """Return the user's form at Unit, or None if an application is open already.

    The idempotency key contains the number of earlier applications, so that asking again returns the same form, with
    what was filled in at first. ``return_url`` turns that number into the URL that the form leads back to; ``person``
    holds attributes of an application to fill in. Raises UnitError, ServiceUnavailable.
    """
    earlier = unit.applications(session.user_id)
    if open_application(earlier):
        return None
    key = idempotency_key(session.user_id, "application form", str(len(earlier)))
    return _create(unit, session, return_url(len(earlier)), key, person or {})


def has_applied(unit: OrgClient, session: Session, earlier: int) -> bool:
    """Whether the user has more applications at Unit than ``earlier``."""
    return len(unit.applications(session.user_id)) > earlier


def _create(unit: OrgClient, session: Session, return_url: str, key: str, person: Json) -> HostedForm:
    """Create the form. Its link works for a day; then reading the form makes a new one."""
    user_id = session.user_id
    known = {name: person[name] for name in PREFILLED if name in person}
    attributes: Json = {
        "applicantDetails": {**known, "applicationType": "Individual", "email": session.email, "jwtSubject": user_id},
        "allowedApplicationTypes": ["Individual"],
        "settingsOverride": {"redirectUrl": return_url},
        "tags": {USER_TAG: user_id},
        "idempotencyKey": key,
    }
    document: Json = {"type": "applicationForm", "attributes": attributes}
    form = HostedForm.read(unit.call("POST", PATH, document, version=VERSION)["data"])
    if form.expires_at <= datetime.now(UTC):
        form = HostedForm.read(unit.call("GET", f"{PATH}/{form.form_id}", version=VERSION)["data"])
    return form
