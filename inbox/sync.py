"""Reading a mailbox over IMAP: which messages are new, and their bytes. Marks nothing as read, changes nothing there.

Of each folder we keep (UIDVALIDITY, last UID). UIDs ascend and are never given twice while UIDVALIDITY stands (RFC
9051, 2.3.1.1), so whatever is above the last UID is new. Headers come before bodies: in a personal mailbox most
messages are none of our business, and their bodies never leave the server.

A batch is handed to whoever stores it, who moves the cursor in the same transaction: what breaks in between is fetched
again, and the same bytes are the same row.
"""

from __future__ import annotations

import imaplib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from inbox.parsing import ParsedMessage, parse
from outreach_site.mailboxes.imap import ImapSession, find_folders

# Bodies fetched in one go; keeps memory flat whatever people attach.
BYTES_AT_ONCE = 8 * 1024 * 1024
# Of a larger message only its beginning is fetched: the text stands there, attachments after it.
LARGEST = 40 * 1024 * 1024
BEGINNING = 4 * 1024 * 1024
# UIDs asked for in one command.
UIDS_AT_ONCE = 500
_HEADERS = (
    "MESSAGE-ID IN-REPLY-TO REFERENCES FROM SENDER REPLY-TO RETURN-PATH SUBJECT CONTENT-TYPE AUTO-SUBMITTED "
    "X-FAILED-RECIPIENTS DATE"
)
_ASK_HEADERS = f"BODY.PEEK[HEADER.FIELDS ({_HEADERS})]"


@dataclass(frozen=True, slots=True)
class Position:
    """How far a folder was read."""

    uid_validity: int
    last_uid: int


@dataclass(frozen=True, slots=True)
class Header:
    """A message before its bytes are fetched."""

    uid: int
    size: int
    received_at: datetime
    message: ParsedMessage


@dataclass(frozen=True, slots=True)
class Fetched:
    """A message and its bytes; `error` where the server would not give them."""

    uid: int
    size: int
    received_at: datetime
    message_id: str
    raw: bytes = b""
    error: str = ""


@dataclass(frozen=True, slots=True)
class Batch:
    """Messages of one folder, oldest first, and where its cursor stands once they are stored."""

    folder: str
    messages: Sequence[Fetched]
    before: Position | None
    after: Position


