"""Stored messages, understood again with today's rules.

What a person said stands: their tags, their links. Something follows only where the rules say something new of a
message, so a consequence is never drawn twice, and one that a person took back stays taken back. A message is done
when it was understood after the run's own moment, so a run that was stopped goes on where it was, given that moment.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time

from django.db.models import Q, QuerySet
from django.utils import timezone

from inbox.ingest import ingest_many, own_addresses
from inbox.models import RawMessage, Reply
from outreach_site.mailboxes.models import Mailbox

AT_ONCE = 50


@dataclass(frozen=True, slots=True)
class Progress:
    done: int
    changed: int  # whose reply is another now: its kind, its tag, or the letter it belongs to
    failed: int


def waiting(mailboxes: Sequence[Mailbox], *, before: datetime, since: date | None = None) -> QuerySet[RawMessage]:
    """Messages of these mailboxes whose bytes are here and that were last understood before a moment, or never."""
    messages = RawMessage.objects.filter(mailbox__in=mailboxes, body__isnull=False)
    if since is not None:
        messages = messages.filter(received_at__gte=timezone.make_aware(datetime.combine(since, time.min)))
    return messages.filter(Q(understood_at=None) | Q(understood_at__lt=before))


def reprocess(mailboxes: Sequence[Mailbox], *, before: datetime, since: date | None = None) -> Iterator[Progress]:
    """Understand them again, oldest first; tells after each batch how far it is."""
    done = changed = failed = 0
    for mailbox in mailboxes:
        own, after = own_addresses(mailbox), 0
        while True:
            rest = waiting([mailbox], before=before, since=since).filter(pk__gt=after).order_by("pk")
            keys = list(rest.values_list("pk", flat=True)[:AT_ONCE])
            if not keys:
                break
            was = _standing(keys)
            # What could not be understood gets another chance.
            RawMessage.objects.filter(pk__in=keys).exclude(error="").update(error="")
            ingest_many(mailbox, keys, own=own, now=timezone.now(), again=True)
            now = _standing(keys)
            done += len(keys)
            changed += sum(1 for key in keys if was.get(key) != now.get(key))
            failed += RawMessage.objects.filter(pk__in=keys, error__startswith="Could not").count()
            after = keys[-1]
            yield Progress(done, changed, failed)


def _standing(keys: Sequence[int]) -> dict[int, tuple[object, ...]]:
    rows = Reply.objects.filter(raw__in=keys).values_list(
        "raw", "kind", "classification", "asks_opt_out", "needs_review", "attempt"
    )
    return {raw: tuple(rest) for raw, *rest in rows}
