"""Reports that come back: the ways in which servers say that a letter did not arrive, in messages of our own."""

from __future__ import annotations

import json

import pytest

from inbox.bounces import Hardness, Report, ReportKind, hardness_of, report_in
from inbox.parsing import parse

TO = "mara@orchardmedia.com"
ED = "ed@brightgarden.com"
BACK = f"Message-ID: <first@orchardmedia.com>\nFrom: {TO}\nTo: {ED}\nSubject: An idea\n"


def letter(
    text: str, *, sender: str = "MAILER-DAEMON@mx.example.net", subject: str = "failure notice", extra: str = ""
) -> bytes:
    head = f"From: {sender}\nTo: {TO}\nSubject: {subject}\nMessage-ID: <b@mx.example.net>\n{extra}"
    return f"{head}Content-Type: text/plain; charset=utf-8\n\n{text}".encode()


def parts(*bodies: tuple[str, str], kind: str = "mixed", head: str = "From: MAILER-DAEMON@mx.example.net\n") -> bytes:
    body = "".join(f"--b\nContent-Type: {content_type}\n\n{text}\n" for content_type, text in bodies)
    return f"{head}To: {TO}\nContent-Type: multipart/{kind}; boundary=b\n\n{body}--b--\n".encode()


def read(raw: bytes) -> Report:
    report = report_in(parse(raw))
    assert report is not None
    return report


QMAIL = f"""Hi. This is the qmail-send program at mx.example.net.
I'm afraid I wasn't able to deliver your message to the following addresses.
This is a permanent error; I've given up. Sorry it didn't work out.

<{ED}>:
192.0.2.1 does not like recipient.
Remote host said: 550 no mailbox here by that name
Giving up on 192.0.2.1.

--- Below this line is a copy of the message.

{BACK}
Hello
"""
EXIM = f"""This message was created automatically by mail delivery software.

A message that you sent could not be delivered to one or more of its
recipients. This is a permanent error. The following address(es) failed:

  {ED}
    host mx.brightgarden.com [192.0.2.1]
    SMTP error from remote mail server after RCPT TO:<{ED}>:
    550 5.1.1 User unknown

------ This is a copy of the message, including all the headers. ------

{BACK}
"""


@pytest.mark.parametrize(
    ("raw", "hardness"),
    [
        (letter(QMAIL), Hardness.HARD),
        (letter(EXIM, subject="Mail delivery failed: returning message to sender"), Hardness.HARD),
        (
            letter(
                f"Error: Invalid user address\n\n550 - no such user here\n\n  MAIL FROM: {TO}\n  RCPT TO: {ED}\n",
                sender="post_master@example.net",
                subject="Re:An idea",
            ),
            Hardness.HARD,
        ),
        (
            parts(
                ("text/plain", f"Could not be delivered to: <{ED}>\nas their mailbox is full."),
                ("message/rfc822", BACK),
                head="Return-Path: <>\nFrom: no-reply@carrier.example.jp\nSubject: Mail\n",
            ),
            Hardness.SOFT,
        ),
        (
            letter(
                f"配送に失敗しました。\n\n<{ED}>:\n\n--- original message follows\n\n{BACK}",
                subject="配信できませんでした",
            ),
            Hardness.SOFT,
        ),
        (
            letter(
                f"Hi!\n\n    An error has occurred while attempting to deliver a message for\n    the following list of"
                f" recipients:\n\n{ED}: Envelope expired\n\n    Below is a copy of the original message:\n\n{BACK}",
                sender="Mailer Daemon <daemon@example.net>",
                subject="Delivery status notification: error",
            ),
            Hardness.SOFT,
        ),
        (
            letter(
                f"Invalid final delivery userid: {ED}\n\n\nOriginal message follows.\n", subject="Undeliverable Mail"
            ),
            Hardness.HARD,
        ),
        (
            parts(
                ("text/plain", f"Sent <<< RCPT TO:<{ED}>\nReceived >>> 550 5.1.1 <{ED}>... user unknown\n"),
                ("message/rfc822", BACK),
                head="From: InterScan <postmaster@example.net>\nSubject: report\n",
            ),
            Hardness.HARD,
        ),
        (
            parts(
                ("text/plain", f"Your message to <{ED}> was automatically rejected:\nQuota exceeded"),
                (
                    "message/disposition-notification",
                    (
                        f"Final-Recipient: rfc822; {ED}\nOriginal-Message-ID: <first@orchardmedia.com>\n"
                        "Disposition: automatic-action/MDN-sent-automatically; deleted\n"
                    ),
                ),
                kind="report; report-type=disposition-notification",
            ),
            Hardness.SOFT,
        ),
    ],
    ids=["qmail", "exim", "answers-itself", "carrier", "japanese", "opensmtpd", "short", "gateway", "dovecot"],
)
def test_letters_about_failure(raw: bytes, hardness: Hardness) -> None:
    report = read(raw)
    assert report.kind is ReportKind.BOUNCE
    assert report.recipients == (ED,)
    assert report.hardness is hardness


