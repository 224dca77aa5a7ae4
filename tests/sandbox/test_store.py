"""The post office's file: for its owner alone, safe for several processes, honest about its version."""

from __future__ import annotations

import sqlite3
import stat
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import pytest

from outreach_site.sandbox.folders import Folders
from outreach_site.sandbox.store import Store, StoreError

NOW = datetime(2026, 3, 4, 9, 0, tzinfo=UTC)


def test_directory_and_file_are_for_their_owner_alone(tmp_path: Path) -> None:
    with Store(tmp_path / "deep" / "office") as store:
        store.add_account("a@rehearsal.test", "secret", now=NOW)
        assert stat.S_IMODE(store.directory.stat().st_mode) == 0o700
        assert {stat.S_IMODE(path.stat().st_mode) for path in store.directory.iterdir()} == {0o600}


def test_passwords_are_not_kept_in_the_clear(tmp_path: Path) -> None:
    with Store(tmp_path) as store:
        store.add_account("a@rehearsal.test", "opensesame", now=NOW)
        assert store.signed_in("A@rehearsal.test ", "opensesame") == "a@rehearsal.test"
        assert store.signed_in("a@rehearsal.test", "opensesame ") is None
    assert not any(b"opensesame" in path.read_bytes() for path in tmp_path.iterdir())


def test_another_version_is_refused_with_a_sentence(tmp_path: Path) -> None:
    with Store(tmp_path) as store:
        path = store.path
    with sqlite3.connect(path) as db:
        db.execute("PRAGMA user_version = 99")
    db.close()
    with pytest.raises(StoreError, match="another version"):
        Store(tmp_path)


def test_several_may_open_a_new_file_together(tmp_path: Path) -> None:
    def open_and_add(number: int) -> None:
        with Store(tmp_path) as store:
            store.add_account(f"a{number}@rehearsal.test", "secret", now=NOW)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(open_and_add, range(8)))
    with Store(tmp_path) as store:
        assert len(store.accounts()) == 8


def test_uids_are_never_given_twice_by_writers_together(tmp_path: Path) -> None:
    with Store(tmp_path) as store:
        store.add_account("a@rehearsal.test", "secret", now=NOW)
    barrier = threading.Barrier(4)

    def append(_number: int) -> list[int]:
        with Store(tmp_path) as store:
            folders = Folders(store, "a@rehearsal.test")
            inbox = folders.folder("inbox")
            assert inbox is not None
            barrier.wait()
            return [folders.append(inbox.id, b"x", at=NOW).uid for _ in range(10)]

    with ThreadPoolExecutor(4) as pool:
        uids = [uid for found in pool.map(append, range(4)) for uid in found]
    assert sorted(uids) == list(range(1, 41))


def test_a_failed_transaction_leaves_nothing(tmp_path: Path) -> None:
    with Store(tmp_path) as store:
        with pytest.raises(sqlite3.IntegrityError):
            add_twice(store)
        assert store.accounts() == []


def add_twice(store: Store) -> None:
    with store.writing() as db:
        for _ in range(2):
            db.execute("INSERT INTO account VALUES ('a@rehearsal.test', 'x', 'y')")
