"""One poll of a mailbox, from the lease to understood messages.

1. *Lease*: one conditional update; whoever loses it goes home, which is a normal answer.
2. *Read*: batches of new messages over IMAP (`sync`), no transaction open. A folder that the server refuses does not
   stop the others.
3. *Store*: raw bytes and the cursor, in one transaction that also proves the lease. A kill before it fetches the batch
   again, a kill after it leaves messages that are stored and not yet understood.
4. *Look* in the Sent folder for letters of which nobody knows whether they left.
5. *Understand* whatever is stored and not understood (`ingest`).
6. *Say* how it went on the mailbox; after a failure wait longer each time, and tell the owners of the third.
"""

from __future__ import annotations

import random
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

import structlog
from django.conf import settings
from django.db import models, transaction
from django.db.models.functions import Now
from django.utils import timezone

from campaigns.models import Attempt
from inbox import alerts, consequences, ingest
from inbox.models import FolderCursor, RawMessage
from inbox.reading_models import ReadingPlan
from inbox.scope import MailboxScope, digest_of_header
from inbox.storing import keep
from inbox.sync import REFUSED, Batch, Folder, Header, Position, Reader, is_refusal, read_broken, unfetched
from outreach_site.accounts import installation
from outreach_site.lib.moments import FromNow
from outreach_site.mailboxes.errors import MailServerError, Stage, Verdict
from outreach_site.mailboxes.imap import classify_imap_error, connect, search_for
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
FIRST_WAIT, LONGEST_WAIT = timedelta(minutes=1), timedelta(hours=1)
# Tries after which a message that ends the conversation each time is given up.
GIVE_UP_AFTER = 3
# Messages that the server refused before: so many are asked for again in one poll and folder, and for so long.
ASKED_AGAIN = 20
ASK_AGAIN_FOR = timedelta(days=3)
# Letters in doubt that are looked for in the Sent folder in one poll, and for how long after they may have left.
LOOKED_FOR = 5
LOOK_FOR = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a poll did. `sentence` says what stood in the way, empty when nothing did."""

    stored: int = 0
    understood: int = 0
    more: bool = False
    sentence: str = ""
    failed: bool = False
    is_drained: bool = False  # nothing new was left on the server


class LeaseLostError(Exception):
    """Somebody else is at this mailbox, or has moved its cursor: what was fetched is theirs to store."""


def due_mailboxes(now: datetime) -> list[int]:
    """Mailboxes whose turn has come. One query, and one for the installation's standing."""
    if not installation.standing().may_work:
        return []
    return list(_pollable(now).order_by("next_poll_at", "pk").values_list("pk", flat=True))


def _pollable(now: datetime) -> models.QuerySet[Mailbox]:
    free = models.Q(poll_token=None) | models.Q(poll_leased_until__lt=Now())
    return Mailbox.objects.that_can_receive().filter(free, _has_come(now))


def _has_come(now: datetime) -> models.Q:
    """Its turn; also where only a clock ahead of its time can have put that off so far."""
    latest = now + max(poll_every(), 2 * LONGEST_WAIT)
    return models.Q(next_poll_at__lte=now) | models.Q(next_poll_at__gt=latest)


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
    behind = ingest.is_behind(mailbox)
    if outcome.is_drained and not behind:
        # Whatever arrived before this poll began has been read, and understood.
        Mailbox.objects.filter(pk=mailbox_id).update(polled_at=now)
    return replace(outcome, understood=understood, more=outcome.more or behind)


def _take_lease(mailbox_id: int, *, at_once: bool, now: datetime) -> uuid.UUID | None:
    token = uuid.uuid4()
    free = models.Q(poll_token=None) | models.Q(poll_leased_until__lt=Now())
    mine = Mailbox.objects.that_can_receive().filter(free, pk=mailbox_id)
    if not at_once:
        mine = mine.filter(_has_come(now))
    return token if mine.update(poll_token=token, poll_leased_until=FromNow(LEASE)) else None


