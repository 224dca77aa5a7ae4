"""A discovery run from its queries to leads. A worker does it in slices; the table says how far it has come.

1. *Begin*: queries and, from a list, sites are written down.
2. *Work*: one worker holds the run. Queries are asked one after the other, a pause between two to the same provider;
   each answer and the sites that it brought are one transaction. Then sites are read side by side; each is written down
   as it is done. A slice ends in time, and the next one goes on. Cancelling acts before the next query or site.
3. *Save*: what a person chose becomes leads, each with its contacts, their proof and scores. A refusal that a site
   states holds its addresses.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db import models, transaction
from django.db.models.functions import Now

from campaigns.discovery import crawl, search
from campaigns.discovery.crawl import Polite, SiteRead
from campaigns.discovery.search import NotSetUp, Provider, SearchError, SiteFound
from campaigns.discovery.signals import Kind
from campaigns.drafting.sites import keep as keep_text
from campaigns.leads import NewLead, NotASiteError, add_many, read_site
from campaigns.models import Campaign, Contact, DiscoveryRun, FoundContact, FoundSite, Lead, RunQuery
from compliance import audit, holds, known_regions, never_pitch, suppression
from compliance.addresses import is_free_mail
from compliance.models import SendRecord
from compliance.privacy_models import PrivacySettings
from outreach_site.accounts.models import User, Workspace
from outreach_site.lib.moments import FromNow

MOST_SITES = 200
MOST_QUERIES = 30
MOST_ADDRESSES = 500
RESULTS_A_QUERY = 30
# For so long a slice begins something new; a site that was begun last may take crawl.SITE_SECONDS and a page more, and
# all of it stays below the patience of the cluster.
SLICE_SECONDS = 8.0
# A run whose worker died is taken up after that.
LEASE = timedelta(seconds=90)
# DuckDuckGo is read as a person reads it.
PAUSE_BETWEEN_QUERIES = 2.0
# What was read of a site in the workspace this recently is taken over, with its date, and the site is left in peace.
FRESH_FOR = timedelta(days=7)
_WRITTEN_LATELY = timedelta(days=90)


class CannotDiscoverError(Exception):
    """Nothing can be searched for; the message says what is missing."""


@dataclass(frozen=True)
class Wanted:
    """What a person asks for. `urls` are sites that they know already: nothing is searched then."""

    keyword: str = ""
    patterns: Sequence[str] = search.PATTERNS
    providers: Sequence[str] = ()
    urls: Sequence[str] = ()
    most_sites: int = 20
    targets: Sequence[str] = ()


# --- 1. Begin ---------------------------------------------------------------------------------------------------------


def available(workspace: Workspace) -> dict[str, Provider | NotSetUp]:
    """The providers, as this workspace may use them."""
    providers = search.every_provider()
    if not isinstance(providers["exa"], NotSetUp) and not PrivacySettings.of(workspace).may_use_exa:
        providers["exa"] = NotSetUp(
            "exa", "Exa", "Exa is switched off in this workspace. An owner can switch it on under Compliance, Privacy."
        )
    return providers


def begin(campaign: Campaign, wanted: Wanted, *, user: User | None, now: datetime) -> DiscoveryRun:
    """Write down what is to be done. Raises CannotDiscoverError."""
    if campaign.archived_at is not None:
        raise CannotDiscoverError("This campaign is archived. Bring it back before you search for it.")
    keyword = " ".join(wanted.keyword.split())[:200]
    sites, known = _sites_of(campaign, wanted.urls)
    queries: list[tuple[str, str]] = []
    if not wanted.urls:
        if not keyword:
            raise CannotDiscoverError("What should the sites be about? Type a keyword.")
        ready = available(campaign.workspace)
        chosen = [name for name in wanted.providers if name in ready] or list(ready)
        usable = [name for name in chosen if not isinstance(ready[name], NotSetUp)]
        if not usable:
            sentences = [each.sentence for name in chosen if isinstance(each := ready[name], NotSetUp)]
            raise CannotDiscoverError(" ".join(sentences))
        own_site = next((read_site(url).domain for url in wanted.targets), "")
        texts = search.queries_of(keyword, wanted.patterns, own_site=own_site)
        if not texts:
            raise CannotDiscoverError("There is no query to ask. Keep at least one pattern.")
        # Turn by turn: the first query of every provider before the second of any.
        queries = [(name, text) for text in texts for name in usable][:MOST_QUERIES]
    elif not sites and not known:
        raise CannotDiscoverError("There is no site in this list. One address a line, such as brightgarden.com.")
    with transaction.atomic():
        run = DiscoveryRun.objects.create(
            campaign=campaign,
            user=user,
            keyword=keyword,
            most_sites=min(max(wanted.most_sites, 1), MOST_SITES),
            known=known,
            targets=list(wanted.targets)[:20],
            created_at=now,
        )
        RunQuery.objects.bulk_create([RunQuery(run=run, provider=name, text=text) for name, text in queries])
        FoundSite.objects.bulk_create([_site_row(run, found) for found in sites])
        audit.record(
            "discovery.begun",
            workspace=campaign.workspace,
            user=user,
            about=campaign.subject,
            details={"keyword": keyword, "queries": len(queries), "sites": len(sites)},
            now=now,
        )
    return run


def _sites_of(campaign: Campaign, urls: Sequence[str]) -> tuple[list[SiteFound], int]:
    """The sites of a list, one a domain; and how many of them the campaign has already."""
    found: dict[str, SiteFound] = {}
    for url in urls[:MOST_ADDRESSES]:
        try:
            site = read_site(url)
        except NotASiteError:
            continue
        found.setdefault(site.domain, SiteFound(site, found_by=["Your list"]))
    known = _known_domains(campaign, found)
    return [each for domain, each in found.items() if domain not in known], len(known)


def _known_domains(campaign: Campaign, domains: Mapping[str, object]) -> set[str]:
    return set(campaign.leads.filter(domain__in=list(domains)).values_list("domain", flat=True))


def _site_row(run: DiscoveryRun, found: SiteFound) -> FoundSite:
    return FoundSite(
        run=run,
        url=found.site.url,
        site_key=found.site.key,
        domain=found.site.domain,
        title=found.title,
        snippet=found.snippet,
        found_by=found.found_by[:10],
    )


def cancel(run: DiscoveryRun, *, now: datetime) -> bool:
    """Nothing more is asked or read; what was found stays. False if it was over already."""
    return bool(
        DiscoveryRun.objects.under_way().filter(pk=run.pk).update(cancelled_at=now, finished_at=now, lease_token=None)
    )


# --- 2. Work ----------------------------------------------------------------------------------------------------------


def work(
    run_id: int,
    *,
    now: datetime,
    seconds: float = SLICE_SECONDS,
    providers: Mapping[str, Provider | NotSetUp] | None = None,
    polite: Polite | None = None,
    pause: float = PAUSE_BETWEEN_QUERIES,
) -> bool:
    """One slice; whether anything is left to do. Somebody else's run, or one that is over, is left alone."""
    token = uuid.uuid4()
    free = models.Q(lease_token=None) | models.Q(leased_until__lt=Now())
    mine = DiscoveryRun.objects.under_way().filter(free, pk=run_id)
    if not mine.update(lease_token=token, leased_until=FromNow(LEASE)):
        return False
    run = DiscoveryRun.objects.select_related("campaign__workspace").get(pk=run_id)
    worker = _Slice(run, token, time.monotonic() + seconds, now, pause)
    try:
        worker.ask(available(run.campaign.workspace) if providers is None else providers)
        worker.read(polite or Polite())
    finally:
        more = worker.end()
    return more


