"""The worker's side of the queue: claim, start, record, settle, reconcile. The table is the queue.

1. *Claim*: whoever holds a mailbox's lease takes the letters that may leave now. The gate decides the batch in one
   short transaction; what it allows is reserved in the ledger before anything is said to a server.
2. *Start*: just before a letter goes, one conditional update moves it to *sending*, and one writes down the outcome of
   the letter before it. So a kill leaves at most one letter *sending*. Both are on the database's disk before the
   letter's first byte goes. Its server may have heard whom it is for; one that may not start never follows that.
3. *Record*: what the server said. Losing a race is a normal answer everywhere: an update that changes nothing.
4. *Settle*: consequences in bulk, for whatever is recorded and not yet settled, by whoever comes.
5. *Reconcile*: a lapsed lease returns letters that were never started; one that was being sent becomes *uncertain*.

No network is touched in this file.
"""

from __future__ import annotations

import random
import uuid
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, models, transaction
from django.db.models.functions import Now

from campaigns import following, sent_copies, windows, wire_ids
from campaigns.delivery import LETTER_SECONDS, Accepted, Answer, NotSent
from campaigns.letters import new_message_id
from campaigns.models import Attempt, AttemptQuerySet, Campaign, Lead
from campaigns.models.attempt import EXPIRES_AFTER, due_from
from campaigns.turns import Fitting, next_letters
from compliance import audit, gate, holds, suppression, unsubscribe
from compliance.addresses import InvalidAddressError
from compliance.models import AuditEntry, Hold, Kind, PolicyResult, SendRecord, Suppression
from compliance.policy import LONGEST_REASON, Decision, Letter, Rule
from outreach_site.accounts.models import Workspace
from outreach_site.lib.among import among
from outreach_site.lib.collecting import uncollected
from outreach_site.lib.moments import FromNow
from outreach_site.lib.ports import News, What, announce
from outreach_site.lib.prepared import PreparedUpdate, run_in_turn
from outreach_site.mailboxes.errors import MailServerError, Stage, Verdict
from outreach_site.mailboxes.models import Mailbox

# Longer than a slice plus the longest hand-over, so that a lease never lapses under a worker that is alive.
LEASE = timedelta(seconds=180)
# What must be left of a lease when a letter starts, so that nobody takes it for abandoned while it is handed over.
HAND_OVER = timedelta(seconds=LETTER_SECONDS)
CLAIM_AT_MOST = 50
LARGEST_CLAIM = gate.LARGEST_BATCH  # of a mailbox without pauses at a quick server
MAX_TRIES = 5
FIRST_RETRY = timedelta(minutes=1)
LONGEST_RETRY = timedelta(hours=4)
# So many letters one after the other that a server refuses, or breaks off at, are not at fault, each by itself.
FAILED_IN_A_ROW = 5
SETTLE_AT_MOST = 1_000
WAKE_AT_MOST = 1_000


@dataclass(frozen=True)
class Claim:
    """A mailbox held by one worker, and the letters it may send, in order."""

    mailbox: Mailbox
    token: uuid.UUID
    attempts: Sequence[Attempt] = ()
    decided: int = 0  # how many letters the gate answered for, whatever it said
    opt_out_tokens: Mapping[str, str] = field(default_factory=dict)  # attempt:42 -> the reader's own token

    def token_for(self, attempt: Attempt) -> str:
        return self.opt_out_tokens.get(attempt.about, "")


# --- 1. Claim ---------------------------------------------------------------------------------------------------------


def take_lease(mailbox: Mailbox) -> uuid.UUID | None:
    """Become the only worker at this mailbox, by the database's clock; None if somebody else is."""
    token = uuid.uuid4()
    free = models.Q(lease_token=None) | models.Q(leased_until__lt=Now())
    taken = (
        Mailbox.objects.that_can_send()
        .filter(free, pk=mailbox.pk)
        .update(lease_token=token, leased_until=FromNow(LEASE))
    )
    return token if taken else None


def look_again(mailbox: Mailbox, *, now: datetime) -> timedelta:
    """Read once more what the worker before us may have moved; by how much our clock is ahead of the database's."""
    kept = ("next_send_at", "next_spread_at", "rests_until", "last_turn", "first_sent_at")
    row = Mailbox.objects.filter(pk=mailbox.pk).annotate(clock=Now()).values("clock", *kept).get()
    for name in kept:
        setattr(mailbox, name, row[name])
    # A file has no clock of its own.
    return now - row["clock"] if connection.vendor == "postgresql" else timedelta()


