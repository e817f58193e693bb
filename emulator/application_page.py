"""What the page behind a hosted application form asks. Made-up details stand in it: nobody should type their own."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from .store import Json
from .unit import UnitFault

PHONE_CODE = "000001"  # the only one in Unit's sandbox, which sends no text messages
DIGITS_ONLY = {"ssn", "phone-number"}
CONSTANTS = {"phone-countryCode": "1", "address-country": "US"}
QUESTIONS = {  # by the attribute that the answer becomes: what is asked, and a made-up answer
    "fullName-first": ("First name", "Ada"),
    "fullName-last": ("Last name", "Vance"),
    "email": ("E-mail", "ada@example.com"),
    "phone-number": ("Mobile phone", "(555) 555-0101"),
    "dateOfBirth": ("Date of birth", "1990-02-03"),
    "ssn": ("Social Security number", "123-45-6789"),
    "address-street": ("Street and number", "1 Main Street"),
    "address-city": ("City", "Oakland"),
    "address-state": ("State", "CA"),
    "address-postalCode": ("ZIP code", "94607"),
}


@dataclass(frozen=True)
class Question:
    """One field of the page."""

    name: str
    label: str
    value: str
    is_wrong: bool = False


def questions(form: Json, typed: Mapping[str, str], wrong: frozenset[str] = frozenset()) -> list[Question]:
    """The fields: what was typed, or else what the org filled in, or else something made up."""
    filled_in = form["kept"]["prefill"]
    return [
        Question(name, label, typed.get(name) or str(filled_in.get(name) or made_up), name in wrong)
        for name, (label, made_up) in QUESTIONS.items()
    ]


def answers(typed: Mapping[str, str]) -> Json:
    """What was typed, as the attributes of an application."""
    attributes: Json = {}
    for name, text in (CONSTANTS | {name: typed.get(name, "").strip() for name in QUESTIONS}).items():
        value = re.sub("[^0-9]", "", text) if name in DIGITS_ONLY else text
        outer, _, inner = name.partition("-")
        if inner:
            attributes.setdefault(outer, {})[inner] = value
        else:
            attributes[outer] = value
    return attributes


def blamed(fault: UnitFault) -> frozenset[str]:
    """The fields that a refusal is about."""
    pointers = [(problem.pointer or "").removeprefix("/data/attributes/") for problem in fault.problems]
    return frozenset(
        name for name in QUESTIONS for pointer in pointers if pointer and name.startswith(pointer.replace("/", "-"))
    )
