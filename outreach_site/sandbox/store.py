"""What the post office keeps: accounts, letters and answers, in one SQLite file.

The office's own process and the desk's pages use the file side by side: WAL, a busy timeout, and transactions that
last for a few statements. Every time is UTC. Folders and the messages in them live in the same file (folders.py), so
that an answer is marked delivered and lies in the INBOX in one transaction, whoever delivers it.
"""

from __future__ import annotations

import fcntl
import hashlib
import hmac
import json
import os
import secrets
import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Any, Self

from outreach_site.sandbox.config import plain_address
from outreach_site.sandbox.schema import SCHEMA, SCHEMA_VERSION

DATABASE_NAME = "post_office.sqlite3"
BUSY_SECONDS = 10.0
STANDARD_FOLDERS = ("INBOX", "Junk", "Sent")


class StoreError(Exception):
    """The post office's file cannot be used; the message says why and what to do."""


class Kind(StrEnum):
    """Whom a letter was for."""

    OUTREACH = "outreach"  # somebody outside: a correspondent, or an address that nobody has
    PLATFORM = "platform"  # an address of the house: the platform's own mail, and test letters


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What a correspondent sends back for a letter: planned when the letter comes, written when it is delivered.

    `behaviour` is a `correspondents.Behaviour`; `turn` counts the earlier letters of the thread from 0. `message_id`
    and `raw` are None until the answer lies in the account's INBOX.
    """

    id: int
    letter_id: int
    account: str
    correspondent: str
    behaviour: str
    turn: int
    due_at: datetime
    delivered_at: datetime | None
    message_id: str | None
    raw: bytes | None


@dataclass(frozen=True, kw_only=True)
class Letter:
    """One letter as one recipient got it; `raw` is exactly what the server accepted."""

    id: int
    received_at: datetime
    account: str
    mail_from: str
    recipient: str  # as the envelope says it
    mailbox: str  # the same without any +detail, in lower case
    recipient_name: str
    kind: Kind
    tls_version: str
    sender: str
    subject: str
    message_id: str
    thread: str
    raw: bytes
    answer: Answer | None


@dataclass(frozen=True, kw_only=True)
class Reader:
    """Who looks. A letter of the platform's may open an account: only whom it was sent to may read it.

    `addresses` are the reader's own; `platform` is the account that the platform's letters come from, empty if none.
    """

    platform: str = ""
    addresses: frozenset[str] = frozenset()
    sees_rehearsal: bool = True
    sees_all: bool = False

    def may_read(self, letter: Letter) -> bool:
        if self.sees_all:
            return True
        if self.platform and letter.account == self.platform:
            return letter.mailbox in self.addresses
        return self.sees_rehearsal

    @property
    def condition(self) -> str:
        """`may_read` for SQL, with the values of `parameters`."""
        return (
            "(:sees_all OR CASE WHEN :platform <> '' AND account = :platform"
            " THEN mailbox IN (SELECT value FROM json_each(:addresses)) ELSE :sees_rehearsal END)"
        )

    @property
    def parameters(self) -> dict[str, Any]:
        return {
            "platform": self.platform,
            "addresses": json.dumps(sorted(self.addresses)),
            "sees_rehearsal": self.sees_rehearsal,
            "sees_all": self.sees_all,
        }


ANYBODY = Reader(sees_all=True)  # the post office itself, and tests of it


class Store:
    """The post office's file. Thread-safe; close it, or use it as a context manager.

    The directory is made with mode 700 and the file with mode 600 when they are not there.
    Raises StoreError when the file was written by a different version.
    """

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.path = directory / DATABASE_NAME
        self._idle: list[sqlite3.Connection] = []
        self._lock = threading.Lock()
        self._closed = False
        directory.mkdir(parents=True, exist_ok=True)
        directory.chmod(0o700)
        os.close(os.open(self.path, os.O_CREAT | os.O_RDWR, 0o600))
        self._prepare()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exception: object) -> None:
        self.close()

    def close(self) -> None:
        with self._lock:
            self._closed = True
            idle, self._idle = self._idle, []
        for connection in idle:
            connection.close()

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """A connection; each statement sees the newest state."""
        with self._lock:
            connection = self._idle.pop() if self._idle else None
        connection = connection or self._connect()
        try:
            yield connection
        finally:
            with self._lock:
                keep = not self._closed
                if keep:
                    self._idle.append(connection)
            if not keep:
                connection.close()

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """A connection inside a write transaction: committed at the end, rolled back by an exception."""
        with self.reading() as db:
            db.execute("BEGIN IMMEDIATE")
            try:
                yield db
            except BaseException:
                db.rollback()
                raise
            db.commit()

    # Accounts

    def add_account(self, address: str, password: str, *, now: datetime) -> None:
        """Opens an account with its folders; an account that is there gets the new password and keeps its mail."""
        address = plain_address(address)
        with self.writing() as db:
            db.execute(
                "INSERT INTO account (address, password, created_at) VALUES (?, ?, ?)"
                " ON CONFLICT (address) DO UPDATE SET password = excluded.password",
                (address, _hashed(password), stamp(now)),
            )
            for name in STANDARD_FOLDERS:
                insert_folder(db, address, name, now=now)

    def accounts(self) -> list[str]:
        with self.reading() as db:
            return [address for (address,) in db.execute("SELECT address FROM account ORDER BY address")]

    def has_account(self, address: str) -> bool:
        with self.reading() as db:
            found = db.execute("SELECT 1 FROM account WHERE address = ?", (plain_address(address),)).fetchone()
        return found is not None

    def signed_in(self, user: str, password: str) -> str | None:
        """The address of the account that `user` and `password` open, else None."""
        with self.reading() as db:
            row = db.execute(
                "SELECT address, password FROM account WHERE address = ?", (user.strip().lower(),)
            ).fetchone()
        if row is None:
            # As slow as a wrong password: the post office keeps the manners of a real one.
            _hashed(password)
            return None
        address, expected = row
        return address if hmac.compare_digest(_hashed(password, salt=expected.partition("$")[0]), expected) else None

    # Letters

    def add_letter(
        self,
        db: sqlite3.Connection,
        *,
        received_at: datetime,
        account: str,
        mail_from: str,
        recipient: str,
        mailbox: str,
        recipient_name: str,
        kind: Kind,
        tls_version: str,
        sender: str,
        subject: str,
        message_id: str,
        thread: str,
        raw: bytes,
    ) -> int:
        cursor = db.execute(
            "INSERT INTO letter (received_at, account, mail_from, recipient, mailbox, recipient_name, kind,"
            " tls_version, sender, subject, message_id, thread, raw) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                stamp(received_at),
                account,
                mail_from,
                recipient,
                mailbox,
                recipient_name,
                kind,
                tls_version,
                sender,
                subject,
                message_id,
                thread,
                raw,
            ),
        )
        return int(cursor.lastrowid or 0)

    def letters(
        self,
        *,
        kind: Kind | None = None,
        before: int | None = None,
        limit: int | None = None,
        reader: Reader = ANYBODY,
    ) -> list[Letter]:
        """Letters that `reader` may read, the newest first: at most `limit`, of one `kind`, older than the letter with
        the id `before`.
        """
        found = f"SELECT * FROM letter_with_answer WHERE {reader.condition}"  # noqa: S608 - our own words
        with self.reading() as db:
            rows = db.execute(
                f"{found} AND (:kind IS NULL OR kind = :kind) AND (:before IS NULL OR id < :before)"
                " ORDER BY id DESC LIMIT :limit",
                {"kind": kind, "before": before, "limit": -1 if limit is None else limit, **reader.parameters},
            )
            return [_letter(row) for row in rows]

    def letter(self, letter_id: int) -> Letter | None:
        with self.reading() as db:
            row = db.execute("SELECT * FROM letter_with_answer WHERE id = ?", (letter_id,)).fetchone()
        return None if row is None else _letter(row)

    def letter_count(self, *, kind: Kind | None = None, reader: Reader = ANYBODY) -> int:
        with self.reading() as db:
            (count,) = db.execute(
                f"SELECT count(*) FROM letter WHERE (:kind IS NULL OR kind = :kind) AND {reader.condition}",  # noqa: S608 - as above
                {"kind": kind, **reader.parameters},
            ).fetchone()
        return int(count)

    # Answers

    def add_answer(
        self,
        db: sqlite3.Connection,
        *,
        letter_id: int,
        account: str,
        correspondent: str,
        letter_key: str,
        behaviour: str,
        turn: int,
        due_at: datetime,
    ) -> bool:
        """Plans an answer. False when this correspondent has one for the same letter already."""
        cursor = db.execute(
            "INSERT INTO answer (letter_id, account, correspondent, letter_key, behaviour, turn, due_at)"
            " VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
            (letter_id, account, correspondent, letter_key, behaviour, turn, stamp(due_at)),
        )
        return cursor.rowcount == 1

    def waiting_answers(self, *, due_by: datetime | None = None) -> list[Answer]:
        """Answers not delivered yet, the next one first."""
        limit = stamp(due_by or datetime.max.replace(tzinfo=UTC))
        with self.reading() as db:
            rows = db.execute(
                "SELECT * FROM answer WHERE delivered_at IS NULL AND due_at <= ? ORDER BY due_at, id",
                (limit,),
            )
            return [_answer(row) for row in rows]

    def answer(self, answer_id: int) -> Answer | None:
        with self.reading() as db:
            row = db.execute("SELECT * FROM answer WHERE id = ?", (answer_id,)).fetchone()
        return None if row is None else _answer(row)

    def waiting_count(self) -> int:
        with self.reading() as db:
            (count,) = db.execute("SELECT count(*) FROM answer WHERE delivered_at IS NULL").fetchone()
        return int(count)

    def _prepare(self) -> None:
        with self.reading() as db:
            (version,) = db.execute("PRAGMA user_version").fetchone()
        if version == SCHEMA_VERSION:
            return
        # Two processes may open a new file together, and a change of the journal does not wait for a busy file.
        with self._alone(), self.reading() as db:
            db.execute("PRAGMA journal_mode = WAL")
        with self.writing() as db:
            (version,) = db.execute("PRAGMA user_version").fetchone()
            if version == 0:
                for statement in SCHEMA.split(";\n"):
                    db.execute(statement)
                db.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
            elif version != SCHEMA_VERSION:
                raise StoreError(
                    f"{self.path} was written by another version of the post office. It holds nothing but the"
                    " rehearsal: delete the directory, and the next start makes a new one."
                )

    @contextmanager
    def _alone(self) -> Iterator[None]:
        handle = os.open(self.directory / ".store.lock", os.O_CREAT | os.O_RDWR, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield
        finally:
            os.close(handle)

    def _connect(self) -> sqlite3.Connection:
        # check_same_thread is off because an idle connection may be taken up by another thread, never by two at once.
        connection = sqlite3.connect(self.path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False)
        connection.execute("PRAGMA foreign_keys = ON")
        return connection


def insert_folder(db: sqlite3.Connection, account: str, name: str, *, now: datetime) -> None:
    """Adds a folder unless it is there.

    UIDVALIDITY is the second of creation, or one more than the highest ever given: a folder that is deleted and made
    again under its old name must not pass for the old one (RFC 9051, 2.3.1.1).
    """
    (uid_validity,) = db.execute(
        "UPDATE uid_validity SET last = max(?, last + 1) RETURNING last", (int(now.timestamp()),)
    ).fetchone()
    db.execute(
        "INSERT INTO folder (account, name, uid_validity) VALUES (?, ?, ?) ON CONFLICT (account, name) DO NOTHING",
        (account, name, uid_validity),
    )


def stamp(moment: datetime) -> str:
    """A time as text that sorts."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds") if moment.year < 9999 else "9999"


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


