"""Messages understood again with today's rules: nothing follows twice, and what people said stands."""

from __future__ import annotations

from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from campaigns.models import Lead
from compliance.models import AuditEntry, Hold, Suppression
from inbox import consequences, ingest, linking
from inbox.models import RawMessage, Reply
from inbox.understanding import MessageKind, Understanding, understand
from tests.inbox.conftest import Correspondence, bounce, message

Tag = Reply.Classification
ED = "ed@brightgarden.com"


def reprocess(*args: str) -> str:
    out = StringIO()
    call_command("reprocess_messages", *args, stdout=out)
    return out.getvalue()


def world_of() -> tuple[int, ...]:
    counted = (Reply, Suppression, Hold, AuditEntry, RawMessage.objects.not_understood())
    return tuple((each.objects if hasattr(each, "objects") else each).count() for each in counted)


def test_nothing_follows_twice(correspondence: Correspondence) -> None:
    correspondence.answer("Please remove me from your list.")
    correspondence.answer("Not interested in guest posts right now, maybe next quarter.")
    correspondence.receive(bounce(original=correspondence.attempt.message_id))
    correspondence.receive(message("Hello", sender="x@elsewhere.org", message_id="<x@elsewhere.org>"))
    before = world_of()
    assert "Done: 4 understood again, 0 changed." in reprocess()
    assert world_of() == before


def test_what_a_person_took_back_stays_so(correspondence: Correspondence) -> None:
    refusal = correspondence.answer("Not interested, thanks.")
    user, now = correspondence.box.world.marketer, timezone.now()
    consequences.undo_suppression(refusal, user=user, now=now)
    doubt = correspondence.answer("Not interested right now, perhaps later this year.")
    Hold.objects.update(lifted_at=now)
    reprocess()
    assert Suppression.objects.count() == 0
    assert Hold.objects.standing().count() == 0
    doubt.refresh_from_db()
    assert doubt.needs_review


def test_tags_and_links_of_people_stay(correspondence: Correspondence) -> None:
    user, now = correspondence.box.world.marketer, timezone.now()
    tagged = correspondence.answer("No thanks.")
    consequences.tag(tagged, Tag.INTERESTED, user=user, now=now)
    linked = correspondence.receive(message("Hello", sender="x@elsewhere.org", message_id="<x@elsewhere.org>"))
    assert linked is not None
    linking.link(linked, correspondence.lead, user=user, now=now)
    away = correspondence.answer("I am away until Monday.", headers="Auto-Submitted: auto-replied")
    consequences.tag(away, Tag.INTERESTED, user=user, now=now)
    assert ", 0 changed" in reprocess()
    for reply in (tagged, linked, away):
        reply.refresh_from_db()
    assert tagged.classification == Tag.INTERESTED
    assert (linked.lead, linked.matched_by) == (correspondence.lead, "hand")
    assert (away.classification, away.kind) == (Tag.INTERESTED, Reply.Kind.REPLY)
    assert Suppression.objects.count() == 0


def test_what_todays_rules_say_anew_has_its_consequences(
    correspondence: Correspondence, monkeypatch: pytest.MonkeyPatch
) -> None:
    def understood_nothing(raw: bytes, **more: object) -> Understanding:
        found = real(raw, **more)  # type: ignore[arg-type]  # handed on as it came
        return Understanding(found.message, MessageKind.LIST)

    real = understand
    with monkeypatch.context() as patch:
        patch.setattr(ingest, "understand", understood_nothing)
        correspondence.receive(message("No thanks, not interested.", answers=correspondence.attempt.message_id))
    assert Suppression.objects.count() == 0
    assert "1 changed" in reprocess()
    assert Suppression.objects.get().value == ED
    assert correspondence.lead.status == Lead.Status.LOST
    assert Reply.objects.get().labels.count() == 2


def test_it_goes_on_where_it_was_and_tries_again_what_tripped_us(
    correspondence: Correspondence, monkeypatch: pytest.MonkeyPatch
) -> None:
    def trip(*args: object, **kwargs: object) -> Understanding:
        raise RuntimeError("tripped")

    with monkeypatch.context() as patch:
        patch.setattr(ingest, "understand", trip)
        correspondence.receive(message("one", message_id="<1@a.b>"))
    correspondence.receive(message("two", message_id="<2@a.b>"))
    moment = timezone.now()
    assert "2 of 2" in reprocess()
    assert Reply.objects.count() == 2
    assert RawMessage.objects.exclude(error="").count() == 0
    assert "0 messages" in reprocess("--go-on-from", moment.isoformat())
    assert "0 messages" in reprocess("--since", "2999-01-01")


def test_what_is_no_mailbox(correspondence: Correspondence) -> None:
    assert "0 understood" in reprocess("--mailbox", correspondence.box.mailbox.email)
    with pytest.raises(CommandError, match="There is no mailbox"):
        reprocess("--mailbox", "nobody@x.org")
    with pytest.raises(CommandError):
        reprocess("--go-on-from", "yesterday")