def return_lease(mailbox: Mailbox, token: uuid.UUID, **kept: object) -> None:
    """`kept`: what the next worker at this mailbox must know, as fields of it."""
    Mailbox.objects.filter(pk=mailbox.pk, lease_token=token).update(lease_token=None, leased_until=None, **kept)


@uncollected()
def claim(
    mailbox: Mailbox, token: uuid.UUID, *, at_most: int | Fitting, now: datetime, only: int | None = None
) -> Claim:
    """Let the gate decide the letters of a leased mailbox whose turn it is. One transaction; a constant number of
    queries. A mailbox on hold keeps its letters waiting as they are. `only`: this letter, whoever's turn it is.
    """
    fitting = Fitting.any(at_most) if isinstance(at_most, int) else at_most
    with transaction.atomic():
        keys = _alone(only) if only is not None else next_letters(mailbox, fitting, at_most=_size(), now=now)
        due = _locked(keys, mailbox, now=now)
        decided = len(due)
        due = _without_doubtful(due, now=now)
        if not due:
            return Claim(mailbox, token, decided=decided)
        for attempt in due:
            attempt.message_id = attempt.message_id or new_message_id(mailbox.email)
            attempt.mailbox = mailbox
        workspace = mailbox.workspace
        due, closing = windows.hold_back(due, workspace=workspace, now=now)
        if not due:
            return Claim(mailbox, token, decided=decided)
        decisions = gate.decide([letter_of(a, mailbox, now=now) for a in due], workspace=workspace, now=now)
        for attempt, decision in zip(due, decisions, strict=True):
            _apply(attempt, decision, now=now)
        allowed = [attempt for attempt, decision in zip(due, decisions, strict=True) if decision.allowed]
        stopped = [attempt for attempt, decision in zip(due, decisions, strict=True) if not decision.allowed]
        if stopped:
            Attempt.objects.bulk_update(stopped, _DECIDED_FIELDS)
        day_ends_at = workspace.day_bounds(now)[1]
        for attempt in allowed:
            attempt.valid_until = min(day_ends_at, closing.get(attempt.pk, day_ends_at))
        _CLAIMED.run_many(
            {"pk": one.pk, "token": token, "valid_until": one.valid_until, "message_id": one.message_id}
            for one in allowed
        )
        tokens = unsubscribe.tokens_for(
            workspace=workspace,
            addresses={a.about: a.recipient_key for a in allowed if a.kind != Kind.ANSWER},
            sender_names={a.about: a.identity.organisation for a in allowed if a.identity is not None},
            now=now,
        )
    return Claim(mailbox, token, allowed, decided, tokens)


