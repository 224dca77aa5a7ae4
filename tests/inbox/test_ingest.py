"""From bytes to consequences: what a reply does to lead, letters, suppression and holds, once."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from campaigns.models import Attempt, Lead
from compliance.models import AuditEntry, Hold, Suppression
from inbox import consequences
from inbox.ingest import ingest, store
from inbox.models import RawMessage, Reply
from outreach_site.accounts.models import Workspace
from tests.inbox.conftest import Correspondence, bounce, message, sent_letter

Tag = Reply.Classification
ED = "ed@brightgarden.com"


def suppressed(workspace: Workspace) -> dict[str, str]:
    return dict(Suppression.objects.filter(workspace=workspace).values_list("value", "reason"))


def test_interest_moves_the_lead(correspondence: Correspondence) -> None:
    reply = correspondence.answer("Sounds good, please send it over.")
    assert reply.classification == Tag.INTERESTED
    assert reply.matched_by == "in_reply_to"
    assert reply.lead == correspondence.lead
    assert correspondence.lead.status == Lead.Status.REPLIED
    assert [each["words"] for each in reply.evidence][:1] == ["Sounds good"]
    assert suppressed(reply.workspace) == {}


def test_a_refusal_suppresses_the_writer_and_the_address_we_wrote_to(correspondence: Correspondence) -> None:
    reply = correspondence.answer("No thanks, we are not interested.", sender="Jo Brand <jo@brightgarden.com>")
    assert correspondence.lead.status == Lead.Status.LOST
    assert suppressed(reply.workspace) == {ED: "not_interested", "jo@brightgarden.com": "not_interested"}
    assert set(Suppression.objects.values_list("source", flat=True)) == {reply.about}


def test_a_request_to_stop_is_an_opt_out(correspondence: Correspondence) -> None:
    reply = correspondence.answer("Please remove me from your list.")
    assert reply.asks_opt_out
    assert correspondence.lead.status == Lead.Status.UNSUBSCRIBED
    assert suppressed(reply.workspace) == {ED: "opt_out"}


def test_what_they_quote_says_nothing(correspondence: Correspondence) -> None:
    reply = correspondence.answer(
        "Sounds great!\n\nOn Mon, 1 Dec 2025 at 09:00, Mara Voss <mara@orchardmedia.com> wrote:\n"
        "> Not interested? Unsubscribe here, or answer 'no thanks'.\n"
    )
    assert reply.classification == Tag.INTERESTED
    assert reply.new_text == "Sounds great!"
    assert suppressed(reply.workspace) == {}


def test_doubt_holds_the_address_and_asks_a_person(correspondence: Correspondence) -> None:
    reply = correspondence.answer("Not interested in guest posts right now, maybe next quarter.")
    assert reply.needs_review
    assert reply.classification == Tag.REPLIED
    assert suppressed(reply.workspace) == {}
    hold = Hold.objects.get()
    assert hold.subject == f"address:{ED}"
    assert hold.source == reply.about
    consequences.tag(reply, Tag.INTERESTED, user=correspondence.box.world.marketer, now=timezone.now())
    hold.refresh_from_db()
    assert hold.lifted_at is not None


def test_out_of_office_is_no_answer(correspondence: Correspondence) -> None:
    reply = correspondence.answer(
        "I am out of the office until 12 January 2026 with limited access to email.", subject="Automatic reply: An idea"
    )
    assert reply.kind == Reply.Kind.AUTO_REPLY
    assert reply.classification == Tag.OUT_OF_OFFICE
    assert reply.read_at is not None
    assert correspondence.lead.status == Lead.Status.CONTACTED
    assert suppressed(reply.workspace) == {}
    assert Reply.objects.from_people().count() == 0


def test_an_auto_reply_that_says_stop_suppresses_nobody(correspondence: Correspondence) -> None:
    reply = correspondence.answer(
        "I no longer work here. Please remove me from your list. Not interested.",
        headers="Auto-Submitted: auto-replied",
    )
    assert reply.kind == Reply.Kind.AUTO_REPLY
    assert suppressed(reply.workspace) == {}


@pytest.mark.parametrize(("kind", "state"), [("first", "cancelled"), ("follow_up", "cancelled"), ("answer", "queued")])
def test_a_reply_takes_waiting_letters_back(correspondence: Correspondence, kind: str, state: str) -> None:
    """But not an answer, which a person has just written to them."""
    waiting = Attempt.objects.create(
        campaign=correspondence.box.campaign,
        lead=correspondence.attempt.lead,
        recipient=ED,
        recipient_key=ED,
        recipient_domain="brightgarden.com",
        subject="Again",
        body="Hello again",
        mailbox=correspondence.box.mailbox,
        kind=kind,
    )
    correspondence.answer("Thanks, I will think about it.")
    waiting.refresh_from_db()
    assert (waiting.state, waiting.reason) == (state, "They answered." if state == "cancelled" else "")


@pytest.mark.parametrize("raw", ["reply", "bounce", "copy"])
def test_an_answer_proves_an_uncertain_letter_sent(correspondence: Correspondence, raw: str) -> None:
    attempt = correspondence.attempt
    Attempt.objects.filter(pk=attempt.pk).update(state=Attempt.State.UNCERTAIN)
    came = {
        "reply": message("Hello", answers=attempt.message_id),
        "bounce": bounce(original=attempt.message_id, status="4.2.2", words="452 4.2.2 Mailbox full"),
        "copy": message("Hello Ed", sender="mara@orchardmedia.com", message_id=attempt.message_id),
    }[raw]
    correspondence.receive(came)
    attempt.refresh_from_db()
    assert attempt.state == Attempt.State.SENT


def test_an_answer_is_matched_by_the_id_that_amazon_wrote(correspondence: Correspondence) -> None:
    attempt = correspondence.attempt
    Attempt.objects.filter(pk=attempt.pk).update(
        state=Attempt.State.UNCERTAIN, wire_id="<0102018c-1a2b@email.amazonses.com>"
    )
    correspondence.receive(message("Hello", answers="<0102018c-1a2b@eu-west-1.amazonses.com>"))
    attempt.refresh_from_db()
    assert attempt.state == Attempt.State.SENT


def test_a_bounce_that_names_our_letter_suppresses(correspondence: Correspondence) -> None:
    reply = correspondence.receive(bounce(original=correspondence.attempt.message_id))
    assert reply is not None
    assert (reply.kind, reply.hardness, reply.matched_by) == ("bounce", "hard", "original")
    assert correspondence.lead.status == Lead.Status.BOUNCED
    assert suppressed(reply.workspace) == {ED: "hard_bounce"}


def test_a_bounce_suppresses_the_address_we_wrote_to_and_no_other(correspondence: Correspondence) -> None:
    """A report that names our letter, but somebody else's address."""
    reply = correspondence.receive(bounce("victim@elsewhere.com", original=correspondence.attempt.message_id))
    assert reply is not None
    assert suppressed(reply.workspace) == {ED: "hard_bounce"}


