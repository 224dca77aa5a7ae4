"""Which messages of a mailbox are our business, told by their headers alone."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence

from django.db.models import Q

from campaigns import wire_ids
from campaigns.models import Attempt
from compliance.addresses import InvalidAddressError, normalise
from inbox.models import RawMessage
from inbox.sync import Header
from outreach_site.mailboxes.models import Mailbox


def wanted(mailbox: Mailbox, folder: str, uid_validity: int, headers: Sequence[Header]) -> list[Header]:
    """The headers whose bodies are worth fetching. Up to three queries, whatever their number."""
    headers = _not_known(mailbox, folder, uid_validity, headers)
    if mailbox.reading == Mailbox.Reading.DEDICATED:
        return headers
    return _of_a_personal_mailbox(mailbox, headers)


def _not_known(mailbox: Mailbox, folder: str, uid_validity: int, headers: Sequence[Header]) -> list[Header]:
    """When UIDs have begun anew: what was stored under the old ones is known by Message-ID, moment and size."""
    with_ids = [header for header in headers if header.message.message_id]
    if not with_ids:
        return list(headers)
    known = set(
        RawMessage.objects.filter(
            mailbox=mailbox, folder=folder, received_at__in=[header.received_at for header in with_ids]
        )
        .exclude(uid_validity=uid_validity)
        .values_list("message_id", "received_at", "size")
    )
    return [
        header
        for header in headers
        if not header.message.message_id or (header.message.message_id, header.received_at, header.size) not in known
    ]


def _of_a_personal_mailbox(mailbox: Mailbox, headers: Sequence[Header]) -> list[Header]:
    """Answers to our letters, letters from addresses we wrote to, and reports; the rest is somebody's own."""
    ids = {header.uid: _refers_to(header) for header in headers}
    keys = {header.uid: key_of(header.message.from_email) for header in headers}
    ours = our_ids(mailbox, {each for refers in ids.values() for each in refers})
    known = set(
        Attempt.objects.in_workspace(mailbox.workspace)
        .filter(recipient_key__in={key for key in keys.values() if key})
        .exclude(message_id="")
        .values_list("recipient_key", flat=True)
        .distinct()
    )
    return [
        header
        for header in headers
        if ours & set(ids[header.uid]) or keys[header.uid] in known or _looks_like_a_report(header)
    ]


def our_ids(mailbox: Mailbox, ids: Collection[str]) -> set[str]:
    """Which of these Message-IDs are of letters of this workspace. One query."""
    if not ids:
        return set()
    found = (
        Attempt.objects.in_workspace(mailbox.workspace)
        .filter(Q(message_id__in=ids) | Q(wire_id__in=wire_ids.all_spellings(ids)))
        .values_list("message_id", "wire_id")
    )
    ours = {each for pair in found for each in pair if each}
    return {each for each in ids if ours.intersection(wire_ids.spellings(each))}


def key_of(address: str) -> str:
    """An address as it is compared; empty where the text is none."""
    try:
        return normalise(address)
    except InvalidAddressError:
        return ""


def _refers_to(header: Header) -> list[str]:
    message = header.message
    return [each for each in (message.in_reply_to, *message.references) if each]


_REPORT = re.compile(r"multipart/report|delivery-status|feedback-report", re.IGNORECASE)
_SERVER = re.compile(r"mailer-?daemon|postmaster|mail delivery", re.IGNORECASE)


def _looks_like_a_report(header: Header) -> bool:
    message = header.message
    return (
        bool(_REPORT.search(message.header("content-type")))
        or bool(_SERVER.search(message.header("from")))
        or "x-failed-recipients" in message.headers
        or message.header("return-path").strip() == "<>"
    )
