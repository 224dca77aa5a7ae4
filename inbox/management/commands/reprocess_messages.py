"""`manage.py reprocess_messages`: understand stored messages again with today's rules."""

from __future__ import annotations

from argparse import ArgumentParser
from datetime import date, datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from inbox import reprocessing
from outreach_site.accounts import installation
from outreach_site.mailboxes.models import Mailbox


class Command(BaseCommand):
    help = (
        "Understand stored messages again with today's rules. Tags and links that people made stay, and nothing "
        "follows twice. It may be stopped, and goes on where it was."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--mailbox", metavar="ADDRESS", help="only this mailbox: its address or its number")
        parser.add_argument("--since", metavar="DATE", type=_date, help="only messages that arrived from that day on")
        parser.add_argument(
            "--go-on-from", metavar="MOMENT", type=_moment, help="as a run that was stopped said: finish that run"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        standing = installation.standing()
        if not standing.may_work:
            raise CommandError(standing.sentence)
        mailboxes = mailboxes_named(options["mailbox"])
        before: datetime = options["go_on_from"] or timezone.now()
        total = reprocessing.waiting(mailboxes, before=before, since=options["since"]).count()
        self.stdout.write(f"{total:,} messages. If this is stopped, go on with --go-on-from {before.isoformat()}")
        progress = reprocessing.Progress(0, 0, 0)
        for progress in reprocessing.reprocess(mailboxes, before=before, since=options["since"]):
            self.stdout.write(f"{progress.done:,} of {total:,}, {progress.changed:,} changed")
            self.stdout.flush()
        self.stdout.write(f"Done: {progress.done:,} understood again, {progress.changed:,} changed.")
        if progress.failed:
            raise CommandError(f"{progress.failed:,} could not be understood; each has its error in the admin.")


def mailboxes_named(name: str | None) -> list[Mailbox]:
    """All, or the one of that address or number. Raises CommandError."""
    mailboxes = Mailbox.objects.select_related("workspace").order_by("pk")
    if not name:
        return list(mailboxes)
    found = list(mailboxes.filter(pk=int(name)) if name.isdecimal() else mailboxes.filter(email__iexact=name))
    if not found:
        raise CommandError(f"There is no mailbox “{name}”.")
    return found


def _date(text: str) -> date:
    return date.fromisoformat(text)


def _moment(text: str) -> datetime:
    moment = parse_datetime(text)
    if moment is None or moment.tzinfo is None:
        raise ValueError(text)
    return moment
