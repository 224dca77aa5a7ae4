"""Reading mailboxes on real IMAP servers: what is new, once, whatever breaks; and nothing on the server changes."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone

from campaigns.models import Lead
from compliance.models import Suppression
from inbox import freshness, ingest, polling, sync
from inbox.models import FolderCursor, RawMessage, Reply
from inbox.storing import Arrival
from outreach_site.accounts.models import Installation
from outreach_site.mailboxes.models import Mailbox
from outreach_site.sandbox.correspondents import CAST, Behaviour
from outreach_site.sandbox.folders import Folders
from outreach_site.sandbox.running import RunningOffice
from tests.inbox.conftest import ReadBox, message, sent_letter
from tests.servers import FaultyIMAP

ALEX = "alex@rehearsal.test"
FaultyBox = Callable[..., tuple[ReadBox, FaultyIMAP]]


def letter(number: int, text: str = "Sounds good.") -> bytes:
    return message(text, message_id=f"<m{number}@brightgarden.com>", subject=f"Number {number}")


def test_what_came_since_the_mailbox_was_added_is_read_once(office_box: ReadBox, post_office: RunningOffice) -> None:
    for number in range(3):
        post_office.put(ALEX, letter(number))
    post_office.put(ALEX, letter(3), folder="Junk")
    first = office_box.poll()
    assert (first.stored, first.understood, first.failed) == (4, 4, False)
    assert Reply.objects.count() == 4
    second = office_box.poll()
    assert (second.stored, second.understood) == (0, 0)
    mailbox = office_box.mailbox
    assert mailbox.receiving_state == Mailbox.State.OK
    assert mailbox.polled_at is not None
    assert mailbox.poll_token is None


def test_what_was_there_before_stays_where_it_is(office_box: ReadBox, post_office: RunningOffice) -> None:
    FolderCursor.objects.all().delete()
    post_office.put(ALEX, letter(1))
    assert office_box.poll().stored == 0
    post_office.put(ALEX, letter(2))
    assert office_box.poll().stored == 1
    assert Reply.objects.get().subject == "Number 2"


def test_what_came_since_our_first_letter_is_read_at_first_sight(
    office_box: ReadBox, post_office: RunningOffice
) -> None:
    FolderCursor.objects.all().delete()
    post_office.put(ALEX, letter(1))
    post_office.put(ALEX, letter(2), folder="Junk")
    sent_letter(office_box.box, at=timezone.now())
    assert office_box.poll().stored == 2


def test_nothing_is_marked_as_read(office_box: ReadBox, post_office: RunningOffice) -> None:
    post_office.put(ALEX, letter(1))
    office_box.poll()
    folders = Folders(post_office.store, ALEX)
    inbox = folders.folder("INBOX")
    assert inbox is not None
    assert [stored.flags for stored in folders.messages(inbox.id)] == [frozenset()]


def test_batches_are_as_large_as_the_limit_and_leave_nothing_out(
    office_box: ReadBox, post_office: RunningOffice, settings: object
) -> None:
    settings.IMAP_FETCH_LIMIT = 4  # type: ignore[attr-defined]
    for number in range(11):
        post_office.put(ALEX, letter(number))
    assert office_box.poll().stored == 11
    assert list(Reply.objects.order_by("pk").values_list("subject", flat=True)) == [f"Number {n}" for n in range(11)]


def test_the_same_bytes_in_two_folders_are_one_row(office_box: ReadBox, post_office: RunningOffice) -> None:
    post_office.put(ALEX, letter(1))
    post_office.put(ALEX, letter(1), folder="Junk")
    office_box.poll()
    assert RawMessage.objects.count() == 1
    assert Reply.objects.count() == 1


def test_the_same_message_with_other_headers_is_one_reply(office_box: ReadBox, post_office: RunningOffice) -> None:
    post_office.put(ALEX, letter(1))
    post_office.put(ALEX, b"X-Filter: passed\r\n" + letter(1), folder="Junk")
    office_box.poll()
    assert RawMessage.objects.count() == 2
    assert Reply.objects.count() == 1


def test_a_whole_rehearsal(office_box: ReadBox, post_office: RunningOffice) -> None:
    """Letters over SMTP, answers by the correspondents, read over IMAP, sorted, and acted on."""
    office_box.box.write_to(*[correspondent.address for correspondent in CAST])
    office_box.box.send()
    post_office.deliver_now()
    assert not office_box.poll().failed
    replies = {reply.attempt.recipient: reply for reply in Reply.objects.all() if reply.attempt}
    suppressed = set(Suppression.objects.values_list("value", flat=True))
    expected = {
        Behaviour.INTERESTED: ("interested", Lead.Status.REPLIED, False),
        Behaviour.DECLINES: ("not_interested", Lead.Status.LOST, True),
        Behaviour.ASKS_REMOVAL: ("not_interested", Lead.Status.UNSUBSCRIBED, True),
        Behaviour.OUT_OF_OFFICE: ("out_of_office", Lead.Status.CONTACTED, False),
        Behaviour.BOUNCES: ("bounce", Lead.Status.BOUNCED, True),
        Behaviour.ASKS_PRICE: ("interested", Lead.Status.REPLIED, False),
        Behaviour.SILENT: (None, Lead.Status.CONTACTED, False),
    }
    found = {}
    for correspondent in CAST:
        reply = replies.get(correspondent.address)
        status = Lead.objects.get(contact__email=correspondent.address).status
        tag = reply.classification if reply else None
        found[correspondent.name] = (tag, status, correspondent.address in suppressed)
        if reply is not None:
            assert reply.matched_by in {"in_reply_to", "original"}
    assert found == {correspondent.name: expected[correspondent.behaviour] for correspondent in CAST}
    away = Reply.objects.get(classification="out_of_office")
    assert away.return_on is not None
    assert away.return_on > timezone.localdate()
    assert away.kind == Reply.Kind.AUTO_REPLY
    everything = "".join(Reply.objects.values_list("new_text", flat=True))
    assert "liked your piece" not in everything
    assert "wrote:" not in everything


# --- What breaks ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("stage", ["GREETING", "LOGIN", "AFTER_LOGIN", "SELECT", "SEARCH", "FETCH"])
def test_a_server_that_hangs_is_left_in_time(
    faulty_box: FaultyBox, stage: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    box, server = faulty_box(stall=stage)
    server.add(letter(1))
    began = time.monotonic()
    outcome = box.poll()
    assert time.monotonic() - began < 12
    assert outcome.failed
    mailbox = box.mailbox
    assert mailbox.receiving_state == Mailbox.State.TROUBLE
    assert mailbox.receiving_trouble
    assert mailbox.receiving_advice
    assert mailbox.poll_failures == 1
    assert mailbox.next_poll_at > timezone.now()
    assert mailbox.poll_token is None
    assert RawMessage.objects.count() == 0


@pytest.mark.parametrize(
    ("knobs", "words"),
    [
        ({"password": "another"}, "user name and password"),
        ({"certificate": "untrusted"}, "not issued by an authority"),
        ({"tls": "starttls", "certificate": "expired"}, "has expired"),
        ({"certificate": "other_name"}, "for another name"),
        ({"nonsense": "GREETING"}, ""),
        ({"tls": "none"}, ""),
    ],
)
def test_other_troubles_are_said_in_a_sentence(faulty_box: FaultyBox, knobs: dict[str, object], words: str) -> None:
    box, server = faulty_box(**knobs)
    server.add(letter(1))
    assert box.poll().failed
    mailbox = box.mailbox
    assert mailbox.receiving_state == Mailbox.State.TROUBLE
    assert words in mailbox.receiving_trouble


def test_a_server_that_drops_in_the_middle_loses_nothing(faulty_box: FaultyBox) -> None:
    box, server = faulty_box()
    for number in range(5):
        server.add(letter(number))
    server.drop = "FETCH"
    assert box.poll().failed
    assert RawMessage.objects.count() == 0
    server.drop = None
    Mailbox.objects.filter(pk=box.mailbox.pk).update(poll_failures=0)
    assert box.poll().stored == 5
    assert box.mailbox.receiving_state == Mailbox.State.OK
    assert box.poll().stored == 0


def test_after_a_failure_what_was_fetched_singly_stays(faulty_box: FaultyBox, monkeypatch: pytest.MonkeyPatch) -> None:
    """One message breaks the conversation every time: those before it come through, then it is given up."""
    box, server = faulty_box()
    for number in range(4):
        server.add(letter(number))
    poison = 3
    whole = sync.Reader._single

    def break_at_poison(
        reader: sync.Reader, folder: sync.Folder, uid_validity: int, header: sync.Header
    ) -> list[Arrival]:
        server.drop = "FETCH" if header.uid == poison else None
        return whole(reader, folder, uid_validity, header)

    monkeypatch.setattr(sync.Reader, "_single", break_at_poison)
    Mailbox.objects.filter(pk=box.mailbox.pk).update(poll_failures=1)
    assert box.poll().failed
    server.drop = None
    assert RawMessage.objects.filter(error="").count() == 2
    assert box.poll().failed
    server.drop = None
    assert not box.poll().failed
    assert RawMessage.objects.filter(error="").count() == 3
    assert RawMessage.objects.exclude(error="").get().uid == poison


def test_uidvalidity_changes_without_duplicates(faulty_box: FaultyBox) -> None:
    box, server = faulty_box()
    for number in range(3):
        server.add(letter(number))
    box.poll()
    folder = server.folders["INBOX"]
    folder.uid_validity = 7
    folder.messages = dict(enumerate([letter(9), *folder.messages.values()], start=11))
    server.commands.clear()
    assert box.poll().stored == 1
    assert Reply.objects.count() == 4
    cursor = FolderCursor.objects.get(folder="INBOX")
    assert (cursor.uid_validity, cursor.last_uid) == (7, 14)
    bodies = [command for command in server.commands if re.search(r"BODY.PEEK\[\]", command)]
    assert bodies == ["UID FETCH 11 (BODY.PEEK[])"]


def test_only_newer_messages_are_asked_for(faulty_box: FaultyBox) -> None:
    box, server = faulty_box()
    server.add(letter(1))
    box.poll()
    server.commands.clear()
    box.poll()
    assert not [command for command in server.commands if command.startswith(("UID FETCH", "UID SEARCH", "SELECT"))]
    assert not [command for command in server.commands if command.startswith("STORE")]


def test_killed_between_store_and_understand(
    office_box: ReadBox, post_office: RunningOffice, monkeypatch: pytest.MonkeyPatch
) -> None:
    post_office.put(ALEX, letter(1))

    class Killed(BaseException):
        """As a worker's timeout ends it."""

    def killed(*args: object, **kwargs: object) -> int:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(ingest, "understand_stored", killed)
        with pytest.raises(Killed):
            office_box.poll()
    assert RawMessage.objects.not_understood().count() == 1
    assert Reply.objects.count() == 0
    outcome = office_box.poll()
    assert (outcome.stored, outcome.understood) == (0, 1)
    assert Reply.objects.count() == 1


