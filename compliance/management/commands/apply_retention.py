"""`manage.py apply_retention [--dry-run]`: let go what has been kept for long enough, or say what that would be."""

from __future__ import annotations

import math
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from compliance import retention
from compliance.privacy_models import PrivacySettings
from outreach_site.accounts import installation
from outreach_site.accounts.models import Workspace


class Command(BaseCommand):
    help = "Let go what each workspace has kept for long enough, at once and to the end."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="Only say what would go.")

    def handle(self, *_args: Any, dry_run: bool, **_options: Any) -> None:
        if not installation.has_its_digest_key():
            raise CommandError(installation.standing().sentence)
        now = timezone.now()
        for here in Workspace.objects.order_by("pk"):
            settings = PrivacySettings.of(here)
            if not settings.is_on:
                self.stdout.write(f"{here.name}: switched off, nothing goes.")
                continue
            if dry_run:
                taken = retention.foresee(here, settings, now=now)
            else:
                taken = dict(retention.apply(here, settings, until=math.inf, now=now).removed)
            words = "; ".join(f"{what}: {number}" for what, number in taken.items() if number)
            self.stdout.write(f"{here.name}: {'would go' if dry_run else 'gone'}: {words or 'nothing'}.")
        if not dry_run and (cut := retention.cut_log(until=math.inf, now=now)):
            self.stdout.write(f"The audit log begins {cut} entries later now.")
