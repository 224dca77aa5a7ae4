"""Reading a mailbox over IMAP: which messages are new, and their bytes. Marks nothing as read, changes nothing there.

Of each folder we keep (UIDVALIDITY, last UID). UIDs ascend and are never given twice while UIDVALIDITY stands (RFC
9051, 2.3.1.1), so whatever is above the last UID is new. Headers come before bodies: in a personal mailbox most
messages are none of our business, and their bodies never leave the server.

A folder that is read for the first time begins at its newest message; but what arrived since our first letter left may
answer it, and is read. Where UIDs have begun anew, what was stored is known again by Message-ID, moment and size.

A batch is handed to whoever stores it, who moves the cursor in the same transaction: what breaks in between is fetched
again, and the same bytes are the same row.
"""

from __future__ import annotations

import imaplib
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from functools import cached_property
from typing import Any, Protocol

from inbox.parsing import ParsedMessage, parse
from inbox.storing import Arrival, message_id_in
from outreach_site.mailboxes.imap import ImapSession, find_folders

# Bodies fetched in one go; keeps memory flat whatever people attach.
BYTES_AT_ONCE = 8 * 1024 * 1024
# Of a larger message only its beginning is fetched: the text stands there, attachments after it.
LARGEST = 40 * 1024 * 1024
BEGINNING = 4 * 1024 * 1024
# What stands on the row of a message that the server did not give; it is asked for again.
REFUSED = "The mail server would not give this message"
# UIDs asked for in one command.
UIDS_AT_ONCE = 500
# The mail server's clock and ours.
CLOCKS_DIFFER = timedelta(minutes=1)
# What tells whose business a message is; of a mailbox that is read whole, its id is enough.
_TELLING = (
    "MESSAGE-ID IN-REPLY-TO REFERENCES FROM SENDER REPLY-TO TO CC BCC RETURN-PATH SUBJECT CONTENT-TYPE "
    "AUTO-SUBMITTED X-FAILED-RECIPIENTS DATE"
)
_ID_ALONE = "MESSAGE-ID"


@dataclass(frozen=True, slots=True)
class Folder:
    """A folder to read. Of the Sent folder only letters that somebody wrote by hand to a lead are of interest."""

    name: str
    is_sent: bool = False


@dataclass(frozen=True, slots=True)
class Position:
    """How far a folder was read, and how far back, where history was asked for."""

    uid_validity: int
    last_uid: int
    history_uid: int = 0


@dataclass(frozen=True)
class Header:
    """A message before its bytes are fetched."""

    uid: int
    size: int
    received_at: datetime
    raw: bytes

    @cached_property
    def message(self) -> ParsedMessage:
        return parse(self.raw)

    @cached_property
    def message_id(self) -> str:
        return message_id_in(self.raw) or (self.message.message_id if b":" in self.raw else "")


@dataclass(frozen=True, slots=True)
class Batch:
    """Messages of one folder, oldest first, and where its cursor stands once they are stored.

    `headers` are all that were looked at, `messages` those worth keeping. `read_since`: with this batch, history has
    been read from that day on.
    """

    folder: Folder
    headers: Sequence[Header]
    messages: Sequence[Arrival]
    before: Position | None
    after: Position
    read_since: date | None = None


class Scope(Protocol):
    """Whoever knows what is ours (inbox.scope)."""

    @property
    def reads_everything(self) -> bool:
        """Whether a message's id is all that has to be known of it."""
        ...

    def first_letter_at(self) -> datetime | None:
        """Since when somebody may have answered; None where no letter has left."""
        ...

    def is_in_store(self, folder: Folder, *, before: datetime) -> bool:
        """Whether anything of this folder is stored that arrived before a moment."""
        ...

    def known(self, folder: Folder, headers: Sequence[Header]) -> Collection[int]:
        """UIDs of messages that are stored, by Message-ID, moment and size."""
        ...

    def wanted(self, folder: Folder, uid_validity: int, headers: Sequence[Header], *, again: bool) -> Sequence[Header]:
        """Those worth their bodies. `again`: they may have been stored under these very UIDs."""
        ...


