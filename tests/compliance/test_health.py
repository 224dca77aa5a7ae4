"""The health page: who may read it, what it counts, and that its links lead to the very rows behind a figure."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.http import HttpResponse
from django.urls import reverse
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries, Settings

from campaigns.models import Campaign
from compliance import audit, brakes, holds, refusals
from compliance.models import AuditEntry, Hold, SendRecord
from compliance.policy import Rule
from outreach_site.accounts.models import User
from outreach_site.mailboxes.models import Mailbox
from tests.compliance.test_reputation import bounce, complain, letters, make_mailbox
from tests.conftest import World

EVIL = "<script>alert(1)</script>"
State = SendRecord.State


@pytest.fixture
def now() -> datetime:
    return timezone.now()


@pytest.fixture
def mailbox(world: World) -> Mailbox:
    return make_mailbox(world.here)


def path(world: World, *, days: int | None = None) -> str:
    return reverse("compliance:health", args=[world.here.slug]) + (f"?days={days}" if days else "")


def page(world: World, user: User | None = None, *, days: int | None = None) -> Any:
    response = world.client(user or world.viewer).get(path(world, days=days))
    assert response.status_code == 200
    return response


def text(response: Any) -> str:
    assert isinstance(response, HttpResponse)
    return response.content.decode()


def refuse(world: World, rule: Rule, *, result: str = "blocked", at: datetime, **more: Any) -> AuditEntry:
    details = more.pop("details", {"rule": rule.value})
    workspace, event = more.pop("workspace", world.here), more.pop("event", "letter.decided")
    return audit.record(event, workspace=workspace, policy_result=result, details=details, now=at, **more)


# --- Walls and roles --------------------------------------------------------------------------------------------------


def test_everybody_of_the_workspace_reads(world: World) -> None:
    for user in (world.owner, world.marketer, world.officer, world.viewer):
        assert world.client(user).get(path(world)).status_code == 200
        assert world.client(user).post(path(world)).status_code == 405
    assert world.client(world.stranger).get(path(world)).status_code == 404
    assert "/accounts/login/" in world.client().get(path(world))["Location"]


def test_nothing_of_another_workspace_is_counted(world: World, mailbox: Mailbox, now: datetime) -> None:
    theirs = make_mailbox(world.elsewhere, "sam@quarry.example")
    campaign = Campaign.objects.create(workspace=world.elsewhere, name="Their secret campaign")
    rows = letters(theirs, 60, campaign=campaign.subject, at=now)
    bounce(rows[:5], at=now)
    refuse(world, Rule.SUPPRESSION, workspace=world.elsewhere, at=now)
    # Even a row of ours that names their campaign does not bring its name over the wall.
    letters(mailbox, 1, campaign=campaign.subject, at=now)
    shown = page(world)
    assert [row.letters for row in shown.context["mailboxes"]] == [1]
    assert [row.letters for row in shown.context["campaigns"]] == [1]
    assert not shown.context["reasons"]
    for word in ("sam@quarry.example", "Their secret campaign"):
        assert word not in text(shown)


# --- Rates ------------------------------------------------------------------------------------------------------------


def test_an_empty_page_says_what_it_is_for(world: World) -> None:
    assert "Nothing to count yet" in text(page(world))


def test_rates_of_mailboxes_and_campaigns(world: World, mailbox: Mailbox, now: datetime) -> None:
    campaign = Campaign.objects.create(workspace=world.here, name=EVIL)
    rows = letters(mailbox, 82, campaign=campaign.subject, at=now - timedelta(days=2))
    bounce(rows[:5], at=now)
    letters(mailbox, 18, campaign="campaign:999", at=now - timedelta(days=2))
    shown = page(world)
    [row] = shown.context["mailboxes"]
    assert (row.name, row.letters) == ("mara@orchard.example", 100)
    assert [(rate.text, rate.count, rate.tone) for rate in row.rates] == [
        ("5 %", 5, "bad"),
        ("0 %", 0, ""),
        ("0 %", 0, ""),
    ]
    assert row.rates[0].width == 500  # at its limit, which stands in the middle of the bar
    first, gone = shown.context["campaigns"]
    assert (first.name, first.letters, first.rates[0].text) == (EVIL, 82, "6 %")
    assert (gone.name, gone.letters, gone.url) == ("A campaign that is gone (999)", 18, "")
    html = text(shown)
    assert 'aria-label="Hard bounces: 5 of 100; the limit is 5 %"' in html
    assert EVIL not in html
    assert " style=" not in html
    assert reverse("campaigns:campaign_detail", args=[world.here.slug, campaign.pk]) in html


def test_states(world: World, mailbox: Mailbox, now: datetime) -> None:
    def state() -> tuple[str, str]:
        [row] = page(world).context["mailboxes"]
        return row.tone, row.state

    assert state() == ("muted", "too few to tell")
    rows = letters(mailbox, 60, at=now - timedelta(days=2))
    assert state() == ("good", "fine")
    bounce(rows[:2], at=now - timedelta(hours=3))  # 3.3 %
    assert state() == ("warn", "near the limit")
    bounce(rows[2:3], at=now - timedelta(hours=3))
    assert state() == ("bad", "over the limit")
    brakes.pull(now=now - timedelta(hours=2))
    assert state() == ("bad", "held back")
    html = text(page(world))
    assert reverse("compliance:hold_list", args=[world.here.slug]) in html
    holds.lift(Hold.objects.get(subject=f"mailbox:{mailbox.pk}"), user=world.officer, now=now - timedelta(hours=1))
    assert state() == ("warn", "over the limit")
    assert "Let go on by a person on" in text(page(world))


def test_one_complaint_today_is_said(world: World, mailbox: Mailbox, now: datetime) -> None:
    complain(letters(mailbox, 60, at=now - timedelta(days=2))[:1], at=now - timedelta(hours=1))
    [row] = page(world).context["mailboxes"]
    assert (row.tone, row.state) == ("warn", "a complaint today")


def test_the_period_narrows_the_figures_and_not_the_judgement(world: World, mailbox: Mailbox, now: datetime) -> None:
    rows = letters(mailbox, 60, at=now - timedelta(days=20))
    bounce(rows[:3], at=now - timedelta(days=19))
    letters(mailbox, 4, at=now - timedelta(days=1))
    for days, count in ((7, 4), (30, 64)):
        [row] = page(world, days=days).context["mailboxes"]
        assert (row.letters, row.state) == (count, "near the limit")
    for nonsense in ("x", "-1", "99999999999999999999", "7.0"):
        assert world.client(world.viewer).get(f"{path(world)}?days={nonsense}").context["days"] == 30


def test_a_removed_mailbox_stays_while_its_letters_count(world: World, mailbox: Mailbox, now: datetime) -> None:
    letters(mailbox, 3, at=now - timedelta(days=2))
    unused = make_mailbox(world.here, "old@orchard.example")
    Mailbox.objects.update(archived_at=now)
    assert unused.email not in text(page(world))
    [row] = page(world).context["mailboxes"]
    assert row.letters == 3
    assert page(world).context["room"] == []


# --- Today's room -----------------------------------------------------------------------------------------------------


def test_counts_against_the_caps(world: World, mailbox: Mailbox, now: datetime, settings: Settings) -> None:
    settings.DAILY_USER_CAP, settings.DAILY_DOMAIN_CAP, settings.MAX_EMAILS_PER_HOUR = 10, 4, 5
    Mailbox.objects.filter(pk=mailbox.pk).update(daily_limit=9)
    rows = letters(mailbox, 6, at=now)
    rows += letters(mailbox, 1, at=now - timedelta(days=2), state=State.UNCERTAIN)  # counts whatever its day
    letters(mailbox, 1, at=now, state=State.RELEASED)
    letters(mailbox, 1, at=now - timedelta(days=2))
    SendRecord.objects.filter(pk__in=[row.pk for row in rows]).update(
        user_id=world.marketer.pk, recipient_domain="big.com"
    )
    SendRecord.objects.filter(pk=rows[0].pk).update(user_id=None)
    shown = page(world)
    people = {bar.name: bar.used for bar in shown.context["people"]}
    assert (people["Marketer"].text, people["Marketer"].tone) == ("6 of 10", "")
    assert people["Somebody who has left"].count == 1
    [domain] = shown.context["domains"]
    assert (domain.name, domain.used.text, domain.used.tone) == ("big.com", "7 of 4", "bad")
    [box] = shown.context["room"]
    assert (box.hour.text, box.hour.tone) == ("6 of 5", "bad")
    assert (box.day.text, box.day.tone) == ("7 of 9", "")


def test_only_the_ten_busiest_domains(world: World, mailbox: Mailbox, now: datetime) -> None:
    letters(mailbox, 14, at=now)
    [busy, *_] = letters(mailbox, 2, at=now)
    SendRecord.objects.filter(pk__gte=busy.pk).update(recipient_domain="busy.com")
    domains = page(world).context["domains"]
    assert len(domains) == 10
    assert domains[0].name == "busy.com"


# --- Why letters did not go -------------------------------------------------------------------------------------------


def test_reasons_are_counted_by_the_rule_that_decided(world: World, now: datetime) -> None:
    for _ in range(3):
        refuse(world, Rule.SUPPRESSION, at=now)
    refuse(world, Rule.SUPPRESSION, at=now - timedelta(days=10))
    refuse(world, Rule.USER_CAP, result="deferred", at=now)
    refuse(world, Rule.USER_CAP, result="approved", at=now)
    refuse(world, Rule.REGION, at=now, is_preview=True, event="letter.checked")
    refuse(world, Rule.REGION, at=now, details={})
    refuse(world, Rule.REGION, at=now - timedelta(days=31))
    reasons = {each.name: (each.blocked, each.deferred) for each in page(world).context["reasons"]}
    assert reasons == {"Suppression list": (4, 0), "Your letters today": (0, 1), "Noted without a reason": (1, 0)}
    week = {each.name: (each.blocked, each.deferred) for each in page(world, days=7).context["reasons"]}
    assert week["Suppression list"] == (3, 0)


def test_each_reason_leads_to_its_rows_in_the_log(world: World, now: datetime) -> None:
    wanted = [refuse(world, Rule.SUPPRESSION, at=now, lead_email="ed@x.test").pk for _ in range(2)]
    refuse(world, Rule.SUPPRESSION, at=now - timedelta(days=40))
    refuse(world, Rule.HOLD, at=now)
    refuse(world, Rule.SUPPRESSION, at=now, is_preview=True, event="letter.checked")
    [reason] = [each for each in page(world).context["reasons"] if each.name == "Suppression list"]
    assert reason.count == 2
    client = world.client(world.viewer)
    log = client.get(reason.url)
    assert sorted(row.entry.pk for row in log.context["rows"]) == wanted
    assert '<option value="suppression" selected>' in text(log)
    everything = client.get(reverse("compliance:audit_list", args=[world.here.slug]), {"rule": "no such rule"})
    assert len(everything.context["rows"]) == 5


def test_a_days_first_hour_is_the_workspaces_own(world: World) -> None:
    """The workspace is in Berlin: thirty days begin at its midnight, as in the audit log that the link opens."""
    now = timezone.now()
    first = world.here.day_bounds(now - timedelta(days=29))[0]
    refuse(world, Rule.HOLD, at=first)
    refuse(world, Rule.HOLD, at=first - timedelta(seconds=1))
    [reason] = page(world).context["reasons"]
    assert reason.count == 1
    assert len(world.client(world.viewer).get(reason.url).context["rows"]) == 1


def test_no_more_than_so_many_are_counted(world: World, now: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(refusals, "MOST", 3)
    for _ in range(4):
        refuse(world, Rule.HOLD, at=now)
    counted = refusals.counted(world.here, since=now - timedelta(days=1))
    assert (counted.count, counted.is_all) == (3, False)
    assert "the newest of them" in text(page(world))


def test_the_rule_is_no_detail_of_an_entry(world: World, now: datetime) -> None:
    entry = refuse(world, Rule.HOLD, at=now)
    html = text(world.client(world.viewer).get(reverse("compliance:audit_detail", args=[world.here.slug, entry.pk])))
    assert "<dt>Rule</dt>" not in html


# --- What the other pages say -----------------------------------------------------------------------------------------


def test_compliance_lifts_what_the_brakes_hold(world: World, mailbox: Mailbox, now: datetime) -> None:
    """A mailbox in trouble is an owner's; what its readers think of it is for compliance to judge."""
    campaign = Campaign.objects.create(workspace=world.here, name="Spring links")
    complain(letters(mailbox, 2, campaign=campaign.subject, at=now)[:2], at=now)
    brakes.pull(now=now)
    officer = world.client(world.officer)
    listing = text(officer.get(reverse("compliance:hold_list", args=[world.here.slug])))
    for shown in ("mara@orchard.example", "Spring links", "2 readers reported letters", "Look at who was written to"):
        assert shown in listing
    assert listing.count("Let it go on") == 2
    hold = Hold.objects.get(subject=f"mailbox:{mailbox.pk}")
    lift = reverse("compliance:hold_lift", args=[world.here.slug, hold.pk])
    assert world.client(world.marketer).post(lift).status_code == 403
    assert world.client(world.viewer).post(lift).status_code == 403
    assert world.client(world.stranger).post(lift).status_code == 404
    assert officer.post(lift).status_code == 302
    hold.refresh_from_db()
    assert hold.lifted_by_id == world.officer.pk
    assert brakes.pull(now=now + timedelta(minutes=1)) == []


