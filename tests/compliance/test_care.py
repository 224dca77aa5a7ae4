"""Cool-off, never pitch, first letters, and the ledger's own proof: what the gate gathers for those rules."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from compliance import gate, never_pitch
from compliance.addresses import InvalidAddressError
from compliance.models import AuditEntry, Kind, NeverPitch, PolicyResult, SendRecord
from compliance.policy import Letter, Outcome, Rule
from outreach_site.accounts.models import Workspace
from outreach_site.lib import ports
from outreach_site.lib.ports import Engagement
from tests.compliance.test_gate import letter
from tests.conftest import World

NOW = datetime(2026, 7, 1, 9, 30, tzinfo=UTC)
Why = NeverPitch.Why


@pytest.fixture
def careful(world: World) -> Workspace:
    world.here.cool_off_days = 90
    world.here.save()
    return world.here


def send(*letters: Letter, workspace: Workspace, at: datetime) -> None:
    decisions = gate.decide(letters, workspace=workspace, now=at)
    assert all(decision.allowed for decision in decisions), [decision.reason for decision in decisions]
    gate.settle(gate.Outcomes(sent=[(one.about, at) for one in letters]))


def answer(one: Letter, rule: Rule, workspace: Workspace, now: datetime = NOW) -> tuple[Outcome, str]:
    [decision] = gate.foresee([one], workspace=workspace, now=now)
    return next((check.outcome, check.sentence) for check in decision.checks if check.rule == rule)


# --- Cool-off ---------------------------------------------------------------------------------------------------------


def test_a_site_that_a_teammate_wrote_to_is_held_with_who_and_when(world: World, careful: Workspace) -> None:
    send(letter(1, domain="site.com", user_id=world.owner.pk), workspace=careful, at=NOW - timedelta(days=12))
    again = letter(2, domain="site.com", user_id=world.marketer.pk, step="step:2", subject_digest="x")
    [decision] = gate.decide([again], workspace=careful, now=NOW)
    assert decision.result == PolicyResult.DEFERRED
    assert decision.asks
    assert decision.reason == f"{world.owner.get_full_name()} wrote to site.com 12 days ago."
    waived = replace(again, cool_off_waived=True)
    assert gate.decide([waived], workspace=careful, now=NOW)[0].allowed


def test_the_pause_ends_after_its_days(careful: Workspace) -> None:
    sent_at = NOW - timedelta(days=90)
    send(letter(1, domain="site.com"), workspace=careful, at=sent_at)
    again = letter(2, domain="site.com", step="step:2")
    assert answer(again, Rule.COOL_OFF, careful, NOW - timedelta(seconds=1))[0] == Outcome.ASKS
    assert answer(again, Rule.COOL_OFF, careful, NOW)[0] == Outcome.PASSED


def test_at_a_mail_provider_only_the_address_counts(careful: Workspace) -> None:
    ada = letter(1, domain="gmail.com", recipient_key="ada@gmail.com")
    send(ada, workspace=careful, at=NOW - timedelta(days=2))
    tom = letter(2, domain="gmail.com", recipient_key="tom@gmail.com")
    assert answer(tom, Rule.COOL_OFF, careful)[0] == Outcome.PASSED
    assert "ada@gmail.com" in answer(replace(ada, about="attempt:3", step="step:2"), Rule.COOL_OFF, careful)[1]


def test_another_workspaces_letters_are_none_of_ours(world: World, careful: Workspace) -> None:
    send(letter(1, domain="site.com"), workspace=world.elsewhere, at=NOW - timedelta(days=2))
    assert answer(letter(2, domain="site.com"), Rule.COOL_OFF, careful)[0] == Outcome.PASSED


def test_a_letter_that_did_not_leave_is_no_letter(careful: Workspace) -> None:
    gate.decide([letter(1, domain="site.com")], workspace=careful, now=NOW)
    assert answer(letter(2, domain="site.com"), Rule.COOL_OFF, careful)[0] == Outcome.ASKS
    gate.settle(gate.Outcomes(released=["attempt:1"]))
    assert answer(letter(2, domain="site.com"), Rule.COOL_OFF, careful)[0] == Outcome.PASSED


def test_who_has_left_the_server_is_somebody(careful: Workspace) -> None:
    send(letter(1, domain="site.com", user_id=987_654), workspace=careful, at=NOW - timedelta(days=1))
    assert (
        answer(letter(2, domain="site.com"), Rule.COOL_OFF, careful)[1] == "Somebody here wrote to site.com a day ago."
    )


def test_what_is_under_way_comes_through_the_port(careful: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []

    def facts(addresses: Sequence[str], *, workspace_id: int, now: datetime) -> Mapping[str, Sequence[Engagement]]:
        asked.append(workspace_id)
        return {"ada1@site1.com": [Engagement("They wrote to us a day ago.")]}

    monkeypatch.setattr(ports, "_outreach_facts", [facts])
    decisions = gate.decide([letter(1), letter(2)], workspace=careful, now=NOW)
    assert [decision.result for decision in decisions] == [PolicyResult.BLOCKED, PolicyResult.APPROVED]
    assert asked == [careful.pk]
    careful.cool_off_days = 0
    careful.save()
    assert gate.decide([letter(3, recipient_key="ada1@site1.com", step="")], workspace=careful, now=NOW)[0].allowed
    assert asked == [careful.pk]


# --- First letters ----------------------------------------------------------------------------------------------------


def test_a_new_workspaces_first_letters_wait_for_a_person(world: World) -> None:
    new = Workspace.objects.create(name="New", slug="new")
    assert (new.first_letters, new.cool_off_days) == (10, 90)
    [decision] = gate.decide([letter(1)], workspace=new, now=NOW)
    assert decision.asking == (Rule.APPROVAL,)
    assert "the first 10 letters" in decision.reason
    approved = [letter(n, approved=True) for n in range(10, 20)]
    send(*approved, workspace=new, at=NOW)
    assert gate.decide([letter(1)], workspace=new, now=NOW + timedelta(hours=2))[0].allowed


def test_answers_are_no_first_letters(world: World) -> None:
    world.here.first_letters = 1
    world.here.save()
    send(letter(1, kind=Kind.ANSWER, step=""), workspace=world.here, at=NOW)
    assert answer(letter(2), Rule.APPROVAL, world.here)[0] == Outcome.ASKS


def test_a_region_may_be_looked_at_always(world: World) -> None:
    world.here.look_at_regions = ["CA"]
    world.here.save()
    canada = letter(1, domain="site.ca", ground="invited")
    assert answer(canada, Rule.APPROVAL, world.here)[0] == Outcome.ASKS
    assert answer(letter(2), Rule.APPROVAL, world.here)[0] == Outcome.PASSED


# --- Never pitch ------------------------------------------------------------------------------------------------------


def test_a_listed_site_is_refused_whoever_the_letter_goes_to(world: World) -> None:
    never_pitch.add(
        world.here, ["*.Client.com", "münchen.de"], why=Why.CLIENT, note="Since May", user=world.owner, now=NOW
    )
    there = letter(1, domain="client.com")
    at_home = letter(2, domain="gmail.com", recipient_key="boss@gmail.com", site="blog.client.com")
    elsewhere = letter(3, domain="notclient.com")
    decisions = gate.decide([there, at_home, elsewhere], workspace=world.here, now=NOW)
    assert [decision.allowed for decision in decisions] == [False, False, True]
    assert decisions[0].reason == ("client.com is on the list of sites never to pitch: a client's site (Since May).")
    assert gate.decide([letter(4, domain="client.com")], workspace=world.elsewhere, now=NOW)[0].allowed
    assert {entry.details["site"] for entry in AuditEntry.objects.filter(event="never_pitch.added")} == {
        "client.com",
        "xn--mnchen-3ya.de",
    }


def test_an_answer_to_a_client_goes(world: World) -> None:
    never_pitch.add(world.here, ["client.com"], why=Why.CLIENT, user=None, now=NOW)
    assert gate.decide([letter(1, domain="client.com", kind=Kind.ANSWER)], workspace=world.here, now=NOW)[0].allowed


def test_listing_twice_is_once(world: World) -> None:
    never_pitch.add(world.here, ["client.com"], why=Why.CLIENT, user=None, now=NOW)
    kept = never_pitch.add(world.here, ["client.com", "b.com", "b.com"], why=Why.OWN, user=None, now=NOW)
    assert ([row.domain for row in kept.new], [row.domain for row in kept.known]) == (["b.com"], ["client.com"])
    assert NeverPitch.objects.get(domain="client.com").why == Why.CLIENT


@pytest.mark.parametrize("domain", ["gmail.com", "co.uk", "no domain", "", "a@b@c"])
def test_what_is_no_site_is_not_listed(world: World, domain: str) -> None:
    with pytest.raises(InvalidAddressError):
        never_pitch.add(world.here, [domain], why=Why.OWN, user=None, now=NOW)
    assert not NeverPitch.objects.exists()


# --- The ledger's own copy, and the cost ------------------------------------------------------------------------------


def test_the_ledger_keeps_its_own_proof(world: World) -> None:
    one = letter(
        1,
        domain="site.de",
        ground="invited",
        found_url="https://site.de/team",
        found_passage="Write to Ada.",
        found_at=NOW - timedelta(days=3),
    )
    gate.decide([one], workspace=world.here, now=NOW)
    record = SendRecord.objects.get()
    assert (record.ground, record.found_url, record.found_passage) == (
        "invited",
        "https://site.de/team",
        "Write to Ada.",
    )
    assert record.found_at == NOW - timedelta(days=3)
    assert (record.region, record.region_source, record.legal_basis) == ("EU", "country_domain", "consent")


@pytest.mark.parametrize(
    ("url", "reached"),
    [
        ("https://outreach.example.com", True),
        ("http://localhost:8000", False),
        ("http://127.0.0.1:8000", False),
        ("http://[::1]:8000", False),
        ("http://app.localhost", False),
        ("http://192.168.1.5:8000", True),
    ],
)
def test_links_that_only_this_machine_opens_are_warned_about(
    world: World, settings: Settings, url: str, reached: bool
) -> None:
    settings.SITE_URL = url
    outcome, _ = answer(letter(1), Rule.UNSUBSCRIBE, world.here)
    assert outcome == (Outcome.PASSED if reached else Outcome.WARNED)


def test_twelve_queries_with_every_rule_on_for_one_letter_and_for_five_hundred(world: World) -> None:
    new = Workspace.objects.create(name="New", slug="new", look_at_regions=["CA"], daily_user_cap=100)
    never_pitch.add(new, [f"site{n}.com" for n in range(2000, 2005)], why=Why.OWN, user=None, now=NOW)
    before = [letter(n, approved=True, user_id=n) for n in range(1, 6)]
    send(*before, workspace=new, at=NOW - timedelta(days=3))

    def queries(count: int, first: int) -> int:
        letters = [letter(1, about=f"attempt:{first}", step="step:3", approved=True, user_id=0)]
        letters += [letter(first + n, approved=True, user_id=n) for n in range(1, count)]
        with CaptureQueriesContext(connection) as captured:
            decisions = gate.decide([*letters, letter(first + 999, user_id=7)], workspace=new, now=NOW)
        assert not decisions[0].allowed, "one that was written to lately is among them"
        return len([q for q in captured if not q["sql"].startswith(("SAVEPOINT", "RELEASE"))])

    one, many = queries(2, 1000), queries(499, 2000)
    assert one <= 12
    assert many == one
