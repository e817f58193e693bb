"""The pages that visitors see: mailbox, phone and bank decisions.

They replace a visitor's own mailbox and phone, and fill the slots of the app's templates.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from flask import Blueprint, Flask, Response, abort, g, make_response, redirect, render_template, request, url_for
from werkzeug.test import Client

from . import clock, stytch, unit
from .store import Store, TenantFull
from .transport import TENANT, current_tenant

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

VISITOR = re.compile(r"[\w-]{22}", re.ASCII)
TOKEN = re.compile(r"[\w.-]{1,200}", re.ASCII)
SHOWN_FOR = 60  # seconds
FRAME_POLICY = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'"
REFUSALS = {
    "unauthorized": "This page has expired. Reload it and try again.",
    "not_supported_for_card_type": "The bank can't show a physical card's number. It is printed on the card.",
    "not_supported_for_card_status": "The bank shows the number of active cards only.",
}
MAX_POLLS = 30  # an empty mailbox stops polling after this many requests
# The host app's slots, with the template that fills each.
COMMON_SLOTS = {"banner": "emulator/banner.html", "head": "emulator/head.html"}
STYTCH_SLOTS = {
    "sign_in": "emulator/sign_in_again.html",
    "link_sent": "emulator/_inbox.html",
    "authenticator_code": "emulator/_authenticator.html",
    "passcode_sent": "emulator/_passcode.html",
    "recovery_code": "emulator/recovery_code.html",
}
UNIT_SLOTS = {
    "application_waiting": "emulator/decide_application.html",
    "card_number": "emulator/show_card_number.html",
    "texted_code": "emulator/text_message.html",
}
SAMPLE = re.compile(r"[a-z]+\.[0-9a-f]{6}@example\.com")
FIELD = re.compile(r"[a-z_]{1,40}")


def visitors(*, emulated: frozenset[str], public_url: str, secure: bool) -> Blueprint:
    """Gives each browser a tenant, named by an unguessable cookie."""
    bp = Blueprint(
        "emulator",
        __name__,
        url_prefix="/emulator",
        template_folder="templates/common",
        static_folder="static/pretend",
        static_url_path="/static",
    )
    cookie = "__Host-emulator_visitor" if secure else "emulator_visitor"

    @bp.before_app_request
    def enter_tenant() -> None:
        visitor = request.cookies.get(cookie, "")
        g.left_tenant = current_tenant.set(visitor if VISITOR.fullmatch(visitor) else secrets.token_urlsafe(16))

    @bp.teardown_app_request
    def leave_tenant(_error: BaseException | None) -> None:
        """Reset the tenant: the thread serves another visitor next."""
        if left := g.pop("left_tenant", None):
            current_tenant.reset(left)

    @bp.after_app_request
    def keep_visitor(response: Response) -> Response:
        is_page = response.mimetype == "text/html" and response.status_code < 400
        if is_page and request.cookies.get(cookie) != current_tenant.get() and not _comes_from_elsewhere(public_url):
            response.set_cookie(cookie, current_tenant.get(), secure=secure, httponly=True, samesite="Lax")
        if secure:  # keeps a hosted demo out of search engines
            response.headers["X-Robots-Tag"] = "noindex"
        return response

    @bp.app_errorhandler(TenantFull)
    def full(_error: TenantFull) -> tuple[str, int]:
        """Explain the size limit where no API response can."""
        return render_template("emulator/full.html"), 507

    @bp.app_context_processor
    def what_is_emulated() -> dict[str, Any]:
        return {"emulated": emulated}

    return bp


def stytch_pages(store: Store, stytch_app: WSGIApplication) -> Blueprint:
    """The visitor's mailbox and phone, and the redirect of email links."""
    bp = Blueprint("emulator_stytch", __name__, url_prefix="/emulator", template_folder="templates/stytch")

    def mails() -> list[stytch.Mail]:
        with store.read(current_tenant.get()) as tenant:
            return stytch.mails(tenant)

    def authenticator() -> list[stytch.Entry]:
        with store.read(current_tenant.get()) as tenant:
            return stytch.authenticator(tenant)

    def messages(*channels: str) -> list[stytch.Message]:
        with store.read(current_tenant.get()) as tenant:
            return stytch.messages(tenant, *channels)

    def known_email() -> str:
        """The newest user's address, if it is a sample. An address that a visitor typed is not shown after sign-out."""
        with store.read(current_tenant.get()) as tenant:
            email = stytch.newest_email(tenant)
        return email if SAMPLE.fullmatch(email) else ""

    def recovery_codes() -> list[str]:
        with store.read(current_tenant.get()) as tenant:
            return stytch.saved_recovery_codes(tenant)

    @bp.app_context_processor
    def mailbox_and_phone() -> dict[str, object]:
        return {
            "mails": mails,
            "authenticator": authenticator,
            "messages": messages,
            "known_email": known_email,
            "saved_recovery_codes": recovery_codes,
            "max_polls": MAX_POLLS,
        }

    @bp.get("/inbox")
    def inbox() -> str:
        """Show the emails that Stytch would have sent; ``field`` is the one that their codes are for."""
        return _page("inbox", poll=request.args.get("poll", 0, int), field=_field())

    @bp.get("/authenticator")
    def codes() -> str:
        """Show the visitor's phone; ``field`` is the one that its codes are for."""
        return _page("authenticator", field=_field())

    @bp.get("/v1/magic_links/redirect")
    @bp.get("/v1/public/oauth/<provider>/start")
    @bp.get("/v1/oauth/callback/<callback>")
    def redirect_hop(**_path: str) -> Response:
        """Stytch's redirects: behind a link in an email, to an OAuth provider, and back to the app."""
        path = request.environ["PATH_INFO"].removeprefix("/emulator")
        environ = {**request.environ, "PATH_INFO": path, TENANT: current_tenant.get()}
        answer = Response.from_app(stytch_app, environ, buffered=True)
        return make_response(answer)

    bp.add_app_template_filter(clock.display, "display_time")
    return bp


