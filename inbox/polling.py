"""One poll of a mailbox, from the lease to understood messages.

1. *Lease*: one conditional update; whoever loses it goes home, which is a normal answer.
2. *Read*: batches of new messages over IMAP (`sync`), no transaction open.
3. *Store*: raw bytes and the cursor, in one transaction that also proves the lease. A kill before it fetches the batch
   again, a kill after it leaves messages that are stored and not yet understood.
4. *Understand* whatever is stored and not understood, each message in a transaction of its own (`ingest`).
5. *Say* how it went on the mailbox; after a failure wait longer each time.
"""

from __future__ import annotations

import hashlib
import random
import time
import uuid
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial

import structlog
from django.conf import settings
from django.db import models, transaction
from django.db.models.functions import Now
from django.utils import timezone

from inbox import ingest
from inbox.models import FolderCursor, RawBody, RawMessage
from inbox.scope import wanted
from inbox.sync import Batch, Fetched, Position, Reader, read_broken, unfetched
from outreach_site.accounts import installation
from outreach_site.mailboxes.errors import MailServerError
from outreach_site.mailboxes.imap import classify_imap_error, connect
from outreach_site.mailboxes.models import Mailbox
from outreach_site.mailboxes.sign_ins import imap_server
from outreach_site.mailboxes.wire import ServerSettings

log = structlog.get_logger(__name__)

# A slice of work; the next slice follows while something is left.
SLICE_SECONDS = 20.0
# No single exchange with a server may keep a worker longer; opening may take twice this. With the conversation that is
# less than the 60 s after which the cluster kills a task.
EXCHANGE_SECONDS = 10.0
CONVERSATION_SECONDS = 30.0
LEASE = timedelta(seconds=90)
# The mail server's clock and ours.
CLOCKS_DIFFER = timedelta(minutes=1)
POLL_EVERY = timedelta(minutes=5)
FIRST_WAIT, LONGEST_WAIT = timedelta(minutes=1), timedelta(hours=1)
# Tries after which a message that ends the conversation each time is given up.
GIVE_UP_AFTER = 3


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a poll did. `sentence` says what stood in the way, empty when nothing did."""

    stored: int = 0
    understood: int = 0
    more: bool = False
    sentence: str = ""
    failed: bool = False


class LeaseLostError(Exception):
    """Somebody else is at this mailbox, or has moved its cursor: what was fetched is theirs to store."""


def due_mailboxes(now: datetime) -> list[int]:
    """Mailboxes whose turn has come. One query, and one for the installation's standing."""
    if not installation.standing().may_work:
        return []
    return list(_pollable(now).order_by("next_poll_at", "pk").values_list("pk", flat=True))


def _pollable(now: datetime) -> models.QuerySet[Mailbox]:
    free = models.Q(poll_token=None) | models.Q(poll_leased_until__lt=Now())
    return Mailbox.objects.that_can_receive().filter(free, next_poll_at__lte=now)


def poll(mailbox_id: int, *, at_once: bool = False) -> Outcome:
    """Read one mailbox for at most a slice. `at_once`: a person asked, so that a waiting time does not count."""
    standing = installation.standing()
    if not standing.may_work:
        return Outcome(sentence=standing.sentence, failed=True)
    now = timezone.now()
    token = _take_lease(mailbox_id, at_once=at_once, now=now)
    if token is None:
        return Outcome()
    mailbox = Mailbox.objects.select_related("workspace").get(pk=mailbox_id)
    until = time.monotonic() + SLICE_SECONDS
    try:
        outcome = _read(mailbox, token, until=until)
    except LeaseLostError:
        return Outcome()
    finally:
        Mailbox.objects.filter(pk=mailbox_id, poll_token=token).update(poll_token=None, poll_leased_until=None)
    # Also what an earlier worker stored and did not get to.
    understood = ingest.understand_stored(mailbox, until=max(until, time.monotonic() + 5.0))
    more = outcome.more or ingest.is_behind(mailbox)
    return Outcome(outcome.stored, understood, more=more, sentence=outcome.sentence, failed=outcome.failed)


def _take_lease(mailbox_id: int, *, at_once: bool, now: datetime) -> uuid.UUID | None:
    token = uuid.uuid4()
    free = models.Q(poll_token=None) | models.Q(poll_leased_until__lt=Now())
    mine = Mailbox.objects.that_can_receive().filter(free, pk=mailbox_id)
    if not at_once:
        mine = mine.filter(next_poll_at__lte=now)
    return token if mine.update(poll_token=token, poll_leased_until=_lease_end()) else None


def _lease_end() -> models.expressions.CombinedExpression:
    return Now() + models.Value(LEASE, output_field=models.DurationField())


def _read(mailbox: Mailbox, token: uuid.UUID, *, until: float) -> Outcome:
    stored, more = 0, False
    reader: Reader | None = None
    server: ServerSettings | None = None
    try:
        server = imap_server(mailbox)
        server = replace(server, timeout=min(server.timeout, EXCHANGE_SECONDS))
        with connect(server) as session:
            session.patience.within(CONVERSATION_SECONDS)
            reader = Reader(
                session,
                wanted=partial(wanted, mailbox),
                limit=settings.IMAP_FETCH_LIMIT,
                since=mailbox.created_at.replace(microsecond=0) - CLOCKS_DIFFER,
                one_by_one=mailbox.poll_failures > 0,
            )
            for folder in reader.folders():
                for batch in reader.batches(folder, _position(mailbox, folder)):
                    stored += _store(mailbox, token, batch, now=timezone.now())
                    more = time.monotonic() > until
                    if more:
                        break
                if more:
                    break
    except LeaseLostError:
        raise
    except Exception as err:
        if not isinstance(err, MailServerError) and not read_broken(err):
            raise
        if reader is not None:
            _give_up_on_culprit(mailbox, token, reader, err)
        return _failed(mailbox, classify_imap_error(err, server=server), stored=stored)
    _succeeded(mailbox, more=more)
    return Outcome(stored=stored, more=more)


