"""Messages by the batch: as many queries for forty as for five, one that trips us alone, and two who store at once."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest
from django.db import IntegrityError, connection
from django.db.models import Count
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from campaigns.models import Attempt, Lead
from compliance import unsubscribe
from compliance.models import Suppression
from inbox import ingest
from inbox.models import RawMessage, Reply
from inbox.storing import Arrival, keep
from outreach_site.desk.outgoing import endpoints
from outreach_site.desk.outgoing.models import Delivery, Event, Offered
from outreach_site.lib.inserting import insert as insert_rows
from tests.inbox.conftest import Correspondence, bounce, message, sent_letter

WORDS = ("Sounds good, please send it over.", "No thanks, not interested.", "Please remove me from your list.")


def arrival(raw: bytes) -> Arrival:
    return Arrival(raw=raw, received_at=timezone.now(), size=len(raw))


def take_in(correspondence: Correspondence, raws: list[bytes]) -> int:
    """Store them, and understand them in one batch: how many queries that took."""
    mailbox = correspondence.box.mailbox
    rows = keep(mailbox, [arrival(raw) for raw in raws], now=timezone.now())
    own = ingest.own_addresses(mailbox)
    with CaptureQueriesContext(connection) as captured:
        ingest.ingest_many(mailbox, [row.pk for row in rows], own=own, now=timezone.now())
    return len(captured)


def answers(correspondence: Correspondence, start: int, count: int) -> list[bytes]:
    """Interest, refusals, opt-outs and bounces of as many leads."""
    raws = []
    for number in range(start, start + count):
        address = f"ed{number}@site{number}.com"
        attempt = sent_letter(correspondence.box, address)
        if number % 4 == 3:
            raws.append(bounce(address, original=attempt.message_id))
        else:
            raws.append(
                message(WORDS[number % 4], sender=address, answers=attempt.message_id, message_id=f"<{number}@s.com>")
            )
    return raws


def test_a_batch_that_is_told_of_costs_no_more_for_many(correspondence: Correspondence) -> None:
    world = correspondence.box.world
    endpoints.create(
        world.here, url="https://crm.example/", note="", events=list(Offered), user=world.owner, now=timezone.now()
    )
    take_in(correspondence, answers(correspondence, 0, 4))
    few = take_in(correspondence, answers(correspondence, 100, 4))
    many = take_in(correspondence, answers(correspondence, 200, 40))
    assert few == many
    told = dict(Event.objects.order_by().values_list("what").annotate(Count("pk")))
    assert told == {"reply.received": 36, "letter.bounced": 12, "contact.opted_out": 12}
    assert Delivery.objects.count() == 60


def test_a_batch_costs_what_a_few_cost(correspondence: Correspondence) -> None:
    take_in(correspondence, answers(correspondence, 0, 4))
    few = take_in(correspondence, answers(correspondence, 100, 4))
    many = take_in(correspondence, answers(correspondence, 200, 40))
    assert few == many
    assert many <= 67  # whether a webhook wants to hear of opt-outs, and of answers and bounces, is asked once each
    assert Reply.objects.count() == 48
    assert Suppression.objects.count() == 36
    statuses = Lead.objects.filter(attempts__isnull=False).values_list("status", flat=True)
    assert {status: list(statuses).count(status) for status in set(statuses)} == {
        "replied": 12, "lost": 12, "unsubscribed": 12, "bounced": 12, "contacted": 1,
    }  # fmt: skip


def test_one_that_trips_us_stops_none_of_its_batch(
    correspondence: Correspondence, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = ingest._fill

    def fill(reply: Reply, understood: Any, *args: Any, **more: Any) -> None:
        real(reply, understood, *args, **more)
        if "poison" in reply.text:
            raise IntegrityError("as a database says it")

    monkeypatch.setattr(ingest, "_fill", fill)
    texts = ["one", "two", "poison", "three"]
    take_in(correspondence, [message(text, message_id=f"<{text}@a.b>") for text in texts])
    assert set(Reply.objects.values_list("new_text", flat=True)) == {"one", "two", "three"}
    assert "IntegrityError" in RawMessage.objects.exclude(error="").get().error
    assert RawMessage.objects.not_understood().count() == 0


def test_two_who_store_the_same_at_the_same_moment(
    correspondence: Correspondence, monkeypatch: pytest.MonkeyPatch
) -> None:
    mailbox = correspondence.box.mailbox
    both, mine = message("both", message_id="<both@a.b>"), message("mine", message_id="<mine@a.b>")
    quicker: list[bool] = []

    def insert(rows: Any, **more: Any) -> None:
        if not quicker:
            # Between our look and our insert, a webhook has stored one of them.
            quicker.append(True)
            RawMessage.objects.create(
                mailbox=mailbox, digest=hashlib.sha256(both).hexdigest(), size=1, folder="", received_at=timezone.now()
            )
        insert_rows(rows, **more)

    monkeypatch.setattr("inbox.storing.insert", insert)
    kept = keep(mailbox, [arrival(both), arrival(mine)], now=timezone.now())
    # The other's row went with our failed attempt here, where both share one connection; so both are ours in the end.
    assert {row.digest for row in kept} <= {hashlib.sha256(raw).hexdigest() for raw in (both, mine)}
    assert RawMessage.objects.filter(mailbox=mailbox).count() == 2


def test_of_several_answers_of_one_lead_each_has_its_say(correspondence: Correspondence) -> None:
    ours = correspondence.attempt.message_id
    texts = ("Thanks, I will think about it.", "No thanks, not interested.", "Please remove me from your list.")
    take_in(correspondence, [message(text, answers=ours, message_id=f"<{n}@b.com>") for n, text in enumerate(texts)])
    assert correspondence.lead.status == Lead.Status.UNSUBSCRIBED
    assert Suppression.objects.get().reason == "opt_out"


# --- What ties a message to a letter ----------------------------------------------------------------------------------


def test_our_token_ties_an_answer_whose_headers_say_nothing(correspondence: Correspondence) -> None:
    attempt = correspondence.attempt
    token = unsubscribe.token_for(
        workspace=correspondence.box.world.here, address=attempt.recipient, about=attempt.about, now=timezone.now()
    )
    quoted = f"No thanks, not interested.\n\nOn 1 Dec, Mara wrote:\n> Not for you? {unsubscribe.link(token)}"
    reply = correspondence.receive(message(quoted, sender="Jo <jo@private.org>"))
    assert reply is not None
    assert (reply.attempt, reply.matched_by) == (attempt, "token")
    values = Suppression.objects.values_list("value", flat=True)
    assert set(values) == {"jo@private.org", attempt.recipient_key}


def test_a_token_of_another_workspace_ties_nothing(correspondence: Correspondence) -> None:
    token = unsubscribe.token_for(
        workspace=correspondence.box.world.elsewhere, address="a@b.org", about="attempt:1", now=timezone.now()
    )
    reply = correspondence.receive(message(unsubscribe.link(token), sender="Jo <jo@private.org>"))
    assert reply is not None
    assert reply.matched_by == ""


def test_the_id_that_a_provider_put_in_place_of_ours(correspondence: Correspondence) -> None:
    Attempt.objects.update(wire_id="<0102018c-aaaa@eu-west-1.amazonses.com>")
    answer = message("Sounds good.", sender="pa@other.org", answers="<0102018c-aaaa@eu-west-1.amazonses.com>")
    reply = correspondence.receive(answer)
    assert reply is not None
    assert (reply.attempt, reply.matched_by) == (correspondence.attempt, "in_reply_to")


def test_ids_are_found_by_their_indexes(correspondence: Correspondence) -> None:
    """However many letters there are: each of the two columns has an index of its own."""
    with CaptureQueriesContext(connection) as captured:
        correspondence.receive(message("Hello", answers=correspondence.attempt.message_id))
    asked = [query["sql"] for query in captured if "message_id" in query["sql"] and "campaigns_attempt" in query["sql"]]
    asked = [sql for sql in asked if sql.startswith("SELECT") and " IN (" in sql and "wire_id" not in sql]
    assert asked
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN QUERY PLAN {asked[0]}")
        plan = " ".join(str(row) for row in cursor.fetchall())
    assert "message_id_once" in plan
