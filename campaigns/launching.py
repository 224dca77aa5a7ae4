"""The launch check: every lead's letter as it would be, what becomes of it and when; and the launch itself.

Everything is judged by the code that queues and sends: queueing.foresee_letters writes and decides, forecast.py works
the queue off in thought. The first CHECKED leads are looked at in both ways; those behind them slice by slice in the
first (`look_on`), and the days they take are reckoned from the pace of those before them.
"""

from __future__ import annotations

import random
import time
import uuid
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import lru_cache
from importlib import resources

import structlog
from django.db import models, transaction

from campaigns import letters
from campaigns.address_checks import no_mail
from campaigns.first_letters import in_the_way
from campaigns.following import MAY_HAVE_LEFT
from campaigns.forecast import Forecast, of_campaign
from campaigns.models import Attempt, Campaign, FoundSite, Ground, Launch, Lead, LeadQuerySet
from campaigns.places import country_of
from campaigns.queueing import (
    LARGEST_REQUEST,
    Foreseen,
    Queued,
    foresee_letters,
    look_first,
    only_one_queues_for,
    queue_letters,
)
from campaigns.rendering import names_that_need_a_value
from campaigns.rota import CannotQueueError
from campaigns.standstill import standing_still
from campaigns.tasks import launch_soon
from compliance import audit, gate, holds
from compliance.addresses import domain_of, is_disposable
from compliance.models import Kind
from compliance.policy import Rule
from compliance.regions import asks_businesses_too
from outreach_site.accounts.models import User, Workspace
from outreach_site.lib.moments import FromNow
from outreach_site.mailboxes.models import SendingDomain

log = structlog.get_logger(__name__)

CHECKED = 1_000
SLICE_SECONDS = 15.0
# A launch whose worker died is taken up after that.
LEASE = timedelta(seconds=60)
STANDS_STILL_FOR = timedelta(days=1)
SAMPLES = 3
SAME_ADDRESS = "Another site here has the same address, and one letter is enough."


@dataclass(frozen=True)
class Group:
    """Letters that one action would mend, or that share a fate: said once."""

    sentence: str
    leads: Sequence[Lead]
    key: str = ""  # of a ground that is asked for: the country

    @property
    def count(self) -> int:
        return len(self.leads)


@dataclass(frozen=True)
class Check:
    """What the page says before a launch. Groups are by what mends them."""

    leads: int  # that were looked at
    behind: int  # that were not
    last: int  # the last one that was
    forecast: Forecast
    going: Sequence[Lead] = ()
    lacking: Sequence[Group] = ()  # placeholders that nothing fills: key is the placeholder's name
    grounds: Sequence[Group] = ()  # a person has to say why we may write
    hidden: Sequence[Lead] = ()  # a person has to say that the address, hidden from programs, may be used
    waiting: Sequence[Group] = ()  # a person has to decide something else
    no_mail: Sequence[Lead] = ()  # the address's domain takes none
    doubtful: Sequence[Lead] = ()  # written to, perhaps, before a restore: their letters go to what could not be sent
    disposable: Sequence[Lead] = ()  # the address is thrown away after a while; letters go there all the same
    refused: Sequence[Group] = ()
    linking: Sequence[Lead] = ()  # sites that link to us already
    crowded: Sequence[tuple[str, int, int]] = ()  # a domain, its letters, and how many a day it gets
    domains: Sequence[SendingDomain] = ()  # how the senders' domains stand
    samples: Sequence[tuple[Attempt, str]] = ()  # with the whole text that its reader will see
    asks_businesses_too: bool = False

    @property
    def first_at(self) -> datetime | None:
        return self.forecast.first_at

    @property
    def waits(self) -> int:
        groups = (*self.grounds, *self.waiting)
        return len({lead.pk for lead in (*self.hidden, *(lead for group in groups for lead in group.leads))})

    @property
    def cannot(self) -> int:
        return sum(group.count for group in (*self.lacking, *self.refused)) + len(self.no_mail) + len(self.doubtful)

    @property
    def may_start(self) -> bool:
        return bool(self.going or self.waits or self.doubtful)

    @property
    def ends_about(self) -> datetime | None:
        """When the last first letter may leave, those behind among them, at the pace of those that were looked at."""
        leaving = sorted(row.at for row in self.forecast.of("goes") if row.at and row.kind == Kind.FIRST)
        if not self.behind or len(leaving) < 2:
            return None
        later = sum(row.kind == Kind.FIRST for row in self.forecast.of("later"))
        # The first of them leave at once, and the days between are what a letter takes: windows and caps are in them.
        each = (leaving[-1] - leaving[0]) / (len(leaving) - 1)
        return leaving[-1] + each * (later + round(self.behind * len(self.going) / self.leads))


