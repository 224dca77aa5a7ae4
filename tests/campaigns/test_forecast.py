"""What leaves when: the queue worked off in thought, by the rules that send."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from campaigns import forecast
from campaigns.models import Attempt, Campaign
from compliance import holds, suppression
from compliance.models import Kind, Suppression
from outreach_site.mailboxes.models import Mailbox
from tests.campaigns.conftest import Room
from tests.campaigns.test_following import add_step, send, window

BERLIN = ZoneInfo("Europe/Berlin")
TUESDAY = datetime(2026, 6, 9, 10, 0, tzinfo=BERLIN)


@pytest.fixture(autouse=True)
def read_mailbox(room: Room) -> None:
    Mailbox.objects.filter(pk=room.mailbox.pk).update(
        imap_host="imap.orchard.example", polled_at=TUESDAY, next_send_at=TUESDAY, ramps_up=False
    )


def queue(room: Room, count: int, domain: str = "") -> list[Attempt]:
    leads = [room.lead(f"site{n}.com", f"ed{n}@{domain or f'site{n}.com'}") for n in range(count)]
    letters = room.queue(*leads)
    Attempt.objects.filter(pk__in=[letter.pk for letter in letters]).update(due_at=TUESDAY)
    return letters


def plan(room: Room, *, now: datetime = TUESDAY) -> forecast.Forecast:
    return forecast.of_campaign(Campaign.objects.get(pk=room.campaign.pk), now=now)


def test_letters_leave_in_turn_at_the_mailboxs_pace(room: Room) -> None:
    queue(room, 3)
    moments = [row.at for row in plan(room).of("goes")]
    assert moments[0] == TUESDAY
    gaps = {after - before for before, after in pairwise(moments) if before and after}
    assert len(gaps) == 1
    assert gaps.pop() >= timedelta(seconds=room.mailbox.min_gap_seconds)


def test_a_limit_puts_the_rest_off_and_says_so(room: Room) -> None:
    room.world.here.daily_domain_cap = 2
    room.world.here.save()
    queue(room, 5, "bigpaper.com")
    rows = plan(room).of("goes")
    assert [row.at.astimezone(BERLIN).date() for row in rows if row.at] == [
        date(2026, 6, 9),
        date(2026, 6, 9),
        date(2026, 6, 10),
        date(2026, 6, 10),
        date(2026, 6, 11),
    ]
    assert "limit of 2 letters a day to bigpaper.com" in rows[4].why


def test_no_day_and_no_hour_gets_more_than_its_limits(room: Room) -> None:
    Mailbox.objects.filter(pk=room.mailbox.pk).update(daily_limit=10, hourly_limit=5, min_gap_seconds=1)
    queue(room, 40)
    moments = [row.at for row in plan(room).of("goes") if row.at is not None]
    assert len(moments) == 40
    for at in moments:
        assert sum(at - timedelta(hours=1) < other <= at for other in moments) <= 5
        day = at.astimezone(BERLIN).date()
        assert sum(other.astimezone(BERLIN).date() == day for other in moments) <= 9  # one is left for answers


@pytest.mark.parametrize(("opens", "closes", "apart"), [(10, 12, 10), (10, 20, 29)])
def test_the_few_letters_of_a_slow_start_are_spread_over_the_window(
    room: Room, opens: int, closes: int, apart: int
) -> None:
    Mailbox.objects.update(ramps_up=True)
    window(room.campaign, "0123456", opens, closes)
    queue(room, 10)
    moments = [row.at for row in plan(room).of("goes") if row.at is not None]
    assert len(moments) == 10
    assert {at.astimezone(BERLIN).date() for at in moments} == {date(2026, 6, 9)}, "none loses its day"
    assert all(after - before >= timedelta(minutes=apart) for before, after in pairwise(moments))


def test_windows_are_kept(room: Room) -> None:
    window(room.campaign, "24", 14, 15)
    queue(room, 4)
    rows = plan(room).of("goes")
    assert rows[0].at == datetime(2026, 6, 10, 14, 0, tzinfo=BERLIN)
    assert rows[0].why.startswith("Letters of this campaign leave Wednesday and Friday, 14:00 to 15:00")


def test_the_recipients_clock_is_called_a_guess(room: Room) -> None:
    window(room.campaign, "0123456", 9, 10, in_their_zone=True)
    room.queue(room.lead("garden.co.nz", "ada@garden.co.nz"))
    Attempt.objects.update(due_at=TUESDAY, ground="published")
    [row] = plan(room).of("goes")
    assert row.at is not None
    assert row.at.astimezone(ZoneInfo("Pacific/Auckland")).hour == 9
    assert "Guessed from their address: Auckland time." in row.why


def test_follow_ups_come_after_the_letter_before_them(room: Room) -> None:
    add_step(room)
    add_step(room, 3, wait_days=5)
    queue(room, 1)
    rows = plan(room).of("goes")
    assert [(row.kind, row.at) for row in rows] == [
        (Kind.FIRST, TUESDAY),
        (Kind.FOLLOW_UP, datetime(2026, 6, 12, 10, 0, tzinfo=BERLIN)),
        (Kind.FOLLOW_UP, datetime(2026, 6, 19, 10, 0, tzinfo=BERLIN)),
    ]
    assert rows[1].why == "3 working days after the letter before it, if nobody answers."


def test_what_waits_for_a_person_and_what_never_goes(room: Room) -> None:
    asked = room.lead("gartenfreund.de", "ada@gartenfreund.de")
    never = room.lead("never.com", "no@never.com")
    room.queue(asked, never)
    Attempt.objects.update(due_at=TUESDAY)
    Suppression.objects.create(workspace=room.world.here, value="no@never.com", reason=Suppression.Reason.OPT_OUT)
    found = plan(room)
    [asking], [refused] = found.of("asks"), found.of("refused")
    assert "Say why you may write" in asking.why
    assert "on the suppression list" in refused.why
    assert suppression.suppressed_among(room.world.here, ["no@never.com"])


STILL = {
    "campaign": "The campaign is paused",
    "workspace": "All sending is stopped",
    "mailbox": "The mailbox mara@orchard.example is paused",
    "campaign held": "Look at it first.",
    "workspace held": "Look at it first.",
    "mailbox held": "Look at it first.",
}


def stand_still(room: Room, what: str) -> None:
    match what:
        case "campaign":
            Campaign.objects.get(pk=room.campaign.pk).pause()
        case "workspace":
            room.world.here.stop_sending(now=TUESDAY)
        case "mailbox":
            room.mailbox.pause(now=TUESDAY)
        case _:
            here = room.world.here
            about = {"campaign held": room.campaign.subject, "workspace held": "workspace"}
            subject = about.get(what, f"mailbox:{room.mailbox.pk}")
            holds.place(workspace=here, subject=subject, reason="Look at it first.", now=TUESDAY)


@pytest.mark.parametrize("what", STILL)
@pytest.mark.parametrize("kind", Kind.values)
def test_what_stands_still_says_so(room: Room, what: str, kind: str) -> None:
    add_step(room)
    [letter] = queue(room, 1)
    if kind == Kind.FOLLOW_UP:
        send(letter)
    elif kind == Kind.ANSWER:
        Attempt.objects.update(kind=kind, step=None)
    stand_still(room, what)
    [row] = plan(room).rows
    assert (row.at, row.fate) == (None, "asks")
    assert row.why.startswith(STILL[what])


def test_a_follow_up_of_a_mailbox_that_is_not_read_stands_still(room: Room) -> None:
    add_step(room)
    [letter] = room.queue(room.leads[0])
    send(letter)
    Mailbox.objects.filter(pk=room.mailbox.pk).update(imap_host="")
    [row] = plan(room).rows
    assert row.at is None
    assert "cannot be read" in row.why


def test_other_campaigns_take_their_turn_and_are_not_shown(room: Room) -> None:
    mine = queue(room, 2)
    other = Campaign.objects.create(workspace=room.world.here, name="Other", state="running", mailbox=room.mailbox)
    Attempt.objects.filter(pk=mine[0].pk).update(campaign=other)
    found = plan(room)
    assert [row.attempt_id for row in found.rows] == [mine[1].pk]


def test_one_lead(room: Room) -> None:
    letters = queue(room, 2)
    [row] = forecast.of_lead(letters[1].lead, now=TUESDAY)
    assert row.attempt_id == letters[1].pk


def test_queries_do_not_grow_and_nothing_is_written(room: Room) -> None:
    add_step(room)
    window(room.campaign, "0123456", 0, 23, in_their_zone=True)
    queue(room, 2)
    before = list(Attempt.objects.values().order_by("pk"))
    with CaptureQueriesContext(connection) as few:
        plan(room)
    assert list(Attempt.objects.values().order_by("pk")) == before
    leads = [room.lead(f"more{n}.com", f"ed@more{n}.com") for n in range(40)]
    room.queue(*leads)
    with CaptureQueriesContext(connection) as many:
        plan(room, now=timezone.now())
    assert len(many) == len(few)
    assert not [query for query in many if not query["sql"].startswith("SELECT")]


def test_a_long_queue_is_followed_so_far_and_the_rest_is_a_number(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(forecast, "MOST", 3)
    queue(room, 5)
    found = plan(room)
    assert len(found.rows) == 3
    assert found.beyond == 2
