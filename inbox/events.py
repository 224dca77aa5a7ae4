"""What a provider told us, and what follows: mail goes the way of all mail, and so do bounces and complaints.

A bounce or complaint that comes as an event is written down as the very report that a server would have mailed (RFC
3464, RFC 5965): so it is stored under its digest before it is understood, tied to a letter by the same proofs, seen in
the inbox, and told twice without harm.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime
from email.utils import format_datetime

from django.db.models import Q

from campaigns import wire_ids
from campaigns.models import Attempt, AttemptQuerySet
from campaigns.queueing import prove_sent
from compliance import holds, suppression
from compliance.addresses import InvalidAddressError
from compliance.models import Suppression
from inbox import ingest
from inbox.consequences import DOUBTFUL_REPORT
from inbox.hook_models import Webhook
from inbox.models import RawMessage
from inbox.providers import Parcel, Told, Word
from inbox.scope import MailboxScope, key_of
from inbox.sync import Folder, Header
from outreach_site.lib.among import among
from outreach_site.mailboxes.models import Mailbox

FOLDER = "Webhook"

_REPORTED_AS = {
    "not-spam": "no spam",
    "auth-failure": "one whose sender could not be proved",
    "fraud": "fraud",
    "virus": "a virus",
}


def take(hook: Webhook, parcel: Parcel, *, now: datetime) -> None:
    """Store everything first, and understand it then. May be repeated without harm: the same bytes are one message, and
    no consequence is drawn twice.
    """
    mailbox = hook.mailbox
    arrived = [raw for raw in parcel.mails if _is_our_business(mailbox, raw, now=now)]
    reported = [_report(hook, told) for told in parcel.events if told.word in {Word.BOUNCED, Word.COMPLAINED}]
    rows = [ingest.store(mailbox, raw, received_at=now, folder=FOLDER, now=now) for raw in (*arrived, *reported)]
    _note(hook, parcel, now=now)
    for row in rows:
        if row.understood_at is None:
            ingest.ingest(row.pk, now=now)
    for told in parcel.events:
        match told.word:
            case Word.DELIVERED:
                prove_sent(_letters(mailbox, told.ids), by=f"a delivery event of {hook.get_provider_display()}")
            case Word.UNSUBSCRIBED:
                _unsubscribed(hook, told, now=now)


def understand_what_is_left(*, now: datetime) -> int:
    """What was stored, and not understood because somebody died in between; how many messages."""
    left = RawMessage.objects.not_understood().filter(folder=FOLDER).order_by("pk").values_list("pk", flat=True)
    keys = list(left[:500])
    for pk in keys:
        ingest.ingest(pk, now=now)
    return len(keys)


def refuse(hook: Webhook, why: str, *, now: datetime) -> None:
    """Something came to the right address and was not verified: an owner should know."""
    Webhook.objects.filter(pk=hook.pk).update(refused_at=now, refused_because=why[:200])


def _note(hook: Webhook, parcel: Parcel, *, now: datetime) -> None:
    """When it was last heard of. The mailbox counts as read from the first mail on (hook_models.py)."""
    heard = {"mail_at": now} if parcel.mails else {"heard_at": now} if parcel.events else {}
    if heard:
        Webhook.objects.filter(pk=hook.pk).update(refused_at=None, refused_because="", **heard)
    if parcel.mails or (heard and hook.mail_at is not None):
        Mailbox.objects.filter(pk=hook.mailbox_id).update(webhook_verified_at=now)


def _is_our_business(mailbox: Mailbox, raw: bytes, *, now: datetime) -> bool:
    """As a poll decides it: of a personal mailbox only what answers our letters is stored."""
    head = raw[: ingest.HEADERS_WITHIN]
    cut = min((at for at in (head.find(b"\r\n\r\n"), head.find(b"\n\n")) if at >= 0), default=len(head))
    header = Header(uid=0, size=len(raw), received_at=now, raw=head[:cut] + b"\r\n\r\n")
    return bool(MailboxScope(mailbox).wanted(Folder(FOLDER), 0, [header], again=False))


def _letters(mailbox: Mailbox, ids: Sequence[str]) -> AttemptQuerySet:
    """Letters of the workspace with one of these Message-IDs, ours or the provider's: one account may serve several
    mailboxes."""
    letters = Attempt.objects.in_workspace(mailbox.workspace)
    wire = Q(among("wire_id", wire_ids.all_spellings(ids)))
    return letters.filter(Q(among("message_id", ids)) | wire) if ids else letters.none()


def _unsubscribed(hook: Webhook, told: Told, *, now: datetime) -> None:
    """The reader used the provider's own link. Whoever does not name a letter of ours makes a person look."""
    workspace = hook.mailbox.workspace
    said = f"They used the unsubscribe link of {hook.get_provider_display()}."
    named = list(_letters(hook.mailbox, told.ids))
    for attempt in named:
        # Of a person who was erased there is nobody left to suppress: what stays of them does that already.
        with suppress(InvalidAddressError):
            suppression.suppress(
                workspace=workspace,
                address=attempt.recipient,
                reason=Suppression.Reason.UNSUBSCRIBE,
                source=attempt.about,
                note=said,
                now=now,
            )
    key = key_of(told.recipient)
    if named or not key:
        return
    lately = Attempt.objects.filter(mailbox=hook.mailbox, recipient_key=key, finished_at__gt=now - DOUBTFUL_REPORT)
    if lately.exists():
        holds.place(
            workspace=workspace,
            subject=f"address:{key}"[:300],
            reason=f"{said} The event does not name our letter, so it may not be true.",
            advice="If it is true, suppress the address; if not, lift the hold.",
            source=f"mailbox:{hook.mailbox_id}",
            now=now,
        )


