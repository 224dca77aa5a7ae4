"""Looking whether links are there, and keeping what was seen.

1. *Take*: one conditional update; whoever loses looks at something else. 2. *Look*: robots.txt, then the page, outside
any transaction. 3. *Record*: the look with its evidence, the placement's state, and on first proof the lead's.

What the clock finds gone counts after a second look an hour later: sites are rebuilt, caches hiccup. What a person
asked for counts at once. A site that lets no program look is a person's to look at, and never "lost".
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from django.db import models, transaction

from campaigns.discovery.crawl import ForbiddenError, Polite, ask_page
from campaigns.lifecycle import ENDS_WRITING
from campaigns.models import Lead, Placement, PlacementCheck
from campaigns.placements.verdict import Agreement, Finding, Outcome, Problem, judge
from campaigns.queueing import cancel_waiting
from compliance import audit
from outreach_site.accounts.models import User
from outreach_site.lib.ports import News, What, announce
from outreach_site.lib.web import WebError, WebFailure

EVERY = timedelta(days=7)
# Agreed, and not seen yet: it may appear any day, for a while.
EXPECTED_EVERY, EXPECTED_FOR = timedelta(days=1), timedelta(days=60)
SECOND_LOOK = timedelta(hours=1)
AFTER_SILENCE = timedelta(hours=6)
# So long a person's word stands where no program may look.
CONFIRMED_FOR = timedelta(days=90)
LEASE = timedelta(minutes=2)
AT_ONCE = 24  # hosts side by side in one slice

State = Placement.State


def check_due(*, now: datetime, polite: Polite | None = None) -> int:
    """One slice: up to 24 placements that are due, of as many hosts, those that a person asked for first."""
    due = Placement.objects.due(now).select_related("lead__campaign__workspace", "asked_by")
    batch: dict[str, Placement] = {}
    for placement in due.order_by(models.F("asked_at").asc(nulls_last=True), "next_check_at")[: 4 * AT_ONCE]:
        host = urlsplit(placement.page_url).hostname or ""
        if len(batch) < AT_ONCE and host not in batch and _take(placement, now=now):
            batch[host] = placement
    _look_and_record(list(batch.values()), now=now, polite=polite)
    return len(batch)


def check(placement: Placement, *, now: datetime, polite: Polite | None = None) -> PlacementCheck | None:
    """Look at one now; None while another worker does."""
    if not _take(placement, now=now):
        return None
    return _look_and_record([placement], now=now, polite=polite)[0]


def ask(placement: Placement, *, by: User, now: datetime) -> None:
    """Somebody wants it looked at now: the next slice takes it."""
    Placement.objects.filter(pk=placement.pk).update(asked_at=now, asked_by=by, next_check_at=now)
    placement.asked_at, placement.asked_by, placement.next_check_at = now, by, now


def confirm(placement: Placement, *, is_there: bool, by: User, now: datetime) -> PlacementCheck:
    """A person has looked, and says what is there."""
    name = by.get_full_name()
    if is_there:
        finding = Finding(Outcome.FOUND, f"{name} saw it.", final_url=placement.page_url)
    else:
        finding = Finding(Outcome.GONE, f"{name} looked, and it is not there.", final_url=placement.page_url)
    return _record(placement, finding, by=by, now=now, confirmed=is_there)


def _take(placement: Placement, *, now: datetime) -> bool:
    return bool(Placement.objects.free(now).filter(pk=placement.pk).update(checking_until=now + LEASE))


def _look_and_record(placements: Sequence[Placement], *, now: datetime, polite: Polite | None) -> list[PlacementCheck]:
    """Pages are read in threads of their own, which never touch the database."""
    if not placements:
        return []
    with ThreadPoolExecutor(max_workers=len(placements), thread_name_prefix="placements") as pool:
        findings = pool.map(look, [agreement_of(one) for one in placements], [polite] * len(placements))
        return [
            _record(placement, finding, by=placement.asked_by if placement.asked_at else None, now=now)
            for placement, finding in zip(placements, findings, strict=True)
        ]


def agreement_of(placement: Placement) -> Agreement:
    return Agreement(placement.page_url, placement.target_url, placement.anchor, placement.expected_rel)


def look(agreed: Agreement, polite: Polite | None = None) -> Finding:
    """What is there now. Never raises for what the web may answer."""
    try:
        return judge(ask_page(agreed.page, polite=polite), agreed)
    except ForbiddenError as err:
        return Finding(Outcome.CLOSED, f"{err} Open it yourself.")
    except WebError as err:
        closed = err.failure in {WebFailure.ADDRESS, WebFailure.TLS, WebFailure.NONSENSE}
        return Finding(Outcome.CLOSED if closed else Outcome.AWAY, str(err))
    except Exception as err:  # noqa: BLE001 - one strange page must not stop the others
        return Finding(Outcome.CLOSED, f"The page could not be read ({type(err).__name__}). Open it yourself.")


def _record(
    placement: Placement, finding: Finding, *, by: User | None, now: datetime, confirmed: bool = False
) -> PlacementCheck:
    """The row is read again under a lock: a person may have said something while the page was read."""
    with transaction.atomic():
        fresh = Placement.objects.select_for_update(of=("self",)).select_related("lead__campaign__workspace")
        kept = fresh.get(pk=placement.pk)
        was = State(kept.state)
        _move(kept, finding, by=by, now=now, confirmed=confirmed)
        kept.checked_at, kept.checking_until, kept.asked_at, kept.asked_by = now, None, None, None
        kept.save()
        said = asdict(finding) | {"outcome": finding.outcome.value, "problems": list(finding.problems)}
        seen = PlacementCheck.objects.create(placement=kept, at=now, by=by, **said)
        if finding.outcome == Outcome.FOUND and not _is_out_of_sight(finding):
            _place(kept, now=now)
        if was != kept.state:
            audit.record(
                "placement.changed",
                workspace=kept.lead.campaign.workspace,
                user=by,
                about=kept.subject,
                details={"from": was.value, "to": kept.state, "lead": f"lead:{kept.lead_id}"},
                now=now,
            )
            announce([_changed(kept, was, seen)])
    for name in (field.attname for field in Placement._meta.concrete_fields):
        setattr(placement, name, getattr(kept, name))
    return seen


def _changed(placement: Placement, was: State, seen: PlacementCheck) -> News:
    return News(
        what=What.PLACEMENT,
        workspace_id=placement.lead.campaign.workspace_id,
        about=placement.subject,
        key=f"{placement.subject}:{seen.pk}",
        at=seen.at,
        facts={
            "placement_id": placement.pk,
            "lead_id": placement.lead_id,
            "campaign_id": placement.lead.campaign_id,
            "page_url": placement.page_url,
            "target_url": placement.target_url,
            "state": str(placement.state),
            "state_before": was.value,
            "problems": [str(problem) for problem in placement.problems],
        },
    )


def _move(placement: Placement, finding: Finding, *, by: User | None, now: datetime, confirmed: bool) -> None:
    """The state after a look, and when to look next."""
    placement.next_check_at = now + EVERY
    match finding.outcome:
        case Outcome.FOUND:
            placement.state = State.CHANGED if finding.problems else State.LIVE
            placement.problems = list(finding.problems)
            if not confirmed:
                placement.found_rel, placement.found_anchor = finding.rel, finding.anchor
            else:
                placement.confirmed_at = now
            placement.first_seen_at = placement.first_seen_at or now
            placement.last_seen_at = now
            placement.lost_at, placement.noted_at, placement.is_doubted = None, None, False
        case Outcome.GONE if placement.first_seen_at is None:
            placement.problems = list(finding.problems)
            placement.state = State.EXPECTED
            if now - placement.created_at < EXPECTED_FOR:
                placement.next_check_at = now + EXPECTED_EVERY
        case Outcome.GONE if by is None and not placement.is_doubted and placement.state != State.LOST:
            placement.is_doubted = True
            placement.next_check_at = now + SECOND_LOOK
        case Outcome.GONE:
            placement.problems = list(finding.problems)
            placement.lost_at = placement.lost_at or now
            placement.state, placement.is_doubted, placement.confirmed_at = State.LOST, False, None
        case Outcome.CLOSED if not (placement.confirmed_at and now - placement.confirmed_at < CONFIRMED_FOR):
            if placement.state != State.LOST:
                placement.state = State.REVIEW
        case Outcome.AWAY:
            placement.next_check_at = now + AFTER_SILENCE
        case _:
            pass


def _is_out_of_sight(finding: Finding) -> bool:
    return Problem.HIDDEN in finding.problems


def _place(placement: Placement, *, now: datetime) -> None:
    """The link was seen: that is the proof by which a lead becomes placed. Who asked to be removed stays removed."""
    lead = placement.lead
    if lead.status in {Lead.Status.PLACED, Lead.Status.UNSUBSCRIBED}:
        return
    Lead.objects.filter(pk=lead.pk).move_to(Lead.Status.PLACED, now=now)
    cancel_waiting(lead, reason=ENDS_WRITING[Lead.Status.PLACED], now=now)
    audit.record(
        "lead.status_changed",
        workspace=lead.campaign.workspace,
        about=f"lead:{lead.pk}",
        details={"from": lead.status, "to": Lead.Status.PLACED.value, "proof": placement.subject},
        now=now,
    )
