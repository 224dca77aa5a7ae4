"""What the tests of the inbox share: a mailbox that can be read, letters that have left, messages to put into it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import Settings

from campaigns.models import Attempt, Lead
from inbox import polling
from inbox.ingest import ingest
from inbox.models import FolderCursor, RawBody, RawMessage, Reply
from outreach_site.mailboxes.models import Mailbox, Security
from outreach_site.sandbox.running import RunningOffice
from tests.conftest import World
from tests.letterbox import Letterbox, make_letterbox
from tests.servers import PASSWORD, FaultyIMAP

HTMX = {"HX-Request": "true", "HX-Target": "thread"}


def url(name: str, *args: object, slug: str = "orchard") -> str:
    return reverse(f"inbox:{name}", args=[slug, *args])


def fresh(reply: Reply) -> Reply:
    return Reply.objects.get(pk=reply.pk)


def message(
    text: str = "Sounds good, please send it over.",
    *,
    sender: str = "Ed Brand <ed@brightgarden.com>",
    to: str = "mara@orchardmedia.com",
    subject: str = "Re: An idea for Brightgarden",
    answers: str = "",
    message_id: str = "<reply-1@brightgarden.com>",
    headers: str = "",
) -> bytes:
    """A plain message as people send it; `answers` is the Message-ID that it answers."""
    lines = [
        f"From: {sender}",
        f"To: {to}",
        f"Subject: {subject}",
        "Date: Mon, 1 Dec 2025 10:00:00 +0000",
        *([f"Message-ID: {message_id}"] if message_id else []),
        *([f"In-Reply-To: {answers}", f"References: {answers}"] if answers else []),
        *headers.splitlines(),
        "Content-Type: text/plain; charset=utf-8",
        "",
        text,
    ]
    return "\r\n".join("\r\n".join(lines).splitlines()).encode() + b"\r\n"


def bounce(
    recipient: str = "ed@brightgarden.com",
    *,
    original: str = "",
    status: str = "5.1.1",
    action: str = "failed",
    words: str = "550 5.1.1 User unknown",
) -> bytes:
    """A delivery report as RFC 3464 has it; `original` is the Message-ID of the letter that comes back."""
    back = f"Message-ID: {original}\nTo: {recipient}\nSubject: An idea\n" if original else f"To: {recipient}\n"
    text = f"""From: Mail Delivery System <MAILER-DAEMON@mx.example.net>
To: mara@orchardmedia.com
Subject: Undelivered Mail Returned to Sender
Date: Mon, 1 Dec 2025 10:00:00 +0000
Message-ID: <bounce-{abs(hash((recipient, original, status)))}@mx.example.net>
Auto-Submitted: auto-replied
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="=_b"

--=_b
Content-Type: text/plain

I am sorry to have to tell you that your message could not be delivered.

<{recipient}>: {words}

--=_b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example.net

Final-Recipient: rfc822; {recipient}
Action: {action}
Status: {status}
Diagnostic-Code: smtp; {words}

--=_b
Content-Type: text/rfc822-headers

