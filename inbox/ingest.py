"""From stored bytes to replies and their consequences: understand, match, act.

1. *Take* the next messages of a mailbox that are stored and not understood, as many as fit into memory.
2. *Understand* each: work of the processor alone, no transaction open.
3. *Write down* what came of all of them, match them to letters and draw the consequences, in one transaction with a
   number of queries that does not grow with them. What trips it is found by doing the same for each message alone.

Whatever is done here can be done again: the same message is the same reply, a consequence that was drawn is not drawn
twice, and a tag that a person chose stays. A message that trips us becomes a row with an error, and the next one
follows.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import structlog
from django.db import DatabaseError, DataError, IntegrityError, transaction
from django.utils import timezone

from inbox import by_hand, consequences, matching
from inbox.consequences import Drawn
from inbox.matching import Match
from inbox.models import RawMessage, Reply, ReplyLabel
from inbox.parsing import ParsedMessage, parse
from inbox.scope import key_of
from inbox.storing import Arrival, keep, message_id_in
from inbox.understanding import MessageKind, Understanding, understand
from outreach_site.lib.inserting import insert
from outreach_site.mailboxes.models import Mailbox

log = structlog.get_logger(__name__)

AT_ONCE = 400
HEADERS_WITHIN = 64 * 1024
# Of messages that are in memory together.
BYTES_AT_ONCE = 16 * 1024 * 1024


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
    own = own_addresses(mailbox)
    while time.monotonic() < until:
        waiting = RawMessage.objects.not_understood().filter(mailbox=mailbox)
        raws = _that_fit(waiting.order_by("pk").values_list("pk", "size")[:AT_ONCE])
        if not raws:
            break
        ingest_many(mailbox, raws, own=own, now=timezone.now())
        done += len(raws)
    return done


def _that_fit(waiting: Iterable[tuple[int, int]]) -> list[int]:
    """Keys of messages whose bytes fit into memory together; at least one."""
    chosen: list[int] = []
    total = 0
    for pk, size in waiting:
        total += size
        if chosen and total > BYTES_AT_ONCE:
            break
        chosen.append(pk)
    return chosen


def own_addresses(mailbox: Mailbox) -> frozenset[str]:
    """Addresses that letters of this workspace leave from."""
    addresses = Mailbox.objects.in_workspace(mailbox.workspace).values_list("email", flat=True)
    return frozenset(address.lower() for address in addresses)


def ingest(raw_id: int, *, own: frozenset[str] | None = None, now: datetime) -> Reply | None:
    """Understand one stored message, or understand it again with today's rules. None where it makes no reply."""
    mailbox = Mailbox.objects.select_related("workspace").get(pk=RawMessage.objects.get(pk=raw_id).mailbox_id)
    own = own_addresses(mailbox) if own is None else own
    return ingest_many(mailbox, [raw_id], own=own, now=now, again=True).get(raw_id)


def ingest_many(
    mailbox: Mailbox, raw_ids: Sequence[int], *, own: frozenset[str], now: datetime, again: bool = False
) -> dict[int, Reply]:
    """Understand stored messages of one mailbox; their replies, by the messages' keys.

    `again`: also those that were understood before.
    """
    raws = list(RawMessage.objects.filter(pk__in=raw_ids).select_related("body").order_by("pk"))
    read = [found for raw in raws if (found := _read(raw, mailbox, own, now=now)) is not None]
    return _settle(mailbox, read, now=now, again=again)


@dataclass(frozen=True, slots=True)
class _Read:
    """A message and what was made of it; of a letter in the Sent folder its parts alone."""

    raw: RawMessage
    message: ParsedMessage
    understood: Understanding | None


def _read(raw: RawMessage, mailbox: Mailbox, own: frozenset[str], *, now: datetime) -> _Read | None:
    body = getattr(raw, "body", None)
    if body is None:  # Its bytes were let go, or never came.
        RawMessage.objects.filter(pk=raw.pk, understood_at=None, error="").update(understood_at=now)
        return None
    try:
        if raw.is_sent:
            return _Read(raw, parse(body.raw), None)
        day = mailbox.workspace.day_of(raw.received_at)
        understood = understand(body.raw, received_on=day, own_addresses=own)
    except Exception as err:  # noqa: BLE001 - whatever it is, it is written down, and the next message follows
        _trips_us(raw, err)
        return None
    return _Read(raw, understood.message, understood)


