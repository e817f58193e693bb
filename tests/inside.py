"""The app seen from inside: code that runs as it would in a visitor's request, and parallel requests."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

from services.guards import current_session
from services.session import Session

from .cookies import FULL_NAMES
from .visitor import Page, Visitor


@contextmanager
def request_of(visitor: Visitor) -> Iterator[Session]:
    """Run what follows in a request of a signed-in visitor, and give it their session."""
    cookies = "; ".join(
        f"{FULL_NAMES.get(name, name)}={visitor.cookie(name)}" for name in ("emulator_visitor", "stytch_session")
    )
    with visitor.app.test_request_context(headers={"Cookie": cookies}):
        visitor.app.preprocess_request()
        yield current_session()


def at_once(visitor: Visitor, times: int, act: Callable[[Visitor], Page]) -> list[Page]:
    """Do the same in this many tabs of one browser, in parallel."""
    with ThreadPoolExecutor(times) as pool:
        return list(pool.map(act, [visitor.twin() for _ in range(times)]))
