"""The code that runs, as a reader sees it: functions of our own views and services only, by name from a fixed table.

Nothing that a request says is ever imported or evaluated; it only picks from the table.
"""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from textwrap import dedent
from typing import Any

from markupsafe import Markup
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexer import Lexer
from pygments.lexers import PythonLexer
from werkzeug.local import LocalProxy

import blueprints
import services

ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class Source:
    """One function."""

    name: str
    file: str  # from the project's folder
    line: int
    html: Markup


def our_functions() -> dict[str, Callable[..., Any]]:
    """All functions of the modules in ``blueprints/`` and ``services/``, by module and qualified name."""
    found: dict[str, Callable[..., Any]] = {}
    for package in (blueprints, services):
        for info in pkgutil.iter_modules(package.__path__, f"{package.__name__}."):
            module = importlib.import_module(info.name)
            found |= {f"{info.name}.{function.__qualname__}": function for function in _functions(module, info.name)}
    return found


def source_of(function: Callable[..., Any], marked_line: int = 0) -> Source:
    """A function's source, highlighted; ``marked_line`` is the line of its file that stands out."""
    lines, first = inspect.getsourcelines(function)
    return Source(
        name=function.__qualname__,
        file=str(Path(inspect.getfile(function)).resolve().relative_to(ROOT)),
        line=first,
        html=coloured(dedent("".join(lines)), PythonLexer(stripnl=False), marked_line - first + 1),
    )


def coloured(text: str, lexer: Lexer, marked_line: int = 0) -> Markup:
    """A text with each part in a class of its own."""
    return Markup(highlight(text, lexer, _formatter(marked_line)))  # noqa: S704 - Pygments escapes what it highlights


@lru_cache
def _formatter(marked_line: int) -> HtmlFormatter[str]:
    return HtmlFormatter(nowrap=True, classprefix="c-", hl_lines=[marked_line])


def _functions(owner: object, module: str) -> Iterator[Callable[..., Any]]:
    """The functions of a module and of its classes that are written in it."""
    for value in vars(owner).values():
        if isinstance(value, LocalProxy):  # looking at it would want a running app
            continue
        inner = value.fget if isinstance(value, property) else getattr(value, "__func__", value)
        if inspect.isclass(inner) and inner.__module__ == module and inner is not owner:
            yield from _functions(inner, module)
        elif inspect.isfunction(inner) and (function := inspect.unwrap(inner)).__module__ == module:
            yield function