@dataclass
class _Slice:
    run: DiscoveryRun
    token: uuid.UUID
    ends_at: float
    now: datetime
    pause: float
    asked_at: dict[str, float] = field(default_factory=dict)

    def is_over(self) -> bool:
        return time.monotonic() >= self.ends_at or not self.is_ours()

    def is_ours(self) -> bool:
        """Not cancelled, and no other worker has taken it for abandoned."""
        return DiscoveryRun.objects.under_way().filter(pk=self.run.pk, lease_token=self.token).exists()

    def ask(self, providers: Mapping[str, Provider | NotSetUp]) -> None:
        while not self.is_over():
            query = self.run.queries.filter(state=RunQuery.State.WAITING).first()
            if query is None:
                return
            if self.run.sites.count() >= self.run.most_sites:
                self.run.queries.filter(state=RunQuery.State.WAITING).update(
                    state=RunQuery.State.DONE, sentence="Not asked: enough sites were found."
                )
                return
            self.rest(query.provider)
            provider = providers.get(query.provider)
            if provider is None or isinstance(provider, NotSetUp):
                self.note(query, RunQuery.State.FAILED, provider.sentence if provider else "It is not there any more.")
                continue
            try:
                hits = provider.search(query.text, limit=RESULTS_A_QUERY)
            except SearchError as err:
                self.note(query, RunQuery.State.FAILED, str(err))
            else:
                self.take_in(query, hits, f"{provider.label}: {query.text}")
            finally:
                self.asked_at[query.provider] = time.monotonic()

    def rest(self, provider: str) -> None:
        left = self.asked_at.get(provider, -self.pause) + self.pause - time.monotonic()
        if left > 0 and self.asked_at:
            time.sleep(left)

    def note(self, query: RunQuery, state: RunQuery.State, sentence: str) -> None:
        RunQuery.objects.filter(pk=query.pk).update(state=state, sentence=sentence[:300], asked_at=self.now)

    def take_in(self, query: RunQuery, hits: Sequence[search.Hit], by: str) -> None:
        """The answer, and the sites that it brought: together or not at all, so that a kill asks it again."""
        own = {_domain_of(target) for target in self.run.targets}
        found: dict[str, SiteFound] = {}
        search.merge(found, hits, by=by, is_wanted=lambda site: site.domain not in own)
        known = _known_domains(self.run.campaign, found)
        with transaction.atomic():
            run = DiscoveryRun.objects.select_for_update(no_key=True).get(pk=self.run.pk)
            there = {site.domain: site for site in run.sites.filter(domain__in=list(found))}
            for domain, site in there.items():
                if by not in site.found_by and len(site.found_by) < 10:
                    FoundSite.objects.filter(pk=site.pk).update(found_by=[*site.found_by, by])
                found.pop(domain)
            room = max(0, run.most_sites - run.sites.count())
            new = [_site_row(run, each) for domain, each in found.items() if domain not in known][:room]
            FoundSite.objects.bulk_create(new)
            DiscoveryRun.objects.filter(pk=run.pk).update(known=models.F("known") + len(known))
            RunQuery.objects.filter(pk=query.pk).update(
                state=RunQuery.State.DONE,
                results=len(hits),
                new_sites=len(new),
                sentence="" if hits else "Nothing was found for this one.",
                asked_at=self.now,
            )

    def read(self, polite: Polite) -> None:
        if self.is_over() or self.run.queries.filter(state=RunQuery.State.WAITING).exists():
            return
        self.take_over_fresh()
        waiting = {
            site.url: site for site in self.run.sites.filter(state=FoundSite.State.WAITING).order_by("pk")[:MOST_SITES]
        }
        for read in crawl.read_sites(
            iter(list(waiting)),
            keyword=self.run.keyword,
            targets=tuple(self.run.targets),
            today=self.run.campaign.workspace.day_of(self.now),
            polite=polite,
            until=self.is_over,
            cancelled=lambda: not self.is_ours(),
        ):
            if read.sentence or not read.failed:
                _write(waiting[read.url], read, now=self.now)

    def take_over_fresh(self) -> None:
        """What this workspace has read of the same sites in the last days, instead of reading them again."""
        waiting = {site.domain: site for site in self.run.sites.filter(state=FoundSite.State.WAITING)}
        before = FoundSite.objects.filter(
            run__campaign__workspace=self.run.campaign.workspace_id,
            run__keyword=self.run.keyword,
            domain__in=list(waiting),
            state=FoundSite.State.READ,
            read_at__gt=self.now - FRESH_FOR,
        ).exclude(run=self.run)
        newest = {site.domain: site for site in before.prefetch_related("contacts").order_by("read_at")}
        for domain, old in newest.items():
            _copy(old, waiting[domain])

    def end(self) -> bool:
        """Give the run back; and if nothing is left, say that it is done."""
        left = (
            self.run.queries.filter(state=RunQuery.State.WAITING).exists()
            or self.run.sites.filter(state=FoundSite.State.WAITING).exists()
        )
        ours = DiscoveryRun.objects.under_way().filter(pk=self.run.pk, lease_token=self.token)
        if left:
            return bool(ours.update(lease_token=None, leased_until=None))
        ours.update(lease_token=None, leased_until=None, finished_at=self.now)
        return False


