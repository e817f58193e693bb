"""The page of an emulated OAuth provider: pick an account, or cancel."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import urlencode

from flask import Blueprint, Response, abort, make_response, redirect, render_template, request

from .store import Json, Store
from .stytch import fields, oauth, oauth_providers, oauth_records
from .stytch.oauth_providers import PROVIDERS


@dataclass(frozen=True)
class Person:
    """Somebody with an account at every provider."""

    first: str
    last: str
    email: str
    verified: bool = True  # whether the provider vouches for the address

    @property
    def name(self) -> str:
        """The whole name."""
        return f"{self.first} {self.last}"


PEOPLE = (
    Person("Ada", "Vance", "ada@example.com"),
    Person("Ben", "Okafor", "ben@example.com"),
    Person("Cleo", "Park", "cleo@example.com", verified=False),
)


def pages(store: Store, url_prefix: str = "") -> Blueprint:
    """The provider's page, under a prefix on the host app's origin, or without one on its own."""
    bp = Blueprint("emulator_provider", __name__, url_prefix=url_prefix or None, template_folder="templates/form")

    @bp.get("/oauth-provider/<provider>/authorize")
    def authorize(provider: str) -> str:
        """Ask who is there."""
        state, hint = request.args.get("state", ""), request.args.get("login_hint", "")
        flow = _flow(store, state, provider)
        title = PROVIDERS[provider].title
        return render_template(
            "emulator/provider.html", provider=title, people=PEOPLE, state=state, scopes=flow["scopes"], typed=hint
        )

    @bp.post("/oauth-provider/<provider>/authorize")
    def choose(provider: str) -> Response:
        """Send the browser back to Stytch: with a code, or with the word that the person canceled."""
        state, choice = request.form.get("state", ""), request.form.get("choice", "")
        flow = _flow(store, state, provider)
        answer = {"state": state, "error": "access_denied"}
        if choice != "cancel":
            who = _chosen(provider, choice)
            if who is None:
                return make_response(_again(provider, state, flow), 422)
            with store.change(oauth_records.tenant_of(state, store) or abort(404)) as tenant:
                answer = {"state": state, "code": oauth_records.choose(tenant, flow, who)}
        path = f"{url_prefix}/v1/oauth/callback/{oauth.callback_id(provider)}"
        return make_response(redirect(f"{path}?{urlencode(answer)}", 303))

    return bp


def _flow(store: Store, state: str, provider: str) -> Json:
    """The flow that this browser has started at Stytch."""
    with store.read(oauth_records.tenant_of(state, store) or abort(404)) as tenant:
        flow = oauth_records.find_flow(tenant, state)
    return flow if flow and flow["provider"] == provider else abort(404)


def _chosen(provider: str, choice: str) -> Json | None:
    """The person who was picked, or whose address was typed; None if that is no address."""
    for each in PEOPLE:
        if choice == each.email:
            return oauth_providers.person(provider, each.email, each.first, each.last, verified=each.verified)
    typed = request.form.get("email", "").strip()
    return oauth_providers.person(provider, typed) if re.fullmatch(fields.EMAIL, typed) else None


def _again(provider: str, state: str, flow: Json) -> str:
    return render_template(
        "emulator/provider.html",
        provider=PROVIDERS[provider].title,
        people=PEOPLE,
        state=state,
        scopes=flow["scopes"],
        typed=request.form.get("email", "")[:254],
        is_wrong=True,
    )
