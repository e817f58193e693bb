"""What the stand-ins for Unit's components show: read with their own token, as Unit's script would.

A browser can't reach the emulated Unit where it answers in the host app's process, so these pages pass the calls on.
"""

from __future__ import annotations

import re
from typing import Any

from flask import Blueprint, Response, jsonify, make_response, request
from werkzeug.test import Client

from . import unit
from .store import Json, Store
from .transport import TENANT, current_tenant

TOKEN = re.compile(r"Bearer [\w.-]{1,200}", re.ASCII)
CARD = re.compile(r"[0-9]{0,20}", re.ASCII)
SCRIPT = "/emulator/static/components.js"
READS = {  # by element
    "unit-elements-card": "/cards/{card}",
    "unit-elements-multiple-cards": "/cards",
    "unit-elements-activity": "/transactions",
}


def pages(store: Store, unit_app: Any) -> Blueprint:
    """The calls of the stand-ins, which bring a customer token of this visitor's."""
    bp = Blueprint("emulator_components", __name__, url_prefix="/emulator")

    def ask(method: str, path: str, document: Json | None = None) -> tuple[Json, int]:
        given = request.headers.get("Authorization", "")
        headers = {
            "Authorization": given if TOKEN.fullmatch(given) else "",
            "Origin": "https://components.invalid",  # a browser's, so that org tokens are refused
        }
        environ = {TENANT: current_tenant.get()}
        answer = Client(unit_app).open(path, method=method, headers=headers, json=document, environ_overrides=environ)
        return answer.json or {}, answer.status_code

    @bp.get("/components/<any('unit-elements-card','unit-elements-multiple-cards','unit-elements-activity'):element>")
    def component(element: str) -> Response:
        """Answer what Unit answers the element, and with ``granted`` what its token may do."""
        card = _card()
        answer, status = ask("GET", READS[element].format(card=card or "0"))
        if status == 200:
            token = request.headers["Authorization"].removeprefix("Bearer ")
            with store.read(current_tenant.get()) as tenant:
                answer["granted"] = unit.granted(tenant, token)
                if element == "unit-elements-card":
                    answer["printed"] = unit.printed(tenant, card)  # on the card that came in the mail
        return make_response(jsonify(answer), status)

    @bp.post("/components/activate")
    def activate() -> Response:
        """Activate a card with what is printed on it."""
        names = ("cvv2", "expirationDate")
        attributes = {name: request.form.get(name, "") for name in names}
        path = f"/cards/{_card() or '0'}/activate"
        answer, status = ask("POST", path, {"data": {"type": "activateCard", "attributes": attributes}})
        return make_response(jsonify(answer), status)

    return bp


def _card() -> str:
    card = request.args.get("card", "")
    return card if CARD.fullmatch(card) else ""
