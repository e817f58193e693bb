"""Twenty visitors on two replicas, one of which stops halfway.

``python -m bench.scale_out`` kills it. With ``SIGTERM`` as the argument it shuts down, and no answer may be lost.
"""

from __future__ import annotations

import signal
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from traceback import format_exception_only

from .cluster import Cluster, cluster
from .visitor import Visitor

VISITORS = 20
HALFWAY = 0.4  # of all requests


def main() -> None:
    """Run the journeys and count. Exits with status 1 if one fails."""
    sent = signal.Signals[sys.argv[1] if sys.argv[1:] else "SIGKILL"]
    with cluster() as services:
        alone = Visitor(services.origin, 2)
        alone.journey()
        visitors = [Visitor(services.origin, 10 + number) for number in range(VISITORS)]
        began = time.monotonic()
        with ThreadPoolExecutor(VISITORS) as pool:
            journeys = [pool.submit(visitor.journey) for visitor in visitors]
            _wait_for(visitors, HALFWAY * VISITORS * alone.requests)
            stopped_after = time.monotonic() - began
            services.stop_replica(0, sent)
        errors = [error for journey in journeys if (error := journey.exception())]
        cards = [_cards(visitor) for visitor in visitors]
        took = time.monotonic() - began
        stopped = f"{sent.name} to one replica after {stopped_after:.1f} s"
        print(f"journeys begun              {VISITORS}, {took:.1f} s; {stopped}")
        _report(services, visitors, errors, cards)
        passed = not errors and cards == [1] * VISITORS and not any(visitor.signed_out for visitor in visitors)
        lost = sent == signal.SIGTERM and any(visitor.failures for visitor in visitors)
    sys.exit(lost or not passed)


def _wait_for(visitors: list[Visitor], requests: float) -> None:
    while sum(visitor.requests for visitor in visitors) < requests:
        time.sleep(0.01)


def _cards(visitor: Visitor) -> int:
    visitor.get("/cards/list")
    return len(visitor.cards())


def _report(services: Cluster, visitors: list[Visitor], errors: list[BaseException], cards: list[int]) -> None:
    asked, failed = (sum(getattr(visitor, name) for visitor in visitors) for name in ("requests", "failures"))
    print(f"journeys finished           {len(visitors) - len(errors)}")
    print(f"requests                    {asked}, passed to the replicas: {services.served_by()}")
    print(f"answers lost                {failed}, each retried by its visitor")
    print(f"signed out                  {sum(visitor.signed_out for visitor in visitors)}")
    print(f"visitors with one card      {cards.count(1)}")
    for error in errors:
        print("".join(format_exception_only(error)).strip())


if __name__ == "__main__":
    main()