def _write(site: FoundSite, read: SiteRead, *, now: datetime) -> None:
    """What was read of a site, with its contacts. Erased people are not written down again."""
    if read.failed:
        FoundSite.objects.filter(pk=site.pk).update(
            state=FoundSite.State.FAILED, sentence=read.sentence[:300], read_at=now
        )
        return
    scores = read.scores
    keep_text(site.run.campaign.workspace, site.domain, read, now=now)
    erased = suppression.erased_among(site.run.campaign.workspace, [each.email for each in read.contacts])
    with transaction.atomic():
        FoundContact.objects.filter(site=site).delete()
        FoundContact.objects.bulk_create(
            [
                FoundContact(
                    site=site,
                    email=each.email,
                    email_key=each.email,
                    name=each.name,
                    role=each.role,
                    how=each.how.value,
                    url=each.url[:500],
                    passage=each.passage[:500],
                    place=place,
                )
                for place, each in enumerate(read.contacts)
                if each.email not in erased
            ]
        )
        FoundSite.objects.filter(pk=site.pk).update(
            state=FoundSite.State.READ,
            sentence=read.sentence[:300],
            title=(site.title or read.title)[:200],
            read_at=now,
            pages=list(read.pages),
            links_to=list(read.links_to),
            signals=[
                {"kind": signal.kind.value, "quote": signal.quote, "url": url}
                | ({"country": signal.country} if signal.country else {})
                for signal, url in read.signals
            ],
            reasons={
                name: [[reason.sentence, round(reason.points, 2)] for reason in score.reasons]
                for name, score in (
                    (("relevance", scores.relevance), ("quality", scores.quality), ("likelihood", scores.likelihood))
                    if scores is not None
                    else ()
                )
            },
            relevance_score=scores.relevance.value if scores else None,
            quality_score=scores.quality.value if scores else None,
            guest_post_likelihood=scores.likelihood.value if scores else None,
        )


