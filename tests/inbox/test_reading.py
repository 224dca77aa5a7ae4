"""What is read besides new mail: the Sent folder, chosen folders, history; and what is passed by."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from django.core import mail
from django.utils import timezone

from campaigns.models import Attempt, Lead
from compliance import gate
from compliance.models import AuditEntry
from inbox import polling, sync
from inbox.models import FolderCursor, RawMessage, Reply
from inbox.reading_models import ReadingPlan, SentByHand
from inbox.threads import thread_of
from outreach_site.accounts.models import Membership
from outreach_site.desk.today import needs
from outreach_site.lib.ports import inbox_read_until
from outreach_site.mailboxes.imap import search_for
from outreach_site.mailboxes.models import Mailbox
from tests.inbox.conftest import ReadBox, message, sent_letter
from tests.servers import FaultyIMAP, MailFolder

FaultyBox = Callable[..., tuple[ReadBox, FaultyIMAP]]
ED = "ed@brightgarden.com"


def by_hand(to: str = f"Ed Brand <{ED}>", message_id: str = "<by-hand@orchardmedia.com>", headers: str = "") -> bytes:
    return message(
        "Thank you, Ed! I will call you tomorrow.",
        sender="Mara Voss <mara@orchardmedia.com>",
        to=to,
        message_id=message_id,
        headers=headers,
    )


def waiting_letter(box: ReadBox, lead: Lead) -> Attempt:
    return Attempt.objects.create(
        campaign=box.box.campaign,
        lead=lead,
        mailbox=box.mailbox,
        recipient=ED,
        recipient_key=ED,
        recipient_domain="brightgarden.com",
        subject="Again",
        body="Hello again",
    )


# --- The Sent folder --------------------------------------------------------------------------------------------------


def test_a_letter_by_hand_stands_in_the_thread_and_ends_the_sequence(faulty_box: FaultyBox) -> None:
    box, server = faulty_box()
    attempt = sent_letter(box.box)
    waiting = waiting_letter(box, attempt.lead)
    server.add(message("Sounds good.", answers=attempt.message_id))
    assert box.poll().stored == 1
    reply = Reply.objects.get()
    Reply.objects.update(received_at=timezone.now() - timedelta(days=400))  # The server dates all 1 December 2025.
    owner = Membership.objects.get(user=box.box.world.marketer, workspace=box.box.world.here)
    server.add(by_hand(), folder="Sent")
    server.add(by_hand("somebody@else.org", "<private@orchardmedia.com>"), folder="Sent")
    assert box.poll().stored == 1
    letter = SentByHand.objects.get()
    assert (letter.lead, letter.recipient, letter.text) == (
        attempt.lead,
        ED,
        "Thank you, Ed! I will call you tomorrow.",
    )
    waiting.refresh_from_db()
    assert waiting.state == Attempt.State.CANCELLED
    assert waiting.reason == "Somebody here wrote to them by hand." or waiting.reason == "They answered."
    assert Reply.objects.count() == 1
    reply.refresh_from_db()
    thread = thread_of(reply, user=None, now=timezone.now())
    assert [each.text for each in [*thread.earlier, *thread.later] if each.by_hand] == [letter.text]
    assert not [need for need in needs(owner, now=timezone.now()) if "interested" in need.title]
    bodies = [command for command in server.commands if "BODY.PEEK[] " in command or "BODY.PEEK[])" in command]
    assert len(bodies) == 2  # the answer, and the letter to a lead
    assert box.poll().stored == 0


def test_a_letter_by_hand_takes_back_what_waits_and_is_read_once(faulty_box: FaultyBox) -> None:
    box, server = faulty_box()
    attempt = sent_letter(box.box)
    waiting = waiting_letter(box, attempt.lead)
    server.add(by_hand(), folder="Sent")
    box.poll()
    waiting.refresh_from_db()
    assert (waiting.state, waiting.reason) == (Attempt.State.CANCELLED, "Somebody here wrote to them by hand.")
    # The same letter in the inbox, as a copy to oneself, is no second one, and no reply.
    server.add(by_hand(headers="Delivered-To: mara@orchardmedia.com"))
    box.poll()
    assert SentByHand.objects.count() == 1
    assert Reply.objects.count() == 0


def test_our_address_on_a_letter_that_came_in_proves_nothing(faulty_box: FaultyBox) -> None:
    box, server = faulty_box()
    attempt = sent_letter(box.box)
    waiting = waiting_letter(box, attempt.lead)
    server.add(by_hand())
    box.poll()
    waiting.refresh_from_db()
    assert waiting.state == Attempt.State.QUEUED
    assert SentByHand.objects.count() == 0


def test_a_letter_by_hand_counts_for_the_cool_off(faulty_box: FaultyBox) -> None:
    box, server = faulty_box()
    world = box.box.world
    world.here.cool_off_days = 30
    world.here.save()
    box.box.lead(ED)
    server.add(by_hand(), folder="Sent")
    box.poll()
    assert SentByHand.objects.count() == 1
    SentByHand.objects.update(sent_at=timezone.now() - timedelta(days=3))
    for address, asked in (("jo@brightgarden.com", True), ("jo@elsewhere.com", False)):
        question = gate.question(
            recipient=address,
            sender=box.mailbox.email,
            subject="An idea",
            user=world.marketer,
            mailbox_id=box.mailbox.pk,
            sign_in=box.mailbox.sign_in,
            through_sandbox=False,
        )
        [decision] = gate.foresee([question], workspace=world.here, now=timezone.now())
        cool_off = next(check for check in decision.checks if check.rule == "cool_off")
        assert (cool_off.outcome == "asks") is asked, cool_off
        if asked:
            assert "3 days ago" in cool_off.sentence


def test_the_sent_folder_proves_letters_by_their_headers_alone(faulty_box: FaultyBox) -> None:
    box, server = faulty_box()
    first, second = sent_letter(box.box), sent_letter(box.box, "jo@brightgarden.com")
    Attempt.objects.update(state=Attempt.State.UNCERTAIN, finished_at=timezone.now())
    Attempt.objects.filter(pk=second.pk).update(wire_id="<0100-abc@email.amazonses.com>")
    server.add(by_hand(message_id=first.message_id), folder="Sent")
    server.add(by_hand(message_id="<0100-abc@email.amazonses.com>"), folder="Sent")
    assert box.poll().stored == 0
    assert set(Attempt.objects.values_list("state", flat=True)) == {Attempt.State.SENT}
    assert not [command for command in server.commands if "BODY.PEEK[]" in command]


# --- Chosen folders and history ---------------------------------------------------------------------------------------


def test_a_chosen_folder_is_read_too_and_a_missing_one_stops_nothing(faulty_box: FaultyBox) -> None:
    box, server = faulty_box()
    server.folders["Pitches"] = MailFolder()
    ReadingPlan.objects.create(mailbox=box.mailbox, folders=["Pitches", "Gone"])
    server.add(message("Old news", message_id="<1@a.org>"), folder="Pitches")
    assert box.poll().stored == 0
    server.add(message("Sounds good.", message_id="<2@a.org>"), folder="Pitches")
    outcome = box.poll()
    assert (outcome.stored, outcome.failed) == (1, False)


def test_a_folder_that_the_server_refuses_does_not_stop_the_others(
    faulty_box: FaultyBox, monkeypatch: pytest.MonkeyPatch
) -> None:
    box, server = faulty_box()
    server.folders["Pitches"] = MailFolder()
    server.add(message("Spam?", message_id="<1@a.org>"), folder="Junk")
    select = FaultyIMAP._select

    def refuse(self: FaultyIMAP, wire: object, tag: str, command: str, rest: str) -> object:
        if "INBOX" in rest:
            wire.say(f"{tag} NO [NOPERM] not yours")  # type: ignore[attr-defined]  # tests.servers.Wire
            return None
        return select(self, wire, tag, command, rest)  # type: ignore[arg-type]  # as above

    monkeypatch.setattr(FaultyIMAP, "_select", refuse)
    outcome = box.poll()
    assert (outcome.stored, outcome.failed) == (1, True)
    assert "INBOX" in outcome.sentence
    assert box.mailbox.polled_at is None


def test_history_is_read_from_a_day_on_without_fetching_what_is_stored(faulty_box: FaultyBox) -> None:
    box, server = faulty_box()
    FolderCursor.objects.all().delete()
    for number in range(5):
        server.add(message("Old", message_id=f"<old-{number}@a.org>", subject=f"Old {number}"))
    assert box.poll().stored == 0
    server.add(message("New", message_id="<new@a.org>"))
    assert box.poll().stored == 1
    assert polling.history_is_read(box.mailbox) is None
    polling.read_history(box.mailbox, date(2025, 1, 1))
    assert polling.history_is_read(box.mailbox) is False
    server.commands.clear()
    assert box.poll().stored == 5
    assert polling.history_is_read(box.mailbox) is True
    assert [command for command in server.commands if "BODY.PEEK[]" in command] == ["UID FETCH 1,2,3,4,5 (BODY.PEEK[])"]
    server.commands.clear()
    assert box.poll().stored == 0
    assert not [command for command in server.commands if command.startswith("UID")]
    polling.read_history(box.mailbox, date(2025, 6, 1))  # within what was read
    assert box.poll().stored == 0
    assert polling.history_is_read(box.mailbox) is True
    assert list(Reply.objects.order_by("pk").values_list("subject", flat=True))[1:] == [f"Old {n}" for n in range(5)]


# --- What is passed by ------------------------------------------------------------------------------------------------


def test_of_private_mail_a_digest_alone_is_kept(faulty_box: FaultyBox) -> None:
    box, server = faulty_box()
    Mailbox.objects.filter(pk=box.mailbox.pk).update(reading=Mailbox.Reading.PERSONAL)
    box.box.lead("known@contact.org")
    server.add(message("Dinner?", sender="Mum <mum@family.org>", message_id="<1@family.org>"))
    server.add(message("Hello", sender="known@contact.org", message_id="<2@contact.org>"))
    assert box.poll().stored == 1
    passed = RawMessage.objects.get(uid=1)
    assert (passed.message_id, passed.size, passed.error) == ("", 0, "")
    assert not hasattr(passed, "body")
    assert passed.understood_at is not None
    # UIDs begin anew: neither is looked at again.
    folder = server.folders["INBOX"]
    folder.uid_validity, folder.messages = 9, {uid + 20: raw for uid, raw in folder.messages.items()}
    server.commands.clear()
    assert box.poll().stored == 0
    assert RawMessage.objects.count() == 2
    assert not [command for command in server.commands if "BODY.PEEK[]" in command]


# --- Trouble, and freshness -------------------------------------------------------------------------------------------


def test_owners_hear_of_the_third_failure_once(faulty_box: FaultyBox) -> None:
    box, _ = faulty_box(password="another")
    owner = Membership.objects.get(user=box.box.world.owner, workspace=box.box.world.here)

    def shown() -> bool:
        return any("cannot be read" in need.title for need in needs(owner, now=timezone.now()))

    for failures in range(1, 6):
        assert box.poll().failed
        assert box.mailbox.poll_failures == failures
        assert shown() is (failures >= 3)
        assert len(mail.outbox) == (1 if failures >= 3 else 0)
    assert mail.outbox[0].to == [box.box.world.owner.email]
    assert "user name and password" in mail.outbox[0].body
    assert "right-password" not in mail.outbox[0].body


def test_a_fault_of_ours_waits_and_is_said(faulty_box: FaultyBox, monkeypatch: pytest.MonkeyPatch) -> None:
    box, server = faulty_box()
    server.add(message())

    def trip(*args: object, **kwargs: object) -> object:
        raise RuntimeError("tripped")

    with monkeypatch.context() as patch:
        patch.setattr(polling, "keep", trip)
        assert box.poll().failed
    assert box.mailbox.next_poll_at > timezone.now()
    assert "on this server" in box.mailbox.receiving_trouble
    assert box.poll().stored == 1


def test_fresh_only_when_read_to_the_end_and_understood(faulty_box: FaultyBox, monkeypatch: pytest.MonkeyPatch) -> None:
    box, server = faulty_box()
    key = box.mailbox.pk
    assert inbox_read_until([key], now=timezone.now()) == {}
    server.add(message())
    with monkeypatch.context() as patch:
        patch.setattr("inbox.ingest.understand_stored", lambda _mailbox, until: 0)  # noqa: ARG005 - its name
        assert box.poll().more
    assert inbox_read_until([key], now=timezone.now()) == {}
    before = timezone.now()
    assert not box.poll().more
    after = timezone.now()
    assert before <= inbox_read_until([key], now=after)[key] <= after
    Mailbox.objects.filter(pk=key).update(imap_host="")
    assert inbox_read_until([key], now=after) == {}


def test_words_reach_the_server_as_words(faulty_box: FaultyBox, monkeypatch: pytest.MonkeyPatch) -> None:
    box, server = faulty_box()
    asked: list[tuple[object, object]] = []

    class Session:
        def search(self, criteria: object, charset: object = None) -> list[int]:
            asked.append((criteria, charset))
            return [3, 1]

    session: Any = Session()
    day = date(2026, 3, 1)
    assert search_for(session, "Message-ID", '<a"b\\c>\r\nA1 DELETE INBOX', since=day) == [1, 3]
    assert asked.pop() == ('HEADER Message-ID "<a\\"b\\\\c>A1 DELETE INBOX" SINCE 1-Mar-2026', None)
    search_for(session, "Subject", "Grüße\0", since=None)
    assert asked.pop() == (["HEADER", "Subject", "Grüße"], "UTF-8")
    assert search_for(session, "Bad Field", "x") == []
    assert search_for(session, "Subject", "\r\n") == []
    assert asked == []
    # Over the wire, with what only a literal can carry.
    from outreach_site.mailboxes.imap import connect
    from outreach_site.mailboxes.sign_ins import imap_server

    with connect(imap_server(box.mailbox)) as real:
        real.select_folder("INBOX", readonly=True)
        search_for(real, "Subject", 'Grüße "an" alle\r\n')
        search_for(real, "Subject", 'plain "words"\r\nA9 LOGOUT')
    assert 'UID SEARCH CHARSET UTF-8 HEADER Subject "Grüße \\"an\\" alle"' in server.commands
    assert 'UID SEARCH HEADER Subject "plain \\"words\\"A9 LOGOUT"' in server.commands


def test_what_happened_is_in_the_log(faulty_box: FaultyBox) -> None:
    box, server = faulty_box()
    attempt = sent_letter(box.box)
    server.add(by_hand(), folder="Sent")
    box.poll()
    entry = AuditEntry.objects.get(event="letter.sent_by_hand")
    assert entry.about == f"lead:{attempt.lead_id}"


def test_a_webhook_says_nothing_of_a_mailbox_that_is_read_over_imap(faulty_box: FaultyBox) -> None:
    box, _ = faulty_box()
    key, now = box.mailbox.pk, timezone.now()
    Mailbox.objects.filter(pk=key).update(webhook_verified_at=now)
    assert inbox_read_until([key], now=now) == {}
    Mailbox.objects.filter(pk=key).update(imap_host="")
    assert inbox_read_until([key], now=now) == {key: now}


def test_what_the_server_would_not_give_is_asked_for_again(
    faulty_box: FaultyBox, monkeypatch: pytest.MonkeyPatch
) -> None:
    box, server = faulty_box()
    for number in range(3):
        server.add(message(f"Answer {number}", message_id=f"<{number}@a.org>"))

    def single(reader: sync.Reader, folder: sync.Folder, uid_validity: int, header: sync.Header) -> list[Any]:
        if header.uid == 2:
            return [sync.unfetched(folder, uid_validity, header, f"{sync.REFUSED}: not now")]
        return whole(reader, folder, uid_validity, header)

    whole = sync.Reader._single
    Mailbox.objects.filter(pk=box.mailbox.pk).update(poll_failures=1)  # one by one
    with monkeypatch.context() as patch:
        patch.setattr(sync.Reader, "_single", single)
        assert box.poll().stored == 3
        assert Reply.objects.count() == 2
        assert RawMessage.objects.exclude(error="").get().uid == 2
        assert box.poll().stored == 0
    assert box.poll().stored == 1
    assert set(Reply.objects.values_list("new_text", flat=True)) == {f"Answer {n}" for n in range(3)}
    assert RawMessage.objects.exclude(error="").count() == 0


def test_what_was_refused_is_fetched_when_uids_begin_anew(faulty_box: FaultyBox) -> None:
    box, server = faulty_box()
    server.add(message("Answer", message_id="<1@a.org>"))
    box.poll()
    Reply.objects.all().delete()
    RawMessage.objects.update(error=f"{sync.REFUSED}: not now", digest="of its place", understood_at=None)
    folder = server.folders["INBOX"]
    folder.uid_validity, folder.messages = 9, {21: folder.messages[1]}
    assert box.poll().stored == 1
    assert Reply.objects.count() == 1
