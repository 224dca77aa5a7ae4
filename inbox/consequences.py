"""What follows from a reply: for the lead, the letters that wait, the suppression list; and how it is taken back.

Wrong suppression is the worst error, and anybody can write a bounce or put any sender on a letter. So a report
suppresses only when it names a Message-ID of ours. A refusal suppresses whoever wrote it, and the address that we wrote
to only where the answer names our letter.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q

from campaigns import wire_ids
from campaigns.analytics.upkeep import recount
from campaigns.following import go_on, postpone
from campaigns.lifecycle import ENDS_WRITING
from campaigns.models import Attempt, Lead
from campaigns.placements.recording import quote
from campaigns.queueing import cancel_waiting, cancel_waiting_for, prove_sent, requeue, stop_at_companies
from campaigns.rota import CannotQueueError
from compliance import audit, holds, suppression
from compliance.addresses import domain_of
from compliance.models import Hold, Kind, Suppression
from inbox import telling
from inbox.bounces import Hardness
from inbox.classify import classify
from inbox.intents import IntentName
from inbox.matching import Match
from inbox.models import Reply, ReplyLabel
from inbox.reading_models import ReplyLink
from inbox.scope import key_of
from inbox.understanding import MessageKind, Understanding
from outreach_site.accounts.models import User, Workspace
from outreach_site.lib.domains import registrable
from outreach_site.lib.ports import announce
from outreach_site.mailboxes.models import Mailbox

# A report without our Message-ID about an address that was written to this recently makes a person look.
DOUBTFUL_REPORT = timedelta(days=14)
Reason = Suppression.Reason
Tag = Reply.Classification

# Statuses that an automatic move never leaves: the link is live; they asked to be removed.
_STAYS = (Lead.Status.PLACED, Lead.Status.UNSUBSCRIBED)


class CannotUndoError(Exception):
    """What came from this reply can no longer be taken back here; the message says why."""


@dataclass(frozen=True, slots=True)
class Drawn:
    """A message from which something may follow. `is_news`: more than that its letter arrived; `is_first`: until now
    nothing was tied to a lead by it."""

    reply: Reply
    understood: Understanding
    match: Match | None
    tagged_by_person: bool = False
    is_news: bool = True
    is_first: bool = False


def draw(messages: Sequence[Drawn], *, now: datetime) -> None:
    """Draw the consequences of understood messages of one mailbox, oldest first, in the caller's transaction.

    What follows from nearly every message is done for all together; what is rare, for each.
    """
    proved = [each.match.attempt for each in messages if each.match is not None and each.match.is_proof]
    unknown = [letter for letter in proved if letter.state != Attempt.State.SENT]
    if unknown:
        prove_sent(unknown, by="an answer or a report")
    news = [each for each in messages if each.is_news]
    _people_wrote([each for each in news if each.understood.kind is MessageKind.REPLY], now=now)
    _are_away([each for each in news if each.understood.return_on is not None], now=now)
    _prices_were_named([each.reply for each in news if each.understood.kind is MessageKind.REPLY])
    _addresses_are_dead([each for each in news if _is_hard_bounce(each.understood)], now=now)
    for each in news:
        if each.understood.kind is MessageKind.COMPLAINT and each.understood.suppresses:
            _complained(each.reply, each.match, now=now)
    telling.tell(news)


def _is_hard_bounce(understood: Understanding) -> bool:
    report = understood.report
    return understood.kind is MessageKind.BOUNCE and report is not None and report.hardness is Hardness.HARD


def prove_by_copies(mailbox: Mailbox, message_ids: Sequence[str]) -> None:
    """Copies of our own letters, in the mailbox or its Sent folder, show that they left. One query or two."""
    ids = [each for each in message_ids if each]
    if not ids:
        return
    letters = Attempt.objects.in_workspace(mailbox.workspace).provable()
    proved = list(letters.filter(Q(message_id__in=ids) | Q(wire_id__in=wire_ids.all_spellings(ids))))
    if proved:
        prove_sent(proved, by="a copy in the mailbox")


# --- A person wrote ---------------------------------------------------------------------------------------------------


def _people_wrote(messages: Sequence[Drawn], *, now: datetime) -> None:
    # What follows from a person's tag was drawn when they chose it.
    wrote = [each for each in messages if not each.tagged_by_person and each.reply.classification != Tag.OUT_OF_OFFICE]
    _move_leads([each.reply for each in wrote], now=now)
    _colleagues_answered([each.reply for each in wrote], now=now)
    _suppress_writers([each.reply for each in wrote if each.understood.suppresses], user=None, now=now)
    for each in wrote:
        if each.reply.needs_review and not each.understood.suppresses:
            _hold_until_decided(each.reply, now=now)


def _are_away(messages: Sequence[Drawn], *, now: datetime) -> None:
    """Out of office: the next step waits until they are back."""
    away = {
        each.reply.lead_id: each.understood.return_on
        for each in messages
        if each.reply.lead_id and each.understood.return_on and each.reply.classification == Tag.OUT_OF_OFFICE
    }
    if away:
        postpone(away, now=now)


def _prices_were_named(replies: Sequence[Reply]) -> None:
    """A price makes the deal a paid one. Few replies name one."""
    for reply in replies:
        row = next((row for row in reply.intents if row["intent"] == IntentName.ASKS_PRICE and row.get("amount")), None)
        if row is not None and reply.lead is not None:
            quote(reply.lead, str(row["amount"]), str(row.get("currency") or ""))


def _colleagues_answered(replies: Sequence[Reply], *, now: datetime) -> None:
    """Whoever answers speaks for their company: nobody else there gets a further letter unasked."""
    companies: dict[Workspace, set[str]] = {}
    for reply in replies:
        if reply.from_key:
            companies.setdefault(reply.workspace, set()).add(registrable(domain_of(reply.from_key)))
    for workspace, domains in companies.items():
        stop_at_companies(domains, workspace=workspace, now=now)


def _move_lead(reply: Reply, *, now: datetime) -> None:
    _move_leads([reply], now=now)


def _move_leads(replies: Sequence[Reply], *, now: datetime) -> None:
    """An answer ends the writing, and says where the lead stands; of several of one lead, each has its say in turn."""
    said = [(reply, status) for reply in replies if reply.lead_id and (status := status_after(reply)) is not None]
    if not said:
        return
    keys = {reply.lead_id for reply, _ in said if reply.lead_id is not None}
    stand = dict(
        Lead.objects.select_for_update(no_key=True).filter(pk__in=keys).order_by("pk").values_list("pk", "status")
    )
    moved: dict[Lead.Status, list[int]] = {}
    entries: list[audit.Entry] = []
    for reply, status in said:
        key = reply.lead_id
        if key is None or key not in stand or stand[key] == status or stand[key] in _stays(status):
            continue
        for others in moved.values():
            if key in others:
                others.remove(key)
        stand[key] = status
        moved.setdefault(status, []).append(key)
        if Reply.lead.is_cached(reply) and reply.lead is not None:
            reply.lead.status = status
        entries.append(_moved(reply, status, now=now))
    for status, moving in moved.items():
        Lead.objects.filter(pk__in=moving).move_to(status, now=now)
    cancel_waiting_for(keys, reason=ENDS_WRITING[Lead.Status.REPLIED], now=now)
    if entries:
        audit.record_many(entries)


def _moved(reply: Reply, status: Lead.Status, *, now: datetime) -> audit.Entry:
    return audit.Entry(
        event="lead.status_changed",
        now=now,
        workspace_id=reply.workspace_id,
        about=f"lead:{reply.lead_id}",
        reason="They answered.",
        details={"to": status.value, "by": reply.about},
        lead_email=reply.from_email,
    )


def _stays(status: Lead.Status) -> tuple[Lead.Status, ...]:
    return (Lead.Status.PLACED,) if status == Lead.Status.UNSUBSCRIBED else _STAYS


def status_after(reply: Reply) -> Lead.Status | None:
    """Where a lead stands after this reply; None where it says nothing about that."""
    if reply.kind != Reply.Kind.REPLY or reply.classification == Tag.OUT_OF_OFFICE:
        return None
    if reply.classification == Tag.NOT_INTERESTED:
        return Lead.Status.UNSUBSCRIBED if reply.asks_opt_out else Lead.Status.LOST
    return Lead.Status.REPLIED


def addresses_behind(reply: Reply) -> list[str]:
    """Whom a refusal speaks for: who wrote it, and the address we wrote to where the answer names our letter."""
    addresses = [reply.from_email]
    if reply.attempt is not None and reply.matched_by != "address":
        addresses.append(reply.attempt.recipient)
    kept: dict[str, str] = {}
    for address in addresses:
        key = key_of(address)
        if key:
            kept.setdefault(key, address)
    return list(kept.values())


def _suppress_writer(reply: Reply, *, user: User | None, now: datetime) -> None:
    _suppress_writers([reply], user=user, now=now)


def _suppress_writers(replies: Sequence[Reply], *, user: User | None, now: datetime) -> None:
    said = [
        (
            reply,
            suppression.Wish(
                address=address,
                reason=Reason.OPT_OUT if reply.asks_opt_out else Reason.NOT_INTERESTED,
                source=reply.about,
                note="Said so in a reply." if user is None else "A person read the reply so.",
                letter=f"attempt:{reply.attempt_id}" if reply.attempt_id else "",
            ),
        )
        for reply in replies
        for address in addresses_behind(reply)
    ]
    _suppress(said, user=user, now=now)


def _suppress(said: Sequence[tuple[Reply, suppression.Wish]], *, user: User | None = None, now: datetime) -> None:
    """Each wish for its reply, which keeps the address that it put on the list: its writer's, where that is one."""
    if not said:
        return
    entries = suppression.suppress_each([wish for _, wish in said], workspace=said[0][0].workspace, user=user, now=now)
    changed: dict[int, Reply] = {}
    for (reply, _), entry in zip(said, entries, strict=True):
        if entry is not None and (not reply.suppressed_value or key_of(reply.from_email) == entry.value):
            reply.suppressed_value = entry.value
            changed[reply.pk] = reply
    Reply.objects.bulk_update(changed.values(), ["suppressed_value"])


