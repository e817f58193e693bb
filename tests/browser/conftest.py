"""A real Chromium against a real server. Without one, tests are skipped unless ``BROWSER_TESTS=required``."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
from typing import Protocol

import pytest
from playwright.sync_api import Browser, expect, sync_playwright

from . import shortcuts
from .server import Server, serving
from .visitor import PATIENCE, Scheme, Visitor, visitor_in

NAMES = ("chromium", "chromium-browser", "google-chrome", "/usr/bin/chromium")
NO_CHROMIUM = "no Chromium here: apt-get install chromium, or set CHROMIUM=/path"
ARGUMENTS = (
    "--no-sandbox --disable-gpu --no-first-run --disable-background-networking --disable-component-update "
    "--disable-sync --disable-quic"
).split()


class Arrive(Protocol):
    """Opens a browser for one more visitor."""

    def __call__(
        self, *, script: bool = True, width: int = 1280, scheme: Scheme = "light", label: str = ""
    ) -> Visitor: ...


@pytest.fixture(scope="session")
def chromium() -> str:
    """The browser's path."""
    wanted = os.environ.get("CHROMIUM")
    path = next(filter(None, map(shutil.which, [wanted] if wanted else NAMES)), None)
    if path is None and os.environ.get("BROWSER_TESTS") == "required":
        pytest.fail(NO_CHROMIUM)
    return path or pytest.skip(NO_CHROMIUM)


@pytest.fixture(scope="session")
def server(chromium: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:  # noqa: ARG001
    """The app, served until the last test ends, if there is a browser."""
    with serving(tmp_path_factory.mktemp("served")) as running:
        yield running


@pytest.fixture(scope="package")
def browser(chromium: str) -> Iterator[Browser]:
    """One browser for this folder: while it is open an event loop runs, which would disturb tests elsewhere."""
    expect.set_options(timeout=PATIENCE)
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(
            executable_path=chromium,
            args=ARGUMENTS,
            # Real browsers have this cache, which may restore a page after a sign-out.
            ignore_default_args=["--disable-back-forward-cache"],
        )
        yield opened
        opened.close()


@pytest.fixture
def arrive(browser: Browser, server: Server) -> Iterator[Arrive]:
    """Opens browsers for visitors, each with its own cookies. Afterwards, none may have had a complaint."""
    visitors: list[Visitor] = []
    said_before = server.output.stat().st_size

    def come(*, script: bool = True, width: int = 1280, scheme: Scheme = "light", label: str = "") -> Visitor:
        visitors.append(visitor_in(browser, server, script=script, width=width, scheme=scheme, label=label))
        return visitors[-1]

    yield come
    for visitor in visitors:
        visitor.page.context.close()
    sys.stdout.write(server.output.read_bytes()[said_before:].decode())  # pytest shows it if the test fails
    assert not [complaint for visitor in visitors for complaint in visitor.complaints]


@pytest.fixture
def visitor(arrive: Arrive) -> Visitor:
    """A visitor with an ordinary browser."""
    return arrive()


@pytest.fixture
def holder(visitor: Visitor) -> Visitor:
    """A customer with a card."""
    shortcuts.become_customer(visitor)
    shortcuts.get_card(visitor)
    return visitor


@pytest.fixture(params=[True, False], ids=["script", "no-script"])
def anybody(arrive: Arrive, request: pytest.FixtureRequest) -> Visitor:
    """A visitor whose browser runs scripts, then one whose browser does not."""
    return arrive(script=request.param)
