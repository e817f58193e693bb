"""What can be copied, with which files, and how much of the project comes along at most."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.processes import environment, free_port, running
from stytch_unit_emulator.pytest_plugin import EmulatedProject

from ..imports import ROOT, closure, modules

APPS = Path(__file__).parent / "apps"
HTMX = ("_announce.html", "_step.html", "_title.html", "_progress.html")  # what fragments bring along for htmx


@dataclass(frozen=True)
class Pattern:
    """One row of the README's table."""

    name: str
    title: str
    files: tuple[str, ...]  # to read and change
    most: tuple[int, int]  # modules and lines that the files import, themselves included
    setup: tuple[str, ...] = ()  # further modules that the app's setup needs
    templates: tuple[str, ...] = ()  # files and folders
    static: tuple[str, ...] = ()


PATTERNS = (
    Pattern(
        "magic_link",
        "magic-link sign-in with PKCE",
        ("blueprints/login.py", "services/magic_links.py"),
        (11, 1255),
        ("blueprints/slots.py", "services/http.py"),
        ("login", "_field.html", *HTMX),
    ),
    Pattern(
        "sessions",
        "session JWT and guards",
        ("services/session.py", "services/guards.py"),
        (9, 1000),
        ("services/step_up.py",),
    ),
    Pattern(
        "totp",
        "TOTP enrollment with a QR code, and recovery",
        ("blueprints/totp.py", "services/factors.py"),
        (11, 1250),
        ("blueprints/slots.py", "services/http.py"),
        ("totp", "_field.html", *HTMX),
    ),
    Pattern(
        "step_up",
        "step-up that resumes what it interrupted",
        ("blueprints/step_up.py", "static/step_up.js"),
        (11, 1250),
        ("blueprints/slots.py", "services/http.py", "services/step_up.py", "services/factors.py"),
        ("step_up", "_field.html", "_instead.html", "_icon.html", *HTMX),
        ("step_up.js", "htmx-4.0.1.min.js"),
    ),
    Pattern(
        "passcodes",
        "codes by SMS, WhatsApp and email, and likewise any further method",
        ("extras/passcodes/",),
        (21, 2350),
        ("blueprints/step_up.py", "services/http.py"),
        ("login", "step_up", "_field.html", *HTMX),
    ),
    Pattern(
        "exchange",
        "the exchange, and cards with the customer token",
        ("services/exchange.py", "services/unit_client.py"),
        (9, 1000),
        ("services/http.py",),
    ),
    Pattern(
        "passkeys",
        "sign-in and step-up with a passkey",
        ("extras/passkeys/",),
        (17, 1900),
        ("services/http.py", "services/step_up.py"),
        ("login", "_field.html", *HTMX),
    ),
    Pattern(
        "oauth",
        "sign-in with Google and other OAuth providers",
        ("extras/oauth/",),
        (21, 2100),
        ("services/http.py", "services/resets.py"),
        ("login", "_field.html", *HTMX),
    ),
    Pattern(
        "passwords",
        "passwords: sign in, strength, reset by email with PKCE",
        ("extras/passwords/",),
        (18, 2000),
        ("blueprints/step_up.py", "services/http.py"),
        ("login", "step_up", "_field.html", *HTMX),
    ),
    Pattern(
        "wire_log",
        "the panel of real API calls",
        ("extras/wire_log/",),
        (13, 1500),
        ("services/http.py",),
        (),
    ),
)


def readme_row(pattern: Pattern) -> str:
    """Return the pattern's row in the README's table."""
    along = list(pattern.setup)
    along += [f"templates/{name}{'' if name.endswith('.html') else '/'}" for name in pattern.templates]
    along += [f"static/{name}" for name in pattern.static if f"static/{name}" not in pattern.files]
    columns = (pattern.files, along, [f"tests/copies/apps/{pattern.name}.py"])
    cells = [", ".join(f"`{name}`" for name in names) for names in columns]
    return f"| {' | '.join([pattern.title, *cells])} |"


def python_files(pattern: Pattern) -> list[str]:
    """Return the Python files among those to read."""
    found = []
    for name in pattern.files:
        folder = ROOT / name
        found += sorted(f"{name}{file.name}" for file in folder.glob("*.py")) if folder.is_dir() else [name]
    return [name for name in found if name.endswith(".py")]


def copy(pattern: Pattern, folder: Path) -> None:
    """Make an empty app in the folder, with the pattern's files and the core modules that they import."""
    for module in closure(*python_files(pattern), *pattern.setup):
        _copy(modules()[module].relative_to(ROOT), folder)
    for name in ("templates", "static"):
        (folder / name).mkdir(exist_ok=True)
    for name in pattern.templates:
        _copy(Path("templates", name), folder)
    for name in pattern.static:
        _copy(Path("static", name), folder)
    for name in pattern.files:
        if (ROOT / name).is_dir():
            _copy(Path(name), folder)
    shutil.copytree(APPS / "templates", folder / "templates", dirs_exist_ok=True)
    shutil.copy(APPS / f"{pattern.name}.py", folder / "app.py")


@contextmanager
def served(pattern: Pattern, folder: Path, project: EmulatedProject) -> Iterator[str]:
    """Copy the pattern, and serve its app from the folder with nothing else of the project; yields the origin."""
    copy(pattern, folder)
    port = free_port()
    environ = environment(
        PYTHONPATH=str(folder),
        SECRET_KEY="a-key-that-only-these-tests-know",
        STYTCH_PROJECT_ID=project.project_id,
        STYTCH_SECRET=project.secret,
        STYTCH_API_URL=project.url,
        STYTCH_PUBLIC_TOKEN=project.project_id.replace("project-", "public-token-", 1),
        UNIT_API_URL=project.url,
        UNIT_API_TOKEN=project.unit_token,
    )
    flask = [sys.executable, "-P", "-m", "flask", "--app", str(folder / "app.py"), "run", "--port", str(port)]
    with running(flask, port, folder / "server.log", environ):
        yield f"http://localhost:{port}"


def _copy(path: Path, folder: Path) -> None:
    source, target = ROOT / path, folder / path
    target.parent.mkdir(parents=True, exist_ok=True)
    if source.is_dir():
        shutil.copytree(source, target, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__"))
    else:
        shutil.copy(source, target)