def _hold_until_decided(reply: Reply, *, now: datetime) -> None:
    who = reply.from_name or "somebody"
    for address in addresses_behind(reply):
        holds.place(
            workspace=reply.workspace,
            subject=f"address:{key_of(address)}"[:300],
            reason=f"{who} may not want to be written to.",
            advice="Read the reply and tag it: that decides.",
            source=reply.about,
            now=now,
        )


def _lift_holds(reply: Reply, *, user: User, now: datetime) -> None:
    for hold in Hold.objects.in_workspace(reply.workspace).standing().filter(source=reply.about):
        holds.lift(hold, user=user, now=now)


def draw_for_link(reply: Reply, *, now: datetime) -> None:
    """A person tied this reply to a lead: what follows is what would have followed at once. A report waits for a
    person's word, as a link proves nothing about who wrote it.
    """
    if telling.is_answer(reply):
        announce([telling.answered(reply)])
        _move_lead(reply, now=now)
        if reply.classification == Tag.NOT_INTERESTED:
            _suppress_writer(reply, user=None, now=now)
        elif reply.needs_review:
            _hold_until_decided(reply, now=now)
    elif reply.kind == Reply.Kind.COMPLAINT or (reply.kind == Reply.Kind.BOUNCE and reply.hardness == Hardness.HARD):
        reply.needs_review = reply.attempt is not None
        Reply.objects.filter(pk=reply.pk).update(needs_review=reply.needs_review)


