"""Webhooks, posted to as providers document it: mail, bounces, complaints and deliveries of all three."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import logging
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import NameOID
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone
from structlog.stdlib import ProcessorFormatter

from campaigns.models import Attempt, Lead
from compliance import privacy, unsubscribe
from compliance.models import Hold, Suppression
from inbox import events, sns, webhooks
from inbox.hook_models import Webhook
from inbox.models import RawMessage, Reply
from outreach_site.lib.ports import inbox_read_until
from outreach_site.mailboxes.models import Mailbox
from outreach_site.sandbox.ca import issue, new_authority, write_authority, write_chain
from tests.inbox.conftest import Correspondence, message, sent_letter
from tests.internet import serving, way_to

Provider = Webhook.Provider
EDITOR = "ed@brightgarden.com"


def opened(correspondence: Correspondence, provider: str, *, key: str = "") -> Webhook:
    hook = Webhook(mailbox=correspondence.box.mailbox, provider=provider)
    hook.renew(now=timezone.now())
    hook.set_signing_key(key)
    hook.save()
    return hook


def post(hook: Webhook, body: Any, *, content_type: str = "application/json", **headers: str) -> HttpResponse:
    given = body if isinstance(body, bytes) else json.dumps(body).encode()
    response = Client(enforce_csrf_checks=True).post(
        f"/webhooks/{hook.token}/", given, content_type=content_type, headers=headers or None
    )
    assert isinstance(response, HttpResponse)
    return response


def form(fields: dict[str, bytes], files: dict[str, tuple[str, str, bytes]] | None = None) -> tuple[bytes, str]:
    """`multipart/form-data` as a provider posts it, byte for byte."""
    pieces = [
        f'--xYzZY\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n'.encode() + value + b"\r\n"
        for name, value in fields.items()
    ]
    pieces += [
        f'--xYzZY\r\nContent-Disposition: form-data; name="{name}"; filename="{file}"\r\n'
        f"Content-Type: {kind}\r\n\r\n".encode()
        + content
        + b"\r\n"
        for name, (file, kind, content) in (files or {}).items()
    ]
    return b"".join(pieces) + b"--xYzZY--\r\n", "multipart/form-data; boundary=xYzZY"


def in_doubt(attempt: Attempt) -> None:
    Attempt.objects.filter(pk=attempt.pk).update(state=Attempt.State.UNCERTAIN, settled_at=None)


def state_of(attempt: Attempt) -> str:
    return Attempt.objects.get(pk=attempt.pk).state


def reason_of(address: str) -> str | None:
    return Suppression.objects.filter(value=address).values_list("reason", flat=True).first()


# --- The door ---------------------------------------------------------------------------------------------------------


def test_an_address_that_nobody_gave_out_does_not_exist(correspondence: Correspondence) -> None:
    hook = opened(correspondence, Provider.SENDGRID)
    for token in ("x", hook.token[:-1], hook.token + "x", hook.token.swapcase(), hook.token_digest):
        assert Client().post(f"/webhooks/{token}/", b"[]", content_type="application/json").status_code == 404
    assert Client().get(f"/webhooks/{hook.token}/").status_code == 405


def test_the_secret_is_not_readable_in_the_database(correspondence: Correspondence) -> None:
    hook = opened(correspondence, Provider.SENDGRID, key="sign-me")
    stored = str(Webhook.objects.filter(pk=hook.pk).values().get())
    assert hook.token not in stored
    assert "sign-me" not in stored


def test_the_webhook_of_a_removed_mailbox_is_gone(correspondence: Correspondence) -> None:
    hook = opened(correspondence, Provider.SENDGRID)
    correspondence.box.mailbox.archive(now=timezone.now())
    assert post(hook, []).status_code == 404


def test_an_address_that_was_renewed_is_dead(correspondence: Correspondence) -> None:
    hook = opened(correspondence, Provider.SENDGRID)
    before = hook.token
    hook.renew(now=timezone.now())
    hook.save()
    assert Client().post(f"/webhooks/{before}/", b"[]", content_type="application/json").status_code == 404
    assert post(hook, []).status_code == 200


def test_what_is_too_large_is_refused_unread(correspondence: Correspondence, monkeypatch: pytest.MonkeyPatch) -> None:
    hook = opened(correspondence, Provider.SENDGRID)
    monkeypatch.setattr(webhooks, "LARGEST", 1_000)
    assert post(hook, b" " * 1_001).status_code == 413
    assert not RawMessage.objects.exists()


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"{}", b"[1]", b"null", b"\xff\xfe", b"[" * 100_000, b'[{"event": {}}]', b'[{"timestamp": "x"}]'],
)
@pytest.mark.parametrize("provider", list(Provider))
def test_what_is_malformed_is_refused_with_a_clear_status(
    correspondence: Correspondence, provider: str, body: bytes
) -> None:
    response = post(opened(correspondence, provider), body)
    assert response.status_code in {400, 403}
    hook = Webhook.objects.get()
    assert hook.refused_because
    assert hook.refused_at
    assert Mailbox.objects.get(pk=correspondence.box.mailbox.pk).webhook_verified_at is None


def test_nothing_of_a_body_is_logged(correspondence: Correspondence, caplog: pytest.LogCaptureFixture) -> None:
    hook = opened(correspondence, Provider.SENDGRID)
    post(hook, b'{"top secret": ')
    post(hook, [{"event": "bounce", "email": "top-secret@x.com", "timestamp": "top secret"}])
    body, kind = form({"email": b"Subject: top secret\r\n\r\ntop secret"})
    post(hook, body, content_type=kind)
    console = next(each for each in logging.getLogger().handlers if isinstance(each.formatter, ProcessorFormatter))
    said = "\n".join(console.format(record) for record in caplog.records)
    assert "a webhook was posted to" in said
    assert "secret" not in said
    assert hook.token not in said


# --- SendGrid ---------------------------------------------------------------------------------------------------------


def sendgrid(event: str, attempt: Attempt | None, /, **more: Any) -> dict[str, Any]:
    """One event as SendGrid's Event Webhook posts it."""
    return {
        "email": EDITOR,
        "timestamp": int(time.time()),
        "smtp-id": attempt.message_id if attempt else "<unknown@elsewhere.example>",
        "event": event,
        "category": ["outreach"],
        "sg_event_id": f"evt-{event}",
        "sg_message_id": "14c5d75ce93.dfd.64b469.filter0001.16648.5515E0B88.0",
        **more,
    }


