"""Answers: queued for ten seconds, decided by less, and one after a refusal at most."""

from __future__ import annotations

import email
import email.policy
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from django.utils import timezone
from django_q.models import OrmQ

from campaigns import letters, outbox, queueing
from campaigns.answers import UNDO, AnswerTo, Enclosure, foresee_answer, queue_answer
from campaigns.enclosures import LARGEST_FILE, CannotEncloseError, admit, safe_name, safe_type
from campaigns.models import Attempt, Campaign, EnclosedFile, Lead
from campaigns.rota import CannotQueueError
from compliance import holds
from compliance.models import AuditEntry, Kind, SendRecord, Suppression
from compliance.suppression import suppress, suppress_domain
from outreach_site.sandbox.running import RunningOffice
from tests.letterbox import Letterbox
from tests.servers import FaultySMTP

pytestmark = pytest.mark.django_db(transaction=True)
State = Attempt.State
Reason = Suppression.Reason
HANNAH = "hannah@somewhere.test"


def answer_to(box: Letterbox, address: str = HANNAH, **changes: object) -> AnswerTo:
    lead = box.campaign.leads.first() or box.lead(address)
    to = AnswerTo(
        lead=lead,
        mailbox=box.mailbox,
        recipient=address,
        recipient_name="Hannah Lindqvist",
        subject="Re: An idea",
        in_reply_to="<theirs@somewhere.test>",
        references=["<ours@rehearsal.test>"],
        about="reply:12",
    )
    return replace(to, **changes)  # type: ignore[arg-type]


def answer(box: Letterbox, *, confirmed: bool = False, to: AnswerTo | None = None, **changes: object) -> Attempt:
    given: dict[str, object] = {"subject": "Re: An idea", "body": "Gladly.", **changes}
    return queue_answer(
        to or answer_to(box),
        user=box.world.marketer,
        now=timezone.now(),
        confirmed=confirmed,
        **given,  # type: ignore[arg-type]
    )


def ten_seconds_later(*attempts: Attempt) -> None:
    for attempt in attempts:
        Attempt.objects.filter(pk=attempt.pk).update(due_at=timezone.now())


def refuse(box: Letterbox, reason: str = Reason.NOT_INTERESTED, address: str = HANNAH) -> Suppression:
    return suppress(workspace=box.world.here, address=address, reason=reason, source="reply:12", now=timezone.now())


def test_an_answer_leaves_in_the_conversation_with_its_files(rehearsal: Letterbox, post_office: RunningOffice) -> None:
    files = [Enclosure("plan é.pdf", "application/pdf", b"%PDF\r\n\n\x00"), Enclosure("a.txt", "text/plain", b"a\n\nb")]
    attempt = answer(rehearsal, enclosures=files)
    assert rehearsal.send().sent == 0  # Nobody looks at it before ten seconds have passed.
    ten_seconds_later(attempt)
    assert rehearsal.send().sent == 1
    [letter] = post_office.letters()
    message = email.message_from_bytes(letter.raw, policy=email.policy.default)
    assert message["In-Reply-To"] == "<theirs@somewhere.test>"
    assert message["References"] == "<ours@rehearsal.test> <theirs@somewhere.test>"
    assert message["List-Unsubscribe"] is None
    body, *enclosed = list(message.iter_parts())
    assert body.get_content().split() == ["Gladly.", "Mara", "Voss", "Orchard", "Media"]
    assert [(part.get_filename(), part.get_content_type()) for part in enclosed] == [
        ("plan é.pdf", "application/pdf"),
        ("a.txt", "text/plain"),
    ]
    assert [part.get_payload(decode=True) for part in enclosed] == [b"%PDF\r\n\n\x00", b"a\n\nb"]
    assert SendRecord.objects.get().kind == Kind.ANSWER


def test_what_was_left_open_does_not_leave_and_what_they_wrote_may_be_quoted(rehearsal: Letterbox) -> None:
    with pytest.raises(CannotQueueError, match="still open: “\\[link\\]”"):
        answer(rehearsal, body="Here it is: [link]\n> Dear [Name]")
    assert not Attempt.objects.exists()
    assert answer(rehearsal, body="Gladly.\n\n> Dear [Name]\n > {name}").state == State.QUEUED


@pytest.mark.parametrize("gap", ["{contact.first_name}", "{!Contact.FirstName}", "[Name Here]"])
def test_what_was_left_open_in_a_subject_or_by_another_tool_does_not_leave(rehearsal: Letterbox, gap: str) -> None:
    open_one = re.escape(f"still open: “{gap}”. Fill it in, or say it in other words.")
    with pytest.raises(CannotQueueError, match=open_one):
        answer(rehearsal, subject=f"For {gap}")
    with pytest.raises(CannotQueueError, match=open_one):
        answer(rehearsal, body=f"Hi {gap}")


