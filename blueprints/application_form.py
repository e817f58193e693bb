"""The form of Unit's individual application. Every field says in one sentence what to correct.

A field's ``description`` is the path of its attribute at Unit. An extra may ask other questions: it registers its
class as ``app.extensions["application_form"]``. Unit docs: *Create Individual Application*.
"""

import json
import re
from collections.abc import Callable, Mapping
from datetime import date
from pathlib import Path
from typing import Any

from flask import current_app
from flask_wtf import FlaskForm
from wtforms import Field, SelectChoice, SelectField, StringField
from wtforms.validators import DataRequired, Length, ValidationError

from services.methods import compact, plain

# The values that Unit takes, with our labels, by the attribute's path
CHOICES: dict[str, dict[str, str]] = json.loads(Path(__file__).with_name("application_choices.json").read_text())
JOINERS = re.compile("[\u180b-\u180f\u200c\u200d\ufe00-\ufe0f\U000e0100-\U000e01ef]")  # variants too
COMPLEX = "\u0590-\u180a\u1810-\u1fff\u2c00-\u3163\u3165-\ud7ff\uf900-\ufdff\U00010000-\U0003ffff"  # may need joiners
UNSEEN = "\xad\u061c\u200b\u200e\u200f\u202a-\u202d\u2060-\u206f\u2800\u3164\ufeff\uffa0"
NINE_DIGITS, TEN_DIGITS = "Enter nine digits, such as 123-45-6789.", "Enter ten digits, such as 555-555-0101."
AS_PRINTED = "Enter it as it is in your passport, such as A12345678."
NEEDLESS = re.compile(f"[{UNSEEN}]|(?<![{COMPLEX}]){JOINERS.pattern}")


def clean_line(text: str | None) -> str:
    """Return a line of text, such as a name, without invisible marks but for those that its spelling needs.

    Control characters stay, and U+202E, which turns what is read around: refuse those.
    """
    return " ".join(NEEDLESS.sub("", text or "").split())


def text_line(attribute: str, label: str, *, required: bool = True, **kw: Any) -> Field:
    """Return a line of text, as long as Unit takes it."""
    rules = [DataRequired(f"Enter your {label[0].lower()}{label[1:]}.")] if required else []
    rules += [Length(max=255, message="Use at most 255 characters."), _readable]
    kw["maxlength"] = False  # or the browser would cut what is pasted
    return StringField(label, description=attribute, filters=[clean_line], validators=rules, render_kw=kw)


def _number(attribute: str, label: str, shape: str, wrong: str, *, required: bool = True, **kw: str) -> Field:
    def check(_form: FlaskForm, field: Field) -> None:
        if field.data and not re.fullmatch(shape, _digits(field.data)):
            raise ValidationError(wrong)

    kw = {"autocomplete": "off", "inputmode": "numeric"} | kw
    rules = [DataRequired(wrong), check] if required else [check]
    return StringField(label, description=attribute, filters=[plain], validators=rules, render_kw=kw)


def choice(attribute: str, label: str, missing: str, values: Mapping[str, str] | None = None, **kw: str) -> SelectField:
    """Return a choice of values that Unit takes, with their labels; without ``missing`` it may stay open."""
    values = values or CHOICES[attribute]
    choices = [SelectChoice("", "Choose"), *(SelectChoice(value, text) for value, text in values.items())]
    rules = [DataRequired(missing)] if missing else []
    return SelectField(label, description=attribute, choices=choices, default="", validators=rules, render_kw=kw)


def _readable(_form: FlaskForm, field: Field) -> None:
    """Refuse control characters, and those that change the direction of writing."""
    if not JOINERS.sub("", field.data).isprintable():
        raise ValidationError("Remove invisible characters.")