def test_a_delivery_settles_a_letter_in_doubt(correspondence: Correspondence) -> None:
    attempt = correspondence.attempt
    in_doubt(attempt)
    hook = opened(correspondence, Provider.SENDGRID)
    assert post(hook, [sendgrid("delivered", attempt, response="250 OK")]).status_code == 200
    assert state_of(attempt) == "sent"
    assert "SendGrid" in Attempt.objects.get(pk=attempt.pk).reason
    hook.refresh_from_db()
    assert hook.heard_at
    # That events come proves nothing about answers.
    assert Mailbox.objects.get(pk=correspondence.box.mailbox.pk).webhook_verified_at is None


def test_another_workspaces_letter_is_not_touched(correspondence: Correspondence) -> None:
    attempt = correspondence.attempt
    elsewhere = correspondence.box.world.elsewhere
    theirs = Mailbox(workspace=elsewhere, email="q@quarry.com", smtp_host="smtp.quarry.com", smtp_user="q")
    theirs.save()
    hook = Webhook(mailbox=theirs, provider=Provider.SENDGRID)
    hook.renew(now=timezone.now())
    hook.save()
    in_doubt(attempt)
    post(hook, [sendgrid("delivered", attempt), sendgrid("bounce", attempt, status="5.1.1", type="bounce")])
    assert state_of(attempt) == "uncertain"
    assert not Suppression.objects.filter(workspace=correspondence.box.mailbox.workspace).exists()


def test_a_bounce_suppresses_whom_the_letter_went_to(correspondence: Correspondence) -> None:
    hook = opened(correspondence, Provider.SENDGRID)
    event = sendgrid(
        "bounce", correspondence.attempt, type="bounce", status="5.1.1", reason="550 5.1.1 User unknown"
    ) | {"email": "somebody-else@brightgarden.com"}
    for _ in range(3):  # Replays change nothing.
        assert post(hook, [event]).status_code == 200
    assert reason_of(EDITOR) == "hard_bounce"
    assert reason_of("somebody-else@brightgarden.com") is None
    assert correspondence.lead.status == Lead.Status.BOUNCED
    reply = Reply.objects.get()
    assert (reply.kind, reply.hardness, reply.server_words) == ("bounce", "hard", "550 5.1.1 User unknown")
    assert RawMessage.objects.count() == 1


@pytest.mark.parametrize(
    "more",
    [
        {"type": "blocked", "status": "5.1.1", "reason": "554 our system has detected that this message is spam"},
        {"type": "bounce", "status": "4.2.2", "reason": "452 4.2.2 mailbox full"},
    ],
)
def test_a_bounce_of_an_address_that_lives_suppresses_nobody(
    correspondence: Correspondence, more: dict[str, str]
) -> None:
    post(opened(correspondence, Provider.SENDGRID), [sendgrid("bounce", correspondence.attempt, **more)])
    assert Reply.objects.get().kind == "bounce"
    assert reason_of(EDITOR) is None
    assert correspondence.lead.status == Lead.Status.CONTACTED


