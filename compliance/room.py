"""How much of today's room is used: letters against the caps of people, recipients' domains and mailboxes.

The caps themselves are counted by ledger.py, for a batch of letters; here the same rows are counted for a page.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Min, QuerySet

from compliance.gate import limits_of
from compliance.models import SendRecord
from compliance.policy import HOUR, Hour
from outreach_site.accounts.models import Workspace
from outreach_site.mailboxes.cards import hourly_limit
from outreach_site.mailboxes.models import Mailbox

MOST_DOMAINS = 10
NEARLY_FULL = 0.8


@dataclass(frozen=True)
class Used:
    """Letters that count, and how many there may be; None: no limit."""

    count: int
    limit: int | None

    @property
    def tone(self) -> str:
        if self.limit is None or self.count < self.limit * NEARLY_FULL:
            return ""
        return "bad" if self.count >= self.limit else "warn"

    @property
    def text(self) -> str:
        return f"{self.count}" if self.limit is None else f"{self.count} of {self.limit}"


def last_hour(mailbox: Mailbox, *, now: datetime) -> Hour:
    """One query."""
    return last_hours([mailbox.sign_in], now=now).get(mailbox.sign_in, Hour())


def last_hours(sign_ins: Iterable[str], *, now: datetime) -> dict[str, Hour]:
    """By sign-in, in all workspaces: to its server they are one. Of those with letters. One query."""
    used = of_last_hour(sign_ins, now=now).values_list("sign_in").annotate(Count("pk"), Min("counted_at"))
    return {sign_in: Hour(count, oldest_at) for sign_in, count, oldest_at in used}


def sent_today(mailbox: Mailbox, *, now: datetime) -> int:
    """Letters of this day that count, of its mailbox. One query. Touches `workspace`."""
    began_at = mailbox.workspace.day_bounds(now)[0]
    return SendRecord.objects.that_count().filter(mailbox_id=mailbox.pk, counted_at__gte=began_at).count()


def of_last_hour(sign_ins: Iterable[str], *, now: datetime) -> QuerySet[SendRecord]:
    """What their caps count."""
    return SendRecord.objects.that_count().filter(sign_in__in=sign_ins, counted_at__gt=now - HOUR).order_by()


@dataclass(frozen=True)
class MailboxRoom:
    mailbox: Mailbox
    hour: Used  # of its sign-in
    day: Used


@dataclass(frozen=True)
class Room:
    """`people` and `domains` are those with letters today, most first; domains only the first ten."""

    people: list[tuple[int | None, Used]]
    domains: list[tuple[str, Used]]
    mailboxes: list[MailboxRoom]


def today(workspace: Workspace, mailboxes: list[Mailbox], *, now: datetime) -> Room:
    """`mailboxes` are all of the workspace, removed ones too; rooms are told of those in use. Three queries."""
    limits = limits_of(workspace)
    day_began_at = workspace.day_bounds(now)[0]
    ledger = SendRecord.objects.order_by()
    # Letters on their way or uncertain count whatever their day, as they do for the caps.
    carried = ledger.in_workspace(workspace).unsettled().filter(counted_at__lt=day_began_at)
    # By its mailboxes alone: asked for the workspace as well, SQLite walks all that it ever wrote.
    of_today = ledger.that_count().filter(
        mailbox_id__in=[mailbox.pk for mailbox in mailboxes], counted_at__gte=day_began_at
    )
    people, domains, days = Counter[int | None](), Counter[str](), Counter[int]()
    for rows in (carried, of_today):
        for row in rows.values("user_id", "recipient_domain", "mailbox_id").annotate(n=Count("pk")):
            people[row["user_id"]] += row["n"]
            domains[row["recipient_domain"]] += row["n"]
            days[row["mailbox_id"]] += row["n"]
    in_use = [mailbox for mailbox in mailboxes if mailbox.archived_at is None]
    for mailbox in in_use:
        mailbox.workspace = workspace  # Known already: nobody asks the database for it again.
    hours = last_hours([mailbox.sign_in for mailbox in in_use], now=now)
    return Room(
        people=[(user_id, Used(n, limits.per_user_day)) for user_id, n in people.most_common()],
        domains=[(name, Used(n, limits.per_domain_day)) for name, n in domains.most_common(MOST_DOMAINS)],
        mailboxes=[
            MailboxRoom(
                mailbox,
                hour=Used(hours.get(mailbox.sign_in, Hour()).count, hourly_limit(mailbox)),
                day=Used(days[mailbox.pk], mailbox.day_limit(now)),
            )
            for mailbox in in_use
        ],
    )
