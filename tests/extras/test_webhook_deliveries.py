"""What Unit delivers to ``/webhooks/unit``: what is refused, and what is noted."""

from __future__ import annotations

import base64
import time
from pathlib import Path

import pytest
from flask import Flask
from limits.errors import StorageError

from app import create_app
from extras.webhooks import webhook_token
from extras.webhooks.deliveries import is_signed
from extras.webhooks.news import has_news
from extras.webhooks.views import DELIVERIES, MAX_BYTES
from settings import SettingsError

from ..environs import BOTH, read
from ..webhooks import body_of, deliver, digest, event, send, token_of

CUSTOMER = "3310133"
NEWS = body_of([event("card.statusChanged", customer=CUSTOMER)])
# Recorded by Unit's node SDK, with its token.
TOKEN = "OB2HL5E3B4HJ7IVXRNL4YQKYIQIVJK36ZZLPZEFWZVSDSC7LLFJQ===="
RECORDED = (
    b'{"data":[{"id":"46306092","type":"application.approved","attributes":{"createdAt":"2025-08-05T06:48:38.957Z",'
    b'"tags":{"key":"another-tag","test":"webhook-tag","number":"111"}},"relationships":{"application":{"data":{"id":'
    b'"3895367","type":"individualApplication"}},"customer":{"data":{"id":"3310133","type":"individualCustomer"}}}}]}'
)


def is_noted(app: Flask, customer: str = CUSTOMER) -> bool:
    with app.app_context():
        return has_news("customer", customer, time.time())


def test_a_delivery_that_unit_has_sent_is_verified() -> None:
    assert is_signed(RECORDED, "UUNz8ch1Ovjg+ijXUEwlAlWEktU=", TOKEN)
    assert not is_signed(RECORDED.replace(b"3310133", b"3310134"), "UUNz8ch1Ovjg+ijXUEwlAlWEktU=", TOKEN)


def test_a_signed_delivery_is_noted_and_sets_no_cookie(app: Flask) -> None:
    assert not is_noted(app)

    response = send(app, NEWS)

    assert (response.status_code, response.data) == (200, b"")
    assert "Set-Cookie" not in response.headers
    assert is_noted(app)
    assert not is_noted(app, "3310134")


@pytest.mark.parametrize(
    "forge",
    [
        pytest.param(lambda _token: "", id="nothing"),
        pytest.param(lambda token: digest(token, NEWS).hex(), id="hex"),
        pytest.param(lambda token: base64.b64encode(digest(token, NEWS, "sha256")).decode(), id="SHA-256"),
        pytest.param(lambda token: base64.b64encode(digest(token, NEWS + b" ")).decode(), id="another body"),
        pytest.param(lambda token: base64.b64encode(digest(token + "x", NEWS)).decode(), id="another token"),
        pytest.param(lambda _token: base64.b64encode(digest("", NEWS)).decode(), id="no token"),
        pytest.param(lambda _token: "\xe9" * 28, id="not ASCII"),
    ],
)
def test_a_forged_delivery_is_refused_and_brings_nothing(app: Flask, forge: object) -> None:
    assert callable(forge)

    response = send(app, NEWS, forge(token_of(app)))

    assert response.status_code == 401
    assert not is_noted(app)


@pytest.mark.parametrize(
    "kind",
    ["application/json", "application/vnd.api+json; charset=utf-8", "application/x-www-form-urlencoded", "text/plain"],
)
def test_the_content_type_makes_no_difference(app: Flask, kind: str) -> None:
    assert send(app, NEWS, Content_Type=kind).status_code == 200
    assert is_noted(app)


@pytest.mark.parametrize(("size", "status"), [(MAX_BYTES, 200), (MAX_BYTES + 1, 413)])
def test_a_delivery_may_have_a_megabyte(app: Flask, size: int, status: int) -> None:
    assert send(app, NEWS.ljust(size)).status_code == status
    assert is_noted(app) == (status == 200)


def test_no_other_route_takes_more_than_before(app: Flask) -> None:
    assert app.test_client().post("/login", data={"email": "a" * 70_000}).status_code == 413


def test_deliveries_from_one_client_are_limited_even_forged_ones(app: Flask) -> None:
    place = DELIVERIES.key_for("webhooks.receive", "127.0.0.1/32")
    app.extensions["rate_limits"].incr(place, 60, DELIVERIES.amount - 1)

    assert [send(app, NEWS, signature).status_code for signature in ("forged", None)] == [401, 429]


@pytest.mark.parametrize(
    "body",
    [
        *(b"", b"{", b"[]", b"null", b"{}", b'{"data":{}}', b'{"data":null}', b"\xff", b"[" * 100_000),
        body_of([None, 1, "x", [], {}, {"relationships": None}, event("card.created", customer="../1")]),
    ],
    ids=lambda body: repr(body[:30]),
)
def test_what_is_no_event_is_skipped(app: Flask, body: bytes) -> None:
    assert send(app, body).status_code == 200


def test_an_event_among_others_that_cannot_be_read_counts(app: Flask) -> None:
    assert deliver(app, None, event("card.created", customer="../1"), event("any.thing", customer=CUSTOMER)) == 200
    assert is_noted(app)


def test_a_batch_brings_news_to_everyone_whom_it_names(app: Flask) -> None:
    customers = [str(number) for number in range(20_000, 20_064)]

    deliver(app, *(event("transaction.created", customer=each) for each in customers))

    assert all(is_noted(app, each) for each in customers)


def test_a_delivery_that_cannot_be_noted_is_not_confirmed(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_args: object) -> None:
        raise StorageError(ConnectionError())

    monkeypatch.setattr(app.extensions["rate_limits"], "clear", fail)

    assert send(app, NEWS).status_code == 503  # Unit sends it again


@pytest.mark.parametrize("token", ["short", "x" * 256, "é" * 40, "with a blank, but long enough for it"])
def test_a_weak_token_is_refused_at_start(token: str) -> None:
    with pytest.raises(SettingsError, match="UNIT_WEBHOOK_TOKEN must be 32 to 255 ASCII characters"):
        webhook_token({"UNIT_WEBHOOK_TOKEN": token})


@pytest.mark.parametrize(("given", "is_there"), [({}, False), ({"UNIT_WEBHOOK_TOKEN": TOKEN}, True)], ids=["no", "a"])
def test_without_a_token_nothing_is_received(tmp_path: Path, given: dict[str, str], is_there: bool) -> None:
    app = create_app(read(BOTH | given, tmp_path))

    assert ("webhooks.receive" in app.view_functions) == is_there
    assert ("webhooks/_poll.html" in app.extensions["slots"]["cards_panels"]) == is_there