@dataclass(frozen=True)
class Slice:
    """What becomes of some of the leads behind those of `Check`. Letters that meet a limit go too, later."""

    first: int  # the place of its first lead among all
    last: int
    total: int
    after: int | None  # the lead to go on from; None: there are no more
    going: int
    waits: int
    cannot: int
    told: Sequence[Group] = ()  # what stands in the way, in sentences
    grounds: Sequence[Group] = ()

    @property
    def so_far(self) -> str:
        return f"{self.last:,} of {self.total:,}"


@dataclass
class _Sorted:
    refused: dict[str, list[Lead]] = field(default_factory=dict)
    waiting: dict[str, list[Lead]] = field(default_factory=dict)
    grounds: dict[str, list[Lead]] = field(default_factory=dict)
    lacking: dict[str, list[Lead]] = field(default_factory=dict)
    hidden: list[Lead] = field(default_factory=list)
    no_mail: list[Lead] = field(default_factory=list)
    doubtful: list[Lead] = field(default_factory=list)
    still: list[Foreseen] = field(default_factory=list)  # nothing is asked of a person but to let all go on
    going: list[Foreseen] = field(default_factory=list)


def to_launch(campaign: Campaign) -> LeadQuerySet:
    """Leads that have an address and had no letter yet."""
    live = Attempt.objects.filter(campaign=campaign, state__in=Attempt.LIVE)
    fresh = Lead.objects.of(campaign).filter(status=Lead.Status.DISCOVERED)
    return fresh.exclude(pk__in=live.values("lead")).order_by("pk")


def check(campaign: Campaign, *, user: User, now: datetime) -> Check:
    """Raises rota.CannotQueueError where nothing of this campaign can be queued."""
    fresh = to_launch(campaign)
    leads = list(fresh[:CHECKED])
    behind = max(fresh.count() - len(leads), 0)
    foreseen = foresee_letters(campaign, leads, user=user, now=now)
    groups, queued = _sort(foreseen, had=in_the_way(campaign, leads), campaign=campaign)
    proposed = [one.attempt for one in foreseen if one.attempt is not None and id(one) in queued]
    forecast = of_campaign(campaign, now=now, proposed=proposed)
    # The days bring more than the first look says: the hundredth letter meets a limit that the first does not.
    listed = {lead.pk for found in (groups.grounds, groups.waiting) for some in found.values() for lead in some}
    for row in forecast.rows:
        is_stopped = row.attempt_id is None and row.kind == Kind.FIRST and row.fate in {"asks", "refused"}
        if is_stopped and row.lead.pk not in listed:
            found = groups.waiting if row.fate == "asks" else groups.refused
            found.setdefault(row.why, []).append(row.lead)
            listed.add(row.lead.pk)
    going = [one.lead for one in groups.going if one.lead.pk not in listed]
    per_day = gate.limits_of(campaign.workspace).per_domain_day
    domains = Counter(one.attempt.recipient_domain for one in groups.going if one.attempt is not None)
    finished = [one.attempt for one in (*groups.going, *groups.still) if one.attempt is not None]
    senders = {letter.mailbox.email.rpartition("@")[2] for letter in proposed if letter.mailbox is not None}
    asking = [lead for some in groups.grounds.values() for lead in some]
    return Check(
        leads=len(leads),
        behind=behind,
        last=leads[-1].pk if leads else 0,
        forecast=forecast,
        going=going,
        lacking=_groups(groups.lacking, keyed=True),
        grounds=_groups(groups.grounds, keyed=True),
        hidden=groups.hidden,
        waiting=_groups(groups.waiting),
        no_mail=groups.no_mail,
        doubtful=groups.doubtful,
        disposable=[
            one.lead
            for one in foreseen
            if id(one) in queued and one.attempt is not None and is_disposable(domain_of(one.attempt.recipient_key))
        ],
        refused=_groups(groups.refused),
        linking=_linking(leads),
        crowded=[(domain, n, per_day) for domain, n in domains.most_common(5) if n > per_day],
        domains=list(SendingDomain.objects.filter(workspace=campaign.workspace, domain__in=senders)),
        # No secret: which ones a person reads.
        samples=[(letter, _finished(letter)) for letter in random.sample(finished, min(SAMPLES, len(finished)))],
        asks_businesses_too=any(lead.contact and asks_businesses_too(lead.contact.email_key) for lead in asking),
    )


