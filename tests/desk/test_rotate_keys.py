"""New keys for saved secrets."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from cryptography.fernet import Fernet
from django.core.management import CommandError, call_command
from django.utils import timezone
from pytest_django import Settings

from outreach_site.desk.management.commands.rotate_keys import SEALED
from outreach_site.mailboxes.models import Mailbox
from tests.desk.conftest import Desk

ROOT = Path(__file__).resolve().parent.parent.parent


def test_every_secret_is_under_the_new_key(desk: Desk, settings: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    desk.mailbox.set_smtp_password("secret", now=timezone.now())
    desk.mailbox.save()
    old, new = settings.MAIL_SMTP_ENCRYPTION_KEYS, Fernet.generate_key()
    settings.MAIL_SMTP_ENCRYPTION_KEYS = [new, *old]
    call_command("rotate_keys")
    assert "1 saved secrets" in capsys.readouterr().out
    settings.MAIL_SMTP_ENCRYPTION_KEYS = [new]
    assert Mailbox.objects.get(pk=desk.mailbox.pk).open_smtp_password() == "secret"


def test_what_no_key_opens_is_named_and_stays(desk: Desk, settings: Settings) -> None:
    Mailbox.objects.filter(pk=desk.mailbox.pk).update(smtp_password_token="nonsense")
    with pytest.raises(CommandError, match=f"mailbox {desk.mailbox.pk}"):
        call_command("rotate_keys")
    assert Mailbox.objects.get(pk=desk.mailbox.pk).smtp_password_token == "nonsense"


def test_no_column_is_forgotten() -> None:
    """Whatever is assigned from `encrypt(…)` in a model is in the list."""
    written = set()
    for path in [*ROOT.glob("*/*models*.py"), *ROOT.glob("*/models/*.py"), *ROOT.glob("outreach_site/*/models.py")]:
        for line in path.read_text().splitlines():
            if "encrypt(" in line and "import" not in line:
                names, values = line.partition("=")[0], line.partition("=")[2].split(", ")
                columns = re.findall(r"self\.(\w+)", names)
                written |= {column for column, value in zip(columns, values, strict=False) if "encrypt(" in value}
    assert len(written) >= 4
    assert written <= {column for _, column in SEALED}