def test_the_letter_that_came_back_is_named() -> None:
    assert "<first@orchardmedia.com>" in read(letter(QMAIL)).original_ids


def test_a_report_within_a_gateways_report() -> None:
    inner = (
        "From: MAILER-DAEMON@inner.example.net\nTo: mara@orchardmedia.com\nSubject: Returned mail\n"
        "Content-Type: multipart/report; report-type=delivery-status; boundary=c\n\n"
        "--c\nContent-Type: text/plain\n\nNot delivered.\n"
        f"--c\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; inner\n\nFinal-Recipient: rfc822; {ED}\n"
        "Action: failed\nStatus: 5.1.1\nDiagnostic-Code: smtp; 550 5.1.1 User unknown\n\n--c--\n"
    )
    report = read(parts(("text/plain", "The following addresses had errors\n"), ("message/rfc822", inner)))
    assert report.recipients == (ED,)
    assert report.hardness is Hardness.HARD


def test_a_bounce_that_somebody_passes_on() -> None:
    text = (
        "FYI\n\nBegin forwarded message:\n\n> From: Mail Delivery Subsystem <MAILER-DAEMON@mx.example.net>\n"
        "> Subject: Returned mail: see transcript for details\n>\n"
        "> ----- The following addresses had permanent fatal errors -----\n"
        f"> <{ED}>\n>     (reason: 550 5.1.1 User unknown)\n>\n> Final-Recipient: RFC822; {ED}\n> Action: failed\n"
    )
    report = read(letter(text, sender="Jo <jo@orchardmedia.com>", subject="Fwd: Returned mail"))
    assert report.recipients == (ED,)


@pytest.mark.parametrize(
    "text",
    [
        "Hi Mara,\n\nyour mail to Ed bounced: his mailbox is full, I think. Try me instead.\n\nJo",
        "Sorry, the message could not be delivered to the printer in time. Can you send it again?",
        f"Your letter to {ED} came back undeliverable. He left in May.",
    ],
)
def test_people_who_speak_of_bounces(text: str) -> None:
    raw = letter(text, sender="Jo <jo@brightgarden.com>", subject="Re: your message was undeliverable")
    assert report_in(parse(raw)) is None


@pytest.mark.parametrize(
    "words",
    [
        "This is a warning message only. You do not need to resend your message.",
        "Your message has not yet been delivered. We will continue to try to deliver it over the next days.",
        "Delivery has been postponed due to a full mailbox.",
    ],
)
def test_a_delay_is_none(words: str) -> None:
    report = read(letter(f"{words}\n\n{ED}\n", subject="Warning: message delayed 24 hours"))
    assert report.kind is ReportKind.DELAY


# --- Programs' notices ------------------------------------------------------------------------------------------------


def notice(**content: object) -> bytes:
    mail = {
        "messageId": "0101-abc-000",
        "headers": [{"name": "Message-ID", "value": "<first@orchardmedia.com>"}],
        "commonHeaders": {"subject": "An idea"},
    }
    return letter(
        json.dumps({"mail": mail, **content}), sender="no-reply@sns.amazonaws.com", subject="AWS Notification"
    )


def test_amazons_bounce() -> None:
    failed = {"emailAddress": ED, "status": "5.1.1", "diagnosticCode": "smtp; 550 5.1.1 user unknown"}
    report = read(notice(notificationType="Bounce", bounce={"bounceType": "Permanent", "bouncedRecipients": [failed]}))
    assert (report.kind, report.hardness) == (ReportKind.BOUNCE, Hardness.HARD)
    assert report.recipients == (ED,)
    assert set(report.original_ids) == {"<first@orchardmedia.com>", "<0101-abc-000@email.amazonses.com>"}