def test_an_opt_out_from_somebody_who_was_erased_stops_no_other(correspondence: Correspondence) -> None:
    """Of the erased person's letter no address is left; what came with the event is done."""
    hook, now = opened(correspondence, Provider.SENDGRID), timezone.now()
    erased, other = correspondence.attempt, sent_letter(correspondence.box, "ada@wildmeadow.com")
    third = sent_letter(correspondence.box, "joe@hillside.com")
    in_doubt(third)
    world = correspondence.box.world
    request = privacy.open_request(
        workspace=world.here,
        address=EDITOR,
        kind="erasure",
        note="",
        received_on=now.date() - timedelta(days=1),
        user=world.owner,
        now=now,
    )
    privacy.begin_erasure(request, user=world.owner, now=now)
    privacy.carry_on(request.pk, until=time.monotonic() + 20, now=now)
    erased.refresh_from_db()
    assert erased.recipient == ""
    said = [
        sendgrid("unsubscribe", erased),
        sendgrid("unsubscribe", other) | {"email": "ada@wildmeadow.com"},
        sendgrid("delivered", third) | {"email": "joe@hillside.com"},
    ]
    assert post(hook, said).status_code == 200
    assert reason_of("ada@wildmeadow.com") == "unsubscribe"
    assert Lead.objects.get(pk=other.lead_id).status == Lead.Status.UNSUBSCRIBED
    assert state_of(third) == "sent"


def test_a_bounce_that_names_no_letter_of_ours_makes_a_person_look(correspondence: Correspondence) -> None:
    post(opened(correspondence, Provider.SENDGRID), [sendgrid("bounce", None, type="bounce", status="5.1.1")])
    assert reason_of(EDITOR) is None
    assert Hold.objects.standing().get().subject == f"address:{EDITOR}"


@pytest.mark.parametrize(
    ("event", "more", "reason"),
    [
        ("spamreport", {}, "complaint"),
        ("dropped", {"reason": "Spam Reporting Address"}, "complaint"),
        ("dropped", {"reason": "Bounced Address"}, "hard_bounce"),
        ("dropped", {"reason": "Unsubscribed Address"}, "unsubscribe"),
        ("dropped", {"reason": "Spam Content (if Spam Checker app enabled)"}, None),
        ("unsubscribe", {}, "unsubscribe"),
        ("group_unsubscribe", {"asm_group_id": 10}, "unsubscribe"),
        ("deferred", {"response": "400 try again later", "attempt": "5"}, None),
        ("processed", {}, None),
        ("open", {"useragent": "Mozilla"}, None),
        ("click", {"url": "https://brightgarden.com"}, None),
        ("something new", {}, None),
    ],
)
def test_what_each_event_means(
    correspondence: Correspondence, event: str, more: dict[str, Any], reason: str | None
) -> None:
    hook = opened(correspondence, Provider.SENDGRID)
    assert post(hook, [sendgrid(event, correspondence.attempt, **more)]).status_code == 200
    assert reason_of(EDITOR) == reason


def test_an_unsubscription_that_names_no_letter_makes_a_person_look(correspondence: Correspondence) -> None:
    post(opened(correspondence, Provider.SENDGRID), [sendgrid("unsubscribe", None)])
    assert reason_of(EDITOR) is None
    assert Hold.objects.standing().get().subject == f"address:{EDITOR}"


@pytest.fixture(scope="module")
def sendgrid_key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


def public(key: ec.EllipticCurvePrivateKey) -> str:
    return base64.b64encode(key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).decode()


def signed(key: ec.EllipticCurvePrivateKey, body: bytes, stamp: str = "1600112502") -> dict[str, str]:
    signature = base64.b64encode(key.sign(stamp.encode() + body, ec.ECDSA(hashes.SHA256()))).decode()
    return {
        "X-Twilio-Email-Event-Webhook-Signature": signature,
        "X-Twilio-Email-Event-Webhook-Timestamp": stamp,
    }


def test_sendgrids_signature_is_verified_where_a_key_is_given(
    correspondence: Correspondence, sendgrid_key: ec.EllipticCurvePrivateKey
) -> None:
    hook = opened(correspondence, Provider.SENDGRID, key=public(sendgrid_key))
    body = json.dumps([sendgrid("spamreport", correspondence.attempt)]).encode()
    good = signed(sendgrid_key, body)
    forged = [
        {},
        good | {"X-Twilio-Email-Event-Webhook-Timestamp": "1600112503"},
        good | {"X-Twilio-Email-Event-Webhook-Signature": "AAAA"},
        good | {"X-Twilio-Email-Event-Webhook-Signature": "not base64!"},
        signed(ec.generate_private_key(ec.SECP256R1()), body),
    ]
    for headers in forged:
        assert post(hook, body, **headers).status_code == 403
    assert post(hook, body + b" ", **good).status_code == 403
    assert reason_of(EDITOR) is None
    assert post(hook, body, **good).status_code == 200
    assert reason_of(EDITOR) == "complaint"
    hook.refresh_from_db()
    assert hook.refused_because == ""