def test_a_forged_bounce_suppresses_nobody(correspondence: Correspondence) -> None:
    reply = correspondence.receive(bounce(original="<made-up@orchardmedia.com>"))
    assert reply is not None
    assert suppressed(reply.workspace) == {}
    assert correspondence.lead.status == Lead.Status.CONTACTED
    assert reply.needs_review
    assert reply.read_at is None
    assert Hold.objects.get().subject == f"address:{ED}"


def test_a_forged_bounce_about_a_letter_of_long_ago_holds_nobody(correspondence: Correspondence) -> None:
    Attempt.objects.update(finished_at=timezone.now() - timedelta(days=15))
    reply = correspondence.receive(bounce())
    assert reply is not None
    assert not reply.needs_review
    assert not Hold.objects.exists()


def test_a_bounce_of_another_workspace_is_not_ours(correspondence: Correspondence) -> None:
    """Somebody who knows a Message-ID of this workspace sends it to another one's mailbox."""
    other = correspondence.box.mailbox
    type(other).objects.filter(pk=other.pk).update(workspace=correspondence.box.world.elsewhere)
    other.refresh_from_db()
    reply = correspondence.receive(bounce(original=correspondence.attempt.message_id))
    assert reply is not None
    assert reply.attempt is None
    assert Suppression.objects.count() == 0


