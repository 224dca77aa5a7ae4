"""Copies in the Sent folder: one each, whatever dies, and never at the letter's cost."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone
from pytest_django.fixtures import Settings

from campaigns import outbox, sent_copies
from campaigns.models import Attempt, SentCopy
from outreach_site.mailboxes.cards import cards
from outreach_site.mailboxes.models import Mailbox
from tests.letterbox import Letterbox
from tests.servers import PASSWORD, FaultyIMAP, FaultySMTP

Boxes = Callable[..., tuple[Letterbox, FaultySMTP]]


@pytest.fixture
def sent_folder(
    faulty_letterbox: Boxes, imap_server: Callable[..., FaultyIMAP], settings: Settings
) -> Callable[..., tuple[Letterbox, FaultyIMAP]]:
    """A letter that was recorded as sent, not yet settled, of a mailbox that wants copies."""

    def make(**knobs: object) -> tuple[Letterbox, FaultyIMAP]:
        box, _ = faulty_letterbox()
        server = imap_server(**knobs)
        settings.MAIL_ALLOWED_HOSTS = [*settings.MAIL_ALLOWED_HOSTS, f"localhost:{server.port}"]
        mailbox = box.mailbox
        mailbox.imap_host, mailbox.imap_port, mailbox.imap_user = "localhost", server.port, "mara"
        mailbox.set_imap_password(PASSWORD, now=timezone.now())
        mailbox.keep_sent_copies = True
        mailbox.save()
        [attempt] = box.write_to("ada@somewhere.com")
        Attempt.objects.filter(pk=attempt.pk).update(
            state="sent", message_id="<one@orchardmedia.com>", finished_at=timezone.now(), started_at=timezone.now()
        )
        outbox.settle(now=timezone.now())
        return box, server

    return make


def test_a_copy_is_kept_once(sent_folder: Callable[..., tuple[Letterbox, FaultyIMAP]]) -> None:
    box, server = sent_folder()
    now = timezone.now()
    assert sent_copies.due_mailboxes(now=now) == [box.mailbox.pk]
    assert sent_copies.copy(box.mailbox.pk, now=now) == 1
    [raw] = server.folders["Sent"].messages.values()
    assert b"Message-ID: <one@orchardmedia.com>" in raw
    assert b"List-Unsubscribe" not in raw
    assert "\\Seen" in server.flags[0]
    assert sent_copies.copy(box.mailbox.pk, now=now) == 0
    assert sent_copies.due_mailboxes(now=now) == []


def test_a_mailbox_that_receives_by_webhook_alone_has_nowhere_to_keep_one(faulty_letterbox: Boxes) -> None:
    """Once it has IMAP, what it sent long before does not come all at once."""
    box, server = faulty_letterbox()
    Mailbox.objects.update(imap_host="", webhook_verified_at=timezone.now(), keep_sent_copies=True)
    box.write_to("ada@site.com")
    box.send()
    assert len(server.accepted) == 1
    assert not SentCopy.objects.exists()


def test_a_task_that_died_before_its_note_makes_no_second_copy(
    sent_folder: Callable[..., tuple[Letterbox, FaultyIMAP]],
) -> None:
    box, server = sent_folder()
    now = timezone.now()
    sent_copies.copy(box.mailbox.pk, now=now)
    SentCopy.objects.update(copied_at=None, claimed_until=now - timedelta(minutes=1))
    assert sent_copies.copy(box.mailbox.pk, now=now) == 1
    assert len(server.folders["Sent"].messages) == 1


def test_what_another_task_works_on_is_theirs(sent_folder: Callable[..., tuple[Letterbox, FaultyIMAP]]) -> None:
    box, server = sent_folder()
    now = timezone.now()
    SentCopy.objects.update(claimed_until=now + timedelta(minutes=4))
    assert sent_copies.copy(box.mailbox.pk, now=now) == 0
    assert server.folders["Sent"].messages == {}


@pytest.mark.parametrize("how", ["refuses", "hangs up", "has no folder", "password"])
def test_a_failure_shows_on_the_card_and_nowhere_else(
    sent_folder: Callable[..., tuple[Letterbox, FaultyIMAP]], how: str
) -> None:
    box, server = sent_folder(**{"drop": "SELECT"} if how == "hangs up" else {})
    if how == "refuses":
        server.refuse_append = "[OVERQUOTA] full"
    if how == "has no folder":
        del server.folders["Sent"]
    if how == "password":
        server.password = "another"
    now = timezone.now()
    for tried in range(5):
        assert sent_copies.copy(box.mailbox.pk, now=now + timedelta(days=tried)) == 0
    assert Attempt.objects.get().state == "sent"
    row = SentCopy.objects.get()
    assert row.tries == 5
    assert row.given_up_at is not None
    mailbox = Mailbox.objects.get()
    assert mailbox.sending_state != Mailbox.State.TROUBLE
    [card] = cards([mailbox], workspace=box.world.here, now=now)
    assert card.troubles[0].title.startswith("Copies of sent letters could not be put")


def two_more_are_sent(box: Letterbox) -> None:
    for n, attempt in enumerate(box.write_to("bea@somewhere.org", "cy@somewhere.net")):
        Attempt.objects.filter(pk=attempt.pk).update(
            state="sent", message_id=f"<{n}@orchardmedia.com>", finished_at=timezone.now(), started_at=timezone.now()
        )
    outbox.settle(now=timezone.now())


def test_a_copy_that_is_refused_is_refused_alone(
    sent_folder: Callable[..., tuple[Letterbox, FaultyIMAP]],
) -> None:
    box, server = sent_folder()
    server.refuse_append, server.refuse_append_of = "[TOOBIG] Message too large", "<one@orchardmedia.com>"
    two_more_are_sent(box)
    now = timezone.now()
    assert sent_copies.copy(box.mailbox.pk, now=now) == 2
    assert len(server.folders["Sent"].messages) == 2
    refused = SentCopy.objects.get(copied_at=None)
    assert (refused.attempt.message_id, refused.tries) == ("<one@orchardmedia.com>", 1)
    assert "Message too large" in Mailbox.objects.get().sent_copy_trouble
    for tried in range(1, 5):
        sent_copies.copy(box.mailbox.pk, now=now + timedelta(days=tried))
    refused.refresh_from_db()
    assert (refused.tries, refused.given_up_at is not None) == (5, True)


def test_a_copy_that_the_server_hangs_up_on_suffers_alone(
    sent_folder: Callable[..., tuple[Letterbox, FaultyIMAP]],
) -> None:
    box, server = sent_folder()
    server.drop_append_of = "<one@orchardmedia.com>"
    two_more_are_sent(box)
    now = timezone.now()
    assert sent_copies.copy(box.mailbox.pk, now=now) == 2
    assert server.commands.count("LOGIN") == 2
    alone = SentCopy.objects.get(copied_at=None)
    assert (alone.attempt.message_id, alone.tries) == ("<one@orchardmedia.com>", 1)
    assert "ended the conversation" in Mailbox.objects.get().sent_copy_trouble


def test_a_server_that_hangs_up_on_every_copy_is_not_called_again_and_again(
    sent_folder: Callable[..., tuple[Letterbox, FaultyIMAP]], monkeypatch: pytest.MonkeyPatch
) -> None:
    box, server = sent_folder()
    server.drop_append_of = ""
    two_more_are_sent(box)
    monkeypatch.setattr(sent_copies, "MOST_CONNECTIONS", 2)
    now = timezone.now()
    assert sent_copies.copy(box.mailbox.pk, now=now) == 0
    assert server.commands.count("LOGIN") == 2
    assert sorted(SentCopy.objects.values_list("tries", flat=True)) == [0, 1, 1]
    assert sent_copies.due_mailboxes(now=now) == [box.mailbox.pk], "the third one is tried at once"
    server.drop_append_of = None
    assert sent_copies.copy(box.mailbox.pk, now=now + timedelta(minutes=3)) == 3


def test_a_missing_folder_is_said_with_what_to_do(
    sent_folder: Callable[..., tuple[Letterbox, FaultyIMAP]],
) -> None:
    box, server = sent_folder()
    del server.folders["Sent"]
    sent_copies.copy(box.mailbox.pk, now=timezone.now())
    assert "make one named “Sent” there" in Mailbox.objects.get().sent_copy_trouble


def test_a_copy_that_works_again_clears_the_card(sent_folder: Callable[..., tuple[Letterbox, FaultyIMAP]]) -> None:
    box, server = sent_folder()
    server.refuse_append = "not now"
    sent_copies.copy(box.mailbox.pk, now=timezone.now())
    server.refuse_append = ""
    assert sent_copies.copy(box.mailbox.pk, now=timezone.now() + timedelta(hours=1)) == 1
    assert Mailbox.objects.get().sent_copy_trouble == ""


def test_letters_that_may_have_been_sent_get_no_copy(
    sent_folder: Callable[..., tuple[Letterbox, FaultyIMAP]],
) -> None:
    """It would prove what nobody knows."""
    sent_folder()
    SentCopy.objects.all().delete()
    Attempt.objects.update(state="uncertain", settled_at=None)
    outbox.settle(now=timezone.now())
    assert not SentCopy.objects.exists()


def test_without_the_option_nothing_is_noted(faulty_letterbox: Boxes) -> None:
    [attempt] = faulty_letterbox()[0].write_to("ada@somewhere.com")
    Attempt.objects.filter(pk=attempt.pk).update(state="sent", message_id="<1@x>", finished_at=timezone.now())
    outbox.settle(now=timezone.now())
    assert not SentCopy.objects.exists()
