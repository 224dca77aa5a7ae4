"""From stored bytes to a reply and its consequences: understand, match, act, in one transaction a message.

Whatever is done here can be done again: the same message is the same reply, a consequence that was drawn is not drawn
twice, and a tag that a person chose stays. A message that trips us becomes a row with an error, and the next one
follows.
"""

from __future__ import annotations

import time
from datetime import datetime

import structlog
from django.db import DatabaseError, DataError, transaction
from django.utils import timezone

from inbox import consequences, matching
from inbox.matching import Match
from inbox.models import RawMessage, Reply, ReplyLabel
from inbox.scope import key_of
from inbox.storing import Arrival, keep, message_id_in
from inbox.understanding import MessageKind, Understanding, understand
from outreach_site.mailboxes.models import Mailbox

log = structlog.get_logger(__name__)

AT_ONCE = 50
HEADERS_WITHIN = 64 * 1024


def store(mailbox: Mailbox, raw: bytes, *, received_at: datetime, folder: str = "", now: datetime) -> RawMessage:
    """The row of one message that came by another way than a poll; the row that is there where we have it already.

    Store first, then `ingest(row.pk, now=...)`, each in a transaction of its own: what is stored is understood later by
    the next poll, should the second step not be reached.
    """
    header = raw[:HEADERS_WITHIN].partition(b"\r\n\r\n")[0]
    arrival = Arrival(raw=raw, received_at=received_at, size=len(raw), message_id=message_id_in(header), folder=folder)
    keep(mailbox, [arrival], now=now)
    return RawMessage.objects.get(mailbox=mailbox, digest=arrival.digest)


def is_behind(mailbox: Mailbox) -> bool:
    """Whether something is stored and not yet understood."""
    return RawMessage.objects.not_understood().filter(mailbox=mailbox).exists()


def understand_stored(mailbox: Mailbox, *, until: float) -> int:
    """Understand what is stored, oldest first, until a monotonic moment; how many."""
    done = 0
    while time.monotonic() < until:
        waiting = list(
            RawMessage.objects.not_understood()
            .filter(mailbox=mailbox)
            .order_by("pk")
            .values_list("pk", flat=True)[:AT_ONCE]
        )
        if not waiting:
            break
        own = own_addresses(mailbox)
        for pk in waiting:
            if time.monotonic() >= until:
                return done
            ingest(pk, own=own, now=timezone.now())
            done += 1
    return done


def own_addresses(mailbox: Mailbox) -> frozenset[str]:
    """Addresses that letters of this workspace leave from."""
    addresses = Mailbox.objects.in_workspace(mailbox.workspace).values_list("email", flat=True)
    return frozenset(address.lower() for address in addresses)


def ingest(raw_id: int, *, own: frozenset[str] | None = None, now: datetime) -> Reply | None:
    """Understand one stored message, or understand it again with today's rules. None where it makes no reply."""
    raw = RawMessage.objects.select_related("body", "mailbox__workspace").get(pk=raw_id)
    try:
        own = own_addresses(raw.mailbox) if own is None else own
        understood = understand(
            raw.body.raw, received_on=raw.mailbox.workspace.day_of(raw.received_at), own_addresses=own
        )
        with transaction.atomic():
            reply = _take_in(raw, understood, now=now)
            RawMessage.objects.filter(pk=raw.pk).update(understood_at=now, error=understood.message.error[:500])
    except Exception as err:
        if isinstance(err, DatabaseError) and not isinstance(err, DataError):
            raise  # The database is in trouble, not the message: it waits.
        log.exception("a message could not be understood", message_id=raw.pk)
        RawMessage.objects.filter(pk=raw.pk).update(error=f"Could not be understood: {type(err).__name__}"[:500])
        return None
    return reply


