"""A mailbox: one address that writes (SMTP) and is read (IMAP), its secrets encrypted at rest."""

from __future__ import annotations

from datetime import datetime
from typing import Self

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils import timezone

from outreach_site.accounts.models import Workspace
from outreach_site.lib.crypto import decrypt, encrypt
from outreach_site.mailboxes.errors import MailServerError


class Security(models.TextChoices):
    STARTTLS = "starttls", "STARTTLS"  # clear until the server agrees on TLS, and never a letter before that
    TLS = "tls", "TLS from the start"


class Provider(models.TextChoices):
    GMAIL = "gmail", "Gmail or Google Workspace"
    OUTLOOK = "outlook", "Outlook or Microsoft 365"
    CPANEL = "cpanel", "Web hosting (cPanel)"
    SENDGRID = "sendgrid", "SendGrid"
    MAILGUN = "mailgun", "Mailgun"
    SES = "ses", "Amazon SES"
    REHEARSAL = "rehearsal", "Rehearsal post office"
    OTHER = "other", "Another provider"


# A new address that writes to many strangers at once is taken for a spammer's: it starts with a few letters a day.
RAMP_STARTS_AT = 10
RAMP_A_DAY = 3
RAMP_ENDS_AT = 50


class SignIn(models.TextChoices):
    PASSWORD = "password", "User and password"
    GOOGLE = "google", "Connected with Google"
    MICROSOFT = "microsoft", "Connected with Microsoft"


class MailboxQuerySet(models.QuerySet["Mailbox"]):
    def in_workspace(self, workspace: Workspace) -> Self:
        return self.filter(workspace=workspace)

    def in_use(self) -> Self:
        return self.filter(archived_at=None)

    def that_can_send(self) -> Self:
        """Mailboxes a worker may look at: in use, not paused. Holds and caps are the gate's to say."""
        return self.in_use().filter(paused_at=None).exclude(smtp_host="")

    def that_can_receive(self) -> Self:
        return self.in_use().exclude(imap_host="")


