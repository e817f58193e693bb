"""Numbers and names as people type and paste them."""

# ruff: noqa: RUF001 - characters that look alike are what is tested

from __future__ import annotations

import pytest

from blueprints.application_form import clean_line
from services.errors import CodeRejected
from services.methods import compact, plain, six_digits

from .visitor import Visitor

HYPHENS = "-\u2010\u2011\u2012\u2013\u2014\u2015\u2212\ufe58\ufe63\uff0d\xad"
INVISIBLE = "\u061c\u180e\u200b\u200c\u200d\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2060\u2066\u2069\ufeff\ufe0f"
BLANKS = " \t\n\xa0\u2007\u2009\u202f\u3000"


@pytest.mark.parametrize("between", [*HYPHENS, *INVISIBLE, *BLANKS, " - ", ""], ids=ascii)
def test_blanks_hyphens_and_invisible_marks_are_not_part_of_a_code(between: str) -> None:
    typed = f"{between}{between}123{between}456{between}"

    assert compact(typed) == "123456"
    assert six_digits({"code": typed}, "malformed") == "123456"


@pytest.mark.parametrize(
    "typed", ["１２３４５６", "١٢٣٤٥٦", "۱۲۳۴۵۶", "१२३४५६", "১২৩৪৫৬", "๑๒๓๔๕๖", "𝟏𝟐𝟑𝟒𝟓𝟔", "１2٣४5๖"]
)
def test_digits_of_other_scripts_are_digits(typed: str) -> None:
    assert six_digits({"code": typed}, "malformed") == "123456"


@pytest.mark.parametrize("typed", ["", "12345", "1234567", "12345a", "12345²", "①23456", "12345\x00", "123.456"])
def test_what_is_not_six_digits_is_rejected(typed: str) -> None:
    with pytest.raises(CodeRejected, match="malformed"):
        six_digits({"code": typed}, "malformed")


def test_a_plain_number_keeps_its_punctuation() -> None:
    assert plain("\u202a ＋１ (555)\xa0555\u20110101 \u202c") == "+1 (555) 555-0101"


@pytest.mark.parametrize(
    ("typed", "cleaned"),
    [
        pytest.param("  Ada\xa0 Vance\u3000", "Ada Vance", id="blanks"),
        pytest.param("\ufeffA\xadda\u200b\u200e", "Ada", id="marks that cannot be seen"),
        pytest.param("\u2066Ada\u2069", "Ada", id="isolates"),
        pytest.param("A\u200cd\u200da\ufe0f", "Ada", id="joiners that Latin does not need"),
        pytest.param("\u200c\u3164\u2800\ufe0f", "", id="nothing that can be seen"),
        pytest.param("می\u200cنا", "می\u200cنا", id="Persian"),
        pytest.param("می\u200c\u200cنا", "می\u200cنا", id="a joiner twice"),
        pytest.param("क\u094d\u200dष", "क\u094d\u200dष", id="Devanagari"),
        pytest.param("葛\U000e0100", "葛\U000e0100", id="a variant of a kanji"),
        pytest.param("O’Brien-Nuñez, Jr.", "O’Brien-Nuñez, Jr.", id="punctuation"),
        pytest.param("\u202eadA\x00", "\u202eadA\x00", id="what is to be refused"),
    ],
)
def test_a_name_keeps_what_its_spelling_needs(typed: str, cleaned: str) -> None:
    assert clean_line(typed) == cleaned


@pytest.mark.parametrize("hyphen", ["\u2011", "\u2212", "\uff0d", " \u2013 ", "\xad", "\u200b", ""], ids=ascii)
def test_a_recovery_code_is_accepted_as_it_was_pasted(signed_in: Visitor, hyphen: str) -> None:
    code = signed_in.enroll().html.css(".codes code")[0].text()

    page = signed_in.post("/step-up/recover", {"recovery_code": f"\u202a{code.upper().replace('-', hyphen)}\u202c"})

    assert page.goes_to == "/"


def test_no_field_for_a_code_cuts_what_is_pasted(enrolled: Visitor) -> None:
    asked = enrolled.get("/step-up").one("#code")
    recovery = enrolled.get("/step-up/recover").one("#recovery_code")

    assert "maxlength" not in asked.attrs
    assert "maxlength" not in recovery.attrs
