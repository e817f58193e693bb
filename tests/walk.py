"""The whole journey in the app of the current folder, as a program: ``python -m tests.walk``. Ends with status 0."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

import time_machine

from app import create_app
from services import magic_links
from settings import load

from .visitor import Visitor


def main(folder: Path) -> None:
    """Sign in, enroll, open an account, get a card, use it, step up again, and sign out."""
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


if __name__ == "__main__":
    with TemporaryDirectory() as folder:
        main(Path(folder))