class Mailbox(models.Model):
    """One address of a workspace.

    Two leases, one for sending and one for polling: whoever holds the token until `…_leased_until` is the only worker
    at this mailbox. States are written by whoever last talked to the server, with the sentence a person needs.
    """

    class Reading(models.TextChoices):
        DEDICATED = "dedicated", "For outreach only: everything in it is read"
        PERSONAL = "personal", "Also somebody's own: only answers to our letters are read"

    class State(models.TextChoices):
        UNTESTED = "untested", "Not tried yet"
        OK = "ok", "Working"
        TROUBLE = "trouble", "In trouble"

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="mailboxes")
    email = models.EmailField("address", help_text="Letters come from this address.")
    from_name = models.CharField("name shown as sender", max_length=120, blank=True)
    provider = models.CharField(max_length=12, choices=Provider, default=Provider.OTHER)
    reading = models.CharField(max_length=10, choices=Reading, default=Reading.DEDICATED)
    from_environment = models.BooleanField(default=False, editable=False)
    # Anything but a password has a Connection, and neither password is kept.
    sign_in_by = models.CharField(max_length=10, choices=SignIn, default=SignIn.PASSWORD, editable=False)

    smtp_host = models.CharField("SMTP host", max_length=253)
    smtp_port = models.PositiveIntegerField("SMTP port", default=587, validators=[MaxValueValidator(65535)])
    smtp_security = models.CharField(max_length=8, choices=Security, default=Security.STARTTLS)
    smtp_user = models.CharField("SMTP user", max_length=254)
    smtp_password_token = models.TextField(blank=True, editable=False)
    smtp_password_set_at = models.DateTimeField(null=True, blank=True, editable=False)
    verify_tls = models.BooleanField("verify the server's certificate", default=True)

    imap_host = models.CharField("IMAP host", max_length=253, blank=True)
    imap_port = models.PositiveIntegerField("IMAP port", default=993, validators=[MaxValueValidator(65535)])
    imap_security = models.CharField(max_length=8, choices=Security, default=Security.TLS)
    imap_user = models.CharField("IMAP user", max_length=254, blank=True)
    imap_password_token = models.TextField(blank=True, editable=False)
    imap_password_set_at = models.DateTimeField(null=True, blank=True, editable=False)

    keep_sent_copies = models.BooleanField(
        "keep a copy of each letter in the Sent folder",
        default=False,
        help_text="Over IMAP, after a letter was sent. Gmail and Outlook keep copies by themselves.",
    )
    sent_copy_trouble = models.CharField(max_length=300, blank=True, editable=False)

    # The SMTP sign-in that MAX_EMAILS_PER_HOUR is counted for: lower-case "user@host"; see sign_in_of().
    sign_in = models.CharField(max_length=510, editable=False)
    hourly_limit = models.PositiveIntegerField(
        "letters an hour",
        null=True,
        blank=True,
        validators=[MinValueValidator(1)],
        help_text="Empty means this server's own limit, which also bounds it.",
    )
    daily_limit = models.PositiveIntegerField(
        "letters a day",
        null=True,
        blank=True,
        validators=[MinValueValidator(1)],
        help_text="Empty means no limit of its own.",
    )
    min_gap_seconds = models.PositiveIntegerField(
        "pause between letters, in seconds",
        default=5,
        validators=[MaxValueValidator(3600)],
        help_text="At least this long passes between two letters, and campaigns are spread over the hour and the day. "
        "0: no pause, and nothing is spread.",
    )
    ramps_up = models.BooleanField(
        "start slowly",
        default=True,
        help_text="A new address sends 10 letters on its first day and 3 more each day, up to 50. "
        "Answers are not held back. Switch it off for an address that has sent for long.",
    )

    # Written by the outbox.
    next_send_at = models.DateTimeField(default=timezone.now, editable=False)  # of every letter but an answer
    rests_until = models.DateTimeField(null=True, blank=True, editable=False)  # after trouble, for every letter
    next_spread_at = models.DateTimeField(null=True, blank=True, editable=False)  # and of campaigns' letters
    first_sent_at = models.DateTimeField(null=True, blank=True, editable=False)  # when its slow start began
    last_turn = models.CharField(max_length=40, blank=True, editable=False)  # campaign:7, whose letter left last
    lease_token = models.UUIDField(null=True, blank=True, editable=False)
    leased_until = models.DateTimeField(null=True, blank=True, editable=False)
    # Written by the poll.
    poll_token = models.UUIDField(null=True, blank=True, editable=False)
    poll_leased_until = models.DateTimeField(null=True, blank=True, editable=False)
    polled_at = models.DateTimeField(null=True, blank=True, editable=False)  # last read to the end
    poll_failures = models.PositiveIntegerField(default=0, editable=False)
    webhook_verified_at = models.DateTimeField(null=True, blank=True, editable=False)  # its provider's last true word
    next_poll_at = models.DateTimeField(default=timezone.now, editable=False)

    sending_state = models.CharField(max_length=10, choices=State, default=State.UNTESTED, editable=False)
    sending_state_at = models.DateTimeField(null=True, blank=True, editable=False)
    sending_trouble = models.CharField(max_length=500, blank=True, editable=False)  # what failed, in a sentence
    sending_advice = models.CharField(max_length=500, blank=True, editable=False)  # what to do about it
    receiving_state = models.CharField(max_length=10, choices=State, default=State.UNTESTED, editable=False)
    receiving_state_at = models.DateTimeField(null=True, blank=True, editable=False)
    receiving_trouble = models.CharField(max_length=500, blank=True, editable=False)
    receiving_advice = models.CharField(max_length=500, blank=True, editable=False)

    paused_at = models.DateTimeField(null=True, blank=True, editable=False)
    archived_at = models.DateTimeField(null=True, blank=True, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    objects = MailboxQuerySet.as_manager()

    class Meta:
        ordering = ("email", "pk")
        verbose_name_plural = "mailboxes"
        constraints = (
            models.UniqueConstraint(
                fields=["sign_in"], condition=models.Q(archived_at=None), name="one_mailbox_per_smtp_sign_in"
            ),
        )

    def __str__(self) -> str:
        return self.email

    def save(self, *args: object, **kwargs: object) -> None:
        self.sign_in = sign_in_of(self.smtp_host, self.smtp_user)
        super().save(*args, **kwargs)  # type: ignore[arg-type]  # passed through unchanged

    def set_smtp_password(self, password: str, *, now: datetime) -> None:
        """Encrypts; the caller saves. Raises crypto.KeyMissingError."""
        self.smtp_password_token = encrypt(password)
        self.smtp_password_set_at = now

    def set_imap_password(self, password: str, *, now: datetime) -> None:
        """Encrypts; the caller saves. Raises crypto.KeyMissingError."""
        self.imap_password_token = encrypt(password)
        self.imap_password_set_at = now

    # What delivery and polling found, for the mailbox page. Only what changed is written: other workers hold other
    # fields of this row.

    def mark_sending_ok(self, *, now: datetime) -> None:
        self._mark("sending", self.State.OK, now=now)

    def mark_sending_trouble(self, err: MailServerError, *, now: datetime) -> None:
        """Does nothing for a failure that is about one recipient or one letter."""
        if err.concerns_mailbox:
            self._mark("sending", self.State.TROUBLE, trouble=_in_full(err), advice=err.advice, now=now)

    def mark_receiving_ok(self, *, now: datetime) -> None:
        self._mark("receiving", self.State.OK, now=now)

    def mark_receiving_trouble(self, err: MailServerError, *, now: datetime) -> None:
        self._mark("receiving", self.State.TROUBLE, trouble=_in_full(err), advice=err.advice, now=now)

    def _mark(self, way: str, state: State, *, now: datetime, trouble: str = "", advice: str = "") -> None:
        """Write a state. `…_state_at` is since when it stands: a trouble does not grow younger by other words."""
        before = getattr(self, f"{way}_state")
        values: dict[str, object] = {
            f"{way}_state": state,
            f"{way}_trouble": trouble[:500],
            f"{way}_advice": advice[:500],
        }
        if before != state:
            values[f"{way}_state_at"] = now
        changed = {name: value for name, value in values.items() if getattr(self, name) != value}
        if changed:
            for name, value in changed.items():
                setattr(self, name, value)
            type(self).objects.filter(pk=self.pk).update(**changed)

    def ramp_limit(self, now: datetime) -> int | None:
        """How many letters a day its slow start allows now; None where it has none. Touches `workspace`."""
        if not self.ramps_up or self.workspace.is_rehearsal:
            return None
        first = self.first_sent_at or now
        days = max((self.workspace.day_of(now) - self.workspace.day_of(first)).days, 0)
        return min(RAMP_STARTS_AT + RAMP_A_DAY * days, RAMP_ENDS_AT)

    def day_limit(self, now: datetime) -> int | None:
        """How many letters may leave today: by its own limit or its slow start, whichever is lower; None: no limit."""
        return min((limit for limit in (self.daily_limit, self.ramp_limit(now)) if limit is not None), default=None)

    @property
    def is_paced(self) -> bool:
        """Whether its letters are kept apart at all. The rehearsal's post office has no patience to lose."""
        return self.min_gap_seconds > 0 and not self.workspace.is_rehearsal

    def pause(self, *, now: datetime) -> None:
        self.paused_at = now
        self.save(update_fields=["paused_at"])

    def resume(self) -> None:
        self.paused_at = None
        self.save(update_fields=["paused_at"])

    def archive(self, *, now: datetime) -> None:
        """Out of use for good: nothing is sent or read, its secrets are forgotten, what it wrote stays on record."""
        self.archived_at = now
        self.smtp_password_token = self.imap_password_token = ""
        self.smtp_password_set_at = self.imap_password_set_at = None
        self.save(
            update_fields=[
                "archived_at",
                "smtp_password_token",
                "imap_password_token",
                "smtp_password_set_at",
                "imap_password_set_at",
            ]
        )
        Connection.objects.filter(mailbox=self).delete()

    @property
    def is_connected(self) -> bool:
        """Whether it signs in with tokens of its provider's rather than with a password."""
        return self.sign_in_by != SignIn.PASSWORD

    @property
    def keeps_copies(self) -> bool:
        return self.keep_sent_copies and bool(self.imap_host)

    @property
    def can_receive(self) -> bool:
        """Whether answers to it are read here: over IMAP, or by a webhook through which mail has come."""
        return bool(self.imap_host) or self.webhook_verified_at is not None

    @property
    def has_smtp_password(self) -> bool:
        return bool(self.smtp_password_token)

    @property
    def has_imap_password(self) -> bool:
        return bool(self.imap_password_token)

    def open_smtp_password(self) -> str:
        """Raises crypto.KeyMissingError, crypto.KeyUnfitError."""
        return decrypt(self.smtp_password_token) if self.smtp_password_token else ""

    def open_imap_password(self) -> str:
        """Raises crypto.KeyMissingError, crypto.KeyUnfitError."""
        return decrypt(self.imap_password_token) if self.imap_password_token else ""


class Connection(models.Model):
    """A person's permission to use their mailbox, given at its provider: tokens, encrypted, and how long they last.

    One worker renews at a time: whoever set `renewing_token` until `renewing_until` passes.
    """

    mailbox = models.OneToOneField(Mailbox, on_delete=models.CASCADE, related_name="connection")
    refresh_token = models.TextField(editable=False)  # encrypted
    refresh_expires_at = models.DateTimeField(null=True, editable=False)  # where the provider named an end
    access_token = models.TextField(blank=True, editable=False)  # encrypted
    access_expires_at = models.DateTimeField(null=True, editable=False)
    connected_at = models.DateTimeField(editable=False)
    renewed_at = models.DateTimeField(editable=False)  # when the refresh token was last used with success
    tried_at = models.DateTimeField(null=True, editable=False)  # when a renewal was last tried, in vain or not
    renewing_token = models.UUIDField(null=True, editable=False)
    renewing_until = models.DateTimeField(null=True, editable=False)
    ended_at = models.DateTimeField(null=True, editable=False)  # the provider has withdrawn it
    warned_at = models.DateTimeField(null=True, editable=False)  # owners were told that it ends soon
    told_ended_at = models.DateTimeField(null=True, editable=False)  # … that it has ended

    def __str__(self) -> str:
        return f"connection of mailbox {self.mailbox_id}"

    def keep_refresh_token(self, token: str) -> None:
        """Encrypts; the caller saves. Raises crypto.KeyMissingError."""
        self.refresh_token = encrypt(token)

    def keep_access_token(self, token: str, *, until: datetime) -> None:
        """Encrypts; the caller saves. Raises crypto.KeyMissingError."""
        self.access_token, self.access_expires_at = encrypt(token), until

    def open_refresh_token(self) -> str:
        """Raises crypto.KeyMissingError, crypto.KeyUnfitError."""
        return decrypt(self.refresh_token)

    def open_access_token(self) -> str:
        """Raises crypto.KeyMissingError, crypto.KeyUnfitError."""
        return decrypt(self.access_token) if self.access_token else ""


class SendingDomain(models.Model):
    """A domain that a workspace writes from, and how its DNS stood when it was last looked at."""

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="+")
    domain = models.CharField(max_length=253)
    dkim_selectors = models.CharField(max_length=400, blank=True)  # as typed, with spaces between; empty: the usual
    verdict = models.CharField(max_length=10, blank=True, editable=False)  # domains.records.Verdict, the gravest
    checked_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        constraints = (models.UniqueConstraint(fields=["workspace", "domain"], name="sending_domain_once"),)

    def __str__(self) -> str:
        return self.domain

    @property
    def selector_list(self) -> list[str]:
        return self.dkim_selectors.split()


