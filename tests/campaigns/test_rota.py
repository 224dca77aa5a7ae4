"""From which mailbox a letter leaves: the one with most room, and for a lead always the same."""

from __future__ import annotations

import pytest
from django.utils import timezone

from campaigns.direct import Queued, queue_first
from campaigns.models import Attempt, Campaign
from campaigns.rota import CannotQueueError, mailbox_for, rota_of
from compliance.models import Hold
from outreach_site.mailboxes.models import Mailbox
from tests.campaigns.conftest import Room


@pytest.fixture
def second(room: Room) -> Mailbox:
    mailbox = Mailbox.objects.create(
        workspace=room.world.here,
        email="noah@orchard.example",
        smtp_host="mail.orchard.example",
        smtp_user="noah@orchard.example",
        ramps_up=False,
    )
    room.campaign.more_mailboxes.add(mailbox)
    return mailbox


def senders(attempts: list[Attempt]) -> list[str]:
    return [attempt.mailbox.email.partition("@")[0] for attempt in attempts if attempt.mailbox is not None]


def test_a_first_letter_leaves_from_the_mailbox_with_most_room(room: Room, second: Mailbox) -> None:
    Mailbox.objects.filter(pk=room.mailbox.pk).update(daily_limit=10, ramps_up=False)
    Mailbox.objects.filter(pk=second.pk).update(daily_limit=12)
    leads = [room.lead(f"site{n}.com", f"ed@site{n}.com") for n in range(6)]
    assert sorted(senders(room.queue(*leads))) == ["mara", "mara", "noah", "noah", "noah", "noah"]


@pytest.mark.parametrize("how", ["paused", "held"])
def test_one_that_stands_still_gets_no_first_letter_while_another_is_free(
    room: Room, second: Mailbox, how: str
) -> None:
    def stop(mailbox: Mailbox) -> None:
        if how == "paused":
            mailbox.pause(now=timezone.now())
        else:
            subject = f"mailbox:{mailbox.pk}"
            Hold.objects.create(workspace=room.world.here, subject=subject, reason="Look at it first.")

    before, *leads = [room.lead(f"site{n}.com", f"ed@site{n}.com") for n in range(6)]
    Mailbox.objects.filter(pk=second.pk).update(daily_limit=1_000)
    assert senders(room.queue(before)) == ["noah"], "it has most room"
    stop(second)
    assert set(senders(room.queue(*leads[:3]))) == {"mara"}
    assert mailbox_for(before, now=timezone.now()) == second, "its lead stays with it"
    stop(room.mailbox)
    room.campaign.refresh_from_db()
    assert senders(room.queue(leads[3])) == ["noah"], "none is free: it waits where there is most room"


def test_a_slow_start_leaves_less_room(room: Room, second: Mailbox) -> None:
    leads = [room.lead(f"site{n}.com", f"ed@site{n}.com") for n in range(4)]
    assert set(senders(room.queue(*leads))) == {"noah"}


def test_a_letter_that_a_program_sends_takes_its_turn_too(room: Room, second: Mailbox) -> None:
    lead = room.lead("site9.com", "ed@site9.com")
    answer = queue_first(lead, subject="An idea", body="Hello.", user=room.world.marketer, now=timezone.now())
    assert isinstance(answer, Queued)
    assert senders([answer.attempt]) == ["noah"]


def test_a_lead_stays_with_the_mailbox_that_wrote_first(room: Room, second: Mailbox) -> None:
    lead = room.leads[0]
    [attempt] = room.queue(lead)
    Attempt.objects.filter(pk=attempt.pk).update(state="sent", mailbox=room.mailbox)
    assert mailbox_for(lead, now=timezone.now()) == room.mailbox
    # Even where the campaign writes from others by now.
    Campaign.objects.update(mailbox=second)
    room.campaign.refresh_from_db()
    room.campaign.more_mailboxes.clear()
    lead.refresh_from_db()
    assert mailbox_for(lead, now=timezone.now()) == room.mailbox


def test_no_mailbox_takes_the_place_of_a_removed_one(room: Room, second: Mailbox) -> None:
    lead = room.leads[0]
    [attempt] = room.queue(lead)
    Attempt.objects.filter(pk=attempt.pk).update(state="sent", mailbox=second)
    second.archive(now=timezone.now())
    room.campaign.more_mailboxes.clear()
    with pytest.raises(CannotQueueError, match="no other takes its place"):
        mailbox_for(lead, now=timezone.now())


def test_a_campaign_does_not_go_on_without_one_of_its_mailboxes_unsaid(room: Room, second: Mailbox) -> None:
    second.archive(now=timezone.now())
    with pytest.raises(CannotQueueError, match=r"noah@orchard\.example was removed"):
        room.queue(room.leads[0])


def test_the_number_of_queries_does_not_grow_with_the_leads(
    room: Room, second: Mailbox, django_assert_max_num_queries: object
) -> None:
    leads = [room.lead(f"site{n}.com", f"ed@site{n}.com") for n in range(20)]
    with django_assert_max_num_queries(7):  # type: ignore[operator]
        rota = rota_of(room.campaign, leads, now=timezone.now())
    assert all(isinstance(rota.take(lead), Mailbox) for lead in leads)


def test_several_mailboxes_are_chosen_in_the_settings(room: Room) -> None:
    page = room.get("campaign_settings", room.campaign.pk)
    assert "and also from" not in page.text.lower()
    other = Mailbox.objects.create(
        workspace=room.world.here, email="noah@orchard.example", smtp_host="mail.x.example", smtp_user="noah"
    )
    theirs = Mailbox.objects.create(
        workspace=room.world.elsewhere, email="theirs@quarry.example", smtp_host="mail.y.example", smtp_user="theirs"
    )
    page = room.get("campaign_settings", room.campaign.pk)
    assert "and also from" in page.text.lower()
    assert "theirs@quarry.example" not in page.text
    values = {"name": "Spring", "mailbox": room.mailbox.pk, "more_mailboxes": [other.pk, room.mailbox.pk]}
    assert room.post("campaign_settings", room.campaign.pk, values).status_code == 302
    assert list(room.campaign.more_mailboxes.all()) == [other]
    values["more_mailboxes"] = [theirs.pk]
    assert room.post("campaign_settings", room.campaign.pk, values).status_code == 422
    values |= {"more_mailboxes": [other.pk], "mailbox": ""}
    answer = room.post("campaign_settings", room.campaign.pk, values)
    assert answer.status_code == 422
    assert "Choose the first mailbox here" in answer.text