def unit_pages(store: Store, unit_app: Flask, changed: Callable[[str], None]) -> Blueprint:
    """The bank's pages: application decisions and the card number frame. ``changed`` is told which tenant changes."""
    bp = Blueprint("emulator_unit", __name__, url_prefix="/emulator", template_folder="templates/unit")

    @bp.app_context_processor
    def bank() -> dict[str, object]:
        return {"pending_applications": pending, "sms_code": unit.VERIFICATION_CODE}

    def pending() -> list[unit.PendingApplication]:
        with store.read(current_tenant.get()) as tenant:
            return unit.pending_applications(tenant)

    @bp.post("/bank/<application_id>")
    def decide(application_id: str) -> Response:
        """Decide on one of this visitor's applications, or on its documents."""
        with store.change(current_tenant.get()) as tenant:
            if application_id not in {application.id for application in unit.pending_applications(tenant)}:
                abort(404)
            unit.decide(tenant, application_id, request.form.get("decision", ""))
        changed(current_tenant.get())
        return make_response(redirect(url_for("onboarding.index"), 303))

    @bp.post("/cards/<int:card_id>/number")
    def card_number(card_id: int) -> Response:
        """Show a card number in the bank's frame, given a token for that card."""
        token = request.form.get("token", "")
        bearer = {"Authorization": f"Bearer {token if TOKEN.fullmatch(token) else ''}"}
        secrets_of_card = {}
        for name in ("pan", "cvv2"):
            environ = {TENANT: current_tenant.get()}
            path = f"/cards/{card_id}/secure-data/{name}"
            answer = Client(unit_app).get(path, headers=bearer, environ_overrides=environ)
            if not answer.json or "data" not in answer.json:
                code = answer.json["errors"][0].get("code") if answer.json else ""
                return _framed(answer.status_code, refusal=REFUSALS.get(code, "The bank can't show this card number."))
            secrets_of_card[name] = answer.json["data"]["attributes"][name]
        return _framed(200, seconds=SHOWN_FOR, **secrets_of_card)

    return bp


def add_pages(app: Flask, *blueprints: Blueprint) -> set[str]:
    """Register the pages; returns their endpoints, which need no sign-in."""
    before = set(app.view_functions)
    for blueprint in blueprints:
        app.register_blueprint(blueprint)
    return set(app.view_functions) - before


def _comes_from_elsewhere(public_url: str) -> bool:
    """Whether another site sent this request, other than by a link to this one.

    Browsers hold the cookie back there, so a new one would cost the visitor their tenant. No page can forge
    ``Sec-Fetch-Site``. Browsers that don't send it send ``Origin`` with what another site's scripts and forms request.
    """
    site = request.headers.get("Sec-Fetch-Site")
    if site is None:
        return request.headers.get("Origin", public_url) != public_url
    is_link = (
        request.method == "GET"
        and request.headers.get("Sec-Fetch-Mode") == "navigate"
        and request.headers.get("Sec-Fetch-Dest", "document") == "document"  # not a frame
    )
    return site not in ("same-origin", "none") and not is_link


def _field() -> str:
    """The name of the host app's field that a shown code is for, or an empty string."""
    field = request.args.get("field", "")
    return field if FIELD.fullmatch(field) else ""


def _page(name: str, **context: Any) -> str:
    form = f"emulator/_{name}.html" if request.headers.get("HX-Request") == "true" else f"emulator/{name}.html"
    return render_template(form, **context)


def _framed(status: int, **context: Any) -> Response:
    """An SVG that the app may frame and that can neither run nor load anything."""
    response = make_response(render_template("emulator/card_number.svg", **context), status)
    response.mimetype = "image/svg+xml"
    response.headers["Content-Security-Policy"] = FRAME_POLICY
    response.headers["X-Frame-Options"] = "SAMEORIGIN"
    return response