def _settle(mailbox: Mailbox, read: Sequence[_Read], *, now: datetime, again: bool) -> dict[int, Reply]:
    if not read:
        return {}
    try:
        with transaction.atomic():
            return _take_in(mailbox, read, now=now, again=again)
    except Exception as err:
        if isinstance(err, DatabaseError) and not isinstance(err, (DataError, IntegrityError)):
            raise  # The database is in trouble, not the messages: they wait.
        if len(read) == 1:
            _trips_us(read[0].raw, err)
            return {}
    replies: dict[int, Reply] = {}
    for each in read:
        replies |= _settle(mailbox, [each], now=now, again=again)
    return replies


def _trips_us(raw: RawMessage, err: Exception) -> None:
    log.error("a message could not be understood", message_id=raw.pk, exc_info=err)
    RawMessage.objects.filter(pk=raw.pk).update(error=f"Could not be understood: {type(err).__name__}"[:500])


def _take_in(mailbox: Mailbox, read: Sequence[_Read], *, now: datetime, again: bool) -> dict[int, Reply]:
    read = _still_ours(read, again=again)
    consequences.prove_by_copies(
        mailbox,
        [each.message.message_id for each in read if each.understood is None or _is_copy(each.understood)],
    )
    for each in read:
        if each.understood is None:
            by_hand.take_in(mailbox, each.raw, each.message, now=now)
    replies = _write_replies(mailbox, read, now=now)
    RawMessage.objects.filter(pk__in=[each.raw.pk for each in read]).update(understood_at=now, error="")
    for each in read:
        if each.message.error:
            RawMessage.objects.filter(pk=each.raw.pk).update(error=each.message.error[:500])
    return replies


def _still_ours(read: Sequence[_Read], *, again: bool) -> list[_Read]:
    """Locked, one batch of a mailbox after the other; without what another worker has understood meanwhile."""
    rows = RawMessage.objects.select_for_update(no_key=True).filter(pk__in=[each.raw.pk for each in read])
    locked = set((rows if again else rows.filter(understood_at=None)).order_by("pk").values_list("pk", flat=True))
    return [each for each in read if each.raw.pk in locked]


def _is_copy(understood: Understanding) -> bool:
    return understood.kind is MessageKind.OWN_COPY


def _write_replies(mailbox: Mailbox, read: Sequence[_Read], *, now: datetime) -> dict[int, Reply]:
    """The replies that these messages make, new or brought up to date, with what follows from them."""
    incoming = [(each.raw, each.understood) for each in read if each.understood and not _is_copy(each.understood)]
    if not incoming:
        return {}
    before = {
        reply.raw_id: reply
        for reply in Reply.objects.filter(raw__in=[raw.pk for raw, _ in incoming]).select_related(
            "attempt__campaign__workspace", "attempt__lead__contact", "lead", "campaign"
        )
    }
    incoming = _only_once(mailbox, incoming, before)
    matches = matching.find_many(mailbox, [understood for _, understood in incoming])
    by_person = _tagged_by_people([reply.pk for reply in before.values()])
    drawn: list[Drawn] = []
    retagged: list[Reply] = []
    for (raw, understood), found in zip(incoming, matches, strict=True):
        reply = before.get(raw.pk)
        was = _standing(reply)
        if reply is None:
            reply = Reply(workspace=mailbox.workspace, mailbox=mailbox, raw=raw)
        tagged = reply.pk in by_person
        tag_before, is_first = reply.classification, reply.lead_id is None
        match = _better(reply, found)
        _fill(reply, understood, match, tagged_by_person=tagged, now=now)
        if not tagged and tag_before != reply.classification:
            retagged.append(reply)
        if was != _standing(reply):
            drawn.append(Drawn(reply, understood, match, tagged_by_person=tagged, is_first=is_first))
        elif match is not None and match.is_proof:
            drawn.append(Drawn(reply, understood, match, tagged_by_person=tagged, is_news=False))
    written = [each for raw, _ in incoming if (each := before.get(raw.pk)) is not None]
    new = [each.reply for each in drawn if each.reply.pk is None]
    insert(new)
    for reply in written:
        reply.save()
    insert(
        [ReplyLabel(reply=reply, classification=reply.classification, labelled_at=now) for reply in retagged],
        with_keys=False,
    )
    consequences.draw(drawn, now=now)
    return {reply.raw_id: reply for reply in [*new, *written]}


