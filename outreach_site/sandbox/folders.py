"""Folders and the messages in them: what the IMAP server shows, and where answers are laid.

UIDs ascend and are never given twice; they and UIDVALIDITY survive a restart, because they are rows. `Folder.change`
grows with every change in a folder, so that a session learns with one small query that nothing happened.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from outreach_site.sandbox.store import Store, insert_folder, moment, stamp


@dataclass(frozen=True)
class Folder:
    id: int
    account: str
    name: str
    uid_validity: int
    next_uid: int
    change: int


@dataclass(frozen=True)
class StoredMessage:
    """A message's data without its bytes. `flags` are IMAP flags as text, such as `\\Seen`."""

    uid: int
    internal_at: datetime
    flags: frozenset[str]
    recent: bool


class Folders:
    """The folders of one account."""

    def __init__(self, store: Store, account: str) -> None:
        self._store = store
        self.account = account

    def names(self) -> list[str]:
        with self._store.reading() as db:
            rows = db.execute("SELECT name FROM folder WHERE account = ? ORDER BY name", (self.account,))
            return [name for (name,) in rows]

    def folder(self, name: str) -> Folder | None:
        with self._store.reading() as db:
            return find_folder(db, self.account, name)

    def add(self, name: str, *, now: datetime) -> None:
        """Raises ValueError when there is one of that name."""
        with self._store.writing() as db:
            if find_folder(db, self.account, name) is not None:
                raise ValueError(name)
            insert_folder(db, self.account, name, now=now)

    def remove(self, name: str) -> None:
        """Raises KeyError when there is none of that name."""
        with self._store.writing() as db:
            if db.execute("DELETE FROM folder WHERE account = ? AND name = ?", (self.account, name)).rowcount == 0:
                raise KeyError(name)

    def rename(self, renames: Iterable[tuple[str, str]]) -> None:
        """Renames several folders at once: a folder and those under it."""
        with self._store.writing() as db:
            for before, after in renames:
                db.execute("UPDATE folder SET name = ? WHERE account = ? AND name = ?", (after, self.account, before))

    def state(self, folder_id: int) -> Folder | None:
        with self._store.reading() as db:
            row = db.execute("SELECT * FROM folder WHERE id = ?", (folder_id,)).fetchone()
        return None if row is None else Folder(*row)

    def messages(self, folder_id: int) -> list[StoredMessage]:
        with self._store.reading() as db:
            rows = db.execute(
                "SELECT uid, internal_at, flags, recent FROM message WHERE folder_id = ? ORDER BY uid", (folder_id,)
            )
            return [_message(row) for row in rows]

    def message(self, folder_id: int, uid: int) -> StoredMessage | None:
        with self._store.reading() as db:
            row = db.execute(
                "SELECT uid, internal_at, flags, recent FROM message WHERE folder_id = ? AND uid = ?", (folder_id, uid)
            ).fetchone()
        return None if row is None else _message(row)

    def raw(self, folder_id: int, uid: int) -> bytes | None:
        with self._store.reading() as db:
            row = db.execute("SELECT raw FROM message WHERE folder_id = ? AND uid = ?", (folder_id, uid)).fetchone()
        return None if row is None else row[0]

    def append(
        self, folder_id: int, raw: bytes, *, at: datetime, flags: Iterable[str] = (), recent: bool = True
    ) -> StoredMessage:
        with self._store.writing() as db:
            return append_message(db, folder_id, raw, at=at, flags=flags, recent=recent)

    def copy(self, folder_id: int, uid: int, target_id: int, *, recent: bool) -> int | None:
        """The new UID, or None when the message is gone."""
        with self._store.writing() as db:
            return _copied(db, folder_id, uid, target_id, recent=recent)

    def move(self, folder_id: int, uid: int, target_id: int, *, recent: bool) -> int | None:
        with self._store.writing() as db:
            copied = _copied(db, folder_id, uid, target_id, recent=recent)
            if copied is not None:
                db.execute("DELETE FROM message WHERE folder_id = ? AND uid = ?", (folder_id, uid))
                _changed(db, folder_id)
            return copied

    def set_flags(self, folder_id: int, uid: int, flags: Iterable[str]) -> None:
        with self._store.writing() as db:
            db.execute(
                "UPDATE message SET flags = ? WHERE folder_id = ? AND uid = ?", (_flag_text(flags), folder_id, uid)
            )
            _changed(db, folder_id)

    def remove_messages(self, folder_id: int, uids: Sequence[int]) -> None:
        with self._store.writing() as db:
            db.executemany("DELETE FROM message WHERE folder_id = ? AND uid = ?", [(folder_id, uid) for uid in uids])
            _changed(db, folder_id)

    def claim_recent(self, folder_id: int) -> list[int]:
        """The UIDs that no session has seen as new before this one."""
        with self._store.reading() as db:
            waiting = db.execute("SELECT 1 FROM message WHERE folder_id = ? AND recent", (folder_id,)).fetchone()
        if waiting is None:
            return []
        with self._store.writing() as db:
            rows = db.execute("SELECT uid FROM message WHERE folder_id = ? AND recent ORDER BY uid", (folder_id,))
            uids = [uid for (uid,) in rows]
            db.execute("UPDATE message SET recent = 0 WHERE folder_id = ? AND recent", (folder_id,))
            return uids


def find_folder(db: sqlite3.Connection, account: str, name: str) -> Folder | None:
    """INBOX is found in any case (RFC 9051, 5.1); other names as they are written."""
    wanted = "INBOX" if name.upper() == "INBOX" else name
    row = db.execute("SELECT * FROM folder WHERE account = ? AND name = ?", (account, wanted)).fetchone()
    return None if row is None else Folder(*row)


def append_message(
    db: sqlite3.Connection, folder_id: int, raw: bytes, *, at: datetime, flags: Iterable[str], recent: bool
) -> StoredMessage:
    """Adds a message at the end of a folder, inside the caller's transaction."""
    (uid,) = db.execute(
        "UPDATE folder SET next_uid = next_uid + 1, change = change + 1 WHERE id = ? RETURNING next_uid - 1",
        (folder_id,),
    ).fetchone()
    kept = frozenset(flags)
    db.execute(
        "INSERT INTO message (folder_id, uid, internal_at, flags, recent, raw) VALUES (?, ?, ?, ?, ?, ?)",
        (folder_id, uid, stamp(at), _flag_text(kept), recent, raw),
    )
    return StoredMessage(uid, at, kept, recent)


def _copied(db: sqlite3.Connection, folder_id: int, uid: int, target_id: int, *, recent: bool) -> int | None:
    row = db.execute(
        "SELECT internal_at, flags, raw FROM message WHERE folder_id = ? AND uid = ?", (folder_id, uid)
    ).fetchone()
    if row is None:
        return None
    at, flags, raw = row
    return append_message(db, target_id, raw, at=moment(at), flags=flags.split(), recent=recent).uid


def _changed(db: sqlite3.Connection, folder_id: int) -> None:
    db.execute("UPDATE folder SET change = change + 1 WHERE id = ?", (folder_id,))


def _message(row: Sequence[Any]) -> StoredMessage:
    uid, internal_at, flags, recent = row
    return StoredMessage(uid, moment(internal_at), frozenset(flags.split()), bool(recent))


def _flag_text(flags: Iterable[str]) -> str:
    return " ".join(sorted(flags))