{back}
--=_b--
"""
    return text.replace("\n", "\r\n").encode()


@dataclass
class Correspondence:
    """A lead who was written to, and a way to let something come back without a server."""

    box: Letterbox
    attempt: Attempt

    @property
    def lead(self) -> Lead:
        return Lead.objects.get(pk=self.attempt.lead_id)

    def store(self, raw: bytes) -> RawMessage:
        import hashlib

        row = RawMessage.objects.create(
            mailbox=self.box.mailbox,
            digest=hashlib.sha256(raw).hexdigest(),
            size=len(raw),
            folder="INBOX",
            received_at=timezone.now(),
        )
        RawBody.holding(row, raw).save()
        return row

    def receive(self, raw: bytes, *, now: datetime | None = None) -> Reply | None:
        return ingest(self.store(raw).pk, now=now or timezone.now())

    def answer(self, text: str, **more: str) -> Reply:
        """A reply to our letter, as the person we wrote to."""
        number = RawMessage.objects.count()
        values = {"answers": self.attempt.message_id, "message_id": f"<r{number}@brightgarden.com>", **more}
        reply = self.receive(message(text, **values))
        assert reply is not None
        return reply


def sent_letter(box: Letterbox, address: str = "ed@brightgarden.com", *, at: datetime | None = None) -> Attempt:
    """A letter that has left, without a server."""
    lead = box.lead(address, name="Ed Brand")
    Lead.objects.filter(pk=lead.pk).update(status=Lead.Status.CONTACTED)
    now = at or timezone.now() - timedelta(hours=3)
    number = Attempt.objects.count() + 1
    return Attempt.objects.create(
        campaign=box.campaign,
        lead=lead,
        mailbox=box.mailbox,
        identity=box.world.identity,
        user=box.world.marketer,
        recipient=address,
        recipient_key=address.lower(),
        recipient_domain=address.partition("@")[2],
        subject="An idea for Brightgarden",
        body="Hello Ed,\n\nI liked your piece on raised beds.",
        state=Attempt.State.SENT,
        message_id=f"<letter-{number}@orchardmedia.com>",
        created_at=now,
        finished_at=now,
        settled_at=now,
    )


@pytest.fixture
def correspondence(world: object) -> Correspondence:
    box = make_letterbox(world, email="mara@orchardmedia.com", port=2525)  # type: ignore[arg-type]  # the World fixture
    return Correspondence(box, sent_letter(box))


@pytest.fixture
def reply(correspondence: Correspondence) -> Reply:
    return correspondence.answer(
        "Sounds good, please send it over.\n\nOn Mon, 1 Dec 2025 Mara <m@o.com> wrote:\n> old words"
    )


@pytest.fixture
def client(world: World) -> Client:
    return world.client(world.marketer)


@dataclass
class ReadBox:
    """A mailbox on an IMAP server on loopback."""

    box: Letterbox

    @property
    def mailbox(self) -> Mailbox:
        return Mailbox.objects.get(pk=self.box.mailbox.pk)

    def poll(self) -> polling.Outcome:
        return polling.poll(self.box.mailbox.pk, at_once=True)


def with_imap(box: Letterbox, *, port: int, security: Security, user: str) -> ReadBox:
    mailbox = box.mailbox
    mailbox.imap_host, mailbox.imap_port, mailbox.imap_security, mailbox.imap_user = "localhost", port, security, user
    mailbox.set_imap_password(PASSWORD, now=timezone.now())
    mailbox.save()
    return ReadBox(box)


@pytest.fixture
def office_box(rehearsal: Letterbox, post_office: RunningOffice) -> ReadBox:
    """Read from the rehearsal's post office, over STARTTLS; read once, so that what comes from now on is new."""
    box = with_imap(rehearsal, port=post_office.imap_port, security=Security.STARTTLS, user="alex@rehearsal.test")
    assert not box.poll().failed
    return box


@pytest.fixture
def faulty_box(
    world: object, imap_server: Callable[..., FaultyIMAP], settings: Settings
) -> Callable[..., tuple[ReadBox, FaultyIMAP]]:
    """Read from an IMAP server that misbehaves as told: `box, server = faulty_box(stall="FETCH")`."""

    def open_box(**knobs: object) -> tuple[ReadBox, FaultyIMAP]:
        server = imap_server(**knobs)
        settings.MAIL_ALLOWED_HOSTS = [f"localhost:{server.port}"]
        settings.MAIL_CA_FILE = str(server.ca_file)
        settings.SMTP_SEND_TIMEOUT = 1
        box = make_letterbox(world, email="mara@orchardmedia.com", port=2525)  # type: ignore[arg-type]  # World
        # Read once while it was empty. The server dates everything 1 December 2025.
        began_at = datetime.fromisoformat("2025-11-01T00:00:00+00:00")
        for name in server.folders:
            FolderCursor.objects.create(mailbox=box.mailbox, folder=name, uid_validity=1, began_at=began_at)
        security = Security.STARTTLS if server.tls == "starttls" else Security.TLS
        return with_imap(box, port=server.port, security=security, user="mara@orchardmedia.com"), server

    return open_box
