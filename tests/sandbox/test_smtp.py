"""The SMTP server, spoken to by the standard library's client over TLS."""

from __future__ import annotations

import smtplib
import socket
import ssl
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from outreach_site.sandbox.config import LETTER_LIMIT
from outreach_site.sandbox.running import RunningOffice
from outreach_site.sandbox.store import Kind
from tests.sandbox.letters import ALEX, letter_to, send
from tests.servers import PASSWORD


@pytest.fixture(params=["starttls", "implicit"])
def client(request: pytest.FixtureRequest, post_office: RunningOffice) -> Iterator[smtplib.SMTP]:
    """A client that has signed in as alex, on either port."""
    context = post_office.tls_context()
    if request.param == "implicit":
        connection: smtplib.SMTP = smtplib.SMTP_SSL("localhost", post_office.smtps_port, context=context, timeout=5)
    else:
        connection = smtplib.SMTP("localhost", post_office.smtp_port, timeout=5)
        connection.starttls(context=context)
    connection.login(ALEX, PASSWORD)
    yield connection
    connection.close()


def test_a_letter_is_kept_as_it_was_sent(post_office: RunningOffice, client: smtplib.SMTP) -> None:
    raw = b"Subject: Dots\r\nMessage-ID: <d@x.test>\r\n\r\n.\r\n..two\r\n\r\nGr\xc3\xbc\xc3\x9fe\r\n"
    client.sendmail(ALEX, ["hannah@brightgarden.test", "Nobody@Nowhere.test"], raw)
    first, second = post_office.wait_for(2)
    assert first.raw == second.raw == raw
    assert (first.account, first.mail_from, first.recipient) == (ALEX, ALEX, "hannah@brightgarden.test")
    assert first.recipient_name == "Hannah Lindqvist"
    assert first.tls_version.startswith("TLSv1.")
    assert (first.subject, first.message_id, first.kind) == ("Dots", "<d@x.test>", Kind.OUTREACH)
    assert (second.recipient, second.mailbox, second.recipient_name) == (
        "Nobody@Nowhere.test",
        "nobody@nowhere.test",
        "",
    )


def test_a_real_address_is_refused_with_a_sentence(post_office: RunningOffice, client: smtplib.SMTP) -> None:
    client.mail(ALEX)
    code, reason = client.rcpt("editor@example.com")
    assert code == 550
    assert reason.startswith(b"5.7.1 This is a rehearsal")
    assert post_office.letters() == []


def test_an_address_of_broken_bytes_is_refused(client: smtplib.SMTP) -> None:
    client.mail(ALEX)
    client.send(b"RCPT TO:<\xff\xfe@garden.test>\r\n")
    assert client.getreply()[0] == 553


def test_one_may_send_as_oneself_alone(client: smtplib.SMTP) -> None:
    assert client.mail("somebody@rehearsal.test")[0] == 553
    client.rset()
    assert client.mail("alex+bounce-7@rehearsal.test")[0] == 250


def test_a_letter_that_is_too_large_is_refused(post_office: RunningOffice, client: smtplib.SMTP) -> None:
    line = b"x" * 70 + b"\r\n"
    raw = b"Subject: Large\r\n\r\n" + line * (LETTER_LIMIT // len(line) + 10)
    with pytest.raises((smtplib.SMTPSenderRefused, smtplib.SMTPDataError)) as caught:
        client.sendmail(ALEX, ["hannah@brightgarden.test"], raw)
    assert caught.value.smtp_code == 552
    assert post_office.letters() == []


def test_an_international_address_is_taken(post_office: RunningOffice, client: smtplib.SMTP) -> None:
    client.sendmail(ALEX, ["jürgen@gärten.test"], b"Subject: Hallo\r\n\r\nHallo\r\n", mail_options=["SMTPUTF8"])
    (letter,) = post_office.wait_for(1)
    assert letter.recipient == "jürgen@gärten.test"
    (bounce,) = post_office.wait_for_inbox(ALEX, 1)
    assert "Final-Recipient: utf-8; jürgen@gärten.test" in bounce.decode()


def test_a_wrong_password_is_535(post_office: RunningOffice) -> None:
    with smtplib.SMTP("localhost", post_office.smtp_port, timeout=5) as connection:
        connection.starttls(context=post_office.tls_context())
        for user in (ALEX, "nobody@rehearsal.test"):
            with pytest.raises(smtplib.SMTPAuthenticationError) as caught:
                connection.login(user, "wrong")
            assert caught.value.smtp_code == 535


def test_nothing_works_in_the_clear_or_without_signing_in(post_office: RunningOffice) -> None:
    with smtplib.SMTP("localhost", post_office.smtp_port, timeout=5) as connection:
        connection.ehlo()
        assert not connection.has_extn("auth")
        assert connection.docmd("AUTH", "PLAIN AGEAYg==")[0] in {530, 538}
        assert connection.mail(ALEX)[0] == 530
        connection.starttls(context=post_office.tls_context())
        connection.ehlo()
        assert connection.has_extn("auth")
        assert connection.mail(ALEX)[0] == 530


def test_strangers_do_not_trust_it(post_office: RunningOffice) -> None:
    connection = smtplib.SMTP("localhost", post_office.smtp_port, timeout=5)
    with connection, pytest.raises(ssl.SSLCertVerificationError):
        connection.starttls(context=ssl.create_default_context())


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1"])
def test_its_certificate_has_every_name_it_goes_by(post_office: RunningOffice, host: str) -> None:
    with smtplib.SMTP_SSL(host, post_office.smtps_port, context=post_office.tls_context(), timeout=5) as connection:
        assert connection.noop()[0] == 250


def test_an_account_works_from_the_moment_it_is_added(post_office: RunningOffice) -> None:
    post_office.add_account("new@rehearsal.test", "secret")
    post_office.add_account("new@rehearsal.test", "changed")
    post_office.send(letter_to("tom@balconyharvest.test"), user="new@rehearsal.test", password="changed")
    with pytest.raises(smtplib.SMTPAuthenticationError):
        post_office.send(letter_to("tom@balconyharvest.test"), user="new@rehearsal.test", password="secret")


def test_many_senders_at_once_lose_nothing(post_office: RunningOffice) -> None:
    def one(number: int) -> None:
        send(post_office, letter_to(f"reader{number}@many.test", message_id=f"<{number}@x.test>"))

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(one, range(20)))
    assert {letter.message_id for letter in post_office.letters()} == {f"<{number}@x.test>" for number in range(20)}


def test_a_client_that_leaves_in_the_middle_leaves_nothing(post_office: RunningOffice) -> None:
    connection = smtplib.SMTP("localhost", post_office.smtp_port, timeout=5)
    connection.starttls(context=post_office.tls_context())
    connection.login(ALEX, PASSWORD)
    connection.mail(ALEX)
    connection.rcpt("hannah@brightgarden.test")
    connection.putcmd("data")
    connection.getreply()
    connection.send(b"Subject: Half a letter\r\n\r\nHal")
    assert connection.sock is not None
    connection.sock.shutdown(socket.SHUT_RDWR)
    connection.close()
    send(post_office, letter_to("tom@balconyharvest.test"))
    assert [letter.recipient for letter in post_office.letters()] == ["tom@balconyharvest.test"]


def test_it_closes_while_clients_are_connected(tmp_path: Path, quick_close: Callable[[Path], float]) -> None:
    assert quick_close(tmp_path / "office") < 2
