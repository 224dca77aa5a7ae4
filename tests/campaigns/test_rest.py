"""What is left of something large stands in the database: no lost task and no dead worker ends it."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone

from campaigns import following, launching, lifecycle, step_changes, stepping, tasks
from campaigns.models import Attempt, Campaign, Ground, Launch, Lead, Step, StepChange
from compliance.models import AuditEntry, Kind
from outreach_site.accounts.models import Installation
from tests.campaigns.conftest import Room
from tests.campaigns.test_following import TUESDAY, add_step, follow_up, send
from tests.queued import run_queued


@pytest.fixture
def large(room: Room, monkeypatch: pytest.MonkeyPatch) -> Room:
    """Seven leads, two a slice, the last ones in Germany."""
    monkeypatch.setattr(launching, "LARGEST_REQUEST", 2)
    Lead.objects.all().delete()
    for name in ("a.com", "b.com", "c.com", "d.com", "e.com", "f.de", "g.de"):
        room.lead(name, f"ed@{name}")
    return room


@pytest.fixture
def launched(large: Room) -> Room:
    """A launch whose first two letters are queued, and whose task never comes: nothing waits in the broker."""
    campaign, now = Campaign.objects.get(pk=large.campaign.pk), timezone.now()
    launching.launch(campaign, grounds={"DE": Ground.PUBLISHED}, user=large.world.marketer, now=now)
    assert queued() == 2
    return large


def queued() -> int:
    return Attempt.objects.filter(state="queued").count()


def a_minute_later() -> None:
    """What the clock asks for, and what that asks for."""
    tasks.go_on_due()
    while run_queued("campaigns.tasks.launch") + run_queued("campaigns.tasks.follow_changes"):
        pass


@pytest.mark.usefixtures("launched")
class TestLaunches:
    def test_one_whose_task_was_lost_goes_on_by_the_clock(self) -> None:
        a_minute_later()
        assert queued() == 7
        assert {letter.ground for letter in Attempt.objects.filter(lead__domain__endswith=".de")} == {"published"}
        assert not Launch.objects.exists()
        a_minute_later()
        assert queued() == 7

    def test_a_task_that_is_not_lost_does_it_all(self) -> None:
        tasks.launch(Launch.objects.get().pk)
        assert queued() == 7

    def test_the_next_slice_follows_while_any_are_left(self) -> None:
        assert launching.go_on(Launch.objects.get().pk, now=timezone.now(), seconds=0.0)
        assert (queued(), Launch.objects.get().lease_token) == (4, None)

    def test_one_that_died_is_taken_up_when_its_lease_is_over(self) -> None:
        later = timezone.now() + timedelta(seconds=50)
        Launch.objects.update(lease_token=uuid.uuid4(), leased_until=later)
        tasks.launch(Launch.objects.get().pk)
        a_minute_later()
        assert queued() == 2, "somebody is at it"
        Launch.objects.update(leased_until=timezone.now() - timedelta(seconds=1))
        a_minute_later()
        assert queued() == 7

    def test_a_slice_that_fails_is_done_again_whole(self, monkeypatch: pytest.MonkeyPatch) -> None:
        queue = launching._queue

        def queue_and_die(*args: Any, **kwargs: Any) -> None:
            queue(*args, **kwargs)
            raise SystemExit

        monkeypatch.setattr(launching, "_queue", queue_and_die)
        with pytest.raises(SystemExit):
            tasks.launch(Launch.objects.get().pk)
        assert queued() == 2
        monkeypatch.setattr(launching, "_queue", queue)
        a_minute_later()
        assert queued() == 7

    @pytest.mark.parametrize("of", ["workspace", "campaign"])
    def test_taking_all_back_ends_it(self, launched: Room, of: str) -> None:
        url = reverse("desk:letters_cancel", args=[launched.world.here.slug])
        query = f"?campaign={launched.campaign.pk}" if of == "campaign" else ""
        page = launched.client().post(url + query, follow=True)
        assert "The rest of the launch is not queued any more." in page.content.decode()
        a_minute_later()
        assert queued() == 0
        entry = AuditEntry.objects.get(event="campaign.launch_ended")
        assert (entry.about.partition(":")[0], entry.user_id) == (of, launched.world.marketer.pk)

    def test_taking_back_what_waits_elsewhere_does_not(self, launched: Room) -> None:
        other = lifecycle.start_campaign(
            launched.world.here, name="Autumn", user=launched.world.marketer, now=timezone.now()
        )
        url = reverse("desk:letters_cancel", args=[launched.world.here.slug])
        for query in (f"?campaign={other.pk}", f"?mailbox={launched.mailbox.pk}"):
            launched.client().post(url + query)
        assert not launching.end(launched.world.elsewhere, user=launched.world.stranger, now=timezone.now())
        a_minute_later()
        assert queued() == 5, "the first two were the mailbox's"
        assert not AuditEntry.objects.filter(event="campaign.launch_ended").exists()

    def test_in_a_paused_campaign_it_goes_on_and_nothing_leaves(self, launched: Room) -> None:
        Campaign.objects.get(pk=launched.campaign.pk).pause()
        a_minute_later()
        assert queued() == 7
        launched.campaign.refresh_from_db()
        assert launched.campaign.state == Campaign.State.PAUSED

    @pytest.mark.parametrize("end", [lifecycle.archive_campaign, lifecycle.delete_campaign])
    def test_it_ends_with_its_campaign(self, launched: Room, end: Callable[..., None]) -> None:
        end(launched.campaign, user=launched.world.marketer, now=timezone.now())
        a_minute_later()
        assert not Launch.objects.exists()
        assert queued() <= 2

    def test_what_stands_in_the_way_may_be_mended_within_a_day(self) -> None:
        Step.objects.update(retired_at=timezone.now())
        a_minute_later()
        assert (queued(), Launch.objects.get().lease_token) == (2, None)
        Step.objects.update(retired_at=None)
        a_minute_later()
        assert queued() == 7

    def test_after_a_day_nobody_expects_it_any_more(self) -> None:
        Step.objects.update(retired_at=timezone.now())
        Launch.objects.update(begun_at=timezone.now() - timedelta(hours=25))
        a_minute_later()
        assert not Launch.objects.exists()

    def test_a_copy_of_the_database_waits_until_it_is_claimed(self) -> None:
        own = Installation.objects.get().instance_id
        Installation.objects.update(instance_id="another")
        a_minute_later()
        assert queued() == 2
        Installation.objects.update(instance_id=own)
        a_minute_later()
        assert queued() == 7


@pytest.fixture
def following_up(room: Room, monkeypatch: pytest.MonkeyPatch) -> Room:
    """Three follow-ups that wait, one a slice."""
    add_step(room)
    letters = room.queue(*room.leads[:2], room.lead("third.com", "ed@third.com"))
    send(*letters)
    monkeypatch.setattr(following, "SLICE", 1)
    return room


def change(room: Room, body: str) -> None:
    step = Step.objects.get(campaign=room.campaign, position=2)
    step.letter_body = body
    stepping.save(step, user=room.world.marketer, now=TUESDAY)


def bodies() -> list[str]:
    return list(Attempt.objects.filter(kind=Kind.FOLLOW_UP).order_by("pk").values_list("body", flat=True))


class TestStepChanges:
    def test_one_whose_task_was_lost_goes_on_by_the_clock(self, following_up: Room) -> None:
        change(following_up, "Shorter.")
        assert bodies().count("Shorter.") == 1
        a_minute_later()
        assert bodies() == ["Shorter."] * 3
        assert not StepChange.objects.exists()

    def test_a_step_that_is_added_reaches_everybody(self, following_up: Room) -> None:
        send(*Attempt.objects.filter(kind=Kind.FOLLOW_UP), at=timezone.now())
        third = Step(campaign=following_up.campaign, wait_days=3, letter_body="And again.")
        stepping.save(third, user=following_up.world.marketer, now=timezone.now())
        assert Attempt.objects.filter(step=third).count() == 1
        a_minute_later()
        assert Attempt.objects.filter(step=third).count() == 3

    def test_a_change_meanwhile_begins_anew(self, following_up: Room, monkeypatch: pytest.MonkeyPatch) -> None:
        change(following_up, "Shorter.")
        refresh, seen = following.refresh, []

        def change_meanwhile(campaign: Campaign, **kwargs: Any) -> int | None:
            further = refresh(campaign, **kwargs)
            seen.append(further)
            if len(seen) == 2:
                change(following_up, "Shorter still.")
            return further

        monkeypatch.setattr(following, "refresh", change_meanwhile)
        assert not step_changes.work(StepChange.objects.get().pk, now=TUESDAY)
        standing = StepChange.objects.get()
        assert (standing.letters, standing.lease_token) == (0, None), "whoever was at it has lost it"
        a_minute_later()
        assert bodies() == ["Shorter still."] * 3

    def test_changed_days_are_not_forgotten_by_a_changed_text(self, following_up: Room) -> None:
        step_changes.begin(following_up.campaign, windows=True)
        step_changes.begin(following_up.campaign, windows=False)
        assert StepChange.objects.get().windows

    def test_two_workers_are_not_at_one(self, following_up: Room) -> None:
        change(following_up, "Shorter.")
        StepChange.objects.update(lease_token=uuid.uuid4(), leased_until=timezone.now() + timedelta(seconds=50))
        a_minute_later()
        assert bodies().count("Shorter.") == 1
        StepChange.objects.update(leased_until=timezone.now() - timedelta(seconds=1))
        a_minute_later()
        assert bodies() == ["Shorter."] * 3
        assert follow_up(following_up.leads[0]).body == "Shorter."
