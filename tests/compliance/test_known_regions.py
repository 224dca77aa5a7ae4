"""Where somebody is, when more is known than the ending of their address."""

from __future__ import annotations

from datetime import UTC, datetime
from urllib.parse import quote

import pytest
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from compliance import gate, known_regions
from compliance.models import AuditEntry, Kind, PolicyResult
from compliance.policy import Letter
from compliance.region_models import KnownRegion
from compliance.regions import Region, RegionSource, region_of_country
from tests.conftest import World

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
HTMX = {"HX-Request": "true"}


def letter(address: str, number: int = 1) -> Letter:
    return Letter(
        about=f"attempt:{number}",
        kind=Kind.FIRST,
        user_id=1,
        mailbox_id=1,
        sign_in="m@host",
        sender="mara@orchard.com",
        recipient=address,
        recipient_key=address,
        recipient_domain=address.rpartition("@")[2],
        subject="Hello",
        subject_digest=gate.subject_digest("Hello"),
        found_url="https://x.com",
    )


def note(world: World, address: str, region: Region, source: RegionSource = RegionSource.PERSON) -> bool:
    return known_regions.note(
        world.here, address, region, source=source, evidence="Said so.", user=world.owner, now=NOW
    )


@pytest.mark.parametrize(
    ("code", "region"),
    [("DE", "EU"), ("gb", "UK"), ("CA", "CA"), ("NZ", "AU/NZ"), ("US", "US"), ("IN", "OTHER"), ("NO", "EU")],
)
def test_the_region_of_a_country(code: str, region: str) -> None:
    assert region_of_country(code).value == region


def test_the_gate_follows_what_is_known_and_says_how(world: World) -> None:
    before = gate.foresee([letter("ada@site.com"), letter("ada@gmail.com")], workspace=world.here, now=NOW)
    assert {decision.region.source for decision in before} == {RegionSource.GENERIC_DOMAIN}
    note(world, "somebody@site.com", Region.EU)
    note(world, "ada@gmail.com", Region.UK, RegionSource.CONSENT_RECORD)
    addresses = ("ada@site.com", "bob@site.com", "ada@gmail.com", "b@gmail.com")
    batch = [letter(address, 11 + place) for place, address in enumerate(addresses)]
    regions = [decision.region.region for decision in gate.decide(batch, workspace=world.here, now=NOW)]
    assert regions == [Region.EU, Region.EU, Region.UK, Region.US]
    entry = AuditEntry.objects.get(about="attempt:11")
    assert (entry.region, entry.details["region_source"], entry.policy_result) == (
        "EU",
        "person",
        PolicyResult.DEFERRED,
    )


def test_another_workspace_knows_nothing_of_it(world: World) -> None:
    note(world, "somebody@site.com", Region.EU)
    [decision] = gate.decide([letter("ada@site.com")], workspace=world.elsewhere, now=NOW)
    assert decision.region.region == Region.US


def test_a_persons_word_beats_the_rest(world: World) -> None:
    assert note(world, "a@site.com", Region.EU, RegionSource.SITE)
    assert note(world, "a@site.com", Region.UK, RegionSource.CONSENT_RECORD)
    assert note(world, "a@site.com", Region.US)
    assert not note(world, "a@site.com", Region.EU, RegionSource.SITE)
    assert not note(world, "a@site.com", Region.UK, RegionSource.CONSENT_RECORD)
    assert KnownRegion.objects.get().region == Region.US
    assert AuditEntry.objects.filter(event="region.noted").count() == 3


def test_a_site_makes_its_rule_stricter_and_never_looser(world: World) -> None:
    said = {
        "shop.com": [("DE", "USt-IdNr. DE123456789"), ("DE", "Tel. +49 30"), ("US", "+1 212")],
        "even.com": [("US", "+1 212"), ("GB", "Registered in England")],
        "haus.de": [("US", "+1 212 555 0100")],
        "wine.fr": [("FR", "Mentions légales")],
        "us.com": [("US", "New York, USA")],
        "gmail.com": [("DE", "x")],
        "ed@gmail.com": [("DE", "Impressum")],
        "not a domain": [("DE", "x")],
        "silent.com": [],
    }
    assert known_regions.note_sites(world.here, said, user=None, now=NOW) == 3
    found = {row.key: (row.region, row.evidence) for row in KnownRegion.objects.all()}
    assert found == {
        "shop.com": ("EU", "USt-IdNr. DE123456789"),
        "even.com": ("UK", "Registered in England"),
        "ed@gmail.com": ("EU", "Impressum"),
    }


def test_one_query_for_many(world: World, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    note(world, "a@site.com", Region.EU)
    with django_assert_num_queries(1):
        found = known_regions.regions_of(world.here, [f"a{n}@site{n or ''}.com" for n in range(50)])
    assert [guess.source for guess in found.values()].count(RegionSource.PERSON) == 1


# --- The page ---------------------------------------------------------------------------------------------------------


def url(world: World, address: str = "") -> str:
    base = reverse("compliance:region_edit", args=[world.here.slug])
    return f"{base}?address={quote(address)}" if address else base


@pytest.mark.parametrize("htmx", [True, False])
def test_a_person_says_where_somebody_is_and_takes_it_back(world: World, htmx: bool) -> None:
    client, headers = world.client(world.marketer), HTMX if htmx else None
    page = client.get(url(world, "ada@site.com"), headers=headers)
    assert "Where site.com is" in page.text
    answer = client.post(
        url(world), {"address": "Ada@site.com", "region": "UK", "why": "Her signature <b>"}, headers=headers
    )
    assert answer.status_code == (200 if htmx else 302)
    assert KnownRegion.objects.get().source == "person"
    shown = client.get(url(world, "ada@site.com"), headers=headers).text
    assert "Her signature &lt;b&gt;" in shown
    client.post(url(world), {"address": "ada@site.com", "region": "", "why": ""}, headers=headers)
    assert not KnownRegion.objects.exists()
    assert AuditEntry.objects.filter(event="region.forgotten").count() == 1


@pytest.mark.parametrize(
    "bad",
    [
        {"address": "nobody", "region": "UK", "why": "x"},
        {"address": "a@site.com", "region": "Atlantis", "why": "x"},
        {"address": "a@site.com", "region": "UK", "why": " "},
    ],
)
def test_what_makes_no_sense_is_said(world: World, bad: dict[str, str]) -> None:
    assert world.client(world.officer).post(url(world), bad).status_code == 422
    assert not KnownRegion.objects.exists()


def test_who_may(world: World) -> None:
    data = {"address": "a@site.com", "region": "UK", "why": "x"}
    assert world.client(world.viewer).post(url(world), data).status_code == 403
    assert world.client(world.stranger).post(url(world), data).status_code == 404
    assert world.client(world.officer).post(url(world), data).status_code == 302


def test_a_consent_may_say_it_too(world: World) -> None:
    world.client(world.officer).post(
        reverse("compliance:consent_create", args=[world.here.slug]),
        {"address": "ed@site.com", "obtained_on": "2026-01-05", "evidence_text": "Wrote so.", "region": "CA"},
    )
    assert (KnownRegion.objects.get().region, KnownRegion.objects.get().source) == ("CA", "consent_record")
