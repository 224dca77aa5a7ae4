"""The one door: facts → policy → ledger and audit, in one transaction.

`decide` is called by whoever wants letters to leave, with the whole batch at once. It locks the workspace, so that two
workers cannot both take the last place of a cap; it takes the same number of queries for one letter as for five
hundred; and what it lets go is reserved in the ledger, and every answer written to the audit log, before it returns.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.db import models, transaction

from compliance import audit, consents, ledger, suppression
from compliance.addresses import normalise
from compliance.models import Kind, PolicyResult, SendRecord, Suppression
from compliance.policy import Decision, Facts, Letter, Limits, Written
from compliance.policy import at_once as answer_at_once
from compliance.policy import decide as apply_rules
from outreach_site.accounts.models import User, Workspace
from outreach_site.lib import ports
from outreach_site.lib.domains import registrable
from outreach_site.lib.inserting import Maker, insert
from outreach_site.lib.prepared import PreparedUpdate

_REPLY_MARKS = re.compile(r"^(?:(?:re|aw|sv|fwd?|wg|tr|rv)\s*:\s*)+", re.IGNORECASE)
# SQLite binds at most 32,766 values a statement, PostgreSQL's driver 65,535: a batch stays far below.
LARGEST_BATCH = 1_000


def decide(letters: Sequence[Letter], *, workspace: Workspace, now: datetime) -> list[Decision]:
    """Decide these letters in order; reserve in the ledger what may go; write every answer to the audit log.

    A letter whose wait is in the log already (`waits_because`) is not logged again until its answer changes.
    """
    if len(letters) > LARGEST_BATCH:
        raise ValueError(f"At most {LARGEST_BATCH} letters at a time.")
    with transaction.atomic():
        # On PostgreSQL this row is the queue of everybody who decides for the workspace; SQLite has one writer anyway.
        workspace = Workspace.objects.select_for_update(no_key=True).get(pk=workspace.pk)
        decisions = apply_rules(letters, _facts(letters, workspace, now), now=now)
        insert([_reservation(d, workspace, now) for d in decisions if d.allowed], with_keys=False)
        audit.record_many(
            [
                _entry(decision, workspace, now, user_id=decision.letter.user_id)
                for decision in decisions
                if not decision.waits_on
            ]
        )
    return decisions


def preview(
    letter: Letter, *, workspace: Workspace, user: User | None, now: datetime, at_once: bool = False
) -> Decision:
    """What `decide` would answer now. Reserves nothing; the audit row is marked as a question.

    `at_once`: for somebody who will not wait, see policy.at_once.
    """
    with transaction.atomic():
        [decision] = apply_rules([letter], _facts([letter], workspace, now), now=now)
        if at_once:
            decision = answer_at_once(decision)
        entry = _entry(decision, workspace, now, user_id=user.pk if user else None)
        audit.record_many([replace(entry, event="letter.checked", is_preview=True)])
    return decision


def foresee(letters: Sequence[Letter], *, workspace: Workspace, now: datetime) -> list[Decision]:
    """The answers for a page that lists what would happen to many letters: nothing is reserved, nothing is logged."""
    return apply_rules(letters, _facts(letters, workspace, now), now=now)


def facts_for(letters: Sequence[Letter], *, workspace: Workspace, now: datetime) -> Facts:
    """What the rules know of these letters now, for whoever thinks ahead with them."""
    return _facts(letters, workspace, now)


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


def count_as_uncertain(letters: Sequence[Letter], *, workspace: Workspace, now: datetime) -> None:
    """Letters that nobody let go here and that may have left all the same (a restored backup): they count from now on.

    Whatever the rules say of them, as it is too late to ask.
    """
    decisions = foresee(letters, workspace=workspace, now=now)
    rows = [_reservation(decision, workspace, now) for decision in decisions]
    for row in rows:
        row.state = SendRecord.State.UNCERTAIN
    insert(rows)


def record(decisions: Sequence[Decision], *, workspace: Workspace, now: datetime) -> None:
    """Write answers to the audit log that were given before the letters they are about had a number."""
    audit.record_many([_entry(decision, workspace, now, user_id=decision.letter.user_id) for decision in decisions])


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
        _SENT.run_many({"subject": subject, "at": at} for subject, at in outcomes.sent)
    if outcomes.uncertain:
        live.filter(subject__in=outcomes.uncertain).update(state=states.UNCERTAIN)
    if outcomes.released:
        live.filter(subject__in=outcomes.released).update(state=states.RELEASED)


def _sent(*, subject: str, at: datetime) -> tuple[models.QuerySet[SendRecord], dict[str, Any]]:
    live = SendRecord.objects.filter(subject=subject, state__in=[SendRecord.State.RESERVED, SendRecord.State.UNCERTAIN])
    return live, {"state": SendRecord.State.SENT, "counted_at": at}


_SENT = PreparedUpdate(_sent)


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
        is_question=True,
    )


def limits_of(workspace: Workspace) -> Limits:
    """The server's limits bound a workspace's own."""
    return Limits(
        per_user_day=min(workspace.daily_user_cap or settings.DAILY_USER_CAP, settings.DAILY_USER_CAP),
        per_domain_day=min(workspace.daily_domain_cap or settings.DAILY_DOMAIN_CAP, settings.DAILY_DOMAIN_CAP),
        per_sign_in_hour=settings.MAX_EMAILS_PER_HOUR,
        repeat_hours=settings.IDEMPOTENCY_HOURS,
        cool_off_days=workspace.cool_off_days,
        first_letters=workspace.first_letters,
    )


def _facts(letters: Sequence[Letter], workspace: Workspace, now: datetime) -> Facts:
    """Everything the rules ask about these letters. At most seven queries, whatever their number."""
    limits = limits_of(workspace)
    keys = {letter.recipient_key for letter in letters}
    counted = ledger.ask(letters, workspace=workspace, limits=limits, now=now)
    names = _names(letters, counted) if limits.cool_off_days else {}
    engaged = ports.engagements(keys, workspace_id=workspace.pk, now=now) if limits.cool_off_days else {}
    standing = suppression.standing_among(workspace, keys)
    return Facts(
        limits=limits,
        day_ends_at=workspace.day_bounds(now)[1],
        treatments=workspace.regions,
        look_at_regions=frozenset(workspace.look_at_regions),
        sandbox=settings.SANDBOX,
        readers_reach_us=_readers_reach_us(),
        suppressed={key: _why_suppressed(entries[0]) for key, entries in standing.items()},
        refused=_refused(letters, standing, workspace),
        never_pitch=counted.never_pitch,
        held=counted.held,
        regions=counted.regions,
        consents=consents.of_keys(keys, counted.consents),
        engaged=engaged,
        written=_written(letters, counted, names, limits, workspace, now),
        names=names,
        let_go=counted.let_go,
        taken_steps=counted.taken_steps,
        repeats=counted.repeats,
        per_user=counted.per_user,
        per_domain=counted.per_domain,
        per_mailbox=counted.per_mailbox,
        per_sign_in=counted.per_sign_in,
        newest_at=counted.newest_at,
    )


def _written(
    letters: Sequence[Letter],
    counted: ledger.Counted,
    names: Mapping[int, str],
    limits: Limits,
    workspace: Workspace,
    now: datetime,
) -> dict[str, Written]:
    """The last letter to each site: through us by the ledger, or by hand from somebody's own mail program."""
    written = {site: Written(names.get(who or 0, ""), at) for site, (who, at) in counted.written.items()}
    sites = {letter.shared_site for letter in letters if letter.kind == Kind.FIRST}
    if limits.cool_off_days and sites:
        since = now - timedelta(days=limits.cool_off_days)
        by_hand = ports.written_by_hand(sites, workspace_id=workspace.pk, since=since)
        for site, at in by_hand.items():
            if site not in written or written[site].at < at:
                written[site] = Written("", at)
    return written