def _read(mailbox: Mailbox, token: uuid.UUID, *, until: float) -> Outcome:
    work = _Work(mailbox, token, until)
    reader: Reader | None = None
    server: ServerSettings | None = None
    try:
        server = imap_server(mailbox)
        server = replace(server, timeout=min(server.timeout, EXCHANGE_SECONDS))
        with connect(server) as session:
            session.patience.within(CONVERSATION_SECONDS)
            reader = Reader(
                session,
                scope=MailboxScope(mailbox),
                limit=settings.IMAP_FETCH_LIMIT,
                chosen=work.plan.folders,
                one_by_one=mailbox.poll_failures > 0,
            )
            work.read(reader)
    except LeaseLostError:
        raise
    except Exception as err:
        if not isinstance(err, MailServerError) and not read_broken(err):
            log.exception("a mailbox could not be read for a reason of ours", mailbox_id=mailbox.pk)
            return _failed(mailbox, _our_own_fault(), stored=work.stored)
        if reader is not None:
            _give_up_on_culprit(mailbox, token, reader, err)
        return _failed(mailbox, classify_imap_error(err, server=server), stored=work.stored)
    if work.refused is not None:
        return _failed(mailbox, work.refused, stored=work.stored)
    _succeeded(mailbox, more=not work.is_done)
    return Outcome(stored=work.stored, more=not work.is_done, is_drained=work.is_drained)


class _Work:
    """What one slice got through: what is new first, in every folder, then history."""

    def __init__(self, mailbox: Mailbox, token: uuid.UUID, until: float) -> None:
        self.mailbox, self.token, self.until = mailbox, token, until
        self.plan = ReadingPlan.objects.filter(mailbox=mailbox).first() or ReadingPlan(mailbox=mailbox)
        self.stored = 0
        self.is_drained = False
        self.is_done = False
        self.refused: MailServerError | None = None

    def read(self, reader: Reader) -> None:
        folders = reader.folders()
        for folder in folders:
            if not self._take(reader, folder, self._new(reader, folder)):
                return
        self.is_drained = True
        for folder in folders:
            self.stored += _ask_again(self.mailbox, self.token, reader, folder)
        _look_for_letters_in_doubt(self.mailbox, reader, folders)
        for folder in folders:
            if not self._take(reader, folder, self._history(reader, folder)):
                return
        self.is_done = True

    def _take(self, reader: Reader, folder: Folder, batches: Iterator[Batch]) -> bool:
        """False where the time is up. A folder that the server refuses is passed over, and said at the end."""
        try:
            for batch in batches:
                self.stored += _store(self.mailbox, self.token, batch, now=timezone.now())
                if time.monotonic() > self.until:
                    return False
        except Exception as err:
            if not is_refusal(err):
                raise
            log.warning("a folder could not be read", mailbox_id=self.mailbox.pk, refusal=type(err).__name__)
            trouble = classify_imap_error(err, server=reader.session.server)
            self.refused = MailServerError(
                f"The folder “{folder.name}” could not be read. {trouble.sentence}",
                stage=trouble.stage,
                verdict=trouble.verdict,
                permanent=trouble.permanent,
                advice=trouble.advice,
                server_words=trouble.server_words,
            )
        return True

    def _new(self, reader: Reader, folder: Folder) -> Iterator[Batch]:
        cursor = _cursor(self.mailbox, folder)
        return reader.batches(folder, _position(cursor), began_at=cursor.began_at if cursor else None)

    def _history(self, reader: Reader, folder: Folder) -> Iterator[Batch]:
        since = self.plan.history_since
        cursor = _cursor(self.mailbox, folder) if since is not None else None
        position = _position(cursor)
        if since is None or cursor is None or position is None:
            return iter(())
        if cursor.history_read_since is not None and cursor.history_read_since <= since:
            return iter(())
        return reader.history(folder, position, since=since)


def _cursor(mailbox: Mailbox, folder: Folder) -> FolderCursor | None:
    return FolderCursor.objects.filter(mailbox=mailbox, folder=folder.name[:255]).first()


def _position(cursor: FolderCursor | None) -> Position | None:
    return Position(cursor.uid_validity, cursor.last_uid, cursor.history_uid) if cursor else None


def read_history(mailbox: Mailbox, since: date) -> None:
    """Ask that older mail be read too, from a day on; the polls do it once nothing new is left. What has been read of
    it stays read, and asking again for a later day changes nothing.
    """
    with transaction.atomic():
        plan, _ = ReadingPlan.objects.select_for_update().get_or_create(mailbox=mailbox)
        if plan.history_since is None or since < plan.history_since:
            plan.history_since = since
            plan.save(update_fields=["history_since"])
            # Below where an earlier wish had come, there may be messages of these days.
            FolderCursor.objects.filter(mailbox=mailbox).update(history_uid=0)
        Mailbox.objects.filter(pk=mailbox.pk).update(next_poll_at=timezone.now())


