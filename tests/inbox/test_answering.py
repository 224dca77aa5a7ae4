"""The composer: prefilled, kept while one types, sent with files, taken back, refused with a reason."""

from __future__ import annotations

import email
import email.policy
import re
from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from campaigns.enclosures import LARGEST_FILE
from campaigns.models import Attempt, Lead
from compliance.models import Kind
from inbox import answering
from inbox.desk_models import AnswerDraft, DraftFile
from inbox.models import Reply
from outreach_site.mailboxes.models import Mailbox
from outreach_site.sandbox.running import RunningOffice
from tests.conftest import World
from tests.inbox.conftest import HTMX, Correspondence, bounce, fresh, sent_letter, url
from tests.letterbox import Letterbox

TYPED = {"subject": "Re: An idea", "body": "Hi Ed,\n\ngladly."}


def file(name: str = "plan.pdf", content: bytes = b"%PDF") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content, content_type="application/pdf")


def composer(client: Client, reply: Reply) -> str:
    return client.get(url("reply_answer", reply.pk)).content.decode()


# --- What it starts from ----------------------------------------------------------------------------------------------


def test_it_is_prefilled(client: Client, reply: Reply) -> None:
    page = composer(client, reply)
    assert 'value="Re: An idea for Brightgarden"' in page
    assert "Hi Ed," in page
    assert "ed@brightgarden.com, from mara@orchardmedia.com" in page
    assert "Orchard Media" in page  # who signs
    partial = client.get(url("reply_answer", reply.pk), headers={"HX-Request": "true", "HX-Target": "composer"})
    assert partial.content.decode().strip().startswith("<form")


@pytest.mark.parametrize(
    ("subject", "expected"),
    [
        ("An idea", "Re: An idea"),
        ("AW: An idea", "AW: An idea"),
        ("RE[2]: An idea", "RE[2]: An idea"),
        ("Regarding you", "Re: Regarding you"),
        ("", "Re: An idea for Brightgarden"),
        ("x" * 400, "Re: " + "x" * 196),
    ],
)
def test_the_subject(reply: Reply, subject: str, expected: str) -> None:
    reply.subject = subject
    assert answering.subject_of(reply) == expected


@pytest.mark.parametrize(
    ("name", "greeting"),
    [("Ed Brand", "Hi Ed,"), ("Brand, Ed", "Hi Brand,"), ("", "Hello,"), ("ed@x.com", "Hello,"), ("<b>", "Hello,")],
)
def test_the_greeting(reply: Reply, name: str, greeting: str) -> None:
    reply.from_name = name
    assert answering.beginning_of(reply).startswith(greeting)


def test_a_message_of_a_machine_has_no_answer(client: Client, correspondence: Correspondence) -> None:
    report = correspondence.receive(bounce())
    assert report is not None
    assert "Nobody reads answers to this message" in composer(client, report)
    client.post(url("reply_answer", report.pk), TYPED)
    assert not Attempt.objects.filter(kind=Kind.ANSWER).exists()


def test_an_unlinked_reply_has_to_be_linked_first(client: Client, reply: Reply) -> None:
    Reply.objects.filter(pk=reply.pk).update(lead=None, campaign=None, attempt=None)
    assert "Link it first" in composer(client, reply)


def test_it_says_before_sending_what_would_hold_it(client: Client, reply: Reply) -> None:
    Mailbox.objects.update(paused_at=timezone.now())
    assert "It would wait" in composer(client, reply)


def test_a_viewer_has_no_composer(world: World, reply: Reply) -> None:
    AnswerDraft.objects.create(reply=reply, user=world.viewer, body="x")
    page = world.client(world.viewer).get(url("reply_detail", reply.pk)).content.decode()
    assert 'id="composer"' not in page
    assert url("reply_answer", reply.pk) not in page


# --- The draft --------------------------------------------------------------------------------------------------------


def test_what_is_typed_is_kept_and_there_after_a_reload(client: Client, reply: Reply) -> None:
    answer = client.post(url("answer_keep", reply.pk), TYPED, headers={"HX-Request": "true"})
    assert "Draft kept" in answer.content.decode()
    page = client.get(url("reply_detail", reply.pk)).content.decode()
    assert "gladly." in page
    client.post(url("answer_discard", reply.pk))
    assert "gladly." not in client.get(url("reply_detail", reply.pk)).content.decode()


