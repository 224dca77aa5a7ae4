"""What is noticed, once, and how a person reads it."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from campaigns.models import Attempt, Campaign, Placement, Session
from campaigns.placements import checking
from compliance import holds
from compliance.models import Hold
from inbox import consequences
from inbox.models import Reply
from outreach_site.accounts.models import Membership, User
from outreach_site.desk import tasks
from outreach_site.desk.notices import noticing, reading, watching
from outreach_site.desk.notices.models import Kind, Notice, NoticeMark, NoticeRead
from outreach_site.lib.ports import News, What, announce
from outreach_site.mailboxes.models import Connection, Mailbox, SignIn
from tests.conftest import World
from tests.desk.conftest import Desk

INTERESTED = Reply.Classification.INTERESTED
NOW = timezone.now()


def member(world: World, user: User | None = None) -> Membership:
    """The marketer, who came before everything that happens here."""
    membership = Membership.objects.select_related("workspace").get(user=user or world.marketer, workspace=world.here)
    Membership.objects.filter(pk=membership.pk).update(joined_at=NOW - timedelta(days=200))
    membership.refresh_from_db()
    return membership


def titles(world: World, user: User | None = None) -> list[str]:
    return [line.title for line in reading.lines(list(Notice.objects.in_workspace(world.here)), member(world, user))]


def interest(desk: Desk, reply: Reply) -> News:
    return News(
        what=What.INTEREST, workspace_id=desk.workspace.pk, about=reply.about, key=reply.about, at=reply.received_at
    )


def page(world: World, user: User | None = None, query: str = "") -> str:
    member(world, user)
    answer = world.client(user or world.marketer).get(reverse("desk:notice_list", args=["orchard"]) + query)
    assert answer.status_code == 200
    return answer.content.decode()


# --- Interested replies -----------------------------------------------------------------------------------------------


def test_an_interested_reply_is_noticed_once_however_often_it_is_told(world: World, desk: Desk) -> None:
    reply = desk.reply(INTERESTED, age=timedelta(hours=1), from_name="Ada")
    for _ in range(3):
        announce([interest(desk, reply)])
    assert Notice.objects.count() == 1
    assert titles(world) == [f"Ada of {reply.lead} is interested"]


def test_a_persons_tag_is_noticed_and_the_words_follow_what_stands(world: World, desk: Desk) -> None:
    reply = desk.reply(Reply.Classification.REPLIED, age=timedelta(days=60), from_name="Ada")
    consequences.tag(reply, INTERESTED, user=world.marketer, now=timezone.now())
    assert titles(world) == [f"Ada of {reply.lead} is interested"]
    consequences.tag(reply, Reply.Classification.NOT_INTERESTED, user=world.marketer, now=timezone.now())
    assert titles(world) == [f"Ada of {reply.lead} answered"]
    consequences.tag(reply, INTERESTED, user=world.marketer, now=timezone.now())
    assert Notice.objects.count() == 1


def test_nothing_is_noticed_of_what_was_rolled_back(desk: Desk) -> None:
    reply = desk.reply(INTERESTED, age=timedelta(hours=1))
    with transaction.atomic():
        announce([interest(desk, reply)])
        transaction.set_rollback(True)
    assert not Notice.objects.exists()


def test_old_answers_out_of_a_history_are_no_news(desk: Desk) -> None:
    announce([interest(desk, desk.reply(INTERESTED, age=timedelta(days=15)))])
    assert not Notice.objects.exists()


def test_a_notice_holds_no_name_and_no_address(world: World, desk: Desk) -> None:
    reply = desk.reply(INTERESTED, age=timedelta(hours=1), from_name="Ada Lovelace")
    announce([interest(desk, reply)])
    row = Notice.objects.values().get()
    assert "Ada" not in str(row)
    assert "@" not in str(row)
    Reply.objects.filter(pk=reply.pk).update(from_name="(erased)", from_email="")
    assert titles(world) == [f"(erased) of {reply.lead} is interested"]


def test_a_deleted_reply_leaves_a_sentence_without_a_link(world: World, desk: Desk) -> None:
    reply = desk.reply(INTERESTED, age=timedelta(hours=1))
    announce([interest(desk, reply)])
    reply.delete()
    [line] = reading.lines(list(Notice.objects.all()), member(world))
    assert (line.title, line.url) == ("Somebody was interested", "")


# --- Lost links -------------------------------------------------------------------------------------------------------


def test_a_lost_link_is_noticed_with_its_loss(world: World, desk: Desk) -> None:
    placement = Placement.objects.create(
        lead=desk.lead("Garden"),
        page_url="https://garden.example/a",
        target_url="https://orchard.example/",
        state=Placement.State.LIVE,
        first_seen_at=NOW - timedelta(days=9),
    )
    checking.confirm(placement, is_there=False, by=world.marketer, now=timezone.now())
    assert titles(world) == ["Garden: the link is gone"]
    checking.confirm(placement, is_there=False, by=world.marketer, now=timezone.now())
    assert Notice.objects.count() == 1
    checking.confirm(placement, is_there=True, by=world.marketer, now=timezone.now())
    assert titles(world) == ["Garden: the link was gone"]
    checking.confirm(placement, is_there=False, by=world.marketer, now=timezone.now())
    assert Notice.objects.count() == 2, "it was lost anew"


# --- Mailboxes --------------------------------------------------------------------------------------------------------


def test_a_mailbox_that_cannot_be_read_is_noticed_once_for_each_time(world: World, desk: Desk) -> None:
    trouble = {"receiving_state": Mailbox.State.TROUBLE, "receiving_state_at": NOW - timedelta(hours=1)}
    Mailbox.objects.filter(pk=desk.mailbox.pk).update(poll_failures=2, **trouble)
    watching.watch(now=NOW)
    assert not Notice.objects.exists(), "a server that rests for a minute is no news"
    Mailbox.objects.filter(pk=desk.mailbox.pk).update(poll_failures=3)
    watching.watch(now=NOW)
    watching.watch(now=NOW + timedelta(minutes=5))
    assert titles(world) == ["mara@orchard.example cannot be read"]
    Mailbox.objects.filter(pk=desk.mailbox.pk).update(receiving_state_at=NOW + timedelta(hours=1))
    watching.watch(now=NOW + timedelta(hours=2))
    assert Notice.objects.count() == 2


def test_a_held_mailbox_is_noticed_for_each_hold(world: World, desk: Desk) -> None:
    hold = holds.place(workspace=world.here, subject=f"mailbox:{desk.mailbox.pk}", reason="Too many bounces.", now=NOW)
    watching.watch(now=NOW)
    watching.watch(now=NOW)
    assert titles(world) == ["mara@orchard.example is held back"]
    holds.lift(hold, user=world.owner, now=NOW)
    holds.place(workspace=world.here, subject=f"mailbox:{desk.mailbox.pk}", reason="Again.", now=NOW)
    watching.watch(now=NOW)
    assert Notice.objects.count() == 2


def test_a_mailbox_that_failed_for_long_before_is_not_told_as_news(desk: Desk) -> None:
    Mailbox.objects.filter(pk=desk.mailbox.pk).update(
        poll_failures=900, receiving_state=Mailbox.State.TROUBLE, receiving_state_at=NOW - timedelta(days=30)
    )
    Hold.objects.create(
        workspace=desk.workspace, subject=f"mailbox:{desk.mailbox.pk}", reason="x", placed_at=NOW - timedelta(days=30)
    )
    watching.watch(now=NOW)
    assert not Notice.objects.exists()


def test_a_mailbox_that_fails_to_send_three_times_is_noticed(world: World, desk: Desk) -> None:
    began = NOW - timedelta(hours=1)
    Mailbox.objects.filter(pk=desk.mailbox.pk).update(sending_state=Mailbox.State.TROUBLE, sending_state_at=began)
    for n in range(1, 4):
        watching.watch(now=NOW)
        assert not Notice.objects.exists(), f"{n - 1} failures are no news"
        at = began + timedelta(minutes=n)
        Session.objects.create(mailbox=desk.mailbox, host="h", began_at=at, ended_at=at, trouble="It refused.")
    watching.watch(now=NOW)
    watching.watch(now=NOW)
    assert titles(world) == ["mara@orchard.example cannot send"]


def test_a_connection_that_ends_soon_is_noticed_once(world: World, desk: Desk) -> None:
    Mailbox.objects.filter(pk=desk.mailbox.pk).update(sign_in_by=SignIn.MICROSOFT)
    connection = Connection(mailbox=desk.mailbox, connected_at=NOW, renewed_at=NOW)
    connection.keep_refresh_token("secret")
    connection.save()
    watching.watch(now=NOW)
    assert not Notice.objects.exists()
    Connection.objects.update(renewed_at=NOW - timedelta(days=80))
    watching.watch(now=NOW)
    watching.watch(now=NOW + timedelta(hours=1))
    assert titles(world) == ["mara@orchard.example is soon disconnected"]


# --- Limits -----------------------------------------------------------------------------------------------------------


def used_up(desk: Desk, letters: int) -> None:
    for _ in range(letters):
        letter = desk.letter(Attempt.State.SENT, step=None)
        desk.record(letter, at=timezone.now())


def test_a_limit_is_noticed_once_a_day_and_only_while_letters_wait(world: World, desk: Desk) -> None:
    world.here.daily_user_cap = 3
    world.here.save()
    used_up(desk, 3)
    now = timezone.now()
    watching.watch_limits(world.here, now=now)
    assert not Notice.objects.exists(), "nobody waits"
    desk.letter(step=None, due_at=world.here.day_bounds(now)[1] + timedelta(hours=9))
    watching.watch_limits(world.here, now=now)
    watching.watch_limits(world.here, now=now)
    assert titles(world) == ["Marketer has sent all that one person may send in a day"]
    assert Notice.objects.get().facts == {"limit": 3, "letters": 1}


def test_a_mailbox_and_a_site_have_limits_too(world: World, desk: Desk) -> None:
    world.here.daily_domain_cap = 2
    world.here.save()
    Mailbox.objects.filter(pk=desk.mailbox.pk).update(daily_limit=2, ramps_up=False)
    lead = desk.lead()
    for _ in range(2):
        desk.record(desk.letter(Attempt.State.SENT, lead=lead, step=None), at=timezone.now())
    desk.letter(lead=lead, step=None)
    watching.watch_limits(world.here, now=timezone.now())
    assert sorted(titles(world)) == [
        "mara@orchard.example has sent all that it may send in a day",
        f"{lead.domain} has got all the letters that one site gets in a day",
    ]


def test_one_letter_less_than_the_limit_is_no_news(world: World, desk: Desk) -> None:
    world.here.daily_user_cap = 3
    world.here.save()
    used_up(desk, 2)
    desk.letter(step=None)
    watching.watch_limits(world.here, now=timezone.now())
    assert not Notice.objects.exists()


def test_the_clock_looks_at_every_workspace_in_which_letters_wait(desk: Desk, other_desk: Desk) -> None:
    for each in (desk, other_desk):
        each.workspace.daily_user_cap = 1
        each.workspace.save()
        used_up(each, 1)
        each.letter(step=None)
    tasks.watch()
    assert set(Notice.objects.values_list("workspace", "kind")) == {
        (desk.workspace.pk, "cap"),
        (other_desk.workspace.pk, "cap"),
    }


# --- Campaigns --------------------------------------------------------------------------------------------------------


def sent(desk: Desk, at: datetime) -> Attempt:
    return desk.letter(Attempt.State.SENT, finished_at=at, settled_at=at)


def test_a_campaign_that_is_through_is_noticed_once(world: World, desk: Desk) -> None:
    sent(desk, NOW - timedelta(hours=2))
    sent(desk, NOW - timedelta(hours=1))
    watching.watch(now=NOW)
    watching.watch(now=NOW + timedelta(hours=1))
    assert titles(world) == ["“Campaign of Orchard” is finished"]
    assert Notice.objects.get().facts == {"people": 2}
    sent(desk, NOW)
    watching.watch(now=NOW + timedelta(hours=2))
    assert Notice.objects.count() == 2, "it went on and came to an end again"


def _waits(desk: Desk) -> None:
    desk.letter()


def _asks(desk: Desk) -> None:
    desk.letter(due_at=None)


def _in_doubt(desk: Desk) -> None:
    desk.letter(Attempt.State.UNCERTAIN)


def _unsettled(desk: Desk) -> None:
    Attempt.objects.update(settled_at=None)


def _just_now(desk: Desk) -> None:
    Attempt.objects.update(finished_at=NOW - timedelta(minutes=5))


def _paused(desk: Desk) -> None:
    Campaign.objects.update(state=Campaign.State.PAUSED)


def _archived(desk: Desk) -> None:
    Campaign.objects.update(archived_at=NOW)


def _of_programs(desk: Desk) -> None:
    Campaign.objects.update(is_direct=True)


@pytest.mark.parametrize(
    "but", [_waits, _asks, _in_doubt, _unsettled, _just_now, _paused, _archived, _of_programs], ids=lambda f: f.__name__
)
def test_a_campaign_with_something_ahead_is_not_through(desk: Desk, but: Any) -> None:
    sent(desk, NOW - timedelta(hours=2))
    but(desk)
    watching.watch(now=NOW)
    assert not Notice.objects.exists()


# --- Reading ----------------------------------------------------------------------------------------------------------


def three(desk: Desk) -> list[Reply]:
    replies = [desk.reply(INTERESTED, age=timedelta(hours=n)) for n in range(1, 4)]
    announce([interest(desk, reply) for reply in replies])
    return replies


def test_each_member_reads_for_themselves(world: World, desk: Desk) -> None:
    three(desk)
    mine, other = member(world), member(world, world.viewer)
    assert (reading.unread_count(mine), reading.unread_count(other)) == (3, 3)
    newest = Notice.objects.order_by("-pk").first()
    assert newest is not None
    world.client(world.viewer).post(reverse("desk:notices_read", args=["orchard"]), {"through": newest.pk})
    assert (reading.unread_count(mine), reading.unread_count(other)) == (3, 0)


def test_what_came_while_the_page_was_read_stays_unread(world: World, desk: Desk) -> None:
    three(desk)
    mine = member(world)
    oldest = Notice.objects.order_by("pk").first()
    assert oldest is not None
    answer = world.client(world.marketer).post(reverse("desk:notices_read", args=["orchard"]), {"through": oldest.pk})
    assert answer["Location"] == reverse("desk:notice_list", args=["orchard"])
    assert reading.unread_count(mine) == 2
    for nonsense in ("", "-1", "x", "9" * 30, "²"):
        answer = world.client(world.marketer).post(
            reverse("desk:notices_read", args=["orchard"]), {"through": nonsense}
        )
        assert answer.status_code == 302
    assert reading.unread_count(mine) == 2


def test_what_was_read_long_ago_is_not_looked_at_one_by_one(world: World, desk: Desk) -> None:
    replies = three(desk)
    mine, other = member(world), member(world, world.viewer)
    old, newest = (notices := list(Notice.objects.order_by("pk")))[1], notices[2]
    Notice.objects.filter(pk__lte=old.pk).update(at=NOW - timedelta(hours=2))
    assert reading.mark_all_read(mine, through=newest.pk, now=timezone.now()) == 3
    assert NoticeMark.objects.get().through == old.pk
    assert list(NoticeRead.objects.values_list("notice", flat=True)) == [newest.pk]
    assert (reading.unread_count(mine), reading.unread_count(other)) == (0, 3)
    assert all(line.is_read for line in reading.lines(list(Notice.objects.all()), mine))
    assert reading.mark_all_read(mine, through=notices[0].pk, now=timezone.now()) == 0
    assert NoticeMark.objects.get().through == old.pk, "it never goes back"
    announce([interest(desk, desk.reply(INTERESTED, age=timedelta(hours=1)))])
    assert (reading.unread_count(mine), len(replies)) == (1, 3)


def test_opening_one_reads_it_and_leads_there(world: World, desk: Desk) -> None:
    reply = three(desk)[0]
    mine = member(world)
    notice = Notice.objects.get(about=reply.about)
    for _ in range(2):
        answer = world.client(world.marketer).get(reverse("desk:notice_open", args=["orchard", notice.pk]))
        assert answer["Location"] == reverse("inbox:reply_detail", args=["orchard", reply.pk])
    assert reading.unread_count(mine) == 2
    assert NoticeRead.objects.count() == 1


def test_marking_everything_from_elsewhere_touches_nothing_here(world: World, desk: Desk) -> None:
    three(desk)
    newest = Notice.objects.order_by("-pk").first()
    assert newest is not None
    world.client(world.stranger).post(reverse("desk:notices_read", args=["quarry"]), {"through": newest.pk})
    assert not NoticeRead.objects.exists()


def test_what_was_there_before_somebody_came_is_not_new_to_them(world: World, desk: Desk) -> None:
    three(desk)
    Notice.objects.update(at=NOW - timedelta(days=1))
    late = Membership.objects.get(user=world.viewer)
    Membership.objects.filter(pk=late.pk).update(joined_at=NOW)
    late.refresh_from_db()
    assert reading.unread_count(late) == 0
    assert all(line.is_read for line in reading.lines(list(Notice.objects.all()), late))


def test_the_page_lists_marks_and_pages(world: World, desk: Desk) -> None:
    assert "Nothing happened yet" in page(world)
    for _ in range(60):
        announce([interest(desk, desk.reply(INTERESTED, age=timedelta(hours=1)))])
    first = page(world)
    assert first.count("is interested") == 50
    assert 'aria-label="Notifications, 60 unread"' in first
    more = re.search(r'href="[^"]*\?(before=\d+)"', first)
    assert more is not None
    second = page(world, query=f"?{more[1]}")
    assert second.count("is interested") == 10
    assert "Mark all read" not in second, "only what stands on the page is marked"
    reading.mark_read(Notice.objects.all(), member(world), now=NOW)
    assert "You have read everything" in page(world, query="?show=unread")
    assert page(world, query="?before=²").count("is interested") == 50


def test_the_bell_counts_no_further_than_it_says(world: World, desk: Desk) -> None:
    rows = [
        Notice(workspace=world.here, kind=Kind.FINISHED, key=str(n), about="campaign:1", at=timezone.now())
        for n in range(150)
    ]
    Notice.objects.bulk_create(rows)
    assert 'aria-label="Notifications, 99+ unread"' in page(world)


def test_names_are_shown_as_text(world: World, desk: Desk) -> None:
    announce([interest(desk, desk.reply(INTERESTED, age=timedelta(hours=1), from_name="<script>x</script>"))])
    shown = page(world)
    assert "<script>x" not in shown
    assert "&lt;script&gt;x" in shown


def test_a_subject_of_another_workspace_is_not_looked_up(world: World, desk: Desk, other_desk: Desk) -> None:
    foreign = other_desk.reply(INTERESTED, age=timedelta(hours=1), from_name="Secret")
    Notice.objects.create(workspace=world.here, kind=Kind.INTERESTED, key="k", about=foreign.about, at=timezone.now())
    assert "Secret" not in page(world)


def test_the_page_costs_the_same_for_any_number(world: World, desk: Desk, django_assert_max_num_queries: Any) -> None:
    three(desk)
    holds.place(workspace=world.here, subject=f"mailbox:{desk.mailbox.pk}", reason="x", now=NOW)
    sent(desk, NOW - timedelta(hours=1))
    watching.watch(now=NOW)
    for _ in range(30):
        announce([interest(desk, desk.reply(INTERESTED, age=timedelta(hours=1)))])
    member(world)
    client = world.client(world.marketer)
    with django_assert_max_num_queries(16):
        client.get(reverse("desk:notice_list", args=["orchard"]))


def test_what_is_old_is_let_go(desk: Desk) -> None:
    three(desk)
    first = Notice.objects.order_by("pk").first()
    assert first is not None
    Notice.objects.filter(pk=first.pk).update(at=NOW - timedelta(days=91))
    noticing.forget_old(now=NOW)
    assert Notice.objects.count() == 2
