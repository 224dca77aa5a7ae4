"""The hourly queue for programs: what goes in, what becomes of it, and who may ask."""

from __future__ import annotations

import json
from copy import copy
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from django_q.models import OrmQ
from pytest_django import DjangoAssertNumQueries, Settings

from campaigns import tasks
from campaigns.leads import set_contact
from campaigns.models import Attempt, Campaign, Contact, Lead
from campaigns.tallies import MANY, tally
from campaigns.tasks import dispatch_due
from compliance.models import AuditEntry, Suppression
from compliance.suppression import entomb, suppress
from outreach_site.accounts.models import ApiKey, Membership, Scope, User, Workspace
from outreach_site.lib.crypto import token_digest
from outreach_site.mailboxes.models import Mailbox
from outreach_site.sandbox.running import RunningOffice
from tests.campaigns.conftest import Room
from tests.conftest import World
from tests.letterbox import Letterbox

pytestmark = pytest.mark.django_db(transaction=True)
STATUS, QUEUE = "/api/email/status", "/api/email/queue"
State = Attempt.State


def ask(world: World, url: str, data: Any = None, *, user: User | None = None, **headers: str) -> Any:
    client = world.client(user or world.marketer)
    if data is None:
        return client.get(url, headers=headers)
    return client.post(url, data=json.dumps(data), content_type="application/json", headers=headers)


def put_in(world: World, *recipients: str, user: User | None = None, **changes: Any) -> Any:
    data = {"recipients": list(recipients), "subject": "A guide", "content": "Hello,\n\na guide.", **changes}
    return ask(world, QUEUE, data, user=user)


def key_of(world: World, *scopes: Scope) -> dict[str, str]:
    membership = Membership.objects.get(user=world.marketer)
    ApiKey.objects.create(
        membership=membership, name="K", prefix="lk_t", digest=token_digest("lk_test"), scopes=list(scopes)
    )
    return {"Authorization": "Bearer lk_test"}


def test_a_letter_goes_all_the_way(rehearsal: Letterbox, post_office: RunningOffice, settings: Settings) -> None:
    world = rehearsal.world
    assert ask(world, STATUS).json() | {"mailboxes": []} == {
        "pending": 0,
        "sent": 0,
        "failed": 0,
        "sentCountThisHour": 0,
        "limit": settings.MAX_EMAILS_PER_HOUR,
        "waiting": 0,
        "asking": 0,
        "sending": 0,
        "uncertain": 0,
        "blocked": 0,
        "stopped": False,
        "mailboxes": [],
    }
    response = put_in(world, "hannah@somewhere.test", content="Hello,\r\n\r\n\ta guide.")
    attempt = Attempt.objects.get()
    assert (response.status_code, response.json()) == (
        200,
        {
            "message": "1 of 1 letter is queued.",
            "queueSize": 1,
            "results": [
                {"recipient": "hannah@somewhere.test", "status": "queued", "reason": "", "id": attempt.pk},
            ],
            "advice": [],
        },
    )
    assert ask(world, STATUS).json()["pending"] == 1
    # A worker is asked for at once, and finds a letter that has neither window nor spread to wait for.
    dispatch_due()
    rehearsal.send()
    stands = ask(world, STATUS).json()
    assert (stands["pending"], stands["sent"], stands["sentCountThisHour"]) == (0, 1, 1)
    [mailbox] = stands["mailboxes"]
    assert mailbox == {
        "mailbox": "alex@rehearsal.test",
        "sentCountThisHour": 1,
        "limit": settings.MAX_EMAILS_PER_HOUR,
        "held": "",
    }
    [letter] = post_office.letters()
    assert b"Lindenweg 4" in letter.raw
    assert b"we will not write again" in letter.raw