@dataclass(frozen=True, slots=True)
class Reader:
    """What to read; `limit` messages make a batch, `chosen` are folders beside the usual ones.

    `one_by_one` fetches bodies singly, as after a failure: one of them may be what breaks the conversation.
    """

    session: ImapSession
    scope: Scope
    limit: int
    chosen: Sequence[str] = ()
    one_by_one: bool = False
    # The message whose bytes are being fetched alone: whom to blame when the server hangs up.
    fetching: list[tuple[Folder, Header]] = field(default_factory=list)

    def folders(self) -> tuple[Folder, ...]:
        found = find_folders(self.session)
        read = dict.fromkeys([*found.to_read, *(name for name in self.chosen if name in found.names)])
        sent = [Folder(found.sent, is_sent=True)] if found.sent and found.sent not in read else []
        return (*map(Folder, read), *sent)

    def batches(self, folder: Folder, position: Position | None, *, began_at: datetime | None) -> Iterator[Batch]:
        """The new messages of a folder, batch by batch; an empty one still moves the cursor past what is not wanted.

        `began_at`: when the folder was first read.
        """
        uid_validity, next_uid = self._select(folder)
        now_at = position
        if now_at is None or now_at.uid_validity != uid_validity:
            start = self._start(next_uid) if position is None else self._start_anew(folder, next_uid, began_at)
            now_at = Position(uid_validity, start)
            yield Batch(folder, (), (), before=position, after=now_at)
        if next_uid and next_uid <= now_at.last_uid + 1:
            return
        uids = self._newer_than(now_at.last_uid)
        for start in range(0, len(uids), self.limit):
            for headers, messages, reached in self._fetch(folder, uid_validity, uids[start : start + self.limit]):
                after = replace(now_at, last_uid=reached)
                yield Batch(folder, headers, messages, before=now_at, after=after)
                now_at = after

    def history(self, folder: Folder, position: Position, *, since: date) -> Iterator[Batch]:
        """What arrived from a day on and lies below the cursor, oldest first; what is stored is not fetched again."""
        uid_validity, _ = self._select(folder)
        if uid_validity != position.uid_validity:
            return  # The next poll finds out where to go on from.
        now_at = position
        found = self.session.search(["UID", f"1:{now_at.last_uid}", "SINCE", since]) if now_at.last_uid else []
        uids = sorted(int(uid) for uid in found if now_at.history_uid < int(uid) <= now_at.last_uid)
        for start in range(0, len(uids), self.limit):
            chunk = uids[start : start + self.limit]
            for headers, messages, reached in self._fetch(folder, uid_validity, chunk, again=True):
                after = replace(now_at, history_uid=reached)
                yield Batch(folder, headers, messages, before=now_at, after=after)
                now_at = after
        yield Batch(folder, (), (), before=now_at, after=replace(now_at, history_uid=0), read_since=since)

    def ask_again(self, folder: Folder, uid_validity: int, uids: Sequence[int]) -> list[Arrival]:
        """Messages that the server would not give before; those that it gives now."""
        if self._select(folder)[0] != uid_validity:
            return []
        headers = self._headers(folder, uids)
        asked = [message for header in headers for message in self._single(folder, uid_validity, header)]
        return [message for message in asked if not message.error]

    def _select(self, folder: Folder) -> tuple[int, int]:
        selected = self.session.select_folder(folder.name, readonly=True)
        return int(selected.get(b"UIDVALIDITY", 0)), int(selected.get(b"UIDNEXT", 0))

    def _start(self, next_uid: int) -> int:
        """The UID after which a folder begins that is read for the first time: the newest; but what arrived since our
        first letter left may be an answer to it.
        """
        first_letter_at = self.scope.first_letter_at()
        if first_letter_at is not None:
            first = self._first_since(first_letter_at - CLOCKS_DIFFER)
            if first is not None:
                return first - 1
        return self._newest(next_uid)

    def _start_anew(self, folder: Folder, next_uid: int, began_at: datetime | None) -> int:
        """The same for a folder whose UIDs have begun anew: after the newest message that we have, or before what
        arrived since the folder was first read, whichever takes in more.
        """
        moment = (began_at or datetime.now(UTC)) - CLOCKS_DIFFER
        first = self._first_since(moment)
        start = self._newest(next_uid) if first is None else first - 1
        if not self.scope.is_in_store(folder, before=moment):
            return start
        known = self._newest_known(folder, until=start)
        return start if known is None else min(start, known)

    def _newest_known(self, folder: Folder, *, until: int) -> int | None:
        """The highest UID up to `until` of a message that is stored; looked for from the newest on, without bodies."""
        uids = sorted(int(uid) for uid in self.session.search(["UID", f"1:{until}"]) if int(uid) <= until)
        while uids:
            chunk, uids = uids[-UIDS_AT_ONCE:], uids[:-UIDS_AT_ONCE]
            known = self.scope.known(folder, self._headers(folder, chunk))
            if known:
                return max(known)
        return None

    def _first_since(self, moment: datetime) -> int | None:
        # SEARCH SINCE knows days of the server's clock only: one more is asked for, the moment decides.
        uids = sorted(int(uid) for uid in self.session.search(["SINCE", (moment - timedelta(days=1)).date()]))
        for start in range(0, len(uids), UIDS_AT_ONCE):
            arrived = self.session.fetch(uids[start : start + UIDS_AT_ONCE], ["INTERNALDATE"])
            for uid in sorted(arrived):
                if _moment(arrived[uid].get(b"INTERNALDATE")) >= moment:
                    return int(uid)
        return None

    def _newest(self, next_uid: int) -> int:
        return next_uid - 1 if next_uid else max(map(int, self.session.search(["ALL"])), default=0)

    def _newer_than(self, last_uid: int) -> list[int]:
        found = self.session.search(["UID", f"{last_uid + 1}:*"])
        # `n:*` names the last message even when its UID is below n (RFC 9051, 9: "*" is the largest in use).
        return sorted(int(uid) for uid in found if int(uid) > last_uid)

    def _fetch(
        self, folder: Folder, uid_validity: int, uids: Sequence[int], *, again: bool = False
    ) -> Iterator[tuple[Sequence[Header], list[Arrival], int]]:
        """The wanted messages of a chunk in groups that fit into memory, each with the headers that were looked at and
        the UID that it reaches to.
        """
        headers = self._headers(folder, uids)
        wanted = list(self.scope.wanted(folder, uid_validity, headers, again=again))
        groups = self._groups(wanted)
        after = 0
        for group in groups[:-1]:
            reached = group[-1].uid
            messages = self._bodies(folder, uid_validity, group)
            yield [header for header in headers if after < header.uid <= reached], messages, reached
            after = reached
        messages = self._bodies(folder, uid_validity, groups[-1]) if groups else []
        yield [header for header in headers if header.uid > after], messages, uids[-1]

    def _headers(self, folder: Folder, uids: Sequence[int]) -> list[Header]:
        fields = _ID_ALONE if self.scope.reads_everything and not folder.is_sent else _TELLING
        found = self.session.fetch(uids, ["INTERNALDATE", "RFC822.SIZE", f"BODY.PEEK[HEADER.FIELDS ({fields})]"])
        headers, asked = [], set(uids)
        for uid in sorted(found):
            if uid not in asked:
                continue  # Something about another message, which a server may tell at any time.
            data = found[uid]
            raw = next((value for key, value in data.items() if key.startswith(b"BODY[HEADER")), b"")
            headers.append(
                Header(
                    uid=int(uid),
                    size=int(data.get(b"RFC822.SIZE", 0) or 0),
                    received_at=_moment(data.get(b"INTERNALDATE")),
                    raw=bytes(raw or b""),
                )
            )
        return headers

    def _groups(self, wanted: Sequence[Header]) -> list[list[Header]]:
        groups: list[list[Header]] = []
        size = 0
        for header in wanted:
            cost = min(header.size, BEGINNING) if header.size > LARGEST else header.size
            if not groups or self.one_by_one or size + cost > BYTES_AT_ONCE:
                groups.append([])
                size = 0
            groups[-1].append(header)
            size += cost
        return groups

    def _bodies(self, folder: Folder, uid_validity: int, group: Sequence[Header]) -> list[Arrival]:
        if len(group) == 1:
            return self._single(folder, uid_validity, group[0])
        if any(header.size > LARGEST for header in group):
            return [message for header in group for message in self._single(folder, uid_validity, header)]
        try:
            found = self.session.fetch([header.uid for header in group], ["BODY.PEEK[]"])
        except imaplib.IMAP4.abort:
            raise
        except imaplib.IMAP4.error:
            # The server refuses at least one of them: each alone, so that the others come through.
            return [message for header in group for message in self._single(folder, uid_validity, header)]
        fetched = [_fetched(folder, uid_validity, header, found.get(header.uid, {})) for header in group]
        return [message for message in fetched if message is not None]

    def _single(self, folder: Folder, uid_validity: int, header: Header) -> list[Arrival]:
        ask = f"BODY.PEEK[]<0.{BEGINNING}>" if header.size > LARGEST else "BODY.PEEK[]"
        self.fetching[:] = [(folder, header)]
        try:
            found = self.session.fetch([header.uid], [ask])
        except imaplib.IMAP4.abort:
            raise
        except imaplib.IMAP4.error as err:
            self.fetching.clear()
            return [unfetched(folder, uid_validity, header, f"{REFUSED}: {err}")]
        self.fetching.clear()
        message = _fetched(folder, uid_validity, header, found.get(header.uid, {}))
        return [message] if message is not None else []