class PersonForm(FlaskForm):  # type: ignore[misc]
    """Who applies: what every bank asks."""

    questions: str  # template of the bank's further questions

    first_name = text_line("fullName/first", "First name", autocomplete="given-name")
    last_name = text_line("fullName/last", "Last name", autocomplete="family-name")
    # Text, since a browser's own date field drops what it cannot read.
    date_of_birth = text_line("dateOfBirth", "Date of birth", autocomplete="bday")
    ssn = _number("ssn", "Social Security number", "[0-9]{9}", NINE_DIGITS, required=False)
    passport = _number("passport", "Passport number", "[A-Za-z0-9]{5,20}", AS_PRINTED, required=False, inputmode="text")
    nationality = choice("nationality", "Country of citizenship", "")
    phone = _number("phone", "Mobile phone", r"(\+?1)?[0-9]{10}", TEN_DIGITS, autocomplete="tel", inputmode="tel")
    street = text_line("address/street", "Street address", autocomplete="address-line1")
    street2 = text_line("address/street2", "Apartment, suite (optional)", required=False, autocomplete="address-line2")
    city = text_line("address/city", "City", autocomplete="address-level2")
    state = choice("address/state", "State", "Choose your state.", autocomplete="address-level1")
    postal_code = _number(
        "address/postalCode",
        "ZIP code",
        "[0-9]{5}([0-9]{4})?",
        "Enter five digits, or nine with a hyphen.",
        autocomplete="postal-code",
    )

    def validate_date_of_birth(self, field: Field) -> None:
        """Require a date, an age of 18, and a plausible year."""
        born, today = _date(field.data), date.today()  # noqa: DTZ011 - a birthday has no time zone
        age = today.year - born.year - ((today.month, today.day) < (born.month, born.day))
        if age < 18:
            raise ValidationError("You must be 18 or older to open an account.")
        if age > 120:
            raise ValidationError("Check the year.")

    def validate_ssn(self, field: Field) -> None:
        """Require a Social Security number or a passport."""
        if not (field.data or self.passport.data):
            raise ValidationError(NINE_DIGITS)

    def validate_nationality(self, field: Field) -> None:
        """Require the country of a passport that stands for the Social Security number."""
        if self.passport.data and not (self.ssn.data or field.data):
            raise ValidationError("Choose the country that issued your passport.")

    def person(self) -> dict[str, Any]:
        """Return the valid answers as attributes of Unit's application; a passport only without an SSN."""
        wrong = {field.description.partition("/")[0] for field in self if field.errors}
        person: dict[str, Any] = {}
        for field in self:
            outer, _, inner = field.description.partition("/")
            if not outer or not field.data or outer in wrong:
                continue
            value = AS_UNIT_TAKES_IT.get(field.description, str)(field.data)
            if inner:
                person.setdefault(outer, {"country": "US"} if outer == "address" else {})[inner] = value
            else:
                person[outer] = value
        without = {"passport", "nationality"} if "ssn" in person else set()
        return {name: value for name, value in person.items() if name not in without}

    def attach_error(self, pointer: str) -> bool:
        """Show Unit's refusal at the field that it is about; return False if there is none."""
        attribute = pointer.removeprefix("/data/attributes/")
        for field in self:
            path = field.description
            if path and (f"{attribute}/".startswith(f"{path}/") or path.startswith(f"{attribute}/")):
                field.errors = ["The bank did not accept this. Check it, then submit the form again."]
                return True
        return False


class ApplicationForm(PersonForm):
    """The questions of all banks but Thread Bank."""

    questions = "onboarding/_questions.html"
    occupation = choice("occupation", "Occupation", "Choose the closest one.")
    annual_income = choice("annualIncome", "Annual income", "Choose a range.")
    source_of_income = choice("sourceOfIncome", "Main source of income", "Choose a source.")


def application_form(*args: Any, **kwargs: Any) -> PersonForm:
    """Return the form of the app's bank, with a FlaskForm's arguments."""
    form: type[PersonForm] = current_app.extensions.get("application_form", ApplicationForm)
    return form(*args, **kwargs)


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


def _us_phone(text: str) -> dict[str, str]:
    return {"countryCode": "1", "number": _digits(text)[-10:]}


AS_UNIT_TAKES_IT: dict[str, Callable[[str], Any]] = {  # by the attribute's path; others are sent as they are
    "dateOfBirth": lambda text: _date(text).isoformat(),
    "ssn": _digits,
    "passport": lambda text: _digits(text).upper(),
    "phone": _us_phone,
    "address/postalCode": lambda text: re.sub("^([0-9]{5})([0-9]{4})$", r"\1-\2", _digits(text)),
}