def seen_in(page: str) -> str:
    found = re.search(r'name="seen" value="([^"]+)"', page)
    assert found is not None
    return found[1]


def test_two_windows_overwrite_nothing_of_each_other(client: Client, reply: Reply) -> None:
    htmx = {"HX-Request": "true"}
    keep, send = url("answer_keep", reply.pk), url("reply_answer", reply.pk)
    one = other = seen_in(composer(client, reply))
    answer = client.post(keep, TYPED | {"seen": one}, headers=htmx).content.decode()
    assert "another window" not in answer
    one = seen_in(answer)
    answer = client.post(keep, TYPED | {"seen": one, "body": "Hi Ed, rewritten."}, headers=htmx).content.decode()
    assert "another window" not in answer, "one window may change all it likes"
    late = {"seen": other, "body": "From the second."}
    page = client.post(send, TYPED | late, headers=HTMX).content.decode()
    assert "was written in another window too" in page
    assert not Attempt.objects.filter(kind=Kind.ANSWER).exists()
    both = f"Hi Ed, rewritten.\n\n{answering.OTHER_WINDOW}\n\nFrom the second."
    assert AnswerDraft.objects.get().body == both
    assert f">\n{both}</textarea>" in page
    answer = client.post(keep, TYPED | {"seen": one, "body": "Once more."}, headers=htmx).content.decode()
    assert 'hx-swap-oob="true"' in answer, "the first window shows both too"
    assert AnswerDraft.objects.get().body == f"{both}\n\n{answering.OTHER_WINDOW}\n\nOnce more."
    client.post(send, TYPED | {"seen": seen_in(answer), "body": "Made one."})
    assert Attempt.objects.get(kind=Kind.ANSWER).body == "Made one."


@pytest.mark.parametrize("body", ["Hi Ed,\n\ngladly. And more.", "Hi Ed,\n\n"])
def test_of_two_texts_that_hold_each_other_the_longer_is_kept(client: Client, reply: Reply, body: str) -> None:
    other = seen_in(composer(client, reply))
    client.post(url("answer_keep", reply.pk), TYPED)
    answer = client.post(
        url("answer_keep", reply.pk), {"subject": "s", "body": body, "seen": other}, headers={"HX-Request": "true"}
    )
    longer = max(body, TYPED["body"], key=len)
    assert AnswerDraft.objects.get().body == longer
    assert ("another window" in answer.content.decode()) is (longer != body)


def test_two_texts_that_are_too_long_together_stay_where_they_are(client: Client, reply: Reply) -> None:
    other = seen_in(composer(client, reply))
    client.post(url("answer_keep", reply.pk), TYPED)
    late = {"subject": "s", "body": "x" * answering.LONGEST_BODY, "seen": other}
    page = client.post(url("reply_answer", reply.pk), late).content.decode()
    assert answering.TOO_LONG_TOGETHER in page
    assert late["body"] in page
    assert seen_in(page) == other, "it is not overwritten the next time either"
    assert AnswerDraft.objects.get().body == TYPED["body"]


def test_files_are_kept_one_by_one_and_left_out_again(client: Client, reply: Reply) -> None:
    htmx = {"HX-Request": "true"}
    client.post(url("answer_keep", reply.pk), TYPED | {"files": [file(), file("b.txt")]}, headers=htmx)
    answer = client.post(url("answer_keep", reply.pk), TYPED | {"files": [file("c.txt")]}, headers=htmx)
    assert [each.name for each in DraftFile.objects.all()] == ["plan.pdf", "b.txt", "c.txt"]
    assert answer.content.decode().count("Leave out") == 3
    first = DraftFile.objects.get(name="plan.pdf")
    client.post(url("answer_file_remove", reply.pk, first.pk), TYPED | {"body": "changed"}, headers=htmx)
    assert DraftFile.objects.count() == 2
    assert AnswerDraft.objects.get().body == "changed"