def unfetched(folder: Folder, uid_validity: int, header: Header, error: str) -> Arrival:
    """A message that stays on the server: its row says why."""
    return _arrival(folder, uid_validity, header, b"", error=error[:500])


def _fetched(folder: Folder, uid_validity: int, header: Header, data: dict[bytes, Any]) -> Arrival | None:
    """None for a message that was deleted between its headers and its body."""
    raw = next((value for key, value in data.items() if key.startswith(b"BODY[]")), None)
    return None if raw is None else _arrival(folder, uid_validity, header, bytes(raw))


def _arrival(folder: Folder, uid_validity: int, header: Header, raw: bytes, *, error: str = "") -> Arrival:
    return Arrival(
        raw=raw,
        received_at=header.received_at,
        size=header.size or len(raw),
        message_id=header.message_id,
        folder=folder.name,
        uid_validity=uid_validity,
        uid=header.uid,
        is_sent=folder.is_sent,
        error=error,
    )


def _moment(value: object) -> datetime:
    """INTERNALDATE as an aware moment. IMAPClient hands it out in this machine's own time, without saying so."""
    if not isinstance(value, datetime):
        return datetime.now(UTC)
    return value if value.tzinfo else value.astimezone(UTC)


def read_broken(err: BaseException) -> bool:
    """Whether an exception comes from the conversation with the server, rather than from us."""
    return isinstance(err, (OSError, imaplib.IMAP4.error, ValueError))


def is_refusal(err: BaseException) -> bool:
    """Whether the server said no to one thing, and goes on talking."""
    return isinstance(err, imaplib.IMAP4.error) and not isinstance(err, imaplib.IMAP4.abort)