# The columns of a letter in letter_with_answer; its answer's follow.
LETTER_WIDTH = 14


def _letter(row: Sequence[Any]) -> Letter:
    columns, answer = row[:LETTER_WIDTH], row[LETTER_WIDTH:]
    return Letter(
        id=columns[0],
        received_at=moment(columns[1]),
        account=columns[2],
        mail_from=columns[3],
        recipient=columns[4],
        mailbox=columns[5],
        recipient_name=columns[6],
        kind=Kind(columns[7]),
        tls_version=columns[8],
        sender=columns[9],
        subject=columns[10],
        message_id=columns[11],
        thread=columns[12],
        raw=columns[13],
        answer=None if answer[0] is None else _answer(answer),
    )


def _answer(row: Sequence[Any]) -> Answer:
    return Answer(
        id=row[0],
        letter_id=row[1],
        account=row[2],
        correspondent=row[3],
        behaviour=row[4],
        turn=row[5],
        due_at=moment(row[6]),
        delivered_at=None if row[7] is None else moment(row[7]),
        message_id=row[8],
        raw=row[9],
    )


def _hashed(password: str, *, salt: str = "") -> str:
    """`salt$digest`. About 5 ms: a rehearsal's password is random, and IMAP clients sign in often."""
    salt = salt or secrets.token_hex(16)
    digest = hashlib.scrypt(password.encode(), salt=bytes.fromhex(salt), n=2**11, r=8, p=1)
    return f"{salt}${digest.hex()}"
