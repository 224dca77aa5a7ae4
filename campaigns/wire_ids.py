"""Message-IDs that a provider puts in the place of ours, as its answer to the letter tells them. Pure.

Amazon SES answers `250 Ok 0102018c…`, and the letter arrives as `<0102018c…@eu-west-1.amazonses.com>`; in us-east-1 as
`<…@email.amazonses.com>` (its developer guide, "Using the SMTP interface" and "Header fields"). Outlook and others name
the whole Message-ID in their answer where they have written another.
"""

from __future__ import annotations

import re
from collections.abc import Collection

_SES_HOST = re.compile(r"email-smtp(?:-fips)?\.([a-z]{2}(?:-[a-z]+)+-\d)\.", re.IGNORECASE)
_SES_ANSWER = re.compile(r"\bok\s+([0-9a-z][0-9a-z-]{20,80})\s*$", re.IGNORECASE)
_SES_ID = re.compile(r"<([0-9a-z-]+)@[a-z0-9-]+\.amazonses\.com>", re.IGNORECASE)
# With a number in it, as every server makes them.
_WHOLE_ID = re.compile(r"<(?=[^@>]*\d)[!-;=?A-Z\[-~]{10,120}@[a-z0-9.-]{3,120}>", re.IGNORECASE)
# Where the answer names no region, and what region us-east-1 is called in a Message-ID.
_UNNAMED = "email"


def told_by(server_words: str, *, host: str, own: str, recipient: str) -> str:
    """The Message-ID that the letter travels under, where it is another than `own`; empty where it is not known to be.

    `host` is the server that answered. An answer may also repeat an address between angle brackets: that is no id.
    """
    if host.lower().rstrip(".").endswith((".amazonaws.com", ".amazonaws.com.cn")):
        answer = _SES_ANSWER.search(server_words)
        region = _SES_HOST.search(host)
        where = region.group(1).lower() if region else _UNNAMED
        return f"<{answer.group(1)}@{_UNNAMED if where == 'us-east-1' else where}.amazonses.com>" if answer else ""
    named = _WHOLE_ID.search(server_words)
    known = {own.lower(), f"<{recipient.lower()}>"}
    return named.group() if named and named.group().lower() not in known else ""


def spellings(message_id: str) -> list[str]:
    """Under which of them a letter may be kept whose Message-ID comes back like this, its own spelling first."""
    ses = _SES_ID.fullmatch(message_id)
    return list(dict.fromkeys([message_id, f"<{ses.group(1)}@{_UNNAMED}.amazonses.com>"] if ses else [message_id]))


def all_spellings(message_ids: Collection[str]) -> list[str]:
    return list(dict.fromkeys(spelling for each in message_ids for spelling in spellings(each)))
