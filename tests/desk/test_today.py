"""Today: what needs a person, in its order; a pleasant page when nothing does; the way in."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from campaigns.models import Attempt, Campaign, Lead
from compliance.models import Hold, Kind, SendRecord, Suppression
from inbox.models import Reply
from outreach_site.accounts.models import Membership, User
from outreach_site.desk.today import needs, today
from outreach_site.mailboxes.models import Mailbox
from tests.conftest import World
from tests.desk.conftest import Desk

Tag = Reply.Classification


def titles(world: World, user: User | None = None) -> list[str]:
    membership = Membership.objects.of(user or world.owner).get(workspace=world.here)
    return [need.title for need in needs(membership, now=timezone.now())]


def test_interested_first_and_who_waits_longest_on_top(world: World, desk: Desk) -> None:
    desk.reply(Tag.REPLIED, age=timedelta(hours=9), from_name="Otto")
    desk.reply(Tag.INTERESTED, age=timedelta(hours=1), from_name="Late")
    desk.reply(Tag.INTERESTED, age=timedelta(hours=30), from_name="Early")
    desk.reply(Tag.NOT_INTERESTED, age=timedelta(hours=40), from_name="Doubt", needs_review=True)
    people = [title.split()[0] for title in titles(world)]
    assert people == ["Early", "Late", "Otto", "Doubt"]


def test_a_question_about_money_says_so_and_comes_after_plain_interest(world: World, desk: Desk) -> None:
    price = [{"intent": "asks_price", "words": "how much", "start": 0, "end": 8}]
    desk.reply(Tag.INTERESTED, age=timedelta(hours=9), from_name="Ruth", intents=price)
    desk.reply(Tag.INTERESTED, age=timedelta(hours=1), from_name="Ida")
    assert [(title.split()[0], title.split()[-2:]) for title in titles(world)] == [
        ("Ida", ["is", "interested"]),
        ("Ruth", ["the", "price"]),
    ]


def test_more_than_a_day_is_late(world: World, desk: Desk) -> None:
    desk.reply(Tag.INTERESTED, age=timedelta(hours=25))
    desk.reply(Tag.INTERESTED, age=timedelta(hours=23))
    membership = Membership.objects.of(world.owner).get(workspace=world.here)
    rows = needs(membership, now=timezone.now())
    assert [(row.is_late, row.tone) for row in rows] == [(True, "bad"), (False, "good")]


def test_an_answered_thread_leaves_by_itself(world: World, desk: Desk) -> None:
    reply = desk.reply(Tag.INTERESTED, age=timedelta(hours=2))
    assert len(titles(world)) == 1
    desk.letter(Attempt.State.SENT, lead=reply.lead, kind=Kind.ANSWER, step=None)
    assert titles(world) == []


def test_a_reply_that_a_person_has_dealt_with_leaves(world: World, desk: Desk) -> None:
    reply = desk.reply(Tag.INTERESTED, age=timedelta(hours=2))
    Reply.objects.filter(pk=reply.pk).update(done_at=timezone.now())
    assert titles(world) == []


@pytest.mark.parametrize("state", [Attempt.State.CANCELLED, Attempt.State.BLOCKED])
def test_an_answer_that_did_not_leave_is_none(world: World, desk: Desk, state: Attempt.State) -> None:
    reply = desk.reply(Tag.INTERESTED, age=timedelta(hours=2))
    desk.letter(state, lead=reply.lead, kind=Kind.ANSWER, step=None)
    assert len(titles(world)) == 1


@pytest.mark.parametrize("status", [Lead.Status.PLACED, Lead.Status.LOST, Lead.Status.UNSUBSCRIBED])
def test_nobody_waits_for_an_answer_to_a_settled_lead(world: World, desk: Desk, status: Lead.Status) -> None:
    desk.reply(Tag.INTERESTED, age=timedelta(hours=2), lead=desk.lead(status=status))
    assert titles(world) == []


def test_a_doubtful_refusal_waits_though_its_lead_is_lost(world: World, desk: Desk) -> None:
    lost = desk.lead(status=Lead.Status.LOST)
    desk.reply(Tag.NOT_INTERESTED, age=timedelta(hours=2), lead=lost, needs_review=True)
    assert titles(world) == [f"Person 2 of {lost} may not want to be written to"]


def test_of_a_thread_only_the_last_word(world: World, desk: Desk) -> None:
    lead = desk.lead(status=Lead.Status.REPLIED)
    desk.reply(Tag.INTERESTED, age=timedelta(hours=5), lead=lead, from_name="First")
    desk.reply(Tag.INTERESTED, age=timedelta(hours=1), lead=lead, from_name="Second")
    assert titles(world) == [f"Second of {lead} is interested"]


def test_automatic_answers_and_read_ones_need_nobody(world: World, desk: Desk) -> None:
    away = desk.reply(Tag.OUT_OF_OFFICE, age=timedelta(hours=1))
    Reply.objects.filter(pk=away.pk).update(kind=Reply.Kind.AUTO_REPLY)
    desk.reply(Tag.REPLIED, age=timedelta(hours=1), read_at=timezone.now())
    assert titles(world) == []


def test_troubles_of_mailboxes_and_letters_follow(world: World, desk: Desk) -> None:
    Mailbox.objects.filter(pk=desk.mailbox.pk).update(
        sending_state=Mailbox.State.TROUBLE, sending_trouble="The password was refused."
    )
    desk.letter(Attempt.State.UNCERTAIN)
    desk.letter(due_at=None, reason="Germany asks for consent.")
    desk.letter(Attempt.State.FAILED)
    desk.letter(Attempt.State.FAILED, finished_at=timezone.now() - timedelta(days=8))
    Suppression.objects.create(workspace=world.here, value="a@b.example", reason=Suppression.Reason.NOT_INTERESTED)
    Suppression.objects.create(workspace=world.here, value="c@b.example", reason=Suppression.Reason.MANUAL)
    Hold.objects.create(workspace=world.here, subject="address:d@b.example", reason="In doubt.")
    assert titles(world) == [
        "mara@orchard.example cannot send",
        "1 letter may have been sent",
        "1 letter waits for you",
        "1 letter could not be sent this week",
        "1 address held until somebody looks",
        "1 address suppressed this week",
    ]


def test_only_an_owner_is_asked_to_reconnect(world: World, desk: Desk) -> None:
    Mailbox.objects.filter(pk=desk.mailbox.pk).update(receiving_state=Mailbox.State.TROUBLE)
    verbs = {}
    for user in (world.owner, world.marketer):
        membership = Membership.objects.of(user).get(workspace=world.here)
        [need] = needs(membership, now=timezone.now())
        verbs[user] = need.verb
    assert verbs == {world.owner: "Reconnect", world.marketer: "Look"}


def test_the_week_counts_people_not_messages(world: World, desk: Desk) -> None:
    now = timezone.now()
    for age in (timedelta(hours=1), timedelta(days=6), timedelta(days=8)):
        desk.record(desk.letter(Attempt.State.SENT), at=now - age)
    desk.record(desk.letter(Attempt.State.FAILED), state=SendRecord.State.RELEASED, at=now)
    for _ in range(2):
        desk.reply(Tag.INTERESTED, age=timedelta(hours=1), from_key="same@site.example")
    membership = Membership.objects.of(world.owner).get(workspace=world.here)
    week = today(membership, now=now).week
    assert (week.sent, week.people_answered, week.interested) == (2, 1, 1)


def test_caps_are_mentioned_only_when_nearly_used_up(world: World, desk: Desk) -> None:
    world.here.daily_user_cap = 5
    world.here.save()
    now = timezone.now()
    membership = Membership.objects.of(world.marketer).get(workspace=world.here)
    for _ in range(3):
        desk.record(desk.letter(Attempt.State.SENT), at=now)
    assert today(membership, now=now).nearly_used_up == ""
    desk.record(desk.letter(Attempt.State.SENT), at=now)
    assert today(membership, now=now).nearly_used_up.startswith("4 of the 5 letters that you may send today are used")


def test_the_page(world: World, desk: Desk) -> None:
    desk.reply(Tag.INTERESTED, age=timedelta(hours=2), from_name="Ida <b>Holm</b>")
    letter = desk.letter(due_at=timezone.now() + timedelta(minutes=30))
    page = world.client(world.viewer).get(reverse("desk:today", args=["orchard"]))
    assert page.status_code == 200
    text = page.content.decode()
    assert "Ida &lt;b&gt;Holm&lt;/b&gt; of" in text
    assert letter.subject in text


def test_nothing_to_do_is_a_pleasant_page(world: World, desk: Desk) -> None:
    desk.letter(Attempt.State.SENT)
    page = world.client(world.owner).get(reverse("desk:today", args=["orchard"]))
    assert "Nothing needs you" in page.content.decode()


def test_an_empty_workspace_says_what_to_do_first(world: World) -> None:
    """The identity is there, so it is ticked; the others lead where they are done."""
    text = world.client(world.owner).get(reverse("desk:today", args=["orchard"])).content.decode()
    assert "Before the first letter" in text
    assert 'Say who writes<span class="visually-hidden"> (done)</span>' in text
    for name in ("mailboxes:mailbox_add", "campaigns:campaign_create"):
        assert reverse(name, args=["orchard"]) in text


def test_the_way_in_ends_with_the_first_letter(world: World, desk: Desk) -> None:
    membership = Membership.objects.of(world.owner).get(workspace=world.here)
    assert [step.is_done for step in today(membership, now=timezone.now()).first_steps] == [
        True,
        True,
        True,
        True,
        False,
    ]
    desk.letter(Attempt.State.SENT)
    assert today(membership, now=timezone.now()).first_steps == []


def test_a_rehearsal_leads_through_itself(world: World, desk: Desk) -> None:
    world.here.is_rehearsal = True
    world.here.save()
    membership = Membership.objects.of(world.owner).get(workspace=world.here)
    desk.lead()
    assert [step.is_done for step in today(membership, now=timezone.now()).first_steps] == [False, False, False]
    desk.letter(Attempt.State.SENT)
    assert [step.is_done for step in today(membership, now=timezone.now()).first_steps] == [True, True, False]
    desk.reply(Tag.INTERESTED, age=timedelta(minutes=1), read_at=timezone.now())
    assert today(membership, now=timezone.now()).first_steps == []


def test_nothing_of_another_workspace(world: World, desk: Desk, other_desk: Desk) -> None:
    other_desk.reply(Tag.INTERESTED, age=timedelta(hours=2))
    other_desk.letter(Attempt.State.UNCERTAIN)
    other_desk.letter()
    Mailbox.objects.filter(pk=other_desk.mailbox.pk).update(sending_state=Mailbox.State.TROUBLE)
    membership = Membership.objects.of(world.owner).get(workspace=world.here)
    page = today(membership, now=timezone.now())
    assert (page.needs, page.next_letters, page.week.people_answered) == ([], [], 0)


def test_the_number_of_queries_does_not_grow(
    world: World, desk: Desk, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for _ in range(12):
        desk.reply(Tag.INTERESTED, age=timedelta(hours=2))
        desk.reply(Tag.REPLIED, age=timedelta(hours=2))
        desk.letter(due_at=timezone.now() + timedelta(minutes=5))
        desk.letter(Attempt.State.UNCERTAIN)
    client = world.client(world.owner)
    url = reverse("desk:today", args=["orchard"])
    client.get(url)
    with django_assert_max_num_queries(29):
        assert client.get(url).status_code == 200


def test_a_stranger_finds_nothing(world: World, desk: Desk) -> None:
    assert world.client(world.stranger).get(reverse("desk:today", args=["orchard"])).status_code == 404


def test_archived_campaigns_do_not_lead_a_rehearsal(world: World, desk: Desk) -> None:
    world.here.is_rehearsal = True
    world.here.save()
    Campaign.objects.update(archived_at=timezone.now())
    membership = Membership.objects.of(world.owner).get(workspace=world.here)
    assert today(membership, now=timezone.now()).first_steps == []
