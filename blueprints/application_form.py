"""The form of Unit's individual application. Every field says in one sentence what to correct.

A field's ``description`` is the path of its attribute at Unit. Unit docs: *Create Individual Application*.
"""

from __future__ import annotations

import re
from datetime import date
from typing import Any

from flask_wtf import FlaskForm
from wtforms import DateField, Field, SelectChoice, SelectField, StringField, TelField
from wtforms.validators import DataRequired, Length, Regexp, ValidationError

STATES = (
    "AL AK AZ AR CA CO CT DE DC FL GA HI ID IL IN IA KS KY LA ME MD MA MI MN MS MO MT NE NV NH NJ NM NY NC ND OH OK OR "
    "PA RI SC SD TN TX UT VT VA WA WV WI WY PR VI GU AS MP"
).split()
OCCUPATIONS = (
    "ArchitectOrEngineer BusinessAnalystAccountantOrFinancialAdvisor CommunityAndSocialServicesWorker "
    "ConstructionMechanicOrMaintenanceWorker Doctor Educator EntertainmentSportsArtsOrMedia ExecutiveOrManager "
    "FarmerFishermanForester FoodServiceWorker GigWorker HospitalityOfficeOrAdministrativeSupportWorker "
    "HouseholdManager JanitorHousekeeperLandscaper Lawyer ManufacturingOrProductionWorker MilitaryOrPublicSafety "
    "NurseHealthcareTechnicianOrHealthcareSupport PersonalCareOrServiceWorker PilotDriverOperator "
    "SalesRepresentativeBrokerAgent ScientistOrTechnologist Student"
).split()
INCOMES = {
    "UpTo10k": "Up to $10,000",
    "Between10kAnd25k": "$10,000 to $25,000",
    "Between25kAnd50k": "$25,000 to $50,000",
    "Between50kAnd100k": "$50,000 to $100,000",
    "Between100kAnd250k": "$100,000 to $250,000",
    "Over250k": "Over $250,000",
}
PHONE = r"(?a:(\+?1)?[\s.(-]*\d{3}[\s.)-]*\d{3}[\s.-]*\d{4})$"
SOURCES = {
    "EmploymentOrPayrollIncome": "Employment",
    "PartTimeOrContractorIncome": "Part-time or contract work",
    "InheritancesAndGifts": "Inheritances and gifts",
    "PersonalInvestments": "Investments",
    "BusinessOwnershipInterests": "My own business",
    "GovernmentBenefits": "Government benefits",
}


def _words(name: str) -> str:
    """Return ``ArchitectOrEngineer`` as "Architect or engineer"."""
    return re.sub(r"(?<!^)([A-Z])", lambda match: " " + match[1].lower(), name)


def _text(attribute: str, label: str, missing: str, *rules: Any, kind: type[Field] = StringField, **kw: str) -> Field:
    validators = [DataRequired(missing), *rules, _printable]
    return kind(label, description=attribute, filters=[_trimmed], validators=validators, render_kw=kw)


def _choice(attribute: str, label: str, missing: str, labels: dict[str, str], **kw: str) -> SelectField:
    choices = [SelectChoice("", "Choose"), *(SelectChoice(value, text) for value, text in labels.items())]
    return SelectField(label, description=attribute, choices=choices, validators=[DataRequired(missing)], render_kw=kw)


def _at_most(characters: int) -> Length:
    return Length(max=characters, message=f"Use at most {characters} characters.")


def _trimmed(text: str | None) -> str:
    return " ".join((text or "").split())


def _printable(_form: FlaskForm, field: Field) -> None:
    """Refuse control characters, and those that change the direction of writing."""
    if not field.data.isprintable():
        raise ValidationError("Remove invisible characters.")


class ApplicationForm(FlaskForm):  # type: ignore[misc]
    """Who applies."""

    first_name = _text(
        "fullName/first", "First name", "Enter your first name.", _at_most(40), autocomplete="given-name"
    )
    last_name = _text("fullName/last", "Last name", "Enter your last name.", _at_most(40), autocomplete="family-name")
    date_of_birth = DateField(
        "Date of birth",
        description="dateOfBirth",
        validators=[DataRequired("Enter your date of birth.")],
        render_kw={"autocomplete": "bday"},
    )
    ssn = _text(
        "ssn",
        "Social Security number",
        "Enter your Social Security number.",
        Regexp(r"(?a:\d{3}-?\d{2}-?\d{4})$", message="Enter nine digits, such as 123-45-6789."),
        inputmode="numeric",
        autocomplete="off",
    )
    phone = _text(
        "phone",
        "Mobile phone",
        "Enter your mobile number.",
        Regexp(PHONE, message="Enter ten digits, such as 555-555-0101."),
        kind=TelField,
        autocomplete="tel",
    )
    street = _text(
        "address/street", "Street address", "Enter your street address.", _at_most(50), autocomplete="street-address"
    )
    city = _text("address/city", "City", "Enter your city.", _at_most(50), autocomplete="address-level2")
    state = _choice(
        "address/state", "State", "Choose your state.", {name: name for name in STATES}, autocomplete="address-level1"
    )
    postal_code = _text(
        "address/postalCode",
        "ZIP code",
        "Enter your ZIP code.",
        Regexp(r"(?a:\d{5}(-\d{4})?)$", message="Enter five digits, or nine with a hyphen."),
        inputmode="numeric",
        autocomplete="postal-code",
    )
    occupation = _choice(
        "occupation", "Occupation", "Choose the closest one.", {name: _words(name) for name in OCCUPATIONS}
    )
    annual_income = _choice("annualIncome", "Annual income", "Choose a range.", INCOMES)
    source_of_income = _choice("sourceOfIncome", "Main source of income", "Choose a source.", SOURCES)

    def validate_date_of_birth(self, field: Field) -> None:
        """Require an age of 18, and a plausible year."""
        today = date.today()  # noqa: DTZ011 - a birthday has no time zone
        had_birthday = (today.month, today.day) >= (field.data.month, field.data.day)
        age = today.year - field.data.year - (not had_birthday)
        if age < 18:
            raise ValidationError("You must be 18 or older to open an account.")
        if age > 120:
            raise ValidationError("Check the year.")

    def person(self, email: str, ip: str) -> dict[str, Any]:
        """Return the attributes of Unit's application; ``ip`` is the applicant's address."""
        given = self.data
        return {
            "fullName": {"first": given["first_name"], "last": given["last_name"]},
            "email": email,
            "ip": ip,
            "dateOfBirth": given["date_of_birth"].isoformat(),
            "ssn": _digits(given["ssn"]),
            "phone": {"countryCode": "1", "number": _digits(given["phone"])[-10:]},
            "address": {
                "street": given["street"],
                "city": given["city"],
                "state": given["state"],
                "postalCode": given["postal_code"],
                "country": "US",
            },
            "occupation": given["occupation"],
            "annualIncome": given["annual_income"],
            "sourceOfIncome": given["source_of_income"],
        }

    def attach_error(self, pointer: str) -> bool:
        """Show Unit's refusal at the field that it is about; return False if there is none."""
        attribute = pointer.removeprefix("/data/attributes/")
        for field in self:
            if field.description and (
                attribute.startswith(field.description) or field.description.startswith(attribute)
            ):
                field.errors = ["The bank did not accept this. Check it, then submit the form again."]
                return True
        return False


def _digits(text: str) -> str:
    return re.sub(r"[^0-9]", "", text)
