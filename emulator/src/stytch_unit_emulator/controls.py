"""Control API for tests: clock, keys, redirect URLs, seed, messages, reset; the other ``control_`` modules add to it.

Exists only where the emulator is started with controls. ``control_access`` says whom it answers.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict

from flask import Blueprint, Flask, Response, abort, jsonify, request
from werkzeug.exceptions import HTTPException

from . import clock, control_age, control_faults, control_sessions, control_snapshots, seeding, stytch
from .control_access import ControlAccess
from .control_input import ALL_TENANTS, body, number, tenant, texts
from .control_middleware import CLOCK, PREFIX, REDIRECT_URLS, clock_offset, redirect_urls
from .control_snapshots import MAX_SHIFT, set_clock
from .faults import FAULT, Operations
from .lifetimes import CONTROLS
from .seed_input import BadSeed
from .store import Json, Store, TenantFull

MAX_BYTES = 1024 * 1024  # of a request
MAX_KEPT = 500  # tenants with redirect URLs; those of deleted tenants would pile up otherwise
MAX_URLS = 20
CHANNELS = ("sms", "whatsapp", "email")


def blueprint(
    store: Store, stytch_app: Flask, unit_app: Flask, operations: Operations, access: ControlAccess
) -> Blueprint:
    """The control API. Answers JSON; a refusal is ``{"error": "what to do"}``."""
    bp = Blueprint("controls", __name__, url_prefix=PREFIX)

    answer_programs(bp, access)

    @bp.errorhandler(TenantFull)
    def full(error: TenantFull) -> tuple[Json, int]:
        return {"error": f"In this tenant, {error}."}, 429

    _add_tenant_routes(bp, store, stytch_app, unit_app)
    _add_clock_routes(bp, store)
    _add_redirect_routes(bp, store)
    control_faults.add_routes(bp, store, operations)
    control_snapshots.add_routes(bp, store, unit_app.extensions["emulated_unit"].dispatcher)
    control_age.add_routes(bp, store)
    control_sessions.add_routes(bp, store, stytch_app, unit_app)
    return bp


def _add_tenant_routes(bp: Blueprint, store: Store, stytch_app: Flask, unit_app: Flask) -> None:
    @bp.post("/tenants/<project_id>/keys")
    def rotate(project_id: str) -> tuple[Json, int]:
        """Sign with a new key from now on; older keys stay published."""
        with store.change(stytch.partition(tenant(project_id))) as project:
            return {"kid": stytch.rotate_key(project)}, 201

    @bp.delete("/tenants/<project_id>")
    def reset(project_id: str) -> Json:
        """Delete a tenant's data and settings, but keep its signing keys and snapshots."""
        store.forget(tenant(project_id))
        with store.change(CONTROLS) as settings:
            settings.remove(CLOCK, project_id)
            settings.remove(REDIRECT_URLS, project_id)
            for fault in settings.all(FAULT):
                if fault["tenant"] == project_id:
                    settings.remove(FAULT, fault["id"])
        return {}

    @bp.post("/tenants/<project_id>/seed")
    def seed(project_id: str) -> tuple[Json, int]:
        """Create users, customers, accounts, cards and activity from a description."""
        try:
            return seeding.seed(body(), tenant(project_id), store, stytch_app, unit_app), 201
        except BadSeed as bad:
            abort(400, str(bad))

    @bp.get("/tenants/<project_id>/mails")
    def mails(project_id: str) -> Response:
        """List the tenant's emails, newest first."""
        with store.read(tenant(project_id)) as own:
            return jsonify([_mail(mail) for mail in stytch.mails(own)])

    @bp.get("/tenants/<project_id>/messages")
    def messages(project_id: str) -> Response:
        """List the codes sent by SMS, WhatsApp and email, newest first; ``?channel=`` chooses one."""
        channel = request.args.get("channel")
        if channel not in {None, *CHANNELS}:
            abort(400, "channel must be sms, whatsapp or email.")
        with store.read(tenant(project_id)) as own:
            return jsonify([_message(sent) for sent in stytch.messages(own, *([channel] if channel else ()))])


