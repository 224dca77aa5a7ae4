"""Which messages of a mailbox are our business, told by their headers alone."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Min, Q, QuerySet
from django.db.models.functions import Coalesce

from campaigns import wire_ids
from campaigns.models import Attempt, Contact
from compliance.addresses import InvalidAddressError, normalise
from inbox.models import RawMessage, Reply
from inbox.parsing import addresses_in
from inbox.sync import REFUSED, Folder, Header
from outreach_site.accounts.models import Workspace
from outreach_site.mailboxes.models import Mailbox

# Letters that have left, or may have: nobody answers another.
LEFT = (Attempt.State.SENT, Attempt.State.UNCERTAIN, Attempt.State.SENDING)


@dataclass(frozen=True)
class MailboxScope:
    """What one mailbox is read for (sync.Scope)."""

    mailbox: Mailbox

    @property
    def reads_everything(self) -> bool:
        return self.mailbox.reading == Mailbox.Reading.DEDICATED

    def first_letter_at(self) -> datetime | None:
        # By the workspace's index: there is none by mailbox.
        letters = Attempt.objects.in_workspace(self.mailbox.workspace).filter(mailbox=self.mailbox, state__in=LEFT)
        first: datetime | None = letters.aggregate(at=Min(Coalesce("started_at", "finished_at", "created_at")))["at"]
        return first

    def is_in_store(self, folder: Folder, *, before: datetime) -> bool:
        return self._stored(folder).filter(received_at__lt=before).exists()

    def known(self, folder: Folder, headers: Sequence[Header]) -> set[int]:
        return self._known(headers, self._stored(folder))

    def wanted(self, folder: Folder, uid_validity: int, headers: Sequence[Header], *, again: bool) -> list[Header]:
        """Up to five queries, whatever the number of headers."""
        # When UIDs have begun anew: what was stored under the old ones. Under the same ones nothing is met twice.
        stored = self._stored(folder)
        known = self._known(headers, stored if again else stored.exclude(uid_validity=uid_validity))
        unknown = [header for header in headers if header.uid not in known]
        if folder.is_sent:
            return self._by_hand(unknown)
        return unknown if self.reads_everything else self._ours(unknown)

    def _stored(self, folder: Folder) -> QuerySet[RawMessage]:
        here = RawMessage.objects.filter(mailbox=self.mailbox, folder=folder.name)
        return here.exclude(error__startswith=REFUSED)  # Of these we have nothing.

    def _known(self, headers: Sequence[Header], stored: QuerySet[RawMessage]) -> set[int]:
        with_ids = [header for header in headers if header.message_id]
        if not with_ids:
            return set()
        moments = {header.received_at for header in with_ids}
        rows = set(stored.filter(received_at__in=moments).values_list("message_id", "received_at", "size"))
        found = {
            header.uid for header in with_ids if (header.message_id[:998], header.received_at, header.size) in rows
        }
        if not self.reads_everything:
            digests = {digest_of_header(header): header.uid for header in with_ids}
            passed = stored.filter(digest__in=list(digests)).values_list("digest", flat=True)
            found |= {digests[digest] for digest in passed}
        return found

    def _ours(self, headers: Sequence[Header]) -> list[Header]:
        """Answers to our letters, letters from addresses we know, and reports; the rest is somebody's own."""
        if not headers:
            return []
        here = self.mailbox.workspace
        ids = {header.uid: _refers_to(header) for header in headers}
        keys = {header.uid: key_of(header.message.from_email) for header in headers}
        ours = our_ids(here, {each for refers in ids.values() for each in refers})
        known = known_addresses(here, keys.values())
        return [
            header
            for header in headers
            if ours & set(ids[header.uid]) or keys[header.uid] in known or _looks_like_a_report(header)
        ]

    def _by_hand(self, headers: Sequence[Header]) -> list[Header]:
        """Letters in the Sent folder to a lead that did not leave through us."""
        if not headers:
            return []
        here = self.mailbox.workspace
        keys = {header.uid: recipient_keys(header.message.headers) for header in headers}
        ours = our_ids(here, {header.message_id for header in headers if header.message_id})
        leads = addresses_of_leads(here, {key for found in keys.values() for key in found})
        return [header for header in headers if header.message_id not in ours and leads & set(keys[header.uid])]


def our_ids(workspace: Workspace, ids: Collection[str]) -> set[str]:
    """Which of these Message-IDs are of letters of this workspace. One query."""
    if not ids:
        return set()
    found = (
        Attempt.objects.in_workspace(workspace)
        .filter(Q(message_id__in=ids) | Q(wire_id__in=wire_ids.all_spellings(ids)))
        .values_list("message_id", "wire_id")
    )
    ours = {each for pair in found for each in pair if each}
    return {each for each in ids if ours.intersection(wire_ids.spellings(each))}


def addresses_of_leads(workspace: Workspace, keys: Iterable[str]) -> set[str]:
    """Which of these normalised addresses belong to leads, or were written to. Two queries."""
    wanted = {key for key in keys if key}
    if not wanted:
        return set()
    attempts = Attempt.objects.in_workspace(workspace).filter(recipient_key__in=wanted).exclude(message_id="")
    contacts = Contact.objects.filter(lead__campaign__workspace=workspace, email_key__in=wanted)
    return {
        *attempts.order_by().values_list("recipient_key", flat=True).distinct(),
        *contacts.order_by().values_list("email_key", flat=True).distinct(),
    }


def known_addresses(workspace: Workspace, keys: Iterable[str]) -> set[str]:
    """The same, and those who wrote to us about a lead before. Three queries."""
    wanted = {key for key in keys if key}
    if not wanted:
        return set()
    wrote = Reply.objects.filter(workspace=workspace, from_key__in=wanted, lead__isnull=False)
    return addresses_of_leads(workspace, wanted) | set(wrote.order_by().values_list("from_key", flat=True).distinct())


def recipient_keys(headers: Mapping[str, tuple[str, ...]]) -> list[str]:
    """Whom a message was sent to, normalised, in the order in which they stand there."""
    found = [
        key_of(address)
        for name in ("to", "cc", "bcc")
        for value in headers.get(name, ())
        for _, address in addresses_in(value)
    ]
    return list(dict.fromkeys(key for key in found if key))


def digest_of_header(header: Header) -> str:
    """What is kept of a message that is none of our business: nothing can be read from it, and it is known again."""
    told = f"{header.message_id}\0{header.received_at.isoformat()}\0{header.size}"
    return hashlib.sha256(b"passed by\0" + told.encode()).hexdigest()


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
