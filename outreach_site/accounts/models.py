"""People and where they work: a User has Memberships in Workspaces; a Workspace writes as its SenderIdentities."""

from __future__ import annotations

import zoneinfo
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, ClassVar, Self

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models.functions import Lower
from django.utils import timezone


class UserManager(BaseUserManager["User"]):
    def create_user(self, email: str, password: str | None = None, **fields: Any) -> User:
        if not email:
            raise ValueError("A user needs an email address.")
        user = self.model(email=self.normalize_email(email).lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> User:
        return self.create_user(email, password, is_staff=True, is_superuser=True, **fields)


SENDING_IS_STOPPED = "All sending is stopped in this workspace: resume it under Queue."


class User(AbstractBaseUser, PermissionsMixin):
    """A person, who signs in by email address."""

    email = models.EmailField("email address", unique=True)
    name = models.CharField("your name", max_length=120, blank=True)
    is_active = models.BooleanField(default=True)
    is_staff = models.BooleanField("may open the admin", default=False)
    last_workspace = models.ForeignKey(
        "Workspace", null=True, blank=True, on_delete=models.SET_NULL, related_name="+", editable=False
    )
    joined_at = models.DateTimeField(default=timezone.now, editable=False)

    objects: ClassVar[UserManager] = UserManager()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    class Meta:
        constraints = (models.UniqueConstraint(Lower("email"), name="user_email_any_case"),)

    def __str__(self) -> str:
        return self.email

    def get_full_name(self) -> str:
        return self.name or self.email

    def get_short_name(self) -> str:
        return self.name.split(" ")[0] or self.email


def validate_time_zone(value: str) -> None:
    try:
        zoneinfo.ZoneInfo(value)
    except (ValueError, zoneinfo.ZoneInfoNotFoundError, OSError) as err:
        raise ValidationError(f"“{value}” is not a time zone. Choose one such as Europe/Berlin.") from err


# What a new workspace starts with, and the most it may ask for.
COOL_OFF_DAYS, LONGEST_COOL_OFF_DAYS = 90, 730
FIRST_LETTERS, MOST_FIRST_LETTERS = 10, 1_000


class Workspace(models.Model):
    """The wall: everything of an outreach team belongs to one workspace, and nothing of it is seen from another."""

    name = models.CharField(max_length=80)
    slug = models.SlugField(max_length=60, unique=True)
    time_zone = models.CharField(max_length=64, default="UTC", validators=[validate_time_zone])
    daily_user_cap = models.PositiveIntegerField(
        "letters per person and day",
        null=True,
        blank=True,
        validators=[MinValueValidator(1)],
        help_text="Empty means this server's own limit, which also bounds it.",
    )
    daily_domain_cap = models.PositiveIntegerField(
        "letters per recipient domain and day",
        null=True,
        blank=True,
        validators=[MinValueValidator(1)],
        help_text="Empty means this server's own limit, which also bounds it.",
    )
    # Region -> allow, ask or block; a region that is not named here has DESIGN's default.
    regions = models.JSONField(default=dict, blank=True)
    # How long after a letter to a site nobody here writes there again without saying so; 0 switches it off.
    cool_off_days = models.PositiveSmallIntegerField(
        "days between letters to one site", default=COOL_OFF_DAYS, validators=[MaxValueValidator(LONGEST_COOL_OFF_DAYS)]
    )
    # How many letters a person reads and approves before the others leave by themselves; 0 switches it off.
    first_letters = models.PositiveSmallIntegerField(
        "first letters to approve", default=FIRST_LETTERS, validators=[MaxValueValidator(MOST_FIRST_LETTERS)]
    )
    look_at_regions = models.JSONField(default=list, blank=True)  # regions whose letters a person always approves
    is_rehearsal = models.BooleanField(
        default=False,
        editable=False,
        help_text="Writes to the rehearsal post office only, and never to a real address.",
    )
    sending_stopped_at = models.DateTimeField(null=True, blank=True, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name

    @property
    def zone(self) -> zoneinfo.ZoneInfo:
        """The one that was chosen, which a form has checked; UTC where it is gone from the system's list since.

        So days are counted all the same, and the settings can be opened to choose another.
        """
        try:
            return zoneinfo.ZoneInfo(self.time_zone)
        except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
            return zoneinfo.ZoneInfo("UTC")

    def day_of(self, moment: datetime) -> date:
        """The workspace's calendar day at `moment`."""
        return moment.astimezone(self.zone).date()

    def day_bounds(self, moment: datetime) -> tuple[datetime, datetime]:
        """Start and end of the workspace's calendar day around `moment`; 23 or 25 hours apart where clocks change."""
        day = self.day_of(moment)
        return self._midnight(day), self._midnight(day + timedelta(days=1))

    def _midnight(self, day: date) -> datetime:
        # In UTC: two moments of one zone subtract as clocks show them, which is wrong where clocks change.
        return datetime.combine(day, time.min, tzinfo=self.zone).astimezone(UTC)

    def stop_sending(self, *, now: datetime) -> None:
        self.sending_stopped_at = now
        self.save(update_fields=["sending_stopped_at"])

    def resume_sending(self) -> None:
        self.sending_stopped_at = None
        self.save(update_fields=["sending_stopped_at"])


class Role(models.TextChoices):
    """What a person may do in a workspace; `words` says it to people."""

    OWNER = "owner", "Owner"
    MARKETER = "marketer", "Marketer"
    COMPLIANCE = "compliance", "Compliance"
    VIEWER = "viewer", "Viewer"

    @property
    def words(self) -> str:
        return _ROLE_WORDS[self.value]


_ROLE_WORDS = {
    "owner": "Everything, and alone the mailboxes, the team and the settings.",
    "marketer": "Campaigns, leads, letters and the inbox. May send.",
    "compliance": "Reads everything; keeps suppressions, consent and the audit log. Sends nothing.",
    "viewer": "Reads, and changes nothing.",
}


class MembershipQuerySet(models.QuerySet["Membership"]):
    def of(self, user: User) -> Self:
        return self.filter(user=user).select_related("workspace", "user").order_by("workspace__name", "pk")

    def in_workspace(self, workspace: Workspace) -> Self:
        return self.filter(workspace=workspace)

    def active_owners(self) -> Self:
        """Those who can still open the settings: a person who was switched off cannot."""
        return self.filter(role=Role.OWNER, user__is_active=True)


class Membership(models.Model):
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="memberships")
    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=12, choices=Role)
    joined_at = models.DateTimeField(default=timezone.now, editable=False)

    objects = MembershipQuerySet.as_manager()

    class Meta:
        constraints = (models.UniqueConstraint(fields=["user", "workspace"], name="one_membership_each"),)

    def __str__(self) -> str:
        return f"{self.user} in {self.workspace} ({self.role})"


