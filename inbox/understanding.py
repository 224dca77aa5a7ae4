"""One message, understood: bounce, complaint, receipt, automatic reply, list, our own copy, or a person's reply.

Pure: no database. `ingest` draws the consequences, `manage.py read_message` prints it.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from inbox.autoreply import automatic_in
from inbox.bounces import Hardness, Report, ReportKind, report_in
from inbox.classify import Tag, Verdict, classify, opted_out
from inbox.dates import return_date
from inbox.evidence import Evidence
from inbox.intents import Intent
from inbox.parsing import ParsedMessage, parse
from inbox.phrases.asking import IntentName


class MessageKind(StrEnum):
    REPLY = "reply"  # a person wrote
    AUTO_REPLY = "auto_reply"  # a machine answered
    BOUNCE = "bounce"  # it did not arrive
    DELAY = "delay"  # it has not arrived yet
    COMPLAINT = "complaint"  # a feedback report; `report.by_person` where the reader called it spam
    RECEIPT = "receipt"  # it arrived, or was read
    LIST = "list"  # newsletters and lists
    OWN_COPY = "own_copy"  # what we sent ourselves


@dataclass(frozen=True, slots=True)
class Understanding:
    """What a message is. `report` for bounces and their like, `verdict` for what a person (or a machine) wrote."""

    message: ParsedMessage
    kind: MessageKind
    verdict: Verdict | None = None
    report: Report | None = None
    return_on: date | None = None

    @property
    def suppresses(self) -> bool:
        """Whether it is clear enough to suppress by itself, once it is tied to a letter of ours where it must be."""
        if self.kind is MessageKind.REPLY:
            return self.verdict is not None and self.verdict.suppresses
        if self.kind is MessageKind.BOUNCE:
            return self.report is not None and self.report.hardness is Hardness.HARD
        return self.kind is MessageKind.COMPLAINT and self.report is not None and self.report.by_person

    @property
    def text_digest(self) -> str:
        """The same for two copies of one message, whatever the servers on the way added to it."""
        return hashlib.sha256(" ".join(self.message.text.split()).encode()).hexdigest()


_REPORTS = {
    ReportKind.BOUNCE: MessageKind.BOUNCE,
    ReportKind.DELAY: MessageKind.DELAY,
    ReportKind.COMPLAINT: MessageKind.COMPLAINT,
    ReportKind.RECEIPT: MessageKind.RECEIPT,
}


def understand(raw: bytes, *, received_on: date, own_addresses: Collection[str] = ()) -> Understanding:
    """Read any bytes. `own_addresses`, in lower case, are those that we write from. Never raises."""
    return understand_parsed(parse(raw), received_on=received_on, own_addresses=own_addresses)


def understand_parsed(
    message: ParsedMessage, *, received_on: date, own_addresses: Collection[str] = ()
) -> Understanding:
    report = report_in(message)
    if report is not None:
        return Understanding(message, _REPORTS[report.kind], report=report)
    # A message "from" us that came back to us is a copy; one that answers us under our own name is forged, and gets
    # no further either.
    if message.from_email.lower() in own_addresses:
        return Understanding(message, MessageKind.OWN_COPY)
    verdict = classify(message.new_text, subject=message.subject)
    if _is_unsubscribing_program(message):
        # It says that it is one; whoever told it to is a person.
        return Understanding(message, MessageKind.REPLY, verdict=opted_out(message.subject))
    automatic = automatic_in(message)
    if automatic is not None and automatic.is_list:
        return Understanding(message, MessageKind.LIST)
    if automatic is not None:
        words = Evidence(automatic.because, "automatic", 0, 0)
        sent_on = (
            message.date.date() if message.date and abs((message.date.date() - received_on).days) < 30 else received_on
        )
        return Understanding(
            message,
            MessageKind.AUTO_REPLY,
            verdict=Verdict(Tag.OUT_OF_OFFICE, (words,), _told_by_machine(verdict), confidence=0.9),
            return_on=return_date(message.new_text or message.text[:3000], sent_on=sent_on),
        )
    return_on = return_date(message.new_text, sent_on=received_on) if verdict.tag is Tag.OUT_OF_OFFICE else None
    return Understanding(message, MessageKind.REPLY, verdict=verdict, return_on=return_on)


def _told_by_machine(verdict: Verdict) -> tuple[Intent, ...]:
    """That they have left, or who else to write to: a machine may say so. It asks for nothing."""
    return tuple(each for each in verdict.intents if each.intent in {IntentName.LEFT_COMPANY, IntentName.WRONG_PERSON})


_TOKEN = re.compile(r"[A-Za-z0-9_-]{43}")
_UNSUBSCRIBE = frozenset({"unsubscribe", "remove", "optout", "opt-out"})


def _is_unsubscribing_program(message: ParsedMessage) -> bool:
    """A mail program that unsubscribes for its reader (RFC 2369): that subject, perhaps with our token behind it (as
    compliance.unsubscribe writes it), and next to no text.
    """
    word, _, token = message.subject.strip().partition(" ")
    is_ours = not token or _TOKEN.fullmatch(token) is not None
    return word.lower() in _UNSUBSCRIBE and is_ours and len(message.new_text) < 160
