"""Where to tell, what to tell, and what became of it.

An event is written in the transaction of what happened, with a delivery for each endpoint that wants it: these tables
are the outbox. Workers do the rest (delivering.py).
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Self

from django.db import models
from django.utils import timezone

from outreach_site.accounts.models import User, Workspace
from outreach_site.lib.crypto import decrypt, encrypt

# Whoever changes a secret has so long to bring the new one to the other side.
OVERLAP = timedelta(hours=24)


class Offered(models.TextChoices):
    """What an endpoint can be told of: words of lib.ports.What."""

    REPLY = "reply.received", "A person answers"
    BOUNCE = "letter.bounced", "A letter bounces"
    OPT_OUT = "contact.opted_out", "Somebody opts out"
    PLACEMENT = "placement.changed", "A link is found, changes or is lost"


TEST = "test"

# What a message is called in a list.
_CALLED = {
    Offered.REPLY.value: "Reply",
    Offered.BOUNCE.value: "Bounce",
    Offered.OPT_OUT.value: "Opt-out",
    Offered.PLACEMENT.value: "Link",
    TEST: "Test",
}


class EndpointQuerySet(models.QuerySet["Endpoint"]):
    def in_workspace(self, workspace: Workspace) -> Self:
        return self.filter(workspace=workspace, removed_at=None)

    def on(self) -> Self:
        return self.filter(removed_at=None, off_at=None)


class Endpoint(models.Model):
    """An address of another program, what it wants to hear, and the secret that both sides sign and check with.

    A removed one stays a while without its secret: a transaction that is under way may still name it.
    """

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="+")
    url = models.CharField("address", max_length=500)
    note = models.CharField("what it is for", max_length=80, blank=True)
    events = models.JSONField(default=list)  # words of Offered
    secret_token = models.TextField(editable=False)
    old_secret_token = models.TextField(blank=True, editable=False)
    old_secret_until = models.DateTimeField(null=True, editable=False)
    created_by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    failing_since = models.DateTimeField(null=True, editable=False)  # nothing was taken since
    given_up = models.PositiveIntegerField(default=0, editable=False)  # in a row
    off_at = models.DateTimeField(null=True, editable=False)
    off_because = models.CharField(max_length=300, blank=True, editable=False)
    removed_at = models.DateTimeField(null=True, editable=False)

    objects = EndpointQuerySet.as_manager()

    class Meta:
        ordering = ("pk",)

    def __str__(self) -> str:
        return self.note or self.url

    @property
    def about(self) -> str:
        return f"endpoint:{self.pk}"

    @property
    def is_clear_text(self) -> bool:
        return self.url.startswith("http:")

    @property
    def event_labels(self) -> list[str]:
        return [offered.label for offered in Offered if offered in self.events]

    def set_secret(self, secret: str, *, keeps_old_until: datetime | None) -> None:
        """Encrypts; the caller saves. Raises crypto.KeyMissingError."""
        self.old_secret_token = self.secret_token if keeps_old_until else ""
        self.old_secret_until = keeps_old_until
        self.secret_token = encrypt(secret)

    def secrets(self, now: datetime) -> list[str]:
        """The secrets to sign with, the newest first. Raises crypto.SecretError."""
        tokens = [self.secret_token]
        if self.old_secret_token and self.old_secret_until is not None and self.old_secret_until > now:
            tokens.append(self.old_secret_token)
        return [decrypt(token) for token in tokens]


class Event(models.Model):
    """One thing that happened, as the bytes that are signed: the same in every try, unless somebody in it is erased."""

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="+", db_index=False)
    what = models.CharField(max_length=24)  # a word of Offered, or TEST
    key = models.CharField(max_length=120)  # lib.ports.News.key: the same news is one event
    uid = models.CharField(max_length=40, unique=True)  # the webhook-id
    about = models.CharField(max_length=64)
    address_key = models.CharField(max_length=254, blank=True)  # normalised: whom an erasure finds
    body = models.TextField()  # JSON
    created_at = models.DateTimeField()

    class Meta:
        constraints = (models.UniqueConstraint(fields=["workspace", "what", "key"], name="event_once"),)
        indexes = (
            models.Index(fields=["workspace", "address_key"], name="events_of_person"),
            models.Index(fields=["created_at"], name="events_by_age"),
        )

    def __str__(self) -> str:
        return f"{self.what} {self.uid}"

    @property
    def what_label(self) -> str:
        return _CALLED[self.what]


class DeliveryQuerySet(models.QuerySet["Delivery"]):
    def in_workspace(self, workspace: Workspace) -> Self:
        return self.filter(endpoint__workspace=workspace, endpoint__removed_at=None)

    def free(self, now: datetime) -> Self:
        """In no worker's hands."""
        return self.filter(models.Q(leased_until=None) | models.Q(leased_until__lt=now))

    def due(self, now: datetime) -> Self:
        standing = self.free(now).filter(endpoint__off_at=None, endpoint__removed_at=None)
        return standing.filter(state=Delivery.State.WAITING, next_try_at__lte=now)


class Delivery(models.Model):
    """One event on its way to one endpoint."""

    class State(models.TextChoices):
        WAITING = "waiting", "On its way"
        DELIVERED = "delivered", "Delivered"
        GIVEN_UP = "given_up", "Given up"

    event = models.ForeignKey(Event, on_delete=models.CASCADE, related_name="deliveries")
    endpoint = models.ForeignKey(Endpoint, on_delete=models.CASCADE, related_name="deliveries", db_index=False)
    state = models.CharField(max_length=10, choices=State, default=State.WAITING)
    tries = models.PositiveIntegerField(default=0)  # by the clock; what a person asks for is in the log alone
    next_try_at = models.DateTimeField()
    leased_until = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)

    objects = DeliveryQuerySet.as_manager()

    class Meta:
        ordering = ("-pk",)
        verbose_name_plural = "deliveries"
        constraints = (models.UniqueConstraint(fields=["event", "endpoint"], name="delivery_once"),)
        indexes = (
            models.Index(fields=["endpoint", "-id"], name="deliveries_newest_first"),
            models.Index(
                fields=["endpoint", "next_try_at"], condition=models.Q(state="waiting"), name="deliveries_due"
            ),
        )

    def __str__(self) -> str:
        return f"event {self.event_id} to endpoint {self.endpoint_id}"


class DeliveryTry(models.Model):
    """One try, with what came of it. What the other side wrote beside its status is not kept."""

    delivery = models.ForeignKey(Delivery, on_delete=models.CASCADE, related_name="log")
    at = models.DateTimeField()
    status = models.PositiveSmallIntegerField(null=True)  # of HTTP; None: no answer
    sentence = models.CharField(max_length=300)
    milliseconds = models.PositiveIntegerField()
    by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")  # None: the clock

    class Meta:
        ordering = ("-pk",)
        verbose_name_plural = "delivery tries"

    def __str__(self) -> str:
        return f"{self.status or 'no answer'} at {self.at:%Y-%m-%d %H:%M}"
