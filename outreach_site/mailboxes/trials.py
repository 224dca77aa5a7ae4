"""Trying a mailbox out: sign in, send one letter to the person who asks, look into the inbox. Nothing is stored but
that it was tried.
"""

from __future__ import annotations

import imaplib
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from django.core.mail import EmailMultiAlternatives
from django.core.mail.message import make_msgid
from django.db import transaction

from outreach_site.accounts.models import User, Workspace
from outreach_site.lib.addresses import ascii_domain, named, wire_address
from outreach_site.lib.ports import AuditRecord, record_audit
from outreach_site.mailboxes.answers import Phase
from outreach_site.mailboxes.errors import MailServerError, Stage, Verdict
from outreach_site.mailboxes.imap import classify_imap_error, find_folders
from outreach_site.mailboxes.imap import connect as connect_imap
from outreach_site.mailboxes.models import TestLetter
from outreach_site.mailboxes.smtp import MailboxBackend
from outreach_site.mailboxes.wire import ServerSettings, Surroundings

TEST_LETTERS_AN_HOUR = 20
# Somebody watches a spinner: each exchange gets this many seconds, and a whole trial ends well before the browser's
# patience (30 s) does.
TRIAL_SECONDS = 9.0
OPENING_SECONDS = 14.0
LETTER_SECONDS = 10.0

REHEARSAL_DOMAIN_ENDING = ".test"


@dataclass(frozen=True, slots=True)
class Worked:
    """A trial that worked; `sentence` says what was seen, `server_words` how the server put it."""

    sentence: str
    advice: str = ""
    server_words: str = ""
    ok: bool = True


@dataclass(frozen=True, slots=True)
class Failed:
    """A trial that failed: what, why in the server's words, and what to do."""

    sentence: str
    advice: str
    server_words: str
    stage: Stage
    permanent: bool
    error: MailServerError
    ok: bool = False

    @classmethod
    def because(cls, err: MailServerError) -> Failed:
        return cls(
            sentence=err.sentence,
            advice=err.advice,
            server_words=err.quoted_words if err.server_words else "",
            stage=err.stage,
            permanent=err.permanent,
            error=err,
        )


Trial = Worked | Failed


@dataclass(frozen=True, slots=True)
class Written:
    """A letter that somebody wants to see arrive. `html`: the same once more, as HTML; empty: there is none."""

    subject: str
    text: str
    html: str = ""
    reply_to: str = ""


class TooManyTestLettersError(Exception):
    """Twenty test letters within an hour are enough; the message says when the next one may go."""