def test_mail_that_sendgrid_forwards_raw_is_a_reply(correspondence: Correspondence) -> None:
    hook = opened(correspondence, Provider.SENDGRID)
    raw = message(answers=correspondence.attempt.message_id, text="Größe? Sounds good, please send it over.")
    body, kind = form({"to": b"mara@orchardmedia.com", "email": raw, "envelope": b'{"to":["mara@orchardmedia.com"]}'})
    for _ in range(2):
        assert post(hook, body, content_type=kind).status_code == 200
    reply = Reply.objects.get()
    assert (reply.classification, reply.matched_by) == ("interested", "in_reply_to")
    assert "Größe?" in reply.new_text
    assert RawMessage.objects.get().digest == hashlib.sha256(raw).hexdigest()
    assert correspondence.lead.status == Lead.Status.REPLIED
    assert Mailbox.objects.get(pk=correspondence.box.mailbox.pk).webhook_verified_at is not None


def test_once_mail_has_come_in_events_show_that_the_webhook_lives(correspondence: Correspondence) -> None:
    hook = opened(correspondence, Provider.SENDGRID)
    body, kind = form({"email": message(answers=correspondence.attempt.message_id)})
    post(hook, body, content_type=kind)
    Mailbox.objects.update(webhook_verified_at=timezone.now() - timedelta(hours=23))
    post(hook, [sendgrid("delivered", correspondence.attempt)])
    verified_at = Mailbox.objects.get(pk=correspondence.box.mailbox.pk).webhook_verified_at
    assert verified_at is not None
    assert verified_at > timezone.now() - timedelta(hours=1)


def test_mail_that_sendgrid_took_apart_is_put_together(correspondence: Correspondence) -> None:
    hook = opened(correspondence, Provider.SENDGRID)
    headers = (
        f"From: Ed Brand <{EDITOR}>\nTo: mara@orchardmedia.com\nSubject: Re: An idea\n"
        f"Message-ID: <r@brightgarden.com>\nIn-Reply-To: {correspondence.attempt.message_id}\n"
    )
    fields = {
        "headers": headers.encode(),
        "text": "Klingt gut – schicken Sie es mir gern.".encode("cp1252"),
        "charsets": b'{"to":"UTF-8","text":"windows-1252"}',
        "attachment-info": b'{"attachment1":{"filename":"rates.pdf","type":"application/pdf"}}',
    }
    body, kind = form(fields, {"attachment1": ("rates.pdf", "application/pdf", b"%PDF-1.4 \x00\xff")})
    for _ in range(2):
        assert post(hook, body, content_type=kind).status_code == 200
    reply = Reply.objects.get()
    assert reply.new_text.startswith("Klingt gut – schicken")
    assert reply.attempt_id == correspondence.attempt.pk
    assert b"rates.pdf" in RawMessage.objects.get().body.raw


def test_a_form_without_a_message_is_refused(correspondence: Correspondence) -> None:
    body, kind = form({"from": b"x@y.com"})
    assert post(opened(correspondence, Provider.SENDGRID), body, content_type=kind).status_code == 400
    assert post(opened_again(correspondence), b"", content_type="multipart/form-data").status_code == 400


def opened_again(correspondence: Correspondence) -> Webhook:
    return Webhook.objects.get(mailbox=correspondence.box.mailbox)


def test_of_a_personal_mailbox_only_answers_are_stored(correspondence: Correspondence) -> None:
    hook = opened(correspondence, Provider.SENDGRID)
    Mailbox.objects.update(reading=Mailbox.Reading.PERSONAL)
    for raw in (message("Dinner?", sender="A Friend <friend@gmail.com>", message_id="<f@gmail.com>"), message()):
        body, kind = form({"email": raw})
        assert post(hook, body, content_type=kind).status_code == 200
    assert [reply.from_email for reply in Reply.objects.all()] == [EDITOR]


def test_what_was_stored_and_not_understood_is_understood_later(
    correspondence: Correspondence, monkeypatch: pytest.MonkeyPatch
) -> None:
    hook = opened(correspondence, Provider.SENDGRID)

    def killed(*args: Any, **more: Any) -> None:
        raise KeyboardInterrupt

    body, kind = form({"email": message(answers=correspondence.attempt.message_id)})
    with monkeypatch.context() as patched:
        patched.setattr("inbox.ingest.ingest", killed)
        with pytest.raises(KeyboardInterrupt):
            post(hook, body, content_type=kind)
    assert RawMessage.objects.count() == 1
    assert not Reply.objects.exists()
    assert events.understand_what_is_left(now=timezone.now()) == 1
    assert Reply.objects.get().attempt_id == correspondence.attempt.pk


# --- Mailgun ----------------------------------------------------------------------------------------------------------

MAILGUN_KEY = "mailgun-signing-key"


def mailgun_signature(key: str = MAILGUN_KEY, token: str = "c" * 50) -> dict[str, str]:
    stamp = "1521472262"
    return {
        "timestamp": stamp,
        "token": token,
        "signature": hmac.new(key.encode(), f"{stamp}{token}".encode(), hashlib.sha256).hexdigest(),
    }


