"""Twenty people at once on two replicas, one of which ends in the middle: ``python -m bench.scale_out``.

It is killed; with ``SIGTERM`` as an argument it is stopped in order instead, and then no answer may be lost either.
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
MIDDLE = 0.4  # of the requests that all of them need


def main() -> None:
    """Walk, kill, count. Ends with status 1 if anybody could not go on."""
    how = signal.Signals[sys.argv[1] if sys.argv[1:] else "SIGKILL"]
    with cluster() as made:
        alone = Visitor(made.origin, 2)
        alone.journey()
        visitors = [Visitor(made.origin, 10 + number) for number in range(VISITORS)]
        began = time.monotonic()
        with ThreadPoolExecutor(VISITORS) as people:
            walks = [people.submit(visitor.journey) for visitor in visitors]
            _wait_for(visitors, MIDDLE * VISITORS * alone.requests)
            ended_after = time.monotonic() - began
            made.end(0, how)
        errors = [error for walk in walks if (error := walk.exception())]
        cards = [_cards(visitor) for visitor in visitors]
        took = time.monotonic() - began
        print(
            f"journeys begun              {VISITORS}, {took:.1f} s; {how.name} to one replica after {ended_after:.1f} s"
        )
        _report(made, visitors, errors, cards)
        right = not errors and cards == [1] * VISITORS and not any(visitor.signed_out for visitor in visitors)
        lost = how == signal.SIGTERM and any(visitor.failures for visitor in visitors)
    sys.exit(lost or not right)


def _wait_for(visitors: list[Visitor], requests: float) -> None:
    while sum(visitor.requests for visitor in visitors) < requests:
        time.sleep(0.01)


def _cards(visitor: Visitor) -> int:
    visitor.get("/cards/list")
    return len(visitor.cards())


def _report(made: Cluster, visitors: list[Visitor], errors: list[BaseException], cards: list[int]) -> None:
    sent, failed = (sum(getattr(visitor, name) for visitor in visitors) for name in ("requests", "failures"))
    print(f"journeys finished           {len(visitors) - len(errors)}")
    print(f"requests                    {sent}, handed to the replicas: {made.served_by()}")
    print(f"answers lost                {failed}, each asked for again by its visitor")
    print(f"signed out                  {sum(visitor.signed_out for visitor in visitors)}")
    print(f"visitors with one card      {cards.count(1)}")
    for error in errors:
        print("".join(format_exception_only(error)).strip())


if __name__ == "__main__":
    main()