def test_a_subject_of_theirs_may_come_back(rehearsal: Letterbox) -> None:
    to = answer_to(rehearsal, subject="Re: [Blog] lemons")
    with pytest.raises(CannotQueueError, match=r"“\[Blog\]”"):
        answer(rehearsal, to=to, subject=to.subject, body="On [Blog]")
    assert answer(rehearsal, to=to, subject=f"{to.subject} and limes").state == State.QUEUED


@pytest.mark.parametrize("name", ["あ" * 116 + ".pdf", "😀" * 116 + ".png", "報告 'a' 100~.pdf"])
def test_a_long_name_of_a_file_in_any_script_fits_its_lines(rehearsal: Letterbox, name: str) -> None:
    attempt = answer(rehearsal, enclosures=[Enclosure(name, "application/pdf", b"%PDF")])
    wire = letters.as_sent(attempt)
    assert max(map(len, wire.split(b"\r\n"))) <= 998
    message = email.message_from_bytes(wire, policy=email.policy.default)
    assert [part.get_filename() for part in message.iter_attachments()] == [name]


def test_the_joiners_of_a_script_stay_in_names_and_subjects(rehearsal: Letterbox) -> None:
    to = answer_to(rehearsal, recipient_name="علی\u200cرضا")
    attempt = answer(rehearsal, to=to, subject="Re: مقاله\u200cها")
    assert (attempt.recipient_name, attempt.subject) == ("علی\u200cرضا", "Re: مقاله\u200cها")


def test_it_can_be_taken_back_until_it_starts(rehearsal: Letterbox, post_office: RunningOffice) -> None:
    attempt = answer(rehearsal)
    assert attempt.due_at is not None
    assert timedelta(0) < attempt.due_at - timezone.now() <= UNDO
    assert queueing.cancel(attempt, user=rehearsal.world.marketer, now=timezone.now())
    ten_seconds_later(attempt)
    assert rehearsal.send().sent == 0
    assert post_office.letters() == []


def test_a_worker_is_asked_for_as_soon_as_nobody_can_take_it_back(rehearsal: Letterbox) -> None:
    attempt = answer(rehearsal)
    task = OrmQ.objects.get()
    assert task.lock == attempt.due_at
    assert task.func() == "campaigns.tasks.dispatch_mailbox"
    # What waits for a person has nothing to wake up for.
    OrmQ.objects.all().delete()
    holds.place(
        workspace=rehearsal.world.here,
        subject=f"address:{HANNAH}",
        reason="Look.",
        source="reply:1",
        now=timezone.now(),
    )
    waiting = answer(rehearsal)
    assert waiting.due_at is None
    assert waiting.reason == "Look."
    assert not OrmQ.objects.exists()


def test_windows_repeats_and_cool_off_are_no_matter(rehearsal: Letterbox) -> None:
    rehearsal.world.here.cool_off_days = 90
    rehearsal.world.here.first_letters = 5
    rehearsal.world.here.save()
    for _ in range(2):  # The same subject to the same person, twice.
        ten_seconds_later(answer(rehearsal))
        assert rehearsal.send().sent == 1


def test_caps_are(rehearsal: Letterbox) -> None:
    rehearsal.world.here.daily_user_cap = 1
    rehearsal.world.here.save()
    ten_seconds_later(answer(rehearsal))
    assert rehearsal.send().sent == 1
    foreseen = foresee_answer(answer_to(rehearsal), user=rehearsal.world.marketer, now=timezone.now())
    assert foreseen.waits
    assert "limit of 1 letters of one person" in foreseen.sentence
    second = answer(rehearsal)
    ten_seconds_later(second)
    assert rehearsal.send().sent == 0
    second.refresh_from_db()
    assert second.state == State.QUEUED


# --- After a refusal --------------------------------------------------------------------------------------------------


def test_a_refusal_is_answered_once_where_a_person_confirms_it(rehearsal: Letterbox) -> None:
    refuse(rehearsal)
    to, user, now = answer_to(rehearsal), rehearsal.world.marketer, timezone.now()
    foreseen = foresee_answer(to, user=user, now=now)
    assert foreseen.refused
    assert foreseen.may_be_confirmed
    with pytest.raises(CannotQueueError, match="suppression list"):
        answer(rehearsal)
    assert not foresee_answer(to, user=user, now=now, confirmed=True).refused
    attempt = answer(rehearsal, confirmed=True)
    assert attempt.refusal_waived_by == user
    ten_seconds_later(attempt)
    assert rehearsal.send().sent == 1
    again = foresee_answer(to, user=user, now=timezone.now())
    assert again.refused
    assert not again.may_be_confirmed
    assert "answered" in foresee_answer(to, user=user, now=timezone.now(), confirmed=True).sentence
    with pytest.raises(CannotQueueError, match="answered already"):
        answer(rehearsal, confirmed=True)
    # Nor as an answer to another letter of theirs.
    with pytest.raises(CannotQueueError, match="answered once"):
        answer(rehearsal, confirmed=True, to=answer_to(rehearsal, about="reply:13"))