def mailgun(event: str, attempt: Attempt | None, /, **more: Any) -> dict[str, Any]:
    """One event as Mailgun's webhooks post it: its Message-ID has no brackets."""
    message_id = attempt.message_id.strip("<>") if attempt else "unknown@elsewhere.example"
    return {
        "signature": mailgun_signature(),
        "event-data": {
            "id": "CPgfbmQMTCKtHW6uIWtuVe",
            "timestamp": 1521472262.908181,
            "event": event,
            "log-level": "info",
            "recipient": EDITOR,
            "message": {"headers": {"to": EDITOR, "message-id": message_id, "from": "mara@orchardmedia.com"}},
            "tags": ["outreach"],
            "user-variables": {},
            **more,
        },
    }


def test_mailguns_signature_is_verified_where_a_key_is_given(correspondence: Correspondence) -> None:
    hook = opened(correspondence, Provider.MAILGUN, key=MAILGUN_KEY)
    event = mailgun("complained", correspondence.attempt)
    for forged in (None, "x", {}, mailgun_signature("another"), mailgun_signature() | {"timestamp": "1"}):
        assert post(hook, event | {"signature": forged}).status_code == 403
    assert reason_of(EDITOR) is None
    assert post(hook, event).status_code == 200
    assert reason_of(EDITOR) == "complaint"


@pytest.mark.parametrize(
    ("event", "more", "reason"),
    [
        (
            "failed",
            {"severity": "permanent", "delivery-status": {"code": 550, "message": "5.1.1 user unknown"}},
            "hard_bounce",
        ),
        ("failed", {"severity": "permanent", "reason": "suppress-bounce"}, "hard_bounce"),
        ("failed", {"severity": "permanent", "reason": "suppress-unsubscribe"}, "unsubscribe"),
        ("failed", {"severity": "permanent", "delivery-status": {"code": 554, "message": "5.7.1 spam"}}, None),
        ("failed", {"severity": "temporary", "delivery-status": {"code": 452, "message": "4.2.2 full"}}, None),
        ("failed", {"severity": "permanent", "delivery-status": None}, None),
        ("rejected", {"reject": {"reason": "Sandbox"}}, None),
        ("unsubscribed", {}, "unsubscribe"),
        ("opened", {}, None),
        ("accepted", {}, None),
    ],
)
def test_what_each_event_of_mailgun_means(
    correspondence: Correspondence, event: str, more: dict[str, Any], reason: str | None
) -> None:
    hook = opened(correspondence, Provider.MAILGUN)
    for _ in range(2):
        assert post(hook, mailgun(event, correspondence.attempt, **more)).status_code == 200
    assert reason_of(EDITOR) == reason


def test_a_delivery_of_mailgun_settles_a_letter_in_doubt(correspondence: Correspondence) -> None:
    in_doubt(correspondence.attempt)
    hook = opened(correspondence, Provider.MAILGUN, key=MAILGUN_KEY)
    delivered = {"delivery-status": {"code": 250, "message": "OK"}}
    assert post(hook, mailgun("delivered", correspondence.attempt, **delivered)).status_code == 200
    assert state_of(correspondence.attempt) == "sent"


def test_mail_that_mailgun_forwards(correspondence: Correspondence) -> None:
    hook = opened(correspondence, Provider.MAILGUN, key=MAILGUN_KEY)
    raw = message(answers=correspondence.attempt.message_id)
    fields = {name: value.encode() for name, value in mailgun_signature().items()} | {"body-mime": raw}
    body, kind = form(fields)
    address = f"/webhooks/{hook.token}/mime"
    assert Client().post(address, body, content_type=kind).status_code == 200
    assert Reply.objects.get().attempt_id == correspondence.attempt.pk
    forged, kind = form(fields | {"token": b"d" * 50})
    assert Client().post(address, forged, content_type=kind).status_code == 403


def test_mail_that_mailgun_took_apart_is_put_together(correspondence: Correspondence) -> None:
    hook = opened(correspondence, Provider.MAILGUN, key=MAILGUN_KEY)
    headers = [
        ["From", f"Ed Brand <{EDITOR}>"],
        ["Subject", "Re: An idea\r\nBcc: everybody@x.com"],
        ["In-Reply-To", correspondence.attempt.message_id],
    ]
    fields = mailgun_signature() | {"message-headers": json.dumps(headers), "body-plain": "No thanks."}
    response = Client().post(f"/webhooks/{hook.token}/", fields)
    assert response.status_code == 200
    reply = Reply.objects.get()
    assert reply.classification == "not_interested"
    assert b"\nBcc:" not in RawMessage.objects.get().body.raw


# --- Amazon SES -------------------------------------------------------------------------------------------------------

TOPIC = "arn:aws:sns:eu-west-1:123456789012:outreach"
HOST = "sns.eu-west-1.amazonaws.com"


