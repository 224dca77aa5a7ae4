"""`manage.py sync_schedules`: bring django-q's schedules in line with desk/schedules.py."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from outreach_site.desk.schedules import sync


class Command(BaseCommand):
    help = "Creates, corrects and removes the schedules of background work. Running it twice changes nothing."

    def handle(self, **options: Any) -> None:
        synced = sync()
        for verb, names in (("added", synced.added), ("changed", synced.changed), ("removed", synced.removed)):
            for name in names:
                self.stdout.write(f"{verb} {name}")
        if not any((synced.added, synced.changed, synced.removed)):
            self.stdout.write("All schedules are as they should be.")
