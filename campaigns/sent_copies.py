"""Copies of what was sent, in the mailbox's own Sent folder over IMAP: an option, for providers that keep none.

1. A letter that is settled as sent gets a row, in the same transaction.
2. A task claims rows of one mailbox, with no transaction open while the server is spoken to.
3. The folder is searched for the Message-ID; only where it is not, the copy is appended. So a task that died between
   the append and its note is repeated without a second copy.
4. A failure shows on the mailbox's card, and touches neither the letter nor the mailbox's state. A copy that the
   server refuses, or that it hangs up on, is tried again alone: the others go on, over a new connection if need be.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta

import structlog
from django.db import models
from django.db.models.functions import Now

from campaigns.letters import as_sent
from campaigns.models import Attempt, SentCopy
from outreach_site.accounts import installation
from outreach_site.lib.moments import FromNow
from outreach_site.mailboxes.errors import MailServerError, Stage, Verdict
from outreach_site.mailboxes.imap import (
    ImapSession,
    ServerSettings,
    append_as_read,
    classify_imap_error,
    connect,
    find_folders,
    is_refusal,
    search_for,
)
from outreach_site.mailboxes.models import Mailbox
from outreach_site.mailboxes.sign_ins import imap_server

log = structlog.get_logger(__name__)

SLICE_SECONDS = 20.0
AT_ONCE = 50
# In one slice, with a server that hangs up on copies. What is left is for the next one.
MOST_CONNECTIONS = 3
# Longer than one exchange with a server can take.
CLAIM = timedelta(minutes=5)
WAITS = (timedelta(minutes=2), timedelta(minutes=10), timedelta(hours=1), timedelta(hours=6))


def plan(sent: Sequence[Attempt], *, now: datetime) -> None:
    """Note which of these letters want a copy, in the caller's transaction. No query where none does."""
    wanted = [each for each in sent if each.mailbox is not None and each.mailbox.keeps_copies]
    if wanted:
        SentCopy.objects.bulk_create([SentCopy(attempt=each, due_at=now) for each in wanted], ignore_conflicts=True)


def due_mailboxes(*, now: datetime) -> list[int]:
    if not installation.standing().may_work:
        return []
    due = _due(now).filter(attempt__mailbox__archived_at=None).exclude(attempt__mailbox__imap_host="")
    return list(due.order_by().values_list("attempt__mailbox", flat=True).distinct())


def _due(now: datetime) -> models.QuerySet[SentCopy]:
    free = models.Q(claimed_until=None) | models.Q(claimed_until__lt=Now())
    return SentCopy.objects.filter(free, copied_at=None, given_up_at=None, due_at__lte=now)


def copy(mailbox_id: int, *, now: datetime) -> int:
    """Put what is due into one mailbox's Sent folder, for one slice; how many copies lie there now."""
    mailbox = Mailbox.objects.in_use().select_related("workspace").filter(pk=mailbox_id).first()
    if mailbox is None or not mailbox.imap_host or not installation.standing().may_work:
        return 0
    claimed = _claim(mailbox, now=now)
    if not claimed:
        return 0
    waiting, ends_at = deque(claimed), time.monotonic() + SLICE_SECONDS
    done = refused = connections = 0
    try:
        server = imap_server(mailbox)
        while waiting and connections < MOST_CONNECTIONS and (left := ends_at - time.monotonic()) > 0:
            connections += 1
            for each, refusal in _copy_all(server, waiting, seconds=left, now=now):
                if refusal is None:
                    done += 1
                else:
                    refused += 1
                    _failed(mailbox, [each], refusal, now=now)
    except MailServerError as err:
        _failed(mailbox, waiting, err, now=now)
    else:
        if not refused:
            Mailbox.objects.filter(pk=mailbox.pk).exclude(sent_copy_trouble="").update(sent_copy_trouble="")
    finally:
        SentCopy.objects.filter(pk__in=[each.pk for each in claimed], copied_at=None).update(claimed_until=None)
    return done


def _claim(mailbox: Mailbox, *, now: datetime) -> list[SentCopy]:
    """Each by a conditional update: what somebody else was quicker to take is theirs."""
    due = _due(now).filter(attempt__mailbox=mailbox).select_related("attempt__campaign__workspace", "attempt__mailbox")
    return [
        each
        for each in due.order_by("due_at", "pk")[:AT_ONCE]
        if _due(now).filter(pk=each.pk).update(claimed_until=FromNow(CLAIM))
    ]


def _copy_all(
    server: ServerSettings, waiting: deque[SentCopy], *, seconds: float, now: datetime
) -> Iterator[tuple[SentCopy, MailServerError | None]]:
    """Over one connection, while that lasts: each one that was tried, and what went wrong with it, if anything did. It
    is taken out of those that wait. Raises MailServerError for what concerns them all.
    """
    with connect(server) as session:
        until = time.monotonic() + seconds
        session.patience.within(seconds)
        folder = _opened(session)
        while waiting and time.monotonic() < until:
            each = waiting.popleft()
            try:
                raw = as_sent(each.attempt)
            except ValueError:
                # Erased, or of a mailbox that is gone: there is nothing to copy any more.
                SentCopy.objects.filter(pk=each.pk).update(given_up_at=now)
                continue
            try:
                _put(session, folder, each.attempt, raw, now=now)
            except (OSError, ValueError, *session.ERRORS) as err:
                yield each, classify_imap_error(err, server=session.server)
                if is_refusal(err):
                    continue
                return
            SentCopy.objects.filter(pk=each.pk).update(copied_at=now)
            yield each, None


def _opened(session: ImapSession) -> str:
    """The name of the Sent folder, which is open now. Raises MailServerError."""
    try:
        folder = find_folders(session).sent
        if not folder:
            raise _no_folder()
        session.select_folder(folder)
    except (OSError, ValueError, *session.ERRORS) as err:
        raise classify_imap_error(err, server=session.server) from err
    return folder


def _put(session: ImapSession, folder: str, attempt: Attempt, raw: bytes, *, now: datetime) -> None:
    """Append it where it is not there already."""
    if not search_for(session, "Message-ID", attempt.wire_id or attempt.message_id) and not (
        attempt.wire_id and search_for(session, "Message-ID", attempt.message_id)
    ):
        append_as_read(session, folder, raw, at=attempt.finished_at or now)


def _no_folder() -> MailServerError:
    return MailServerError(
        "The mailbox has no folder for them: make one named “Sent” there, or switch the copies off.",
        stage=Stage.PROTOCOL,
        verdict=Verdict.RETRY,
        permanent=False,
    )


def _failed(mailbox: Mailbox, claimed: Iterable[SentCopy], err: MailServerError, *, now: datetime) -> None:
    log.warning("copies of sent letters could not be kept", mailbox=mailbox.pk)
    said = f" The server said: {err.quoted_words}" if err.server_words else ""
    Mailbox.objects.filter(pk=mailbox.pk).update(
        sent_copy_trouble=f"Copies of sent letters could not be put into the Sent folder. {err.sentence}{said}"[:300]
    )
    for each in claimed:
        mine = SentCopy.objects.filter(pk=each.pk, copied_at=None, given_up_at=None)
        if each.tries >= len(WAITS):
            mine.update(tries=models.F("tries") + 1, given_up_at=now)
        else:
            mine.update(tries=models.F("tries") + 1, due_at=now + WAITS[each.tries])