@dataclass
class Amazon:
    """What Amazon's side is in these tests: a key, its certificate on a server of its own, and who opened what."""

    key: rsa.RSAPrivateKey
    opened: list[str] = field(default_factory=list)
    status: int = 200

    def notification(self, message: Any, *, version: str = "2", **more: Any) -> dict[str, Any]:
        text = message if isinstance(message, str) else json.dumps(message)
        return self.sign({"Type": "Notification", "Message": text, **more}, version=version)

    def subscription(self, **more: Any) -> dict[str, Any]:
        url = f"https://{HOST}/?Action=ConfirmSubscription&TopicArn={TOPIC}&Token=2336412f37"
        return self.sign(
            {
                "Type": "SubscriptionConfirmation",
                "Message": "You have chosen to subscribe to the topic.",
                "SubscribeURL": url,
                "Token": "2336412f37",
                **more,
            }
        )

    def sign(self, fields: dict[str, Any], *, version: str = "2") -> dict[str, Any]:
        whole = {
            "MessageId": "22b80b92-fdea-4c2c-8f9d-bdfb0c7bf324",
            "TopicArn": TOPIC,
            "Timestamp": "2026-05-02T00:54:06.655Z",
            "SignatureVersion": version,
            "SigningCertURL": f"https://{HOST}/SimpleNotificationService-f3ecfb72.pem",
        } | fields
        names = (
            ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type")
            if whole["Type"] == "Notification"
            else ("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type")
        )
        text = "".join(f"{name}\n{whole[name]}\n" for name in names if name in whole)
        algorithm = hashes.SHA256() if version == "2" else hashes.SHA1()
        whole["Signature"] = base64.b64encode(self.key.sign(text.encode(), padding.PKCS1v15(), algorithm)).decode()
        return whole


@pytest.fixture(scope="module")
def amazon_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@pytest.fixture
def amazon(amazon_key: rsa.RSAPrivateKey, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Amazon]:
    import ssl

    theirs = Amazon(amazon_key)
    now, day = datetime.now(UTC), timedelta(days=1)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "sns.amazonaws.com")])
    certificate = (
        x509.CertificateBuilder(name, name, amazon_key.public_key(), 1, now - day, now + day)
        .sign(amazon_key, hashes.SHA256())
        .public_bytes(Encoding.PEM)
    )

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            theirs.opened.append(self.path)
            self.send_response(theirs.status)
            self.send_header("Location", "http://169.254.169.254/latest/meta-data/")
            self.end_headers()
            self.wfile.write(certificate if self.path.endswith(".pem") else b"<ConfirmSubscriptionResponse/>")

        def log_message(self, *args: Any) -> None: ...

    authority = new_authority("Test authority", now=now, loopback_only=False)
    pair = issue(authority, (HOST,), not_before=now - day, not_after=now + day)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*write_chain(tmp_path, "amazon", *pair))
    ca_file = write_authority(tmp_path / "ca.pem", authority)
    sns.forget_certificates()
    with serving(Handler, context) as port:
        monkeypatch.setattr(webhooks, "way", way_to({"https": port}, ca_file=str(ca_file)))
        yield theirs
    sns.forget_certificates()


@pytest.fixture
def subscribed(correspondence: Correspondence, amazon: Amazon) -> Webhook:
    hook = opened(correspondence, Provider.SES)
    assert post(hook, amazon.subscription(), content_type="text/plain; charset=UTF-8").status_code == 200
    amazon.opened.clear()
    return hook


def ses(kind: str, attempt: Attempt | None = None, **more: Any) -> dict[str, Any]:
    """A notification of SES. Its own id stands where the wire carries it; ours is among the original headers."""
    headers = [{"name": "Message-ID", "value": attempt.message_id}] if attempt else []
    return {
        "notificationType": kind,
        "mail": {
            "timestamp": "2026-05-02T00:54:05.000Z",
            "source": "mara@orchardmedia.com",
            "messageId": "0102018c1234abcd-00000000-0000-0000-0000-000000000000-000000",
            "destination": [EDITOR],
            "headersTruncated": False,
            "headers": headers,
        },
        **more,
    }


def test_a_subscription_is_confirmed_at_amazons_own_address(correspondence: Correspondence, amazon: Amazon) -> None:
    hook = opened(correspondence, Provider.SES)
    assert post(hook, amazon.subscription(), content_type="text/plain").status_code == 200
    assert [path.partition("?")[0] for path in amazon.opened] == ["/SimpleNotificationService-f3ecfb72.pem", "/"]
    assert "Action=ConfirmSubscription" in amazon.opened[1]
    hook.refresh_from_db()
    assert hook.account == "123456789012"


@pytest.mark.parametrize("version", ["1", "2"])
def test_a_delivery_of_ses_settles_a_letter_in_doubt_by_its_id_on_the_wire(
    correspondence: Correspondence, amazon: Amazon, subscribed: Webhook, version: str
) -> None:
    in_doubt(correspondence.attempt)
    said = ses("Delivery", delivery={"recipients": [EDITOR], "smtpResponse": "250 ok"})
    wire_id = f"<{said['mail']['messageId']}@eu-west-1.amazonses.com>"
    Attempt.objects.filter(pk=correspondence.attempt.pk).update(wire_id=wire_id)
    assert post(subscribed, amazon.notification(said, version=version), content_type="text/plain").status_code == 200
    assert state_of(correspondence.attempt) == "sent"


