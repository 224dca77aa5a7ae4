"""`manage.py setup_instance`: prepare the database of an installation, and make it this installation's own."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from outreach_site.desk.instance import set_up


class Command(BaseCommand):
    help = "Migrates, makes the cache table, claims an unclaimed database and sets the schedules. Safe to repeat."

    def handle(self, **options: Any) -> None:
        standing = set_up(self.stdout.write)
        if not standing.may_work:
            raise CommandError(standing.sentence)
        self.stdout.write("The database is ready.")
