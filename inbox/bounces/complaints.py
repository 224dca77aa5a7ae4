"""Complaints: feedback reports (RFC 5965) as mailbox providers send them, and the forms that are older than it."""

from __future__ import annotations

import re

from inbox.bounces.report import Report, ReportKind
from inbox.bounces.structure import addressed_to, fields_of, original_ids, own_parts, report_type
from inbox.parsing import ParsedMessage, addresses_in

_I = re.IGNORECASE
# Types that no person sends: a signature failed (RFC 6591), a DMARC policy was not met.
_BY_MACHINE = frozenset({"auth-failure", "dmarc", "auth", "fraud-auth"})
# Hotmail's and MSN's programme (JMRP) before it spoke ARF: the letter as an attachment, and this subject.
_JMRP = re.compile(r"^\s*complaint about message from\b", _I)
# Loops that forward the letter below a sentence: Yahoo, Comcast, AOL's older scomp form, Mail.ru, and their like.
_LOOP_SENDER = re.compile(
    r"^(?:scomp|fbl|feedback|feedback-?loop|feedbackloop|fbl[-_.]?\w*|abuse|abuse[-_.]?(?:report|noreply)\w*"
    r"|spam-?report\w*"
    r"|complaints?|jmrp|staff|noreply-?fbl)(?:[+.-].*)?@",
    _I,
)
_LOOP_SUBJECT = re.compile(
    r"\b(?:abuse report|spam (?:report|complaint)|complaint (?:about|for|from)|(?:email )?feedback report|email abuse"
    r"|client tos notification|feedback loop)\b|^fw: ?.*\bspam\b",
    _I,
)
_LOOP_WORDS = re.compile(
    r"\bthis is an? (?:e-?mail )?(?:abuse|spam|complaint|feedback) (?:report|complaint|notification)|\b(?:marked"
    r"|reported|flagged"
    r"|identified) (?:\w+ ){0,6}as (?:spam|junk|unwanted|abuse)|\babuse report for an e-?mail message\b"
    r"|\bfeedback loop\b",
    _I,
)
_RECIPIENT_FIELDS = (
    "original-rcpt-to",
    "removal-recipient",
    "x-original-rcpt-to",
    "original-recipient",
    "reported-recipient",
)


def complaint_in(message: ParsedMessage) -> Report | None:
    reports = [part for part in own_parts(message) if part.content_type == "message/feedback-report"]
    inside = [part for part in message.parts if "message/feedback-report" in part.inside]
    if not reports and not inside and report_type(message) != "feedback-report" and not _is_older_form(message):
        return None
    text = "\n".join(part.text for part in reports or inside)
    fields = fields_of(text)
    feedback = fields.get("feedback-type", "abuse").split("\n")[0].strip().lower()
    if feedback == "not-spam":
        return Report(ReportKind.RECEIPT, original_ids=original_ids(message))
    people = next((fields[name] for name in _RECIPIENT_FIELDS if fields.get(name)), "")
    recipients = [address for _, address in addresses_in(people.replace("\n", ","))] or _of_the_letter(message)
    return Report(
        ReportKind.COMPLAINT,
        recipients=tuple(dict.fromkeys(each.lower() for each in recipients)),
        reason=feedback,
        original_ids=original_ids(message),
        by_person=feedback not in _BY_MACHINE,
    )


def _is_older_form(message: ParsedMessage) -> bool:
    """A letter of the reader's, sent back by a feedback loop without a report part."""
    if not message.embedded:
        return False
    if _JMRP.match(message.subject) and message.from_email.lower().startswith("staff@"):
        return True
    if not _LOOP_SENDER.match(message.from_email):
        return False
    return bool(_LOOP_SUBJECT.search(message.subject) or _LOOP_WORDS.search(message.text[:3000]))


def _of_the_letter(message: ParsedMessage) -> list[str]:
    """Whom the letter was for. Hotmail names the reader in a header of its own."""
    reader = addresses_in(message.embedded.get("x-hmxmroriginalrecipient", ""))
    return [address for _, address in reader] or addressed_to(message)
