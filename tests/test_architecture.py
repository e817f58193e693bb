"""What keeps the code easy to copy: where imports point, what a copied file brings along, and the size of it."""

from __future__ import annotations

import ast
from collections.abc import Iterator

import pytest

from .imports import ROOT, closure, imported_by, imported_names, modules

CORE = [name for name in modules() if name.split(".")[0] in {"app", "settings", "blueprints", "services"}]
BANK = {f"services.{name}" for name in ("exchange", "unit_client", "unit_models", "onboarding")} | {
    f"blueprints.{name}" for name in ("cards", "onboarding", "application_form")
}
TYPES = {"AppWith", "Arrive", "AtEndOf"}  # of fixtures
MAY_IMPORT = {  # each layer, and the layers below it
    "app": {"settings", "services", "blueprints", "extras", "stytch_unit_emulator"},
    "extras": {"settings", "services", "blueprints", "extras"},
    "blueprints": {"services", "blueprints"},
    "services": {"services"},
    "settings": set(),
    "stytch_unit_emulator": {"stytch_unit_emulator"},
}


def layer(name: str) -> str:
    return name.split(".")[0]


def is_another_extra(name: str, module: str) -> bool:
    return layer(name) == layer(module) == "extras" and "." in module and name.split(".")[1] != module.split(".")[1]


def number_of_lines(name: str) -> int:
    return len(modules()[name].read_text().splitlines())


def lines_of_code(name: str) -> int:
    """Count the lines that are not blank, a comment, or part of a docstring or another bare string."""
    text = modules()[name].read_text()
    strings = [
        node
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
    ]
    skipped = {line for node in strings for line in range(node.lineno, (node.end_lineno or node.lineno) + 1)}
    return sum(
        bool(line.strip()) and not line.lstrip().startswith("#")
        for number, line in enumerate(text.splitlines(), 1)
        if number not in skipped
    )


def views(name: str) -> Iterator[ast.FunctionDef]:
    """Return the functions of a module that are decorated with a route."""
    for node in ast.walk(ast.parse(modules()[name].read_text())):
        if isinstance(node, ast.FunctionDef):
            routes = {ast.unparse(decorator).split("(")[0] for decorator in node.decorator_list}
            if routes & {"bp.get", "bp.post", "bp.route"}:
                yield node


def test_imports_point_one_way_and_no_extra_imports_another() -> None:
    imports = [(name, module) for name in modules() for module in imported_by(name)]

    assert not [pair for pair in imports if layer(pair[1]) not in MAY_IMPORT[layer(pair[0])]]
    assert not [pair for pair in imports if is_another_extra(*pair)]


def test_the_emulators_tests_import_nothing_of_the_app() -> None:
    files = [*(ROOT / "emulator/tests").rglob("*.py")]
    app = {"app", "settings", "services", "blueprints", "extras", "tests", "bench"}

    assert files
    assert not [(file.name, name) for file in files for name in imported_names(file) if layer(name) in app]


def test_services_render_nothing() -> None:
    services = {name: file.read_text() for name, file in modules().items() if layer(name) == "services"}

    assert not [name for name, text in services.items() if "render_template" in text or "jinja" in text]


@pytest.mark.parametrize("file", ["blueprints/login.py", "blueprints/totp.py", "blueprints/step_up.py"])
def test_signing_in_needs_nothing_of_the_bank(file: str) -> None:
    assert not closure(file) & BANK


def test_the_panel_of_calls_needs_at_most_three_modules_of_the_core() -> None:
    own = [name for name in modules() if name.startswith("extras.wire_log")]
    if not own:
        pytest.skip("extras/wire_log is deleted")

    copied = closure(*(str(modules()[name]) for name in own)) - set(own)

    assert len(copied) <= 3, sorted(copied)


def test_the_core_is_read_in_an_hour() -> None:
    found = [(name, view) for name in CORE for view in views(name)]

    # 2,200 as designed, 100 for real inputs and attackers, 40 for all factors, 100 for the rest of Stytch
    assert sum(map(lines_of_code, CORE)) <= 2440
    assert not {name: number_of_lines(name) for name in CORE if number_of_lines(name) > 275}
    assert len(found) > 20
    assert not [f"{name}.{view.name}" for name, view in found if (view.end_lineno or 0) - view.lineno >= 25]


def test_no_test_module_imports_another() -> None:
    imported = {(file.name, name) for file in (ROOT / "tests").rglob("*.py") for name in imported_names(file)}
    from_conftest = {(file, name.rpartition(".")[2]) for file, name in imported if ".conftest." in name}

    assert not {(file, name) for file, name in imported if ".test_" in name}
    assert {name for _file, name in from_conftest} <= TYPES, from_conftest