def test_an_answer_from_before_the_refusal_is_not_the_one(rehearsal: Letterbox) -> None:
    ten_seconds_later(answer(rehearsal))
    rehearsal.send()
    refuse(rehearsal)
    ten_seconds_later(answer(rehearsal, confirmed=True))
    assert rehearsal.send().sent == 1


def test_two_that_wait_are_not_both_the_one(rehearsal: Letterbox) -> None:
    refuse(rehearsal)
    first = answer(rehearsal, confirmed=True)
    second = answer(rehearsal, confirmed=True, to=answer_to(rehearsal, about="reply:13"))
    ten_seconds_later(first, second)
    assert rehearsal.send().sent == 1
    assert sorted(Attempt.objects.values_list("state", flat=True)) == [State.BLOCKED, State.SENT]


@pytest.mark.parametrize("reason", [Reason.OPT_OUT, Reason.UNSUBSCRIBE, Reason.COMPLAINT])
def test_nothing_goes_after_their_own_word(rehearsal: Letterbox, reason: str) -> None:
    refuse(rehearsal)
    attempt = answer(rehearsal, confirmed=True)
    suppress(workspace=rehearsal.world.here, address=HANNAH, reason=reason, source="x", now=timezone.now())
    attempt.refresh_from_db()
    assert attempt.state == State.BLOCKED
    foreseen = foresee_answer(answer_to(rehearsal), user=rehearsal.world.marketer, now=timezone.now(), confirmed=True)
    assert foreseen.refused
    with pytest.raises(CannotQueueError):
        answer(rehearsal, confirmed=True)


def test_a_domain_on_the_list_is_no_refusal(rehearsal: Letterbox) -> None:
    refuse(rehearsal)
    suppress_domain(workspace=rehearsal.world.here, domain="somewhere.test", reason=Reason.MANUAL, now=timezone.now())
    with pytest.raises(CannotQueueError, match="suppression list"):
        answer(rehearsal, confirmed=True)


def test_a_confirmation_given_before_the_refusal_says_nothing(rehearsal: Letterbox) -> None:
    attempt = answer(rehearsal, confirmed=True)
    assert attempt.refusal_waived_at is None
    refuse(rehearsal)
    attempt.refresh_from_db()
    assert attempt.state == State.BLOCKED


@pytest.mark.parametrize(("reason", "starts"), [("", True), (Reason.OPT_OUT, False), (Reason.NOT_INTERESTED, True)])
def test_start_looks_again(rehearsal: Letterbox, reason: str, starts: bool) -> None:
    refuse(rehearsal)
    attempt = answer(rehearsal, confirmed=True)
    ten_seconds_later(attempt)
    token = outbox.take_lease(rehearsal.mailbox)
    assert token is not None
    [claimed] = outbox.claim(rehearsal.mailbox, token, at_most=5, now=timezone.now()).attempts
    if reason:  # Behind the queue's back: the listener that takes letters back is not what is tested here.
        Suppression.objects.filter(value=HANNAH).update(reason=reason)
    assert outbox.start(claimed, rehearsal.mailbox, token) is starts


def test_their_next_letter_does_not_take_an_answer_back(rehearsal: Letterbox) -> None:
    attempt = answer(rehearsal)
    assert queueing.cancel_waiting(attempt.lead, reason="They answered.", now=timezone.now()) == 0


# --- What cannot be ---------------------------------------------------------------------------------------------------


def test_what_stands_still_is_said_before(rehearsal: Letterbox) -> None:
    rehearsal.write_to(HANNAH)
    Campaign.objects.get().pause()
    to = answer_to(rehearsal, lead=Lead.objects.get())
    assert "campaign is paused" in foresee_answer(to, user=rehearsal.world.marketer, now=timezone.now()).sentence
    to.mailbox.pause(now=timezone.now())
    assert "is paused" in foresee_answer(to, user=rehearsal.world.marketer, now=timezone.now()).sentence


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"body": "  \n"}, "empty"),
        ({"body": "x" * 30_000_000}, "at most 100,000"),
        ({"subject": "\n"}, "subject is empty"),
        ({"subject": "x" * 300}, "subject is too long"),
        ({"enclosures": [Enclosure("a", "b/c", b"x" * (LARGEST_FILE + 1))]}, "10.0 MB"),
    ],
)
def test_what_cannot_be_sent_is_said(rehearsal: Letterbox, changes: dict[str, object], words: str) -> None:
    with pytest.raises(CannotQueueError, match=words):
        answer(rehearsal, **changes)  # type: ignore[arg-type]  # a table of one argument each
    assert not Attempt.objects.exists()


