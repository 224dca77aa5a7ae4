"""What others are told of what comes in: with the message, once, and nothing that anybody can make up."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone

from inbox import consequences, linking
from inbox.ingest import ingest
from inbox.models import RawMessage, Reply
from outreach_site.lib import ports
from outreach_site.lib.ports import News, What
from tests.inbox.conftest import Correspondence, bounce, message

STRANGER = "Jo Doe <jo@somewhere-else.org>"


class Ear:
    """A listener that writes down what it hears, as a room does: in the transaction of what happened."""

    def __init__(self) -> None:
        self.news: list[News] = []

    def __call__(self, news: Any) -> None:
        assert transaction.get_connection().in_atomic_block
        assert len({each.workspace_id for each in news}) == 1
        self.news += news

    @property
    def heard(self) -> list[tuple[str, str]]:
        return [(each.what.value, each.key) for each in self.news]


@pytest.fixture
def ear(monkeypatch: pytest.MonkeyPatch) -> Ear:
    ear = Ear()
    monkeypatch.setattr(ports, "_news_listeners", [*ports._news_listeners, ear])
    return ear


def test_an_answer_is_told_once_with_ids_and_no_text(correspondence: Correspondence, ear: Ear) -> None:
    reply = correspondence.answer("Sounds good, please send it over.")
    letter = correspondence.attempt
    assert ear.heard == [(What.REPLY, reply.about), (What.INTEREST, reply.about)]
    answered = ear.news[0]
    assert answered.facts == {
        "reply_id": reply.pk,
        "lead_id": letter.lead_id,
        "campaign_id": letter.campaign_id,
        "attempt_id": letter.pk,
        "classification": "interested",
    }
    assert answered.email == "ed@brightgarden.com"
    assert "Sounds good" not in str(ear.news)
    ingest(reply.raw_id, now=timezone.now())
    assert len(ear.news) == 2


def test_an_absence_is_no_answer(correspondence: Correspondence, ear: Ear) -> None:
    correspondence.answer("I am out of office until 5 January.", headers="Auto-Submitted: auto-replied")
    assert ear.news == []


def test_an_opt_out_by_reply_is_told_with_its_suppression(correspondence: Correspondence, ear: Ear) -> None:
    reply = correspondence.answer("Please remove me from your list.")
    assert [what for what, _ in ear.heard] == [What.OPT_OUT, What.REPLY]
    assert ear.news[0].facts["source"] == reply.about
    assert ear.news[0].email == "ed@brightgarden.com"


def test_a_refusal_is_an_answer_and_no_opt_out(correspondence: Correspondence, ear: Ear) -> None:
    correspondence.answer("No thanks, we are not interested.")
    assert [what for what, _ in ear.heard] == [What.REPLY]


def test_a_letter_from_nobody_we_know_is_told_once_it_is_tied_to_a_lead(
    correspondence: Correspondence, ear: Ear
) -> None:
    reply = correspondence.receive(message("What is the price?", sender=STRANGER, subject="Hello"))
    assert reply is not None
    assert What.REPLY not in [what for what, _ in ear.heard]
    ear.news.clear()
    linking.link(reply, correspondence.lead, user=correspondence.box.world.marketer, now=timezone.now())
    assert ear.heard == [(What.REPLY, reply.about)]
    assert ear.news[0].facts["lead_id"] == correspondence.lead.pk


def test_a_person_who_finds_interest_tells_of_it(correspondence: Correspondence, ear: Ear) -> None:
    reply = correspondence.answer("What is the price?")
    ear.news.clear()
    user = correspondence.box.world.marketer
    consequences.tag(reply, Reply.Classification.NOT_INTERESTED, user=user, now=timezone.now())
    assert ear.news == []
    consequences.tag(reply, Reply.Classification.INTERESTED, user=user, now=timezone.now())
    assert ear.heard == [(What.INTEREST, reply.about)]


@pytest.mark.parametrize(("status", "hardness"), [("5.1.1", "hard"), ("4.2.2", "soft")])
def test_a_bounce_that_names_our_letter(correspondence: Correspondence, ear: Ear, status: str, hardness: str) -> None:
    letter = correspondence.attempt
    words = f"{'550' if hardness == 'hard' else '452'} {status} No"
    raw = bounce(original=letter.message_id, status=status, words=words)
    for copy in (raw, raw.replace(b"\r\n\r\n", b"\r\nX-Copy: 1\r\n\r\n", 1)):
        correspondence.receive(copy)
    assert ear.heard == [(What.BOUNCE, f"{letter.about}:{hardness}")]
    assert ear.news[0].facts["attempt_id"] == letter.pk
    assert ear.news[0].email == letter.recipient


def test_a_forged_bounce_is_no_news_until_a_person_believes_it(correspondence: Correspondence, ear: Ear) -> None:
    reply = correspondence.receive(bounce(original="<made-up@orchardmedia.com>"))
    assert reply is not None
    assert ear.news == []
    consequences.believe_report(reply, user=correspondence.box.world.marketer, now=timezone.now())
    assert ear.heard == [(What.BOUNCE, f"{correspondence.attempt.about}:hard")]


def test_an_address_that_a_report_makes_up_is_not_told(correspondence: Correspondence, ear: Ear) -> None:
    correspondence.receive(bounce("victim@elsewhere.com", original=correspondence.attempt.message_id))
    assert [each.email for each in ear.news] == [correspondence.attempt.recipient]


def test_what_cannot_be_told_undoes_the_message_and_it_is_told_later(
    correspondence: Correspondence, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_: object) -> None:
        raise RuntimeError

    raw = correspondence.store(message("Sounds good", answers=correspondence.attempt.message_id))
    with monkeypatch.context() as patched:
        patched.setattr(ports, "_news_listeners", [fail])
        ingest(raw.pk, now=timezone.now())
    assert not Reply.objects.exists()
    assert "RuntimeError" in RawMessage.objects.get(pk=raw.pk).error
