"""`manage.py seed_rehearsal`: the first owner and the rehearsal of an installation that has nobody yet."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from outreach_site.desk.seeding import agree_with_post_office, seed
from outreach_site.sandbox.store import Store, StoreError


class Command(BaseCommand):
    help = "Creates the first owner, an empty workspace and Rehearsal. Changes nothing where there are users."

    def handle(self, **options: Any) -> None:
        if not settings.SANDBOX:
            raise CommandError("The rehearsal is off (SANDBOX=false).")
        now = timezone.now()
        first = seed(now=now)
        try:
            with Store(settings.SANDBOX_DIR) as store:
                agree_with_post_office(store, now=now)
        except StoreError as err:
            raise CommandError(str(err)) from err
        if first is None:
            self.stdout.write("There are users already; nobody was added.")
        else:
            self.stdout.write(f"Sign in as {first.email} with the password {first.password}")