def test_amazons_complaint() -> None:
    complaint = {"complainedRecipients": [{"emailAddress": ED}], "complaintFeedbackType": "abuse"}
    report = read(notice(notificationType="Complaint", complaint=complaint))
    assert (report.kind, report.recipients, report.by_person) == (ReportKind.COMPLAINT, (ED,), True)


@pytest.mark.parametrize("text", ['{"notificationType": 7}', '{"notificationType":"Bounce","bounce":[]}', "{" * 9000])
def test_notices_that_are_none(text: str) -> None:
    assert report_in(parse(letter(text, sender="no-reply@sns.amazonaws.com", subject="AWS"))) is None


# --- Complaints -------------------------------------------------------------------------------------------------------


def feedback(fields: str) -> bytes:
    return parts(
        ("text/plain", "This is an email abuse report."),
        ("message/feedback-report", fields),
        ("message/rfc822", BACK),
        kind="report; report-type=feedback-report",
        head="From: fbl@provider.example\nSubject: complaint\n",
    )


def test_a_feedback_report() -> None:
    report = read(feedback("Feedback-Type: abuse\nUser-Agent: x/1\nVersion: 1\n"))
    assert (report.kind, report.recipients, report.by_person) == (ReportKind.COMPLAINT, (ED,), True)
    assert report.original_ids == ("<first@orchardmedia.com>",)


def test_a_machine_that_reports_a_signature_is_no_person() -> None:
    report = read(feedback("Feedback-Type: auth-failure\nVersion: 1\nAuth-Failure: dmarc\n"))
    assert report.kind is ReportKind.COMPLAINT
    assert not report.by_person


def test_not_spam_is_no_complaint() -> None:
    assert read(feedback("Feedback-Type: not-spam\nVersion: 1\n")).kind is ReportKind.RECEIPT


@pytest.mark.parametrize(
    ("head", "text"),
    [
        ("From: staff@hotmail.com\nSubject: complaint about message from 192.0.2.1\n", ""),
        ("From: scomp@aol.net\nSubject: Client TOS Notification\n", ""),
        ("From: feedback@arf.mail.yahoo.example\nSubject: Yahoo! Mail\n", "This user marked your message as spam."),
    ],
)
def test_older_forms(head: str, text: str) -> None:
    report = read(parts(("text/plain", text), ("message/rfc822", BACK), head=head))
    assert (report.kind, report.recipients) == (ReportKind.COMPLAINT, (ED,))


# --- How dead ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "said", "words", "hardness"),
    [
        ("5.1.1", "550 5.1.1 <ed@x.example>: Recipient address rejected: User unknown", "", Hardness.HARD),
        ("5.4.1", "550 5.4.1 Recipient address rejected: Access denied", "", Hardness.HARD),
        ("5.7.27", "550 Host does not accept mail", "", Hardness.HARD),
        ("5.2.2", "552 5.2.2 Mailbox full", "", Hardness.SOFT),
        ("5.2.1", "550 5.2.1 User unknown", "", Hardness.SOFT),  # RFC 3463: the mailbox is there, but disabled
        ("5.0.0", "550 Unknown user ed@x.example", "said: 550 (in reply to end of DATA command)", Hardness.POLICY),
        ("5.0.0", "550 Unknown user ed@x.example", "said: 550 (in reply to RCPT TO command)", Hardness.HARD),
        ("5.0.0", "550 Unknown user ed@docomo.ne.jp", "", Hardness.POLICY),
        ("5.0.0", "550 Unknown user ed@docomo.ne.jp", ">>> RCPT TO:<ed@docomo.ne.jp>\n<<< 550 Unknown", Hardness.HARD),
        ("5.7.1", "550 5.7.1 Message rejected as spam", "", Hardness.POLICY),
        (
            "5.1.0",
            "553 5.1.0 sender domain does not exist",
            "SMTP error after MAIL FROM:<x@y.example>:",
            Hardness.POLICY,
        ),
        ("5.4.4", "Host or domain name not found", "", Hardness.HARD),
        ("4.4.1", "connection timed out", "", Hardness.SOFT),
    ],
)
def test_hardness(status: str, said: str, words: str, hardness: Hardness) -> None:
    assert hardness_of(status, said, words) is hardness