def take_back_link(reply: Reply, link: ReplyLink, *, user: User, now: datetime) -> tuple[list[str], int]:
    """What followed from a link alone is taken back: the addresses that stay suppressed all the same, and how many
    letters wait again.
    """
    writer = key_of(reply.from_email)
    staying = []
    for entry in entries_of(reply):
        if entry.value == writer:
            continue
        try:
            suppression.undo(entry, source=reply.about, user=user, now=now)
        except suppression.NotLiftableError:
            staying.append(entry.value)
    for hold in Hold.objects.in_workspace(reply.workspace).standing().filter(source=reply.about):
        if hold.subject != f"address:{writer}":
            holds.lift(hold, user=user, now=now)
    back = 0
    if reply.lead is not None and link.status_before in Lead.Status.values:
        came_from_here = Lead.objects.filter(pk=reply.lead.pk, status=status_after(reply) or "")
        moved = came_from_here.move_to(Lead.Status(link.status_before), now=now)
        if moved and link.status_before in Lead.SILENT:
            back = _letters_wait_again(reply.lead, taken_back_at=link.linked_at, user=user, now=now)
    if reply.kind != Reply.Kind.REPLY:
        reply.needs_review = False
        Reply.objects.filter(pk=reply.pk).update(needs_review=False)
    return staying, back


