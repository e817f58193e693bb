"""The fields of Unit's individual application, as a person fills them in.

Unit's docs: *Create Individual Application*. Every field says in one sentence what is wrong and what to do.
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
SOURCES = {
    "EmploymentOrPayrollIncome": "Employment",
    "PartTimeOrContractorIncome": "Part-time or contract work",
    "InheritancesAndGifts": "Inheritances and gifts",
    "PersonalInvestments": "Investments",
    "BusinessOwnershipInterests": "A business of my own",
    "GovernmentBenefits": "Government benefits",
}
MADE_UP = {  # prefilled where the bank is pretend: nobody should type their own details there
    "first_name": "Ada",
    "last_name": "Vance",
    "date_of_birth": date(1990, 2, 3),
    "ssn": "123-45-6789",
    "phone": "(555) 555-0101",
    "street": "1 Main Street",
    "city": "Oakland",
    "state": "CA",
    "postal_code": "94607",
    "occupation": "ArchitectOrEngineer",
    "annual_income": "Between50kAnd100k",
    "source_of_income": "EmploymentOrPayrollIncome",
}
FIELD_OF = {  # Unit's attribute, at the start of an error's pointer, to the field that it came from
    "fullName/first": "first_name",
    "fullName/last": "last_name",
    "fullName": "first_name",
    "dateOfBirth": "date_of_birth",
    "ssn": "ssn",
    "phone": "phone",
    "address/street": "street",
    "address/city": "city",
    "address/state": "state",
    "address": "postal_code",
    "occupation": "occupation",
    "annualIncome": "annual_income",
    "sourceOfIncome": "source_of_income",
}


def _words(name: str) -> str:
    """``ArchitectOrEngineer`` as a person would write it."""
    return re.sub(r"(?<!^)([A-Z])", lambda match: " " + match[1].lower(), name)


def _text(label: str, missing: str, longest: int, **attributes: str) -> StringField:
    too_long = f"Use at most {longest} characters."
    validators = [DataRequired(missing), Length(max=longest, message=too_long), _can_be_seen]
    return StringField(label, filters=[_trimmed], validators=validators, render_kw=attributes)


def _choices(labels: dict[str, str]) -> list[SelectChoice]:
    return [SelectChoice("", "Choose"), *(SelectChoice(value, label) for value, label in labels.items())]


def _trimmed(text: str | None) -> str:
    return " ".join((text or "").split())


def _can_be_seen(_form: FlaskForm, field: Field) -> None:
    """Refuse what is in no name: control characters, and those that turn the direction of writing."""
    if not field.data.isprintable():
        raise ValidationError("Leave out characters that cannot be seen.")


class ApplicationForm(FlaskForm):  # type: ignore[misc]
    """Who wants to become a customer."""

    first_name = _text("First name", "Enter your first name.", 40, autocomplete="given-name")
    last_name = _text("Last name", "Enter your last name.", 40, autocomplete="family-name")
    date_of_birth = DateField(
        "Date of birth",
        validators=[DataRequired("Enter your date of birth as a date.")],
        render_kw={"autocomplete": "bday"},
    )
    ssn = StringField(
        "Social Security number",
        filters=[_trimmed],
        validators=[
            DataRequired("Enter your Social Security number."),
            Regexp(r"(?a:\d{3}-?\d{2}-?\d{4})$", message="Enter nine digits, such as 123-45-6789."),
        ],
        render_kw={"inputmode": "numeric", "autocomplete": "off"},
    )
    phone = TelField(
        "Mobile phone",
        filters=[_trimmed],
        validators=[
            DataRequired("Enter your mobile number."),
            Regexp(
                r"(?a:(\+?1)?[\s.(-]*\d{3}[\s.)-]*\d{3}[\s.-]*\d{4})$",
                message="Enter ten digits, such as 555-555-0101.",
            ),
        ],
        render_kw={"autocomplete": "tel"},
    )
    street = _text("Street and number", "Enter your street and number.", 50, autocomplete="street-address")
    city = _text("City", "Enter your city.", 50, autocomplete="address-level2")
    state = SelectField(
        "State",
        choices=_choices({state: state for state in STATES}),
        validators=[DataRequired("Choose your state.")],
        render_kw={"autocomplete": "address-level1"},
    )
    postal_code = StringField(
        "ZIP code",
        filters=[_trimmed],
        validators=[
            DataRequired("Enter your ZIP code."),
            Regexp(r"(?a:\d{5}(-\d{4})?)$", message="Enter five digits, or nine with a dash."),
        ],
        render_kw={"inputmode": "numeric", "autocomplete": "postal-code"},
    )
    occupation = SelectField(
        "Occupation",
        choices=_choices({name: _words(name) for name in OCCUPATIONS}),
        validators=[DataRequired("Choose what comes nearest.")],
    )
    annual_income = SelectField(
        "Income in a year", choices=_choices(INCOMES), validators=[DataRequired("Choose a range.")]
    )
    source_of_income = SelectField(
        "Main source of income",
        choices=_choices(SOURCES),
        validators=[DataRequired("Choose a source.")],
    )

    def validate_date_of_birth(self, field: Field) -> None:
        """The bank takes people of 18 and older."""
        today = date.today()  # noqa: DTZ011 - a birthday has no time zone
        had_birthday = (today.month, today.day) >= (field.data.month, field.data.day)
        age = today.year - field.data.year - (not had_birthday)
        if age < 18:
            raise ValidationError("You must be 18 or older to open an account.")
        if age > 120:
            raise ValidationError("Check the year.")

    def person(self, email: str, ip: str) -> dict[str, Any]:
        """The attributes of Unit's application."""
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

    def blame(self, pointer: str) -> bool:
        """Put Unit's refusal of an attribute on the field that it came from; False if there is none."""
        attribute = pointer.removeprefix("/data/attributes/")
        name = next((field for start, field in FIELD_OF.items() if attribute.startswith(start)), None)
        if name is None:
            return False
        self[name].errors = ["The bank did not accept this. Check it, then send the form again."]
        return True


def _digits(text: str) -> str:
    return re.sub(r"[^0-9]", "", text)
