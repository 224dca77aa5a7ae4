"""The one door: facts → policy → ledger and audit, in one transaction.

`decide` is called by whoever wants letters to leave, with the whole batch at once. It locks the workspace, so that two
workers cannot both take the last place of a cap; it takes the same number of queries for one letter as for five
hundred; and what it lets go is reserved in the ledger, and every answer written to the audit log, before it returns.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from django.conf import settings
from django.db import models, transaction
from django.db.models import Count

from compliance import audit, suppression
from compliance.addresses import normalise, registrable
from compliance.models import Hold, Kind, PolicyResult, SendRecord, Suppression
from compliance.policy import HOUR, Decision, Facts, Letter, Limits
from compliance.policy import decide as apply_rules
from outreach_site.accounts.models import User, Workspace

_REPLY_MARKS = re.compile(r"^(?:(?:re|aw|sv|fwd?|wg|tr|rv)\s*:\s*)+", re.IGNORECASE)
# SQLite binds at most 32,766 values a statement, PostgreSQL's driver 65,535: a batch stays far below.
LARGEST_BATCH = 1_000


def decide(letters: Sequence[Letter], *, workspace: Workspace, now: datetime) -> list[Decision]:
    """Decide these letters in order; reserve in the ledger what may go; write every answer to the audit log.

    A letter whose wait is in the log already (`deferred_before`) is not logged again until its answer changes.
    """
    if len(letters) > LARGEST_BATCH:
        raise ValueError(f"At most {LARGEST_BATCH} letters at a time.")
    with transaction.atomic():
        # On PostgreSQL this row is the queue of everybody who decides for the workspace; SQLite has one writer anyway.
        workspace = Workspace.objects.select_for_update(no_key=True).get(pk=workspace.pk)
        decisions = apply_rules(letters, _facts(letters, workspace, now), now=now)
        SendRecord.objects.bulk_create([_reservation(d, workspace, now) for d in decisions if d.allowed])
        audit.record_many(
            [
                _entry(decision, workspace, now, user_id=decision.letter.user_id)
                for decision in decisions
                if not (decision.result == PolicyResult.DEFERRED and decision.letter.deferred_before)
            ]
        )
    return decisions


def preview(letter: Letter, *, workspace: Workspace, user: User | None, now: datetime) -> Decision:
    """What `decide` would answer now. Reserves nothing; the audit row is marked as a question."""
    with transaction.atomic():
        [decision] = apply_rules([letter], _facts([letter], workspace, now), now=now)
        entry = _entry(decision, workspace, now, user_id=user.pk if user else None)
        audit.record_many([replace(entry, event="letter.checked", is_preview=True)])
    return decision


def foresee(letters: Sequence[Letter], *, workspace: Workspace, now: datetime) -> list[Decision]:
    """The answers for a page that lists what would happen to many letters: nothing is reserved, nothing is logged."""
    return apply_rules(letters, _facts(letters, workspace, now), now=now)


def screen(letters: Sequence[Letter], *, workspace: Workspace, now: datetime) -> list[Decision]:
    """The answers when letters are queued: refusals are final and go into the audit log, the rest is decided later."""
    with transaction.atomic():
        decisions = foresee(letters, workspace=workspace, now=now)
        audit.record_many(
            [
                _entry(decision, workspace, now, user_id=decision.letter.user_id)
                for decision in decisions
                if decision.result == PolicyResult.BLOCKED
            ]
        )
    return decisions


@dataclass(frozen=True)
class Outcomes:
    """What became of reserved letters, by subject (`attempt:42`)."""

    sent: Sequence[tuple[str, datetime]] = ()
    uncertain: Sequence[str] = ()
    released: Sequence[str] = ()


def settle(outcomes: Outcomes) -> None:
    """Move the ledger's live rows to what became of their letters; at most one query each for three outcomes.

    A sent letter counts at the moment it was sent. A letter that did not leave uses nothing up.
    """
    states = SendRecord.State
    live = SendRecord.objects.filter(state__in=[states.RESERVED, states.UNCERTAIN])
    if outcomes.sent:
        live.filter(subject__in=[subject for subject, _ in outcomes.sent]).update(
            state=states.SENT,
            counted_at=models.Case(
                *[models.When(subject=subject, then=models.Value(at)) for subject, at in outcomes.sent],
                output_field=models.DateTimeField(),
            ),
        )
    if outcomes.uncertain:
        live.filter(subject__in=outcomes.uncertain).update(state=states.UNCERTAIN)
    if outcomes.released:
        live.filter(subject__in=outcomes.released).update(state=states.RELEASED)


def subject_digest(subject: str) -> str:
    """What makes two subject lines the same: case, white space and reply marks do not count."""
    plain = _REPLY_MARKS.sub("", " ".join(subject.split()).casefold())
    return hashlib.sha256(plain.encode()).hexdigest()


def question(
    *,
    recipient: str,
    sender: str,
    subject: str,
    user: User | None,
    mailbox_id: int,
    sign_in: str,
    through_sandbox: bool,
) -> Letter:
    """A letter that does not exist, to ask about. Raises addresses.InvalidAddressError."""
    key = normalise(recipient)
    return Letter(
        about="",
        kind=Kind.FIRST,
        user_id=user.pk if user else None,
        mailbox_id=mailbox_id,
        sign_in=sign_in,
        sender=sender.lower(),
        recipient=recipient.strip(),
        recipient_key=key,
        recipient_domain=registrable(key.rpartition("@")[2]),
        subject=subject,
        subject_digest=subject_digest(subject),
        through_sandbox=through_sandbox,
    )


def limits_of(workspace: Workspace) -> Limits:
    """The server's limits bound a workspace's own."""
    return Limits(
        per_user_day=min(workspace.daily_user_cap or settings.DAILY_USER_CAP, settings.DAILY_USER_CAP),
        per_domain_day=min(workspace.daily_domain_cap or settings.DAILY_DOMAIN_CAP, settings.DAILY_DOMAIN_CAP),
        per_sign_in_hour=settings.MAX_EMAILS_PER_HOUR,
        repeat_hours=settings.IDEMPOTENCY_HOURS,
    )


def _facts(letters: Sequence[Letter], workspace: Workspace, now: datetime) -> Facts:
    """Everything the rules ask about these letters. Eight queries, whatever their number."""
    limits = limits_of(workspace)
    day_starts_at, day_ends_at = workspace.day_bounds(now)
    ledger = SendRecord.objects.in_workspace(workspace).that_count()
    today = ledger.filter(counted_at__gte=day_starts_at)
    # Letters on their way or uncertain count whatever their day: their moment is not known yet.
    carried = list(
        ledger.exclude(state=SendRecord.State.SENT)
        .filter(counted_at__lt=day_starts_at)
        .values_list("user_id", "recipient_domain", "mailbox_id")
    )
    user_ids = {letter.user_id for letter in letters}
    domains = {letter.recipient_domain for letter in letters}
    mailbox_ids = {letter.mailbox_id for letter in letters}
    keys = {letter.recipient_key for letter in letters}
    steps = {letter.step for letter in letters if letter.step}
    abouts = [letter.about for letter in letters if letter.about]
    counted = {
        name: Counter(
            dict(today.filter(**{f"{name}__in": values}).values_list(name).annotate(n=Count("pk")).order_by())
        )
        for name, values in (("user_id", user_ids), ("recipient_domain", domains), ("mailbox_id", mailbox_ids))
    }
    for user_id, domain, mailbox_id in carried:
        counted["user_id"][user_id] += 1
        counted["recipient_domain"][domain] += 1
        counted["mailbox_id"][mailbox_id] += 1
    earlier = list(
        ledger.filter(recipient_key__in=keys)
        .filter(models.Q(counted_at__gt=now - timedelta(hours=limits.repeat_hours)) | models.Q(step__in=steps))
        .exclude(subject__in=abouts)
        .values_list("sender", "recipient_key", "subject_digest", "step", "counted_at")
    )
    repeats_since = now - timedelta(hours=limits.repeat_hours)
    per_sign_in: dict[str, list[datetime]] = {}
    hour = SendRecord.objects.that_count().filter(
        sign_in__in={letter.sign_in for letter in letters}, counted_at__gt=now - HOUR
    )
    for sign_in, moment in hour.order_by("counted_at").values_list("sign_in", "counted_at"):
        per_sign_in.setdefault(sign_in, []).append(moment)
    return Facts(
        limits=limits,
        day_ends_at=day_ends_at,
        treatments=workspace.regions,
        sandbox=settings.SANDBOX,
        suppressed={
            key: _why_suppressed(entry) for key, entry in suppression.suppressed_among(workspace, keys).items()
        },
        held=_held(letters, workspace),
        taken_steps={(step, key) for _, key, _, step, _ in earlier if step},
        repeats={(sender, key, digest) for sender, key, digest, _, at in earlier if at > repeats_since},
        per_user=counted["user_id"],
        per_domain=counted["recipient_domain"],
        per_mailbox=counted["mailbox_id"],
        per_sign_in=per_sign_in,
    )


def _held(letters: Sequence[Letter], workspace: Workspace) -> dict[str, str]:
    subjects = {"workspace"}
    for letter in letters:
        subjects |= {f"mailbox:{letter.mailbox_id}", f"address:{letter.recipient_key}"}
        if letter.campaign:
            subjects.add(letter.campaign)
    standing = Hold.objects.in_workspace(workspace).standing().filter(subject__in=subjects)
    return dict(standing.values_list("subject", "reason"))


def _why_suppressed(entry: Suppression) -> str:
    what = "This address" if entry.scope == entry.Scope.ADDRESS else f"Everybody at {entry.value}"
    return f"{what} is on the suppression list ({entry.get_reason_display().lower()}, {entry.created_at:%d %B %Y})."


def _reservation(decision: Decision, workspace: Workspace, now: datetime) -> SendRecord:
    letter = decision.letter
    return SendRecord(
        workspace=workspace,
        subject=letter.about,
        kind=letter.kind,
        step=letter.step,
        user_id=letter.user_id,
        mailbox_id=letter.mailbox_id,
        sign_in=letter.sign_in,
        sender=letter.sender,
        recipient=letter.recipient,
        recipient_key=letter.recipient_key,
        recipient_domain=letter.recipient_domain,
        subject_digest=letter.subject_digest,
        legal_basis=decision.legal_basis,
        region=decision.region.region,
        message_id=letter.message_id,
        reserved_at=now,
        counted_at=now,
    )


def _entry(decision: Decision, workspace: Workspace, now: datetime, *, user_id: int | None) -> audit.Entry:
    letter = decision.letter
    return audit.Entry(
        event="letter.decided",
        workspace_id=workspace.pk,
        user_id=user_id,
        about=letter.about,
        policy_result=decision.result,
        reason=decision.reason,
        legal_basis=decision.legal_basis,
        region=decision.region.region,
        checks=tuple(check.as_dict() for check in decision.checks),
        details={"region_source": decision.region.source.value, "ground": letter.ground},
        lead_email=letter.recipient,
        sender_email=letter.sender,
        subject=letter.subject,
        now=now,
    )
