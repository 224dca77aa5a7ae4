"""What is known of an address without writing to it, with a real name server on loopback that also fails."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

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


# --- Where a lead is added --------------------------------------------------------------------------------------------

DISPOSABLE = "ed@mailinator.com"


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("info@gardenview.com", "A shared address rather than one person&#x27;s."),
        (DISPOSABLE, "Addresses at mailinator.com are thrown away after a while."),
        ("eve@gmail.com", "Anybody gets an address at gmail.com."),
        ("eve@null.org", "No server takes mail for null.org"),
        ("eve@gardenview.com", "is looked up once this is saved"),
        ("<b>x", "There can&#x27;t be anything after the email address."),
    ],
)
def test_what_is_known_is_said_while_an_address_is_typed(room: Room, typed: str, said: str) -> None:
    MailDomain.objects.create(domain="null.org", state=State.NONE, checked_at=timezone.now())
    part = room.post("lead_address", room.campaign.pk, {"contact_email": typed}, htmx=True).content.decode()
    assert said in part
    assert "<form" not in part
    assert "<b>x" not in part


def test_nothing_is_said_of_nothing_and_strangers_learn_nothing(room: Room) -> None:
    typed = {"contact_email": ""}
    assert not room.post("lead_address", room.campaign.pk, typed).content.strip()
    for user, status in ((room.world.stranger, 404), (room.world.viewer, 403)):
        assert room.post("lead_address", room.campaign.pk, typed, user=user).status_code == status


def test_what_is_known_is_said_once_more_when_the_lead_is_added(room: Room) -> None:
    data = {"website_url": "gardenview.com", "contact_email": "info@gardenview.com"}
    page = room.client().post(room.url("lead_create", room.campaign.pk), data, follow=True).content.decode()
    assert "gardenview.com is added. A shared address" in page
    assert not MailDomain.objects.filter(domain="gardenview.com", checked_at__isnull=False).exists()


def test_a_pasted_list_says_it_line_by_line_in_constant_queries(
    room: Room, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    MailDomain.objects.create(domain="null.org", state=State.NONE, checked_at=timezone.now())
    text = f"info@gardenview.com\nnull.org, eve@null.org\nb.com, {DISPOSABLE}\nd.com, eve@d.com\nf.com\n"
    room.post("lead_paste", room.campaign.pk, {"text": text})
    with CaptureQueriesContext(connection) as few:
        page = room.post("lead_paste", room.campaign.pk, {"text": text}, htmx=True).content.decode()
    assert "A shared address rather than one person&#x27;s." in page
    assert "No server takes mail for null.org" in page
    assert "thrown away after a while" in page
    assert "3 addresses want a second look" in page
    assert "<html" not in page
    assert room.campaign.leads.count() == 3  # Looking adds nothing.
    with django_assert_num_queries(len(few)):
        room.post("lead_paste", room.campaign.pk, {"text": "".join(f"info@p{n}.com\n" for n in range(60))}, htmx=True)