def _refused(
    letters: Sequence[Letter], standing: Mapping[str, Sequence[Suppression]], workspace: Workspace
) -> dict[str, bool]:
    """Whose refusal somebody here means to answer, and whether that was done already. No query for other letters."""
    waived = [letter for letter in letters if letter.refusal_waived]
    wanted = {letter.recipient_key for letter in waived}
    since = {
        key: min(entry.created_at for entry in entries)
        for key, entries in standing.items()
        if key in wanted and suppression.is_refusal(entries)
    }
    if not since:
        return {}
    answered = ledger.answers_to(since, workspace=workspace, but=[letter.about for letter in waived if letter.about])
    return {key: key in answered for key in since}


def _names(letters: Sequence[Letter], counted: ledger.Counted) -> dict[int, str]:
    """Of the people who wrote to these sites, or are about to."""
    ids = {letter.user_id for letter in letters} | {user_id for user_id, _ in counted.written.values()}
    people = User.objects.filter(pk__in=[user_id for user_id in ids if user_id is not None])
    return {user.pk: user.get_full_name() for user in people.only("name", "email")}


def _readers_reach_us() -> bool:
    """Whether SITE_URL can be opened from other machines: it is what the links in letters start with."""
    host = urlsplit(settings.SITE_URL).hostname or ""
    try:
        return not ip_address(host).is_loopback
    except ValueError:
        return host != "localhost" and not host.endswith(".localhost")


def _why_suppressed(entry: Suppression) -> str:
    what = f"Everybody at {entry.value}" if entry.scope == entry.Scope.DOMAIN else "This address"
    return f"{what} is on the suppression list ({entry.get_reason_display().lower()}, {entry.created_at:%d %B %Y})."


_new_record = Maker(SendRecord)


def _reservation(decision: Decision, workspace: Workspace, now: datetime) -> SendRecord:
    letter = decision.letter
    return _new_record(
        workspace_id=workspace.pk,
        subject=letter.about,
        kind=letter.kind,
        step=letter.step,
        user_id=letter.user_id,
        mailbox_id=letter.mailbox_id,
        campaign=letter.campaign,
        sign_in=letter.sign_in,
        sender=letter.sender,
        recipient=letter.recipient,
        recipient_key=letter.recipient_key,
        recipient_domain=letter.recipient_domain,
        subject_digest=letter.subject_digest,
        legal_basis=decision.legal_basis,
        region=decision.region.region,
        region_source=decision.region.source,
        ground=letter.ground,
        found_url=letter.found_url[:500],
        found_passage=letter.found_passage[:500],
        found_at=letter.found_at,
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
        checks=[check.row for check in decision.checks],
        details={
            "region_source": decision.region.source.value,
            "ground": letter.ground,
            # What a page counts refusals by (refusals.py).
            **({"rule": decision.deciding[0].value} if decision.deciding else {}),
        },
        lead_email=letter.recipient,
        sender_email=letter.sender,
        subject=letter.subject,
        now=now,
    )
