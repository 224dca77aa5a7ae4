"""From the first letter to the second one at a real server; and send windows as a claim keeps them."""

from __future__ import annotations

import email
import email.policy
from collections.abc import Callable
from datetime import time, timedelta

from django.utils import timezone

from campaigns import forecast
from campaigns.models import Attempt, Step
from compliance.models import Kind, SendRecord
from tests.letterbox import Letterbox
from tests.servers import FaultySMTP

Boxes = Callable[..., tuple[Letterbox, FaultySMTP]]


def test_the_second_letter_leaves_once_the_mailbox_was_read(faulty_letterbox: Boxes) -> None:
    box, server = faulty_letterbox()
    Step.objects.create(campaign=box.campaign, position=2, wait_days=1, letter_body="Hello again {first_name|there},")
    [first] = box.write_to("ada@site.com")
    assert box.send().sent == 1
    second = Attempt.objects.get(kind=Kind.FOLLOW_UP)
    box.has_read()
    [row] = forecast.of_campaign(box.campaign, now=timezone.now()).rows
    assert (row.attempt_id, row.fate, row.at) == (second.pk, "goes", second.due_at)
    # The days go by.
    due_at = timezone.now()
    Attempt.objects.filter(pk=second.pk).update(due_at=due_at)
    SendRecord.objects.update(counted_at=timezone.now() - timedelta(days=3))
    assert box.send().sent == 0
    box.has_read()
    assert box.send().sent == 1
    message = email.message_from_bytes(server.accepted[1].raw, policy=email.policy.default)
    first.refresh_from_db()
    assert message["Subject"] == f"Re: {first.subject}"
    assert message["In-Reply-To"] == first.message_id
    assert "Hello again Ada," in message.get_content()
    assert box.send().sent == 0
    assert Attempt.objects.count() == 2


def test_a_window_holds_letters_and_ends_their_decision(faulty_letterbox: Boxes) -> None:
    box, server = faulty_letterbox()
    here = timezone.now().astimezone(box.world.here.zone)
    [letter] = box.write_to("ada@site.com")
    box.campaign.refresh_from_db()
    box.campaign.send_days = str((here.weekday() + 3) % 7)
    box.campaign.send_from, box.campaign.send_until = time(9), time(17)
    box.campaign.save()
    assert box.send().sent == 0
    letter.refresh_from_db()
    assert letter.state == Attempt.State.QUEUED
    assert letter.due_at is not None
    due = letter.due_at.astimezone(box.world.here.zone)
    assert (due.weekday(), due.time()) == ((here.weekday() + 3) % 7, time(9))
    box.campaign.send_days, box.campaign.send_from, box.campaign.send_until = "0123456", time(0), time(23, 59, 59)
    box.campaign.save()
    Attempt.objects.filter(pk=letter.pk).update(due_at=timezone.now())
    assert box.send().sent == 1
    letter.refresh_from_db()
    assert letter.valid_until is not None
    assert letter.valid_until.astimezone(box.world.here.zone).time() == time(23, 59, 59)
    assert len(server.accepted) == 1
