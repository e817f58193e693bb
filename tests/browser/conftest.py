"""A real Chromium against a real server. Without one, tests are skipped unless ``BROWSER_TESTS=required``."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import cache
from typing import Protocol, TypeAlias

import pytest
from playwright.sync_api import Browser, Playwright, expect, sync_playwright

from . import shortcuts
from .server import Server, serving
from .visitor import PATIENCE, Scheme, Visitor, visitor_in

WHOLE = ("chromium", "chromium-browser", "google-chrome", "/usr/bin/chromium")
# The same engine without windows takes less than half the time, but has no back/forward cache.
SHELL = ("chromium-headless-shell", "chrome-headless-shell")
NO_CHROMIUM = "no Chromium here: apt-get install chromium chromium-headless-shell, or set CHROMIUM=/path"
ARGUMENTS = (
    "--no-sandbox --disable-gpu --no-first-run --disable-background-networking --disable-component-update "
    "--disable-sync --disable-quic"
).split()


BrowserAt: TypeAlias = Callable[[str], Browser]  # by its path
ServerWith: TypeAlias = Callable[[str], Server]  # by WIRE_LOG


class Arrive(Protocol):
    """Opens a browser for one more visitor."""

    def __call__(
        self, *, script: bool = True, width: int = 1280, scheme: Scheme = "light", label: str = ""
    ) -> Visitor: ...


def path_of(*names: str) -> str:
    """Return the path of the first of these that is installed; without one, the test is skipped."""
    wanted = os.environ.get("CHROMIUM")
    path = next(filter(None, map(shutil.which, [wanted] if wanted else names)), None)
    if path is None and os.environ.get("BROWSER_TESTS") == "required":
        pytest.fail(NO_CHROMIUM)
    return path or pytest.skip(NO_CHROMIUM)


@pytest.fixture(scope="session")
def chromium() -> str:
    """The browser's path."""
    return path_of(*SHELL, *WHOLE)


@pytest.fixture(scope="session")
def server_with(chromium: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerWith]:  # noqa: ARG001
    """The app with or without the panel of calls, served until the last test ends, if there is a browser."""
    with ExitStack() as running:
        yield cache(
            lambda wire_log: running.enter_context(
                serving(tmp_path_factory.mktemp("served"), environ={"WIRE_LOG": wire_log})
            )
        )


@pytest.fixture
def server(server_with: ServerWith, request: pytest.FixtureRequest) -> Server:
    """The served app. Without the panel, which makes each page far longer to read, unless a test asks for it."""
    return server_with("on" if request.node.get_closest_marker("panel") else "off")


@pytest.fixture(scope="package")
def playwright() -> Iterator[Playwright]:
    """What drives browsers in this folder: while it does, an event loop runs, which would disturb tests elsewhere."""
    expect.set_options(timeout=PATIENCE)
    with sync_playwright() as driver:
        yield driver


@pytest.fixture(scope="package")
def browser_at(playwright: Playwright) -> Iterator[BrowserAt]:
    """Opens browsers, one for each path."""
    with ExitStack() as opened:
        yield cache(
            lambda path: opened.enter_context(
                playwright.chromium.launch(
                    executable_path=path,
                    args=ARGUMENTS,
                    # People's browsers have this cache, which may restore a page after a sign-out.
                    ignore_default_args=["--disable-back-forward-cache"],
                )
            )
        )


@pytest.fixture
def browser(browser_at: BrowserAt, chromium: str, request: pytest.FixtureRequest) -> Browser:
    """The browser for the tests of this folder; a whole one for those that go back."""
    return browser_at(path_of(*WHOLE) if request.node.get_closest_marker("whole_browser") else chromium)


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