@pytest.mark.parametrize(("with_headers", "state"), [(True, "sent"), (False, "uncertain")])
def test_one_whose_answer_never_came_is_proved_by_its_original_headers_alone(
    correspondence: Correspondence, amazon: Amazon, subscribed: Webhook, *, with_headers: bool, state: str
) -> None:
    """Amazon leaves them out unless it is told not to: the card and docs/webhooks.md say so."""
    in_doubt(correspondence.attempt)
    named = correspondence.attempt if with_headers else None
    said = ses("Delivery", named, delivery={"recipients": [EDITOR], "smtpResponse": "250 ok"})
    assert post(subscribed, amazon.notification(said), content_type="text/plain").status_code == 200
    assert state_of(correspondence.attempt) == state


@pytest.mark.parametrize(
    ("kind", "more", "reason"),
    [
        (
            "Bounce",
            {
                "bounce": {
                    "bounceType": "Permanent",
                    "bounceSubType": "General",
                    "bouncedRecipients": [
                        {"emailAddress": EDITOR, "status": "5.1.1", "diagnosticCode": "smtp; 550 5.1.1 user unknown"}
                    ],
                }
            },
            "hard_bounce",
        ),
        (
            "Bounce",
            {
                "bounce": {
                    "bounceType": "Permanent",
                    "bounceSubType": "OnAccountSuppressionList",
                    "bouncedRecipients": [{"emailAddress": EDITOR}],
                }
            },
            "hard_bounce",
        ),
        (
            "Bounce",
            {
                "bounce": {
                    "bounceType": "Transient",
                    "bounceSubType": "MailboxFull",
                    "bouncedRecipients": [{"emailAddress": EDITOR}],
                }
            },
            None,
        ),
        (
            "Complaint",
            {"complaint": {"complainedRecipients": [{"emailAddress": EDITOR}], "complaintFeedbackType": "abuse"}},
            "complaint",
        ),
        ("Complaint", {"complaint": {"complainedRecipients": [{"emailAddress": EDITOR}]}}, "complaint"),
        # What a reader says for us, and what a machine says of a signature, suppresses nobody.
        (
            "Complaint",
            {"complaint": {"complainedRecipients": [{"emailAddress": EDITOR}], "complaintFeedbackType": "not-spam"}},
            None,
        ),
        (
            "Complaint",
            {
                "complaint": {
                    "complainedRecipients": [{"emailAddress": EDITOR}],
                    "complaintFeedbackType": "auth-failure",
                }
            },
            None,
        ),
    ],
)
def test_what_ses_tells_about_a_letter(
    correspondence: Correspondence,
    amazon: Amazon,
    subscribed: Webhook,
    kind: str,
    more: dict[str, Any],
    reason: str | None,
) -> None:
    said = amazon.notification(ses(kind, correspondence.attempt, **more))
    for _ in range(2):
        assert post(subscribed, said, content_type="text/plain").status_code == 200
    assert reason_of(EDITOR) == reason
    assert Reply.objects.count() == 1
    # The certificate is fetched once for all.
    assert amazon.opened == []


def test_mail_that_ses_receives(correspondence: Correspondence, amazon: Amazon, subscribed: Webhook) -> None:
    raw = message(answers=correspondence.attempt.message_id)
    plain = ses("Received", content=raw.decode(), receipt={"action": {"type": "SNS", "encoding": "UTF8"}})
    packed = ses(
        "Received", content=base64.b64encode(raw).decode(), receipt={"action": {"type": "SNS", "encoding": "BASE64"}}
    )
    for said in (plain, packed):
        assert post(subscribed, amazon.notification(said), content_type="text/plain").status_code == 200
    assert RawMessage.objects.get().digest == hashlib.sha256(raw).hexdigest()
    assert Reply.objects.get().attempt_id == correspondence.attempt.pk
    s3 = ses("Received", receipt={"action": {"type": "S3", "bucketName": "b"}})
    assert post(subscribed, amazon.notification(s3), content_type="text/plain").status_code == 400


def test_a_word_that_is_no_event_changes_nothing(amazon: Amazon, subscribed: Webhook) -> None:
    said = "Successfully validated SNS topic for Amazon SES event publishing."
    assert post(subscribed, amazon.notification(said), content_type="text/plain").status_code == 200


Forgery = Callable[[Amazon], dict[str, Any]]