def _finished(attempt: Attempt) -> str:
    """The letter with who signs it and what stands beneath; the reader's own link is made when it leaves."""
    if attempt.identity is None:
        return attempt.body
    contact = attempt.lead.contact
    language = letters.language_for(attempt.body, contact=contact, chosen=attempt.campaign.language)
    return letters.preview(
        body=attempt.body, kind=attempt.kind, identity=attempt.identity, contact=contact, language=language
    )


def look_on(campaign: Campaign, *, after: int, user: User, now: datetime) -> Slice:
    """The next CHECKED leads behind the lead `after`. Raises rota.CannotQueueError."""
    fresh = to_launch(campaign)
    before, total = fresh.filter(pk__lte=after).count(), fresh.count()
    leads = list(fresh.filter(pk__gt=after)[:CHECKED])
    had = _same_address_before(campaign, leads, after=after) | in_the_way(campaign, leads)
    groups, _ = _sort(foresee_letters(campaign, leads, user=user, now=now), had=had, campaign=campaign)
    lacking = [Group(f"lack {{{name}}}.", some) for name, some in groups.lacking.items()]
    no_mail = [Group("are at domains that take no mail.", groups.no_mail)] if groups.no_mail else []
    doubtful = [Group(MAY_HAVE_LEFT, groups.doubtful)] if groups.doubtful else []
    hidden = [Group("have addresses that only people can read.", groups.hidden)] if groups.hidden else []
    asking = [lead for some in (*groups.grounds.values(), *groups.waiting.values()) for lead in some]
    return Slice(
        first=before + 1,
        last=before + len(leads),
        total=total,
        after=leads[-1].pk if leads and before + len(leads) < total else None,
        going=len(groups.going),
        waits=len({lead.pk for lead in (*asking, *groups.hidden)}),
        cannot=sum(len(some) for some in groups.refused.values())
        + sum(group.count for group in (*lacking, *no_mail, *doubtful)),
        told=[*lacking, *no_mail, *doubtful, *hidden, *_groups(groups.waiting), *_groups(groups.refused)],
        grounds=_groups(groups.grounds, keyed=True),
    )


def _same_address_before(campaign: Campaign, leads: Sequence[Lead], *, after: int) -> dict[int, str]:
    """Those of these leads whose address a lead of an earlier slice has too. One query."""
    keys = [lead.contact.email_key for lead in leads if lead.contact]
    before = to_launch(campaign).filter(pk__lte=after, contact__email_key__in=keys).order_by()
    found = set(before.values_list("contact__email_key", flat=True))
    return {lead.pk: SAME_ADDRESS for lead in leads if lead.contact and lead.contact.email_key in found}