def history_is_read(mailbox: Mailbox) -> bool | None:
    """Whether all that was asked for has been read; None where nothing was."""
    plan = ReadingPlan.objects.filter(mailbox=mailbox).first()
    if plan is None or plan.history_since is None:
        return None
    cursors = FolderCursor.objects.filter(mailbox=mailbox)
    unread = models.Q(history_read_since=None) | models.Q(history_read_since__gt=plan.history_since)
    return cursors.exists() and not cursors.filter(unread).exists()


# --- Store ------------------------------------------------------------------------------------------------------------


def _store(mailbox: Mailbox, token: uuid.UUID, batch: Batch, *, now: datetime) -> int:
    """A batch and the cursor, in one transaction; how many messages are new. Raises LeaseLostError."""
    with transaction.atomic():
        if not Mailbox.objects.filter(pk=mailbox.pk, poll_token=token).update(poll_leased_until=FromNow(LEASE)):
            raise LeaseLostError
        _move_cursor(mailbox, batch, now=now)
        if batch.folder.is_sent:
            consequences.prove_by_copies(mailbox, [header.message_id for header in batch.headers])
        elif mailbox.reading == Mailbox.Reading.PERSONAL:
            _pass_by(mailbox, batch, now=now)
        return len(keep(mailbox, batch.messages, now=now))


def _move_cursor(mailbox: Mailbox, batch: Batch, *, now: datetime) -> None:
    """Compare and set: only from where this batch began."""
    moved: dict[str, object] = {
        "uid_validity": batch.after.uid_validity,
        "last_uid": batch.after.last_uid,
        "history_uid": batch.after.history_uid,
        "moved_at": now,
    }
    if batch.read_since is not None:
        moved["history_read_since"] = batch.read_since
    if batch.before is None:
        _, is_new = FolderCursor.objects.get_or_create(mailbox=mailbox, folder=batch.folder.name[:255], defaults=moved)
        if not is_new:
            raise LeaseLostError
        return
    if batch.before.uid_validity != batch.after.uid_validity:
        moved["history_read_since"] = None
    at = FolderCursor.objects.filter(
        mailbox=mailbox,
        folder=batch.folder.name[:255],
        uid_validity=batch.before.uid_validity,
        last_uid=batch.before.last_uid,
        history_uid=batch.before.history_uid,
    )
    if not at.update(**moved):
        raise LeaseLostError


def _pass_by(mailbox: Mailbox, batch: Batch, *, now: datetime) -> None:
    """Of what is none of our business the UID and a digest alone, so that it is known when UIDs begin anew."""
    taken = {message.uid for message in batch.messages}
    passed = [header for header in batch.headers if header.uid not in taken and header.message_id]
    digests = {digest_of_header(header): header for header in passed}
    stored = RawMessage.objects.filter(mailbox=mailbox)
    known = set(stored.filter(digest__in=list(digests)).values_list("digest", flat=True))
    # What was met again under new UIDs, and is stored whole, needs no second row.
    moments = {header.received_at for header in passed}
    whole = set(stored.filter(received_at__in=moments).values_list("message_id", "received_at", "size"))
    RawMessage.objects.bulk_create(
        [
            RawMessage(
                mailbox=mailbox,
                digest=digest,
                size=0,
                folder=batch.folder.name[:255],
                uid_validity=batch.after.uid_validity,
                uid=header.uid,
                received_at=now,
                stored_at=now,
                understood_at=now,
            )
            for digest, header in digests.items()
            if digest not in known and (header.message_id[:998], header.received_at, header.size) not in whole
        ]
    )


def _give_up_on_culprit(mailbox: Mailbox, token: uuid.UUID, reader: Reader, err: Exception) -> None:
    """A message whose bytes end the conversation every time becomes a row with an error, and the cursor moves on."""
    if not reader.fetching or mailbox.poll_failures + 1 < GIVE_UP_AFTER:
        return
    folder, header = reader.fetching[0]
    before = _position(_cursor(mailbox, folder))
    if before is None:
        return
    after = _past(before, header)
    if after is None:
        return
    error = f"The conversation with the server broke each time this message was fetched: {classify_imap_error(err)}"
    given_up = unfetched(folder, before.uid_validity, header, error)
    batch = Batch(folder, (), [given_up], before=before, after=after)
    _store(mailbox, token, batch, now=timezone.now())
    log.warning("a message was given up", mailbox_id=mailbox.pk, uid=header.uid)