def _size() -> int:
    """How many letters a claim takes at most. A workspace's claims are decided one after the other: workers that claim
    equally many fall into step, and wait for each other every time.
    """
    return random.randint(LARGEST_CLAIM * 2 // 3, LARGEST_CLAIM)  # noqa: S311 - spreads load, hides nothing


def _alone(key: int) -> list[int]:
    """The key of one letter, unless its campaign or its workspace stands still."""
    return list(Attempt.objects.that_run().filter(pk=key).values_list("pk", flat=True))


def _claimed(
    *, pk: int, token: uuid.UUID, valid_until: datetime, message_id: str
) -> tuple[models.QuerySet[Attempt], dict[str, Any]]:
    return Attempt.objects.filter(pk=pk), {
        "message_id": message_id,
        "reason": "",
        "lease_token": token,
        "leased_until": FromNow(LEASE),
        "valid_until": valid_until,
    }


_CLAIMED = PreparedUpdate(_claimed)


def _locked(keys: Sequence[int], mailbox: Mailbox, *, now: datetime) -> list[Attempt]:
    """These letters in this order, but those that somebody else has taken meanwhile."""
    if not keys:
        return []
    letters = (
        Attempt.objects.due(now)
        .filter(among("pk", keys), mailbox=mailbox)
        .select_related("lead__contact")
        .defer("created_at", "lead__custom_fields", "lead__created_at", "lead__status_changed_at")
        .select_for_update(of=("self",), skip_locked=connection.features.has_select_for_update_skip_locked)
    )
    found = {attempt.pk: attempt for attempt in letters}
    # Many letters share a few of these.
    models.prefetch_related_objects(list(found.values()), "campaign", "identity")
    return [found[key] for key in keys if key in found]


_DECIDED_FIELDS = ("state", "reason", "due_at", "asks", "message_id", "finished_at")


def _without_doubtful(due: Sequence[Attempt], *, now: datetime) -> list[Attempt]:
    """A waiting letter that the ledger counts may have left, whatever its row says: a person decides, not the gate.

    No arrow leads here but a change made by hand or a half-restored backup; one such row must not stop all others.
    """
    on_record = set(
        SendRecord.objects.that_count()
        .filter(among("subject", [attempt.about for attempt in due]))
        .values_list("subject", flat=True)
    )
    if on_record:
        Attempt.objects.filter(pk__in=[attempt.pk for attempt in due if attempt.about in on_record]).update(
            state=Attempt.State.UNCERTAIN,
            reason="The record says that this letter may have left already.",
            verdict=Verdict.UNCERTAIN.value,
            finished_at=now,
            settled_at=None,
        )
    return [attempt for attempt in due if attempt.about not in on_record]


def letter_of(attempt: Attempt, mailbox: Mailbox, *, now: datetime) -> Letter:
    """An attempt as the gate sees it. Its campaign, identity, lead and the lead's contact should be loaded."""
    contact, identity = attempt.contact, attempt.identity
    return Letter(
        about=attempt.about if attempt.pk else "",
        kind=Kind(attempt.kind),
        user_id=attempt.user_id,
        mailbox_id=mailbox.pk,
        sign_in=mailbox.sign_in,
        sender=mailbox.email.lower(),
        recipient=attempt.recipient,
        recipient_key=attempt.recipient_key,
        recipient_domain=attempt.recipient_domain,
        subject=attempt.subject,
        subject_digest=gate.subject_digest(attempt.subject),
        message_id=attempt.message_id,
        step=f"step:{attempt.step_id}" if attempt.step_id else "",
        campaign=attempt.campaign.subject,
        identity_complete=identity is not None and identity.is_complete,
        through_sandbox=mailbox.workspace.is_rehearsal,
        site=attempt.lead.host,
        has_notice=identity is not None and bool(identity.privacy_notice_url),
        ground=attempt.ground,
        found_url=contact.found_url if contact else "",
        found_passage=contact.found_words if contact else "",
        found_at=contact.found_at if contact else None,
        must_be_read=attempt.must_be_read,
        is_hidden=contact is not None and contact.needs_a_yes,
        approved=attempt.approved_at is not None,
        cool_off_waived=attempt.cool_off_waived_at is not None,
        refusal_waived=attempt.answers_refusal,
        is_single=attempt.is_single,
        hourly_limit=mailbox.hourly_limit,
        daily_limit=mailbox.daily_limit,
        ramp_limit=mailbox.ramp_limit(now),
        is_paced=mailbox.is_paced,
        waits_because=attempt.reason,
    )


def _apply(attempt: Attempt, decision: Decision, *, now: datetime) -> None:
    if decision.result == PolicyResult.BLOCKED:
        attempt.state, attempt.reason, attempt.finished_at = Attempt.State.BLOCKED, decision.reason[:500], now
    elif decision.result == PolicyResult.DEFERRED:
        attempt.reason = decision.reason[:LONGEST_REASON]
        attempt.due_at = None if decision.asks else decision.until
        attempt.asks = asked_by(decision)
    else:
        attempt.reason = ""


def new_message_id_for(attempt: Attempt) -> str:
    """For a letter without one; after its mailbox, or where that is gone after its recipient's domain."""
    return new_message_id(attempt.mailbox.email if attempt.mailbox is not None else attempt.recipient)


def asked_by(decision: Decision) -> str:
    """The rules that wait for a person, as Attempt.asks keeps them."""
    return "".join(f"{rule.value} " for rule in decision.asking)


# --- 2. Start and 3. Record -------------------------------------------------------------------------------------------


def start(
    attempt: Attempt,
    mailbox: Mailbox,
    token: uuid.UUID,
    *,
    before: Recorded | None = None,
    keep_later: bool = False,
) -> bool:
    """Move a claimed letter to *sending*, and write down the letter before it, in one short transaction.

    False where it may not leave any more: the lease ends before the hand-over could, the day is over, somebody paused,
    cancelled or stopped it, or a suppression or hold has come since the claim.

    May be repeated when nobody knows whether the transaction stood: a letter that is *sending* under this very token,
    and not handed over yet, is started. `keep_later`: see `run_in_turn`. Nothing of the letter itself may leave before
    `until_kept`.
    """
    if _start_at_once(attempt, mailbox, token, before=before, keep_later=keep_later):
        return True
    # Rare, and so without haste: the letter before did not go, this one may not start, or it is the one answer to
    # somebody who said no.
    with transaction.atomic():
        if before is not None:
            before.write()
        standing = suppression.standing_among(mailbox.workspace, [attempt.recipient_key]).get(attempt.recipient_key)
        # The gate has seen that it is the one answer; here counts only that nothing stronger has come since.
        if standing and not (attempt.answers_refusal and suppression.is_refusal(standing)):
            return False
        may_start, changes = _starting(**_start_values(attempt, mailbox, token))
        return bool(may_start.update(**changes))


def _start_values(attempt: Attempt, mailbox: Mailbox, token: uuid.UUID) -> dict[str, Any]:
    return {
        "pk": attempt.pk,
        "token": token,
        "workspace": mailbox.workspace_id,
        "mailbox": f"mailbox:{attempt.mailbox_id}",
        "campaign": f"campaign:{attempt.campaign_id}",
        "address": f"address:{attempt.recipient_key}",
        "letterhead": attempt.letterhead,
        "in_reply_to": attempt.in_reply_to,
        "references": attempt.references,
    }


def _starting(
    *,
    pk: int,
    token: uuid.UUID,
    workspace: int,
    mailbox: str,
    campaign: str,
    address: str,
    letterhead: dict[str, Any],
    in_reply_to: str,
    references: str,
) -> tuple[models.QuerySet[Attempt], dict[str, Any]]:
    """The letter, if nothing but a suppression could stand in its way, and what changes when it starts."""
    # Conditions on other tables stand in EXISTS, never in a join: for a join Django asks `id IN (SELECT …)`, which
    # PostgreSQL does not ask again after waiting for whoever cancels this very letter.
    running = Campaign.objects.filter(
        pk=models.OuterRef("campaign"),
        state=Campaign.State.RUNNING,
        archived_at=None,
        workspace__sending_stopped_at=None,
    )
    held = Hold.objects.standing().filter(workspace_id=workspace, subject__in=["workspace", mailbox, campaign, address])
    may_start = Attempt.objects.held_by(token).filter(
        models.Exists(running),
        models.Exists(Mailbox.objects.that_can_send().filter(pk=models.OuterRef("mailbox"))),
        ~models.Exists(held),
        pk=pk,
        state__in=[Attempt.State.QUEUED, Attempt.State.SENDING],
        leased_until__gt=FromNow(HAND_OVER),
        valid_until__gt=Now(),
    )
    return may_start, {
        "state": Attempt.State.SENDING,
        "started_at": Now(),
        "letterhead": letterhead,
        "in_reply_to": in_reply_to,
        "references": references,
    }


# An address, its stone, and the domains above it: so many values an entry of the suppression list may have. Names with
# more labels than that are looked at in the long way.
_ENTRIES = tuple(f"entry{number}" for number in range(5))


def _starting_unsuppressed(**values: Any) -> tuple[models.QuerySet[Attempt], dict[str, Any]]:
    entries = [values.pop(name) for name in _ENTRIES]
    may_start, changes = _starting(**values)
    return may_start.filter(~models.Exists(Suppression.objects.filter(value__in=entries))), changes


_START = PreparedUpdate(_starting_unsuppressed)


def _start_at_once(
    attempt: Attempt,
    mailbox: Mailbox,
    token: uuid.UUID,
    *,
    before: Recorded | None,
    keep_later: bool,
) -> bool:
    """The same in the fewest words, where all is as it nearly always is: the letter before was taken by the server, and
    no suppression names this one's reader at all, here or anywhere. False where it is not, or may not start.
    """
    entries = suppression.values_against(attempt.recipient_key)
    if len(entries) > len(_ENTRIES):
        return False
    entries += entries[-1:] * (len(_ENTRIES) - len(entries))
    values = _start_values(attempt, mailbox, token) | dict(zip(_ENTRIES, entries, strict=True))
    if before is None:
        return bool(_START.run(**values))
    if not isinstance(before.answer, Accepted):
        return False
    # They stand together: the letter before is written down as sent, or this one does not start here.
    recorded = before.sent_values(before.answer.server_words)
    return bool(run_in_turn((_SENT, recorded), (_START, values), keep_later=keep_later))


def _sent(
    *, pk: int, token: uuid.UUID, now: datetime, words: str, wire_id: str
) -> tuple[models.QuerySet[Attempt], dict[str, Any]]:
    sending = Attempt.objects.held_by(token).filter(pk=pk, state=Attempt.State.SENDING)
    return sending, _ended(now) | _taken(words, wire_id)


def _ended(now: datetime) -> dict[str, Any]:
    return {"finished_at": now, "lease_token": None, "leased_until": None}


def _taken(words: str, wire_id: str) -> dict[str, Any]:
    return {"state": Attempt.State.SENT, "server_words": words, "wire_id": wire_id, "reason": "", "verdict": ""}


_SENT = PreparedUpdate(_sent)


@dataclass(frozen=True)
class Recorded:
    """An outcome that is known, and must be written before anything else happens."""

    attempt: Attempt
    token: uuid.UUID
    answer: Answer
    now: datetime

    def write(self) -> None:
        """One update for a letter that went; a letter that comes back to the queue also gives its place back.

        May be repeated: what is written already is left as it is.
        """
        if isinstance(self.answer, Accepted) and _SENT.run(**self.sent_values(self.answer.server_words)):
            return
        letter = Attempt.objects.filter(pk=self.attempt.pk)
        if letter.filter(lease_token=self.token, state=Attempt.State.SENDING).update(**self._outcome()):
            if isinstance(self.answer, NotSent):
                gate.settle(gate.Outcomes(released=[self.attempt.about]))
        elif not letter.exists():
            # The row is gone (lead or campaign deleted in flight): the ledger alone keeps what happened.
            self._keep_in_ledger()
        elif isinstance(self.answer, Accepted):
            # The lease lapsed meanwhile, and somebody took the letter for lost or doubtful: here is the proof.
            doubted = letter.filter(state__in=[Attempt.State.UNCERTAIN, Attempt.State.QUEUED])
            if doubted.update(**self._outcome(), settled_at=None):
                count_again(self.attempt)

    def sent_values(self, words: str) -> dict[str, Any]:
        wire_id = self._wire_id(words)
        return {"pk": self.attempt.pk, "token": self.token, "now": self.now, "words": words[:500], "wire_id": wire_id}

    def _outcome(self) -> dict[str, object]:
        ended = _ended(self.now)
        if isinstance(self.answer, Accepted):
            words = self.answer.server_words
            return ended | _taken(words[:500], self._wire_id(words))
        error = self.answer.error
        told: dict[str, object] = {
            "reason": error.sentence[:500],
            "server_words": error.server_words[:500],
            "verdict": error.verdict.value,
        }
        if not isinstance(self.answer, NotSent):
            return ended | told | {"state": Attempt.State.UNCERTAIN}
        if error.verdict is Verdict.MAILBOX_TROUBLE:
            # The mailbox is at fault, not the letter: it waits as it was.
            return ended | told | {"state": Attempt.State.QUEUED, "finished_at": None}
        if error.stage is Stage.QUOTA:
            # Nor does a limit on all that the mailbox sends use up a letter's tries. It goes behind the others.
            due_at = self.now + retry_after(1)
            return ended | told | {"state": Attempt.State.QUEUED, "due_at": due_at, "finished_at": None}
        tries = self.attempt.tries + 1
        if error.verdict in {Verdict.RETRY, Verdict.RATE} and tries < MAX_TRIES:
            return (
                ended
                | told
                | {
                    "state": Attempt.State.QUEUED,
                    "tries": tries,
                    "due_at": self.now + retry_after(tries),
                    "finished_at": None,
                }
            )
        if error.verdict in {Verdict.RETRY, Verdict.RATE}:
            told["reason"] = f"{error.sentence} It was tried {tries} times."[:500]
        return ended | told | {"state": Attempt.State.FAILED, "tries": tries}

    def _wire_id(self, server_words: str) -> str:
        attempt, mailbox = self.attempt, self.attempt.mailbox
        host = mailbox.smtp_host if mailbox is not None else ""
        return wire_ids.told_by(server_words, host=host, own=attempt.message_id, recipient=attempt.recipient)

    def _keep_in_ledger(self) -> None:
        about = self.attempt.about
        if isinstance(self.answer, Accepted):
            gate.settle(gate.Outcomes(sent=[(about, self.now)]))
        elif isinstance(self.answer, NotSent):
            gate.settle(gate.Outcomes(released=[about]))
        else:
            gate.settle(gate.Outcomes(uncertain=[about]))


def count_again(attempt: Attempt) -> None:
    """The place in the ledger may have been given back already, by a person who said that it did not arrive."""
    records = SendRecord.objects.filter(subject=attempt.about)
    last = records.order_by("-pk").first()
    if last is not None and not records.that_count().exists():
        records.filter(pk=last.pk).update(state=SendRecord.State.RESERVED)


def retry_after(tries: int) -> timedelta:
    """Exponential with jitter: about 1, 4, 16, 64 minutes after the first, second, third, fourth failure."""
    waiting = min(FIRST_RETRY * int(4 ** (tries - 1)), LONGEST_RETRY)
    return timedelta(seconds=waiting.total_seconds() * random.uniform(0.8, 1.2))  # noqa: S311 - spreads load, hides nothing


def give_back(claimed: Claim, attempts: Iterable[Attempt]) -> None:
    """Return claimed letters that were not started, and their reservations: the slice is over, or the server away."""
    waiting = {attempt.pk: attempt.about for attempt in attempts}
    if not waiting:
        return
    with transaction.atomic():
        there = list(Attempt.objects.filter(pk__in=waiting).select_for_update().order_by("pk"))
        # After a lapsed lease, somebody else may have a letter and a reservation of their own for it.
        mine = [a.pk for a in there if a.lease_token == claimed.token and a.state == Attempt.State.QUEUED]
        gone = waiting.keys() - {attempt.pk for attempt in there}
        gate.settle(gate.Outcomes(released=[waiting[pk] for pk in [*mine, *gone]]))
        Attempt.objects.filter(pk__in=mine).update(lease_token=None, leased_until=None, valid_until=None)


def fail_unbuildable(attempt: Attempt, token: uuid.UUID, why: str, *, now: datetime) -> None:
    """A letter that no message can be made of goes to those that could not be sent, and gives its place back."""
    with transaction.atomic():
        failed = Attempt.objects.filter(pk=attempt.pk, lease_token=token, state=Attempt.State.QUEUED).update(
            state=Attempt.State.FAILED,
            reason=f"The letter could not be built: {why}"[:500],
            finished_at=now,
            lease_token=None,
            leased_until=None,
        )
        if failed:
            gate.settle(gate.Outcomes(released=[attempt.about]))


def fails_in_a_row(mailbox: Mailbox, *, now: datetime) -> bool:
    """Whether its server has refused the last letters for good or broken off at their end, whoever they were for, and
    taken none between them for certain.

    Refusals of readers at one domain alone say nothing: it may be that domain which does not want them. Two queries.
    """
    letters = Attempt.objects.filter(workspace=mailbox.workspace_id, mailbox=mailbox)
    ended = letters.filter(
        state__in=[Attempt.State.FAILED, Attempt.State.UNCERTAIN],
        verdict__in=[Verdict.REFUSED_LETTER, Verdict.UNCERTAIN],
        finished_at__gt=now - timedelta(days=1),
    )
    newest = ended.order_by("-finished_at", "-pk").values_list("recipient_domain", "state", "finished_at")
    last = list(newest[:FAILED_IN_A_ROW])
    at_one_domain = len({domain for domain, _, _ in last}) == 1
    if len(last) < FAILED_IN_A_ROW or (at_one_domain and all(state == Attempt.State.FAILED for _, state, _ in last)):
        return False
    return not letters.filter(state=Attempt.State.SENT, finished_at__gt=last[-1][2]).exists()


def hold_mailbox(mailbox: Mailbox, error: MailServerError, *, now: datetime) -> None:
    """Nothing of this mailbox leaves until a person has looked; its letters stay queued."""
    holds.place(
        workspace=mailbox.workspace,
        subject=f"mailbox:{mailbox.pk}",
        reason=f"The mailbox {mailbox.email} cannot send: {error.sentence}",
        advice=error.advice,
        source=f"mailbox:{mailbox.pk}",
        now=now,
    )


# --- 4. Settle --------------------------------------------------------------------------------------------------------


@uncollected()
def settle(*, now: datetime, at_most: int = SETTLE_AT_MOST) -> int:
    """Draw the consequences of recorded outcomes: ledger, lead, suppression, audit. In bulk, once each; how many.

    Two workers never settle the same row: PostgreSQL skips what another holds, SQLite has one writer.
    """
    with transaction.atomic():
        recorded = list(
            Attempt.objects.unsettled()
            .defer(*_NOT_SETTLED)
            .select_for_update(skip_locked=connection.features.has_select_for_update_skip_locked)
            .order_by("pk")[:at_most]
        )
        if not recorded:
            return 0
        models.prefetch_related_objects(recorded, "mailbox")  # Many letters share it.
        by_state = {state: [a for a in recorded if a.state == state] for state in Attempt.OUTCOMES}
        sent, failed = by_state[Attempt.State.SENT], by_state[Attempt.State.FAILED]
        uncertain = by_state[Attempt.State.UNCERTAIN]
        gate.settle(
            gate.Outcomes(
                sent=[(attempt.about, attempt.finished_at or now) for attempt in sent],
                uncertain=[attempt.about for attempt in uncertain],
                released=[attempt.about for attempt in failed],
            )
        )
        if sent:
            written_to = Lead.objects.filter(among("pk", [attempt.lead_id for attempt in sent]))
            written_to.filter(status=Lead.Status.DISCOVERED).move_to(Lead.Status.CONTACTED, now=now)
            following.after(sent, now=now)
        unknown = [attempt for attempt in failed if attempt.verdict == Verdict.RECIPIENT_UNKNOWN]
        if unknown:
            Lead.objects.filter(pk__in=[a.lead_id for a in unknown]).move_to(Lead.Status.BOUNCED, now=now)
            for attempt in unknown:  # Rare, and each is a record of its own.
                # What is no address any more cannot be suppressed, nor written to again; the others still settle.
                with suppress(InvalidAddressError):
                    suppression.suppress(
                        workspace=attempt.workspace,
                        address=attempt.recipient,
                        reason=Suppression.Reason.HARD_BOUNCE,
                        source=attempt.about,
                        note=attempt.server_words[:500],
                        now=now,
                    )
                announce([_bounced(attempt, now)])
        audit.record_many([_entry(attempt, now) for attempt in recorded])
        sent_copies.plan(sent, now=now)
        Attempt.objects.filter(among("pk", [attempt.pk for attempt in recorded])).update(settled_at=now)
    return len(recorded)


def settle_all(*, now: datetime) -> None:
    """The same for everything that is recorded."""
    while settle(now=now) == SETTLE_AT_MOST:
        pass


# What no consequence is drawn from: texts, and moments, which take the longest to read.
_NOT_SETTLED = (
    "body",
    "letterhead",
    "references",
    "due_at",
    "created_at",
    "leased_until",
    "valid_until",
    "started_at",
    "follows_at",
    "approved_at",
    "cool_off_waived_at",
    "refusal_waived_at",
)


def _bounced(attempt: Attempt, now: datetime) -> News:
    """Its server knows no such reader: what others report by a letter, this one said at once."""
    return News(
        what=What.BOUNCE,
        workspace_id=attempt.workspace_id,
        about=attempt.about,
        key=f"{attempt.about}:hard",
        at=attempt.finished_at or now,
        facts={
            "attempt_id": attempt.pk,
            "lead_id": attempt.lead_id,
            "campaign_id": attempt.campaign_id,
            "reply_id": None,
            "hardness": "hard",
        },
        email=attempt.recipient,
    )


def _entry(attempt: Attempt, now: datetime) -> audit.Entry:
    return audit.Entry(
        event=f"letter.{attempt.state}",
        workspace_id=attempt.workspace_id,
        user_id=None,
        about=attempt.about,
        reason=attempt.reason,
        details={"message_id": attempt.message_id, "server_words": attempt.server_words},
        lead_email=attempt.recipient,
        sender_email=attempt.mailbox.email if attempt.mailbox else "",
        subject=attempt.subject,
        now=now,
    )


# --- 5. Reconcile -----------------------------------------------------------------------------------------------------


def reconcile(*, now: datetime) -> None:
    """Put right what a dead worker left. Whoever comes does it, as often as they like."""
    lapsed = Attempt.objects.leased().filter(leased_until__lt=Now())
    with transaction.atomic():
        waiting = list(
            lapsed.filter(state=Attempt.State.QUEUED)
            .select_for_update(skip_locked=connection.features.has_select_for_update_skip_locked)
            .order_by("leased_until", "pk")
            .only("pk")[:SETTLE_AT_MOST]
        )
        if waiting:
            gate.settle(gate.Outcomes(released=[attempt.about for attempt in waiting]))
            lapsed.filter(state=Attempt.State.QUEUED, pk__in=[attempt.pk for attempt in waiting]).update(
                lease_token=None, leased_until=None, valid_until=None
            )
        lapsed.filter(state=Attempt.State.SENDING).update(
            state=Attempt.State.UNCERTAIN,
            reason="The worker stopped while this letter was being handed over.",
            verdict=Verdict.UNCERTAIN.value,
            finished_at=now,
            lease_token=None,
            leased_until=None,
        )


def strand(*, now: datetime) -> int:
    """Letters of a removed mailbox cannot leave, and no other mailbox takes its place: they say so. How many."""
    queued = Attempt.objects.filter(state=Attempt.State.QUEUED, lease_token=None)
    # Asked in two steps, so that a long queue is never walked: few mailboxes are removed with letters waiting.
    waiting = queued.filter(mailbox=models.OuterRef("pk"))
    removed = list(
        Mailbox.objects.exclude(archived_at=None).filter(models.Exists(waiting)).values_list("pk", flat=True)
    )
    stranded = 0
    for of_mailbox in [models.Q(mailbox=None), *(models.Q(mailbox=pk) for pk in removed)]:
        stranded += queued.filter(of_mailbox).update(
            state=Attempt.State.FAILED,
            reason="The mailbox of this letter was removed. Choose another for the campaign, and write again.",
            verdict="",
            due_at=None,
            finished_at=now,
            settled_at=None,
        )
    return stranded


def expire(*, now: datetime) -> int:
    """Letters that were due too long ago are not sent by themselves any more: a person looks, and may queue them again.

    How many. By the database's clock as well, so that a worker whose clock has jumped ends nothing.
    """
    # As in `strand`: asked of each mailbox, for the letter that has waited longest.
    oldest = Attempt.objects.too_late(now).filter(mailbox=models.OuterRef("pk")).order_by("due_at").values("due_at")[:1]
    mailboxes = Mailbox.objects.annotate(oldest=models.Subquery(oldest)).exclude(oldest=None)
    ended = 0
    for pk in list(mailboxes.values_list("pk", flat=True)):
        ended += _end_late(Attempt.objects.too_late(now).filter(mailbox=pk, due_at__lte=Now() - EXPIRES_AFTER), now)
    return ended


def _end_late(late: models.QuerySet[Attempt], now: datetime) -> int:
    return late.update(
        state=Attempt.State.FAILED,
        reason=f"It was due {EXPIRES_AFTER.days} days ago and could not leave: it may be out of date. "
        "Read it, and queue it again if it still holds.",
        verdict="",
        due_at=None,
        asks="",
        finished_at=now,
        settled_at=None,
    )


def wake(*, now: datetime) -> int:
    """Letters that wait for a person and whose reason has gone (a hold lifted, a ground named) wait for a worker again;
    but those that stood under a hold for too long expire now, as they would have under a pause.

    The gate is asked, and nothing is reserved or logged; the claim decides for good. Where more wait than are looked at
    in one turn, each minute has another part of them, so that the first ones do not hide the rest for ever.
    """
    asking = Attempt.objects.filter(state=Attempt.State.QUEUED, due_at=None, mailbox__isnull=False)
    turns = -(-asking.count() // WAKE_AT_MOST)
    if not turns:
        return 0
    first = int(now.timestamp() // 60) % turns * WAKE_AT_MOST
    part = asking.select_related("campaign", "lead__contact", "identity", "mailbox__workspace").order_by("pk")
    by_workspace: dict[Workspace, list[Letter]] = {}
    for attempt in part[first : first + WAKE_AT_MOST]:
        if attempt.mailbox is not None:
            letters = by_workspace.setdefault(attempt.mailbox.workspace, [])
            letters.append(letter_of(attempt, attempt.mailbox, now=now))
    woken = 0
    for workspace, letters in by_workspace.items():
        decisions = gate.foresee(letters, workspace=workspace, now=now)
        free = asking.filter(pk__in=_keys(decision.letter.about for decision in decisions if not decision.asks))
        _end_late(free.filter(pk__in=_held_too_long(free, now=now)), now)
        woken += free.update(due_at=due_from(now))
    return woken


def _keys(subjects: Iterable[str]) -> list[int]:
    return [int(subject.removeprefix("attempt:")) for subject in subjects]


def _held_too_long(letters: AttemptQuerySet, *, now: datetime) -> list[int]:
    """Those among them that fell due, and came under a hold, too long ago: the log knows when. Two queries; the second
    asks by the database's clock as well, as `expire` does.
    """
    held = [attempt.about for attempt in letters.asking(Rule.HOLD).only("pk")]
    decided = AuditEntry.objects.filter(among("about", held), event="letter.decided")
    waiting = decided.filter(policy_result=PolicyResult.DEFERRED).order_by().values("about")
    since = waiting.annotate(since=models.Max("recorded_at")).filter(since__lte=now - EXPIRES_AFTER)
    return _keys(since.filter(since__lte=Now() - EXPIRES_AFTER).values_list("about", flat=True))
