"""The IMAP server, spoken to by IMAPClient over TLS."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import imapclient
import pytest
from imapclient.exceptions import IMAPClientError, LoginError

from outreach_site.sandbox.running import RunningOffice, running
from tests.sandbox.conftest import imap_client
from tests.sandbox.letters import ALEX
from tests.servers import PASSWORD

RAW = b"From: a@b.test\r\nSubject: One\r\nMessage-ID: <1@b.test>\r\n\r\nHello\r\n"


@pytest.mark.parametrize("implicit", [True, False])
def test_reading_over_either_port(post_office: RunningOffice, implicit: bool) -> None:
    uids = [post_office.put(ALEX, RAW.replace(b"One", b"No. %d" % number)) for number in range(3)]
    with imap_client(post_office, implicit=implicit) as client:
        selected = client.select_folder("INBOX")
        assert (selected[b"EXISTS"], selected[b"UIDNEXT"]) == (3, uids[-1] + 1)
        assert client.search(["UID", f"{uids[1]}:*"]) == uids[1:]
        # n:* always has the last message (RFC 9051, 9, seq-range).
        assert client.search(["UID", f"{uids[-1] + 1}:*"]) == uids[-1:]
        fetched = client.fetch(uids, ["BODY.PEEK[]", "FLAGS", "RFC822.SIZE", "INTERNALDATE"])
        assert [fetched[uid][b"BODY[]"] for uid in uids] == post_office.inbox(ALEX)
        assert fetched[uids[0]][b"RFC822.SIZE"] == len(RAW.replace(b"One", b"No. 0"))


def test_peeking_marks_nothing_and_reading_does(post_office: RunningOffice) -> None:
    uid = post_office.put(ALEX, RAW)
    with imap_client(post_office) as client:
        client.select_folder("INBOX")
        client.fetch([uid], ["BODY.PEEK[]", "BODY.PEEK[HEADER]"])
        assert b"\\Seen" not in client.get_flags([uid])[uid]
        client.fetch([uid], ["BODY[]"])
        assert b"\\Seen" in client.get_flags([uid])[uid]
        assert client.search(["UNSEEN"]) == []


def test_headers_without_bodies(post_office: RunningOffice) -> None:
    uid = post_office.put(ALEX, RAW)
    with imap_client(post_office) as client:
        client.select_folder("INBOX", readonly=True)
        fetched = client.fetch([uid], ["BODY.PEEK[HEADER.FIELDS (MESSAGE-ID)]", "BODY.PEEK[HEADER]", "ENVELOPE"])[uid]
        assert fetched[b"BODY[HEADER.FIELDS (MESSAGE-ID)]"] == b"Message-ID: <1@b.test>\r\n\r\n"
        assert fetched[b"BODY[HEADER]"] == RAW.partition(b"Hello")[0]
        assert fetched[b"ENVELOPE"].subject == b"One"
        assert client.search(["HEADER", "Message-ID", "<1@b.test>"]) == [uid]


def test_searching_by_date(post_office: RunningOffice) -> None:
    uid = post_office.put(ALEX, RAW)
    today = datetime.now(UTC).date()
    with imap_client(post_office) as client:
        client.select_folder("INBOX", readonly=True)
        assert client.search(["SINCE", today - timedelta(days=1)]) == [uid]
        assert client.search(["SINCE", today + timedelta(days=2)]) == []
        assert client.search(["BEFORE", today - timedelta(days=1)]) == []
        assert client.fetch([uid], ["BODY.PEEK[]<0.10>"])[uid][b"BODY[]<0>"] == RAW[:10]


def test_folders_and_their_uses(post_office: RunningOffice) -> None:
    with imap_client(post_office) as client:
        assert client.has_capability("SPECIAL-USE")
        assert [name for _, _, name in client.list_folders()] == ["INBOX", "Junk", "Sent"]
        assert (client.find_special_folder(b"\\Junk"), client.find_special_folder(b"\\Sent")) == ("Junk", "Sent")
        client.create_folder("Archive/2026")
        client.rename_folder("Archive/2026", "Archive/Old")
        assert client.folder_exists("Archive/Old")
        client.delete_folder("Archive/Old")
        assert not client.folder_exists("Archive/Old")
        with pytest.raises(IMAPClientError):
            client.select_folder("Nowhere")


def test_a_folder_made_again_is_another_one(post_office: RunningOffice) -> None:
    with imap_client(post_office) as client:
        client.create_folder("Archive")
        before = client.folder_status("Archive", ["UIDVALIDITY"])[b"UIDVALIDITY"]
        client.delete_folder("Archive")
        client.create_folder("Archive")
        assert client.folder_status("Archive", ["UIDVALIDITY"])[b"UIDVALIDITY"] > before


def test_append_copy_move_and_expunge(post_office: RunningOffice) -> None:
    with imap_client(post_office) as client:
        client.append("Sent", RAW, ["\\Seen"])
        client.append("Sent", RAW.replace(b"One", b"Two"))
        assert post_office.inbox(ALEX, "Sent")[0] == RAW
        client.select_folder("Sent")
        assert client.get_flags([1])[1] == (b"\\Recent", b"\\Seen") or b"\\Seen" in client.get_flags([1])[1]
        client.copy([1], "INBOX")
        client.move([2], "Junk")
        assert client.search() == [1]
        assert post_office.inbox(ALEX) == [RAW]
        assert len(post_office.inbox(ALEX, "Junk")) == 1
        client.delete_messages([1])
        client.expunge()
        assert client.search() == []
        # A UID is never given twice.
        client.append("Sent", RAW)
        assert client.search() == [3]


def test_mail_that_arrives_is_seen_by_an_open_session(post_office: RunningOffice) -> None:
    with imap_client(post_office) as client:
        client.select_folder("INBOX")
        uid = post_office.put(ALEX, RAW)
        client.noop()
        assert client.search(["UID", f"{uid}:*"]) == [uid]
        client.idle()
        post_office.put(ALEX, RAW)
        assert (2, b"EXISTS") in client.idle_check(timeout=3)
        client.idle_done()


def test_messages_and_uids_survive_a_restart(tmp_path: Path) -> None:
    with running(tmp_path) as office:
        office.add_account(ALEX, PASSWORD)
        uids = [office.put(ALEX, RAW), office.put(ALEX, RAW.replace(b"One", b"Two"))]
        with imap_client(office) as client:
            validity = client.select_folder("INBOX")[b"UIDVALIDITY"]
            client.add_flags(uids[:1], ["\\Flagged"])
    with running(tmp_path) as office, imap_client(office) as client:
        selected = client.select_folder("INBOX")
        assert selected[b"UIDVALIDITY"] == validity
        assert selected[b"UIDNEXT"] == uids[-1] + 1
        assert b"\\Flagged" in client.get_flags(uids)[uids[0]]
        assert client.fetch(uids[:1], ["BODY.PEEK[]"])[uids[0]][b"BODY[]"] == RAW


def test_signing_in(post_office: RunningOffice) -> None:
    context = post_office.tls_context()
    client = imapclient.IMAPClient("localhost", post_office.imap_port, ssl=False, timeout=5)
    with pytest.raises(IMAPClientError, match="LOGIN is disabled"):
        client.login(ALEX, PASSWORD)
    client.starttls(context)
    for user, password in ((ALEX, "wrong"), ("nobody@rehearsal.test", PASSWORD)):
        with pytest.raises(LoginError, match="AUTHENTICATIONFAILED"):
            client.login(user, password)
    client.plain_login(ALEX.upper(), PASSWORD)
    client.logout()


def test_an_account_sees_its_own_mail_alone(post_office: RunningOffice) -> None:
    post_office.put(ALEX, RAW)
    post_office.add_account("other@rehearsal.test", "secret")
    context = post_office.tls_context()
    client = imapclient.IMAPClient("localhost", post_office.imaps_port, ssl_context=context, timeout=5)
    client.login("other@rehearsal.test", "secret")
    assert client.select_folder("INBOX")[b"EXISTS"] == 0
    client.logout()


@pytest.mark.parametrize("raw", [b"", b"no headers at all", b"\xff\xfe\x00 broken\r\n\r\n\x00", b"Subject: x"])
def test_odd_messages_are_given_as_they_are(post_office: RunningOffice, raw: bytes) -> None:
    uid = post_office.put(ALEX, raw)
    with imap_client(post_office) as client:
        client.select_folder("INBOX", readonly=True)
        assert client.fetch([uid], ["BODY.PEEK[]"])[uid][b"BODY[]"] == raw