def _sort(foreseen: Sequence[Foreseen], *, had: Mapping[int, str], campaign: Campaign) -> tuple[_Sorted, set[int]]:
    """By what would mend it; and which letters would be queued (by the identity of what was foreseen)."""
    sorted_, queued, addresses = _Sorted(), set[int](), set[str]()
    names, looks = _needed(campaign), look_first(campaign, [one.lead for one in foreseen])
    stills = _standing_still(foreseen, workspace=campaign.workspace)
    for one in foreseen:
        address = one.lead.contact.email_key if one.lead.contact else ""
        lacks = next((name for name in names if f"{{{name}}}" in one.sentence), "") if one.attempt is None else ""
        if lacks:
            sorted_.lacking.setdefault(lacks, []).append(one.lead)
        elif address and one.attempt is None and one.sentence == no_mail(domain_of(address)):
            sorted_.no_mail.append(one.lead)
        elif one.refused:
            sorted_.refused.setdefault(one.sentence, []).append(one.lead)
        elif one.lead.pk in had or address in addresses:
            sorted_.refused.setdefault(had.get(one.lead.pk, SAME_ADDRESS), []).append(one.lead)
        elif look := looks.get(one.lead.pk):
            addresses.add(address)
            if look.is_new:
                sorted_.doubtful.append(one.lead)
            else:
                sorted_.refused.setdefault(look.sentence, []).append(one.lead)
        else:
            addresses.add(address)
            queued.add(id(one))
            still = stills.get(one.attempt.mailbox_id or 0, "") if one.attempt is not None else ""
            asking = one.decision.asking if one.waits and one.decision is not None else ()
            if Rule.SOURCE in asking and one.lead.contact is not None and one.lead.contact.needs_a_yes:
                sorted_.hidden.append(one.lead)  # A ground is asked for besides: the one does not answer the other.
            if one.asks_for_ground:
                sorted_.grounds.setdefault(country_of(address), []).append(one.lead)
            elif still and set(asking) <= {Rule.HOLD}:
                sorted_.waiting.setdefault(still, []).append(one.lead)
                sorted_.still.append(one)
            elif asking:
                sorted_.waiting.setdefault(one.sentence, []).append(one.lead)
            else:
                sorted_.going.append(one)
    return sorted_, queued


def _standing_still(foreseen: Sequence[Foreseen], *, workspace: Workspace) -> dict[int, str]:
    """Why nothing leaves from these letters' mailboxes now, by mailbox. One query."""
    letters = [one.attempt for one in foreseen if one.attempt is not None]
    mailboxes = {letter.mailbox.pk: letter.mailbox for letter in letters if letter.mailbox is not None}
    held = holds.reasons(workspace, ["workspace", *(f"mailbox:{pk}" for pk in mailboxes)])
    return {pk: standing_still(workspace, mailbox=mailbox, held=held) for pk, mailbox in mailboxes.items()}


def _needed(campaign: Campaign) -> tuple[str, ...]:
    step = campaign.steps.current().first()
    if step is None:
        return ()
    return names_that_need_a_value(step.letter_subject, step.letter_body, step.other_subject, step.other_body)


def _groups(found: Mapping[str, list[Lead]], *, keyed: bool = False) -> list[Group]:
    groups = [
        Group(country_name(key) if keyed and len(key) in {0, 2} else key, leads, key if keyed else "")
        for key, leads in found.items()
    ]
    return sorted(groups, key=lambda group: -group.count)


def _linking(leads: Sequence[Lead]) -> list[Lead]:
    """Those whose site was seen to link to one of our pages already."""
    seen = set(
        FoundSite.objects.filter(lead__in=[lead.pk for lead in leads])
        .exclude(links_to=[])
        .values_list("lead", flat=True)
    )
    return [lead for lead in leads if lead.pk in seen]


@lru_cache
def _country_names() -> dict[str, str]:
    """By ISO 3166-1 code, as the table that comes with the time zones has them."""
    table = resources.files("tzdata.zoneinfo").joinpath("iso3166.tab").read_text(encoding="utf-8")
    rows = (line.split("\t") for line in table.splitlines() if line and not line.startswith("#"))
    return {code: name.replace("Britain (UK)", "the United Kingdom") for code, name in rows}


def country_name(code: str) -> str:
    return _country_names().get(code, "a country that asks for consent") if code else "regions that ask for consent"


def launch(campaign: Campaign, *, grounds: Mapping[str, Ground], user: User, now: datetime) -> Queued:
    """Queue the first letters of all leads, each under the ground named for its country; the first ones at once, the
    rest of a large campaign by and by. Raises rota.CannotQueueError.
    """
    with transaction.atomic():
        only_one_queues_for(campaign.pk)
        leads = list(to_launch(campaign).exclude(contact=None)[:LARGEST_REQUEST])
        queued = _queue(campaign, leads, grounds=grounds, user=user, now=now)
        if queued.attempts and campaign.state == Campaign.State.PAUSED:
            campaign.resume()
            audit.record("campaign.resumed", workspace=campaign.workspace, user=user, about=campaign.subject, now=now)
        if len(leads) == LARGEST_REQUEST:
            named = {country: ground.value for country, ground in grounds.items()}
            rest = Launch.objects.create(campaign=campaign, user=user, grounds=named, after=leads[-1].pk, begun_at=now)
            launch_soon(rest.pk)
    return queued