def _only_once(
    mailbox: Mailbox, incoming: Sequence[tuple[RawMessage, Understanding]], before: Mapping[int, Reply]
) -> list[tuple[RawMessage, Understanding]]:
    """Without copies: the same Message-ID with the same text, in another folder or with other headers on top, is one
    reply.
    """
    ids = {understood.message.message_id for _, understood in incoming} - {""}
    replies = Reply.objects.filter(mailbox=mailbox, message_id__in=ids).exclude(message_id="")
    met = set(replies.values_list("message_id", "text_digest")) if ids else set()
    kept = []
    for raw, understood in incoming:
        name = (understood.message.message_id, understood.text_digest)
        if raw.pk not in before:
            if name in met:
                continue
            if name[0]:
                met.add(name)
        kept.append((raw, understood))
    return kept


def _tagged_by_people(keys: Sequence[int]) -> set[int]:
    if not keys:
        return set()
    return set(ReplyLabel.objects.filter(reply__in=keys).exclude(user=None).values_list("reply", flat=True))


def _standing(reply: Reply | None) -> tuple[object, ...]:
    """What the consequences of a reply depend on: only where this is new, or has changed, something follows."""
    if reply is None:
        return ()
    return (
        reply.kind,
        reply.classification,
        reply.asks_opt_out,
        reply.needs_review,
        reply.hardness,
        reply.lead_id,
        reply.matched_by,
    )


def _better(reply: Reply, match: Match | None) -> Match | None:
    """What tied it to a letter before stands: a person's word always, a rule's where today's rules find nothing."""
    if reply.matched_by == matching.MatchedBy.HAND:
        return None
    if match is None and reply.attempt is not None and reply.matched_by:
        return Match(reply.attempt, matching.MatchedBy(reply.matched_by))
    return match


def _fill(
    reply: Reply, understood: Understanding, match: Match | None, *, tagged_by_person: bool, now: datetime
) -> None:
    """What the rules say, into the row; a person's own tag and link beat ours."""
    message, report, verdict = understood.message, understood.report, understood.verdict
    is_new = reply.pk is None
    kind = _kind(understood)
    # Tagged as somebody's own words, it is no automatic reply, whatever its headers say.
    if not (tagged_by_person and reply.kind == Reply.Kind.REPLY and kind == Reply.Kind.AUTO_REPLY):
        reply.kind = kind
    if reply.matched_by != matching.MatchedBy.HAND:
        reply.attempt = match.attempt if match else None
        reply.lead_id = match.attempt.lead_id if match else None
        reply.campaign_id = match.attempt.campaign_id if match else None
        reply.matched_by = match.by.value if match else ""
    reply.evidence = _evidence(understood)
    reply.intents = [each.as_row for each in verdict.intents] if verdict else []
    reply.return_on = understood.return_on
    reply.failed_recipient = report.recipients[0][:254] if report and report.recipients else ""
    reply.hardness = report.hardness.value if report and report.hardness else ""
    reply.server_words = report.reason[:500] if report else ""
    reply.from_name, reply.from_email = message.from_name[:200], message.from_email[:254]
    reply.from_key = key_of(message.from_email) or message.from_email.lower()[:254]
    reply.subject, reply.message_id, reply.in_reply_to = message.subject, message.message_id, message.in_reply_to
    reply.text, reply.new_text, reply.text_digest = message.text, message.new_text, understood.text_digest
    reply.received_at = min(reply.raw.received_at, now)
    if not tagged_by_person:
        reply.classification = _tag(understood)
        reply.asks_opt_out = verdict.asks_opt_out if verdict else False
        reply.needs_review = verdict.needs_review if verdict else False
    if is_new and reply.kind in Reply.AUTOMATIC:
        reply.read_at = now  # Nobody has to read what a machine wrote.


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
