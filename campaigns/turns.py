"""Whose turn it is: which of a mailbox's due letters leave next.

Answers go first: a person waits for them. Then the campaigns take turns, one letter each, in the order of their numbers
and on from where the last slice stopped; within a campaign the letter that was due first. Whoever queues ten thousand
letters so holds up nobody who queues ten.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import reduce
from operator import or_
from typing import Any

from django.db import models

from campaigns.models import Attempt, AttemptQuerySet, Campaign
from campaigns.models.attempt import ONE_BY_ONE
from compliance.models import Hold, Kind
from outreach_site.lib.among import among
from outreach_site.lib.ports import inbox_read_until
from outreach_site.mailboxes.models import Mailbox

# So many campaigns take part in one claim; the others' turn comes with the next ones.
CAMPAIGNS_AT_MOST = 50


@dataclass(frozen=True)
class Fitting:
    """How many letters a slice has time for. Each kind has its own pace, see pace.py."""

    answers: int
    unasked: int  # all other letters
    in_sequence: int  # of campaigns' sequences, among those: not what a person or a program wrote one by one

    @classmethod
    def any(cls, count: int) -> Fitting:
        """So many, of whatever kind."""
        return cls(count, count, count)

    def __bool__(self) -> bool:
        return self.answers > 0 or self.unasked > 0


@dataclass(frozen=True)
class _Candidate:
    pk: int
    campaign: int
    kind: str
    step: int | None
    is_single: bool
    due_at: datetime


def next_letters(mailbox: Mailbox, fitting: Fitting, *, at_most: int, now: datetime) -> list[int]:
    """The keys of the letters that go next, in order. Two queries, however many wait: each campaign is asked for its
    first ones alone. None where the mailbox is on hold.

    A follow-up leaves only when its mailbox has been read to the end since it fell due: an answer may lie there. Where
    the turn of one that waits for that has come, everything is asked once more without such letters: others take their
    place, and so do other campaigns.
    """
    due = Attempt.objects.due(now).filter(mailbox=mailbox)
    campaigns, found = _first_of_each(due, mailbox, fitting)
    if any(each.kind == Kind.FOLLOW_UP for each in found):
        read_until = inbox_read_until([mailbox.pk], now=now).get(mailbox.pk)
        if any(each.kind == Kind.FOLLOW_UP and (read_until is None or each.due_at > read_until) for each in found):
            campaigns, found = _first_of_each(due.exclude(_unread(mailbox.pk, read_until)), mailbox, fitting)
    return [candidate.pk for candidate in _in_turn(found, campaigns, fitting)][:at_most]


def waiting_for_inbox(mailboxes: Collection[int], *, now: datetime) -> models.Q:
    """Follow-ups of these mailboxes that may not leave yet, because their inbox was not read since they fell due."""
    read_until = inbox_read_until(mailboxes, now=now)
    return reduce(or_, [_unread(each, read_until.get(each)) for each in mailboxes], models.Q(pk__in=[]))


def _unread(mailbox: int, read_until: datetime | None) -> models.Q:
    unread = models.Q(kind=Kind.FOLLOW_UP, mailbox=mailbox)
    return unread if read_until is None else unread & models.Q(due_at__gt=read_until)


def _first_of_each(due: AttemptQuerySet, mailbox: Mailbox, fitting: Fitting) -> tuple[Sequence[int], list[_Candidate]]:
    """The campaigns that take part, in their order, and the first of these letters of each. Answers, and what else a
    person or a program wrote one by one, are those of all campaigns that run: a long sequence does not hide them.
    """
    running = _rotated(_with_letters(due, mailbox), after=mailbox.last_turn)
    if not running:
        return [], []
    single = due.filter(ONE_BY_ONE, among("campaign_id", running))
    parts = [_first(single.filter(kind=kind), fitting.unasked) for kind in (Kind.FIRST, Kind.FOLLOW_UP)]
    if fitting.in_sequence > 0:
        asked_of_each = due.exclude(kind=Kind.ANSWER)
        parts += [_first(asked_of_each.filter(campaign=each), fitting.unasked) for each in running[:CAMPAIGNS_AT_MOST]]
    found = _first(single.filter(kind=Kind.ANSWER), fitting.answers).union(*parts)
    return running, [_Candidate(*row) for row in found]


def _with_letters(due: AttemptQuerySet, mailbox: Mailbox) -> list[int]:
    """Running campaigns with such letters. Asked for each one's first letter, and for that as a value: of EXISTS,
    PostgreSQL may make a join that walks all that wait.
    """
    first = due.filter(campaign=models.OuterRef("pk")).order_by("due_at", "pk")
    held = Hold.objects.standing().filter(workspace_id=mailbox.workspace_id, subject=f"mailbox:{mailbox.pk}")
    running = (
        Campaign.objects.in_workspace(mailbox.workspace)
        .current()
        .filter(~models.Exists(held), state=Campaign.State.RUNNING, workspace__sending_stopped_at=None)
        .annotate(first_due_at=models.Subquery(first.values("due_at")[:1]))
    )
    return list(running.exclude(first_due_at=None).order_by("pk").values_list("pk", flat=True))


def _rotated(campaigns: Sequence[int], *, after: str) -> list[int]:
    number = after.rpartition(":")[2]
    last = int(number) if number.isdigit() else 0
    return [pk for pk in campaigns if pk > last] + [pk for pk in campaigns if pk <= last]


def _first(letters: AttemptQuerySet, count: int) -> models.QuerySet[Attempt, Any]:
    """The first ones as a branch of a union, in which SQLite admits neither an order nor a limit but inside."""
    some = letters.order_by("due_at", "pk").values("pk")[:count]
    return (
        Attempt.objects.filter(pk__in=some)
        .order_by()
        .values_list("pk", "campaign", "kind", "step", "is_single", "due_at")
    )


def _in_turn(found: Iterable[_Candidate], campaigns: Sequence[int], fitting: Fitting) -> list[_Candidate]:
    waiting: dict[int, deque[_Candidate]] = {campaign: deque() for campaign in campaigns}
    chosen: list[_Candidate] = []
    for candidate in sorted(found, key=lambda each: (each.due_at, each.pk)):
        if candidate.kind == Kind.ANSWER:
            chosen.append(candidate)
        else:
            waiting[candidate.campaign].append(candidate)
    unasked, in_sequence = fitting.unasked, fitting.in_sequence
    while unasked > 0 and any(waiting.values()):
        for queue in waiting.values():
            if queue and unasked > 0:
                candidate = queue.popleft()
                if candidate.step is not None and not candidate.is_single:
                    if in_sequence <= 0:
                        continue
                    in_sequence -= 1
                chosen.append(candidate)
                unasked -= 1
    return chosen
