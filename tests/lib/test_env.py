"""What `.env` may hold: a bad value stops the start with a sentence that names it, and never shows a password."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from outreach_site.lib.env import redis_address

ROOT = Path(__file__).resolve().parent.parent.parent
GOOD = {
    "PATH": os.environ["PATH"],
    "ENV_FILE": os.devnull,
    "SECRET_KEY": "env-" + "0123456789abcdef" * 4,
    "DIGEST_KEY": "env-" + "0123456789abcdef" * 4,
    "INSTANCE_ID": "env",
}


def environment(directory: Path, changes: dict[str, str]) -> dict[str, str]:
    return GOOD | {"VAR_DIR": str(directory)} | changes


def read_settings(directory: Path, **changes: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", "import outreach_site.settings"],
        cwd=ROOT,
        env=environment(directory, changes),
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.processes
@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("TRUSTED_PROXIES", "127.0.0.1,proxy.lan"),
        ("REDIS_URL", "localhost:6379"),
        ("REDIS_URL", "redis://:horse/battery@localhost:6379/0"),
        ("SITE_URL", "http://x:abc"),
        ("SITE_URL", "http://[::1"),
        ("DATABASE_URL", "garbage"),
        ("DATABASE_URL", "mysql://u:horse@h/d"),
        ("DATABASE_URL", "postgresql+asyncpg://u:horse@h/d"),
        ("DATABASE_URL", "postgres://u:horse/battery@h/d"),
        ("MAIL_CA_FILE", __file__),
        ("MAIL_CA_FILE", "/nowhere/ca.pem"),
        ("SMTP_PORT", "99999"),
        ("IMAP_PORT", "0"),
        ("GLOBAL_SMTP_PORT", "70000"),
        ("SANDBOX_IMAP_PORT", "-1"),
        ("ALLOWED_HOSTS", "https://a.b"),
        ("ALLOWED_HOSTS", "a.b,a.b:8000"),
        ("MAIL_ALLOWED_HOSTS", "mail.lan,a:b:c"),
        ("MAIL_ALLOWED_HOSTS", "mail.lan:99999"),
        ("GLOBAL_MAIL_FROM", "nonsense"),
        ("GLOBAL_MAIL_FROM", "Linkletter desk@a.b"),
        ("GLOBAL_MAIL_FROM", "Linkletter <desk@a.b"),
        ("GLOBAL_MAIL_FROM", "desk@a.b, post@a.b"),
        ("SECRET_KEY", "short"),
        ("VAR_DIR", "/dev/null/var"),
    ],
)
def test_a_bad_value_is_named(tmp_path: Path, name: str, value: str) -> None:
    done = read_settings(tmp_path, **{name: value})
    last = done.stderr.splitlines()[-1]
    assert done.returncode == 1
    assert "EnvError: " in last
    assert name in last
    assert "horse" not in done.stderr


@pytest.mark.processes
@pytest.mark.parametrize(
    "changes",
    [
        {"TRUSTED_PROXIES": "127.0.0.1, 10.0.0.0/8,::1,"},
        {"REDIS_URL": "rediss://:horse@localhost:6379/0"},
        {"REDIS_URL": "", "DATABASE_URL": "", "MAIL_CA_FILE": ""},
        {"DATABASE_URL": "postgresql://u:horse%2Fbattery@h:5433/d"},
        {"DATABASE_URL": "sqlite+aiosqlite:///:memory:"},
        {"ALLOWED_HOSTS": ".a.b,localhost,my_host,[::1],10.0.0.1,*"},
        {"MAIL_ALLOWED_HOSTS": "Mail.lan, mail.lan:1025,10.0.0.5,[::1]:2525,"},
        {"GLOBAL_MAIL_FROM": "desk@a.b"},
        {"GLOBAL_MAIL_FROM": "Tom & Co. <desk@localhost>"},
        {"GLOBAL_MAIL_FROM": '"Co, Tom" <desk@münchen.example>'},
        {"GLOBAL_MAIL_FROM": ""},
        {"SECRET_KEY": "short", "DEBUG": "true"},
    ],
    ids=str,
)
def test_a_good_value_is_taken(tmp_path: Path, changes: dict[str, str]) -> None:
    done = read_settings(tmp_path, **changes)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    ("given", "taken"),
    [
        ("", ""),
        ("redis://h:6379/0", "redis://h:6379/0?socket_connect_timeout=3&socket_timeout=5"),
        ("unix:///r.sock?db=1", "unix:///r.sock?db=1&socket_connect_timeout=3&socket_timeout=5"),
        ("redis://h/0?socket_timeout=9", "redis://h/0?socket_timeout=9&socket_connect_timeout=3"),
    ],
)
def test_nobody_waits_for_a_silent_redis_for_ever(given: str, taken: str) -> None:
    assert redis_address(given) == taken


@pytest.mark.processes
@pytest.mark.parametrize(
    "command", [["up", "--only", "workers"], ["setup_instance"], ["after_restore", "--backup-taken-at=2026-03-02"]]
)
def test_a_database_that_is_not_there_is_a_sentence(tmp_path: Path, command: list[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as held:
        port = held.getsockname()[1]
    done = subprocess.run(
        [sys.executable, "manage.py", *command],
        cwd=ROOT,
        env=environment(tmp_path, {"DATABASE_URL": f"postgres://desk:horse@127.0.0.1:{port}/letters"}),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert f"The database that DATABASE_URL names (127.0.0.1:{port}, database letters) does not answer" in done.stderr
    assert "Traceback" not in done.stderr
    assert "horse" not in done.stderr


@pytest.mark.processes
def test_ctrl_c_while_it_loads_is_no_fault(tmp_path: Path) -> None:
    starting = subprocess.Popen(
        [sys.executable, "manage.py", "setup_instance"],
        cwd=ROOT,
        env=environment(tmp_path, {}),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    deadline = time.monotonic() + 60
    while not (tmp_path / "linkletter.sqlite3").exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    starting.send_signal(signal.SIGINT)
    said = starting.communicate(timeout=60)[1]
    assert starting.returncode == 130
    assert "Traceback" not in said
