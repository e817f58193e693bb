"""The controls that a host app's pages have: each visitor reaches their own tenant."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path

import pytest
import requests

import stytch_unit_emulator as emulator
from stytch_unit_emulator.transport import WSGIAdapter, current_tenant
from stytch_unit_emulator.visitor_controls import VisitorControls

PROJECT = "project-test-11111111-1111-4111-8111-111111111111"
STYTCH, UNIT = "https://test.stytch.com", "https://api.s.unit.sh"
USER = {"email": "ada@example.com", "totp": {}, "accounts": [{"funds": 5_000, "cards": [{"purchases": [{}]}]}]}
ORG = {"Authorization": f"Bearer v2.public.emulator-{PROJECT}"}


@pytest.fixture
def session() -> Iterator[requests.Session]:
    with requests.Session() as session:
        yield session


@pytest.fixture
def controls(tmp_path: Path, session: requests.Session) -> VisitorControls:
    """The controls of a host app whose calls go through the session."""
    stytch_app, unit_app = emulator.attach(
        session,
        emulator.Store(f"sqlite:///{tmp_path}/emulator.db"),
        project_id=PROJECT,
        public_url="http://localhost:8000/emulator",
        redirect_urls={"http://localhost:8000/login"},
        stytch_url=STYTCH,
        unit_url=UNIT,
        jwks_url=f"{STYTCH}/v1/sessions/jwks/{PROJECT}",
    )
    assert stytch_app
    assert unit_app
    controls = VisitorControls(emulator.Store(f"sqlite:///{tmp_path}/emulator.db"), PROJECT, stytch_app, unit_app)
    session.mount(UNIT, WSGIAdapter(controls.disturbed("unit", unit_app)))
    return controls


@contextmanager
def visit(name: str) -> Iterator[None]:
    """Run what follows as in a request of this visitor."""
    before = current_tenant.set(name)
    yield
    current_tenant.reset(before)


def amounts(session: requests.Session) -> list[int]:
    answer = session.get(f"{UNIT}/accounts", headers=ORG)
    answer.raise_for_status()
    return [account["attributes"]["balance"] for account in answer.json()["data"]]


def _dates(controls: VisitorControls) -> list[datetime]:
    kinds = ("account", "card", "transaction", "authorization")
    found = [each["attributes"] for kind in kinds for each in controls.records(kind)]
    return [datetime.fromisoformat(attributes["createdAt"]) for attributes in found]


def test_a_seed_a_session_and_a_reset_reach_the_visitor_alone(
    controls: VisitorControls, session: requests.Session
) -> None:
    with visit("one"):
        made = controls.seed(USER)
        token = controls.start_session("ada@example.com", [{"type": "magic_link"}, {"type": "totp", "age": 60}])
    body, credentials = {"session_token": token}, (PROJECT, "secret")
    url = f"{STYTCH}/v1/sessions/authenticate"

    with visit("two"):
        other = amounts(session), session.post(url, json=body, auth=credentials).status_code
        controls.end_sessions()
        controls.start_over()
    with visit("one"):
        own = amounts(session), session.post(url, json=body, auth=credentials).json()
        controls.end_sessions()
        ended = session.post(url, json=body, auth=credentials).status_code
        controls.start_over()
        left = amounts(session)

    assert made["accounts"]
    assert other == ([], 404)
    assert own[0] == [3_750]
    assert own[1]["user"]["user_id"] == made["user_id"]
    assert (ended, left) == (404, [])


def test_all_kinds_of_records_get_older_each_once(controls: VisitorControls) -> None:
    with visit("one"):
        controls.seed(USER)
        before = _dates(controls)

        controls.make_older(86_400)
        after = _dates(controls)

    assert len(before) == len(after) >= 5
    assert {old - new for old, new in zip(before, after, strict=True)} == {timedelta(days=1)}


def test_only_few_calls_wait_at_once_so_that_other_visitors_are_served(
    controls: VisitorControls, session: requests.Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    waiting, answered = [0], []

    def sleep(_seconds: float) -> None:
        """While a call waits, ask again."""
        waiting[0] += 1
        answered.append(amounts(session))

    monkeypatch.setattr("stytch_unit_emulator.faults.time.sleep", sleep)

    with visit("one"):
        controls.seed(USER)
        controls.disturb("slow", 60, {"service": "unit", "fault": "slow", "seconds": 2})
        answered.append(amounts(session))

    assert waiting == [3]
    assert answered == [[3_750]] * 4
