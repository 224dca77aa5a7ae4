"""The misbehaving servers do what their knobs say, as real clients see it."""

from __future__ import annotations

import smtplib
import ssl
import time
from collections.abc import Callable

import imapclient
import pytest
from imapclient.exceptions import IMAPClientError, LoginError

from tests.servers import PASSWORD, Certificates, FaultyIMAP, FaultySMTP, Stage

SMTPServers = Callable[..., FaultySMTP]
IMAPServers = Callable[..., FaultyIMAP]
RAW = b"Subject: Hello\r\nMessage-ID: <1@x.test>\r\n\r\n.dotted\r\nBody\r\n"


def signed_in(server: FaultySMTP, certificates: Certificates, *, timeout: float = 5) -> smtplib.SMTP:
    context = certificates.client_context()
    if server.tls == "implicit":
        client: smtplib.SMTP = smtplib.SMTP_SSL(server.host, server.port, context=context, timeout=timeout)
    else:
        client = smtplib.SMTP(server.host, server.port, timeout=timeout)
        client.starttls(context=context)
    client.login("me@x.test", PASSWORD)
    return client


def send(server: FaultySMTP, certificates: Certificates, *to: str, timeout: float = 5) -> dict[str, tuple[int, bytes]]:
    client = signed_in(server, certificates, timeout=timeout)
    try:
        return client.sendmail("me@x.test", list(to) or ["ed@y.test"], RAW)
    finally:
        client.close()


@pytest.mark.parametrize("tls", ["starttls", "implicit"])
def test_a_healthy_server_records_exactly_what_it_took(
    smtp_server: SMTPServers, certificates: Certificates, tls: str
) -> None:
    server = smtp_server(tls=tls)
    send(server, certificates, "ed@y.test", "co@y.test")
    (letter,) = server.accepted
    assert letter.raw == RAW
    assert (letter.mail_from, letter.recipients, letter.user) == ("me@x.test", ("ed@y.test", "co@y.test"), "me@x.test")
    assert letter.encrypted
    assert letter.answered


@pytest.mark.parametrize(
    ("stage", "line", "error"),
    [
        ("MAIL", "451 4.7.1 Greylisted", smtplib.SMTPSenderRefused),
        ("RCPT", "550 5.1.1 No such user", smtplib.SMTPRecipientsRefused),
        ("DATA", "452 4.3.1 Out of room", smtplib.SMTPDataError),
        ("END", "554 5.7.1 Spam", smtplib.SMTPDataError),
    ],
)
def test_it_refuses_at_the_stage_it_is_told_to(
    smtp_server: SMTPServers, certificates: Certificates, stage: Stage, line: str, error: type[Exception]
) -> None:
    server = smtp_server()
    server.reply(stage, line, times=1)
    with pytest.raises(error, match=line[:3]):
        send(server, certificates)
    assert server.accepted == []
    send(server, certificates)
    assert len(server.accepted) == 1


def test_it_refuses_one_recipient_and_takes_the_other(smtp_server: SMTPServers, certificates: Certificates) -> None:
    server = smtp_server()
    server.reply("RCPT", "452 4.2.2 Mailbox full", recipient="full@y.test")
    refused = send(server, certificates, "full@y.test", "ed@y.test")
    assert refused == {"full@y.test": (452, b"4.2.2 Mailbox full")}
    assert server.accepted[0].recipients == ("ed@y.test",)


def test_a_wrong_password_gets_535(smtp_server: SMTPServers, certificates: Certificates) -> None:
    server = smtp_server(password="another")
    with pytest.raises(smtplib.SMTPAuthenticationError) as caught:
        signed_in(server, certificates)
    assert caught.value.smtp_code == 535
    assert PASSWORD not in " ".join(server.commands)


def test_starttls_is_not_offered(smtp_server: SMTPServers) -> None:
    server = smtp_server(tls="none")
    with smtplib.SMTP(server.host, server.port, timeout=5) as client, pytest.raises(smtplib.SMTPNotSupportedError):
        client.starttls()


@pytest.mark.parametrize("tls", ["starttls", "implicit"])
@pytest.mark.parametrize("certificate", ["other_name", "untrusted", "expired"])
def test_bad_certificates_are_bad(
    smtp_server: SMTPServers, certificates: Certificates, tls: str, certificate: str
) -> None:
    server = smtp_server(tls=tls, certificate=certificate)
    with pytest.raises(ssl.SSLCertVerificationError):
        signed_in(server, certificates)


@pytest.mark.parametrize("stage", ["BANNER", "EHLO", "AUTH", "DATA", "END"])
def test_it_stalls(smtp_server: SMTPServers, certificates: Certificates, stage: str) -> None:
    server = smtp_server(stall=stage)
    # smtplib reports a timeout as a lost connection.
    with pytest.raises(smtplib.SMTPServerDisconnected, match="timed out"):
        send(server, certificates, timeout=0.3)
    assert server.accepted == []


def test_it_drips(smtp_server: SMTPServers) -> None:
    server = smtp_server(drip=0.02)
    started = time.monotonic()
    with smtplib.SMTP(server.host, server.port, timeout=5) as client:
        client.noop()
    assert time.monotonic() - started > 0.4


