"""A card's number and CVV, shown to the customer by the bank, in a frame.

To copy: they never touch this server. Each look wants a code of its own (``proof.py``). The browser gets a token for
one card and one purpose, for at most five minutes; each page gets a new one, and it is kept nowhere. The content
security policy is opened for this page only.
"""

from __future__ import annotations

from flask import Blueprint, Response, current_app, make_response, render_template, url_for

from blueprints.cards import card_purpose, current_customer, prove
from blueprints.htmx import is_htmx, redirect_to
from services.exchange import exchange
from services.guards import customer_required, revalidate_session, second_factor_required
from services.security import allow
from services.step_up import step_up_required

from .proof import NUMBER_OF, require_proof

bp = Blueprint(
    "reveal", __name__, template_folder="templates", static_folder="static", static_url_path="/static/reveal"
)
SCOPE = "cards-sensitive"
TOKEN_LIFE = 300  # seconds
VGS_HOSTS = (
    "https://js.verygoodvault.com https://js3.verygoodvault.com https://vgs-collect-keeper.apps.verygood.systems"
)
VGS = {  # what VGS Show needs; VGS docs: *Security checklist*
    "script-src": "https://js.verygoodvault.com",
    "frame-src": VGS_HOSTS,
    "connect-src": f"{VGS_HOSTS} https://*.verygoodproxy.com",
}


@bp.get("/cards/<digits:card_id>/reveal")
@customer_required
@revalidate_session
@second_factor_required
@step_up_required(card_purpose(NUMBER_OF), stytch_only=True)
def show(card_id: str) -> Response:
    """Show a page with a frame in which the bank shows the number of an active card, after a code for this number."""
    card, _account = current_customer().card(card_id)
    if card.status == "Active":
        require_proof(card.last4, use=not is_htmx())
    if is_htmx():  # the policy is opened for a page, not a fragment
        return redirect_to(url_for("reveal.show", card_id=card_id, ending=card.last4))
    if card.status != "Active":
        return make_response(render_template("reveal/page.html", card=card, token=""), 409)
    token = exchange.token(prove(), SCOPE, TOKEN_LIFE, [{"type": "card", "ids": [card.card_id]}])
    allow(current_app.config["CARD_NUMBER_SOURCES"])
    return make_response(render_template("reveal/page.html", card=card, token=token.value))