def test_a_worker_is_asked_for_at_once(rehearsal: Letterbox, post_office: RunningOffice) -> None:
    """So that the first letter leaves within thirty seconds: what campaigns spread over the hour does not delay it."""
    rehearsal.mailbox.next_spread_at = timezone.now() + timedelta(minutes=30)
    rehearsal.mailbox.save()
    OrmQ.objects.all().delete()
    put_in(rehearsal.world, "hannah@somewhere.test")
    asked = OrmQ.objects.get()
    assert (asked.key, asked.func(), asked.task["args"]) == (
        "mail",
        "campaigns.tasks.dispatch_mailbox",
        (rehearsal.mailbox.pk,),
    )
    assert asked.lock <= timezone.now()
    tasks.dispatch_mailbox(*asked.task["args"])
    assert len(post_office.letters()) == 1


def test_each_recipient_becomes_a_lead_with_a_source(room: Room) -> None:
    addresses = ["ada@brightgarden.com", "Tom.Reed@brightgarden.com"]
    response = put_in(room.world, *addresses, found_url="brightgarden.com/team", ground="published")
    assert [one["status"] for one in response.json()["results"]] == ["queued", "queued"]
    campaign = Campaign.objects.get(is_direct=True)
    assert (campaign.name, campaign.state) == ("Direct letters", "running")
    leads = Lead.objects.filter(campaign=campaign).order_by("pk")
    assert [(lead.source, lead.website_url, lead.domain) for lead in leads] == [
        ("api", "https://brightgarden.com/", "brightgarden.com")
    ] * 2
    assert list(Contact.objects.filter(lead__in=leads).order_by("pk").values_list("email", "found_url")) == [
        ("ada@brightgarden.com", "https://brightgarden.com/team"),
        ("Tom.Reed@brightgarden.com", "https://brightgarden.com/team"),
    ]
    assert {attempt.ground for attempt in Attempt.objects.all()} == {"published"}
    # Written to again, they are the same leads.
    put_in(room.world, *addresses, subject="Another guide")
    assert Lead.objects.filter(campaign=campaign).count() == 2
    assert Campaign.objects.filter(is_direct=True).count() == 1


def test_what_becomes_of_each_is_said(room: Room) -> None:
    here, now = room.world.here, timezone.now()
    suppress(workspace=here, address="no@brightgarden.com", reason=Suppression.Reason.OPT_OUT, now=now)
    entomb(workspace=here, address="gone@brightgarden.com", now=now)
    response = put_in(
        room.world,
        "ada@brightgarden.com",
        "no@brightgarden.com",
        "gone@brightgarden.com",
        "no address",
        "ADA@brightgarden.com",
        "ada@seite.de",
        "ąda@brightgarden.com",
        "x@y.com\r\nBcc: z@y.com",
    )
    results = response.json()["results"]
    assert [one["status"] for one in results] == [
        "queued",
        "blocked",
        "blocked",
        "invalid",
        "blocked",
        "queued",
        "blocked",
        "invalid",
    ]
    assert "suppression list" in results[1]["reason"]
    assert "erased" in results[2]["reason"]
    assert "twice" in results[4]["reason"]
    assert "the rule is consent" in results[5]["reason"]  # it waits until somebody says why
    assert response.json()["queueSize"] == 2
    assert ask(room.world, STATUS).json()["asking"] == 1
    # Whom nobody may write to is not written down either.
    assert Contact.objects.filter(lead__campaign__is_direct=True).count() == 2
    assert not Contact.objects.filter(email="gone@brightgarden.com").exists()


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"content": "Hello {first_name}"}, "nothing to put in for {first_name}"),
        ({"content": "Hello {nonsense}"}, "Nothing fills {nonsense}"),
        ({"content": "Hello [Name]"}, "still open: “[Name]”"),
        ({"subject": "For {{name}}"}, "still open: “{name}”"),
    ],
)
def test_an_unfilled_placeholder_blocks(room: Room, changes: dict[str, Any], words: str) -> None:
    [result] = put_in(room.world, "ada@brightgarden.com", **changes).json()["results"]
    assert result["status"] == "blocked"
    assert words in result["reason"]
    assert not Attempt.objects.exists()