class InvitationQuerySet(models.QuerySet["Invitation"]):
    def in_workspace(self, workspace: Workspace) -> Self:
        return self.filter(workspace=workspace)

    def open(self, now: datetime) -> Self:
        return self.filter(accepted_at=None, expires_at__gt=now)


class Invitation(models.Model):
    """A seat offered to an address. The link's token is shown once, in the letter; its digest is kept."""

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="invitations")
    email = models.EmailField()
    role = models.CharField(max_length=12, choices=Role, default=Role.MARKETER)
    token_digest = models.CharField(max_length=64, unique=True, editable=False)
    invited_by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    expires_at = models.DateTimeField()
    accepted_at = models.DateTimeField(null=True, blank=True)

    objects = InvitationQuerySet.as_manager()

    class Meta:
        constraints = (
            models.UniqueConstraint(
                "workspace", Lower("email"), condition=models.Q(accepted_at=None), name="one_open_invitation_each"
            ),
        )

    def __str__(self) -> str:
        return f"{self.email} to {self.workspace}"

    def is_open(self, now: datetime) -> bool:
        return self.accepted_at is None and self.expires_at > now


class SenderIdentityQuerySet(models.QuerySet["SenderIdentity"]):
    def in_workspace(self, workspace: Workspace) -> Self:
        return self.filter(workspace=workspace)

    def default_of(self, workspace: Workspace) -> SenderIdentity | None:
        return self.in_workspace(workspace).order_by("-is_default", "pk").first()


