"""The ``whoami`` endpoint, which checks a project's credentials."""

from __future__ import annotations

from flask import Blueprint

from ..store import Json
from .endpoint import authenticated
from .wire import Call

bp = Blueprint("debug", __name__, url_prefix="/v1/debug")


@bp.get("/whoami")
@authenticated
def whoami(call: Call) -> Json:
    """Return the project."""
    return {"project_id": call.project_id, "name": "Stytch emulator"}