def test_what_would_better_be_changed_is_answered_with_its_place(room: Room) -> None:
    answer = put_in(room.world, "ada@brightgarden.com", subject="BUY it", content="Click here {name|there}").json()
    assert answer["results"][0]["status"] == "queued"
    places = {one["sentence"].split(":")[0]: one["places"] for one in answer["advice"]}
    assert [{"place": "body", "start": 0, "end": 10}] in places.values()
    assert put_in(room.world, "bob@brightgarden.com", content="A few words.").json()["advice"] == []


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"recipients": []}, "recipients"),
        ({"recipients": ["a@b.com"] * 501}, "recipients"),
        ({"recipients": ["x" * 400 + "@b.com"]}, "recipients"),
        ({"recipients": "ada@brightgarden.com"}, "recipients"),
        ({"subject": " \n"}, "subject"),
        ({"subject": "x" * 201}, "subject"),
        ({"content": ""}, "content"),
        ({"content": "x" * 20_001}, "content"),
        ({"content": "<p>Hello</p>"}, "content"),
        ({"mailbox": "nobody@orchard.example"}, "mailbox"),
        ({"mailbox": 99999}, "mailbox"),
        ({"ground": "consent"}, "ground"),
        ({"found_url": "javascript:alert(1)"}, "found_url"),
    ],
)
def test_what_is_wrong_is_named_by_its_field(room: Room, changes: dict[str, Any], field: str) -> None:
    data = {"recipients": ["ada@brightgarden.com"], "subject": "A guide", "content": "Hello", **changes}
    response = ask(room.world, QUEUE, data)
    assert response.status_code == 422
    assert any(field in fault["field"] for fault in response.json()["fields"]), response.json()
    assert not Attempt.objects.exists()


def test_thirty_megabytes_are_refused_clearly(room: Room) -> None:
    response = put_in(room.world, "ada@brightgarden.com", content="x" * 30_000_000)
    assert response.status_code == 413
    assert "too large" in response.json()["detail"]


def test_several_mailboxes_want_a_choice(room: Room) -> None:
    second = Mailbox.objects.create(
        workspace=room.world.here, email="tom@orchard.example", smtp_host="h", smtp_user="tom"
    )
    Mailbox.objects.create(workspace=room.world.elsewhere, email="x@quarry.example", smtp_host="h", smtp_user="x")
    response = put_in(room.world, "ada@brightgarden.com")
    assert response.status_code == 422
    assert "several mailboxes" in response.json()["fields"][0]["message"]
    assert put_in(room.world, "ada@brightgarden.com", mailbox="x@quarry.example").status_code == 422
    for named in ("TOM@orchard.example", second.pk, str(second.pk)):
        Attempt.objects.all().delete()
        assert put_in(room.world, "ada@brightgarden.com", mailbox=named).status_code == 200
        assert Attempt.objects.get().mailbox == second


def test_no_mailbox_and_no_sender_are_said(world: World) -> None:
    assert "No mailbox" in put_in(world, "ada@brightgarden.com").json()["fields"][0]["message"]


def test_who_may_queue(room: Room) -> None:
    world = room.world
    assert put_in(world, "ada@brightgarden.com", user=world.viewer).status_code == 403
    assert put_in(world, "ada@brightgarden.com", user=world.officer).status_code == 403
    assert ask(world, STATUS, user=world.viewer).status_code == 200
    assert world.client().get(STATUS).status_code == 401
    # The scope "send" is one of its own.
    headers = key_of(world, Scope.READ, Scope.WRITE)
    data = {"recipients": ["ada@brightgarden.com"], "subject": "A", "content": "Hello"}
    denied = world.client().post(QUEUE, json.dumps(data), content_type="application/json", headers=headers)
    assert denied.status_code == 403
    assert "send" in denied.json()["detail"]
    ApiKey.objects.update(scopes=["send"])
    allowed = world.client().post(QUEUE, json.dumps(data), content_type="application/json", headers=headers)
    assert allowed.status_code == 200
    entry = AuditEntry.objects.get(event="api.letters_queued")
    assert (entry.user_id, entry.details["recipients"], entry.details["queued"]) == (world.marketer.pk, 1, 1)
    assert entry.details["api_key"] == ApiKey.objects.get().pk