def test_what_cannot_go_says_why_and_nothing_typed_is_lost(client: Client, reply: Reply) -> None:
    large = file("film.mov", b"x" * (LARGEST_FILE + 1))
    answer = client.post(
        url("reply_answer", reply.pk), TYPED | {"files": [large, file("empty.txt", b"")]}, headers=HTMX
    )
    page = answer.content.decode()
    assert "“film.mov” is larger than 10 MB" in page
    assert "“empty.txt” is empty" in page
    assert "gladly." in page
    assert not Attempt.objects.filter(kind=Kind.ANSWER).exists()


def test_a_letter_that_is_too_long_stays_in_the_page(client: Client, reply: Reply) -> None:
    long = "x" * (answering.LONGEST_BODY + 1)
    page = client.post(url("reply_answer", reply.pk), {"subject": "s", "body": long}).content.decode()
    assert long in page
    assert "too long" in page
    assert not Attempt.objects.filter(kind=Kind.ANSWER).exists()


def test_an_empty_answer_is_not_sent(client: Client, reply: Reply) -> None:
    page = client.post(url("reply_answer", reply.pk), {"subject": "Re: x", "body": " \n"}).content.decode()
    assert "The answer is empty." in page


def test_words_of_an_old_page_do_not_come_back_after_sending(client: Client, reply: Reply) -> None:
    client.post(url("reply_answer", reply.pk), TYPED)
    late = client.post(url("answer_keep", reply.pk), TYPED, headers={"HX-Request": "true"})
    assert "has just been sent" in late.content.decode()
    client.post(url("reply_answer", reply.pk), TYPED)  # The button, pressed twice.
    assert Attempt.objects.filter(kind=Kind.ANSWER).count() == 1


def test_one_can_write_again_in_the_same_thread(client: Client, reply: Reply) -> None:
    client.post(url("reply_answer", reply.pk), TYPED | {"files": [file()]})
    page = composer(client, reply)
    assert "Write again" in page
    assert "plan.pdf, " in page  # with the letter that went
    stamp = str(Attempt.objects.get(kind=Kind.ANSWER).pk)
    assert f'name="stamp" value="{stamp}"' in page
    client.post(url("reply_answer", reply.pk), {"subject": "Re: x", "body": "One more thing.", "stamp": stamp})
    letters = Attempt.objects.filter(kind=Kind.ANSWER).order_by("pk")
    assert [letter.enclosures.count() for letter in letters] == [1, 0]


# --- Sending, and taking back -----------------------------------------------------------------------------------------


def test_sending_says_so_and_can_be_undone(client: Client, reply: Reply) -> None:
    answer = client.post(url("reply_answer", reply.pk), TYPED | {"files": [file()]}, headers=HTMX)
    letter = Attempt.objects.get(kind=Kind.ANSWER)
    assert "leaves in 10 seconds" in answer["HX-Trigger"]
    assert url("answer_undo", reply.pk, letter.pk) in answer["HX-Trigger"]
    assert letter.answers == f"reply:{reply.pk}"
    assert letter.in_reply_to == reply.message_id
    assert reply.attempt is not None
    assert reply.attempt.message_id in letter.references
    assert [each.name for each in letter.enclosures.all()] == ["plan.pdf"]
    assert "Leaves in a moment" in answer.content.decode()
    undone = client.post(url("answer_undo", reply.pk, letter.pk), headers={"HX-Request": "true"})
    assert undone.status_code == 204
    letter.refresh_from_db()
    assert letter.state == Attempt.State.CANCELLED
    page = client.get(url("reply_detail", reply.pk)).content.decode()
    assert "gladly." in page
    assert "Leave out plan.pdf" in page


def test_a_letter_that_was_about_to_leave_is_looked_at_again(client: Client, world: World, reply: Reply) -> None:
    client.post(url("reply_answer", reply.pk), TYPED)
    letter = Attempt.objects.get(kind=Kind.ANSWER)
    address = url("reply_letter", reply.pk, letter.pk)
    assert address in client.get(url("reply_detail", reply.pk)).content.decode()
    Attempt.objects.filter(pk=letter.pk).update(state=Attempt.State.SENT, finished_at=timezone.now())
    part = client.get(address, headers={"HX-Request": "true"}).content.decode()
    assert "gladly." in part
    assert "Leaves in a moment" not in part
    assert address not in part
    assert client.get(address).status_code == 302
    assert world.client(world.stranger).get(address).status_code == 404


