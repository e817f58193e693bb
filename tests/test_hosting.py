"""The files in deploy/ agree with the app and with each other."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from dotenv import dotenv_values

ROOT = Path(__file__).resolve().parent.parent
DEPLOY = ROOT / "deploy"
COMPOSE = (DEPLOY / "compose.yaml").read_text()
NGINX = (DEPLOY / "nginx.conf").read_text()


def test_every_setting_reaches_the_containers() -> None:
    assert set(dotenv_values(ROOT / ".env.example")) <= set(re.findall(r"^ {4}([A-Z_]+):", COMPOSE, re.MULTILINE))


def test_the_file_for_render_sets_what_the_app_reads() -> None:
    text = (DEPLOY / "render.yaml").read_text()

    assert set(re.findall(r"key: ([A-Z_]+)", text)) <= set(dotenv_values(ROOT / ".env.example"))
    assert (ROOT / re.findall(r"dockerfilePath: (\S+)", text)[0]).exists()
    assert "generateValue: true" in text  # the secret is not in the file


def test_the_image_contains_the_app_but_no_tests_or_settings() -> None:
    listed = set(re.findall(r"^!(\S+)$", (DEPLOY / "Dockerfile.dockerignore").read_text(), re.MULTILINE))
    modules = {path.name for path in ROOT.glob("*.py")} | {path.parent.name for path in ROOT.glob("*/__init__.py")}

    assert modules - {"tests", "bench", "examples"} <= listed
    assert {"static", "templates", "deploy/serve.py", "requirements-hosting.lock"} <= listed
    assert not [name for name in listed if name.startswith((".", "tests", "instance"))]
    assert not [name for name in listed if not (ROOT / name).exists()]


def test_nginx_names_each_replica_in_compose() -> None:
    replicas = re.findall(r"^ {2}(app-[0-9]+):", COMPOSE, re.MULTILINE)

    assert re.findall(r"server (app-[0-9]+):8000", NGINX) == replicas


def test_compose_contains_no_secret() -> None:
    for name in ("SECRET_KEY", "POSTGRES_PASSWORD", "STYTCH_SECRET", "UNIT_API_TOKEN"):
        values = re.findall(rf" {name}: (\S+)", COMPOSE)
        assert values
        assert all(value.startswith("${") for value in values)


def test_nginx_logs_no_query_string_or_referer() -> None:
    (line,) = re.findall(r"log_format json_line (.*?);", NGINX, re.DOTALL)

    assert "$uri" in line
    assert not re.search(r"\$request\b|\$request_uri|\$args|\$query_string|\$http_referer|\$http_cookie", line)


def test_every_container_is_hardened_and_on_its_networks() -> None:
    parts = re.split(
        r"^ {2}(?=[a-z][\w-]*:)", COMPOSE.partition("\nservices:\n")[2].partition("\nnetworks:\n")[0], flags=re.M
    )
    services = {part.partition(":")[0]: part for part in parts if part.strip()}
    anchors = COMPOSE.partition("\nservices:\n")[0]

    assert len(services) == 5
    assert all("<<: *hardened" in part or part.strip().endswith("*app") for part in services.values())
    for option in ("read_only: true", "cap_drop: [ALL]", "no-new-privileges", "mem_limit:", "pids_limit:"):
        assert option in anchors
    assert {name: re.findall(r"networks: (.*)", part) for name, part in services.items()} == {
        "app-1": [],
        "app-2": [],
        "nginx": ["[front]"],
        "postgres": ["[back]"],
        "valkey": ["[back]"],
    }
    assert "networks: [front, back]" in anchors
    assert re.search(r"^ {2}back:.*\n {4}internal: true$", COMPOSE, re.M)


@pytest.mark.skipif(not shutil.which("make"), reason="no make here")
@pytest.mark.parametrize(
    ("audit", "succeeds"),
    [
        pytest.param("exit 1", False, id="not written"),
        pytest.param("echo {} > sbom.json", True, id="written"),
        pytest.param("echo {} > sbom.json; exit 1", True, id="written, with vulnerabilities"),
    ],
)
def test_an_old_list_of_packages_never_passes_for_a_new_one(tmp_path: Path, audit: str, succeeds: bool) -> None:
    (tmp_path / "sbom.json").write_text("old")
    (tmp_path / "audit").write_text(audit)
    given = ["PIP_AUDIT=sh audit", f"BIN={Path(sys.executable).parent}"]

    made = subprocess.run(["make", "-sf", str(ROOT / "Makefile"), "sbom", *given], cwd=tmp_path, check=False)  # noqa: S603, S607

    assert (made.returncode == 0) is succeeds
    assert (tmp_path / "sbom.json").exists() is succeeds
