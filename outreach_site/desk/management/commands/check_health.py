"""`manage.py check_health`: what /health/ says, by name; the exit status is 1 when something is wrong."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from outreach_site.desk.health import health


class Command(BaseCommand):
    help = "Says whether database and Redis answer, the workers work and letters leave. Exits with 1 when one does not."

    def handle(self, **options: Any) -> None:
        found = health(timezone.now())
        if not found.is_well:
            raise CommandError("\n".join([*found.sentences, *found.particulars]))
        self.stdout.write("All is well.")