class DomainCheck(models.Model):
    """What was found at a domain, from `found_at` to `confirmed_at`: a row for each change, not for each look."""

    sending_domain = models.ForeignKey(SendingDomain, on_delete=models.CASCADE, related_name="checks")
    found_at = models.DateTimeField()
    confirmed_at = models.DateTimeField()
    records = models.JSONField()  # of domains.records.Finding

    def __str__(self) -> str:
        return f"{self.sending_domain} at {self.found_at:%Y-%m-%d}"


def _in_full(err: MailServerError) -> str:
    """What failed, and what the server said, for the page that shows it later."""
    return f"{err.sentence}{_SAID}{err.quoted_words}”" if err.server_words else err.sentence


_SAID = " The server said: “"


def split_trouble(trouble: str) -> tuple[str, str]:
    """What failed, and the server's own words, of a recorded trouble."""
    sentence, _, words = trouble.partition(_SAID)
    return sentence, words.removesuffix("”")


def sign_in_of(host: str, user: str) -> str:
    """What a provider counts letters for: the same user at the same host, however the address is capitalised."""
    return f"{user.strip().lower()}@{host.strip().lower().rstrip('.')}"


class TestLetter(models.Model):
    """A test letter that was sent: counted, so that nobody sends more than 20 an hour."""

    __test__ = False  # Not a test case, whatever its name suggests to a collector.

    user_id = models.BigIntegerField()
    sent_at = models.DateTimeField(default=timezone.now)

    class Meta:
        indexes = (models.Index(fields=["user_id", "sent_at"], name="test_letters_of_user"),)

    def __str__(self) -> str:
        return f"test letter of user {self.user_id}"
