"""What keeps the code easy to copy: where imports point, what a copied file brings along, and the size of it."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("services", "blueprints", "extras", "emulator")
BANK = {f"services.{name}" for name in ("exchange", "unit_client", "unit_models", "onboarding")} | {
    f"blueprints.{name}" for name in ("cards", "onboarding", "application_form")
}
MAY_IMPORT = {  # each layer, and the layers below it
    "app": {"settings", "services", "blueprints", "extras", "emulator"},
    "extras": {"settings", "services", "blueprints", "extras"},
    "blueprints": {"services", "blueprints"},
    "services": {"services"},
    "settings": set(),
    "emulator": {"emulator"},
}


def read_modules() -> dict[str, Path]:
    """Return the project's modules by dotted name; a package is its ``__init__``."""
    files = [
        ROOT / "app.py",
        ROOT / "settings.py",
        *(file for name in PACKAGES for file in (ROOT / name).rglob("*.py")),
    ]
    names = {file: ".".join(file.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__") for file in files}
    return {name: file for file, name in sorted(names.items())}


MODULES = read_modules()
CORE = [name for name in MODULES if name.split(".")[0] in {"app", "settings", "blueprints", "services"}]


@cache
def tree(name: str) -> ast.Module:
    return ast.parse(MODULES[name].read_text())


def runtime_nodes(node: ast.AST) -> Iterator[ast.AST]:
    """Walk a module without what stands under ``if TYPE_CHECKING``."""
    yield node
    if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
        return
    for child in ast.iter_child_nodes(node):
        yield from runtime_nodes(child)


def imported_names(name: str) -> Iterator[str]:
    """Yield the dotted names that a module imports, relative ones resolved; ``from a import b`` gives ``a.b``."""
    package = name.split(".") if MODULES[name].name == "__init__.py" else name.split(".")[:-1]
    for node in runtime_nodes(tree(name)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        if isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            yield from (".".join([*base, *filter(None, [node.module]), alias.name]) for alias in node.names)


def module_of(imported: str) -> str | None:
    """Return the project's module that an imported name is or belongs to."""
    while imported and imported not in MODULES:
        imported = imported.rpartition(".")[0]
    return imported or None


@cache
def imports(name: str) -> frozenset[str]:
    """Return the project's modules that a module imports itself."""
    found = {module_of(imported) for imported in imported_names(name)} - {None, name}
    return frozenset(module for module in found if module)


def closure(*names: str) -> set[str]:
    """Return these modules with all that has to be copied along; empty packages are not counted."""
    found: set[str] = set()
    waiting = list(names)
    while waiting:
        name = waiting.pop()
        if name in MODULES and name not in found:
            found.add(name)
            waiting += [*imports(name), name.rpartition(".")[0]]  # a package's __init__ runs with each of its modules
    return {name for name in found if lines_of_code(name)}


def lines(name: str) -> int:
    return len(MODULES[name].read_text().splitlines())


def lines_of_code(name: str) -> int:
    """Count the lines that are not blank, a comment, or part of a docstring or another bare string."""
    strings = [
        node
        for node in ast.walk(tree(name))
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
    ]
    skipped = {line for node in strings for line in range(node.lineno, (node.end_lineno or node.lineno) + 1)}
    text = MODULES[name].read_text().splitlines()
    return sum(
        bool(line.strip()) and not line.lstrip().startswith("#")
        for number, line in enumerate(text, 1)
        if number not in skipped
    )


def layer(name: str) -> str:
    return name.split(".")[0]


def offenders(names: Iterable[str], allowed: Callable[[str, str], bool]) -> list[str]:
    """Return the imports between these modules and any other that are not allowed."""
    return [f"{name} -> {module}" for name in names for module in sorted(imports(name)) if not allowed(name, module)]


def extra_of(name: str) -> str:
    return ".".join(name.split(".")[:2])


def test_imports_point_one_way() -> None:
    assert not offenders(MODULES, lambda name, module: layer(module) in MAY_IMPORT[layer(name)])


def test_no_extra_imports_another() -> None:
    extras = [name for name in MODULES if layer(name) == "extras"]

    assert not offenders(
        extras, lambda name, module: layer(module) != "extras" or extra_of(module) in {"extras", extra_of(name)}
    )


def test_only_the_app_knows_the_extras_and_the_emulator() -> None:
    core = [name for name in CORE if name != "app"]

    assert not [name for name in core for imported in imported_names(name) if layer(imported) in {"extras", "emulator"}]


def test_services_render_nothing() -> None:
    services = {name: MODULES[name].read_text() for name in MODULES if layer(name) == "services"}

    assert not [name for name, text in services.items() if "render_template" in text or "jinja" in text]


@pytest.mark.parametrize(
    "name",
    [
        *("blueprints.login", "blueprints.totp", "blueprints.step_up", "services.session", "services.session_cache"),
        *("services.guards", "services.stytch_client", "services.methods"),
    ],
)
def test_signing_in_needs_nothing_of_the_bank(name: str) -> None:
    assert not closure(name) & BANK


@pytest.mark.parametrize(
    ("names", "modules", "length"),
    [
        pytest.param(["blueprints.login", "services.stytch_client"], 11, 1250, id="magic-link sign-in"),
        pytest.param(["services.session", "services.guards"], 9, 1000, id="session and guards"),
        pytest.param(["blueprints.totp", "services.stytch_client"], 11, 1250, id="authenticator"),
        pytest.param(["blueprints.step_up"], 11, 1250, id="step-up"),
        pytest.param(["services.exchange", "services.unit_client"], 9, 1000, id="exchange"),
    ],
)
def test_a_pattern_is_small_enough_to_copy(names: list[str], modules: int, length: int) -> None:
    copied = closure(*names)

    assert len(copied) <= modules, sorted(copied)
    assert sum(map(lines, copied)) <= length


def test_the_panel_of_calls_needs_at_most_three_modules_of_the_core() -> None:
    own = [name for name in MODULES if name.startswith("extras.wire_log")]
    if not own:
        pytest.skip("extras/wire_log is deleted")

    copied = closure(*own) - set(own)

    assert len(copied) <= 3, sorted(copied)


def test_the_core_is_read_in_an_hour() -> None:
    assert sum(map(lines_of_code, CORE)) <= 2200


def test_the_files_of_the_core_are_short() -> None:
    assert not {name: lines(name) for name in CORE if lines(name) > 275}


def views(name: str) -> Iterable[ast.FunctionDef]:
    """Return the functions of a module that are decorated with a route."""
    for node in ast.walk(tree(name)):
        if isinstance(node, ast.FunctionDef):
            routes = {ast.unparse(decorator).split("(")[0] for decorator in node.decorator_list}
            if routes & {"bp.get", "bp.post", "bp.route"}:
                yield node


def test_the_views_of_the_core_are_short() -> None:
    found = [(name, view) for name in CORE for view in views(name)]

    assert len(found) > 20
    assert not [f"{name}.{view.name}" for name, view in found if (view.end_lineno or 0) - view.lineno >= 25]
