"""Limits per user and day on what costs money: applications, cards, authenticators.

They are counted where the calls to the services are made, so that no view has to know. Nothing else belongs to it.
"""

from __future__ import annotations

from flask import Flask

from .calls import limit_calls


def init_app(app: Flask) -> None:
    """Count the calls of this app."""
    limit_calls(app.extensions["http"])
