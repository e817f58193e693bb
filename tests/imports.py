"""Which module of the project imports which, read from the source."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("blueprints", "services", "extras", "emulator/src/stytch_unit_emulator")


@cache
def modules() -> dict[str, Path]:
    """Return every module of the app, by name."""
    files = [
        ROOT / "app.py",
        ROOT / "settings.py",
        *(file for name in PACKAGES for file in (ROOT / name).rglob("*.py")),
    ]
    return {_name(file): file for file in files}


@cache
def imported_by(module: str) -> frozenset[str]:
    """Return the modules of the project that a module imports; not those for type checking only."""
    found = (_known(name) for name in imported_names(modules()[module]))
    return frozenset(name for name in found if name and name != module)


@cache
def imported_names(file: Path) -> frozenset[str]:
    """Return the dotted names that a file imports, relative ones resolved; ``from a import b`` gives ``a.b``."""
    module = _name(file)
    package = module if file.name == "__init__.py" else module.rpartition(".")[0]
    return frozenset(_imports(ast.parse(file.read_text()), package))


def closure(*files: str) -> set[str]:
    """Return all modules that these files import, directly or not, with themselves."""
    todo, seen = [_name(ROOT / file) for file in files], set[str]()
    while todo:
        if (module := todo.pop()) not in seen:
            seen.add(module)
            todo += imported_by(module)
    return seen


def _name(file: Path) -> str:
    path = file.relative_to(ROOT)
    path = path.relative_to("emulator/src") if path.is_relative_to("emulator/src") else path
    return ".".join(path.with_suffix("").parts).removesuffix(".__init__")


def _known(name: str) -> str | None:
    while name and name not in modules():
        name = name.rpartition(".")[0]
    return name or None


def _imports(tree: ast.AST, package: str) -> Iterator[str]:
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            continue
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            parts = package.split(".")[: -(node.level - 1) or None] if node.level else []
            base = ".".join([*parts, *([node.module] if node.module else [])])
            yield from (f"{base}.{alias.name}" for alias in node.names)
        else:
            yield from _imports(node, package)
