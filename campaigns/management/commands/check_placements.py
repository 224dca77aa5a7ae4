"""`manage.py check_placements`: look at the links that are due, once."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.utils import timezone

from campaigns.models import Placement
from campaigns.placements import checking


class Command(BaseCommand):
    help = "Look whether the links that were agreed are there: those that are due, or all of them, and stop."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--all", action="store_true", help="also those whose week is not over")

    def handle(self, *_args: Any, **options: Any) -> None:
        now = timezone.now()
        if options["all"]:
            Placement.objects.update(next_check_at=now)
        total = 0
        while looked := checking.check_due(now=now):
            total += looked
        lost = Placement.objects.filter(state=Placement.State.LOST).count()
        self.stdout.write(f"{total} looked at. {lost} lost in all.")