def _letters_wait_again(lead: Lead, *, taken_back_at: datetime, user: User, now: datetime) -> int:
    """They have not answered after all: what was taken back at that moment waits again, and the gate decides anew."""
    reason = ENDS_WRITING[Lead.Status.REPLIED]
    first = Attempt.objects.filter(
        lead=lead, kind=Kind.FIRST, state=Attempt.State.CANCELLED, reason=reason, finished_at=taken_back_at
    )
    letters = list(first.select_related("campaign__workspace"))
    back = 0
    for letter in letters:
        with suppress(CannotQueueError):
            back += requeue(letter, user=user, now=now)
    return back + go_on([lead.pk], reason=reason, now=now)


# --- A server reports -------------------------------------------------------------------------------------------------


def _addresses_are_dead(messages: Sequence[Drawn], *, now: datetime) -> None:
    proved = [(each.reply, each.match.attempt) for each in messages if each.match is not None and each.match.is_proof]
    for each in messages:
        if each.match is None or not each.match.is_proof:
            _look_at_report(each.reply, each.match, "A bounce says that this address does not exist.", now=now)
    _suppress([(reply, _recipient_of(attempt, reply, Reason.HARD_BOUNCE)) for reply, attempt in proved], now=now)
    leads = Lead.objects.filter(pk__in=[attempt.lead_id for _, attempt in proved])
    moving = list(leads.exclude(status__in=[*_STAYS, Lead.Status.REPLIED]).values_list("pk", flat=True))
    Lead.objects.filter(pk__in=moving).move_to(Lead.Status.BOUNCED, now=now)
    cancel_waiting_for(moving, reason=ENDS_WRITING[Lead.Status.BOUNCED], now=now)


def _complained(reply: Reply, match: Match | None, *, now: datetime) -> None:
    if match is None or not match.is_proof:
        _look_at_report(reply, match, "Somebody may have reported a letter of ours as spam.", now=now)
        return
    _suppress([(reply, _recipient_of(match.attempt, reply, Reason.COMPLAINT))], now=now)
    Lead.objects.filter(pk=match.attempt.lead_id).exclude(status=Lead.Status.PLACED).move_to(
        Lead.Status.UNSUBSCRIBED, now=now
    )
    cancel_waiting(match.attempt.lead, reason=ENDS_WRITING[Lead.Status.UNSUBSCRIBED], now=now)


def _recipient_of(attempt: Attempt, reply: Reply, reason: Reason) -> suppression.Wish:
    """The address that the letter went to, whatever address the report names: that one anybody could have put there."""
    return suppression.Wish(
        attempt.recipient, reason, source=reply.about, note=reply.server_words, letter=attempt.about
    )


def _look_at_report(reply: Reply, match: Match | None, sentence: str, *, now: datetime) -> None:
    """Anybody can write a report. About an address that this mailbox wrote to just now, a person looks at it."""
    if match is None or match.attempt.mailbox_id != reply.mailbox_id:
        return
    sent_at = match.attempt.finished_at or match.attempt.created_at
    if now - sent_at > DOUBTFUL_REPORT:
        return
    holds.place(
        workspace=reply.workspace,
        subject=f"address:{match.attempt.recipient_key}"[:300],
        reason=f"{sentence} It does not name our letter, so it may not be true.",
        advice="Look at the report. If it is true, suppress the address; if not, lift the hold.",
        source=reply.about,
        now=now,
    )
    Reply.objects.filter(pk=reply.pk).update(needs_review=True)
    reply.needs_review = True


# --- A person decides -------------------------------------------------------------------------------------------------