def go_on(launch_id: int, *, now: datetime, seconds: float = SLICE_SECONDS) -> bool:
    """Slices of the rest until the time is over; whether any are left. Somebody else's launch, or one that is over, is
    left alone. One that nothing can be queued for stands still: mended within a day, it goes on.
    """
    token = uuid.uuid4()
    if not Launch.objects.free().filter(pk=launch_id).update(lease_token=token, leased_until=FromNow(LEASE)):
        return False
    ends_at = time.monotonic() + seconds
    try:
        while _queue_more(launch_id, now=now):
            if time.monotonic() >= ends_at:
                return True
    except CannotQueueError as err:
        # Letters of a launch that everybody has forgotten would surprise whoever mends the campaign.
        ended, _ = Launch.objects.filter(pk=launch_id, begun_at__lt=now - STANDS_STILL_FOR).delete()
        log.warning("a launch stands still", launch=launch_id, ended=bool(ended), reason=str(err))
    finally:
        Launch.objects.filter(pk=launch_id, lease_token=token).update(lease_token=None, leased_until=None)
    return False


def _queue_more(launch_id: int, *, now: datetime) -> bool:
    """The next letters, and how far that is, in one transaction; whether any are left. Raises rota.CannotQueueError.

    Whoever ends the launch waits for it, and then finds its letters.
    """
    campaign_id = Launch.objects.filter(pk=launch_id).values_list("campaign", flat=True).first()
    if campaign_id is None:
        return False
    with transaction.atomic():
        only_one_queues_for(campaign_id)
        locked = Launch.objects.select_for_update(of=("self",))
        rest = (
            locked.select_related("campaign__workspace", "campaign__identity", "campaign__mailbox", "user")
            .filter(pk=launch_id)
            .first()
        )
        if rest is None:
            return False
        if rest.campaign.archived_at is not None:
            rest.delete()
            return False
        leads = list(to_launch(rest.campaign).exclude(contact=None).filter(pk__gt=rest.after)[:LARGEST_REQUEST])
        grounds = {country: Ground(ground) for country, ground in rest.grounds.items()}
        _queue(rest.campaign, leads, grounds=grounds, user=rest.user, now=now)
        if len(leads) < LARGEST_REQUEST:
            rest.delete()
            return False
        rest.after = leads[-1].pk
        rest.save(update_fields=["after"])
    return True


def end(workspace: Workspace, *, campaign: Campaign | None = None, user: User, now: datetime) -> bool:
    """Queue nothing more of what was launched, in a campaign or in the whole workspace; whether anything was left.

    Before what waits is taken back: so what the last slice has just queued is among it.
    """
    about = campaign.subject if campaign is not None else f"workspace:{workspace.pk}"
    with transaction.atomic():
        ended, _ = _launches(workspace, campaign).delete()
        if ended:
            audit.record("campaign.launch_ended", workspace=workspace, user=user, about=about, now=now)
    return bool(ended)


def has_rest(workspace: Workspace, *, campaign: Campaign | None = None) -> bool:
    """Whether something is left to queue of what was launched."""
    return _launches(workspace, campaign).exists()


def _launches(workspace: Workspace, campaign: Campaign | None) -> models.QuerySet[Launch]:
    launches = Launch.objects.in_workspace(workspace)
    return launches if campaign is None else launches.filter(campaign=campaign)


def _queue(
    campaign: Campaign, leads: Sequence[Lead], *, grounds: Mapping[str, Ground], user: User, now: datetime
) -> Queued:
    by_ground: dict[str, list[Lead]] = {}
    for lead in leads:
        country = country_of(lead.contact.email_key) if lead.contact else ""
        by_ground.setdefault(grounds[country].value if country in grounds else "", []).append(lead)
    attempts, refused = [], []
    for ground, some in by_ground.items():
        queued = queue_letters(campaign, some, user=user, now=now, ground=ground)
        attempts += queued.attempts
        refused += queued.refused
    return Queued(attempts, refused)