@dataclass(frozen=True, slots=True)
class Reader:
    """What to read. `wanted` says which headers of a folder (its name and UIDVALIDITY are given) are worth their
    bodies; `limit` messages make a batch.

    `since`: of a folder that was never read, what arrived from then on is new. `one_by_one` fetches bodies singly, as
    after a failure: one of them may be what breaks the conversation.
    """

    session: ImapSession
    wanted: Callable[[str, int, Sequence[Header]], Sequence[Header]]
    limit: int
    since: datetime
    one_by_one: bool = False
    # The message whose bytes are being fetched alone: whom to blame when the server hangs up.
    fetching: list[tuple[str, Header]] = field(default_factory=list)

    def folders(self) -> tuple[str, ...]:
        return find_folders(self.session).to_read

    def batches(self, folder: str, position: Position | None) -> Iterator[Batch]:
        """The new messages of a folder, batch by batch; an empty one still moves the cursor past what is not wanted."""
        selected = self.session.select_folder(folder, readonly=True)
        uid_validity = int(selected.get(b"UIDVALIDITY", 0))
        next_uid = int(selected.get(b"UIDNEXT", 0))
        now_at = position
        if position is None or position.uid_validity != uid_validity:
            now_at = Position(uid_validity, self._start(next_uid))
            yield Batch(folder, (), before=position, after=now_at)
        assert now_at is not None  # noqa: S101 - for the type checker
        if next_uid and next_uid <= now_at.last_uid + 1:
            return
        uids = self._newer_than(now_at.last_uid)
        for start in range(0, len(uids), self.limit):
            chunk = uids[start : start + self.limit]
            for messages, last_uid in self._fetch(folder, uid_validity, chunk):
                after = Position(uid_validity, last_uid)
                yield Batch(folder, messages, before=now_at, after=after)
                now_at = after

    def _start(self, next_uid: int) -> int:
        """The UID after which a folder begins that is read for the first time, or whose UIDs have begun anew.

        Everything that arrived since this mailbox was added is read, so that an answer that came before the first poll
        is not lost; what was there before is nobody's answer.
        """
        # SEARCH SINCE knows days of the server's clock only: two days are asked for, the moment decides.
        day = (self.since - timedelta(days=1)).date()
        uids = sorted(self.session.search(["SINCE", day]))
        for start in range(0, len(uids), UIDS_AT_ONCE):
            arrived = self.session.fetch(uids[start : start + UIDS_AT_ONCE], ["INTERNALDATE"])
            for uid in sorted(arrived):
                if _moment(arrived[uid].get(b"INTERNALDATE")) >= self.since:
                    return int(uid) - 1
        newest = max(uids, default=0)
        if next_uid:
            return max(newest, next_uid - 1)
        return newest or max(self.session.search(["ALL"]), default=0)

    def _newer_than(self, last_uid: int) -> list[int]:
        found = self.session.search(["UID", f"{last_uid + 1}:*"])
        # `n:*` names the last message even when its UID is below n (RFC 9051, 9: "*" is the largest in use).
        return sorted(int(uid) for uid in found if int(uid) > last_uid)

    def _fetch(self, folder: str, uid_validity: int, uids: Sequence[int]) -> Iterator[tuple[list[Fetched], int]]:
        """The wanted messages of a chunk in groups that fit into memory, each with the UID that it reaches to."""
        headers = self._headers(uids)
        wanted = list(self.wanted(folder, uid_validity, headers))
        groups = self._groups(wanted)
        for number, group in enumerate(groups):
            messages = self._bodies(folder, group)
            last = number == len(groups) - 1
            yield messages, uids[-1] if last else group[-1].uid
        if not groups:
            yield [], uids[-1]

    def _headers(self, uids: Sequence[int]) -> list[Header]:
        found = self.session.fetch(uids, ["INTERNALDATE", "RFC822.SIZE", _ASK_HEADERS])
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
                    message=parse(raw or b""),
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

    def _bodies(self, folder: str, group: Sequence[Header]) -> list[Fetched]:
        if len(group) == 1:
            return self._single(folder, group[0])
        ask = "BODY.PEEK[]"
        if any(header.size > LARGEST for header in group):
            return [message for header in group for message in self._single(folder, header)]
        try:
            found = self.session.fetch([header.uid for header in group], [ask])
        except imaplib.IMAP4.abort:
            raise
        except imaplib.IMAP4.error:
            # The server refuses at least one of them: each alone, so that the others come through.
            return [message for header in group for message in self._single(folder, header)]
        return [message for header in group if (message := _fetched(header, found.get(header.uid, {}))) is not None]

    def _single(self, folder: str, header: Header) -> list[Fetched]:
        ask = f"BODY.PEEK[]<0.{BEGINNING}>" if header.size > LARGEST else "BODY.PEEK[]"
        self.fetching[:] = [(folder, header)]
        try:
            found = self.session.fetch([header.uid], [ask])
        except imaplib.IMAP4.abort:
            raise
        except imaplib.IMAP4.error as err:
            self.fetching.clear()
            return [unfetched(header, f"The mail server would not give this message: {err}")]
        self.fetching.clear()
        message = _fetched(header, found.get(header.uid, {}))
        return [message] if message is not None else []


def unfetched(header: Header, error: str) -> Fetched:
    """A message that stays on the server: its row says why."""
    return Fetched(
        uid=header.uid,
        size=header.size,
        received_at=header.received_at,
        message_id=header.message.message_id,
        error=error[:500],
    )


def _fetched(header: Header, data: dict[bytes, Any]) -> Fetched | None:
    """None for a message that was deleted between its headers and its body."""
    raw = next((value for key, value in data.items() if key.startswith(b"BODY[]")), None)
    if raw is None:
        return None
    return Fetched(
        uid=header.uid,
        size=header.size or len(raw),
        received_at=header.received_at,
        message_id=header.message.message_id,
        raw=bytes(raw),
    )


def _moment(value: object) -> datetime:
    """INTERNALDATE as an aware moment. IMAPClient hands it out in this machine's own time, without saying so."""
    if not isinstance(value, datetime):
        return datetime.now(UTC)
    return value if value.tzinfo else value.astimezone(UTC)


def read_broken(err: BaseException) -> bool:
    """Whether an exception comes from the conversation with the server, rather than from us."""
    return isinstance(err, (OSError, imaplib.IMAP4.error, ValueError))