@pytest.mark.parametrize(
    ("status", "words", "hardness"),
    [
        ("4.2.2", "452 4.2.2 The mailbox is full", "soft"),
        ("5.2.2", "552 5.2.2 Over quota", "soft"),
        ("5.7.1", "550 5.7.1 Message rejected as spam by content filter", "policy"),
        ("5.7.26", "550 5.7.26 Unauthenticated email is not accepted due to DMARC policy", "policy"),
        ("5.3.4", "552 5.3.4 Message size exceeds fixed limit", "soft"),
    ],
)
def test_a_bounce_that_is_not_for_good_suppresses_nobody(
    correspondence: Correspondence, status: str, words: str, hardness: str
) -> None:
    reply = correspondence.receive(bounce(original=correspondence.attempt.message_id, status=status, words=words))
    assert reply is not None
    assert reply.hardness == hardness
    assert suppressed(reply.workspace) == {}
    assert correspondence.lead.status == Lead.Status.CONTACTED


def test_a_warning_of_delay_is_no_bounce(correspondence: Correspondence) -> None:
    reply = correspondence.receive(
        bounce(
            original=correspondence.attempt.message_id, action="delayed", status="4.4.1", words="connection timed out"
        )
    )
    assert reply is not None
    assert reply.kind == Reply.Kind.DELAY
    assert correspondence.lead.status == Lead.Status.CONTACTED


def test_own_copies_make_no_reply(correspondence: Correspondence) -> None:
    raw = correspondence.store(message("Not interested", sender="Mara <mara@orchardmedia.com>"))
    assert ingest(raw.pk, now=timezone.now()) is None
    raw.refresh_from_db()
    assert raw.understood_at is not None
    assert Reply.objects.count() == 0


def test_done_again_nothing_changes(correspondence: Correspondence) -> None:
    raw = correspondence.store(message("No thanks.", answers=correspondence.attempt.message_id))
    first = ingest(raw.pk, now=timezone.now())
    before = (AuditEntry.objects.count(), Suppression.objects.count(), Reply.objects.count())
    again = ingest(raw.pk, now=timezone.now())
    assert again == first
    assert (AuditEntry.objects.count(), Suppression.objects.count(), Reply.objects.count()) == before
    assert again is not None
    assert again.labels.count() == 1


def test_a_persons_tag_is_kept(correspondence: Correspondence) -> None:
    raw = correspondence.store(message("No thanks.", answers=correspondence.attempt.message_id))
    reply = ingest(raw.pk, now=timezone.now())
    assert reply is not None
    consequences.tag(reply, Tag.INTERESTED, user=correspondence.box.world.marketer, now=timezone.now())
    again = ingest(raw.pk, now=timezone.now())
    assert again is not None
    assert again.classification == Tag.INTERESTED
    assert suppressed(again.workspace) == {}
    assert correspondence.lead.status == Lead.Status.REPLIED


def test_found_by_address_when_it_names_no_letter(correspondence: Correspondence) -> None:
    newer = sent_letter(correspondence.box, "ED+news@brightgarden.com", at=timezone.now())
    Attempt.objects.filter(pk=newer.pk).update(recipient_key=ED)
    reply = correspondence.receive(message("Hello", message_id="<x@y.z>"))
    assert reply is not None
    assert reply.attempt == newer
    assert reply.matched_by == "address"


def test_unknown_writers_are_kept_unlinked(correspondence: Correspondence) -> None:
    reply = correspondence.receive(message("Hello", sender="who@nowhere.org"))
    assert reply is not None
    assert (reply.lead, reply.matched_by) == (None, "")