def _report(hook: Webhook, told: Told) -> bytes:
    """The event as a report. The same event makes the same bytes."""
    provider = hook.get_provider_display()
    at = told.at or datetime.fromtimestamp(0, UTC)
    mark = hashlib.sha256("|".join([told.word, told.event_id, told.recipient, *told.ids]).encode()).hexdigest()[:40]
    if told.word is Word.COMPLAINED:
        kind, title = "feedback-report", "Complaint"
        said = (
            f"{provider} tells us that {told.recipient} reported a letter as {_REPORTED_AS.get(told.feedback, 'spam')}."
        )
        fields = [f"Feedback-Type: {told.feedback}", f"User-Agent: {provider}", "Version: 1"]
        fields += [f"Original-Rcpt-To: <{told.recipient}>"] if told.recipient else []
        report_type = "message/feedback-report"
    else:
        kind, title = "delivery-status", "Undelivered"
        said = f"{provider} tells us that a letter to {told.recipient} could not be delivered."
        fields = [f"Reporting-MTA: dns; {hook.provider}.invalid", "", f"Final-Recipient: rfc822; {told.recipient}"]
        fields += ["Action: failed", f"Status: {told.status or '5.0.0'}"]
        fields += [f"Diagnostic-Code: smtp; {told.words}"] if told.words else []
        report_type = "message/delivery-status"
    lines = [
        f"From: {provider} <mailer-daemon@{hook.provider}.invalid>",
        f"To: {hook.mailbox.email}",
        f"Subject: {title}: {told.recipient}",
        f"Date: {format_datetime(at)}",
        f"Message-ID: <{mark}@webhook.invalid>",
        "Auto-Submitted: auto-replied",
        *(f"X-Original-Message-ID: {each}" for each in told.ids),
        "MIME-Version: 1.0",
        f'Content-Type: multipart/report; report-type={kind}; boundary="={mark}"',
        "",
        f"--={mark}",
        "Content-Type: text/plain; charset=utf-8",
        "",
        said,
        told.words,
        "",
        f"--={mark}",
        f"Content-Type: {report_type}",
        "",
        *fields,
        "",
        f"--={mark}",
        "Content-Type: text/rfc822-headers",
        "",
        *(f"Message-ID: {each}" for each in told.ids[:1]),
        f"--={mark}--",
        "",
    ]
    return "\r\n".join(lines).encode()
