"""`manage.py dispatch`: send what is due, once."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from campaigns import dispatch, outbox
from outreach_site.accounts.installation import standing


class Command(BaseCommand):
    help = "Send what is due now from every mailbox, one slice after another, and stop."

    def handle(self, *_args: Any, **_options: Any) -> None:
        here = standing()
        if not here.may_work:
            raise CommandError(here.sentence)
        now = timezone.now()
        outbox.strand(now=now)
        outbox.expire(now=now)
        dispatch.tidy_up(now=now)
        outbox.wake(now=now)
        total = dispatch.Report()
        for mailbox_id in dispatch.due_mailboxes(now=now):
            report = dispatch.dispatch_mailbox(mailbox_id)
            total.add(report)
            while report.more:
                report = dispatch.dispatch_mailbox(mailbox_id)
                total.add(report)
            if report.sentence:
                self.stderr.write(report.sentence)
        self.stdout.write(f"{total.sent} sent, {total.not_sent} not sent, {total.uncertain} may have been sent.")