class SenderIdentity(models.Model):
    """Who writes, and for whom: what a recipient is told in every first letter."""

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="identities")
    name = models.CharField("name", max_length=120, help_text="The person who signs: {your_name}.")
    organisation = models.CharField(max_length=160)
    on_behalf_of = models.CharField(
        "on behalf of", max_length=160, blank=True, help_text="The client, if you write for one."
    )
    postal_address = models.CharField(max_length=300, help_text="Shown in every first letter; many laws ask for it.")
    privacy_notice_url = models.URLField("privacy notice", blank=True, help_text="A web address that readers can open.")
    signature = models.TextField(max_length=1000, blank=True, help_text="Empty: name and organisation.")
    site = models.URLField("site", blank=True, help_text="The site that links are for: {your_site}.")
    is_default = models.BooleanField(default=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    objects = SenderIdentityQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "sender identities"
        constraints = (
            models.UniqueConstraint(
                fields=["workspace"], condition=models.Q(is_default=True), name="one_default_identity_each"
            ),
        )

    def __str__(self) -> str:
        return f"{self.name}, {self.organisation}"

    @property
    def is_complete(self) -> bool:
        """Whether a letter may carry it: a name, an organisation and a postal address."""
        return bool(self.name.strip() and self.organisation.strip() and self.postal_address.strip())

    @property
    def written_signature(self) -> str:
        return self.signature.strip() or f"{self.name}\n{self.organisation}"

    @property
    def who_writes(self) -> str:
        """The line that every first letter ends with: organisation, client, postal address."""
        who = self.organisation
        if self.on_behalf_of:
            who += f", on behalf of {self.on_behalf_of}"
        return f"{who}, {self.postal_line}"

    @property
    def postal_line(self) -> str:
        return " ".join(self.postal_address.split())


class Scope(models.TextChoices):
    READ = "read", "Read"
    WRITE = "write", "Change"
    SEND = "send", "Send letters"


class ApiKeyQuerySet(models.QuerySet["ApiKey"]):
    def in_workspace(self, workspace: Workspace) -> Self:
        return self.filter(membership__workspace=workspace)


class ApiKey(models.Model):
    """A program's way in: one person, one workspace. May do what its scopes and that person's role today both allow."""

    membership = models.ForeignKey(Membership, on_delete=models.CASCADE, related_name="api_keys")
    name = models.CharField(max_length=80, help_text="What uses it, so that you know what stops when you revoke it.")
    prefix = models.CharField(max_length=12, editable=False)  # The key's first characters, to recognise it by.
    digest = models.CharField(max_length=64, unique=True, editable=False)
    scopes = models.JSONField(default=list)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    last_used_at = models.DateTimeField(null=True, blank=True, editable=False)
    revoked_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects = ApiKeyQuerySet.as_manager()

    class Meta:
        ordering = ("-created_at",)

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix}…)"

    @property
    def scope_words(self) -> str:
        """What it may do, as the form that made it said: “Read, Change”."""
        return ", ".join(scope.label for scope in Scope if scope in self.scopes)


class CallCount(models.Model):
    """How often somebody has called in the current minute by the clock (rates.py)."""

    who = models.CharField(max_length=48, unique=True)  # such as `calls:key:7`
    minute = models.BigIntegerField(default=0)  # minutes since 1970 began
    used = models.PositiveIntegerField(default=0)

    def __str__(self) -> str:
        return self.who


class Installation(models.Model):
    """The one row that says whose database this is (see installation.py)."""

    instance_id = models.CharField(max_length=64)
    digest_check = models.CharField(max_length=64)
    claimed_at = models.DateTimeField(default=timezone.now)
    # When the backup was taken that this database was last restored from: what it knew then may be wrong by now.
    restored_from_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return self.instance_id
