"""The providers, one row of the registry each, and this app's project at Stytch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

from flask import current_app
from werkzeug.local import LocalProxy

from services import methods
from services.methods import Method

TITLES = {
    "google": "Google",
    "amazon": "Amazon",
    "apple": "Apple",
    "bitbucket": "Bitbucket",
    "coinbase": "Coinbase",
    "discord": "Discord",
    "github": "GitHub",
    "gitlab": "GitLab",
    "facebook": "Facebook",
    "linkedin": "LinkedIn",
    "microsoft": "Microsoft",
    "slack": "Slack",
    "twitch": "Twitch",
}


@dataclass(frozen=True)
class Project:
    """What a browser's start at Stytch needs. None of it is a secret."""

    public_token: str
    stytch_url: str  # where browsers reach Stytch
    redirect_url: str  # where they come back to; registered at Stytch


def row(name: str) -> Method:
    """Return the method of a provider: it signs in, and proves the mailbox."""
    return Method(name, TITLES[name], "mailbox", sign_in="oauth/_sign_in.html")


def offered() -> list[Method]:
    """Return the providers that this app offers, in order."""
    return [method for method in methods.sign_in_methods() if method.name in TITLES]


project = cast(Project, LocalProxy(lambda: current_app.extensions["oauth"]))  # the running app's