_READ_FIELDS = (
    "state", "sentence", "read_at", "pages", "signals", "reasons", "links_to", "relevance_score", "quality_score",
    "guest_post_likelihood",
)  # fmt: skip


def _copy(old: FoundSite, site: FoundSite) -> None:
    with transaction.atomic():
        FoundSite.objects.filter(pk=site.pk).update(**{name: getattr(old, name) for name in _READ_FIELDS})
        FoundContact.objects.bulk_create(
            [
                FoundContact(
                    site=site, email=each.email, email_key=each.email_key, name=each.name, role=each.role, how=each.how,
                    url=each.url, passage=each.passage, place=each.place,
                )
                for each in old.contacts.all()
            ]
        )  # fmt: skip


def _domain_of(url: str) -> str:
    try:
        return read_site(url).domain
    except NotASiteError:
        return ""


# --- What a person looks at -------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Result:
    """A found site, its contacts, and what a person should know before choosing it."""

    site: FoundSite
    contacts: Sequence[FoundContact]
    marks: Sequence[str]  # sentences; each is a reason to think twice
    refusal: str  # what the site says against it
    invitation: str
    can_be_added: bool

    @property
    def best(self) -> FoundContact | None:
        return self.contacts[0] if self.contacts else None

    @property
    def badges(self) -> Sequence[str]:
        badges = []
        if self.contacts:
            badges.append("email found")
        if self.site.quotes(Kind.GUIDELINES):
            badges.append("has guidelines")
        if (self.site.quality_score or 0) > 0.7:
            badges.append("high quality")
        if (self.site.guest_post_likelihood or 0) > 0.7:
            badges.append("high confidence")
        return badges


