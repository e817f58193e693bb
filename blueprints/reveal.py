"""The card's number and CVV: shown to the holder by the bank, in a frame, past this server.

To copy: the browser gets a token for one card and one purpose, for five minutes at most, earned anew for every page and
kept nowhere; the frame around the digits belongs to whoever may hold them; and the content security policy is opened
for this page only. Unit's docs: *Displaying sensitive card data*.
"""

from __future__ import annotations

from flask import Blueprint, Response, current_app, make_response, render_template, url_for

from headers import content_security_policy
from services.exchange import exchange
from services.guards import customer_required, fresh_session, stepped_up

from . import go, is_htmx

bp = Blueprint("reveal", __name__)

VGS_HOSTS = (
    "https://js.verygoodvault.com https://js3.verygoodvault.com https://vgs-collect-keeper.apps.verygood.systems"
)
VGS = {  # what VGS Show needs; its docs: *Security checklist*
    "script-src": "https://js.verygoodvault.com",
    "frame-src": VGS_HOSTS,
    "connect-src": f"{VGS_HOSTS} https://*.verygoodproxy.com",
}
bp.record_once(lambda state: state.app.config.setdefault("REVEAL_SOURCES", VGS))


@bp.get("/cards/<int:card_id>/reveal")
@customer_required
@stepped_up("see the number of this card", by_text=False)
def show(card_id: int) -> Response:
    """A frame in which the bank shows the holder the number of an active card."""
    if is_htmx():
        return go(url_for("reveal.show", card_id=card_id))  # the policy is opened for a page, not for a fragment
    session = fresh_session()  # a revoked session's JWT would verify here for five minutes more
    card, _account = exchange.as_customer(session, lambda customer: customer.card(str(card_id)))
    if card.status != "Active":
        return make_response(render_template("reveal/page.html", card=card, token=None), 409)
    token = exchange.reveal_token(session, card.card_id)
    response = make_response(render_template("reveal/page.html", card=card, token=token))
    response.headers["Content-Security-Policy"] = content_security_policy(current_app.config["REVEAL_SOURCES"])
    return response


@bp.context_processor
def vault() -> dict[str, str]:
    """Where VGS Show finds the bank's vault."""
    settings = current_app.extensions["settings"]
    return {"vault": settings.unit_vgs_vault, "environment": "sandbox" if settings.unit_is_sandbox else "live"}