def _take_in(raw: RawMessage, understood: Understanding, *, now: datetime) -> Reply | None:
    # One message of a mailbox after the other, also when two workers came.
    raw = RawMessage.objects.select_for_update(no_key=True).select_related("mailbox__workspace").get(pk=raw.pk)
    if understood.kind is MessageKind.OWN_COPY:
        consequences.prove_by_copy(raw.mailbox, understood.message.message_id)
        return None
    reply = Reply.objects.filter(raw=raw).first()
    if reply is None and _is_known(raw, understood):
        return None
    match = matching.find(raw.mailbox, understood)
    if reply is not None and reply.attempt_id is not None and match is None:
        match = _as_before(reply)
    reply = _written(reply, raw, understood, match, now=now)
    consequences.draw(reply, understood, match, now=now)
    return reply


def _is_known(raw: RawMessage, understood: Understanding) -> bool:
    """The same Message-ID with the same text, in another folder or with other headers on top, is one reply."""
    message_id = understood.message.message_id
    return (
        bool(message_id)
        and Reply.objects.filter(
            mailbox=raw.mailbox, message_id=message_id, text_digest=understood.text_digest
        ).exists()
    )


def _as_before(reply: Reply) -> Match | None:
    attempt = reply.attempt
    return Match(attempt, matching.MatchedBy(reply.matched_by)) if attempt and reply.matched_by else None


def _written(
    reply: Reply | None, raw: RawMessage, understood: Understanding, match: Match | None, *, now: datetime
) -> Reply:
    """The reply's row, new or brought up to date; a person's own tag beats ours."""
    message, report = understood.message, understood.report
    is_new = reply is None
    reply = reply or Reply(workspace=raw.mailbox.workspace, mailbox=raw.mailbox, raw=raw)
    by_person = not is_new and reply.labels.exclude(user=None).exists()
    tag = _tag(understood)
    reply.kind = _kind(understood)
    reply.attempt = match.attempt if match else None
    reply.lead = match.attempt.lead if match else None
    reply.campaign = match.attempt.campaign if match else None
    reply.matched_by = match.by.value if match else ""
    reply.evidence = _evidence(understood)
    reply.intents = [each.as_row for each in understood.verdict.intents] if understood.verdict else []
    reply.return_on = understood.return_on
    reply.failed_recipient = report.recipients[0][:254] if report and report.recipients else ""
    reply.hardness = report.hardness.value if report and report.hardness else ""
    reply.server_words = report.reason[:500] if report else ""
    reply.from_name, reply.from_email = message.from_name[:200], message.from_email[:254]
    reply.from_key = key_of(message.from_email) or message.from_email.lower()[:254]
    reply.subject, reply.message_id, reply.in_reply_to = message.subject, message.message_id, message.in_reply_to
    reply.text, reply.new_text, reply.text_digest = message.text, message.new_text, understood.text_digest
    reply.received_at = min(raw.received_at, now)
    if not by_person:
        verdict = understood.verdict
        changed = reply.classification != tag
        reply.classification = tag
        reply.asks_opt_out = verdict.asks_opt_out if verdict else False
        reply.needs_review = verdict.needs_review if verdict else False
    if is_new and reply.kind in Reply.AUTOMATIC:
        reply.read_at = now  # Nobody has to read what a machine wrote.
    reply.save()
    if not by_person and changed:
        ReplyLabel.objects.create(reply=reply, classification=tag, user=None, labelled_at=now)
    return reply


def _kind(understood: Understanding) -> Reply.Kind:
    if understood.kind is MessageKind.COMPLAINT and not understood.suppresses:
        return Reply.Kind.RECEIPT  # A machine's report on a signature: nobody complained.
    return Reply.Kind(understood.kind.value)


def _tag(understood: Understanding) -> Reply.Classification:
    if understood.verdict is not None:
        return Reply.Classification(understood.verdict.tag.value)
    if understood.kind is MessageKind.BOUNCE:
        return Reply.Classification.BOUNCE
    if understood.kind is MessageKind.COMPLAINT and understood.suppresses:
        return Reply.Classification.COMPLAINT
    return Reply.Classification.REPLIED


def _evidence(understood: Understanding) -> list[dict[str, object]]:
    verdict = understood.verdict
    if verdict is None:
        return []
    return [{"words": each.words, "rule": each.rule, "start": each.start, "end": each.end} for each in verdict.evidence]
