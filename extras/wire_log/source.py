"""The code that runs, highlighted: functions of this project only, by name from a fixed table.

Nothing that a request names is imported or evaluated; it only picks from the table.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from textwrap import dedent
from types import ModuleType
from typing import Any

from flask import Flask
from markupsafe import Markup
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexer import Lexer
from pygments.lexers import PythonLexer
from werkzeug.local import LocalProxy

from services import signals

NOT_SHOWN = {"stytch_unit_emulator"}  # it stands in for the services and is not part of the app


@dataclass(frozen=True)
class Source:
    """One function."""

    name: str
    file: str  # from the project's folder
    line: int
    html: Markup


def project_functions(app: Flask) -> dict[str, Callable[..., Any]]:
    """Return the project's functions by module and qualified name.

    The project is the packages of the app's views and signals that stand below the app's folder. Modules that are not
    loaded are not read.
    """
    views = {inspect.unwrap(view).__module__ for view in app.view_functions.values()}
    packages = {name.partition(".")[0] for name in views | {signals.__name__}} - NOT_SHOWN
    modules = [module for name, module in sorted(sys.modules.items()) if name.partition(".")[0] in packages]
    return {
        f"{module.__name__}.{function.__qualname__}": function
        for module in modules
        if _is_below(app.root_path, module)
        for function in _functions(module, module)
    }


def source_of(function: Callable[..., Any], root: str, marked_line: int = 0) -> Source:
    """Return a function's source, highlighted; ``marked_line`` is the line of its file that stands out."""
    lines, first = inspect.getsourcelines(function)
    return Source(
        name=function.__qualname__,
        file=str(Path(inspect.getfile(function)).relative_to(root)),
        line=first,
        html=highlighted(dedent("".join(lines)), PythonLexer(stripnl=False), marked_line - first + 1),
    )


def highlighted(text: str, lexer: Lexer, marked_line: int = 0) -> Markup:
    """Return a text with each token in a class of its own."""
    return Markup(highlight(text, lexer, _formatter(marked_line)))  # noqa: S704 - Pygments escapes what it highlights


@lru_cache
def _formatter(marked_line: int) -> HtmlFormatter[str]:
    return HtmlFormatter(nowrap=True, classprefix="c-", hl_lines=[marked_line])


def _is_below(root: str, module: ModuleType) -> bool:
    file = Path(getattr(module, "__file__", None) or "/")
    return file.is_relative_to(root) and "site-packages" not in file.parts


def _functions(owner: object, module: ModuleType) -> Iterator[Callable[..., Any]]:
    """Yield the functions that are written in a module, or in a class of it; generated ones have no source."""
    for value in vars(owner).values():
        if isinstance(value, LocalProxy):  # reading its attributes would need a running app
            continue
        inner = value.fget if isinstance(value, property) else getattr(value, "__func__", value)
        if inspect.isclass(inner) and inner.__module__ == module.__name__ and inner is not owner:
            yield from _functions(inner, module)
        elif inspect.isfunction(inner):
            function = inspect.unwrap(inner)
            if function.__code__.co_filename == module.__file__ and "<" not in function.__qualname__:
                yield function