@pytest.mark.parametrize(
    "forge",
    [
        lambda amazon: amazon.notification("x") | {"Message": "y"},
        lambda amazon: amazon.notification("x") | {"Signature": "AAAA"},
        lambda amazon: amazon.notification("x") | {"Signature": ""},
        lambda amazon: amazon.notification("x", version="2") | {"SignatureVersion": "1"},
        lambda amazon: amazon.notification("x") | {"SignatureVersion": "3"},
        lambda amazon: amazon.notification("x", SigningCertURL="http://sns.eu-west-1.amazonaws.com/a.pem"),
        lambda amazon: amazon.notification("x", SigningCertURL="https://sns.eu-west-1.amazonaws.com.evil.com/a.pem"),
        lambda amazon: amazon.notification("x", SigningCertURL="https://evil.com/sns.eu-west-1.amazonaws.com/a.pem"),
        lambda amazon: amazon.notification("x", SigningCertURL="https://evil.com#@sns.eu-west-1.amazonaws.com/a.pem"),
        lambda amazon: amazon.notification("x", SigningCertURL="https://a@sns.eu-west-1.amazonaws.com/a.pem"),
        lambda amazon: amazon.notification("x", SigningCertURL="https://sns.eu-west-1.amazonaws.com:8443/a.pem"),
        lambda amazon: amazon.notification("x", SigningCertURL="https://s3.eu-west-1.amazonaws.com/mine/a.pem"),
        lambda amazon: amazon.notification("x", SigningCertURL="https://127.0.0.1/a.pem"),
        lambda amazon: amazon.notification("x", SigningCertURL="https://sns.eu-west-1.amazonaws.com/a.txt"),
        lambda amazon: amazon.notification("x", TopicArn="arn:aws:sns:eu-west-1:999999999999:mine"),
        lambda amazon: amazon.subscription(TopicArn="arn:aws:sns:eu-west-1:999999999999:mine"),
        lambda amazon: amazon.subscription(SubscribeURL="https://evil.com/?Action=ConfirmSubscription"),
        lambda amazon: amazon.subscription(SubscribeURL="http://169.254.169.254/latest/meta-data"),
    ],
)
def test_what_amazon_did_not_say_is_refused(amazon: Amazon, subscribed: Webhook, forge: Forgery) -> None:
    assert post(subscribed, forge(amazon), content_type="text/plain").status_code == 403
    assert [path for path in amazon.opened if not path.endswith(".pem")] == []


def test_before_a_topic_is_subscribed_nothing_is_believed(correspondence: Correspondence, amazon: Amazon) -> None:
    hook = opened(correspondence, Provider.SES)
    assert post(hook, amazon.notification("x"), content_type="text/plain").status_code == 403


def test_while_amazon_does_not_answer_it_is_asked_again_later(correspondence: Correspondence, amazon: Amazon) -> None:
    hook = opened(correspondence, Provider.SES)
    for status in (500, 302):
        amazon.status = status
        assert post(hook, amazon.subscription(), content_type="text/plain").status_code == 503
    amazon.status = 200
    assert post(hook, amazon.subscription(), content_type="text/plain").status_code == 200


def test_one_account_serves_several_mailboxes(correspondence: Correspondence) -> None:
    """An event names its letter, whichever mailbox of the workspace it left from."""
    box = correspondence.box
    other = Mailbox(
        workspace=box.mailbox.workspace, email="two@orchardmedia.com", smtp_host="smtp.x.com", smtp_user="t"
    )
    other.save()
    attempt = sent_letter(box, "ann@elsewhere.com")
    Attempt.objects.filter(pk=attempt.pk).update(mailbox=other)
    in_doubt(attempt)
    post(opened(correspondence, Provider.SENDGRID), [sendgrid("delivered", attempt)])
    assert state_of(attempt) == "sent"


# --- How fresh it is --------------------------------------------------------------------------------------------------


def test_a_webhook_that_lives_counts_as_reading(correspondence: Correspondence) -> None:
    pk, now = correspondence.box.mailbox.pk, timezone.now()
    Mailbox.objects.update(imap_host="")
    assert inbox_read_until([pk], now=now) == {}
    for age, known in ((timedelta(hours=23), {pk: now}), (timedelta(hours=25), {})):
        Mailbox.objects.update(webhook_verified_at=now - age)
        assert inbox_read_until([pk], now=now) == known
        assert Mailbox.objects.get(pk=pk).can_receive
    Mailbox.objects.update(webhook_verified_at=now)
    correspondence.store(message())  # It waits to be understood, and could be a refusal.
    assert inbox_read_until([pk], now=now) == {}


# --- Unsubscribing by mail --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("sender", [EDITOR, "Ed <ed.brand@gmail.com>"])
def test_a_mail_program_unsubscribes_its_reader_with_the_letters_token(
    correspondence: Correspondence, sender: str
) -> None:
    """RFC 2369: what a List-Unsubscribe's mailto makes, subject and nothing else; from wherever it comes."""
    attempt = correspondence.attempt
    token = unsubscribe.token_for(
        workspace=correspondence.box.mailbox.workspace,
        address=attempt.recipient,
        about=attempt.about,
        now=timezone.now(),
    )
    correspondence.receive(message("", sender=sender, subject=f"unsubscribe {token}"))
    assert reason_of(EDITOR) == "opt_out"
    assert correspondence.lead.status == Lead.Status.UNSUBSCRIBED