@pytest.mark.parametrize(
    ("address", "words"), [("no address", "not an address"), ("ąda@somewhere.test", "most mail servers")]
)
def test_an_address_that_cannot_be_written_to(rehearsal: Letterbox, address: str, words: str) -> None:
    rehearsal.lead(HANNAH)
    with pytest.raises(CannotQueueError, match=words):
        answer(rehearsal, to=answer_to(rehearsal, recipient=address))


def test_a_strangers_headers_cannot_break_ours(rehearsal: Letterbox, post_office: RunningOffice) -> None:
    evil = answer_to(
        rehearsal,
        in_reply_to="<a@b>\r\nBcc: x@y.test",
        references=["<one@b>", "<two@b> <three@b>", "<x\r\nX-Evil: 1@b>", "<ü@b>", "<" + "l" * 999 + "@b>"]
        + [f"<n{n}@b>" for n in range(60)],
        recipient_name="Hannah\r\nBcc: x@y.test",
    )
    attempt = answer(rehearsal, to=evil, subject="Re:\r\nBcc: x@y.test")
    assert attempt.in_reply_to == ""
    ids = attempt.references.split()
    assert len(ids) == 20
    assert (ids[0], ids[-1]) == ("<one@b>", "<n59@b>")
    ten_seconds_later(attempt)
    assert rehearsal.send().sent == 1
    message = email.message_from_bytes(post_office.letters()[0].raw, policy=email.policy.default)
    assert message["Bcc"] is None
    assert message["X-Evil"] is None
    assert message["References"].split() == ids


def test_another_workspaces_mailbox_is_no_mailbox(
    rehearsal: Letterbox, faulty_letterbox: Callable[..., tuple[Letterbox, FaultySMTP]]
) -> None:
    other, _ = faulty_letterbox()
    other.mailbox.workspace = rehearsal.world.elsewhere
    other.mailbox.save()
    with pytest.raises(CannotQueueError, match="removed"):
        answer(rehearsal, to=answer_to(rehearsal, mailbox=other.mailbox))


# --- Files ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("report.pdf", "report.pdf"),
        ("C:\\fakepath\\report.pdf", "report.pdf"),
        ("../../etc/passwd", "passwd"),
        ("a\r\nBcc: x.pdf", "a Bcc_ x.pdf"),
        ("evil\u202efdp.exe", "evil fdp.exe"),
        ('"quoted".txt', "_quoted_.txt"),
        ("..", "file"),
        ("", "file"),
        ("l" * 300 + ".pdf", "l" * 116 + ".pdf"),
        ("Überblick 日本.pdf", "Überblick 日本.pdf"),
    ],
)
def test_names_are_made_safe(given: str, kept: str) -> None:
    assert safe_name(given) == kept


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("application/pdf", "application/pdf"),
        ("Text/Plain; charset=utf-8", "text/plain"),
        ("message/rfc822", "application/octet-stream"),
        ("multipart/mixed", "application/octet-stream"),
        ("a/b\r\nBcc: x", "application/octet-stream"),
        ("", "application/octet-stream"),
    ],
)
def test_types_are_made_safe(given: str, kept: str) -> None:
    assert safe_type(given) == kept


def test_files_have_limits() -> None:
    nine = Enclosure("a", "b/c", b"x" * (9 * 1024 * 1024))
    assert len(admit([nine, nine])) == 2
    with pytest.raises(CannotEncloseError, match=r"27\.0 MB together"):
        admit([nine, nine, nine])
    with pytest.raises(CannotEncloseError, match="empty"):
        admit([Enclosure("a", "b/c", b"")])
    with pytest.raises(CannotEncloseError, match="at most 20 files"):
        admit([Enclosure("a", "b/c", b"x")] * 21)


def test_files_go_with_their_letter(rehearsal: Letterbox) -> None:
    attempt = answer(rehearsal, enclosures=[Enclosure("a.txt", "text/plain", b"x")])
    assert AuditEntry.objects.filter(event="letter.answer_queued", about=attempt.about).exists()
    attempt.delete()
    assert not EnclosedFile.objects.exists()