def tag(reply: Reply, classification: Tag, *, user: User, now: datetime) -> list[str]:
    """A person says what a reply is. It beats every rule, and what follows is drawn anew.

    Addresses that this reply suppressed and that stay suppressed all the same: an opt-out, or one of long ago.
    """
    with transaction.atomic():
        reply = locked(reply)
        ReplyLabel.objects.create(reply=reply, classification=classification, user=user, labelled_at=now)
        staying = _retag(reply, classification, user=user, now=now)
        audit.record(
            "reply.tagged",
            workspace=reply.workspace,
            user=user,
            about=reply.about,
            details={"to": classification.value},
            lead_email=reply.from_email,
            now=now,
        )
        if classification == Tag.INTERESTED:
            announce([telling.interested(reply, at=now)])
    return staying


def untag(reply: Reply, *, user: User, now: datetime) -> bool:
    """Take a person's last tag back; what stood before stands again. False where there is none to take back."""
    with transaction.atomic():
        reply = locked(reply)
        labels = list(reply.labels.order_by("-labelled_at", "-pk")[:2])
        if len(labels) < 2 or labels[0].user_id is None:
            return False
        last, before = labels
        last.delete()
        _retag(reply, Tag(before.classification), user=user, now=now, restores=before.user_id is None)
        audit.record(
            "reply.tag_undone",
            workspace=reply.workspace,
            user=user,
            about=reply.about,
            details={"to": before.classification},
            lead_email=reply.from_email,
            now=now,
        )
        recount(reply.workspace)  # the tag that is gone leaves no date behind
    return True


def _retag(reply: Reply, classification: Tag, *, user: User, now: datetime, restores: bool = False) -> list[str]:
    """`restores`: a rule's tag comes back, and with it the rule's doubts."""
    was = Tag(reply.classification)
    doubts = classify(reply.new_text, subject=reply.subject).needs_review if restores else False
    reply.classification, reply.needs_review = classification, doubts
    if reply.kind == Reply.Kind.AUTO_REPLY and classification != Tag.OUT_OF_OFFICE:
        reply.kind = Reply.Kind.REPLY  # A person reads it as somebody's own words.
    _lift_holds(reply, user=user, now=now)
    staying: list[str] = []
    if was == Tag.NOT_INTERESTED and classification != Tag.NOT_INTERESTED:
        staying = _take_back_suppression(reply, user=user, now=now)
    Reply.objects.filter(pk=reply.pk).update(
        classification=classification,
        needs_review=doubts,
        kind=reply.kind,
        suppressed_value=reply.suppressed_value,
    )
    if classification == Tag.NOT_INTERESTED:
        _suppress_writer(reply, user=None if restores else user, now=now)
        _move_lead(reply, now=now)
    else:
        _status_by_hand(reply, was, now=now)
    if doubts:
        _hold_until_decided(reply, now=now)
    return staying


def _status_by_hand(reply: Reply, was: Tag, *, now: datetime) -> None:
    """The lead follows the new tag, unless it has moved on by itself since."""
    if reply.lead is None:
        return
    wanted = status_after(reply) or Lead.Status.CONTACTED
    came_from_here = [Lead.Status.LOST, Lead.Status.REPLIED, Lead.Status.CONTACTED]
    if Lead.objects.filter(pk=reply.lead.pk, status__in=came_from_here).move_to(wanted, now=now):
        reply.lead.status = wanted
    if wanted != Lead.Status.CONTACTED and was == Tag.OUT_OF_OFFICE:
        cancel_waiting(reply.lead, reason=ENDS_WRITING[Lead.Status.REPLIED], now=now)
    elif wanted == Lead.Status.CONTACTED and was != Tag.OUT_OF_OFFICE:
        # They have not answered after all: the sequence goes on where it stood, when they are back.
        go_on([reply.lead.pk], reason=ENDS_WRITING[Lead.Status.REPLIED], now=now)
        if reply.return_on is not None:
            postpone({reply.lead.pk: reply.return_on}, now=now)


def is_doubtful_report(reply: Reply) -> bool:
    """A bounce or complaint that anybody may have written, and that waits for a person."""
    return reply.needs_review and reply.kind in {Reply.Kind.BOUNCE, Reply.Kind.COMPLAINT} and reply.attempt is not None