def test_a_program_gone_wild_is_slowed_down(room: Room) -> None:
    headers = key_of(room.world, Scope.SEND)
    client = room.world.client()
    codes = [client.post(QUEUE, "{}", content_type="application/json", headers=headers).status_code for _ in range(61)]
    assert codes == [422] * 60 + [429]
    # Others are not.
    assert put_in(room.world, "ada@brightgarden.com").status_code == 200


def test_many_cost_as_many_questions_as_few(room: Room, django_assert_max_num_queries: DjangoAssertNumQueries) -> None:
    put_in(room.world, "first@brightgarden.com")
    with django_assert_max_num_queries(55):
        put_in(room.world, "one@site1.com")
    with django_assert_max_num_queries(55):
        response = put_in(room.world, *[f"ada@site{n}.com" for n in range(200)])
    assert {one["status"] for one in response.json()["results"]} == {"queued"}
    assert Attempt.objects.count() == 202


def test_a_long_queue_is_counted_to_its_end(room: Room) -> None:
    """Pages say "10,000+" there; a program would take it for the number."""
    put_in(room.world, "ada@brightgarden.com")
    letter, more = Attempt.objects.get(), MANY + 5
    letter.due_at, letter.settled_at = timezone.now() + timedelta(days=1), timezone.now()
    for state, count in (("queued", more), ("failed", MANY + 3)):
        letter.state = state
        Attempt.objects.bulk_create((copied(letter) for _ in range(count)), batch_size=1_000)
    stands = ask(room.world, STATUS).json()
    assert (stands["pending"], stands["waiting"], stands["failed"]) == (more + 1, more + 1, MANY + 3)
    assert put_in(room.world, "tom@brightgarden.com").json()["queueSize"] == more + 2


def copied(letter: Attempt) -> Attempt:
    again = copy(letter)
    again.pk = None
    return again


@pytest.mark.parametrize("at_most", [None, 5])
def test_letters_are_counted_in_an_index(room: Room, at_most: int | None) -> None:
    """Without statistics, as SQLite plans in an installation that never gathered any."""
    if connection.vendor != "sqlite":
        pytest.skip("reads SQLite's query plans")
    with CaptureQueriesContext(connection) as asked:
        tally(room.world.here, at_most=at_most)
    [query] = asked.captured_queries
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN QUERY PLAN {query['sql']}")
        plans = [row[3] for row in cursor.fetchall() if "campaigns_attempt" in row[3]]
    assert len(plans) == 5
    assert all(plan.startswith("SEARCH") and "INDEX attempts_" in plan for plan in plans), plans


def test_the_same_subject_to_the_same_person_goes_once(rehearsal: Letterbox, post_office: RunningOffice) -> None:
    put_in(rehearsal.world, "hannah@somewhere.test")
    put_in(rehearsal.world, "hannah@somewhere.test")  # Before the first has left.
    rehearsal.send()
    assert len(post_office.letters()) == 1
    [result] = put_in(rehearsal.world, "hannah@somewhere.test").json()["results"]
    assert result["status"] == "blocked"
    assert "in the last 24 hours" in result["reason"]
    assert ask(rehearsal.world, STATUS).json()["blocked"] == 1


def give_contact(address: str, *, instead_of: str) -> Lead:
    """A person changes whom letters to a lead of the direct campaign go to; "" for nobody."""
    lead = Lead.objects.get(campaign__is_direct=True, contact__email=instead_of)
    set_contact(lead, email=address, name="", role="", found_url="", found_passage="", now=timezone.now())
    return lead


