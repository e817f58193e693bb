"""The page behind a hosted application form, filled in with sample data."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field

from flask import Blueprint, Response, abort, make_response, redirect, render_template, request

from . import unit
from .store import Json, Store, Tenant, TenantFull
from .unit import UnitFault

PHONE_CODE = "000001"  # the code that Unit's sandbox always accepts
DIGITS_ONLY = {"ssn", "phone-number"}
THREAD = {  # the questions of Thread Bank, each with the choices of Unit's API
    "accountPurpose": ("What is the account for?", "EverydaySpending"),
    "sourceOfFunds": ("Where does the money come from?", "SalaryOrWages"),
    "transactionVolume": ("How much money moves in a month?", "Between1KAnd5K"),
    "profession": ("Profession", "Engineer"),
}
DETAIL = "accountPurposeDetail"  # asked of some purposes
WORDS = re.compile(r"[A-Z]?[0-9]+[A-Z]|[A-Z]{2,}(?![a-z])|[A-Z][a-z]*")  # of PayrollOrDirectDeposit, LessThan1K
CONSTANTS = {"phone-countryCode": "1", "address-country": "US"}
QUESTIONS = {  # attribute: (label, sample value)
    "fullName-first": ("First name", "Ada"),
    "fullName-last": ("Last name", "Vance"),
    "email": ("Email", "ada@example.com"),
    "phone-number": ("Mobile phone", "(555) 555-0101"),
    "dateOfBirth": ("Date of birth", "1990-02-03"),
    "ssn": ("Social Security number", "123-45-6789"),
    "address-street": ("Street address", "1 Main Street"),
    "address-city": ("City", "Oakland"),
    "address-state": ("State", "CA"),
    "address-postalCode": ("ZIP code", "94607"),
}


@dataclass(frozen=True)
class Question:
    """One field of the form."""

    name: str
    label: str
    value: str
    is_wrong: bool = False
    choices: Mapping[str, str] = field(default_factory=dict)  # labels by value


def pages(
    store: Store,
    tenant_of: Callable[[str], str | None],
    changed: Callable[[str], None],
    url_prefix: str | None = None,
    bank: str | None = None,
) -> Blueprint:
    """The form that Unit hosts.

    ``tenant_of`` finds the tenant of a link's token. ``changed`` is told which tenant has changed. ``bank`` says whose
    questions the form asks, as in ``unit.create_app``; without it, forms of version 2 ask Thread Bank's.
    """
    bp = Blueprint("emulator_form", __name__, url_prefix=url_prefix, template_folder="templates/form")

    def open_form(tenant: Tenant, token: str) -> Json:
        try:
            return unit.open_form(tenant, token)
        except UnitFault:
            abort(404)

    def asked(form: Json) -> Mapping[str, tuple[str, str]]:
        return _asked(form, bank)

    def page(form: Json, wrong: frozenset[str] = frozenset(), **why: bool) -> str:
        fields = questions(form, asked(form), request.form, wrong)
        return render_template("emulator/application_form.html", questions=fields, **why)

    @bp.get("/application-form/<token>")
    def application_form(token: str) -> str:
        """Show the form, prefilled by the org."""
        with store.read(tenant_of(token) or abort(404)) as tenant:
            form = open_form(tenant, token)
        return page(form)

    @bp.post("/application-form/<token>")
    def submit(token: str) -> Response:
        """Submit the form and redirect to the org."""
        with store.read(tenant_of(token) or abort(404)) as tenant:
            form = open_form(tenant, token)
        if request.form.get("code", "").strip() != PHONE_CODE:
            return make_response(page(form, wrong_code=True), 422)
        try:
            with store.change(tenant.id) as tenant:
                unit.submit(tenant, open_form(tenant, token), answers(request.form, asked(form)))
            changed(tenant.id)
        except UnitFault as fault:
            if wrong := wrong_fields(fault, asked(form)):
                return make_response(page(form, wrong), 422)  # otherwise it was already submitted
        except TenantFull:
            return make_response(page(form, is_full=True), 507)
        return make_response(redirect(form["attributes"]["applicationFormSettings"]["redirectUrl"], 303))

    return bp


def _asked(form: Json, bank: str | None) -> Mapping[str, tuple[str, str]]:
    """The form's questions, with label and sample value.

    UNCONFIRMED: which forms ask Thread Bank's questions.
    """
    if bank == "thread" or (bank is None and form["type"] == "applicationFormV2"):
        return QUESTIONS | THREAD | {DETAIL: ("More about this purpose, if it is crypto, cash or transfers abroad", "")}
    return QUESTIONS


def questions(
    form: Json, asked: Mapping[str, tuple[str, str]], typed: Mapping[str, str], wrong: frozenset[str] = frozenset()
) -> list[Question]:
    """The form's fields, each with the typed, prefilled or sample value."""
    filled_in = form["internal"]["prefill"]
    return [
        Question(name, label, typed.get(name) or _prefilled(filled_in, name) or made_up, name in wrong, choices(name))
        for name, (label, made_up) in asked.items()
    ]


def choices(name: str) -> dict[str, str]:
    """The values of a question of Thread Bank's, in words."""
    return {value: in_words(value) for value in unit.CHOICES.get(name, ())}


def in_words(value: str) -> str:
    """``PayrollOrDirectDeposit`` as ``Payroll or direct deposit``."""
    words = [word if word.isupper() and len(word) > 1 else word.lower() for word in WORDS.findall(value)]
    text = " ".join(words)
    return text[:1].upper() + text[1:]


def _prefilled(filled_in: Json, name: str) -> str:
    outer, _, inner = name.partition("-")
    value = (filled_in.get(outer) or {}).get(inner) if inner else filled_in.get(outer)
    return str(value or "")


def answers(typed: Mapping[str, str], asked: Collection[str]) -> Json:
    """The submitted form as application attributes."""
    attributes: Json = {}
    for name, text in (CONSTANTS | {name: typed.get(name, "").strip() for name in asked}).items():
        value = re.sub("[^0-9]", "", text) if name in DIGITS_ONLY else text
        outer, _, inner = name.partition("-")
        if inner:
            attributes.setdefault(outer, {})[inner] = value
        elif value or name != DETAIL:
            attributes[outer] = value
    return attributes


def wrong_fields(fault: UnitFault, asked: Collection[str]) -> frozenset[str]:
    """The names of the fields that a refusal points to."""
    pointers = [(problem.pointer or "").removeprefix("/data/attributes/") for problem in fault.problems]
    places = [pointer.replace("/", "-") for pointer in pointers if pointer]
    return frozenset(name for name in asked for place in places if f"{name}-".startswith(f"{place}-"))
