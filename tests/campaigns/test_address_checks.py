"""What is known of an address without writing to it, with a real name server on loopback that also fails."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from campaigns import address_checks
from campaigns.models import Attempt, MailDomain
from campaigns.queueing import queue_letters
from compliance.addresses import is_disposable
from outreach_site.mailboxes.domains.names import Names
from tests.campaigns.conftest import Room
from tests.mailboxes.name_server import NameServer, name_server_open

State = MailDomain.State


@pytest.fixture
def server() -> object:
    with name_server_open() as opened:
        opened.zone |= {
            ("with-mx.org", "MX"): ["10 mx.with-mx.org."],
            ("null.org", "MX"): ["0 ."],
            ("host-only.org", "A"): ["192.0.2.1"],
            ("six-only.org", "AAAA"): ["2001:db8::1"],
            ("text-only.org", "TXT"): ['"x"'],
            ("org", "NS"): ["a0.org.afilias-nst.info."],
        }
        opened.fail.add("broken.org")
        opened.silent.add("silent.org")
        yield opened


@pytest.mark.parametrize(
    ("domain", "state"),
    [
        ("with-mx.org", State.TAKES),
        ("null.org", State.NONE),  # RFC 7505
        ("host-only.org", State.TAKES),  # RFC 5321, 5.1
        ("six-only.org", State.TAKES),
        ("text-only.org", State.NONE),
        ("nowhere.org", State.NONE),
        ("broken.org", State.UNKNOWN),
        ("silent.org", State.UNKNOWN),
        ("nowhere.com", State.UNKNOWN),  # This server does not know `com`: it knows nothing of names below it.
    ],
)
def test_what_the_dns_says(server: NameServer, domain: str, state: MailDomain.State) -> None:
    assert address_checks.state_of(domain, Names(server.resolver, seconds=1)) == state


def test_answers_are_kept_with_their_date_and_asked_again_when_old(room: Room, server: NameServer) -> None:
    now = timezone.now()
    addresses = ["ed@with-mx.org", "ann@with-mx.org", "ed@null.org", "ed@broken.org", "ed@rehearsal.test"]
    wanted = address_checks.ask_for(addresses, {}, now=now)
    assert wanted == ["broken.org", "null.org", "with-mx.org"]
    assert address_checks.look_up(wanted, now=now, resolver=server.resolver) == []
    known = address_checks.known_among(addresses)
    assert {domain: row.state for domain, row in known.items()} == {
        "with-mx.org": State.TAKES,
        "null.org": State.NONE,
        "broken.org": State.UNKNOWN,
    }
    assert all(row.checked_at == now for row in known.values())

    def asked_at(later: timedelta) -> list[str]:
        return address_checks.ask_for(addresses, address_checks.known_among(addresses), now=now + later)

    assert asked_at(timedelta(minutes=30)) == []
    assert asked_at(timedelta(hours=2)) == ["broken.org"]
    assert asked_at(timedelta(hours=2, minutes=30)) == []  # It is being asked.
    assert asked_at(timedelta(days=31)) == ["broken.org", "null.org", "with-mx.org"]


def test_what_there_is_no_time_for_is_left(server: NameServer, room: Room) -> None:
    assert address_checks.look_up(["with-mx.org"], now=timezone.now(), resolver=server.resolver, seconds=0) == [
        "with-mx.org"
    ]
    many = [f"d{n}.org" for n in range(address_checks.AT_ONCE + 3)]
    left = address_checks.look_up(many, now=timezone.now(), resolver=server.resolver)
    assert left == many[address_checks.AT_ONCE :]


def test_a_letter_that_would_surely_come_back_is_not_queued(room: Room) -> None:
    now = timezone.now()
    MailDomain.objects.create(domain="brightgarden.com", state=State.NONE, checked_at=now)
    MailDomain.objects.create(domain="balconyharvest.com", state=State.UNKNOWN, checked_at=now)
    done = queue_letters(room.campaign, room.leads[:2], user=room.world.marketer, now=now)
    assert [attempt.recipient for attempt in done.attempts] == ["tom@balconyharvest.com"]
    [(lead, sentence)] = done.refused
    assert lead == room.leads[0]
    assert "No server takes mail for brightgarden.com" in sentence
    # An old answer holds nobody.
    MailDomain.objects.update(checked_at=now - timedelta(days=31))
    assert len(queue_letters(room.campaign, room.leads[:1], user=room.world.marketer, now=now).attempts) == 1
    assert Attempt.objects.count() == 2


def test_the_lead_says_so(room: Room) -> None:
    MailDomain.objects.create(domain="brightgarden.com", state=State.NONE, checked_at=timezone.now())
    lead = room.lead("throwaway.org", "info@mailinator.com")
    assert "Takes no mail" in room.get("lead_detail", room.leads[0].pk).content.decode()
    assert "takes no mail" in room.get("campaign_detail", room.campaign.pk).content.decode()
    page = room.get("lead_detail", lead.pk).content.decode()
    assert "thrown away after a while" in page
    assert "shared address" in page.lower()
    assert set(MailDomain.objects.filter(checked_at=None).values_list("domain", flat=True)) == {
        "balconyharvest.com",
        "mailinator.com",
    }


def test_disposable_domains_and_those_below_them() -> None:
    assert is_disposable("mailinator.com")
    assert is_disposable("Sub.Mailinator.com")
    assert not is_disposable("gmail.com")
    assert not is_disposable("brightgarden.com")
