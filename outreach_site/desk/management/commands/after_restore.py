"""`manage.py after_restore --backup-taken-at T`: let a database that came back from a backup work again, safely."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from campaigns.restoring import NotThisBackupError, after_restore


class Command(BaseCommand):
    help = (
        "After a backup was restored: hold every mailbox, take whatever may have left since for “may have been sent”, "
        "and claim the database for the INSTANCE_ID of .env. Run it before anything else is started."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--backup-taken-at",
            required=True,
            metavar="T",
            help="When the backup was begun, such as 2026-03-02T04:00:00+01:00; without an offset, UTC.",
        )

    def handle(self, *_args: Any, backup_taken_at: str, **_options: Any) -> None:
        try:
            done = after_restore(_moment(backup_taken_at), now=timezone.now())
        except NotThisBackupError as err:
            raise CommandError(str(err)) from err
        self.stdout.write(
            f"{done.held} mailboxes are on hold, {done.uncertain} letters may have been sent.\n"
            "Look into the Sent folders, say in the queue what became of these letters, and lift the holds.\n"
            "This database knows nothing of letters that were queued, and of people who asked to be removed, after the "
            "backup was taken: compare the Sent folders before you write to new addresses."
        )


def _moment(text: str) -> datetime:
    try:
        moment = parse_datetime(text)
    except ValueError:
        moment = None
    if moment is None:
        raise CommandError(f"“{text}” is not a moment; write it as 2026-03-02T04:00:00+01:00.")
    return moment if timezone.is_aware(moment) else timezone.make_aware(moment, timezone.get_default_timezone())
