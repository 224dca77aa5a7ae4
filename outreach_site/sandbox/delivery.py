"""Taking a letter in, and laying the answer to it into the sender's INBOX when it falls due.

Both are one transaction each. Whoever delivers (the office when the time has come, a person who presses "deliver
now"), an answer is delivered once: the first claim wins.
"""

from __future__ import annotations

import logging
import random
import secrets
import sqlite3
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import format_datetime

from outreach_site.sandbox.config import HOUSE_DOMAIN, PostOffice, plain_address
from outreach_site.sandbox.correspondents import Behaviour, behaviour_for, correspondent_at, write_answer
from outreach_site.sandbox.folders import append_message, find_folder
from outreach_site.sandbox.letters import Incoming, base_subject, read_letter
from outreach_site.sandbox.store import Answer, Kind, Letter, Store, stamp

log = logging.getLogger(__name__)

# What comes back from these has an empty sender address (RFC 3834, 3.3; RFC 3464, 2).
WITHOUT_RETURN = frozenset({Behaviour.OUT_OF_OFFICE, Behaviour.BOUNCES})


@dataclass(frozen=True, kw_only=True)
class Envelope:
    """What the SMTP session said about a letter."""

    account: str
    mail_from: str
    recipients: tuple[str, ...]
    tls_version: str


def take_in(
    store: Store, envelope: Envelope, raw: bytes, *, office: PostOffice, now: datetime, chance: random.Random
) -> list[Letter]:
    """Stores a letter once for each recipient, and plans the answers.

    A recipient that is an account of the office gets the letter into its INBOX. The letter is on disk when this
    returns; only then may the server say that it took it.
    """
    incoming = read_letter(raw)
    with store.writing() as db:
        ids = [
            _take_in_for(db, store, envelope, recipient, incoming, raw, office=office, now=now, chance=chance)
            for recipient in dict.fromkeys(envelope.recipients)
        ]
    return [letter for letter_id in ids if (letter := store.letter(letter_id)) is not None]


def deliver_due(store: Store, *, now: datetime) -> list[Answer]:
    """Delivers every answer that is due at `now`, the oldest first."""
    return _deliver_each(store, store.waiting_answers(due_by=now), now=now)


def deliver_all(store: Store, *, now: datetime) -> list[Answer]:
    """Delivers every waiting answer, due or not."""
    return _deliver_each(store, store.waiting_answers(), now=now)


def deliver(store: Store, answer_id: int, *, now: datetime) -> Answer | None:
    """Writes an answer and lays it into the account's INBOX; None when it was delivered already.

    None too when it cannot be written: then it is dropped and logged, and nobody else's answer waits for it.
    """
    planned = store.answer(answer_id)
    letter = None if planned is None else store.letter(planned.letter_id)
    if planned is None or letter is None or planned.delivered_at is not None:
        return None
    try:
        raw = _written(letter, planned, now=now)
    # Whatever trips the writer now would trip it again a second later.
    except Exception:
        log.exception("The answer of %s could not be written.", planned.correspondent)
        with store.writing() as db:
            db.execute("DELETE FROM answer WHERE id = ?", (planned.id,))
        return None
    with store.writing() as db:
        claimed = db.execute(
            "UPDATE answer SET delivered_at = ?, message_id = ?, raw = ? WHERE id = ? AND delivered_at IS NULL",
            (stamp(now), read_letter(raw).message_id, raw, planned.id),
        )
        if claimed.rowcount == 0:
            return None
        inbox = find_folder(db, planned.account, "INBOX")
        if inbox is not None:
            append_message(db, inbox.id, raw, at=now, flags=(), recent=True)
    return store.answer(planned.id)


def _deliver_each(store: Store, waiting: list[Answer], *, now: datetime) -> list[Answer]:
    return [answer for planned in waiting if (answer := deliver(store, planned.id, now=now)) is not None]


