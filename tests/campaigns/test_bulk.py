"""Changing many leads: in parts, with what could not be changed said, and put back as it was."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from campaigns import bulk
from campaigns.bulk import Action
from campaigns.lead_list import Filters
from campaigns.leads import NewLead, add_many
from campaigns.lifecycle import start_campaign
from campaigns.marks import CannotChangeError
from campaigns.models import Attempt, BulkChange, Lead, Tag
from compliance.models import AuditEntry, Suppression
from tests.campaigns.conftest import HTMX, Room


def change(room: Room, action: Action, value: str = "", *leads: Lead, query: str = "") -> BulkChange:
    begun = bulk.begin(
        room.campaign,
        action,
        value,
        chosen=[lead.pk for lead in leads],
        filters=None if leads else Filters.from_query(query),
        user=room.world.marketer,
        now=timezone.now(),
    )
    while bulk.step(begun.pk, now=timezone.now()):
        pass
    begun.refresh_from_db()
    return begun


def take_back(change: BulkChange, room: Room) -> bool:
    begun = bulk.undo(change, user=room.world.owner, now=timezone.now())
    while bulk.step(change.pk, now=timezone.now()):
        pass
    return begun


def statuses(room: Room) -> list[str]:
    return list(room.campaign.leads.order_by("pk").values_list("status", flat=True))


def test_a_status_is_set_said_and_put_back(room: Room) -> None:
    Lead.objects.filter(pk=room.leads[1].pk).update(status="contacted")
    room.queue(room.leads[0])
    done = change(room, Action.STATUS, "lost")
    assert statuses(room) == ["lost"] * 3
    assert (done.changed, done.failed, done.letters) == (3, 0, 1)
    assert Attempt.objects.get().state == Attempt.State.CANCELLED
    assert AuditEntry.objects.filter(event="lead.status_changed").count() == 3
    assert take_back(done, room)
    assert statuses(room) == ["discovered", "contacted", "discovered"]
    assert Attempt.objects.get().state == Attempt.State.CANCELLED  # Nobody queues a letter unasked.
    assert not take_back(BulkChange.objects.get(), room)


def test_what_somebody_changed_since_is_left_alone(room: Room) -> None:
    done = change(room, Action.STATUS, "lost")
    Lead.objects.filter(pk=room.leads[0].pk).update(status="placed")
    take_back(done, room)
    assert statuses(room) == ["placed", "discovered", "discovered"]


def test_those_that_cannot_be_changed_are_listed(room: Room) -> None:
    Lead.objects.filter(pk=room.leads[0].pk).update(status="unsubscribed")
    room.queue(room.leads[1])
    Attempt.objects.update(state=Attempt.State.SENDING)
    gone = room.lead("gone.com")
    Lead.objects.filter(pk=gone.pk).delete()
    done = change(room, Action.STATUS, "lost", *room.leads, gone)
    assert statuses(room) == ["unsubscribed", "discovered", "lost"]
    assert (done.changed, done.failed) == (1, 3)
    said = dict(done.failures)
    assert "asked to be removed" in said[room.leads[0].pk]
    assert "leaving right now" in said[room.leads[1].pk]
    assert "any more" in said[gone.pk]
    page = room.get("bulk_detail", done.pk).content.decode()
    assert "asked to be removed" in page
    assert "3 could not be changed" in page


def test_unsubscribed_suppresses_and_stays(room: Room) -> None:
    done = change(room, Action.STATUS, "unsubscribed")
    assert set(Suppression.objects.values_list("value", flat=True)) == {
        "hannah@brightgarden.com",
        "tom@balconyharvest.com",
    }
    assert not bulk.can_be_undone(done, now=timezone.now())
    assert not take_back(done, room)
    assert statuses(room) == ["unsubscribed"] * 3


def test_leads_are_assigned_and_given_back(room: Room) -> None:
    Lead.objects.filter(pk=room.leads[0].pk).update(assignee=room.world.owner)
    done = change(room, Action.ASSIGN, str(room.world.marketer.pk))
    assert set(room.campaign.leads.values_list("assignee", flat=True)) == {room.world.marketer.pk}
    take_back(done, room)
    assert list(room.campaign.leads.order_by("pk").values_list("assignee", flat=True)) == [
        room.world.owner.pk,
        None,
        None,
    ]
    for nobody in (str(room.world.stranger.pk), str(room.world.viewer.pk), "x", "999999"):
        with pytest.raises(CannotChangeError):
            change(room, Action.ASSIGN, nobody)


def test_tags_are_added_and_taken_off_once_whatever_their_case(room: Room) -> None:
    room.leads[0].tags.add(Tag.objects.create(workspace=room.world.here, name="Spring"))
    done = change(room, Action.TAG, "  SPRING ")
    assert Tag.objects.get().name == "Spring"
    assert Tag.objects.get().leads.count() == 3
    assert done.changed == 2
    take_back(done, room)
    assert list(Tag.objects.get().leads.all()) == [room.leads[0]]
    off = change(room, Action.UNTAG, "spring")
    assert not Tag.objects.get().leads.exists()
    take_back(off, room)
    assert list(Tag.objects.get().leads.all()) == [room.leads[0]]
    for wrong in ("", "x" * 41, "\x00\n"):
        with pytest.raises(CannotChangeError):
            change(room, Action.TAG, wrong)
    Tag.objects.create(workspace=room.world.elsewhere, name="Theirs")
    with pytest.raises(CannotChangeError):
        change(room, Action.UNTAG, "Theirs")


def test_waiting_letters_are_taken_back(room: Room) -> None:
    room.queue(room.leads[0], room.leads[1])
    done = change(room, Action.CANCEL, "", room.leads[0])
    assert (done.changed, done.letters) == (1, 1)
    assert Attempt.objects.get(lead=room.leads[0]).state == Attempt.State.CANCELLED
    assert Attempt.objects.get(lead=room.leads[1]).state == Attempt.State.QUEUED
    assert not bulk.can_be_undone(done, now=timezone.now())


def test_all_that_match_are_done_in_parts_and_no_later_ones(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bulk, "AT_ONCE", 4)
    add_many(
        room.campaign,
        [NewLead(website_url=f"s{n}.com") for n in range(10)],
        source=Lead.Source.PASTE,
        now=timezone.now(),
    )
    begun = bulk.begin(
        room.campaign,
        Action.STATUS,
        "lost",
        filters=Filters(status="discovered", source="paste"),
        user=room.world.marketer,
        now=timezone.now(),
    )
    assert begun.total == 10
    assert bulk.step(begun.pk, now=timezone.now())
    assert room.campaign.leads.filter(status="lost").count() == 4
    add_many(room.campaign, [NewLead(website_url="later.com")], source=Lead.Source.PASTE, now=timezone.now())
    assert not bulk.run(begun.pk, now=timezone.now())
    assert room.campaign.leads.filter(status="lost").count() == 10
    begun.refresh_from_db()
    assert begun.parts.count() == 3
    assert not bulk.step(begun.pk, now=timezone.now())  # Whoever comes later finds it ended.
    assert take_back(begun, room)
    assert not room.campaign.leads.filter(status="lost").exists()
    assert not begun.parts.exists()


def test_a_part_costs_the_same_for_many(room: Room) -> None:
    def cost(count: int) -> int:
        rows = [NewLead(website_url=f"c{count}x{n}.com", contact_email=f"e@c{count}x{n}.com") for n in range(count)]
        add_many(room.campaign, rows, source=Lead.Source.PASTE, now=timezone.now())
        begun = bulk.begin(
            room.campaign,
            Action.STATUS,
            "lost",
            filters=Filters(q=f"c{count}x"),
            user=room.world.marketer,
            now=timezone.now(),
        )
        with CaptureQueriesContext(connection) as queries:
            bulk.step(begun.pk, now=timezone.now())
        begun.refresh_from_db()
        assert begun.changed == count
        return len(queries)

    assert cost(3) == cost(60)


# --- The pages --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("act", Action.values)
def test_each_question_is_asked_first(room: Room, act: str) -> None:
    for headers, whole in (({}, True), (HTMX, False)):
        page = room.get("lead_bulk", room.campaign.pk, query=f"?act={act}&lead={room.leads[0].pk}", headers=headers)
        assert page.status_code == 200
        assert ("<html" in page.content.decode()) == whole
        assert "1 lead" in page.content.decode()


def test_nothing_chosen_changes_nothing(room: Room) -> None:
    for data in ({"act": "status", "value": "lost"}, {"act": "status", "value": "lost", "lead": "x"}):
        assert room.post("lead_bulk", room.campaign.pk, data).status_code == 302
    assert room.post("lead_bulk", room.campaign.pk, {"act": "delete", "matching": "1"}).status_code == 400
    assert statuses(room) == ["discovered"] * 3
    wrong = room.post("lead_bulk", room.campaign.pk, {"act": "tag", "value": "", "matching": "1"}, htmx=True)
    assert wrong.status_code == 422
    assert "A tag is a word or two" in wrong.content.decode()


def test_leads_of_others_are_not_touched(room: Room) -> None:
    campaign = start_campaign(room.world.elsewhere, name="Theirs", user=room.world.stranger, now=timezone.now())
    add_many(campaign, [NewLead(website_url="theirs.com")], source=Lead.Source.PASTE, now=timezone.now())
    theirs = campaign.leads.get()
    room.post("lead_bulk", room.campaign.pk, {"act": "status", "value": "lost", "lead": str(theirs.pk)})
    theirs.refresh_from_db()
    assert theirs.status == Lead.Status.DISCOVERED


def test_more_than_a_part_goes_on_by_itself(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bulk, "AT_ONCE", 2)
    answer = room.post("lead_bulk", room.campaign.pk, {"act": "status", "value": "lost", "matching": "1"})
    assert answer.status_code == 302
    begun = BulkChange.objects.get()
    assert begun.ended_at is None
    page = room.client().get(answer["Location"]).content.decode()
    assert "Leads are being changed" in page
    assert "Leads are being changed" in room.get("bulk_detail", begun.pk, headers=HTMX).content.decode()
    bulk.run(begun.pk, now=timezone.now())
    after = room.get("bulk_detail", begun.pk, headers=HTMX).content.decode()
    assert "3 leads were set to lost." in after
    assert "Undo" in after
    undo = room.url("bulk_undo", begun.pk)
    assert undo in after
    assert undo not in room.get("bulk_detail", begun.pk, user=room.world.viewer).content.decode()
