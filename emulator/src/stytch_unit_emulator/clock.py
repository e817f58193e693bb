"""The emulator's only source of time, so that tests can shift one clock."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime, timedelta

_ahead: ContextVar[timedelta] = ContextVar("ahead", default=timedelta(0))


def now() -> datetime:
    """The current time in UTC."""
    return datetime.now(UTC) + _ahead.get()


@contextmanager
def shifted(seconds: float) -> Iterator[None]:
    """Shift the clock by this many seconds, forward or back, for one request."""
    before = _ahead.set(timedelta(seconds=seconds))
    try:
        yield
    finally:
        _ahead.reset(before)


@contextmanager
def at(moment: datetime) -> Iterator[None]:
    """Have the clock go on from this moment, for what a seed dates in the past."""
    with shifted((moment - datetime.now(UTC)).total_seconds()):
        yield


def real_timestamp() -> float:
    """Seconds since the epoch, not shifted: for data that outlives the request."""
    return datetime.now(UTC).timestamp()


def timestamp() -> float:
    """Seconds since the epoch."""
    return now().timestamp()


def seconds(moment: datetime) -> str:
    """RFC 3339 with whole seconds, as Stytch writes times (``2026-01-02T03:04:05Z``)."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def milliseconds(moment: datetime) -> str:
    """RFC 3339 with milliseconds, as Unit writes times (``2026-01-02T03:04:05.678Z``)."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def display(moment: datetime) -> str:
    """A time for visitors, such as ``Nov 27, 2:48 AM UTC``."""
    moment = moment.astimezone(UTC)
    half = "AM" if moment.hour < 12 else "PM"
    return f"{moment:%b} {moment.day}, {moment.hour % 12 or 12}:{moment:%M} {half} UTC"


def parse(text: str) -> datetime:
    """Parse a timestamp in either service's format."""
    return datetime.fromisoformat(text)