def test_it_drops_the_connection_before_it_read_the_letter(
    smtp_server: SMTPServers, certificates: Certificates
) -> None:
    server = smtp_server(drop="DATA")
    with pytest.raises(smtplib.SMTPServerDisconnected):
        send(server, certificates)
    assert server.accepted == []


def test_it_swallows_the_letter_and_drops_the_connection(smtp_server: SMTPServers, certificates: Certificates) -> None:
    server = smtp_server(drop="END")
    with pytest.raises(smtplib.SMTPServerDisconnected):
        send(server, certificates)
    (letter,) = server.wait_for(1)
    assert not letter.answered


@pytest.mark.parametrize("stage", ["BANNER", "EHLO", "MAIL"])
def test_it_speaks_nonsense(smtp_server: SMTPServers, certificates: Certificates, stage: str) -> None:
    server = smtp_server(nonsense=stage)
    with pytest.raises((smtplib.SMTPException, OSError)):
        send(server, certificates)
    assert server.accepted == []


def test_nobody_listens_on_a_dead_port(dead_port: int) -> None:
    with pytest.raises(ConnectionRefusedError):
        smtplib.SMTP("127.0.0.1", dead_port, timeout=2)


def open_imap(server: FaultyIMAP, certificates: Certificates, *, timeout: float = 5) -> imapclient.IMAPClient:
    context = certificates.client_context()
    implicit = server.tls == "implicit"
    client = imapclient.IMAPClient(server.host, server.port, ssl=implicit, ssl_context=context, timeout=timeout)
    if not implicit:
        client.starttls(context)
    client.login("me@x.test", PASSWORD)
    return client


@pytest.mark.parametrize("tls", ["starttls", "implicit"])
def test_a_healthy_imap_server_gives_its_messages(
    imap_server: IMAPServers, certificates: Certificates, tls: str
) -> None:
    server = imap_server(tls=tls)
    server.add(RAW)
    uid = server.add(RAW.replace(b"Hello", b"Second"))
    client = open_imap(server, certificates)
    assert client.find_special_folder(b"\\Junk") == "Junk"
    assert client.select_folder("INBOX", readonly=True)[b"UIDVALIDITY"] == 1
    assert client.search(["UID", f"{uid}:*"]) == [uid]
    assert client.fetch([uid], ["BODY.PEEK[]"])[uid][b"BODY[]"] == RAW.replace(b"Hello", b"Second")
    headers = client.fetch([1, uid], ["BODY.PEEK[HEADER]", "RFC822.SIZE"])
    assert headers[1][b"BODY[HEADER]"].endswith(b"<1@x.test>\r\n\r\n")
    client.logout()


def test_a_wrong_imap_password_is_refused(imap_server: IMAPServers, certificates: Certificates) -> None:
    with pytest.raises(LoginError, match="AUTHENTICATIONFAILED"):
        open_imap(imap_server(password="another"), certificates)


def test_imap_without_starttls(imap_server: IMAPServers) -> None:
    server = imap_server(tls="none")
    client = imapclient.IMAPClient(server.host, server.port, ssl=False, timeout=5)
    assert not client.has_capability("STARTTLS")
    client.shutdown()


@pytest.mark.parametrize("certificate", ["other_name", "untrusted", "expired"])
def test_bad_imap_certificates_are_bad(imap_server: IMAPServers, certificates: Certificates, certificate: str) -> None:
    with pytest.raises(ssl.SSLCertVerificationError):
        open_imap(imap_server(certificate=certificate), certificates)


@pytest.mark.parametrize("stage", ["GREETING", "LOGIN"])
def test_imap_hangs_while_signing_in(imap_server: IMAPServers, certificates: Certificates, stage: str) -> None:
    with pytest.raises(TimeoutError):
        open_imap(imap_server(stall=stage), certificates, timeout=0.3)


def test_imap_hangs_after_login(imap_server: IMAPServers, certificates: Certificates) -> None:
    client = open_imap(imap_server(stall="AFTER_LOGIN"), certificates, timeout=0.3)
    with pytest.raises(TimeoutError):
        client.select_folder("INBOX")
    client.shutdown()


@pytest.mark.parametrize(("knob", "error"), [("stall", TimeoutError), ("drop", (IMAPClientError, OSError))])
def test_imap_fails_in_the_middle_of_a_message(
    imap_server: IMAPServers, certificates: Certificates, knob: str, error: type[Exception]
) -> None:
    server = imap_server(**{knob: "FETCH"})
    uid = server.add(RAW * 50)
    client = open_imap(server, certificates, timeout=0.3)
    client.select_folder("INBOX", readonly=True)
    with pytest.raises(error):
        client.fetch([uid], ["BODY.PEEK[]"])
    client.shutdown()


def test_closing_a_server_ends_its_connections(certificates: Certificates) -> None:
    with FaultySMTP(certificates, stall="MAIL") as server:
        client = signed_in(server, certificates, timeout=5)
        started = time.monotonic()
    assert time.monotonic() - started < 2
    with pytest.raises((smtplib.SMTPServerDisconnected, OSError)):
        client.noop()
    client.close()
