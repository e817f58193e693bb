"""The form with Thread Bank's questions. Unit docs: *Applications V2*."""

from __future__ import annotations

import json
from pathlib import Path

from wtforms import Field
from wtforms.validators import ValidationError

from blueprints.application_form import PersonForm, choice, text_line

# The values that Unit takes, with our labels, by attribute
CHOICES: dict[str, dict[str, str]] = json.loads(Path(__file__).with_name("choices.json").read_text())
NEED_DETAIL = frozenset({"Cryptocurrency", "CashHeavyPersonalIncome", "InternationalRemittances"})


def _choice(attribute: str, label: str, missing: str) -> Field:
    return choice(attribute, label, missing, CHOICES[attribute])


class ThreadForm(PersonForm):
    """Who applies, and what for."""

    questions = "applications/_questions.html"
    account_purpose = _choice("accountPurpose", "Main use of the account", "Choose the closest one.")
    account_purpose_detail = text_line("accountPurposeDetail", "More about this use (optional)", required=False)
    source_of_funds = _choice("sourceOfFunds", "Where the money comes from", "Choose the main source.")
    transaction_volume = _choice("transactionVolume", "Money in and out in a month", "Choose a range.")
    profession = _choice("profession", "Profession", "Choose the closest one.")

    def validate_account_purpose_detail(self, field: Field) -> None:
        """Require a detail of the uses for which Unit asks for one."""
        if self.account_purpose.data in NEED_DETAIL and not field.data:
            raise ValidationError("Say in a few words what you will use the account for.")
