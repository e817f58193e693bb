"""The sample applicant: no one should type their own details into a demo. In Unit's sandbox, the SSN decides."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Flask, has_request_context, request
from werkzeug.local import LocalProxy

from blueprints.slots import fill_slot

APPLICANT = {
    "first_name": "Ada",
    "last_name": "Vance",
    "date_of_birth": "02/03/1990",
    "ssn": "123-45-6789",
    "phone": "(555) 555-0101",
    "street": "1 Main Street",
    "city": "Oakland",
    "state": "CA",
    "postal_code": "94607",
    "occupation": "ArchitectOrEngineer",
    "annual_income": "Between50kAnd100k",
    "source_of_income": "EmploymentOrPayrollIncome",
    "account_purpose": "EverydaySpending",
    "source_of_funds": "SalaryOrWages",
    "transaction_volume": "Between1KAnd5K",
    "profession": "Engineer",
}


@dataclass(frozen=True)
class Outcome:
    """What the bank decides."""

    words: str
    ssn: str


OUTCOMES = {  # by the page's ``outcome``
    "approved": Outcome("approved", "123-45-6789"),
    "review": Outcome("under review", "000-00-0004"),
    "documents": Outcome("asked for a document", "000-00-0003"),
    "declined": Outcome("declined", "000-00-0001"),
}


def init_app(app: Flask) -> None:
    """Fill in the application, as the page's address wants it."""
    app.config["SAMPLE_APPLICANT"] = LocalProxy(applicant)
    app.context_processor(lambda: {"outcomes": OUTCOMES})
    fill_slot(app, "application_help", "demo/sample.html")
    fill_slot(app, "document_help", "demo/document.html")


def applicant() -> dict[str, str]:
    """Return the details for this page's outcome."""
    wanted = request.args.get("outcome", "") if has_request_context() else ""
    return APPLICANT | {"ssn": OUTCOMES.get(wanted, OUTCOMES["approved"]).ssn}