@pytest.mark.parametrize("other", ["boss@elsewhere.com", ""])
def test_an_address_that_a_person_has_replaced_or_taken_off_is_refused(room: Room, other: str) -> None:
    put_in(room.world, "ed@somewhere.com", "tom@other.com")
    give_contact(other, instead_of="ed@somewhere.com")
    response = put_in(room.world, "ed@somewhere.com", "tom@other.com", "new@third.com", subject="Another guide")
    assert response.status_code == 200
    refused, *others = response.json()["results"]
    assert (refused["status"], refused["id"]) == ("blocked", None)
    assert "put another address in the place of this one" in refused["reason"]
    assert [one["status"] for one in others] == ["queued", "queued"]
    sent_to = Attempt.objects.filter(subject="Another guide").order_by("pk").values_list("recipient", flat=True)
    assert list(sent_to) == ["tom@other.com", "new@third.com"]


def test_a_lead_is_found_by_the_address_that_it_has_now(room: Room) -> None:
    put_in(room.world, "ed@somewhere.com")
    lead = give_contact("boss@elsewhere.com", instead_of="ed@somewhere.com")
    put_in(room.world, "boss@elsewhere.com", subject="Another guide")
    attempt = Attempt.objects.get(subject="Another guide")
    assert (attempt.lead, attempt.recipient) == (lead, "boss@elsewhere.com")
    # And its own address again, once that stands there again.
    give_contact("ed@somewhere.com", instead_of="boss@elsewhere.com")
    results = put_in(room.world, "ed@somewhere.com", "boss@elsewhere.com", subject="A third").json()["results"]
    assert [one["status"] for one in results] == ["queued", "queued"]
    third = Attempt.objects.filter(subject="A third").order_by("pk")
    assert [each.recipient for each in third] == ["ed@somewhere.com", "boss@elsewhere.com"]
    assert [each.lead == lead for each in third] == [True, False]


@pytest.mark.parametrize(
    ("stopped", "says"), [("campaign", "The campaign is paused"), ("mailbox", "is paused"), ("all", "is stopped")]
)
def test_what_a_person_has_stopped_is_what_it_waits_for(room: Room, stopped: str, says: str) -> None:
    put_in(room.world, "ada@brightgarden.com")
    if stopped == "campaign":
        Campaign.objects.get(is_direct=True).pause()
    elif stopped == "mailbox":
        Mailbox.objects.update(paused_at=timezone.now())
    else:
        Workspace.objects.update(sending_stopped_at=timezone.now())
    known, asking = put_in(room.world, "tom@brightgarden.com", "ada@seite.de").json()["results"]
    assert (known["status"], asking["status"]) == ("queued", "queued")
    assert says in known["reason"]
    assert "the rule is consent" in asking["reason"]
    assert says in asking["reason"]
    suppress(workspace=room.world.here, address="no@site.com", reason=Suppression.Reason.OPT_OUT, now=timezone.now())
    [refused] = put_in(room.world, "no@site.com").json()["results"]
    assert says not in refused["reason"]


def test_an_archived_campaign_says_so(room: Room) -> None:
    put_in(room.world, "ada@brightgarden.com")
    Campaign.objects.get(is_direct=True).archive(now=timezone.now())
    response = put_in(room.world, "tom@brightgarden.com")
    assert response.status_code == 422
    assert "archived" in response.json()["fields"][0]["message"]


def test_walls(room: Room) -> None:
    put_in(room.world, "ada@brightgarden.com")
    stranger = room.world.stranger
    assert ask(room.world, STATUS, user=stranger).json()["pending"] == 0
    Mailbox.objects.create(workspace=room.world.elsewhere, email="x@quarry.example", smtp_host="h", smtp_user="x")
    room.world.identity.pk = None
    room.world.identity.workspace = room.world.elsewhere
    room.world.identity.save()
    assert put_in(room.world, "ada@brightgarden.com", user=stranger).json()["queueSize"] == 1
    assert Campaign.objects.filter(is_direct=True).count() == 2
    assert {lead.campaign.workspace for lead in Lead.objects.filter(campaign__is_direct=True)} == set(
        Workspace.objects.all()
    )