def _take_in_for(
    db: sqlite3.Connection,
    store: Store,
    envelope: Envelope,
    recipient: str,
    incoming: Incoming,
    raw: bytes,
    *,
    office: PostOffice,
    now: datetime,
    chance: random.Random,
) -> int:
    correspondent = correspondent_at(recipient)
    mailbox = plain_address(recipient)
    inbox = find_folder(db, mailbox, "INBOX")
    thread, turn = _thread(db, envelope.account, mailbox, incoming)
    at_home = inbox is not None or mailbox.endswith(f"@{HOUSE_DOMAIN}")
    letter_id = store.add_letter(
        db,
        received_at=now,
        account=envelope.account,
        mail_from=envelope.mail_from,
        recipient=recipient,
        mailbox=mailbox,
        recipient_name=correspondent.name if correspondent else "",
        kind=Kind.PLATFORM if at_home else Kind.OUTREACH,
        tls_version=envelope.tls_version,
        sender=incoming.sender,
        subject=incoming.subject,
        message_id=incoming.message_id,
        thread=thread,
        raw=raw,
    )
    if inbox is not None:
        traced = _trace(f"<{envelope.mail_from}>", recipient, "rehearsal.test", now=now) + raw
        append_message(db, inbox.id, traced, at=now, flags=(), recent=True)
    behaviour = behaviour_for(recipient, incoming, turn=turn, has_account=inbox is not None)
    if behaviour is not None:
        store.add_answer(
            db,
            letter_id=letter_id,
            account=_answers_to(db, envelope, incoming, behaviour),
            correspondent=mailbox,
            letter_key=incoming.key,
            behaviour=behaviour,
            turn=turn,
            due_at=now + timedelta(seconds=chance.uniform(*office.answer_after)),
        )
    return letter_id


def _thread(db: sqlite3.Connection, account: str, mailbox: str, incoming: Incoming) -> tuple[str, int]:
    """The thread that a letter belongs to and the number of its earlier, different letters to the same mailbox.

    Found by what the letter refers to (earlier letters, and answers to them), else by its subject.
    """
    rows = db.execute(
        "SELECT letter.thread, letter.message_id, letter.subject, answer.message_id FROM letter"
        " LEFT JOIN answer ON answer.letter_id = letter.id WHERE letter.account = ? AND letter.mailbox = ?"
        " ORDER BY letter.id",
        (account, mailbox),
    ).fetchall()
    thread = None
    for candidate, message_id, _, answer_id in rows:
        if {message_id, answer_id} & set(incoming.references):
            thread = candidate
    if thread is None:
        for candidate, _, subject, _ in rows:
            if base_subject(subject) == incoming.base_subject:
                thread = candidate
    if thread is None:
        return incoming.key, 0
    earlier = {message_id for candidate, message_id, _, _ in rows if candidate == thread}
    return thread, len(earlier - {incoming.message_id})


def _answers_to(db: sqlite3.Connection, envelope: Envelope, incoming: Incoming, behaviour: Behaviour) -> str:
    """The account that gets what comes back: a bounce follows the envelope, an answer the letter's own address.

    An address that is no account of the office cannot be written to from here; the account that signed in gets it then.
    """
    wanted = plain_address(envelope.mail_from if behaviour is Behaviour.BOUNCES else incoming.reply_to)
    known = db.execute("SELECT 1 FROM account WHERE address = ?", (wanted,)).fetchone()
    return wanted if known else envelope.account


def _written(letter: Letter, planned: Answer, *, now: datetime) -> bytes:
    message = write_answer(
        read_letter(letter.raw),
        recipient=letter.recipient,
        behaviour=Behaviour(planned.behaviour),
        turn=planned.turn,
        envelope_from=letter.mail_from,
        at=now,
    )
    sender = "<>" if planned.behaviour in WITHOUT_RETURN else f"<{planned.correspondent}>"
    return _trace(sender, planned.account, planned.correspondent.rpartition("@")[2], now=now) + message


def _trace(sender: str, recipient: str, origin: str, *, now: datetime) -> bytes:
    """The headers that the last server on a message's way puts on top (RFC 5321, 4.4)."""
    return (
        f"Return-Path: {sender}\r\n"
        f"Delivered-To: {recipient}\r\n"
        f"Received: from mx.{origin} (mx.{origin} [127.0.0.1])\r\n"
        f"\tby post.{HOUSE_DOMAIN} with ESMTPS id {secrets.token_hex(6)}\r\n"
        f"\tfor <{recipient}>; {format_datetime(now)}\r\n"
    ).encode()
