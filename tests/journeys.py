"""How far a visitor can come. Each journey is walked once; after that its end is restored from a snapshot."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, MutableMapping
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import Any, Literal, TypeAlias

import time_machine
from flask import Flask

from services import factors, magic_links

from .sandbox import activate
from .visitor import Page, Visitor

Kind: TypeAlias = Literal["virtual", "physical"]
Steps: TypeAlias = Callable[[Visitor, time_machine.Traveller], object]


@dataclass(frozen=True)
class Journey:
    """Steps through the app, after those of another journey."""

    steps: Steps
    after: Journey | None = None

    def __call__(self, visitor: Visitor, clock: time_machine.Traveller) -> None:
        """Walk it from the very beginning."""
        if self.after:
            self.after(visitor, clock)
        self.steps(visitor, clock)


@dataclass(frozen=True)
class Snapshot:
    """Everything that was known at the end of a journey."""

    store: sqlite3.Connection
    caches: list[dict[Any, Any]]
    visitor: Visitor
    at: datetime


class Snapshots:
    """The journeys that were walked in one app."""

    def __init__(self, app: Flask) -> None:
        self.app = app
        self._database = app.extensions["settings"].emulator_database_url.removeprefix("sqlite:///")
        sessions, exchange = app.extensions["session_cache"], app.extensions["exchange"]
        self._caches: list[MutableMapping[Any, Any]] = [sessions._sessions, sessions._ended, exchange._tokens]
        self._caches += [magic_links.USED, factors.STARTED]
        self._taken: dict[Journey, Snapshot] = {}

    def at_end_of(self, journey: Journey, clock: time_machine.Traveller) -> Visitor:
        """Return a visitor who has walked this journey, in a store in which nothing else has happened."""
        if journey not in self._taken:
            first = self.at_end_of(journey.after, clock) if journey.after else Visitor(self.app)
            journey.steps(first, clock)
            self._taken[journey] = self._snapshot(first)
        snapshot = self._taken[journey]
        with closing(sqlite3.connect(self._database)) as live:
            live.execute("PRAGMA synchronous=OFF")
            snapshot.store.backup(live)
        clock.move_to(snapshot.at)
        for cached, entries in zip(self._caches, snapshot.caches, strict=True):
            cached.clear()
            cached.update(entries)
        return snapshot.visitor.twin()

    def _snapshot(self, visitor: Visitor) -> Snapshot:
        store = sqlite3.connect(":memory:")
        with closing(sqlite3.connect(self._database)) as live:
            live.backup(store)
        return Snapshot(store, [dict(cache) for cache in self._caches], visitor, datetime.now(UTC))


def _come_back(visitor: Visitor, clock: time_machine.Traveller) -> None:
    visitor.post("/logout")
    clock.shift(600)
    visitor.sign_in()


SIGNED_IN = Journey(lambda visitor, _clock: visitor.sign_in())
ENROLLED = Journey(lambda visitor, _clock: visitor.enroll(), after=SIGNED_IN)
STEPPED_UP = Journey(lambda visitor, _clock: visitor.open_account(), after=ENROLLED)
CUSTOMER = Journey(_come_back, after=STEPPED_UP)


def newest_card(listing: Page) -> str:
    """Return the path of the newest card's page."""
    return str(listing.html.css("a.manage")[-1].attrs["href"]).partition("?")[0]


def get_card(visitor: Visitor, kind: Kind = "virtual") -> str:
    """Get a card and open the list of cards; return the path of the card's page."""
    visitor.get("/cards/list")
    visitor.submit("/cards", kind=kind)
    return newest_card(visitor.get("/cards/list"))


@cache
def has_card(kind: Kind = "virtual", *actions: str) -> Journey:
    """The journey to a list with one card, on which these actions were done."""
    if not actions:
        return Journey(lambda visitor, _clock: get_card(visitor, kind), after=STEPPED_UP)

    def act(visitor: Visitor, _clock: time_machine.Traveller) -> None:
        card = newest_card(visitor.page)
        if actions[-1] == "activate":
            activate(visitor, card)
        else:
            visitor.post(f"{card}/{actions[-1]}")
        visitor.get("/cards/list")

    return Journey(act, after=has_card(kind, *actions[:-1]))


HAS_CARD = has_card()
