"""The form of Unit's individual application. Every field says in one sentence what to correct.

A field's ``description`` is the path of its attribute at Unit. Unit docs: *Create Individual Application*.
"""

import json
import re
from datetime import date
from pathlib import Path
from typing import Any

from flask_wtf import FlaskForm
from wtforms import Field, SelectChoice, SelectField, StringField
from wtforms.validators import DataRequired, Length, ValidationError

from services.methods import compact, plain

# The values that Unit takes, with our labels, by the attribute's path
CHOICES: dict[str, dict[str, str]] = json.loads(Path(__file__).with_name("application_choices.json").read_text())
JOINERS = re.compile("[\u180b-\u180f\u200c\u200d\ufe00-\ufe0f\U000e0100-\U000e01ef]")  # variants too
COMPLEX = "\u0590-\u180a\u1810-\u1fff\u2c00-\u3163\u3165-\ud7ff\uf900-\ufdff\U00010000-\U0003ffff"  # may need joiners
UNSEEN = "\xad\u061c\u200b\u200e\u200f\u202a-\u202d\u2060-\u206f\u2800\u3164\ufeff\uffa0"
NEEDLESS = re.compile(f"[{UNSEEN}]|(?<![{COMPLEX}]){JOINERS.pattern}")


def clean_line(text: str | None) -> str:
    """Return a line of text, such as a name, without invisible marks but for those that its spelling needs.

    Control characters stay, and U+202E, which turns what is read around: refuse those.
    """
    return " ".join(NEEDLESS.sub("", text or "").split())


def _text(attribute: str, label: str, *, required: bool = True, **kw: Any) -> Field:
    """Return a line of text, as long as Unit takes it."""
    rules = [DataRequired(f"Enter your {label[0].lower()}{label[1:]}.")] if required else []
    rules += [Length(max=255, message="Use at most 255 characters."), _readable]
    kw["maxlength"] = False  # or the browser would cut what is pasted
    return StringField(label, description=attribute, filters=[clean_line], validators=rules, render_kw=kw)


def _number(attribute: str, label: str, shape: str, wrong: str, autocomplete: str = "off") -> Field:
    def check(_form: FlaskForm, field: Field) -> None:
        if not re.fullmatch(shape, _digits(field.data)):
            raise ValidationError(wrong)

    kw = {"autocomplete": autocomplete, "inputmode": "tel" if autocomplete == "tel" else "numeric"}
    rules = [DataRequired(wrong), check]
    return StringField(label, description=attribute, filters=[plain], validators=rules, render_kw=kw)


def _choice(attribute: str, label: str, missing: str, **kw: str) -> SelectField:
    choices = [SelectChoice("", "Choose"), *(SelectChoice(value, text) for value, text in CHOICES[attribute].items())]
    return SelectField(label, description=attribute, choices=choices, validators=[DataRequired(missing)], render_kw=kw)


def _readable(_form: FlaskForm, field: Field) -> None:
    """Refuse control characters, and those that change the direction of writing."""
    if not JOINERS.sub("", field.data).isprintable():
        raise ValidationError("Remove invisible characters.")


class ApplicationForm(FlaskForm):  # type: ignore[misc]
    """Who applies."""

    first_name = _text("fullName/first", "First name", autocomplete="given-name")
    last_name = _text("fullName/last", "Last name", autocomplete="family-name")
    # Text, since a browser's own date field drops what it cannot read.
    date_of_birth = _text("dateOfBirth", "Date of birth", autocomplete="bday")
    ssn = _number("ssn", "Social Security number", "[0-9]{9}", "Enter nine digits, such as 123-45-6789.")
    phone = _number("phone", "Mobile phone", r"(\+?1)?[0-9]{10}", "Enter ten digits, such as 555-555-0101.", "tel")
    street = _text("address/street", "Street address", autocomplete="address-line1")
    street2 = _text("address/street2", "Apartment, suite (optional)", required=False, autocomplete="address-line2")
    city = _text("address/city", "City", autocomplete="address-level2")
    state = _choice("address/state", "State", "Choose your state.", autocomplete="address-level1")
    postal_code = _number(
        "address/postalCode",
        "ZIP code",
        "[0-9]{5}([0-9]{4})?",
        "Enter five digits, or nine with a hyphen.",
        "postal-code",
    )
    occupation = _choice("occupation", "Occupation", "Choose the closest one.")
    annual_income = _choice("annualIncome", "Annual income", "Choose a range.")
    source_of_income = _choice("sourceOfIncome", "Main source of income", "Choose a source.")

    def validate_date_of_birth(self, field: Field) -> None:
        """Require a date, an age of 18, and a plausible year."""
        born, today = _date(field.data), date.today()  # noqa: DTZ011 - a birthday has no time zone
        age = today.year - born.year - ((today.month, today.day) < (born.month, born.day))
        if age < 18:
            raise ValidationError("You must be 18 or older to open an account.")
        if age > 120:
            raise ValidationError("Check the year.")

    def person(self, email: str, ip: str) -> dict[str, Any]:
        """Return the attributes of Unit's application; ``ip`` is the applicant's address."""
        given = self.data
        zip_code = _digits(given["postal_code"])
        return {
            "fullName": {"first": given["first_name"], "last": given["last_name"]},
            "email": email,
            "ip": ip,
            "dateOfBirth": _date(given["date_of_birth"]).isoformat(),
            "ssn": _digits(given["ssn"]),
            "phone": {"countryCode": "1", "number": _digits(given["phone"])[-10:]},
            "address": {
                "street": given["street"],
                "street2": given["street2"] or None,
                "city": given["city"],
                "state": given["state"],
                "postalCode": f"{zip_code[:5]}-{zip_code[5:]}".rstrip("-"),
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
            path = field.description
            if path and (f"{attribute}/".startswith(f"{path}/") or path.startswith(f"{attribute}/")):
                field.errors = ["The bank did not accept this. Check it, then submit the form again."]
                return True
        return False


def _date(text: str) -> date:
    """Return the date that is written as 02/28/1990, 2/28/1990 or 1990-02-28. Raises ValidationError."""
    iso = re.sub("^([0-9]{1,2})/([0-9]{1,2})/([0-9]{4})$", lambda us: f"{us[3]}-{us[1]:0>2}-{us[2]:0>2}", plain(text))
    try:
        return date.fromisoformat(iso if re.fullmatch("[0-9]{4}-[0-9]{2}-[0-9]{2}", iso) else "")
    except ValueError as error:
        raise ValidationError("Enter month, day and year, such as 02/28/1990.") from error


def _digits(text: str) -> str:
    """Return a number without what stands between its digits."""
    return re.sub(r"[()./\xb7]", "", compact(text))
