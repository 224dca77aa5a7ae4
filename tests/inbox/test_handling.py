"""Sharing the work: snoozing, taking, noting, planning; filters and search that go with it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from campaigns.models import Lead
from campaigns.stages import Named, change_stages, stages_of
from inbox import handling, lists
from inbox.desk_models import Note
from inbox.lists import Chosen, Show
from inbox.models import Reply
from outreach_site.accounts.models import Membership
from outreach_site.mailboxes.models import Mailbox
from tests.conftest import World
from tests.inbox.conftest import Correspondence, fresh, url

FRIDAY_LATE = datetime(2026, 11, 27, 19, 30, tzinfo=UTC)  # 20:30 in Berlin
MONDAY_NOON = datetime(2026, 11, 23, 11, 0, tzinfo=UTC)  # 12:00 in Berlin


def shown(client: Client, **query: str) -> list[int]:
    return [row.reply.pk for row in client.get(url("reply_list"), query).context["rows"]]


# --- Snoozing ---------------------------------------------------------------------------------------------------------


def test_how_long_it_can_rest(world: World) -> None:
    choices = {rest.value: rest.until.isoformat() for rest in handling.rests(world.here, now=MONDAY_NOON)}
    assert choices == {
        "later": "2026-11-23T15:00:00+01:00",
        "tomorrow": "2026-11-24T09:00:00+01:00",
        "week": "2026-11-30T09:00:00+01:00",
    }
    assert [rest.value for rest in handling.rests(world.here, now=FRIDAY_LATE)] == ["tomorrow", "week"]


@pytest.mark.parametrize(
    ("value", "on", "until"),
    [
        ("tomorrow", "", "2026-11-24T09:00:00+01:00"),
        ("", "2026-12-24", "2026-12-24T09:00:00+01:00"),
        ("", "2026-11-23", None),  # this morning is over
        ("", "2029-01-01", None),
        ("", "soon", None),
        ("", "", None),
    ],
)
def test_a_day_of_the_future_can_be_chosen(world: World, value: str, on: str, until: str | None) -> None:
    chosen = handling.rest_until(world.here, value, on, now=MONDAY_NOON)
    assert (chosen.isoformat() if chosen else None) == until


def test_it_is_out_of_sight_and_comes_back_unread_on_top(client: Client, correspondence: Correspondence) -> None:
    old = correspondence.answer("Sounds good, tell me more.")
    new = correspondence.answer("Hello again")
    Reply.objects.filter(pk=old.pk).update(received_at=timezone.now() - timedelta(days=2))
    client.get(url("reply_detail", old.pk))
    assert fresh(old).read_at is not None
    page = client.post(url("reply_snooze", old.pk), {"until": "tomorrow"}, follow=True).content.decode()
    assert "Snoozed until" in page
    assert f'action="{url("reply_wake", old.pk)}"' in page
    assert shown(client) == [new.pk]
    assert shown(client, show="snoozed") == [old.pk]
    assert shown(client, show="unread") == [new.pk]
    client.get(url("reply_detail", old.pk))  # A look at it wakes nothing, and it will be unread all the same.
    assert fresh(old).read_at is None
    Reply.objects.filter(pk=old.pk).update(snoozed_until=timezone.now() - timedelta(minutes=1))
    assert shown(client) == [old.pk, new.pk]
    assert client.get(url("reply_list")).context["rows"][0].is_back
    client.get(url("reply_detail", old.pk))
    assert shown(client) == [new.pk, old.pk]


def test_undo_wakes_it_at_once(client: Client, reply: Reply) -> None:
    client.post(url("reply_snooze", reply.pk), {"until": "week"})
    client.post(url("reply_wake", reply.pk))
    assert fresh(reply).snoozed_until is None
    assert shown(client) == [reply.pk]


def test_no_day_no_rest(client: Client, reply: Reply) -> None:
    client.post(url("reply_snooze", reply.pk), {"on": "2001-01-01"})
    assert fresh(reply).snoozed_until is None


# --- Taking -----------------------------------------------------------------------------------------------------------


def test_a_teammate_takes_it(world: World, client: Client, reply: Reply) -> None:
    client.post(url("reply_assign", reply.pk), {"user": str(world.owner.pk)})
    assert fresh(reply).assignee == world.owner
    assert shown(client, show="mine") == []
    assert shown(world.client(world.owner), show="mine") == [reply.pk]
    client.post(url("reply_assign", reply.pk), {"user": ""})
    assert fresh(reply).assignee is None


@pytest.mark.parametrize("who", ["viewer", "officer", "stranger"])
def test_only_members_who_may_answer_can_take_it(world: World, client: Client, reply: Reply, who: str) -> None:
    client.post(url("reply_assign", reply.pk), {"user": str(getattr(world, who).pk)})
    assert fresh(reply).assignee is None
    client.post(url("reply_assign", reply.pk), {"user": "x"})
    assert fresh(reply).assignee is None


# --- Notes and plans --------------------------------------------------------------------------------------------------


def test_a_note_stands_at_every_reply_of_the_lead(client: Client, reply: Reply, correspondence: Correspondence) -> None:
    client.post(url("note_create", reply.pk), {"text": "Pays <late>."})
    other = correspondence.answer("One more thing")
    page = client.get(url("reply_detail", other.pk)).content.decode()
    assert "Pays &lt;late&gt;." in page
    note = Note.objects.get()
    client.post(url("note_edit", reply.pk, note.pk), {"text": "Pays in time."})
    note.refresh_from_db()
    assert (note.text, note.edited_at is not None) == ("Pays in time.", True)
    client.post(url("note_delete", reply.pk, note.pk))
    assert not Note.objects.exists()


def test_an_empty_note_is_none(client: Client, reply: Reply) -> None:
    client.post(url("note_create", reply.pk), {"text": "  "})
    assert not Note.objects.exists()


def test_stage_and_next_action(client: Client, reply: Reply) -> None:
    client.post(url("lead_plan", reply.pk), {"stage": "Draft sent"})
    client.post(url("lead_plan", reply.pk), {"next_action": "Ask for the link", "next_action_on": "2026-12-01"})
    assert reply.lead is not None
    lead = Lead.objects.get(pk=reply.lead.pk)
    assert (lead.stage, lead.next_action, str(lead.next_action_on)) == ("Draft sent", "Ask for the link", "2026-12-01")
    client.post(url("lead_plan", reply.pk), {"stage": "no such stage"})
    client.post(url("lead_plan", reply.pk), {"next_action": "", "next_action_on": "2026-12-01"})
    lead.refresh_from_db()
    assert (lead.stage, lead.next_action) == ("Draft sent", "Ask for the link")
    client.post(url("lead_act", reply.pk))
    lead.refresh_from_db()
    assert (lead.next_action, lead.next_action_on) == ("", None)


def test_the_stages_are_the_workspaces_own(client: Client, reply: Reply, world: World) -> None:
    assert reply.lead is not None
    Lead.objects.filter(pk=reply.lead.pk).update(stage="Talking")
    named = [Named("Talking", "In talks"), Named("", "Invoice sent")]
    change_stages(world.here, named, seen=stages_of(world.here), user=world.owner, now=timezone.now())
    page = client.get(url("reply_detail", reply.pk)).content.decode()
    assert "<option selected>In talks</option><option>Invoice sent</option>" in page
    client.post(url("lead_plan", reply.pk), {"stage": "Talking"})
    assert Lead.objects.get(pk=reply.lead.pk).stage == "In talks"
    client.post(url("lead_plan", reply.pk), {"stage": "Invoice sent"})
    assert Lead.objects.get(pk=reply.lead.pk).stage == "Invoice sent"


# --- Filters and search -----------------------------------------------------------------------------------------------


def test_filters_stand_together(client: Client, correspondence: Correspondence) -> None:
    yes = correspondence.answer("Sounds good, please send it over.")
    correspondence.answer("Who are you?")
    assert shown(client, tag="interested") == [yes.pk]
    assert shown(client, tag="interested", mailbox=str(correspondence.box.mailbox.pk)) == [yes.pk]
    assert shown(client, tag="interested", mailbox="999999") == []
    assert len(shown(client, tag="nonsense", mailbox="x")) == 2


def test_who_waits_for_an_answer(client: Client, reply: Reply) -> None:
    assert shown(client, show="answer") == [reply.pk]
    client.post(url("reply_answer", reply.pk), {"subject": "Re: x", "body": "Gladly."})
    assert shown(client, show="answer") == []
    assert client.get(url("reply_list")).context["rows"][0].is_answered


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("sounds", True),
        ("ED@BRIGHT", True),
        ("idea good", True),  # one word in the subject, one in the text
        ("good never", False),
        ("old words", True),  # in what they quoted
        ("%", False),
        ("' OR 1=1 --", False),
    ],
)
def test_search_over_sender_subject_and_text(client: Client, reply: Reply, words: str, found: bool) -> None:
    assert (shown(client, q=words) == [reply.pk]) is found


def test_search_finds_what_is_done_and_other_cases_than_ascii(client: Client, correspondence: Correspondence) -> None:
    done = correspondence.answer("Grüße aus Zürich")
    Reply.objects.filter(pk=done.pk).update(done_at=timezone.now())
    assert shown(client, q="grüße") == [done.pk]
    assert shown(client, q="GRÜßE") == [done.pk]  # SQLite folds ASCII alone.


def test_a_search_looks_through_so_many_and_says_how_far(
    client: Client, correspondence: Correspondence, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lists, "SEARCHED", 3)
    now = timezone.now()
    made = []
    for number in range(7):
        reply = correspondence.answer(f"Letter {number} {'needle' if number == 0 else ''}")
        Reply.objects.filter(pk=reply.pk).update(received_at=now - timedelta(days=10 - number))
        made.append(reply.pk)
    first = client.get(url("reply_list"), {"q": "needle"})
    assert list(first.context["rows"]) == []
    assert "Looked back to" in first.content.decode()
    second = client.get(first.context["older_url"])
    assert list(second.context["rows"]) == []
    third = client.get(second.context["older_url"])
    assert [row.reply.pk for row in third.context["rows"]] == [made[0]]
    assert third.context["older_url"] == ""


def test_a_search_costs_three_queries(
    world: World, reply: Reply, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_num_queries(2):
        lists.page_of(world.here, Chosen(words="good"), user=world.marketer, now=timezone.now())
    with django_assert_num_queries(2):
        lists.page_of(world.here, Chosen(Show.INBOX), user=world.marketer, now=timezone.now())
    with django_assert_num_queries(1):
        lists.counts(world.here, user=world.marketer, now=timezone.now())


def test_the_search_stays_in_the_links(client: Client, reply: Reply) -> None:
    page = client.get(url("reply_list"), {"q": 'good "x" & y'}, headers={"HX-Request": "true"})
    assert page.status_code == 200
    found = client.get(url("reply_list"), {"q": "sounds good"}).content.decode()
    assert f"{url('reply_detail', reply.pk)}?q=sounds+good" in found


def test_who_left_the_team_takes_nothing_any_more(world: World, reply: Reply) -> None:
    Membership.objects.filter(user=world.owner).delete()
    assert [each.user for each in handling.who_may_take(world.here)] == [world.marketer]


def test_a_mailbox_of_another_workspace_filters_nothing_in(world: World, client: Client, reply: Reply) -> None:
    other = Mailbox.objects.create(
        workspace=world.elsewhere, email="q@quarry.com", smtp_host="smtp.quarry.com", smtp_user="q"
    )
    assert shown(client, mailbox=str(other.pk)) == []
