"""Discovery from keyword to leads: real providers' stand-ins, a real small internet, and workers that stop midway."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import pytest
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from campaigns.discovery import runs
from campaigns.discovery.crawl import Polite
from campaigns.discovery.runs import CannotDiscoverError, Wanted
from campaigns.discovery.search import Hit, NotSetUp, Provider, SearchError
from campaigns.models import Campaign, DiscoveryRun, FoundContact, FoundSite, Lead, RunQuery
from compliance import never_pitch, suppression
from compliance.models import AuditEntry, Hold, SendRecord, Suppression
from compliance.privacy_models import PrivacySettings
from outreach_site.lib import ports
from outreach_site.lib.ports import Person
from tests.campaigns.test_crawl import ASKED, Sites
from tests.conftest import World
from tests.internet import serving, way_to

pytestmark = pytest.mark.django_db


@dataclass
class Scripted:
    """A provider that answers as it is told; an exception is raised."""

    answers: Sequence[Sequence[Hit] | SearchError]
    name: str = "duckduckgo"
    label: str = "DuckDuckGo"
    asked: list[str] = field(default_factory=list)

    def search(self, query: str, *, limit: int) -> list[Hit]:
        self.asked.append(query)
        answer = self.answers[min(len(self.asked), len(self.answers)) - 1]
        if isinstance(answer, SearchError):
            raise answer
        return list(answer)[:limit]


@pytest.fixture
def campaign(world: World) -> Campaign:
    return Campaign.objects.create(workspace=world.here, name="Gardens", keywords="balcony")


@pytest.fixture
def polite() -> Iterator[Polite]:
    ASKED.clear()
    with serving(Sites) as port:
        yield Polite(pause=0.0, way=way_to({"http": port}))


def hits(*names: str) -> list[Hit]:
    return [Hit(f"http://{name}/found", name) for name in names]


def work(run: DiscoveryRun, polite: Polite, *providers: Provider | NotSetUp, seconds: float = 30.0) -> bool:
    named: Mapping[str, Provider | NotSetUp] = {each.name: each for each in providers}
    return runs.work(run.pk, now=timezone.now(), seconds=seconds, providers=named, polite=polite, pause=0.0)


def begun(campaign: Campaign, world: World, **wanted: object) -> DiscoveryRun:
    values = {"keyword": "balcony", "patterns": ["{keyword} a", "{keyword} b"], "providers": ["duckduckgo"]} | wanted
    return runs.begin(campaign, Wanted(**values), user=world.marketer, now=timezone.now())  # type: ignore[arg-type]


def test_from_keyword_to_leads(campaign: Campaign, world: World, polite: Polite) -> None:
    run = begun(campaign, world, targets=["https://ours.com/guide"])
    assert AuditEntry.objects.get(event="discovery.begun").about == campaign.subject
    provider = Scripted([hits("garden.one.org", "closed.two.org", "ours.com"), hits("www.one.org", "wall.three.org")])
    assert work(run, polite, provider) is False
    run.refresh_from_db()
    assert run.finished_at is not None
    assert provider.asked == ["balcony a", "balcony b"]
    assert {(site.domain, site.state) for site in run.sites.all()} == {
        ("one.org", "read"), ("two.org", "failed"), ("three.org", "failed"),
    }  # fmt: skip
    assert [(query.state, query.results, query.new_sites) for query in run.queries.all()] == [
        ("done", 3, 2), ("done", 2, 1),
    ]  # fmt: skip
    best, *others = runs.results(run, now=timezone.now())
    assert best.site.domain == "one.org"
    assert best.site.found_by == ["DuckDuckGo: balcony a", "DuckDuckGo: balcony b"]
    assert best.best is not None
    assert (best.best.email, best.best.name) == ("ann@garden.one.org", "Ann Lee")
    assert "Links to https://ours.com/guide already." in best.marks
    assert "email found" in best.badges
    assert {other.site.sentence.split(",")[0] for other in others} >= {"Its robots.txt asks programs not to read it"}

    saved = runs.save(run, [best.site.pk], user=world.marketer, now=timezone.now())
    assert (saved.added, saved.already_there, saved.failed) == (1, 0, [])
    lead = Lead.objects.get()
    assert lead.contact is not None
    assert (lead.source, lead.contact.email, lead.contact.found_url) == (
        "discovery", "ann@garden.one.org", "http://garden.one.org/write-for-us",
    )  # fmt: skip
    assert lead.contact.found_passage.startswith("We welcome guest posts")
    assert lead.contacts.count() == 3
    assert lead.guest_post_likelihood == best.site.guest_post_likelihood
    assert runs.save(run, [best.site.pk], user=world.marketer, now=timezone.now()).added == 0


def test_a_failing_provider_does_not_stop_the_others(campaign: Campaign, world: World, polite: Polite) -> None:
    run = begun(campaign, world, providers=["exa", "duckduckgo"], patterns=["{keyword}"])
    assert [query.provider for query in run.queries.all()] == ["duckduckgo"], "Exa has no key here"
    RunQuery.objects.create(run=run, provider="exa", text="balcony")
    RunQuery.objects.create(run=run, provider="gone", text="balcony")
    limited = Scripted([SearchError("Exa's limit is reached for now.", permanent=False)], name="exa", label="Exa")
    work(run, polite, limited, Scripted([hits("garden.one.org")]))
    assert {query.provider: query.sentence for query in run.queries.all()} == {
        "duckduckgo": "", "exa": "Exa's limit is reached for now.", "gone": "It is not there any more.",
    }  # fmt: skip
    assert run.sites.get().state == "read"


def test_what_is_switched_off_is_not_asked(campaign: Campaign, world: World, settings: object) -> None:
    settings.EXA_API_KEY = "key"  # type: ignore[attr-defined]
    with pytest.raises(CannotDiscoverError, match="switched off in this workspace"):
        begun(campaign, world, providers=["exa"])
    PrivacySettings.objects.create(workspace=world.here, may_use_exa=True)
    assert begun(campaign, world, providers=["exa"]).queries.count() == 2


def test_what_cannot_begin(campaign: Campaign, world: World) -> None:
    for wanted, words in (
        ({"keyword": "  "}, "Type a keyword"),
        ({"patterns": []}, "at least one pattern"),
        ({"urls": ["not a site", "javascript:x"]}, "no site in this list"),
    ):
        with pytest.raises(CannotDiscoverError, match=words):
            begun(campaign, world, **wanted)
    campaign.archive(now=timezone.now())
    with pytest.raises(CannotDiscoverError, match="archived"):
        begun(campaign, world)
    assert not DiscoveryRun.objects.exists()


def test_a_list_of_addresses_needs_no_provider(campaign: Campaign, world: World, polite: Polite) -> None:
    Lead.objects.create(campaign=campaign, website_url="https://known.org", site_key="known.org", domain="known.org")
    run = begun(
        campaign, world, keyword="", urls=["garden.one.org", "https://garden.one.org/again", "known.org", "nonsense"]
    )
    assert (run.queries.count(), run.sites.count(), run.known) == (0, 1, 1)
    FoundSite.objects.update(url="http://garden.one.org/")
    work(run, polite)
    assert run.sites.get().contacts.count() == 3


def test_a_slice_ends_and_the_next_goes_on(campaign: Campaign, world: World, polite: Polite) -> None:
    run = begun(campaign, world)
    provider = Scripted([hits("garden.one.org"), hits("garden.two.org")])
    assert work(run, polite, provider, seconds=0.0) is True
    assert provider.asked == []
    run.refresh_from_db()
    assert (run.lease_token, run.finished_at) == (None, None)
    assert work(run, polite, provider) is False
    assert run.sites.filter(state="read").count() == 2


def test_a_dead_workers_run_is_taken_up(campaign: Campaign, world: World, polite: Polite) -> None:
    run = begun(campaign, world)
    DiscoveryRun.objects.update(
        lease_token="6e4b35b5-9d3c-4a53-9be0-2f2a4a0f0a01", leased_until=timezone.now() + timedelta(minutes=1)
    )
    assert work(run, polite, Scripted([hits("garden.one.org")])) is False
    assert not run.sites.exists()
    DiscoveryRun.objects.update(leased_until=timezone.now() - timedelta(seconds=1))
    work(run, polite, Scripted([hits("garden.one.org")]))
    assert run.sites.exists()


def test_cancelling_acts_before_the_next_query(campaign: Campaign, world: World, polite: Polite) -> None:
    run = begun(campaign, world)

    class Cancelling(Scripted):
        def search(self, query: str, *, limit: int) -> list[Hit]:
            assert runs.cancel(run, now=timezone.now())
            return super().search(query, limit=limit)

    provider = Cancelling([hits("garden.one.org")])
    work(run, polite, provider)
    assert provider.asked == ["balcony a"]
    assert [site.state for site in run.sites.all()] == ["waiting"]
    assert ASKED == {}
    assert runs.cancel(run, now=timezone.now()) is False


def test_enough_is_enough(campaign: Campaign, world: World, polite: Polite) -> None:
    run = begun(campaign, world, most_sites=2)
    provider = Scripted([hits("garden.one.org", "garden.two.org", "garden.three.org")])
    work(run, polite, provider)
    assert (run.sites.count(), provider.asked) == (2, ["balcony a"])
    assert run.queries.last().sentence == "Not asked: enough sites were found."  # type: ignore[union-attr]


def test_what_was_read_lately_is_taken_over(campaign: Campaign, world: World, polite: Polite) -> None:
    first = begun(campaign, world)
    work(first, polite, Scripted([hits("garden.one.org")]))
    asked = len(ASKED["garden.one.org"])
    second = begun(campaign, world)
    work(second, polite, Scripted([hits("garden.one.org")]))
    assert len(ASKED["garden.one.org"]) == asked
    site = second.sites.get()
    assert (site.state, site.read_at, site.contacts.count()) == ("read", first.sites.get().read_at, 3)
    FoundSite.objects.update(read_at=timezone.now() - timedelta(days=8))
    work(begun(campaign, world), polite, Scripted([hits("garden.one.org")]))
    assert len(ASKED["garden.one.org"]) > asked


def test_marks(campaign: Campaign, world: World, polite: Polite) -> None:
    now = timezone.now()
    other = Campaign.objects.create(workspace=world.here, name="Roses")
    Lead.objects.create(campaign=other, website_url="https://two.org", site_key="two.org", domain="two.org")
    run = begun(campaign, world, patterns=["{keyword}"])
    never_pitch.add(world.here, ["three.org"], why=never_pitch.Why.CLIENT, user=world.owner, now=now)
    suppression.suppress_domain(workspace=world.here, domain="four.org", reason=Suppression.Reason.MANUAL, now=now)
    suppression.suppress(workspace=world.here, address="ann@garden.one.org", reason=Suppression.Reason.OPT_OUT, now=now)
    work(run, polite, Scripted([hits(*(f"garden.{number}.org" for number in ("one", "two", "three", "four")))]))
    shown = {result.site.domain: result for result in runs.results(run, now=now)}
    assert [each.email for each in shown["one.org"].contacts] == ["tom@garden.one.org", "info@garden.one.org"]
    assert shown["one.org"].marks == ["An address of this site is on the suppression list and left out."]
    assert shown["two.org"].marks == ["Also in the campaign “Roses”."]
    assert "a client's site" in shown["three.org"].marks[0]
    assert not shown["four.org"].can_be_added
    saved = runs.save(run, [result.site.pk for result in shown.values()], user=world.marketer, now=now)
    assert saved.added == 3
    assert not Lead.objects.filter(domain="four.org").exists()


def found(run: DiscoveryRun, domain: str, **details: object) -> FoundSite:
    return FoundSite.objects.create(run=run, url=f"https://{domain}/", site_key=domain, domain=domain, **details)


def marks_of(run: DiscoveryRun, now: datetime) -> dict[str, list[str]]:
    return {result.site.domain: list(result.marks) for result in runs.results(run, now=now)}


def test_sites_written_to_lately_are_marked(campaign: Campaign, world: World) -> None:
    now, run = timezone.now(), begun(campaign, world)

    def written(domain: str, days: int, **details: object) -> None:
        found(run, domain)
        at = now - timedelta(days=days, hours=1)
        values: dict[str, object] = {"workspace": world.here, "state": "sent"} | details
        SendRecord.objects.create(
            subject=f"attempt:{domain}", kind="first", mailbox_id=1, sign_in="m", sender="me@orchard.example",
            recipient=f"ed@{domain}", recipient_key=f"ed@{domain}", recipient_domain=domain, subject_digest="d",
            legal_basis="legitimate_interest", region="other", message_id=domain, reserved_at=at, counted_at=at,
            **values,
        )  # fmt: skip

    written("lately.org", 3)
    written("yesterday.org", 1)
    written("long-ago.org", 91)
    written("not-sent.org", 3, state="released")
    written("of-others.org", 3, workspace=world.elsewhere)
    written("gmail.com", 3)  # Some other person's mailbox there.
    assert marks_of(run, now) == {
        "lately.org": ["Written to 3 days ago."],
        "yesterday.org": ["Written to a day ago."],
        "long-ago.org": [],
        "not-sent.org": [],
        "of-others.org": [],
        "gmail.com": [],
    }


def test_sites_that_link_to_a_target_page_already_are_marked(campaign: Campaign, world: World) -> None:
    run = begun(campaign, world, targets=["https://ours.com/guide"])
    found(run, "links.org", links_to=["https://ours.com/guide"])
    found(run, "does-not.org")
    assert marks_of(run, timezone.now()) == {
        "links.org": ["Links to https://ours.com/guide already."],
        "does-not.org": [],
    }


def test_sites_alive_in_another_campaign_are_marked(campaign: Campaign, world: World) -> None:
    run = begun(campaign, world)
    archived = Campaign.objects.create(workspace=world.here, name="Old", archived_at=timezone.now())
    others = Campaign.objects.create(workspace=world.elsewhere, name="Theirs")
    for place, domain in ((archived, "archived.org"), (others, "theirs.org"), (campaign, "here.org")):
        Lead.objects.create(campaign=place, website_url=f"https://{domain}", site_key=domain, domain=domain)
        found(run, domain)
    assert marks_of(run, timezone.now()) == {
        "archived.org": [],
        "theirs.org": [],
        "here.org": ["In this campaign already."],
    }


def test_suppressed_and_never_pitched_sites_are_marked_until_that_ends(campaign: Campaign, world: World) -> None:
    now, run = timezone.now(), begun(campaign, world)
    for domain in ("never.org", "stopped.org"):
        found(run, domain)
    never_pitch.add(world.elsewhere, ["never.org"], why=never_pitch.Why.CLIENT, user=world.stranger, now=now)
    suppression.suppress_domain(
        workspace=world.elsewhere, domain="stopped.org", reason=Suppression.Reason.MANUAL, now=now
    )
    assert marks_of(run, now) == {"never.org": [], "stopped.org": []}  # Those are another workspace's lists.
    never_pitch.add(world.here, ["never.org"], why=never_pitch.Why.CLIENT, user=world.owner, now=now)
    suppression.suppress_domain(workspace=world.here, domain="stopped.org", reason=Suppression.Reason.MANUAL, now=now)
    marks = marks_of(run, now)
    assert "a client's site" in marks["never.org"][0]
    assert marks["stopped.org"] == ["Nobody here writes to this site: it is on the suppression list."]


def test_a_refusal_holds_the_lead(campaign: Campaign, world: World) -> None:
    run = begun(campaign, world)
    site = FoundSite.objects.create(
        run=run, url="https://no.org/", site_key="no.org", domain="no.org", state="read", read_at=timezone.now(),
        signals=[{"kind": "refusal", "quote": "We do not accept guest posts.", "url": "https://no.org/"}],
    )  # fmt: skip
    FoundContact.objects.create(site=site, email="ed@no.org", email_key="ed@no.org", how="plain", passage="ed@no.org")
    runs.save(run, [site.pk], user=world.marketer, now=timezone.now())
    hold = Hold.objects.get()
    assert (hold.subject, hold.reason) == ("address:ed@no.org", "no.org says: “We do not accept guest posts.”")


def test_queries_do_not_grow_with_the_sites(
    campaign: Campaign, world: World, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    run = begun(campaign, world)
    for count in (1, 30):
        for number in range(count):
            site = FoundSite.objects.create(
                run=run,
                url=f"https://s{count}x{number}.org/",
                site_key=f"s{count}x{number}.org",
                domain=f"s{count}x{number}.org",
            )
            FoundContact.objects.create(site=site, email=f"a@{site.domain}", email_key=f"a@{site.domain}", how="plain")
        with django_assert_num_queries(7):
            runs.results(run, now=timezone.now())


def test_an_erased_person_goes_and_does_not_come_back(campaign: Campaign, world: World, polite: Polite) -> None:
    run = begun(campaign, world, patterns=["{keyword}"])
    work(run, polite, Scripted([hits("garden.one.org")]))
    key = "ann@garden.one.org"
    person = Person(world.here.pk, key, suppression.stone_of(key), frozenset({key}))
    [holder] = [each for each in ports.holders() if "campaigns.FoundContact" in each.models]
    assert holder.count(person) == {"addresses on found sites, with their passages": 1}
    assert holder.evidence(person)[0].quote.startswith("We welcome")
    assert holder.export(person)["found on sites"]
    holder.erase(person, now=timezone.now())
    assert not FoundContact.objects.filter(email_key=person.key).exists()
    suppression.entomb(workspace=world.here, address=person.key, user=world.owner, now=timezone.now())
    FoundSite.objects.update(read_at=timezone.now() - timedelta(days=30))
    work(begun(campaign, world, patterns=["{keyword}"]), polite, Scripted([hits("garden.one.org")]))
    assert not FoundContact.objects.filter(email_key=person.key).exists()