def test_two_workers_do_not_read_one_mailbox(office_box: ReadBox, post_office: RunningOffice) -> None:
    post_office.put(ALEX, letter(1))
    mailbox = office_box.box.mailbox
    token = polling._take_lease(mailbox.pk, at_once=True, now=timezone.now())
    assert token is not None
    assert office_box.poll() == polling.Outcome()
    assert RawMessage.objects.count() == 0
    Mailbox.objects.filter(pk=mailbox.pk).update(poll_leased_until=timezone.now() - timedelta(seconds=1))
    assert office_box.poll().stored == 1


def test_a_clock_that_was_ahead_neither_puts_off_reading_nor_makes_it_done(office_box: ReadBox) -> None:
    now, pk = timezone.now(), office_box.box.mailbox.pk
    ahead = now + timedelta(days=1)
    Mailbox.objects.update(next_poll_at=ahead, polled_at=ahead)
    assert freshness.read_until([pk], now=now) == {}
    assert polling.due_mailboxes(now) == [pk]
    assert polling.poll(pk).is_drained
    assert freshness.read_until([pk], now=timezone.now()).keys() == {pk}
    # A pause that may be meant stays.
    Mailbox.objects.update(next_poll_at=now + timedelta(hours=1))
    assert polling.due_mailboxes(now) == []