def believe_report(reply: Reply, *, user: User, now: datetime) -> Suppression | None:
    """A person finds the report true: the address we wrote to is suppressed. None where nothing waits."""
    with transaction.atomic():
        reply = locked(reply)
        if not is_doubtful_report(reply) or reply.attempt is None:
            return None
        entry = suppression.suppress(
            workspace=reply.workspace,
            address=reply.attempt.recipient,
            reason=Reason.COMPLAINT if reply.kind == Reply.Kind.COMPLAINT else Reason.HARD_BOUNCE,
            source=reply.about,
            note="A person found the report true.",
            letter=reply.attempt.about,
            user=user,
            now=now,
        )
        _lift_holds(reply, user=user, now=now)
        Reply.objects.filter(pk=reply.pk).update(needs_review=False, suppressed_value=entry.value)
        status = Lead.Status.UNSUBSCRIBED if reply.kind == Reply.Kind.COMPLAINT else Lead.Status.BOUNCED
        Lead.objects.filter(pk=reply.attempt.lead_id).exclude(status__in=_STAYS).move_to(status, now=now)
        if reply.kind == Reply.Kind.BOUNCE:
            announce([telling.bounced(reply, reply.attempt, Hardness.HARD, at=now)])
    return entry


def disbelieve_report(reply: Reply, *, user: User, now: datetime) -> bool:
    """A person finds the report made up: nothing follows from it. False where nothing waits."""
    with transaction.atomic():
        reply = locked(reply)
        if not is_doubtful_report(reply):
            return False
        _lift_holds(reply, user=user, now=now)
        Reply.objects.filter(pk=reply.pk).update(needs_review=False)
        audit.record("reply.report_set_aside", workspace=reply.workspace, user=user, about=reply.about, now=now)
    return True


def entries_of(reply: Reply) -> list[Suppression]:
    """Suppressions that came from this reply and still stand."""
    return list(Suppression.objects.filter(workspace=reply.workspace, source=reply.about).order_by("pk"))


def can_undo(entries: Sequence[Suppression], *, now: datetime) -> bool:
    """Whether whoever may tag can still take this reply's suppression back."""
    return bool(entries) and all(
        suppression.lifting_of(entry) == suppression.Lifting.A_REASON and now - entry.created_at <= suppression.UNDO_FOR
        for entry in entries
    )


def undo_suppression(reply: Reply, *, user: User, now: datetime) -> list[str]:
    """Take back what this reply suppressed; a person has to look at it then. The addresses. Raises CannotUndoError."""
    with transaction.atomic():
        reply = locked(reply)
        entries = entries_of(reply)
        if not can_undo(entries, now=now):
            raise CannotUndoError(
                "They asked for it themselves, or half an hour has passed: compliance can lift it, with a reason."
            )
        lifted = [entry.value for entry in entries]
        _take_back_suppression(reply, user=user, now=now)
        Reply.objects.filter(pk=reply.pk).update(suppressed_value="", needs_review=False)
        if reply.lead is not None:
            back = Lead.Status.REPLIED if reply.kind == Reply.Kind.REPLY else Lead.Status.CONTACTED
            Lead.objects.filter(pk=reply.lead.pk, status__in=[Lead.Status.LOST, Lead.Status.BOUNCED]).move_to(
                back, now=now
            )
    return lifted


def _take_back_suppression(reply: Reply, *, user: User, now: datetime) -> list[str]:
    """Lifts what came from this reply; the addresses that could not be lifted here."""
    staying = []
    for entry in entries_of(reply):
        try:
            suppression.undo(entry, source=reply.about, user=user, now=now)
        except suppression.NotLiftableError:
            staying.append(entry.value)
    reply.suppressed_value = staying[0] if staying else ""
    # Somebody or something else may have said the same of them.
    keys = [key for key in map(key_of, addresses_behind(reply)) if key]
    return list(dict.fromkeys([*staying, *suppression.suppressed_among(reply.workspace, keys)]))


def locked(reply: Reply) -> Reply:
    return (
        Reply.objects.select_for_update(of=("self",), no_key=True)
        .select_related("workspace", "lead__contact", "lead__campaign", "attempt")
        .get(pk=reply.pk)
    )