def test_today_says_what_is_held_back(world: World, mailbox: Mailbox, now: datetime) -> None:
    complain(letters(mailbox, 2, at=now)[:2], at=now)
    brakes.pull(now=now)
    own = f"mailbox:{make_mailbox(world.here, 'ben@orchard.example').pk}"
    holds.place(workspace=world.here, subject=own, reason="It cannot sign in.", source=own, now=now)
    html = text(world.client(world.owner).get(reverse("desk:today", args=[world.here.slug])))
    assert "A mailbox is held back" in html
    assert "A campaign is held back" in html
    assert "2 readers reported letters from mara@orchard.example" in html
    assert "It cannot sign in." not in html  # stands there as a mailbox in trouble


def test_the_number_of_queries_does_not_grow(
    world: World, mailbox: Mailbox, now: datetime, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    client = world.client(world.viewer)

    def more(number: int) -> None:
        for n in range(number):
            box = make_mailbox(world.here, f"box{n}-{number}@orchard.example")
            campaign = Campaign.objects.create(workspace=world.here, name=f"Campaign {n}")
            bounce(letters(box, 8, campaign=campaign.subject, at=now)[:1], at=now)
            refuse(world, list(Rule)[n], at=now)
            holds.place(workspace=world.here, subject=campaign.subject, reason="?", now=now)

    more(1)
    client.get(path(world, days=7))
    with django_assert_num_queries(24):
        client.get(path(world, days=7))
    more(6)
    with django_assert_num_queries(24):
        client.get(path(world, days=7))


def test_the_rooms_own_address_leads_there(world: World) -> None:
    answer = world.client(world.viewer).get(reverse("compliance:home", args=[world.here.slug]))
    assert answer["Location"] == reverse("compliance:health", args=[world.here.slug])