def _position(mailbox: Mailbox, folder: str) -> Position | None:
    cursor = FolderCursor.objects.filter(mailbox=mailbox, folder=folder).first()
    return Position(cursor.uid_validity, cursor.last_uid) if cursor else None


# --- Store ------------------------------------------------------------------------------------------------------------


def _store(mailbox: Mailbox, token: uuid.UUID, batch: Batch, *, now: datetime) -> int:
    """A batch and the cursor, in one transaction; how many messages are new. Raises LeaseLostError."""
    with transaction.atomic():
        if not Mailbox.objects.filter(pk=mailbox.pk, poll_token=token).update(poll_leased_until=_lease_end()):
            raise LeaseLostError
        _move_cursor(mailbox, batch, now=now)
        return _keep(mailbox, batch, now=now)


def _move_cursor(mailbox: Mailbox, batch: Batch, *, now: datetime) -> None:
    """Compare and set: only from where this batch began."""
    moved = {"uid_validity": batch.after.uid_validity, "last_uid": batch.after.last_uid, "moved_at": now}
    if batch.before is None:
        _, is_new = FolderCursor.objects.get_or_create(mailbox=mailbox, folder=batch.folder, defaults=moved)
        if not is_new:
            raise LeaseLostError
        return
    at = FolderCursor.objects.filter(
        mailbox=mailbox,
        folder=batch.folder,
        uid_validity=batch.before.uid_validity,
        last_uid=batch.before.last_uid,
    )
    if not at.update(**moved):
        raise LeaseLostError


def _keep(mailbox: Mailbox, batch: Batch, *, now: datetime) -> int:
    by_digest = {_digest(batch, message): message for message in batch.messages}
    known = set(RawMessage.objects.filter(mailbox=mailbox, digest__in=list(by_digest)).values_list("digest", flat=True))
    new = {digest: message for digest, message in by_digest.items() if digest not in known}
    rows = [
        RawMessage(
            mailbox=mailbox,
            digest=digest,
            size=message.size,
            folder=batch.folder[:255],
            uid_validity=batch.after.uid_validity,
            uid=message.uid,
            message_id=message.message_id[:998],
            received_at=message.received_at,
            stored_at=now,
            error=message.error,
        )
        for digest, message in new.items()
    ]
    RawMessage.objects.bulk_create(rows)
    bodies = zip(rows, new.values(), strict=True)
    RawBody.objects.bulk_create([RawBody.holding(row, message.raw) for row, message in bodies if not message.error])
    return len(rows)


def _digest(batch: Batch, message: Fetched) -> str:
    """Of all bytes; a message that has none is known by its place on the server."""
    place = f"{batch.folder}\0{batch.after.uid_validity}\0{message.uid}"
    return hashlib.sha256(place.encode() if message.error else message.raw).hexdigest()


def _give_up_on_culprit(mailbox: Mailbox, token: uuid.UUID, reader: Reader, err: Exception) -> None:
    """A message whose bytes end the conversation every time becomes a row with an error, and the cursor moves on."""
    if not reader.fetching or mailbox.poll_failures + 1 < GIVE_UP_AFTER:
        return
    folder, header = reader.fetching[0]
    before = _position(mailbox, folder)
    if before is None or header.uid <= before.last_uid:
        return
    error = f"The conversation with the server broke each time this message was fetched: {classify_imap_error(err)}"
    after = Position(before.uid_validity, header.uid)
    _store(mailbox, token, Batch(folder, [unfetched(header, error)], before=before, after=after), now=timezone.now())
    log.warning("a message was given up", mailbox_id=mailbox.pk, folder=folder, uid=header.uid)


# --- Say how it went --------------------------------------------------------------------------------------------------


def _succeeded(mailbox: Mailbox, *, more: bool) -> None:
    now = timezone.now()
    mailbox.mark_receiving_ok(now=now)
    # In a rehearsal answers come within seconds, and the clock is the schedule's own minute.
    pause = timedelta(0) if more or mailbox.workspace.is_rehearsal else POLL_EVERY - timedelta(seconds=30)
    done = {} if more else {"polled_at": now}
    Mailbox.objects.filter(pk=mailbox.pk).update(poll_failures=0, next_poll_at=now + pause, **done)


def _failed(mailbox: Mailbox, err: MailServerError, *, stored: int) -> Outcome:
    now = timezone.now()
    mailbox.mark_receiving_trouble(err, now=now)
    failures = mailbox.poll_failures + 1
    Mailbox.objects.filter(pk=mailbox.pk).update(poll_failures=failures, next_poll_at=now + wait_after(failures))
    log.warning("a mailbox could not be read", mailbox_id=mailbox.pk, stage=err.stage, failures=failures)
    return Outcome(stored=stored, sentence=f"{err.sentence} {err.advice}".strip(), failed=True)


def wait_after(failures: int) -> timedelta:
    """About 1, 2, 4 … 60 minutes after the first, second, third … failure in a row."""
    waiting = min(FIRST_WAIT * int(2 ** min(failures - 1, 10)), LONGEST_WAIT)
    return timedelta(seconds=waiting.total_seconds() * random.uniform(0.9, 1.1))  # noqa: S311 - spreads load
