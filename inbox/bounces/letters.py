"""Bounces that are only a letter about it, as qmail, Exim, older Exchange and many gateways write them.

1. Signs are counted: who sends it, its subject, what it says, the shape of a transcript, a letter that comes back.
2. Somebody who speaks of a bounce shows some signs too; so a sign of the machine and a sign of the failure must meet.
3. A person who passes a bounce on without a word of their own passes on the bounce.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from inbox.bounces.hardness import hardness_of
from inbox.bounces.recipients import LISTED, named_in_words
from inbox.bounces.report import Hardness, Report, ReportKind
from inbox.bounces.structure import (
    WORDS_READ,
    comes_from_server,
    has_null_sender,
    original_ids,
    report_type,
    returns_a_letter,
    status_code,
    words_of,
)
from inbox.bounces.wording import (
    BOUNCE_SUBJECT,
    BOUNCE_WORDS,
    DELAY_SUBJECT,
    DELAY_WORDS,
    FINAL_WORDS,
    SERVER_WORDS,
    reason_in,
    remote_answer,
)
from inbox.parsing import ParsedMessage, addresses_in, parse
from inbox.quotation import FORWARDED

_I = re.IGNORECASE
_ANSWERS = re.compile(r"\s*(?:re|aw|sv|antw|antwort|odp|rif|res|vs|fwd?|wg|tr|rv|i|enc)\s*:", _I)
OWN_WORDS = 60  # characters above a forwarded bounce that are no letter of their own


def letter_about_failure(message: ParsedMessage) -> Report | None:
    return _read(message) or _passed_on(message)


@dataclass(frozen=True, slots=True)
class _Signs:
    """What speaks for a bounce."""

    named: tuple[str, ...]  # X-Failed-Recipients (Exim, Gmail)
    daemon: bool  # a server's name, or no sender at all
    subject: bool
    said: bool  # words of a failure or delay
    transcript: bool  # words that only servers use
    listed: bool  # addresses as servers list them
    returned: bool  # a letter comes back
    report: bool  # called a delivery status, without one

    @property
    def is_bounce(self) -> bool:
        machine = self.daemon + self.transcript + self.listed + self.returned + self.report
        failure = self.subject + self.said + self.transcript
        if self.named:
            return machine + failure > 0
        if self.daemon:
            return self.subject or failure >= 2 or (failure >= 1 and machine >= 2) or (self.listed and self.returned)
        return self.said and failure + machine >= 3 and machine >= 1 and (self.subject or machine >= 2)


def _signs(message: ParsedMessage, words: str) -> _Signs:
    failed = message.headers.get("x-failed-recipients", ())
    return _Signs(
        named=tuple(address.lower() for value in failed for _, address in addresses_in(value)),
        daemon=comes_from_server(message) or has_null_sender(message),
        subject=bool(BOUNCE_SUBJECT.search(message.subject)),
        said=bool(BOUNCE_WORDS.search(words) or DELAY_WORDS.search(words)),
        transcript=bool(SERVER_WORDS.search(words)),
        listed=bool(LISTED.search(words)),
        returned=returns_a_letter(message),
        report=report_type(message) == "delivery-status",
    )


def _read(message: ParsedMessage) -> Report | None:
    if not _may_be(message):
        return None
    words = words_of(message)
    signs = _signs(message, words)
    if not signs.is_bounce:
        return None
    if _ANSWERS.match(message.subject) and not (signs.named or signs.daemon) and not _is_bare_notice(message, signs):
        return None  # A person's answer that speaks of a bounce.
    if not signs.daemon and not signs.named and (message.in_reply_to or message.references) and not signs.transcript:
        return None
    status = status_code(words)
    report = Report(
        ReportKind.BOUNCE,
        recipients=signs.named or tuple(named_in_words(message)),
        status=status,
        reason=reason_in(words),
        original_ids=original_ids(message),
    )
    if _is_delay(message.subject, words, status):
        return replace(report, kind=ReportKind.DELAY, hardness=Hardness.SOFT)
    return replace(report, hardness=hardness_of(status, remote_answer(words), words))


def _may_be(message: ParsedMessage) -> bool:
    """Whether any sign is there that costs little to look for: nearly all letters show none."""
    return (
        "x-failed-recipients" in message.headers
        or comes_from_server(message)
        or has_null_sender(message)
        or bool(message.embedded)
        or report_type(message) == "delivery-status"
        or bool(BOUNCE_SUBJECT.search(message.subject))
        or bool(LISTED.search(message.text[:WORDS_READ]))
    )


def _is_bare_notice(message: ParsedMessage, signs: _Signs) -> bool:
    """A machine that answers a letter under its own subject: short, nothing quoted, an address on a line of its own."""
    return signs.subject and signs.listed and len(message.text) < 1500 and "\n>" not in message.text


def _is_delay(subject: str, words: str, status: str) -> bool:
    said_so = bool(DELAY_SUBJECT.search(subject))
    if not said_so and not DELAY_WORDS.search(words):
        return False
    return not FINAL_WORDS.search(words) and (said_so or not status.startswith("5"))


# --- Passed on --------------------------------------------------------------------------------------------------------


_DAEMON = ("daemon", "postmaster", "delivery")


def _passed_on(message: ParsedMessage) -> Report | None:
    """The bounce that somebody forwards whole, marked or not, below next to nothing of their own."""
    text = message.text[:40_000]
    lower = text.lower()
    if not any(word in lower for word in _DAEMON):
        return None
    begins = FORWARDED.search(text)
    if begins is None or len(text[: begins.start()].strip()) > OWN_WORDS:
        return None
    inner = re.sub(r"^[ \t]*(?:> ?){1,3}", "", text[begins.end() :], flags=re.MULTILINE).strip()
    if not inner.lower().startswith(("from", "von", "de:", "da:", "van", "od:")):
        return None
    # Its header lines, then its text, as the mail program wrote them out.
    forwarded = parse(inner.encode("utf-8", "replace"))
    words = words_of(forwarded)
    signs = _signs(forwarded, words)
    if not (signs.daemon and signs.is_bounce and signs.transcript):
        return None
    final = re.search(r"^final-recipient\s*:.*?;\s*<?([^\s<>;]+@[^\s<>;]+?)>?\s*$", inner, _I | re.MULTILINE)
    report = _read(forwarded)
    if report is None or not final:
        return report
    return replace(report, recipients=(final.group(1).lower(),))
