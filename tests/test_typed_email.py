"""The address for a link, as people type and paste it."""

# ruff: noqa: RUF001 - characters that look alike are what is tested

from __future__ import annotations

import json
from typing import Any

import pytest
from flask import Flask

from .fake_network import FakeNetwork
from .visitor import EMAIL, Visitor


@pytest.fixture
def sent(network: FakeNetwork) -> list[str]:
    """The addresses that Stytch is asked to mail a link to."""
    addresses: list[str] = []

    def note(request: Any, forward: Any) -> Any:
        addresses.append(json.loads(request.body)["email"])
        return forward()

    network.set("POST .*/login_or_create", note)
    return addresses


@pytest.mark.parametrize(
    ("typed", "as_sent", "as_shown"),
    [
        *((typed, EMAIL, EMAIL) for typed in (f"{EMAIL}\u200b", f"\ufeff {EMAIL}\xa0", f"\u202a{EMAIL}\u202c")),
        ("\u202dada@exa\xadmple\u2060.com\u202c", EMAIL, EMAIL),
        ("ada＠example.com", EMAIL, "ada＠example.com"),
        (f"{' ' * 300}{EMAIL}", EMAIL, EMAIL),
        ("ada@bücher.example", "ada@xn--bcher-kva.example", "ada@bücher.example"),
        ("ada@BÜCHER.Example", "ada@xn--bcher-kva.example", "ada@BÜCHER.Example"),
        ("ada@xn--bcher-kva.example", "ada@xn--bcher-kva.example", "ada@xn--bcher-kva.example"),
        ("ada@straße.example", "ada@xn--strae-oqa.example", "ada@straße.example"),
        ("ada@例え.example", "ada@xn--r8jz45g.example", "ada@例え.example"),
        ("ada@نامه\u200cای.example", "ada@xn--mgba3gch31f060k.example", "ada@نامه\u200cای.example"),
    ],
    ids=ascii,
)
def test_an_address_is_mailed_as_it_is_read(
    visitor: Visitor, sent: list[str], typed: str, as_sent: str, as_shown: str
) -> None:
    page = visitor.post("/login", {"email": typed})

    assert (page.status, sent) == (200, [as_sent])
    assert page.one("#sign-in strong").text() == as_shown


@pytest.mark.parametrize(
    "typed",
    ["", "ada", "ada@", "ada@b\u202eücher.example", "ada@-ü.example", "ada@ü..example", f"ada@{'ü' * 70}.example"],
    ids=lambda typed: ascii(typed[:20]),
)
def test_what_is_no_address_is_explained_and_kept(visitor: Visitor, sent: list[str], typed: str) -> None:
    page = visitor.post("/login", {"email": typed})

    assert (page.status, sent) == (422, [])
    assert page.error_of("email").startswith("Enter ")
    assert page.one("#email").attrs.sget("value") == typed


def test_the_spellings_of_a_domain_share_one_limit(app: Flask, sent: list[str]) -> None:
    for domain in ("bücher.example", "BÜCHER.example", "xn--bcher-kva.example", "Bücher.Example"):
        Visitor(app).post("/login", {"email": f"ada@{domain}"})

    assert len(sent) == 3