def take_turn(user: User, *, now: datetime) -> None:
    """Count one test letter of this person, of a mailbox or a campaign. Raises TooManyTestLettersError.

    Inside the caller's transaction; the person's row is locked, so that two tabs cannot both be the twentieth.
    """
    User.objects.select_for_update().get(pk=user.pk)
    recent = TestLetter.objects.filter(user_id=user.pk, sent_at__gt=now - timedelta(hours=1)).order_by("sent_at")
    count = recent.count()
    if count >= TEST_LETTERS_AN_HOUR:
        oldest = recent[count - TEST_LETTERS_AN_HOUR]
        minutes = max(1, -(-(oldest.sent_at + timedelta(hours=1) - now) // timedelta(minutes=1)))
        raise TooManyTestLettersError(
            f"You have tried {TEST_LETTERS_AN_HOUR} test letters within an hour. The next one may go in "
            f"{minutes} minute{'' if minutes == 1 else 's'}."
        )
    TestLetter.objects.create(user_id=user.pk, sent_at=now)


def send_test_letter(
    server: ServerSettings,
    *,
    from_email: str,
    from_name: str,
    to: User,
    workspace: Workspace,
    about: str,
    now: datetime,
    surroundings: Surroundings | None = None,
    written: Written | None = None,
) -> Trial:
    """One letter from these settings to this person's own address. Raises TooManyTestLettersError.

    `written` goes in place of our own words.

    `about` is the audit's subject, such as `mailbox:3`. The trial is written down before the server hears of it, and
    its outcome afterwards.
    """
    if refused := wrong_world(to.email, workspace):
        return refused
    details = {"host": server.host, "port": server.port}
    with transaction.atomic():
        take_turn(to, now=now)
        _audit("mailbox.test_letter", workspace, to, about, from_email, details)
    outcome = _send(server, from_email, from_name, to.email, surroundings, written)
    result = {"result": "sent"} if outcome.ok else {"result": "failed", "said": outcome.sentence}
    with transaction.atomic():
        _audit("mailbox.test_letter_answered", workspace, to, about, from_email, details | result)
    return outcome


def _send(
    server: ServerSettings,
    from_email: str,
    from_name: str,
    to: str,
    surroundings: Surroundings | None,
    written: Written | None,
) -> Trial:
    try:
        sender = named(from_name, wire_address(from_email))
    except ValueError as err:
        return _no_address(err, Stage.SENDER, Verdict.MAILBOX_TROUBLE)
    try:
        recipient = wire_address(to)
    except ValueError as err:
        return _no_address(err, Stage.RECIPIENT, Verdict.REFUSED_LETTER)
    domain = ascii_domain(from_email.rpartition("@")[2])
    letter = _letter(sender, recipient, written or _our_words(server, from_email), domain=domain)
    backend = MailboxBackend(
        replace(server, timeout=min(server.timeout, TRIAL_SECONDS)),
        surroundings=surroundings,
        letter_seconds=LETTER_SECONDS,
        opening_seconds=OPENING_SECONDS,
    )
    try:
        backend.open()
        try:
            backend.send_messages([letter])
            words = backend.connection.accepted_reply if backend.connection else ""
        finally:
            backend.close()
    except MailServerError as err:
        return Failed.because(err)
    return Worked(
        sentence=f"A test letter is on its way to {to}.",
        advice="Look whether it arrives, and whether in the inbox or in the spam folder.",
        server_words=words,
    )


def _no_address(err: ValueError, stage: Stage, verdict: Verdict) -> Failed:
    whose = "the mailbox" if stage is Stage.SENDER else "your account"
    advice = f"Give {whose} an address that every mail server takes: plain letters before the @."
    return Failed.because(MailServerError(str(err), stage=stage, verdict=verdict, permanent=True, advice=advice))


def _our_words(server: ServerSettings, from_email: str) -> Written:
    return Written(
        "Test letter from Linkletter",
        f"This letter was sent through {server.host}, port {server.port}, as {from_email}.\n\n"
        "If you read it in your inbox, this mailbox can send. If it was in the spam folder, ask whoever runs the "
        "domain about SPF, DKIM and DMARC before you write to anybody.\n",
    )


def _letter(sender: str, to: str, written: Written, *, domain: str) -> EmailMultiAlternatives:
    letter = EmailMultiAlternatives(
        subject=written.subject,
        body=written.text,
        from_email=sender,
        to=[to],
        reply_to=[written.reply_to] if written.reply_to else None,
        headers={"Message-ID": make_msgid(domain=domain), "Auto-Submitted": "auto-generated"},
    )
    if written.html:
        letter.attach_alternative(written.html, "text/html")
    return letter


def try_imap(server: ServerSettings, *, surroundings: Surroundings | None = None) -> Trial:
    """Sign in and look which folders there are; nothing is read or marked."""
    server = replace(server, timeout=min(server.timeout, TRIAL_SECONDS))
    try:
        with connect_imap(server, surroundings=surroundings, within=OPENING_SECONDS) as session:
            session.patience.within(LETTER_SECONDS)
            try:
                folders = find_folders(session)
                status = session.folder_status(folders.all_mail or folders.inbox, ["MESSAGES"])
            except (OSError, ValueError, imaplib.IMAP4.error) as err:
                raise classify_imap_error(err, server=server, phase=Phase.READING) from err
    except MailServerError as err:
        return Failed.because(err)
    count = int(status.get(b"MESSAGES", 0))
    what = "1 message" if count == 1 else f"{count:,} messages"
    where = f"“{folders.all_mail}”" if folders.all_mail else "the inbox"
    junk = f" The spam folder is “{folders.junk}”." if folders.junk else " It has no spam folder of its own."
    return Worked(sentence=f"Signed in: {what} in {where}.{junk}")


def wrong_world(address: str, workspace: Workspace) -> Failed | None:
    """A refusal for a test letter between the rehearsal and the real world."""
    is_rehearsal_address = address.rpartition("@")[2].lower().endswith(REHEARSAL_DOMAIN_ENDING)
    if is_rehearsal_address is workspace.is_rehearsal:
        return None
    if is_rehearsal_address:
        sentence = f"Your account's address, {address}, exists in the rehearsal only: no real server can deliver there."
        advice = "Change your account's address to one of yours first; test letters go nowhere else."
    else:
        sentence = f"A rehearsal writes to addresses of the rehearsal only, and yours is {address}."
        advice = "Test the mailbox from an account of the rehearsal, or add your own mailbox in another workspace."
    return Failed.because(
        MailServerError(sentence, stage=Stage.RECIPIENT, verdict=Verdict.REFUSED_LETTER, permanent=True, advice=advice)
    )


def _audit(event: str, workspace: Workspace, user: User, about: str, sender: str, details: dict[str, object]) -> None:
    record_audit(
        AuditRecord(
            event=event,
            workspace_id=workspace.pk,
            user_id=user.pk,
            about=about,
            sender_email=sender,
            lead_email=user.email,
            details=details,
        )
    )