def _add_clock_routes(bp: Blueprint, store: Store) -> None:
    @bp.post("/clock", defaults={"project_id": ALL_TENANTS})
    @bp.post("/tenants/<project_id>/clock")
    def move_clock(project_id: str) -> Json:
        """Move the clock of one tenant, or of all tenants, by some seconds."""
        seconds = number(body("seconds"), "seconds", -MAX_SHIFT, MAX_SHIFT)
        with store.change(CONTROLS) as settings:
            total = max(-MAX_SHIFT, min(MAX_SHIFT, clock_offset(settings, tenant(project_id)) + seconds))
            set_clock(settings, project_id, total)
        return {"ahead": total}

    @bp.delete("/clock", defaults={"project_id": ALL_TENANTS})
    @bp.delete("/tenants/<project_id>/clock")
    def reset_clock(project_id: str) -> Json:
        """Return to the real time."""
        with store.change(CONTROLS) as settings:
            settings.remove(CLOCK, tenant(project_id))
        return {"ahead": 0}


def _add_redirect_routes(bp: Blueprint, store: Store) -> None:
    @bp.get("/tenants/<project_id>/redirect-urls")
    def read_redirect_urls(project_id: str) -> Json:
        """The registered redirect URLs, or null if a rule decides."""
        with store.read(CONTROLS) as settings:
            urls = redirect_urls(settings, tenant(project_id))
        return {"urls": None if urls is None else sorted(urls), "types": _types(urls)}

    @bp.put("/tenants/<project_id>/redirect-urls")
    def set_redirect_urls(project_id: str) -> Json:
        """Register these redirect URLs and no others; null lets the rule decide again.

        ``types`` has the types of each URL that does not have all.
        """
        given = body("urls", "types")
        urls, types = texts(given, "urls", MAX_URLS, 200), given.get("types") or {}
        if not isinstance(types, dict) or not all(_are_types(each) for each in types.values()):
            abort(400, f"types must have lists of {', '.join(sorted(stytch.REDIRECT_TYPES))}, by URL.")
        if urls is not None and not all(stytch.is_url(url) for url in urls):
            abort(400, "urls must be absolute URLs, such as http://app:3000/authenticate.")
        with store.change(CONTROLS) as settings:
            settings.remove(REDIRECT_URLS, tenant(project_id))
            if urls is not None:
                settings.add(REDIRECT_URLS, project_id, {"urls": sorted(set(urls)), "types": types})
                settings.keep_newest(REDIRECT_URLS, MAX_KEPT)
            registered = redirect_urls(settings, project_id)
        return {"urls": None if registered is None else sorted(registered), "types": _types(registered)}


def _are_types(given: object) -> bool:
    return isinstance(given, list) and all(each in stytch.REDIRECT_TYPES for each in given)


def _types(urls: Mapping[str, frozenset[str]] | None) -> Json:
    """The types of the URLs that do not have all."""
    return {url: sorted(types) for url, types in (urls or {}).items() if types != stytch.REDIRECT_TYPES}


def answer_programs(bp: Blueprint, access: ControlAccess) -> None:
    """Let only those in whom the access allows, and word refusals as JSON."""

    @bp.before_request
    def check_access() -> None:
        access.check(request)

    @bp.errorhandler(HTTPException)
    def refused(error: HTTPException) -> tuple[Json, int, dict[str, str]]:
        return refusal(error)


def refusal(error: HTTPException, problem: str | None = None) -> tuple[Json, int, dict[str, str]]:
    """Answer a refused control request."""
    headers = {"WWW-Authenticate": "Bearer"} if error.code == 401 else {}
    return {"error": problem or error.description or error.name}, error.code or 500, headers


def _mail(mail: stytch.Mail) -> Json:
    times = {"sent_at": clock.seconds(mail.sent_at), "expires": clock.seconds(mail.expires)}
    return {**asdict(mail), **times, "token": mail.token}


def _message(message: stytch.Message) -> Json:
    times = {"sent_at": clock.seconds(message.sent_at), "expires": clock.seconds(message.expires)}
    return {**asdict(message), **times}