def _past(before: Position, header: Header) -> Position | None:
    if header.uid > before.last_uid:
        return replace(before, last_uid=header.uid)
    return replace(before, history_uid=header.uid) if header.uid > before.history_uid else None


def _ask_again(mailbox: Mailbox, token: uuid.UUID, reader: Reader, folder: Folder) -> int:
    """What the server would not give before, it may give now: the row with the error makes way. How many came."""
    now = timezone.now()
    cursor = _cursor(mailbox, folder)
    if cursor is None:
        return 0
    refused = RawMessage.objects.filter(mailbox=mailbox, error__startswith=REFUSED, stored_at__gt=now - ASK_AGAIN_FOR)
    here = refused.filter(folder=cursor.folder, uid_validity=cursor.uid_validity).order_by("uid")
    rows = dict(here.values_list("uid", "pk")[:ASKED_AGAIN])
    if not rows:
        return 0
    given = reader.ask_again(folder, cursor.uid_validity, list(rows))
    with transaction.atomic():
        if not Mailbox.objects.filter(pk=mailbox.pk, poll_token=token).update(poll_leased_until=FromNow(LEASE)):
            raise LeaseLostError
        RawMessage.objects.filter(pk__in=[rows[message.uid] for message in given]).delete()
        return len(keep(mailbox, given, now=now))


# --- Letters in doubt -------------------------------------------------------------------------------------------------


def _look_for_letters_in_doubt(mailbox: Mailbox, reader: Reader, folders: tuple[Folder, ...]) -> None:
    """A copy in the Sent folder proves that a letter left; that there is none proves nothing."""
    sent = next((folder for folder in folders if folder.is_sent), None)
    since = timezone.now() - LOOK_FOR
    doubtful = Attempt.objects.filter(mailbox=mailbox, state=Attempt.State.UNCERTAIN, finished_at__gt=since)
    ids = list(doubtful.exclude(message_id="").order_by("-pk").values_list("message_id", flat=True)[:LOOKED_FOR])
    if sent is None or not ids:
        return
    day = (since - timedelta(days=1)).date()
    try:
        reader.session.select_folder(sent.name, readonly=True)
        found = [each for each in ids if search_for(reader.session, "Message-ID", each, since=day)]
    except Exception as err:
        if not is_refusal(err):
            raise
        return
    consequences.prove_by_copies(mailbox, found)


# --- Say how it went --------------------------------------------------------------------------------------------------


def _succeeded(mailbox: Mailbox, *, more: bool) -> None:
    now = timezone.now()
    mailbox.mark_receiving_ok(now=now)
    # In a rehearsal answers come within seconds, and the clock is the schedule's own minute.
    pause = timedelta(0) if more or mailbox.workspace.is_rehearsal else poll_every() - timedelta(seconds=30)
    Mailbox.objects.filter(pk=mailbox.pk).update(poll_failures=0, next_poll_at=now + pause)


def poll_every() -> timedelta:
    return timedelta(minutes=settings.IMAP_POLL_MINUTES)


def _failed(mailbox: Mailbox, err: MailServerError, *, stored: int) -> Outcome:
    now = timezone.now()
    mailbox.mark_receiving_trouble(err, now=now)
    failures = mailbox.poll_failures + 1
    Mailbox.objects.filter(pk=mailbox.pk).update(poll_failures=failures, next_poll_at=now + wait_after(failures))
    if failures == alerts.AFTER_FAILURES:
        alerts.tell_owners(mailbox, err)
    log.warning("a mailbox could not be read", mailbox_id=mailbox.pk, stage=err.stage, failures=failures)
    return Outcome(stored=stored, sentence=f"{err.sentence} {err.advice}".strip(), failed=True)


def _our_own_fault() -> MailServerError:
    return MailServerError(
        "Something went wrong on this server while the mailbox was read.",
        stage=Stage.PROTOCOL,
        verdict=Verdict.RETRY,
        permanent=False,
        advice="It is tried again. If it lasts, the log of this server says more.",
    )


def wait_after(failures: int) -> timedelta:
    """About 1, 2, 4 … 60 minutes after the first, second, third … failure in a row."""
    waiting = min(FIRST_WAIT * int(2 ** min(failures - 1, 10)), LONGEST_WAIT)
    return timedelta(seconds=waiting.total_seconds() * random.uniform(0.9, 1.1))  # noqa: S311 - spreads load