def test_a_message_that_trips_us_stops_nobody(correspondence: Correspondence, monkeypatch: pytest.MonkeyPatch) -> None:
    def trip(*args: object, **kwargs: object) -> None:
        raise RuntimeError("tripped")

    bad = correspondence.store(message("one", message_id="<1@a.b>"))
    with monkeypatch.context() as patch:
        patch.setattr("inbox.ingest.understand", trip)
        assert ingest(bad.pk, now=timezone.now()) is None
    bad.refresh_from_db()
    assert "RuntimeError" in bad.error
    assert correspondence.receive(message("two", message_id="<2@a.b>")) is not None
    assert RawMessage.objects.not_understood().count() == 0


# --- A person decides -------------------------------------------------------------------------------------------------


def test_tagged_not_interested_by_hand_suppresses_and_undo_takes_it_back(correspondence: Correspondence) -> None:
    reply = correspondence.answer("Thanks for your note.")
    user, now = correspondence.box.world.marketer, timezone.now()
    consequences.tag(reply, Tag.NOT_INTERESTED, user=user, now=now)
    assert suppressed(reply.workspace) == {ED: "not_interested"}
    assert correspondence.lead.status == Lead.Status.LOST
    assert consequences.untag(reply, user=user, now=now)
    assert suppressed(reply.workspace) == {}
    assert correspondence.lead.status == Lead.Status.REPLIED
    reply.refresh_from_db()
    assert reply.classification == Tag.REPLIED
    assert not consequences.untag(reply, user=user, now=now)


def test_undone_doubt_is_doubt_again(correspondence: Correspondence) -> None:
    reply = correspondence.answer("Not interested right now, perhaps later this year.")
    user = correspondence.box.world.marketer
    consequences.tag(reply, Tag.REPLIED, user=user, now=timezone.now())
    reply.refresh_from_db()
    assert not reply.needs_review
    consequences.untag(reply, user=user, now=timezone.now())
    reply.refresh_from_db()
    assert reply.needs_review
    assert Hold.objects.standing().count() == 1


def test_a_suppression_can_be_undone_for_half_an_hour(correspondence: Correspondence) -> None:
    reply = correspondence.answer("Not interested, thanks.")
    user = correspondence.box.world.marketer
    late = timezone.now() + timedelta(minutes=31)
    with pytest.raises(consequences.CannotUndoError):
        consequences.undo_suppression(reply, user=user, now=late)
    assert consequences.undo_suppression(reply, user=user, now=timezone.now()) == [ED]
    assert suppressed(reply.workspace) == {}
    assert correspondence.lead.status == Lead.Status.REPLIED


def test_an_opt_out_is_not_undone_here(correspondence: Correspondence) -> None:
    reply = correspondence.answer("Unsubscribe me.")
    user = correspondence.box.world.marketer
    with pytest.raises(consequences.CannotUndoError):
        consequences.undo_suppression(reply, user=user, now=timezone.now())
    staying = consequences.tag(reply, Tag.INTERESTED, user=user, now=timezone.now())
    assert staying == [ED]
    assert suppressed(reply.workspace) == {ED: "opt_out"}
    assert correspondence.lead.status == Lead.Status.UNSUBSCRIBED


def test_a_placed_lead_stays_placed(correspondence: Correspondence) -> None:
    Lead.objects.update(status=Lead.Status.PLACED)
    correspondence.answer("Thank you, sounds good!")
    assert correspondence.lead.status == Lead.Status.PLACED


def test_what_came_by_another_way_is_stored_once(correspondence: Correspondence) -> None:
    raw = message("Sounds good.", answers=correspondence.attempt.message_id)
    now = timezone.now()
    row = store(correspondence.box.mailbox, raw, received_at=now, folder="webhook", now=now)
    assert row.message_id == "<reply-1@brightgarden.com>"
    assert ingest(row.pk, now=now) is not None
    assert store(correspondence.box.mailbox, raw, received_at=now, folder="INBOX", now=now) == row
    assert ingest(row.pk, now=now) is not None
    assert Reply.objects.count() == 1
