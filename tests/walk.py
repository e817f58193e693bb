"""The whole journey in the app of each given folder, as a program: ``python -m tests.walk FOLDER...``.

Each folder has a process, forked after the libraries are loaded. Ends with status 1 if one of them fails.
"""

from __future__ import annotations

import os
import sys
import traceback
from pathlib import Path
from tempfile import TemporaryDirectory

import pygments  # noqa: F401 - this and the next are loaded once for all
import time_machine
import webauthn  # noqa: F401
from flask import Flask
from jinja2 import FileSystemBytecodeCache

import stytch_unit_emulator  # noqa: F401
from services import magic_links
from settings import load

from .visitor import Visitor


class TemplatesByName(FileSystemBytecodeCache):
    """Compiles each template once, in whichever folder it is found: the text is compared as well."""

    def get_cache_key(self, name: str, filename: str | None = None) -> str:  # noqa: ARG002
        """Return what the template is kept under."""
        return super().get_cache_key(name)


def walk(folder: Path) -> None:
    """Sign in, enroll, open an account, get a card, use it, step up again, and sign out."""
    from app import create_app  # the folder's

    magic_links.LEAST_TIME = 0  # answers at once
    with time_machine.travel("2026-06-01T12:00:00Z", tick=False) as clock:
        visitor = Visitor(create_app(load({}, dotenv=None, instance=folder)))
        visitor.sign_in()
        assert visitor.enroll().heading == "Your authenticator is set up"
        assert visitor.open_account().goes_to == "/cards"
        visitor.get("/cards/list")
        visitor.submit("/cards", kind="virtual")
        card = visitor.follow().one(".wallet a.manage").attrs["href"]
        path = str(card).partition("?")[0]
        visitor.get(path)
        assert visitor.submit(f"{path}/freeze").goes_to == path
        assert "Frozen" in visitor.follow().text

        clock.shift(601)
        assert visitor.get("/cards/list", htmx=True, HX_Source="div#cards", HX_Target="div#cards").status == 403
        dialog = visitor.page
        code = visitor.code()
        visitor.page = dialog
        assert "stepup-done" in visitor.submit("/step-up", htmx=True, step_up_code=code).response.headers["HX-Trigger"]
        assert "Frozen" in visitor.get("/cards/list", htmx=True).text

        assert visitor.post("/logout").goes_to == "/"
        assert visitor.get(path).goes_to == "/"


def succeeds_in(tree: str) -> bool:
    """Walk in the app of this folder, in a process of its own; say so if it fails."""
    if child := os.fork():
        return os.waitpid(child, 0)[1] == 0
    os.chdir(tree)
    sys.path[0] = tree
    try:
        with TemporaryDirectory() as folder:
            walk(Path(folder))
    except BaseException:
        traceback.print_exc()
        sys.stderr.write(f"It failed in {tree}.\n")
        sys.stderr.flush()
        os._exit(1)
    os._exit(0)


if __name__ == "__main__":
    with TemporaryDirectory() as kept:
        Flask.jinja_options = {"bytecode_cache": TemplatesByName(kept)}
        failed = [tree for tree in sys.argv[1:] if not succeeds_in(tree)]
    sys.exit(bool(failed))