def results(run: DiscoveryRun, *, now: datetime) -> list[Result]:
    """The sites of a run, the most promising first, each with its marks. Eight queries, whatever their number."""
    workspace = run.campaign.workspace
    sites = list(run.sites.prefetch_related("contacts").select_related("lead"))
    domains = [site.domain for site in sites]
    addresses = [contact.email_key for site in sites for contact in site.contacts.all()]
    in_campaign = _known_domains(run.campaign, dict.fromkeys(domains))
    elsewhere = dict(
        Lead.objects.in_workspace(workspace)
        .filter(domain__in=domains, campaign__archived_at=None)
        .exclude(campaign=run.campaign)
        .order_by("pk")
        .values_list("domain", "campaign__name")
    )
    written = dict(
        SendRecord.objects.in_workspace(workspace)
        .that_count()
        .filter(recipient_domain__in=domains, counted_at__gt=now - _WRITTEN_LATELY)
        .values("recipient_domain")
        .annotate(at=models.Max("counted_at"))
        .values_list("recipient_domain", "at")
    )
    suppressed = suppression.suppressed_among(workspace, [*addresses, *(f"anybody@{domain}" for domain in domains)])
    never = never_pitch.among(workspace, domains)

    def of(site: FoundSite) -> Result:
        contacts = [each for each in site.contacts.all() if each.email_key not in suppressed]
        marks = []
        if site.lead_id is not None:
            marks.append("Added to the campaign.")
        elif site.domain in in_campaign:
            marks.append("In this campaign already.")
        if f"anybody@{site.domain}" in suppressed:
            marks.append("Nobody here writes to this site: it is on the suppression list.")
        elif any(each.email_key in suppressed for each in site.contacts.all()):
            marks.append("An address of this site is on the suppression list and left out.")
        if sentence := never_pitch.over(site.domain, never):
            marks.append(sentence)
        if site.domain in written and not is_free_mail(site.domain):
            marks.append(f"Written to {_ago((now - written[site.domain]).days)}.")
        if site.domain in elsewhere:
            marks.append(f"Also in the campaign “{elsewhere[site.domain]}”.")
        marks += [f"Links to {target} already." for target in site.links_to]
        refusals = site.quotes(Kind.REFUSAL)
        invitations = site.quotes(Kind.INVITATION)
        closed = site.domain in in_campaign or site.lead_id is not None or f"anybody@{site.domain}" in suppressed
        return Result(
            site=site,
            contacts=contacts,
            marks=marks,
            refusal=refusals[0] if refusals else "",
            invitation=invitations[0] if invitations else "",
            can_be_added=not closed,
        )

    return sorted(map(of, sites), key=_promise)


def _ago(days: int) -> str:
    return "in the last day" if not days else "a day ago" if days == 1 else f"{days} days ago"


