"""A person ties a reply to a lead, and takes it back."""

from __future__ import annotations

import pytest
from django.utils import timezone

from campaigns.models import Attempt, Lead, Step
from compliance.models import AuditEntry, Hold, Kind, Suppression
from inbox import linking
from inbox.models import Reply
from tests.inbox.conftest import Correspondence, bounce, message, sent_letter

STRANGER = "Jo Doe <jo@somewhere-else.org>"
ED = "ed@brightgarden.com"


def unlinked(correspondence: Correspondence, text: str) -> Reply:
    reply = correspondence.receive(message(text, sender=STRANGER, subject="Hello"))
    assert reply is not None
    assert reply.lead is None
    return reply


def test_the_same_follows_as_if_it_had_named_a_letter(correspondence: Correspondence) -> None:
    reply = unlinked(correspondence, "Sounds good, please send it over.")
    user, now = correspondence.box.world.marketer, timezone.now()
    linking.link(reply, correspondence.lead, user=user, now=now)
    reply.refresh_from_db()
    assert (reply.lead, reply.attempt, reply.matched_by) == (correspondence.lead, correspondence.attempt, "hand")
    assert reply.campaign == correspondence.box.campaign
    assert correspondence.lead.status == Lead.Status.REPLIED
    assert linking.unlink(reply, user=user, now=now) == linking.Unlinked()
    reply.refresh_from_db()
    assert [reply.lead_id, reply.attempt_id, reply.campaign_id, reply.matched_by] == [None, None, None, ""]
    assert correspondence.lead.status == Lead.Status.CONTACTED
    assert linking.unlink(reply, user=user, now=now) is None
    events = AuditEntry.objects.filter(about=reply.about).order_by("pk").values_list("event", flat=True)
    assert list(events)[-2:] == ["reply.linked", "reply.unlinked"]


def test_a_refusal_now_speaks_for_the_address_we_wrote_to(correspondence: Correspondence) -> None:
    reply = unlinked(correspondence, "No thanks, we are not interested.")
    values = Suppression.objects.values_list("value", flat=True)
    assert set(values) == {"jo@somewhere-else.org"}
    user, now = correspondence.box.world.marketer, timezone.now()
    linking.link(reply, correspondence.lead, user=user, now=now)
    assert set(values.all()) == {"jo@somewhere-else.org", ED}
    assert correspondence.lead.status == Lead.Status.LOST
    linking.unlink(reply, user=user, now=now)
    assert set(values.all()) == {"jo@somewhere-else.org"}
    assert correspondence.lead.status == Lead.Status.CONTACTED


def test_letters_that_the_link_took_back_wait_again(correspondence: Correspondence) -> None:
    user, now = correspondence.box.world.marketer, timezone.now()
    lead = correspondence.lead
    step = Step.objects.create(campaign=lead.campaign, position=2, letter_subject="Again", letter_body="Hello again")
    follow_up = Attempt.objects.create(
        campaign=lead.campaign, lead=lead, step=step, kind=Kind.FOLLOW_UP, recipient=ED, recipient_key=ED,
        subject="Re: An idea", body="Hello again", state=Attempt.State.QUEUED, due_at=now,
        workspace=lead.campaign.workspace,
    )  # fmt: skip
    reply = unlinked(correspondence, "Sounds good, please send it over.")
    linking.link(reply, lead, user=user, now=now)
    follow_up.refresh_from_db()
    assert follow_up.state == Attempt.State.CANCELLED
    assert linking.unlink(reply, user=user, now=timezone.now()) == linking.Unlinked(letters=1)
    follow_up.refresh_from_db()
    assert (follow_up.state, follow_up.reason) == (Attempt.State.QUEUED, "")
    # Whoever has answered since is not written to because of it.
    linking.link(reply, lead, user=user, now=timezone.now())
    correspondence.answer("Yes, send it.")
    Lead.objects.filter(pk=lead.pk).update(status=Lead.Status.PLACED)
    assert linking.unlink(reply, user=user, now=timezone.now()) == linking.Unlinked()
    follow_up.refresh_from_db()
    assert follow_up.state == Attempt.State.CANCELLED


def test_a_first_letter_waits_again_too(correspondence: Correspondence) -> None:
    user = correspondence.box.world.marketer
    other = sent_letter(correspondence.box, "ann@otherplace.com")
    Attempt.objects.filter(pk=other.pk).update(
        state=Attempt.State.QUEUED, due_at=timezone.now(), finished_at=None, settled_at=None
    )
    Lead.objects.filter(pk=other.lead_id).update(status=Lead.Status.DISCOVERED)
    reply = unlinked(correspondence, "Sounds good, please send it over.")
    linking.link(reply, other.lead, user=user, now=timezone.now())
    other.refresh_from_db()
    assert other.state == Attempt.State.CANCELLED
    assert linking.unlink(reply, user=user, now=timezone.now()) == linking.Unlinked(letters=1)
    other.refresh_from_db()
    assert (other.state, other.due_at is not None) == (Attempt.State.QUEUED, True)
    other.lead.refresh_from_db()
    assert other.lead.status == Lead.Status.DISCOVERED


def test_an_opt_out_stays(correspondence: Correspondence) -> None:
    reply = unlinked(correspondence, "Please remove me from your list.")
    user, now = correspondence.box.world.marketer, timezone.now()
    linking.link(reply, correspondence.lead, user=user, now=now)
    assert linking.unlink(reply, user=user, now=now) == linking.Unlinked(staying=(ED,))
    assert Suppression.objects.filter(value=ED).exists()


def test_doubt_holds_both_and_lets_the_address_go_again(correspondence: Correspondence) -> None:
    reply = unlinked(correspondence, "Not interested in guest posts right now, maybe next quarter.")
    user, now = correspondence.box.world.marketer, timezone.now()
    linking.link(reply, correspondence.lead, user=user, now=now)
    standing = Hold.objects.standing().values_list("subject", flat=True)
    assert set(standing) == {f"address:{ED}", "address:jo@somewhere-else.org"}
    linking.unlink(reply, user=user, now=now)
    assert set(standing.all()) == {"address:jo@somewhere-else.org"}


def test_a_report_waits_for_a_persons_word(correspondence: Correspondence) -> None:
    reply = correspondence.receive(bounce("somebody@else.org"))
    assert reply is not None
    linking.link(reply, correspondence.lead, user=correspondence.box.world.marketer, now=timezone.now())
    reply.refresh_from_db()
    assert reply.needs_review
    assert Suppression.objects.count() == 0
    assert correspondence.lead.status == Lead.Status.CONTACTED


def test_what_cannot_be(correspondence: Correspondence) -> None:
    reply = correspondence.answer("Sounds good.")
    user, now = correspondence.box.world.marketer, timezone.now()
    with pytest.raises(linking.CannotLinkError, match="already"):
        linking.link(reply, correspondence.lead, user=user, now=now)
    lead = correspondence.lead
    lead.campaign.workspace = correspondence.box.world.elsewhere
    lead.campaign.save()
    with pytest.raises(linking.CannotLinkError, match="another workspace"):
        linking.link(reply, Lead.objects.get(pk=lead.pk), user=user, now=now)