def test_a_stranger_database_reads_nothing(office_box: ReadBox, post_office: RunningOffice) -> None:
    post_office.put(ALEX, letter(1))
    Installation.objects.update(instance_id="another")
    outcome = office_box.poll()
    assert outcome.failed
    assert "INSTANCE_ID" in outcome.sentence
    assert polling.due_mailboxes(timezone.now()) == []
    assert RawMessage.objects.count() == 0


def test_a_personal_mailbox_keeps_what_is_not_ours_out(faulty_box: FaultyBox) -> None:
    box, server = faulty_box()
    Mailbox.objects.filter(pk=box.mailbox.pk).update(reading=Mailbox.Reading.PERSONAL)
    attempt = sent_letter(box.box)
    server.add(
        message("Dinner on Friday?", sender="Mum <mum@family.org>", subject="Friday", message_id="<1@family.org>")
    )
    server.add(
        message("Yes", sender="Assistant <pa@other.org>", answers=attempt.message_id, message_id="<2@other.org>")
    )
    server.add(message("Hello again", sender="ed@brightgarden.com", subject="New", message_id="<3@brightgarden.com>"))
    assert box.poll().stored == 2
    assert set(Reply.objects.values_list("from_email", flat=True)) == {"pa@other.org", "ed@brightgarden.com"}
    whole = [command for command in server.commands if "BODY.PEEK[]" in command]
    assert len(whole) == 1
    assert "1" not in whole[0].split()[2].replace(":", ",").split(",")


def test_waiting_grows_with_each_failure() -> None:
    waits = [polling.wait_after(failures).total_seconds() for failures in range(1, 12)]
    assert 50 <= waits[0] <= 70
    assert 100 <= waits[1] <= 140
    assert max(waits) <= 66 * 60
