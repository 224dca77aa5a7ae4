"""Everything that the house can know about one person, and a search for what is left of it."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import re
import zlib
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from django.db import connection

from campaigns import outbox
from campaigns.models import Attempt, Contact, Lead, Template
from compliance import consents, gate, holds, privacy, suppression, unsubscribe
from compliance.consents import Proof
from compliance.models import SendRecord
from compliance.privacy_models import Consent, PrivacyRequest
from inbox.ingest import ingest
from inbox.models import RawBody, RawMessage
from tests.conftest import World
from tests.inbox.conftest import bounce, message, sent_letter
from tests.letterbox import Letterbox, make_letterbox

ED = "ed@brightgarden.com"
NOW = datetime(2026, 3, 10, 9, 30, tzinfo=UTC)


@dataclass
class Life:
    """A person who was found, written to, answered, and is named in other people's papers."""

    world: World
    box: Letterbox
    letter: Attempt
    waiting: Attempt
    consent: Consent

    def receive(self, raw: bytes, *, at: datetime = NOW) -> RawMessage:
        row = RawMessage.objects.create(
            mailbox=self.box.mailbox,
            digest=hashlib.sha256(raw).hexdigest(),
            size=len(raw),
            folder="INBOX",
            received_at=at,
        )
        RawBody.holding(row, raw).save()
        ingest(row.pk, now=at)
        return row

    def ask(self, kind: str = "erasure") -> PrivacyRequest:
        return privacy.open_request(
            workspace=self.world.here,
            kind=kind,
            address=ED,
            received_on=NOW.date(),
            note=f"{ED} wrote to us",
            user=self.world.officer,
            now=NOW,
        )


def live(world: World) -> Life:
    box = make_letterbox(world, email="mara@orchardmedia.com", port=2525)
    letter = sent_letter(box, ED, at=NOW - timedelta(days=3))
    contact = Contact.objects.get(lead=letter.lead)
    Contact.objects.filter(pk=contact.pk).update(
        found_url="https://brightgarden.com/contact", found_passage=f"Write to Ed: {ED}", email="Ed@BrightGarden.com"
    )
    Lead.objects.filter(pk=letter.lead_id).update(custom_fields={"editor": "Ed Brand"})
    waiting = _second_letter(box, letter)
    life = Life(world, box, letter, waiting, _consent(world))
    _ledger_and_log(life)
    # What came back: an answer, a bounce, a copy of our own letter, a stranger and a colleague who name him.
    life.receive(message("Sounds good.\n\nEd", answers=letter.message_id))
    life.receive(bounce(ED, original=letter.message_id, words=f"550 5.1.1 <{ED}> unknown"))
    coded = base64.encodebytes(f"Hello, this went to {ED} today.".encode()).decode()
    life.receive(
        message(
            coded,
            sender="Mara <mara@orchardmedia.com>",
            to="list@orchardmedia.com",
            message_id="<copy@orchardmedia.com>",
            headers="Content-Transfer-Encoding: base64",
        )
    )
    ann = sent_letter(box, "ann@fernandfig.com", at=NOW - timedelta(days=2))
    Attempt.objects.filter(pk=ann.pk).update(body=f"Dear Ann, we also wrote to {ED}, and to fred@brightgarden.com.")
    Contact.objects.filter(lead=ann.lead).update(name="Ann", found_passage=f"Ann: ann@fernandfig.com, Ed: {ED.upper()}")
    life.receive(
        message(
            f"Better ask {ED} about this.",
            sender="Ann <ann@fernandfig.com>",
            answers=ann.message_id,
            message_id="<ann-1@fernandfig.com>",
        )
    )
    Template.objects.create(workspace=world.here, name="Ed", subject="Hello", body=f"As {ED} said")
    holds.place(workspace=world.here, subject=f"address:{ED}", reason=f"{ED} may not want it.", now=NOW)
    suppression.suppress(
        workspace=world.here, address="boss@brightgarden.com", reason="manual", note=f"as {ED} says", now=NOW
    )
    return life


def _second_letter(box: Letterbox, letter: Attempt) -> Attempt:
    return Attempt.objects.create(
        campaign=box.campaign,
        lead=letter.lead,
        kind="follow_up",
        mailbox=box.mailbox,
        identity=box.world.identity,
        user=box.world.marketer,
        recipient=ED,
        recipient_name="Ed Brand",
        recipient_key=ED,
        recipient_domain="brightgarden.com",
        subject="Once more, Ed",
        body=f"Hello Ed ({ED})",
        state=Attempt.State.QUEUED,
        due_at=None,
    )


def _consent(world: World) -> Consent:
    return consents.record(
        workspace=world.here,
        address=ED,
        proof=Proof(text=f"{ED} ticked the box", file_name="ed.eml", file_content=f"From: {ED}".encode()),
        obtained_on=date(2026, 2, 1),
        source="Fair in February",
        user=world.officer,
        now=NOW,
    )


def _ledger_and_log(life: Life) -> None:
    """The letter as the gate let it go, with a server's words that name the person."""
    letter = Attempt.objects.select_related("campaign", "lead__contact", "identity").get(pk=life.letter.pk)
    asked = outbox.letter_of(letter, life.box.mailbox, now=NOW)
    gate.decide([asked], workspace=life.world.here, now=NOW - timedelta(days=3))
    SendRecord.objects.update(state="sent", found_url="https://brightgarden.com/contact", found_passage=f"Ed: {ED}")
    unsubscribe.token_for(workspace=life.world.here, address=ED, about=letter.about, now=NOW)
    Attempt.objects.filter(pk=letter.pk).update(settled_at=None, server_words=f"250 <{ED}> accepted")
    outbox.settle(now=NOW - timedelta(days=3))


def traces(*needles: str) -> list[tuple[str, str, Any]]:
    """Where any of these words stands, in any column of any table, also inside bytes that are compressed."""
    # fred@brightgarden.com is somebody else.
    named = re.compile("|".join(rf"(?<!\w){re.escape(needle.lower())}" for needle in needles))
    found = []
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f"SELECT * FROM {connection.ops.quote_name(table)}")
            columns = [column[0] for column in cursor.description]
            for row in cursor.fetchall():
                found += [
                    (table, column, value)
                    for column, value in zip(columns, row, strict=True)
                    if any(named.search(text) for text in _texts(value))
                ]
    return found


def _texts(value: Any) -> list[str]:
    if isinstance(value, bytes | memoryview):
        raw = bytes(value)
        with contextlib.suppress(zlib.error):
            raw += zlib.decompress(raw)
        text = raw.decode("utf-8", "replace")
        coded = [base64.b64decode(line + "==") for line in text.split() if len(line) > 20 and line.isalnum()]
        return [text.lower(), *(each.decode("utf-8", "replace").lower() for each in coded)]
    return [str(value).lower()]
