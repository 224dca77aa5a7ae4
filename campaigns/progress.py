"""How far campaigns and leads have come: the figures and sentences that lists show. Read-only, and in bulk."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from django.db.models import Count, F, Min, Q, QuerySet, TextField, Value
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Coalesce
from django.db.models.lookups import Exact

from campaigns.analytics.reading import totals
from campaigns.models import Attempt, Campaign, Lead
from campaigns.rendering import names_that_need_a_value, values_for
from campaigns.standstill import standing_still
from compliance import holds, suppression
from outreach_site.accounts.models import SenderIdentity, Workspace

# A letter that may have been sent counts as one: caps and people see it alike.
WRITTEN = (Attempt.State.SENT, Attempt.State.UNCERTAIN)


@dataclass(frozen=True)
class Figures:
    """A campaign's numbers. People are counted, not letters: two letters to one person are one. A status that somebody
    set brings no reply.
    """

    leads: int = 0
    written_to: int = 0
    answered: int = 0
    placed: int = 0
    waiting: int = 0  # letters
    next_due_at: datetime | None = None
    is_due: bool = False  # the next one waits for nothing but its turn

    @property
    def reply_rate(self) -> int | None:
        """People who answered / people written to, in percent; None before the first letter."""
        return round(100 * self.answered / self.written_to) if self.written_to else None


def figures_of(campaigns: Sequence[Campaign], *, now: datetime) -> dict[int, Figures]:
    """The figures of each campaign of one workspace, by its id. A constant number of queries."""
    ids = [campaign.pk for campaign in campaigns]
    if not ids:
        return {}
    leads = {
        row["campaign"]: row
        for row in Lead.objects.filter(campaign__in=ids)
        .order_by()
        .values("campaign")
        .annotate(total=Count("pk"), placed=Count("pk", filter=Q(status=Lead.Status.PLACED)))
    }
    waiting = waiting_letters(campaigns[0].workspace, ids)
    came = totals(campaigns[0].workspace, campaigns, now=now)
    return {
        pk: Figures(
            leads=leads.get(pk, {}).get("total", 0),
            placed=leads.get(pk, {}).get("placed", 0),
            written_to=came[pk].people,
            answered=came[pk].people_answered,
            waiting=waiting[pk].count,
            next_due_at=waiting[pk].next_due_at,
            is_due=(due := waiting[pk].next_due_at) is not None and due <= now,
        )
        for pk in ids
    }


@dataclass
class Waiting:
    """Letters of a campaign that have not left yet, those that leave right now among them."""

    count: int = 0
    next_due_at: datetime | None = None


def waiting_letters(workspace: Workspace, campaigns: Sequence[int]) -> dict[int, Waiting]:
    """What waits in each of these campaigns of a workspace, by its id. One query.

    Found by the indexes of letters on their way. By campaign, or grouped by it as it is, SQLite would read every letter
    that these campaigns ever sent.
    """
    found = {pk: Waiting() for pk in campaigns}
    letters = Attempt.objects.in_workspace(workspace).annotate(of_campaign=F("campaign_id") + 0)
    queued, leaving = (
        some.filter(of_campaign__in=campaigns)
        .order_by()
        .values("of_campaign")
        .annotate(count=Count("pk"), next_due_at=Min("due_at", filter=Q(state=Attempt.State.QUEUED)))
        for some in (
            letters.filter(state=Attempt.State.QUEUED),
            letters.filter(state=Attempt.State.SENDING, lease_token__isnull=False),
        )
    )
    for row in queued.union(leaving, all=True):
        waiting = found[row["of_campaign"]]
        waiting.count += row["count"]
        waiting.next_due_at = row["next_due_at"] or waiting.next_due_at
    return found


@dataclass(frozen=True)
class Standing:
    """One lead at a glance: what happened last, what comes next, and what keeps it from coming."""

    last: str
    last_at: datetime
    next: str = ""
    next_at: datetime | None = None
    why: str = ""  # a sentence, where something stands in the way
    tone: str = "neutral"
    attempt: Attempt | None = None  # the newest letter
    may_be_written_to: bool = False  # nothing is known that would refuse a first letter


_LAST = {
    Attempt.State.SENT: "Letter sent",
    Attempt.State.UNCERTAIN: "Letter may have been sent",
    Attempt.State.FAILED: "Letter could not be sent",
    Attempt.State.BLOCKED: "Letter held back",
    Attempt.State.CANCELLED: "Letter taken back",
    Attempt.State.QUEUED: "Letter queued",
    Attempt.State.SENDING: "Letter leaving",
}
# Why nothing more is written to a lead in this state.
_ENDED = {
    Lead.Status.REPLIED: "They answered",
    Lead.Status.PLACED: "The link is live",
    Lead.Status.LOST: "They said no",
    Lead.Status.BOUNCED: "The address does not exist",
    Lead.Status.UNSUBSCRIBED: "They asked to be removed",
}


def standings(leads: Iterable[Lead], *, campaign: Campaign, workspace: Workspace, now: datetime) -> dict[int, Standing]:
    """Where each lead stands, by its id. A constant number of queries; the leads' contacts should be loaded."""
    leads = list(leads)
    newest: dict[int, Attempt] = {}
    letters = Attempt.objects.filter(lead__in=[lead.pk for lead in leads]).select_related("mailbox")
    for attempt in letters.defer("body").order_by("pk"):
        newest[attempt.lead_id] = attempt
    keys = [lead.contact.email_key for lead in leads if lead.contact]
    suppressed = suppression.suppressed_among(workspace, keys)
    mailboxes = {f"mailbox:{attempt.mailbox_id}" for attempt in newest.values()}
    addresses = [f"address:{key}" for key in keys]
    held = holds.reasons(workspace, ["workspace", campaign.subject, *mailboxes, *addresses])
    return {
        lead.pk: _standing(
            lead,
            attempt=newest.get(lead.pk),
            refusal=_refusal(suppressed.get(lead.contact.email_key)) if lead.contact else "",
            hold=held.get(f"address:{lead.contact.email_key}", "") if lead.contact else "",
            still=_standing_still(newest.get(lead.pk), campaign=campaign, workspace=workspace, held=held),
            now=now,
        )
        for lead in leads
    }


