"""`manage.py poll_replies`: read the mailboxes for replies."""

from __future__ import annotations

import time
from argparse import ArgumentParser
from datetime import date
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from inbox import polling
from outreach_site.accounts import installation
from outreach_site.mailboxes.models import Mailbox

LOOK_AGAIN_SECONDS = 5.0


class Command(BaseCommand):
    help = "Read the mailboxes for replies, as the background worker does."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--mailbox", metavar="ADDRESS", help="only this mailbox: its address or its number")
        parser.add_argument(
            "--since",
            metavar="DATE",
            type=date.fromisoformat,
            help="also read what arrived from that day on before we looked first, such as 2026-01-31",
        )
        parser.add_argument(
            "--once",
            action="store_true",
            help="read each mailbox to its end, whether or not its turn has come, and stop",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        standing = installation.standing()
        if not standing.may_work:
            raise CommandError(standing.sentence)
        chosen = self._chosen(options["mailbox"]) if options["mailbox"] else None
        if options["since"]:
            for mailbox in chosen or Mailbox.objects.that_can_receive():
                polling.read_history(mailbox, options["since"])
        if options["once"]:
            mailboxes = chosen or list(Mailbox.objects.that_can_receive().order_by("pk"))
            if not mailboxes:
                self.stdout.write("No mailbox can receive: add an IMAP server to one.")
            failed = [mailbox for mailbox in mailboxes if not self._read(mailbox)]
            if failed:
                raise CommandError(f"{len(failed)} of {len(mailboxes)} mailboxes could not be read.")
            return
        self.stdout.write("Reading mailboxes as their turn comes. Ctrl-C stops.")
        try:
            self._keep_reading({mailbox.pk for mailbox in chosen} if chosen else None)
        except KeyboardInterrupt:
            self.stdout.write("Stopped.")

    def _chosen(self, name: str) -> list[Mailbox]:
        mailboxes = Mailbox.objects.that_can_receive()
        found = list(mailboxes.filter(pk=int(name)) if name.isdecimal() else mailboxes.filter(email__iexact=name))
        if not found:
            raise CommandError(f"No mailbox “{name}” can receive.")
        return found

    def _read(self, mailbox: Mailbox) -> bool:
        stored = understood = 0
        while True:
            outcome = polling.poll(mailbox.pk, at_once=True)
            stored, understood = stored + outcome.stored, understood + outcome.understood
            if outcome.failed or not outcome.more:
                break
        if outcome.failed:
            self.stderr.write(f"{mailbox.email}: {outcome.sentence}")
            return False
        self.stdout.write(f"{mailbox.email}: {stored} new, {understood} understood.")
        return True

    def _keep_reading(self, only: set[int] | None) -> None:
        while True:
            for mailbox_id in polling.due_mailboxes(timezone.now()):
                if only is None or mailbox_id in only:
                    self._read(Mailbox.objects.get(pk=mailbox_id))
            time.sleep(LOOK_AGAIN_SECONDS)
