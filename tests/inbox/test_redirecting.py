"""Linking by hand on the page, what a reply asks for, and writing to somebody else because they said so."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from campaigns import approvals, outbox
from campaigns.models import Attempt, Contact, Lead
from inbox.asks import asks_of
from inbox.models import Reply
from outreach_site.sandbox.running import RunningOffice
from tests.conftest import World
from tests.inbox.conftest import HTMX, Correspondence, fresh, sent_letter, url
from tests.letterbox import Letterbox

WRONG = "I am not the right person. Please write to my colleague Anna Berg at anna@brightgarden.com, she handles it."


# --- Linking ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def stray(correspondence: Correspondence) -> Reply:
    return correspondence.answer("Sounds good!", answers="<other@x.y>", sender="Zoe Hart <zoe@elsewhere.com>")


@pytest.mark.parametrize("words", ["brightgarden", "https://www.brightgarden.com/", "ed@bright", "Ed Bra"])
def test_the_site_is_found_by_domain_address_and_name(client: Client, stray: Reply, words: str) -> None:
    page = client.get(url("reply_link_search", stray.pk), {"q": words}).content.decode()
    assert "Brightgarden" in page
    assert url("reply_link", stray.pk) in page


def test_the_search_answers_in_parts(client: Client, stray: Reply) -> None:
    htmx = {"HX-Request": "true"}
    dialog = client.get(url("reply_link_search", stray.pk), headers=htmx).content.decode()
    assert "Which site is this from?" in dialog
    found = client.get(url("reply_link_search", stray.pk), {"q": "nothing"}, headers=htmx).content.decode()
    assert found.strip().startswith('<div id="link-found">')
    assert "No site of yours matches" in found


def test_it_is_linked_and_taken_back(client: Client, stray: Reply, correspondence: Correspondence) -> None:
    assert [row.reply for row in client.get(url("reply_list"), {"show": "unlinked"}).context["rows"]] == [stray]
    lead = correspondence.lead
    answer = client.post(url("reply_link", stray.pk), {"lead": str(lead.pk)}, headers=HTMX)
    assert url("reply_unlink", stray.pk) in answer["HX-Trigger"]
    assert fresh(stray).lead == lead
    assert correspondence.lead.status == Lead.Status.REPLIED
    assert list(client.get(url("reply_list"), {"show": "unlinked"}).context["rows"]) == []
    client.post(url("reply_unlink", stray.pk))
    assert fresh(stray).lead is None


def test_no_lead_of_another_workspace(world: World, client: Client, stray: Reply) -> None:
    from campaigns.models import Campaign

    theirs = Campaign.objects.create(workspace=world.elsewhere, name="Theirs")
    lead = Lead.objects.create(campaign=theirs, website_url="https://q.com", site_key="q.com", domain="q.com")
    client.post(url("reply_link", stray.pk), {"lead": str(lead.pk)})
    assert fresh(stray).lead is None
    page = client.get(url("reply_link_search", stray.pk), {"q": "q.com"}).content.decode()
    assert url("reply_link", stray.pk) not in page


def test_who_may_search(world: World, stray: Reply) -> None:
    assert world.client(world.viewer).get(url("reply_link_search", stray.pk)).status_code == 403
    assert world.client(world.stranger).get(url("reply_link_search", stray.pk)).status_code == 404
    assert world.client(world.marketer).post(url("reply_link_search", stray.pk)).status_code == 405


# --- What they ask for ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("row", "label"),
    [
        ({"intent": "asks_price", "amount": "150", "currency": "EUR"}, "Asks for a price: €150"),
        (
            {"intent": "asks_price", "amount": "90", "amount_to": "120", "currency": "NOK"},
            "Asks for a price: NOK 90 to 120",
        ),
        ({"intent": "asks_price"}, "Asks for a price"),
        ({"intent": "asks_topic"}, "Asks for a topic"),
        ({"intent": "link_exchange"}, "Proposes a link exchange"),
        ({"intent": "wrong_person", "name": "Anna", "email": "a@b.com"}, "Wrong person: write to Anna instead"),
        ({"intent": "wrong_person", "email": "a@b.com"}, "Wrong person: write to a@b.com instead"),
        ({"intent": "already_published", "url": "site.com/x"}, "Already published"),
    ],
)
def test_it_is_said_in_plain_words(row: dict[str, str], label: str) -> None:
    [ask] = asks_of(Reply(intents=[{"words": "w", "start": 0, "end": 1, **row}]))
    assert ask.label == label


@pytest.mark.parametrize(
    ("row", "url_shown"),
    [
        ({"url": "site.com/x"}, "https://site.com/x"),
        ({"url": "javascript:alert(1)"}, ""),
        ({"url": "https://"}, ""),
        ({"url": "http://site.com/a?b=c"}, "http://site.com/a?b=c"),
    ],
)
def test_only_a_page_is_linked(row: dict[str, str], url_shown: str) -> None:
    [ask] = asks_of(Reply(intents=[{"intent": "already_published", "words": "", **row}]))
    assert ask.url == url_shown


def test_nonsense_is_passed_over() -> None:
    assert asks_of(Reply(intents=["x", {"intent": "opt_out"}, {"intent": "no such"}, {}])) == []
    assert asks_of(Reply(intents={"intent": "asks_topic"})) == []


# --- Write to X instead -----------------------------------------------------------------------------------------------


def test_whom_they_named_becomes_the_contact_with_its_source(client: Client, correspondence: Correspondence) -> None:
    reply = correspondence.answer(WRONG)
    assert "Prepare a letter to anna@brightgarden.com" in client.get(url("reply_detail", reply.pk)).content.decode()
    answer = client.post(url("reply_instead", reply.pk), {"email": "anna@brightgarden.com"}, headers=HTMX)
    contact = correspondence.lead.contact
    assert contact is not None
    assert (contact.email, contact.name) == ("anna@brightgarden.com", "Anna Berg")
    assert contact.found_passage.startswith("They told us in their reply of ")
    letter = Attempt.objects.get(recipient="anna@brightgarden.com")
    assert (letter.state, letter.due_at, letter.asks) == (Attempt.State.QUEUED, None, "approval ")
    assert "waits until somebody has read it" in answer["HX-Trigger"]
    before = Contact.objects.get(email="ed@brightgarden.com")
    client.post(url("reply_instead_undo", reply.pk, before.pk))
    assert correspondence.lead.contact == before
    letter.refresh_from_db()
    assert letter.state == Attempt.State.CANCELLED


def test_nobody_but_whom_the_reply_names(client: Client, correspondence: Correspondence) -> None:
    reply = correspondence.answer(WRONG)
    client.post(url("reply_instead", reply.pk), {"email": "evil@elsewhere.com"})
    assert Attempt.objects.count() == 1
    assert not Contact.objects.filter(email="evil@elsewhere.com").exists()


def test_no_second_letter_to_whom_we_wrote_already(client: Client, correspondence: Correspondence) -> None:
    sent_letter(correspondence.box, "anna@brightgarden.com", at=timezone.now() - timedelta(days=30))
    reply = correspondence.answer(WRONG)
    answer = client.post(url("reply_instead", reply.pk), {"email": "anna@brightgarden.com"}, headers=HTMX)
    assert "No letter waits: A letter to this address" in answer["HX-Trigger"]
    assert Attempt.objects.filter(recipient="anna@brightgarden.com").count() == 1


def test_a_contact_of_another_lead_is_not_chosen(client: Client, correspondence: Correspondence) -> None:
    other = sent_letter(correspondence.box, "zoe@elsewhere.com").lead.contact
    assert other is not None
    reply = correspondence.answer(WRONG)
    client.post(url("reply_instead_undo", reply.pk, other.pk))
    assert correspondence.lead.contact != other


@pytest.mark.django_db(transaction=True)
def test_the_letter_leaves_once_a_person_has_read_it(rehearsal: Letterbox, post_office: RunningOffice) -> None:
    letter = sent_letter(rehearsal, "hannah@somewhere.test")
    rehearsal.campaign.resume()
    text = WRONG.replace("brightgarden.com", "somewhere.test")
    reply = Correspondence(rehearsal, letter).answer(text, sender="Hannah Lind <hannah@somewhere.test>")
    reply.intents = [{"intent": "wrong_person", "words": "not the right person", "start": 0, "end": 5}
                     | {"email": "anna@somewhere.test", "name": "Anna Berg"}]  # fmt: skip
    reply.save()
    client = rehearsal.world.client(rehearsal.world.marketer)
    client.post(url("reply_instead", reply.pk), {"email": "anna@somewhere.test"})
    waiting = Attempt.objects.get(recipient="anna@somewhere.test")
    assert rehearsal.send().sent == 0
    # The clock looks whether what it waits for has gone: a person's look has not.
    assert outbox.wake(now=timezone.now()) == 0
    Attempt.objects.filter(pk=waiting.pk).update(due_at=timezone.now())  # whatever else makes it due
    assert rehearsal.send().sent == 0
    waiting.refresh_from_db()
    assert (waiting.due_at, waiting.asks) == (None, "approval ")
    assert approvals.approve(
        waiting, subject=waiting.subject, body=waiting.body, user=rehearsal.world.marketer, now=timezone.now()
    )
    report = rehearsal.send()
    waiting.refresh_from_db()
    assert report.sent == 1, (waiting.state, waiting.reason, waiting.due_at, rehearsal.campaign.state)
    [arrived] = post_office.letters()
    assert b"anna@somewhere.test" in arrived.raw
