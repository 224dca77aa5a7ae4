"""`manage.py rotate_keys`: write every saved secret under the newest MAIL_SMTP_ENCRYPTION_KEY."""

from __future__ import annotations

from typing import Any

from django.apps import apps
from django.core.management.base import BaseCommand, CommandError
from django.db import models

from outreach_site.lib.crypto import SecretError, rotate

# Every column that holds what `crypto.encrypt` wrote. A test finds those that are missing here.
SEALED = (
    ("mailboxes.Mailbox", "smtp_password_token"),
    ("mailboxes.Mailbox", "imap_password_token"),
    ("mailboxes.Connection", "refresh_token"),
    ("mailboxes.Connection", "access_token"),
    ("inbox.Webhook", "token_sealed"),
    ("inbox.Webhook", "signing_key_sealed"),
    ("desk.Endpoint", "secret_token"),
    ("desk.Endpoint", "old_secret_token"),
)


class Command(BaseCommand):
    help = "Encrypts saved passwords and tokens anew under the first of MAIL_SMTP_ENCRYPTION_KEY. Safe to repeat."

    def handle(self, **options: Any) -> None:
        done, unfit = 0, []
        for label, column in SEALED:
            model: type[models.Model] = apps.get_model(label)
            rows = model._default_manager.exclude(**{column: ""}).order_by("pk").values_list("pk", column)
            for pk, token in rows.iterator():
                try:
                    # Only what was read is replaced: a password that somebody saves meanwhile is under the new key.
                    done += model._default_manager.filter(pk=pk, **{column: token}).update(**{column: rotate(token)})
                except SecretError as err:
                    unfit.append(f"{model._meta.verbose_name} {pk}: {err}")
        self.stdout.write(f"{done} saved secrets are under the newest key now.")
        if unfit:
            raise CommandError("\n".join([*unfit, "Keep the old keys until these are saved again."]))
