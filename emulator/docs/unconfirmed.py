"""The page of choices that the emulator makes where a service's behavior is undocumented.

Each begins with UNCONFIRMED in a comment, a docstring or a table of refusals, and says what was chosen.
"""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import TypeAlias

import stytch_unit_emulator as emulator

PAGE = Path(__file__).parent / "unconfirmed.md"
PACKAGE = Path(emulator.__file__).parent
MARK = "UNCONFIRMED"
HEAD = """# Unconfirmed

What the services' documentation leaves open, and the choice that the emulator makes. Whoever has credentials can look
these up; a report or a pull request is welcome. Written by `make pages`; a test fails when it is stale.

*What it does* is the code that holds the choice, or its description. A dash stands for the emulator's whole answer.
"""


def page() -> str:
    """The page, with one section per module."""
    sections = [HEAD]
    for path in sorted(PACKAGE.rglob("*.py")):
        source = path.read_text(encoding="utf-8")
        rows = [*_in_docstrings(source), *_in_comments(source), *_in_tables(source)]
        if rows:
            name = path.relative_to(PACKAGE).as_posix()
            lines = ["| " + " | ".join(each.replace("|", "\\|") for each in row) + " |" for row in rows]
            head = "| in code | what it does | open |"
            sections.append("\n".join([f"\n## {name}\n", head, "|---|---|---|", *lines, ""]))
    return "".join(sections)


Row: TypeAlias = tuple[str, str, str]
"""Where the choice is, what the code there does, and what is open."""


def _in_docstrings(source: str) -> Iterator[Row]:
    """The paragraphs of docstrings from the mark on."""
    for node, name in _named(ast.parse(source), ""):
        text = ast.get_docstring(node) or ""
        for paragraph in re.split(r"\n\s*\n", text):
            flat = " ".join(paragraph.split())
            # A table's marks have rows of their own; a mention of the mark itself is none.
            if f"{MARK}:" in flat and not flat.startswith("|"):
                yield name, text.partition("\n")[0].partition(f" {MARK}:")[0], _from_mark(flat)


def _in_comments(source: str) -> Iterator[Row]:
    """Comments from the mark on, with the lines that continue them, and the code that they are about."""
    tokens = [each for each in tokenize.generate_tokens(io.StringIO(source).readline) if each.type == tokenize.COMMENT]
    lines, tree = source.splitlines(), ast.parse(source)
    for first, comment in enumerate(tokens):
        if f"{MARK}:" in comment.string:
            text = [comment.string]
            for last, after in pairwise(tokens[first:]):
                own_line = after.line.lstrip().startswith("#")
                if not own_line or after.start[0] != last.start[0] + 1 or MARK in after.string:
                    break
                text.append(after.string)
            code = _code(lines, comment.start[0])
            flat = _from_mark(" ".join(each.lstrip("# ") for each in text))
            yield _place(tree, code, comment.start[0]), f"`{code}`", flat


def _in_tables(source: str) -> Iterator[Row]:
    """The rows of a table of refusals that are marked: what is refused, how, and what of it is open."""
    for row in re.findall(rf"^\| (.+{MARK}.*) \|$", ast.get_docstring(ast.parse(source)) or "", re.MULTILINE):
        what, answer, source_of = row.split(" | ")
        yield what, answer, source_of.partition(MARK)[0].rpartition(", ")[2].strip() or "—"


def _named(node: ast.AST, prefix: str) -> Iterator[tuple[ast.Module | ast.ClassDef | ast.FunctionDef, str]]:
    """The module, classes and functions, each with its name."""
    if isinstance(node, ast.Module):
        yield node, "module"
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.ClassDef | ast.FunctionDef):
            name = f"{prefix}{child.name}"
            yield child, name
            yield from _named(child, f"{name}.")


def _code(lines: list[str], number: int) -> str:
    """The code on the line of a comment, or else on the next one, without a comment."""
    code = next(line for line in lines[number - 1 :] if line.strip() and not line.lstrip().startswith("#"))
    return code.partition("  # ")[0].strip()


def _place(tree: ast.Module, code: str, number: int) -> str:
    """The function that a line is in, or the name that the code defines."""
    for node, name in reversed([*_named(tree, "")]):
        if not isinstance(node, ast.Module) and node.lineno <= number <= (node.end_lineno or 0):
            return name
    constant = re.match(r"[A-Z_]+\b", code)
    return constant[0] if constant else "module"


def _from_mark(text: str) -> str:
    return text[text.index(f"{MARK}:") + len(MARK) + 1 :].strip()
