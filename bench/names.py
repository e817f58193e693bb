"""Names of the app and the emulator that the benchmarks use, each in this one place.

``visitor.py`` has the app's paths and forms; ``emulator.py`` has its own imports.
"""

from __future__ import annotations

from limits import parse

from services import magic_links
from services.http import HttpSession as HttpSession
from stytch_unit_emulator import ControlAccess, org_token
from stytch_unit_emulator import create_app as create_emulator
from stytch_unit_emulator.store import MAX_BYTES as TENANT_BYTES

__all__ = [
    "TENANT_BYTES",
    "ControlAccess",
    "HttpSession",
    "create_emulator",
    "lift_link_limit",
    "mails_path",
    "org_token",
]


def mails_path(project_id: str) -> str:
    """The control API's path to a tenant's mail."""
    return f"/control/tenants/{project_id}/mails"


def lift_link_limit() -> None:
    """Raise the limit on sign-in links per hour out of reach."""
    magic_links.LINKS_IN_ALL = parse("1000000/hour")
