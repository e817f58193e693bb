"""Control of age: makes single records older, where moving the clock would move everything."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import timedelta

from flask import Blueprint, abort

from . import clock, stytch
from .control_input import body, nearest, number, tenant, texts
from .store import Json, Store, Tenant

PURCHASE = "purchaseTransaction"
MAX_AGE = 10 * 365 * 86_400.0  # seconds
# The stored kind of each kind of record, the ids by which it may be named, and the times that move back.
FACTOR_TIMES = ("last_authenticated_at", "created_at", "updated_at")
SESSION_TIMES = ("started_at", "last_accessed_at", "expires_at")


def add_routes(bp: Blueprint, store: Store) -> None:
    """Add the operation on ages to the control API."""

    @bp.post("/tenants/<project_id>/age")
    def age(project_id: str) -> Json:
        """Make records older; returns how many of each kind."""
        given = body("seconds", "kinds", "ids")
        seconds = number(given, "seconds", 0, MAX_AGE)
        kinds = texts(given, "kinds", len(AGERS), 40) or list(AGERS)
        ids = texts(given, "ids", 200, 100)
        for kind in kinds:
            if kind not in AGERS:
                abort(400, f"kinds: there is no kind {kind!r}; {nearest(kind, AGERS)}.")
        with store.change(tenant(project_id)) as changed:
            counts, found = make_older(changed, seconds, dict.fromkeys(kinds), ids)
            missing = set(ids or ()) - found
            if missing:
                abort(400, f"ids: none of these kinds has the id {min(missing)}.")
        return counts


def make_older(
    tenant: Tenant, seconds: float, kinds: Iterable[str], ids: list[str] | None = None
) -> tuple[dict[str, int], set[str]]:
    """Make records of these kinds older; returns how many of each kind, and all ids by which they may be named."""
    found: set[str] = set()
    return {kind: AGERS[kind](tenant, _Move(seconds, ids, found)) for kind in kinds}, found


class _Move:
    """How far to move times back, and in which records."""

    def __init__(self, seconds: float, ids: list[str] | None, found: set[str]) -> None:
        self._back, self._seconds = timedelta(seconds=seconds), seconds
        self._ids, self._found = ids, found

    def chosen(self, *ids: object) -> bool:
        """Whether a record with these ids, its own and those that it belongs to, is meant."""
        known = {str(each) for each in ids if each}
        self._found |= known
        return self._ids is None or not known.isdisjoint(self._ids)

    def times(self, record: Json, names: Iterable[str]) -> None:
        """Move these times of a record back, in the format that they have."""
        for name in names:
            value = record.get(name)
            if isinstance(value, str):
                moment = clock.parse(value) - self._back
                record[name] = clock.milliseconds(moment) if "." in value else clock.seconds(moment)
            elif value is not None:
                record[name] = value - self._seconds


def _factors(tenant: Tenant, move: _Move) -> int:
    aged = 0
    for session in tenant.all("session"):
        for factor in session["authentication_factors"]:
            methods = [each for part in factor.values() if isinstance(part, dict) for each in part.values()]
            if move.chosen(session["session_id"], session["user_id"], *methods):
                move.times(factor, FACTOR_TIMES)
                aged += 1
        tenant.save("session", session["session_id"], session)
    return aged


def _sessions(tenant: Tenant, move: _Move) -> int:
    chosen = [each for each in tenant.all("session") if move.chosen(each["session_id"], each["user_id"])]
    for session in chosen:
        move.times(session, SESSION_TIMES)
        tenant.save("session", session["session_id"], session)
    return len(chosen)


def _links(tenant: Tenant, move: _Move) -> int:
    """Links, and the emails that they are in."""
    chosen = [each for each in tenant.all("magic_link") if move.chosen(each["id"], each["user_id"], each["email_id"])]
    for link in chosen:
        move.times(link, ("expires_at",))
        tenant.save("magic_link", link["id"], link)
    ids = {each["id"] for each in chosen}
    for mail in tenant.all("mail"):
        found = stytch.link_in(tenant, mail["link"])
        if found and found["id"] in ids:
            move.times(mail, ("sent_at", "expires"))
            tenant.save("mail", mail["id"], mail)
    return len(chosen)


def _resources(kind: str, is_meant: Callable[[str], bool] = bool) -> Callable[[Tenant, _Move], int]:
    """An ager of resources of some types, named by their own id or by the card's, account's or customer's."""

    def age(tenant: Tenant, move: _Move) -> int:
        own = [each for each in tenant.all(kind) if is_meant(each["type"])]
        chosen = [each for each in own if move.chosen(each["id"], *_related(each))]
        for resource in chosen:
            move.times(resource["attributes"], ("createdAt", "updatedAt"))
            tenant.save(kind, resource["id"], resource)
        return len(chosen)

    return age


def _related(resource: Json) -> list[str]:
    related = resource["relationships"]
    return [related[name]["data"]["id"] for name in ("card", "account", "customer") if name in related]


AGERS: dict[str, Callable[[Tenant, _Move], int]] = {
    "factors": _factors,
    "sessions": _sessions,
    "links": _links,
    "cards": _resources("card"),
    "purchases": _resources("transaction", PURCHASE.__eq__),
    "authorizations": _resources("authorization"),
    "payments": _resources("transaction", PURCHASE.__ne__),
    "accounts": _resources("account"),
}
