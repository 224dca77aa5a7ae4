"""System checks: each wrong setting has its sentence, and a sensible installation has none."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.checks import CheckMessage
from pytest_django import Settings

from outreach_site import checks

GOOD: dict[str, Any] = {
    "GLOBAL_SMTP_HOST": "mail.orchard.example",
    "GLOBAL_MAIL_FROM": "linkletter@orchard.example",
    "GLOBAL_SMTP_VERIFY_TLS": True,
    "MAIL_SMTP_ENCRYPTION_KEYS": ["key"],
    "SMTP_VERIFY_TLS": True,
    "DEBUG": False,
    "DIGEST_KEY": "d" * 48,
    "SECRET_KEY": "s" * 50,
    "SITE_URL": "https://outreach.orchard.example",
    "SANDBOX": False,
}
ALL: list[Callable[[], list[CheckMessage]]] = [
    checks.check_platform_mail,
    checks.check_outreach_mail,
    checks.check_secrets,
    checks.check_public_site,
]


def found(settings: Settings, **changes: Any) -> list[CheckMessage]:
    for name, value in (GOOD | changes).items():
        setattr(settings, name, value)
    return [message for check in ALL for message in check()]


def test_a_sensible_installation_has_nothing_to_say(settings: Settings) -> None:
    assert found(settings) == []


@pytest.mark.parametrize(
    ("changes", "id_"),
    [
        ({"GLOBAL_SMTP_HOST": ""}, "linkletter.W001"),
        ({"GLOBAL_MAIL_FROM": ""}, "linkletter.W002"),
        ({"GLOBAL_SMTP_VERIFY_TLS": False}, "linkletter.W003"),
        ({"MAIL_SMTP_ENCRYPTION_KEYS": []}, "linkletter.W004"),
        ({"SMTP_VERIFY_TLS": False}, "linkletter.W005"),
        ({"DIGEST_KEY": "short"}, "linkletter.W006"),
        ({"SECRET_KEY": "d" * 48}, "linkletter.W007"),
        ({"SITE_URL": "http://outreach.orchard.example"}, "linkletter.W008"),
        ({"SANDBOX": True}, "linkletter.W009"),
    ],
)
def test_what_is_wrong_is_said_with_what_to_do(settings: Settings, changes: dict[str, Any], id_: str) -> None:
    messages = found(settings, **changes)
    assert [message.id for message in messages] == [id_]
    assert messages[0].hint
    assert "." in messages[0].msg


def test_development_may_leave_certificates_unverified(settings: Settings) -> None:
    assert found(settings, SMTP_VERIFY_TLS=False, DEBUG=True) == []


@pytest.mark.processes
def test_the_deployment_check_passes_in_a_sensible_environment(tmp_path: Path) -> None:
    root = Path(__file__).resolve().parents[2]
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    environment = kept | {
        "ENV_FILE": os.devnull,
        "SECRET_KEY": "9f8e7d6c5b4a39281706f5e4d3c2b1a0-ZYXWVUTSRQPONMLKJIHGFEDCBA",
        "DIGEST_KEY": "0a1b2c3d4e5f60718293a4b5c6d7e8f90a1b2c3d4e5f6071",
        "INSTANCE_ID": "check",
        "ALLOWED_HOSTS": "outreach.orchard.example",
        "SITE_URL": "https://outreach.orchard.example",
        "DATABASE_URL": f"sqlite:///{tmp_path / 'check.sqlite3'}",
        "MAIL_SMTP_ENCRYPTION_KEY": "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=",
        "GLOBAL_SMTP_HOST": "mail.orchard.example",
        "GLOBAL_MAIL_FROM": "linkletter@orchard.example",
    }
    done = subprocess.run(
        [sys.executable, "manage.py", "check", "--deploy", "--fail-level", "WARNING"],
        cwd=root,
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