def _promise(result: Result) -> tuple[bool, bool, float, int]:
    site = result.site
    value = (site.guest_post_likelihood or 0) + (site.quality_score or 0) + (site.relevance_score or 0)
    return site.state == FoundSite.State.FAILED, bool(result.refusal) or not result.can_be_added, -value, site.pk


# --- 3. Save ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Saved:
    added: int
    already_there: int
    failed: Sequence[str]  # sentences


def save(run: DiscoveryRun, site_ids: Sequence[int], *, user: User | None, now: datetime) -> Saved:
    """Make leads of chosen sites, with all their contacts; the best one is whom letters go to."""
    chosen = [result for result in results(run, now=now) if result.site.pk in set(site_ids) and result.can_be_added]
    by_key = {result.site.site_key: result for result in chosen}
    with transaction.atomic():
        done = add_many(
            run.campaign,
            [_new_lead(number, result) for number, result in enumerate(chosen)],
            source=Lead.Source.DISCOVERY,
            now=now,
        )
        leads = {
            lead.site_key: lead
            for lead in run.campaign.leads.filter(site_key__in=list(by_key)).select_related("contact")
        }
        for key, lead in leads.items():
            FoundSite.objects.filter(pk=by_key[key].site.pk).update(lead=lead)
        Contact.objects.bulk_create(
            [
                Contact(
                    lead=lead,
                    email=each.email,
                    email_key=each.email_key,
                    name=each.name,
                    role=each.role,
                    found_url=each.url,
                    found_passage=each.passage,
                    found_how=each.how,
                    found_at=by_key[key].site.read_at or now,
                )
                for key, lead in leads.items()
                for each in by_key[key].contacts[1:]
            ],
            ignore_conflicts=True,
        )
        Contact.objects.filter(lead__in=[lead for lead in leads.values() if lead.created_at == now]).update(
            found_at=models.Subquery(FoundSite.objects.filter(lead=models.OuterRef("lead")).values("read_at")[:1])
        )
        said = {place: _countries_of(each.site) for each in chosen for place in _places_of(each)}
        known_regions.note_sites(run.campaign.workspace, said, user=user, now=now)
        for result in chosen:
            if result.refusal:
                _hold(run.campaign.workspace, result, user=user, now=now)
    return Saved(done.added, len(done.already_there), [error.sentence for error in done.failed])


def _countries_of(site: FoundSite) -> list[tuple[str, str]]:
    """What the site says of its country: codes, and the words."""
    return [(str(each["country"]), str(each.get("quote", ""))) for each in site.signals if each.get("country")]


def _places_of(result: Result) -> list[str]:
    """What is in the country that the site tells: its domain, and its people's addresses at mail providers."""
    elsewhere = [each.email_key for each in result.contacts if is_free_mail(each.email_key.rpartition("@")[2])]
    return [result.site.domain, *elsewhere]


def _new_lead(number: int, result: Result) -> NewLead:
    best = result.best
    return NewLead(
        website_url=result.site.url,
        website_title=result.site.title,
        contact_email=best.email if best else "",
        contact_name=best.name if best else "",
        contact_role=best.role if best else "",
        found_url=best.url if best else "",
        found_passage=best.passage if best else "",
        found_how=best.how if best else "",
        quality_score=result.site.quality_score,
        relevance_score=result.site.relevance_score,
        guest_post_likelihood=result.site.guest_post_likelihood,
        line=number,
    )


def _hold(workspace: Workspace, result: Result, *, user: User | None, now: datetime) -> None:
    """A site that says "no guest posts" is written to only when a person has read that, and still means it."""
    for contact in result.contacts:
        holds.place(
            workspace=workspace,
            subject=f"address:{contact.email_key}",
            reason=f"{result.site.domain} says: “{result.refusal}”",
            advice="Lift this only if you know that they want to hear from you.",
            source=f"lead:{result.site.domain}"[:64],
            user=user,
            now=now,
        )
