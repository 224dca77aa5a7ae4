"""deploy/: what is written there can be read by the programs that it is for, and names only what the settings know."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from compliance.checkups import HEADS
from tests.desk.test_configuration_docs import rows

ROOT = Path(__file__).resolve().parent.parent.parent
DEPLOY = ROOT / "deploy"
COMPOSE = (DEPLOY / "compose.yaml").read_text()
IMAGE = (DEPLOY / "Dockerfile").read_text()
UNITS = sorted(DEPLOY.glob("*.service"))
# What only the compose file itself and the images of others understand.
OF_OTHERS = {"SITE_NAME", "POSTGRES_PASSWORD", "POSTGRES_USER", "POSTGRES_DB"}


def test_compose_names_only_what_the_settings_read() -> None:
    given = set(re.findall(r"(?m)^ {4,6}([A-Z][A-Z_]+):", COMPOSE))
    assert len(given) > 10
    assert given - OF_OTHERS <= set(rows())
    needed = {name for name, (need, _, _) in rows().items() if need == "yes"}
    assert needed <= given


# What compose says itself: `.env` cannot.
OF_COMPOSE = {"SITE_URL", "ALLOWED_HOSTS", "TRUSTED_PROXIES", "DATABASE_URL", "REDIS_URL", "HOST_NAME", "VAR_DIR"}


@pytest.mark.parametrize("service", ["web", "worker"])
def test_every_documented_variable_reaches_the_containers(service: str) -> None:
    shared, services = COMPOSE.split("\nservices:\n")
    [own] = re.findall(rf"(?ms)^  {service}:\n(.*?)(?=^  \w+:)", services)
    assert "<<: *linkletter" in own
    assert "env" not in own, "nothing of what all share is replaced"
    assert "\n  env_file:\n    - path: .env\n" in shared
    said = dict(re.findall(r"(?m)^    ([A-Z_]+): (.*)$", shared))
    not_from_env = {name for name, value in said.items() if not value.startswith(f"${{{name}:")}
    assert not_from_env == OF_COMPOSE
    assert set(rows()) >= OF_COMPOSE
    readme = (DEPLOY / "README.md").read_text()
    assert all(f"`{name}`" in readme for name in OF_COMPOSE)


def test_what_has_to_be_kept_outlives_a_container() -> None:
    [place] = re.findall(r'(?m)^  volumes: \["kept:(\S+)"\]$', COMPOSE)
    var = re.search(r"VAR_DIR=(\S+)", IMAGE)
    assert var
    assert f"    VAR_DIR: {var[1]}\n" in COMPOSE
    assert f"ln -s {place}/{HEADS} {var[1]}/{HEADS}" in IMAGE
    assert "\n  kept: {}\n" in COMPOSE


def test_the_example_has_what_compose_asks_for() -> None:
    asked = set(re.findall(r"\$\{([A-Z_]+)", COMPOSE))
    example = set(re.findall(r"(?m)^([A-Z_]+)=", (DEPLOY / "env.example").read_text()))
    assert example <= asked
    assert {name for name in asked if f"${{{name}:?}}" in COMPOSE} <= example


def test_no_secret_and_no_package_index_stands_in_deploy() -> None:
    for path in DEPLOY.iterdir():
        text = path.read_text()
        assert "index-url" not in text.lower(), path
        assert not re.search(r"(?m)^(?:SECRET_KEY|DIGEST_KEY|POSTGRES_PASSWORD|GLOBAL_SMTP_PASS)=\S", text), path


def test_compose_config(tmp_path: Path) -> None:
    """`docker compose config` where it exists; the file's own shape everywhere."""
    assert "\t" not in COMPOSE
    services = re.findall(r"(?m)^  ([a-z]+):$", COMPOSE.partition("services:")[2].partition("\nnetworks:")[0])
    assert services == ["web", "worker", "postgres", "redis", "proxy"]
    docker = shutil.which("docker")
    found = docker and subprocess.run([docker, "compose", "version"], capture_output=True, check=False).returncode == 0
    if not docker or not found:
        return
    filled = re.sub(r"(?m)=$", "=x", (DEPLOY / "env.example").read_text())
    (tmp_path / "env").write_text(filled)
    command = [docker, "compose", "-f", str(DEPLOY / "compose.yaml"), "--env-file", str(tmp_path / "env"), "config"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("unit", UNITS, ids=lambda path: path.name)
def test_a_unit_starts_the_supervisor_and_stops_it_in_good_order(unit: Path, tmp_path: Path) -> None:
    text = unit.read_text()
    [command] = re.findall(r"(?m)^ExecStart=\S+ (.*)$", text)
    assert command.startswith("manage.py up")
    assert "KillMode=mixed" in text
    analyze = shutil.which("systemd-analyze")
    if not analyze:
        return
    here = text.replace("/srv/linkletter/app/.venv/bin/python", sys.executable).replace(
        "/srv/linkletter/app", str(ROOT)
    )
    copy = tmp_path / unit.name
    copy.write_text(here.replace("User=linkletter\n", ""))
    done = subprocess.run([analyze, "verify", "--man=no", str(copy)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert unit.name not in done.stderr, done.stderr


def test_the_image_has_every_room() -> None:
    text = IMAGE
    for room in ("outreach_site", "compliance", "campaigns", "inbox", "templates", "static", "manage.py"):
        assert f"COPY {room}" in text
    assert "--require-hashes" in text
