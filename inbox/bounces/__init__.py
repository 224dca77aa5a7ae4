"""Is it a bounce, whose, and is the address dead? Delivery reports (RFC 3464), complaints (RFC 5965), and the many
servers that only write a letter about it.

- `structure`: what a report is made of, wherever servers put it.
- `complaints`, `notices`, `status`, `letters`: one module for each way to say it, asked in this order.
- `recipients`, `hardness`: whose address, and how dead it is.

What is found here only says what the message claims: whether it may have consequences is decided by whether it names a
Message-ID of ours, because anybody can write a bounce.
"""

from __future__ import annotations

from inbox.bounces.complaints import complaint_in
from inbox.bounces.hardness import hardness_of
from inbox.bounces.letters import letter_about_failure
from inbox.bounces.notices import notice_in
from inbox.bounces.report import Hardness, Report, ReportKind
from inbox.bounces.status import receipt_in, status_in
from inbox.parsing import ParsedMessage

__all__ = ["Hardness", "Report", "ReportKind", "hardness_of", "report_in"]


def report_in(message: ParsedMessage) -> Report | None:
    """The report that this message is, or None for any other message."""
    return (
        complaint_in(message)
        or notice_in(message)
        or status_in(message)
        or receipt_in(message)
        or letter_about_failure(message)
    )
