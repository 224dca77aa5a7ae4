"""The inbox's pages: what they show, who may do what, with and without JavaScript."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone
from django_q.models import OrmQ
from pytest_django import DjangoAssertNumQueries

from campaigns.models import Campaign, Lead
from compliance.models import Hold, Suppression
from inbox.ingest import ingest
from inbox.models import Reply
from outreach_site.mailboxes.models import Mailbox
from tests.conftest import World
from tests.inbox.conftest import HTMX, Correspondence, bounce, fresh, message, sent_letter, url

Tag = Reply.Classification


# --- Pages ------------------------------------------------------------------------------------------------------------


def test_the_list_says_who_wrote_what(client: Client, reply: Reply) -> None:
    page = client.get(url("reply_list")).content.decode()
    assert "Ed Brand" in page
    assert "Sounds good, please send it over." in page
    assert "old words" not in page
    assert "data-unread" in page
    assert "Spring" in page


def test_the_reply_marks_the_words_that_decided(client: Client, reply: Reply) -> None:
    page = client.get(url("reply_detail", reply.pk)).content.decode()
    assert "<mark>Sounds good</mark>" in page
    assert "<mark>please send it</mark>" in page
    assert "&gt; old words" in page  # folded
    assert "I liked your piece on raised beds" in page  # our letter
    assert "In-Reply-To" not in page


def test_nothing_that_a_letter_says_is_markup(client: Client, correspondence: Correspondence) -> None:
    evil = "<script>alert(1)</script><img src=x onerror=alert(2)>"
    reply = correspondence.answer(
        f"{evil} Sounds good! {evil}", subject=f"Re: {evil}", sender=f'"{evil}" <ed@brightgarden.com>'
    )
    assert reply.evidence
    for address in (url("reply_list"), url("reply_detail", reply.pk), url("lead_replies", reply.lead_id)):
        for headers in ({}, {"HX-Request": "true"}):
            page = client.get(address, headers=headers).content.decode()
            assert "<script>alert" not in page
            assert "<img src=x" not in page
    assert "<mark>Sounds good</mark>" in client.get(url("reply_detail", reply.pk)).content.decode()


def test_a_reply_that_is_only_html_is_shown_as_text(client: Client, correspondence: Correspondence) -> None:
    html = "<p>Yes, <b>sounds good</b>!</p><script>alert(1)</script><img src='http://track.example/p.gif'>"
    raw = message(html, answers=correspondence.attempt.message_id).replace(b"text/plain", b"text/html")
    reply = correspondence.receive(raw)
    assert reply is not None
    page = client.get(url("reply_detail", reply.pk)).content.decode()
    assert "Yes, " in page
    assert "track.example" not in page
    assert "alert(1)" not in page


def test_reading_marks_as_read_for_those_who_work_here(world: World, reply: Reply) -> None:
    world.client(world.viewer).get(url("reply_detail", reply.pk))
    assert fresh(reply).read_at is None
    world.client(world.marketer).get(url("reply_detail", reply.pk))
    assert fresh(reply).read_at is not None


def test_htmx_gets_the_thread_the_lead_and_the_rows_that_change(
    client: Client, reply: Reply, correspondence: Correspondence
) -> None:
    other = correspondence.answer("Hello again", subject="Other")
    headers = HTMX | {"HX-Current-URL": f"http://testserver{url('reply_detail', other.pk)}"}
    answer = client.get(url("reply_detail", reply.pk), headers=headers)
    page = answer.content.decode()
    assert "<html" not in page
    assert page.count('hx-swap-oob="true"') == 3
    assert f'id="row-{reply.pk}"' in page
    assert f'id="row-{other.pk}"' in page
    assert 'id="lead-pane"' in page


def test_the_list_refreshes_itself_and_keeps_the_open_one_marked(client: Client, reply: Reply) -> None:
    headers = {"HX-Request": "true", "HX-Current-URL": f"http://testserver{url('reply_detail', reply.pk)}"}
    page = client.get(url("reply_list"), headers=headers).content.decode()
    assert page.strip().startswith('<div id="reply-rows"')
    assert 'aria-current="true"' in page


@pytest.mark.parametrize(
    ("show", "expected"),
    [
        ("", {"Sounds good.", "Maybe later, not interested now, try again next month.", "Hi, who are you?"}),
        ("unread", {"Sounds good.", "Maybe later, not interested now, try again next month.", "Hi, who are you?"}),
        ("review", {"Maybe later, not interested now, try again next month."}),
        ("interested", {"Sounds good."}),
        ("unlinked", {"Hi, who are you?"}),
        ("bounces", {"bounce"}),
        ("automatic", {"I am out of office until Monday."}),
        ("nonsense", {"Sounds good.", "Maybe later, not interested now, try again next month.", "Hi, who are you?"}),
    ],
)
def test_filters(client: Client, correspondence: Correspondence, show: str, expected: set[str]) -> None:
    correspondence.answer("Sounds good.")
    correspondence.answer("Maybe later, not interested now, try again next month.")
    correspondence.answer("I am out of office until Monday.", headers="Auto-Submitted: auto-replied")
    correspondence.receive(message("Hi, who are you?", sender="who@nowhere.org", message_id="<w@w.w>"))
    correspondence.receive(bounce(original=correspondence.attempt.message_id))
    answer = client.get(url("reply_list"), {"show": show})
    shown = {"bounce" if row.reply.kind == "bounce" else row.reply.new_text for row in answer.context["rows"]}
    assert shown == expected


def test_a_campaign_alone(client: Client, reply: Reply, world: World) -> None:
    other = Campaign.objects.create(workspace=world.here, name="Autumn")
    assert [row.reply for row in client.get(url("reply_list"), {"campaign": other.pk}).context["rows"]] == []
    assert [
        row.reply for row in client.get(url("reply_list"), {"campaign": str(reply.campaign_id)}).context["rows"]
    ] == [reply]


def test_pages_follow_each_other_by_key(client: Client, correspondence: Correspondence) -> None:
    same = timezone.now() - timedelta(days=1)
    for number in range(60):
        made = correspondence.answer(f"Hello {number}", message_id=f"<n{number}@x.y>")
        Reply.objects.filter(pk=made.pk).update(received_at=same)
    first = client.get(url("reply_list"))
    seen = [row.reply.pk for row in first.context["rows"]]
    assert len(seen) == 50
    second = client.get(first.context["older_url"])
    rest = [row.reply.pk for row in second.context["rows"]]
    assert len(rest) == 10
    assert seen + rest == sorted(seen + rest, reverse=True)
    assert client.get(url("reply_list"), {"before": "nonsense"}).status_code == 200
    assert client.get(url("reply_list"), {"before": "1e400,5"}).status_code == 200


def test_the_number_of_queries_does_not_grow(
    client: Client, correspondence: Correspondence, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    def fill(count: int) -> Reply:
        for number in range(count):
            made = correspondence.answer(f"Hello {number}", message_id=f"<q{Reply.objects.count()}@x.y>")
        return made

    def count(address: str) -> int:
        from django.db import connection
        from django.test.utils import CaptureQueriesContext

        client.get(address)
        with CaptureQueriesContext(
            connection,
        ) as caught:
            client.get(address)
        return len(caught)

    first = fill(2)
    before = count(url("reply_list")), count(url("reply_detail", first.pk))
    fill(20)
    sent_letter(correspondence.box, "other@brightgarden.com")
    assert (count(url("reply_list")), count(url("reply_detail", first.pk))) == before
    assert before[0] <= 16
    assert before[1] <= 26


def test_nothing_there_yet(client: Client, world: World) -> None:
    assert "Nothing is read yet" in client.get(url("reply_list")).content.decode()


def test_a_mailbox_in_trouble_is_said(client: Client, reply: Reply) -> None:
    Mailbox.objects.update(imap_host="imap.x.com", receiving_state="trouble", receiving_trouble="It fell silent.")
    assert "cannot be read: It fell silent." in client.get(url("reply_list")).content.decode()


def test_replies_of_a_lead(client: Client, reply: Reply) -> None:
    whole = client.get(url("lead_replies", reply.lead_id)).content.decode()
    assert "<html" in whole
    part = client.get(url("lead_replies", reply.lead_id), headers={"HX-Request": "true"}).content.decode()
    assert "<html" not in part
    assert "Sounds good" in part


# --- Actions: it works, htmx, without JavaScript, the stranger, GET ---------------------------------------------------

ACTIONS = (
    "reply_tag", "reply_untag", "reply_lead_status", "reply_undo_suppression", "reply_believe", "reply_disbelieve",
    "reply_unread", "reply_done", "reply_reopen",
)  # fmt: skip


def action_url(name: str, pk: int, slug: str = "orchard") -> str:
    return url(name, pk, "not_interested", slug=slug) if name == "reply_tag" else url(name, pk, slug=slug)


@pytest.mark.parametrize("name", ACTIONS)
def test_an_action_is_no_get_and_nobody_elses(world: World, reply: Reply, name: str) -> None:
    address = action_url(name, reply.pk)
    assert world.client(world.marketer).get(address).status_code == 405
    assert world.client(world.stranger).post(address).status_code == 404
    assert world.client(world.stranger).post(action_url(name, reply.pk, slug="quarry")).status_code == 404
    for user in (world.viewer, world.officer):
        assert world.client(user).post(address).status_code == 403
    assert fresh(reply).classification == Tag.INTERESTED


@pytest.mark.parametrize("name", ACTIONS)
def test_an_action_answers_htmx_and_plain(client: Client, reply: Reply, name: str) -> None:
    address = action_url(name, reply.pk)
    data = {"status": "placed"} if name == "reply_lead_status" else {}
    plain = client.post(address, data)
    assert plain.status_code == 302
    assert plain["Location"].startswith("/w/orchard/inbox/")
    swapped = client.post(address, data, headers=HTMX)
    assert swapped.status_code in {200, 204}
    assert b"<html" not in swapped.content
    undone = client.post(address, data, headers={"HX-Request": "true"})
    assert undone.status_code in {200, 204}


def test_tagging_by_hand_and_undo(client: Client, reply: Reply) -> None:
    answer = client.post(url("reply_tag", reply.pk, "not_interested"), headers=HTMX)
    assert "Nobody here will write to ed@brightgarden.com again." in answer["HX-Trigger"]
    assert url("reply_untag", reply.pk) in answer["HX-Trigger"]
    assert fresh(reply).classification == Tag.NOT_INTERESTED
    assert Suppression.objects.get().value == "ed@brightgarden.com"
    assert Lead.objects.get().status == Lead.Status.LOST
    assert "Nobody here will write to ed@brightgarden.com again" in answer.content.decode()
    undone = client.post(url("reply_untag", reply.pk), headers={"HX-Request": "true"})
    assert undone.status_code == 204
    assert "reply-undone" in undone["HX-Trigger"]
    assert fresh(reply).classification == Tag.INTERESTED
    assert not Suppression.objects.exists()
    assert Lead.objects.get().status == Lead.Status.REPLIED


def test_a_tag_that_is_none(client: Client, reply: Reply) -> None:
    client.post(url("reply_tag", reply.pk, "bounce"))
    assert fresh(reply).classification == Tag.INTERESTED


def test_the_suppression_of_a_refusal_can_be_undone(client: Client, correspondence: Correspondence) -> None:
    reply = correspondence.answer("No thanks.")
    page = client.get(url("reply_detail", reply.pk)).content.decode()
    assert url("reply_undo_suppression", reply.pk) in page
    client.post(url("reply_undo_suppression", reply.pk))
    assert not Suppression.objects.exists()
    again = client.post(url("reply_undo_suppression", reply.pk), follow=True)
    assert b"compliance can lift it" in again.content


def test_an_opt_out_offers_no_undo(client: Client, correspondence: Correspondence) -> None:
    reply = correspondence.answer("Please stop emailing me.")
    page = client.get(url("reply_detail", reply.pk)).content.decode()
    assert "Nobody here will write to ed@brightgarden.com again: they asked for it." in page
    assert url("reply_undo_suppression", reply.pk) not in page
    client.post(url("reply_undo_suppression", reply.pk))
    assert Suppression.objects.get().reason == "opt_out"


def test_the_lead_is_set_to_placed(client: Client, reply: Reply) -> None:
    client.post(url("reply_lead_status", reply.pk), {"status": "placed"})
    assert Lead.objects.get().status == Lead.Status.PLACED
    client.post(url("reply_lead_status", reply.pk), {"status": "discovered"})
    assert Lead.objects.get().status == Lead.Status.PLACED


def test_done_leaves_the_inbox_and_goes_on_to_the_next(client: Client, correspondence: Correspondence) -> None:
    older = correspondence.answer("Hello")
    newer = correspondence.answer("Hello again")
    Reply.objects.filter(pk=older.pk).update(received_at=timezone.now() - timedelta(hours=1))
    answer = client.post(url("reply_done", newer.pk))
    assert answer["Location"] == url("reply_detail", older.pk)
    assert [row.reply for row in client.get(url("reply_list")).context["rows"]] == [older]
    swapped = client.post(url("reply_done", older.pk), headers=HTMX)
    assert swapped["HX-Redirect"] == url("reply_list")
    client.post(url("reply_reopen", older.pk))
    assert fresh(older).done_at is None


def test_unread_again(client: Client, reply: Reply) -> None:
    client.get(url("reply_detail", reply.pk))
    answer = client.post(url("reply_unread", reply.pk))
    assert answer["Location"] == url("reply_list")
    assert fresh(reply).read_at is None


@pytest.mark.parametrize("true", [True, False])
def test_a_doubtful_bounce_is_decided_by_a_person(client: Client, correspondence: Correspondence, true: bool) -> None:
    reply = correspondence.receive(bounce())
    assert reply is not None
    assert "It is not true" in client.get(url("reply_detail", reply.pk)).content.decode()
    client.post(url("reply_believe" if true else "reply_disbelieve", reply.pk))
    assert Suppression.objects.exists() is true
    assert not Hold.objects.standing().exists()
    assert not fresh(reply).needs_review


def test_looking_now_asks_the_worker(
    client: Client, correspondence: Correspondence, django_capture_on_commit_callbacks: Callable[..., object]
) -> None:
    Mailbox.objects.update(imap_host="imap.orchardmedia.com")
    OrmQ.objects.all().delete()
    with django_capture_on_commit_callbacks(execute=True):  # type: ignore[attr-defined]  # a context manager
        answer = client.post(url("poll_now"), headers={"HX-Request": "true"})
    assert answer.status_code == 204
    assert "replies-looked" in answer["HX-Trigger"]
    [task] = OrmQ.objects.all()
    assert task.task["args"] == (correspondence.box.mailbox.pk,)


def test_looking_now_five(world: World, correspondence: Correspondence) -> None:
    assert world.client(world.marketer).post(url("poll_now")).status_code == 302
    assert world.client(world.marketer).get(url("poll_now")).status_code == 405
    assert world.client(world.stranger).post(url("poll_now")).status_code == 404
    assert world.client(world.viewer).post(url("poll_now")).status_code == 403


def test_other_workspaces_see_nothing(world: World, reply: Reply) -> None:
    stranger = world.client(world.stranger)
    assert stranger.get(url("reply_list")).status_code == 404
    assert stranger.get(url("reply_detail", reply.pk)).status_code == 404
    assert stranger.get(url("reply_detail", reply.pk, slug="quarry")).status_code == 404
    assert stranger.get(url("lead_replies", reply.lead_id, slug="quarry")).status_code == 404
    assert b"Ed Brand" not in stranger.get(url("reply_list", slug="quarry")).content


def test_ingesting_again_keeps_done_and_read(client: Client, correspondence: Correspondence) -> None:
    reply = correspondence.answer("Sounds good.")
    client.post(url("reply_done", reply.pk))
    ingest(reply.raw_id, now=timezone.now())
    assert fresh(reply).done_at is not None
    assert fresh(reply).read_at is not None
