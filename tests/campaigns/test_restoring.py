"""A database that came back from a backup, and what happens in it before after_restore is run."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.utils import timezone

from campaigns import outbox, restoring
from compliance.models import AuditEntry, Hold
from outreach_site.lib.ports import announce_mailbox_mended
from outreach_site.mailboxes.errors import MailServerError, Stage, Verdict
from tests.letterbox import Letterbox
from tests.servers import FaultySMTP

Boxes = Callable[..., tuple[Letterbox, FaultySMTP]]

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_mailbox_that_was_held_for_its_own_failure_is_held_for_the_restore(faulty_letterbox: Boxes) -> None:
    box, server = faulty_letterbox()
    refused = "The server did not accept the user name and password."
    trouble = MailServerError(refused, stage=Stage.SIGN_IN, verdict=Verdict.MAILBOX_TROUBLE, permanent=True)
    outbox.hold_mailbox(box.mailbox, trouble, now=timezone.now())
    now = timezone.now()
    assert restoring.after_restore(now, now=now).held == 1
    [hold] = Hold.objects.standing()
    assert (hold.source, hold.placed_at) == ("after_restore", now)
    assert "restored from a backup" in hold.reason
    placed = AuditEntry.objects.filter(event="hold.placed").order_by("pk").last()
    assert placed is not None
    assert placed.reason == hold.reason
    # A letter that fails meanwhile is no news, and a test that passes ends nothing that a person has to end.
    outbox.hold_mailbox(box.mailbox, trouble, now=timezone.now())
    announce_mailbox_mended(box.mailbox.pk, user_id=box.world.owner.pk, now=timezone.now())
    assert list(Hold.objects.standing().values_list("source", flat=True)) == ["after_restore"]
    box.write_to("ada@site.com")
    outbox.wake(now=timezone.now())
    box.send()
    assert server.accepted == []
