"""No way around a suppression: what somebody else has said of an address is not taken back with one's own word."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from campaigns.models import Lead
from compliance import suppression
from compliance.models import Suppression
from inbox import consequences
from inbox.models import Reply
from tests.conftest import World
from tests.inbox.conftest import Correspondence, correspondence  # noqa: F401 - a fixture of the inbox's tests
from tests.letterbox import make_letterbox

Reason = Suppression.Reason
ED = "ed@brightgarden.com"


def is_suppressed(world: World, address: str = ED) -> bool:
    return bool(suppression.suppressed_among(world.here, [address]))


@pytest.mark.parametrize("reason", [Reason.MANUAL, Reason.HARD_BOUNCE, Reason.NOT_INTERESTED])
def test_undo_does_not_lift_what_compliance_has_added_meanwhile(world: World, reason: Reason) -> None:
    now = timezone.now()
    entry = suppression.suppress(
        workspace=world.here, address=ED, reason=Reason.NOT_INTERESTED, source="reply:7", user=world.marketer, now=now
    )
    suppression.suppress(
        workspace=world.here, address=ED, reason=reason, note="By telephone.", user=world.officer, now=now
    )
    with pytest.raises(suppression.NotLiftableError):
        suppression.undo(entry, source="reply:7", user=world.marketer, now=now + timedelta(minutes=1))
    assert is_suppressed(world)


def test_undoing_one_reply_does_not_lift_what_another_says_too(correspondence: Correspondence) -> None:  # noqa: F811
    world = correspondence.box.world
    first = correspondence.answer("No thanks, we are not interested.")
    second = correspondence.answer("As I said, we are not interested. Please do not follow up.")
    assert {first.classification, second.classification} == {Reply.Classification.NOT_INTERESTED}
    staying = consequences.tag(
        Reply.objects.get(pk=first.pk), Reply.Classification.INTERESTED, user=world.marketer, now=timezone.now()
    )
    assert is_suppressed(world)
    assert staying == [ED]


def test_the_same_reply_read_again_can_still_be_undone(world: World) -> None:
    now = timezone.now()
    for _ in range(2):
        entry = suppression.suppress(
            workspace=world.here, address=ED, reason=Reason.NOT_INTERESTED, source="reply:7", now=now
        )
    suppression.undo(entry, source="reply:7", user=world.marketer, now=now)
    assert not is_suppressed(world)


def test_no_change_of_a_lead_lifts_one(world: World) -> None:
    """Unsubscribed, then anything else; edited, deleted and added anew: the address stays suppressed."""
    box = make_letterbox(world, email="mara@orchardmedia.com", port=2525)
    lead = box.lead(ED)
    client = world.client(world.marketer)
    url = f"/w/orchard/campaigns/leads/{lead.pk}/status/"
    client.post(url, {"status": "unsubscribed"})
    assert is_suppressed(world)
    for status in Lead.Status.values:
        client.post(url, {"status": status})
        client.post(f"{url}?status={status}")
    assert is_suppressed(world)
