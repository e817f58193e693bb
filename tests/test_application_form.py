"""The application's form: what people type, as Unit is sent it."""

# ruff: noqa: RUF001 - characters that look alike are what is tested

from __future__ import annotations

from typing import Any

import pytest

from .fake_network import FakeNetwork, attributes_of, unit_refusal
from .visitor import Visitor


@pytest.fixture
def sent(network: FakeNetwork) -> list[dict[str, Any]]:
    """The attributes of each application that Unit is sent."""
    applications: list[dict[str, Any]] = []

    def note(request: Any, forward: Any) -> Any:
        applications.append(attributes_of(request))
        return forward()

    network.set("POST .*/applications", note)
    return applications


@pytest.mark.parametrize(
    ("field", "typed", "attribute", "as_sent"),
    [
        ("ssn", "\u202a123-45-6789\u202c", "ssn", "123456789"),
        ("ssn", "123 45 6789", "ssn", "123456789"),
        ("passport", "A1234567", "passport", None),  # the Social Security number is enough
        ("nationality", "FR", "nationality", None),
        ("ssn", "123\u201145\u22126789", "ssn", "123456789"),
        ("ssn", "١٢٣٤٥٦٧٨٩", "ssn", "123456789"),
        ("phone", "\u202a+1 (555) 555-0101\u202c", "phone", {"countryCode": "1", "number": "5555550101"}),
        ("phone", "555\u2011555\u20110101", "phone", {"countryCode": "1", "number": "5555550101"}),
        ("phone", "1.555.555.0101", "phone", {"countryCode": "1", "number": "5555550101"}),
        ("phone", "555/555/0101", "phone", {"countryCode": "1", "number": "5555550101"}),
        ("phone", "＋１　５５５　５５５－０１０１", "phone", {"countryCode": "1", "number": "5555550101"}),
        ("date_of_birth", "1990-06-01", "dateOfBirth", "1990-06-01"),
        ("date_of_birth", "06/01/1990", "dateOfBirth", "1990-06-01"),
        ("date_of_birth", "6/1/1990", "dateOfBirth", "1990-06-01"),
        ("date_of_birth", "１２／３１／１９９０", "dateOfBirth", "1990-12-31"),
        ("date_of_birth", "٠٦/٠١/١٩٩٠", "dateOfBirth", "1990-06-01"),
        ("date_of_birth", " \u202a1990\u201106\u201301\u202c ", "dateOfBirth", "1990-06-01"),
        ("first_name", "می\u200cنا", "fullName/first", "می\u200cنا"),
        ("last_name", "क\u094d\u200dष", "fullName/last", "क\u094d\u200dष"),
        ("last_name", "\ufeffVan\xadce\u200b", "fullName/last", "Vance"),
        ("last_name", "V" * 255, "fullName/last", "V" * 255),
        ("last_name", f"\u200b{'V' * 255}\u200b", "fullName/last", "V" * 255),
        ("street", "S" * 255, "address/street", "S" * 255),
        ("street2", "", "address/street2", None),
        ("street2", " Apt.\xa04 ", "address/street2", "Apt. 4"),
        ("city", "C" * 255, "address/city", "C" * 255),
        *(("state", state, "address/state", state) for state in ("FM", "MH", "PW")),
        ("postal_code", "94607 1234", "address/postalCode", "94607-1234"),
        ("postal_code", "946071234", "address/postalCode", "94607-1234"),
        ("postal_code", "94607–1234", "address/postalCode", "94607-1234"),
        ("postal_code", " \u200e94607", "address/postalCode", "94607"),
    ],
    ids=lambda value: ascii(value)[:40],
)
def test_what_is_typed_reaches_the_bank_as_it_takes_it(
    enrolled: Visitor, sent: list[dict[str, Any]], field: str, typed: str, attribute: str, as_sent: object
) -> None:
    page = enrolled.open_account(**{field: typed})

    found: Any = sent[0]
    for name in attribute.split("/"):
        found = found.get(name)
    assert page.goes_to == "/cards"
    assert found == as_sent


@pytest.mark.parametrize("typed", ["A12345678", " a-1234 5678 ", "Ａ１２３４５６７８"])
def test_a_passport_stands_for_the_social_security_number(
    enrolled: Visitor, sent: list[dict[str, Any]], typed: str
) -> None:
    page = enrolled.open_account(ssn="", passport=typed, nationality="FR")

    assert page.goes_to == "/cards"
    assert [sent[0].get(name) for name in ("ssn", "passport", "nationality")] == [None, "A12345678", "FR"]


@pytest.mark.parametrize(
    ("given", "field", "error"),
    [
        ({}, "ssn", "Enter nine digits, such as 123-45-6789."),
        ({"nationality": "FR"}, "ssn", "Enter nine digits, such as 123-45-6789."),
        ({"passport": "A12345678"}, "nationality", "Choose the country that issued your passport."),
        ({"passport": "A1"}, "passport", "Enter it as it is in your passport, such as A12345678."),
        ({"passport": "A12345678", "nationality": "XX"}, "nationality", "Not a valid choice."),
    ],
)
def test_without_a_social_security_number_a_passport_and_its_country_are_needed(
    enrolled: Visitor, given: dict[str, str], field: str, error: str
) -> None:
    page = enrolled.open_account(ssn="", **given)

    assert (page.status, page.error_of(field)) == (422, error)
    assert ("open" in page.one("#application details").attrs) == ("passport" in given)


def test_states_have_their_names(enrolled: Visitor) -> None:
    options = {str(each.attrs["value"]): each.text() for each in enrolled.get("/customer").html.css("#state option")}

    assert len(options) == 60
    assert [options[state] for state in ("CA", "DC", "PR")] == ["California", "District of Columbia", "Puerto Rico"]


def test_the_lines_of_the_address_can_be_filled_in_by_a_browser_and_cut_nothing(enrolled: Visitor) -> None:
    page = enrolled.get("/customer")

    assert [page.one(f"#{name}").attrs["autocomplete"] for name in ("street", "street2")] == [
        "address-line1",
        "address-line2",
    ]
    assert "required" not in page.one("#street2").attrs
    assert page.html.css("input[maxlength]") == []


@pytest.mark.parametrize(("attribute", "field"), [("street", "street"), ("street2", "street2"), ("", "street")])
def test_a_refusal_of_the_address_is_shown_at_the_line_that_it_is_about(
    enrolled: Visitor, network: FakeNetwork, attribute: str, field: str
) -> None:
    refusal = unit_refusal(400, "invalid")
    pointer = f"/data/attributes/address/{attribute}".rstrip("/")
    body = refusal.body.replace(b'"code"', b'"source": {"pointer": "%s"}, "code"' % pointer.encode())
    network.set("POST .*/applications", type(refusal)(refusal.status, body))

    page = enrolled.open_account(street2="Apt. 4")

    assert page.error_of(field).startswith("The bank did not accept this.")