def test_too_late_for_undo(client: Client, reply: Reply) -> None:
    client.post(url("reply_answer", reply.pk), TYPED)
    letter = Attempt.objects.get(kind=Kind.ANSWER)
    Attempt.objects.filter(pk=letter.pk).update(state=Attempt.State.SENT, finished_at=timezone.now())
    page = client.post(url("answer_undo", reply.pk, letter.pk), follow=True).content.decode()
    assert "It is too late" in page


def test_send_and_done_leaves_the_inbox(client: Client, reply: Reply) -> None:
    client.post(url("reply_answer", reply.pk), TYPED | {"then": "done"})
    assert fresh(reply).done_at is not None
    client.post(url("answer_undo", reply.pk, Attempt.objects.get(kind=Kind.ANSWER).pk))
    assert fresh(reply).done_at is None


def test_sent_drafts_do_not_stay_for_ever(client: Client, world: World, reply: Reply) -> None:
    client.post(url("reply_answer", reply.pk), TYPED)
    AnswerDraft.objects.update(sent_at=timezone.now() - answering.KEPT_FOR - timedelta(hours=1))
    old = AnswerDraft.objects.get()
    world.client(world.owner).post(url("reply_answer", reply.pk), TYPED)
    assert not AnswerDraft.objects.filter(pk=old.pk).exists()


def test_a_letter_of_another_lead_is_not_undone_here(
    client: Client, reply: Reply, correspondence: Correspondence
) -> None:
    other = sent_letter(correspondence.box, "zoe@elsewhere.com")
    assert client.post(url("answer_undo", reply.pk, other.pk)).status_code == 404


# --- After a no -------------------------------------------------------------------------------------------------------


def test_after_a_refusal_it_has_to_be_confirmed(client: Client, correspondence: Correspondence) -> None:
    refusal = correspondence.answer("No thanks.")
    page = composer(client, refusal)
    assert 'name="confirmed" required' in page
    assert client.post(url("reply_answer", refusal.pk), TYPED).status_code == 200
    assert not Attempt.objects.filter(kind=Kind.ANSWER).exists()
    client.post(url("reply_answer", refusal.pk), TYPED | {"confirmed": "on"})
    assert Attempt.objects.get(kind=Kind.ANSWER).refusal_waived_at is not None


def test_after_an_opt_out_none_goes(client: Client, correspondence: Correspondence) -> None:
    gone = correspondence.answer("Please stop emailing me.")
    page = composer(client, gone)
    assert "No answer can go" in page
    assert 'name="body"' not in page
    client.post(url("reply_answer", gone.pk), TYPED | {"confirmed": "on"})
    assert not Attempt.objects.filter(kind=Kind.ANSWER).exists()
    assert "gladly." in client.get(url("reply_detail", gone.pk)).content.decode()  # What was typed is not lost.


# --- All the way ------------------------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_it_arrives_in_their_conversation(rehearsal: Letterbox, post_office: RunningOffice) -> None:
    letter = sent_letter(rehearsal, "hannah@somewhere.test")
    reply = Correspondence(rehearsal, letter).answer("Yes, please.", sender="Hannah Lind <hannah@somewhere.test>")
    client = rehearsal.world.client(rehearsal.world.marketer)
    client.post(url("reply_answer", reply.pk), TYPED | {"files": [file("plan é.pdf", b"%PDF\x00")]})
    Attempt.objects.filter(kind=Kind.ANSWER).update(due_at=timezone.now())
    assert rehearsal.send().sent == 1
    [arrived] = post_office.letters()
    message = email.message_from_bytes(arrived.raw, policy=email.policy.default)
    assert message["To"] == "Hannah Lind <hannah@somewhere.test>"
    assert message["Subject"] == "Re: An idea"
    assert message["In-Reply-To"] == reply.message_id
    assert message["References"].split() == [letter.message_id, reply.message_id]
    body, enclosed = list(message.iter_parts())
    assert "gladly." in body.get_content()
    assert (enclosed.get_filename(), enclosed.get_payload(decode=True)) == ("plan é.pdf", b"%PDF\x00")
    assert Lead.objects.get(pk=letter.lead_id).status == Lead.Status.REPLIED
    page = client.get(url("reply_detail", reply.pk)).content.decode()
    assert "You have written since" in page