def _standing_still(
    attempt: Attempt | None, *, campaign: Campaign, workspace: Workspace, held: Mapping[str, str]
) -> str:
    if attempt is None:
        return ""
    return standing_still(workspace, mailbox=attempt.mailbox, campaign=campaign, held=held)


def _standing(lead: Lead, *, attempt: Attempt | None, refusal: str, hold: str, still: str, now: datetime) -> Standing:
    last, last_at = "Added", lead.created_at
    if attempt is not None:
        last = _LAST.get(Attempt.State(attempt.state), "Letter written")
        last_at = attempt.finished_at or attempt.started_at or attempt.created_at
    if lead.status not in {Lead.Status.DISCOVERED, Lead.Status.CONTACTED} and lead.status_changed_at >= last_at:
        last, last_at = Lead.Status(lead.status).label, lead.status_changed_at
    here = Standing(last=last, last_at=last_at, attempt=attempt)
    if attempt is not None and attempt.state in Attempt.LIVE:
        return _live(here, attempt, refusal=refusal, hold=hold, still=still, now=now)
    if refusal:
        return replace(here, next="Held", why=refusal, tone="bad")
    if ended := _ENDED.get(Lead.Status(lead.status)):
        return replace(here, why=ended, tone="muted")
    if lead.contact is None:
        return here
    if hold:
        return replace(here, next="Held", why=hold, tone="warn", may_be_written_to=_is_new(lead))
    if attempt is not None and attempt.state in {Attempt.State.BLOCKED, Attempt.State.FAILED}:
        label = Attempt.State(attempt.state).label
        return replace(here, next=label, why=attempt.reason, tone="bad", may_be_written_to=_is_new(lead))
    return replace(here, may_be_written_to=_is_new(lead))


def _is_new(lead: Lead) -> bool:
    return lead.status == Lead.Status.DISCOVERED


def _live(here: Standing, attempt: Attempt, *, refusal: str, hold: str, still: str, now: datetime) -> Standing:
    """A letter that may still leave, or may have left."""
    if attempt.state == Attempt.State.SENDING:
        return replace(here, next="Leaving now", tone="info")
    if attempt.state == Attempt.State.UNCERTAIN:
        return replace(here, next=Attempt.State.UNCERTAIN.label, why=attempt.reason, tone="warn")
    if refusal:
        return replace(here, next="Held", why=refusal, tone="bad")
    if hold:
        return replace(here, next="Held", why=hold, tone="warn")
    if still:
        return replace(here, next="Waits", why=still, tone="muted")
    if attempt.due_at is None:
        return replace(here, next="Waits for you", why=attempt.reason, tone="warn")
    if attempt.due_at <= now:
        return replace(here, next="Leaves in turn", why=attempt.reason, tone="info")
    return replace(here, next="Leaves", next_at=attempt.due_at, why=attempt.reason, tone="info")


def _refusal(entry: suppression.Suppression | None) -> str:
    return entry.get_reason_display().lower() if entry else ""


def leads_that_lack(
    name: str, leads: QuerySet[Lead], *, campaign: Campaign, identity: SenderIdentity | None
) -> QuerySet[Lead]:
    """Those of `leads` for which nothing fills this placeholder."""
    return leads.filter(_lacking(name, campaign=campaign, identity=identity))


@dataclass(frozen=True)
class Lack:
    name: str
    leads: int


def lacks(
    subject: str, body: str, *, leads: QuerySet[Lead], campaign: Campaign, identity: SenderIdentity | None
) -> tuple[int, list[Lack]]:
    """How many leads there are, and for each placeholder without a fallback how many lack it. One query."""
    names = names_that_need_a_value(subject, body)
    counted = leads.order_by().aggregate(
        total=Count("pk"),
        **{
            f"lack_{n}": Count("pk", filter=_lacking(name, campaign=campaign, identity=identity))
            for n, name in enumerate(names)
        },
    )
    found = [Lack(name, counted[f"lack_{n}"]) for n, name in enumerate(names)]
    return counted["total"], [lack for lack in found if lack.leads]


_EVERY_LEAD, _NO_LEAD = Q(pk__isnull=False), Q(pk__isnull=True)


def _lacking(name: str, *, campaign: Campaign, identity: SenderIdentity | None) -> Q:
    """The question in SQL; rendering.values_for answers the same in Python, for one lead."""
    if name in {"name", "first_name"}:
        return Q(contact=None) | Q(contact__name="")
    if name == "topic":
        return _NO_LEAD if campaign.topic else Q(topic="")
    if name in {"website", "your_name", "your_site"}:
        someone = values_for(lead=Lead(domain="-"), identity=identity, campaign=campaign)
        return _NO_LEAD if someone[name] else _EVERY_LEAD
    value = Coalesce(KeyTextTransform(name, "custom_fields"), Value(""), output_field=TextField())
    return Q(Exact(value, Value("")))
