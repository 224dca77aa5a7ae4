"""Webhooks: the address at which a mailbox's provider tells us what came in and what became of letters."""

from __future__ import annotations

import hmac
from datetime import datetime
from typing import Self

from django.db import models
from django.utils import timezone

from outreach_site.lib.crypto import decrypt, encrypt, keyed_digest, new_token
from outreach_site.mailboxes.models import Mailbox

PURPOSE = "webhook-token"


class Webhook(models.Model):
    """One mailbox's webhook. Its token is the secret in the address: known by a keyed digest, kept encrypted so that an
    owner can be shown the address again.
    """

    class Provider(models.TextChoices):
        SENDGRID = "sendgrid", "SendGrid"
        MAILGUN = "mailgun", "Mailgun"
        SES = "ses", "Amazon SES"

    mailbox = models.OneToOneField(Mailbox, on_delete=models.CASCADE, related_name="+")
    provider = models.CharField(max_length=12, choices=Provider)
    token_digest = models.CharField(max_length=64, unique=True)
    token_sealed = models.TextField(editable=False)
    signing_key_sealed = models.TextField(blank=True, editable=False)
    # Amazon: the account whose topic was subscribed first; no other one's notifications are taken.
    account = models.CharField(max_length=20, blank=True, editable=False)
    opened_at = models.DateTimeField(default=timezone.now)
    heard_at = models.DateTimeField(null=True, blank=True)  # the last word about a letter
    # When mail came in last. Until it has once, nobody knows whether the provider sends it here at all: events alone
    # prove nothing about answers, and the mailbox does not count as read.
    mail_at = models.DateTimeField(null=True, blank=True)
    refused_at = models.DateTimeField(null=True, blank=True)  # when something came last that was not verified
    refused_because = models.CharField(max_length=200, blank=True)

    def __str__(self) -> str:
        return f"webhook of mailbox {self.mailbox_id}"

    @classmethod
    def of_token(cls, token: str) -> Self | None:
        """The webhook with this secret; at most one query. The digest is keyed, so that its comparison in an index
        tells an attacker nothing about the secret."""
        digest = keyed_digest(PURPOSE, token)
        found = cls.objects.select_related("mailbox__workspace").filter(token_digest=digest).first()
        return found if found is not None and hmac.compare_digest(found.token_digest, digest) else None

    def renew(self, *, now: datetime) -> None:
        """A new address; the old one is dead at once. The caller saves. Raises crypto.KeyMissingError."""
        token = new_token()
        self.token_digest, self.token_sealed = keyed_digest(PURPOSE, token), encrypt(token)
        self.account, self.refused_because = "", ""
        self.opened_at, self.heard_at, self.mail_at, self.refused_at = now, None, None, None

    @property
    def token(self) -> str:
        """Raises crypto.SecretError."""
        return decrypt(self.token_sealed)

    @property
    def has_signing_key(self) -> bool:
        return bool(self.signing_key_sealed)

    @property
    def signing_key(self) -> str:
        """Empty where there is none. Raises crypto.SecretError."""
        return decrypt(self.signing_key_sealed) if self.signing_key_sealed else ""

    def set_signing_key(self, key: str) -> None:
        """The caller saves. Raises crypto.KeyMissingError."""
        self.signing_key_sealed = encrypt(key) if key else ""
