"""The table of leads: every filter, order and page, in a number of queries that does not grow; and what a site's
domain brings up."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from campaigns.lead_list import Filters, Sort, page_of
from campaigns.leads import NewLead, add_many
from campaigns.lifecycle import start_campaign
from campaigns.models import FoundSite, Lead, Tag
from compliance import holds, never_pitch, suppression
from compliance.models import NeverPitch
from tests.campaigns.conftest import HTMX, Room


def fill(room: Room, count: int) -> None:
    rows = [
        NewLead(
            website_url=f"s{n}.com",
            contact_email=f"ed@s{n}.com" if n % 2 else "",
            quality_score=None if n % 3 == 0 else (n % 5) / 5,
            guest_post_likelihood=None if n % 4 == 0 else (n % 7) / 7,
        )
        for n in range(count)
    ]
    add_many(room.campaign, rows, source=Lead.Source.PASTE, now=timezone.now())
    for lead in room.campaign.leads.filter(source=Lead.Source.PASTE):
        number = int(lead.domain[1:].partition(".")[0])
        Lead.objects.filter(pk=lead.pk).update(status_changed_at=timezone.now() - timedelta(hours=number % 6))


def sites(room: Room, query: str) -> list[str]:
    page = room.get("campaign_detail", room.campaign.pk, query=query)
    assert page.status_code == 200
    return [row.lead.site_key for row in page.context["rows"]]


@pytest.mark.parametrize("sort", Sort)
def test_every_order_shows_each_lead_once_on_its_pages(room: Room, sort: Sort) -> None:
    fill(room, 40)
    filters = Filters(sort=sort.value)
    seen: list[Lead] = []
    place = ""
    for _ in range(20):
        page = page_of(room.campaign, filters, place=place, size=7)
        seen += page.leads
        if not (place := page.after):
            break
    assert len(seen) == 43
    assert len({lead.pk for lead in seen}) == 43
    keys: dict[Sort, Any] = {
        Sort.NEWEST: lambda lead: -lead.pk,
        Sort.QUALITY: lambda lead: (
            (1, 0, -lead.pk) if lead.quality_score is None else (0, -lead.quality_score, -lead.pk)
        ),
        Sort.LIKELIHOOD: lambda lead: (
            (1, 0, -lead.pk) if lead.guest_post_likelihood is None else (0, -lead.guest_post_likelihood, -lead.pk)
        ),
        Sort.CHANGED: lambda lead: (-lead.status_changed_at.timestamp(), -lead.pk),
        Sort.SITE: lambda lead: lead.site_key,
    }
    assert seen == sorted(seen, key=keys[sort])


@pytest.mark.parametrize("place", ["x", "x~1", "~x", "1~", "0.5~abc", "2026-01-01~1", "é~é", "1~" + "9" * 30])
@pytest.mark.parametrize("sort", [Sort.NEWEST, Sort.QUALITY, Sort.CHANGED])
def test_a_page_that_nobody_was_shown_does_not_exist(room: Room, sort: Sort, place: str) -> None:
    page = room.client().get(room.url("campaign_detail", room.campaign.pk), {"sort": sort.value, "after": place})
    assert page.status_code == 400


def test_each_filter_narrows_and_they_narrow_together(room: Room) -> None:
    fill(room, 12)
    good = room.lead("good.org", "ed@good.org", quality_score=0.9, guest_post_likelihood=0.8)
    spring = Tag.objects.create(workspace=room.world.here, name="Spring")
    good.tags.add(spring)
    room.leads[0].tags.add(spring)
    Lead.objects.filter(pk=good.pk).update(assignee=room.world.owner)
    foreign = Tag.objects.create(workspace=room.world.elsewhere, name="Theirs")
    assert sites(room, f"?tag={spring.pk}") == ["good.org", "brightgarden.com"]
    assert sites(room, f"?tag={spring.pk}&assignee={room.world.owner.pk}") == ["good.org"]
    assert sites(room, f"?tag={foreign.pk}") == []
    assert sites(room, "?score=likelihood&source=manual") == ["good.org"]
    assert sites(room, "?score=quality&email=yes&sort=quality")[0] == "good.org"
    assert sites(room, "?email=no&source=manual") == ["fernandfig.com"]
    assert len(sites(room, "?assignee=nobody")) == 15
    assert "good.org" not in sites(room, "?assignee=nobody")
    assert len(sites(room, "?tag=x&score=x&email=x&assignee=x&source=x&sort=x&status=x")) == 16


def test_filters_survive_as_text(room: Room) -> None:
    filters = Filters(status="lost", q="a&b=c #é", score="quality", tag="7", assignee="nobody", sort="site")
    assert Filters.from_query(filters.query()) == filters
    page = room.get("campaign_detail", room.campaign.pk, query="?status=lost&q=%22%3E%3Cscript%3E")
    assert "<script>alert" not in page.content.decode()
    assert '"><script>' not in page.content.decode()


def test_the_table_costs_the_same_for_many(room: Room) -> None:
    tag = Tag.objects.create(workspace=room.world.here, name="Spring")
    room.leads[0].tags.add(tag)
    room.queue(room.leads[0])

    def queries(query: str) -> int:
        client = room.client()
        client.get(room.url("campaign_detail", room.campaign.pk) + query)
        with CaptureQueriesContext(connection) as found:
            client.get(room.url("campaign_detail", room.campaign.pk) + query)
        return len(found)

    asked = ("", "?sort=quality", "?q=brightgarden.com", f"?tag={tag.pk}", "?status=discovered&score=quality")
    room.lead("good.org", "ed@good.org", quality_score=0.9)
    before = [queries(query) for query in asked]
    fill(room, 60)
    for lead in room.campaign.leads.all():
        lead.tags.add(tag)
    assert [queries(query) for query in asked] == before


def test_a_row_says_who_why_and_what_holds_it(room: Room) -> None:
    lead = room.leads[0]
    Lead.objects.filter(pk=lead.pk).update(quality_score=0.8, assignee=room.world.owner)
    lead.tags.add(Tag.objects.create(workspace=room.world.here, name="<b>bold</b>"))
    run = room.campaign.discovery_runs.create(keyword="beds")
    FoundSite.objects.create(
        run=run,
        url="https://brightgarden.com",
        site_key="brightgarden.com",
        domain="brightgarden.com",
        lead=lead,
        reasons={"quality": [["It has <i>long</i> articles.", 0.3]]},
    )
    holds.place(
        workspace=room.world.here,
        subject="address:hannah@brightgarden.com",
        reason="brightgarden.com says: “No guest posts.”",
        now=timezone.now(),
    )
    page = room.get("campaign_detail", room.campaign.pk).content.decode()
    assert "brightgarden.com says: “No guest posts.”" in page
    assert "It has &lt;i&gt;long&lt;/i&gt; articles." in page
    assert "&lt;b&gt;bold&lt;/b&gt;" in page
    assert "<b>bold</b>" not in page
    part = room.get("campaign_detail", room.campaign.pk, headers=HTMX).content.decode()
    assert "<html" not in part
    assert 'id="leads"' in part


# --- A site's domain --------------------------------------------------------------------------------------------------


def test_a_domain_shows_all_that_was_ever_done_there(room: Room) -> None:
    now = timezone.now()
    other = start_campaign(room.world.here, name="Autumn", user=room.world.owner, now=now)
    add_many(other, [NewLead(website_url="blog.brightgarden.com")], source=Lead.Source.PASTE, now=now)
    theirs = start_campaign(room.world.elsewhere, name="Not yours", user=room.world.stranger, now=now)
    add_many(theirs, [NewLead(website_url="brightgarden.com")], source=Lead.Source.PASTE, now=now)
    suppression.suppress_domain(
        workspace=room.world.here, domain="brightgarden.com", reason="manual", user=room.world.owner, now=now
    )
    never_pitch.add(
        room.world.here, ["brightgarden.com"], why=NeverPitch.Why.CLIENT, note="", user=room.world.owner, now=now
    )
    for typed in ("brightgarden.com", "https://www.brightgarden.com/about", "ed@mail.brightgarden.com"):
        page = room.client().get(room.url("campaign_detail", room.campaign.pk), {"q": typed})
        history = page.context["history"]
        assert {lead.campaign.name for lead in history.leads} == {"Spring", "Autumn"}
        assert history.suppressed
        assert history.never_pitch
        assert "Not yours" not in page.content.decode()
    for typed in ("garden", "gmail.com", "nobody-was-here.org"):
        assert room.client().get(room.url("campaign_detail", room.campaign.pk), {"q": typed}).context["history"] is None
