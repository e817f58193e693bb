"""The coverage page: every operation that the services publish, and whether the emulator has it.

Stytch's operations are those of the installed Python SDK's consumer API. Unit's are listed in the package.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import stytch
from flask import Flask

import stytch_unit_emulator as emulator
from stytch_unit_emulator import Store, unit
from stytch_unit_emulator import stytch as emulated_stytch
from stytch_unit_emulator.unit import published

from .left_out import STYTCH, UNIT, Reasons

PAGE = Path(__file__).parent / "coverage.md"
HEAD = """# Coverage

Every operation that Stytch's consumer API and Unit publish. Written by `make pages`; a test fails when it
is stale.

*Published in*: for Unit, 0.3.2 and 0.4.0 are versions of its OpenAPI description, 0.19.0 is the client that it
generates from a newer one, `unit-openapi-python-sdk`, and node and python are its other SDKs. *Emulated since*: the
emulator's first version with it.
"""


@dataclass(frozen=True)
class Operation:
    """A published operation: its name, its request such as ``GET /cards``, and what published it first."""

    name: str
    request: str
    source: str


def page(before: str) -> str:
    """The page. ``before`` is its last edition, which knows since when operations are emulated."""
    since = dict(re.findall(r"^\| `([^`]+)` \|.*\| ([\d.]+) \|$", before, re.MULTILINE))
    with TemporaryDirectory() as folder:
        store = Store(f"sqlite:///{folder}/emulator.db")
        stytch_app = emulated_stytch.create_app(store)
        unit_app = unit.create_app(store, jwt_settings=lambda _tenant: None, fetch=lambda _url: {})
        store.close()
    return HEAD + "".join(
        _section(title, operations, _requests(app), reasons, since)
        for title, operations, app, reasons in (
            (f"Stytch, Python SDK {_major(stytch.__version__)}", _stytch(), stytch_app, STYTCH),
            ("Unit", _unit(_requests(unit_app)), unit_app, UNIT),
        )
    )


def _section(
    title: str, operations: Iterable[Operation], emulated: frozenset[str], reasons: Reasons, since: dict[str, str]
) -> str:
    """One service's two tables: what is emulated, and what is left out by reason."""
    found = sorted(operations, key=lambda each: (each.request.partition(" ")[2], each.request))
    has = [each for each in found if _shape(each.request) in emulated]
    lacks = [each for each in found if each not in has]
    rows = [
        f"| `{each.request}` | {each.name} | {each.source} | {since.get(each.request, emulator.__version__)} |"
        for each in has
    ]
    lines = [
        f"\n## {title}: {len(has)} of {len(found)} operations\n",
        "| request | operation | published in | emulated since |",
        "|---|---|---|---|",
        *rows,
        "\n### Left out\n",
        "| why | operations |",
        "|---|---|",
        *(f"| {why} | {names} |" for why, names in _by_reason(lacks, reasons)),
    ]
    return "\n".join(lines) + "\n"


def _by_reason(operations: Iterable[Operation], reasons: Reasons) -> Iterator[tuple[str, str]]:
    """Group operations by the first reason whose pattern their path matches. Raises LookupError without one."""
    groups: dict[str, list[str]] = {}
    for operation in operations:
        path = operation.request.partition(" ")[2]
        why = next((why for pattern, why in reasons if re.match(pattern, path)), None)
        if why is None:
            raise LookupError(f"left_out.py has no reason why {operation.request} is not emulated")
        groups.setdefault(why, []).append(f"`{operation.request}`")
    for _, why in reasons:
        if why in groups:
            yield why, ", ".join(groups.pop(why))


def _stytch() -> Iterator[Operation]:
    """The calls of the SDK's consumer API that send a request."""
    client = stytch.Client(emulator.server.SAMPLE_PROJECT, "secret-test-any", suppress_warnings=True)
    yield from _calls(client, "")


def _calls(product: object, prefix: str) -> Iterator[Operation]:
    for name, part in vars(product).items():
        # The cache only repeats another call.
        if not type(part).__module__.startswith("stytch.consumer.api") or name == "policy_cache":
            continue
        for method, function in inspect.getmembers(type(part), inspect.isfunction):
            request = None if method.startswith("_") else _sent_by(function)
            if request:
                yield Operation(f"{prefix}{name}.{method}", request, "Python SDK")
        yield from _calls(part, f"{prefix}{name}.")


def _sent_by(function: Callable[..., object]) -> str | None:
    """The request that an SDK method sends, from its source."""
    source = inspect.getsource(function)
    url = re.search(r"url_for\(\s*f?\"([^\"]+)\"", source)
    sent = re.search(r"\bsync_client\.(get|post|put|delete)", source)
    path = url and url[1].replace("{self.project_id}", "{project_id}")
    return f"{sent[1].upper()} {path}" if sent and path else None


def _unit(emulated: frozenset[str]) -> Iterator[Operation]:
    """Unit's published operations, and those that only its documentation has."""
    shapes = set()
    for each in published.operations():
        operation = Operation(each.name, f"{each.method} {each.path}", each.since)
        shapes.add(_shape(operation.request))
        yield operation
    for shape in sorted(emulated - shapes):
        yield Operation("", shape.replace("{}", "{id}"), "documentation")


def _requests(app: Flask) -> frozenset[str]:
    """The shapes of the requests that an app answers."""
    return frozenset(
        f"{method} {path}"
        for rule in app.url_map.iter_rules()
        for path in _paths(rule.rule)
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    )


def _paths(rule: str) -> Iterator[str]:
    """A rule's paths with ``{}`` for each variable, and one path for each word that it lists."""
    words = re.search(r"<any\(([^)]+)\):\w+>", rule)
    if words:
        for word in words[1].split(","):
            yield from _paths(rule.replace(words[0], word.strip("' ")))
    else:
        yield re.sub(r"<[^>]+>", "{}", rule)


def _shape(request: str) -> str:
    return re.sub(r"\{\w*\}", "{}", request)


def _major(version: str) -> str:
    return version.partition(".")[0]
