"""The `.env` of a new installation: fresh, secret, complete, and never written over another."""

from __future__ import annotations

import os
import socket
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from outreach_site.lib import env_file
from outreach_site.lib.env import encryption_keys

ROOT = Path(__file__).resolve().parent.parent.parent


def anything_is_free(_port: int) -> bool:
    return True


def values_of(path: Path) -> dict[str, str]:
    lines = [line for line in path.read_text().splitlines() if line and not line.startswith("#")]
    return dict(line.split("=", 1) for line in lines)


def test_is_secret_and_complete(tmp_path: Path) -> None:
    path = tmp_path / ".env"
    assert env_file.write_env_file(path, port=8123, is_free=anything_is_free)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    values = values_of(path)
    assert len(values["SECRET_KEY"]) >= 60
    assert len(values["DIGEST_KEY"]) >= 60
    assert encryption_keys([values["MAIL_SMTP_ENCRYPTION_KEY"]])
    assert values["SITE_URL"] == "http://localhost:8123"
    assert values["SANDBOX"] == "true"
    assert values["GLOBAL_SMTP_PORT"] == values["SANDBOX_SMTP_PORT"] == "2587"
    assert [entry.name for entry in tmp_path.iterdir()] == [".env"], "no draft is left"


def test_is_secret_under_a_careless_umask(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        env_file.write_env_file(tmp_path / ".env", port=8000, is_free=anything_is_free)
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / ".env").stat().st_mode) == 0o600


def test_every_installation_has_secrets_of_its_own(tmp_path: Path) -> None:
    texts = []
    for name in ("one", "two"):
        env_file.write_env_file(tmp_path / name, port=8000, is_free=anything_is_free)
        texts.append(values_of(tmp_path / name))
    for name in ("SECRET_KEY", "DIGEST_KEY", "INSTANCE_ID", "MAIL_SMTP_ENCRYPTION_KEY", "GLOBAL_SMTP_PASS"):
        assert texts[0][name] != texts[1][name]


def test_what_is_there_is_never_touched(tmp_path: Path) -> None:
    path = tmp_path / ".env"
    path.write_text("SECRET_KEY=mine\n")
    path.chmod(0o640)
    assert not env_file.write_env_file(path, port=8000, is_free=anything_is_free)
    assert path.read_text() == "SECRET_KEY=mine\n"
    assert stat.S_IMODE(path.stat().st_mode) == 0o640


def test_losing_the_race_keeps_the_winners_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / ".env"

    def another_was_quicker(_port: int) -> bool:
        path.write_text("SECRET_KEY=theirs\n")
        return True

    assert not env_file.write_env_file(path, port=8000, is_free=another_was_quicker)
    assert path.read_text() == "SECRET_KEY=theirs\n"
    assert [entry.name for entry in tmp_path.iterdir()] == [".env"]


def test_taken_ports_move_the_whole_post_office(tmp_path: Path) -> None:
    ports = env_file.free_ports(lambda port: port != 2143)
    assert ports == {
        "SANDBOX_SMTP_PORT": 3587,
        "SANDBOX_SMTPS_PORT": 3465,
        "SANDBOX_IMAP_PORT": 3143,
        "SANDBOX_IMAPS_PORT": 3993,
    }
    assert "GLOBAL_SMTP_PORT=3587\n" in env_file.env_text(port=8000, sandbox_ports=ports)


def test_a_listening_port_is_not_free() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        assert not env_file.port_is_free(port)
    assert env_file.port_is_free(port)


@pytest.mark.parametrize("port", ["", "0", "65536", "80a", "８０００"])
def test_a_port_that_is_none_is_a_sentence(tmp_path: Path, port: str) -> None:
    with pytest.raises(SystemExit, match="PORT must be a number from 1 to 65535"):
        env_file.main([str(tmp_path / ".env"), "--port", port])
    assert not (tmp_path / ".env").exists()


def test_the_settings_start_with_it(tmp_path: Path) -> None:
    """The file and the settings agree, in a process that has nothing else."""
    path = tmp_path / ".env"
    env_file.write_env_file(path, port=8000, is_free=anything_is_free)
    clean = {"PATH": os.environ["PATH"], "ENV_FILE": str(path), "DATABASE_URL": "sqlite://:memory:"}
    look = "from outreach_site import settings as s\nprint(s.SITE_URL, s.SANDBOX, s.GLOBAL_MAIL_FROM, s.EMAIL_BACKEND)"
    looked = subprocess.run(
        [sys.executable, "-c", look],
        env=clean,
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert looked.stdout.split() == [
        "http://localhost:8000",
        "True",
        "Linkletter",
        "<platform@rehearsal.test>",
        "outreach_site.mailboxes.platform.PlatformBackend",
    ], looked.stderr
