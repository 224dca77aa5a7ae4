"""The record of every answer: suppressions, holds, the ledger of letters, the audit log.

Compliance outlives the rooms above it. So no row here holds a key to a lead, a campaign or an attempt: what a row is
about is a plain subject such as `attempt:42`.
"""

from __future__ import annotations

from typing import Self

from django.db import models
from django.utils import timezone

import compliance.export_models
import compliance.privacy_models
import compliance.region_models  # noqa: F401 - the models of all these belong to this app
from compliance.fields import WrittenJSON
from outreach_site.accounts.models import Workspace


class Kind(models.TextChoices):
    """Kinds of letter: which rules apply to which stands in policy.APPLIES."""

    FIRST = "first", "First letter"
    FOLLOW_UP = "follow_up", "Follow-up"
    ANSWER = "answer", "Answer"


class LegalBasis(models.TextChoices):
    """What the recipient's region asks for, not what we hold."""

    CONSENT = "consent", "Consent"
    LEGITIMATE_INTEREST = "legitimate_interest", "Legitimate interest"


class SuppressionQuerySet(models.QuerySet["Suppression"]):
    def in_workspace(self, workspace: Workspace) -> Self:
        """Its own entries and those that hold everywhere."""
        return self.filter(models.Q(workspace=workspace) | models.Q(workspace=None))

    def own_of(self, workspace: Workspace) -> Self:
        """What its pages list: entries that hold everywhere may have come from behind another workspace's wall."""
        return self.filter(workspace=workspace)


class Suppression(models.Model):
    """An address or a domain that nobody here writes to again."""

    class Scope(models.TextChoices):
        ADDRESS = "address", "Address"
        DOMAIN = "domain", "Domain and its subdomains"
        ERASED = "erased", "Address that was erased"  # known by its keyed digest alone: suppression.stone_of

    class Reason(models.TextChoices):
        MANUAL = "manual", "Added by hand"
        NOT_INTERESTED = "not_interested", "Said no"
        OPT_OUT = "opt_out", "Asked to be removed"
        UNSUBSCRIBE = "unsubscribe", "Used the unsubscribe link"
        HARD_BOUNCE = "hard_bounce", "The address does not exist"
        COMPLAINT = "complaint", "Reported our letter as spam"
        ERASURE = "erasure", "Asked for erasure"

    workspace = models.ForeignKey(Workspace, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    scope = models.CharField(max_length=8, choices=Scope, default=Scope.ADDRESS)
    value = models.CharField(max_length=254)  # a normalised address, a domain, or the stone of an erased address
    domain = models.CharField(max_length=254, blank=True)  # of the address, or the domain itself: to search by
    reason = models.CharField(max_length=16, choices=Reason)
    source = models.CharField(max_length=64, blank=True)  # a subject such as reply:7, or where it came from
    note = models.CharField(max_length=500, blank=True)
    created_by_id = models.BigIntegerField(null=True, blank=True)  # a user, who may be gone
    created_at = models.DateTimeField(default=timezone.now)

    objects = SuppressionQuerySet.as_manager()

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["workspace", "scope", "value"],
                condition=models.Q(workspace__isnull=False),
                name="one_suppression_each",
            ),
            models.UniqueConstraint(
                fields=["scope", "value"], condition=models.Q(workspace=None), name="one_global_suppression_each"
            ),
        )
        indexes = (
            # PostgreSQL uses an index for "begins with" only under this operator class; equality works as ever.
            models.Index(fields=["value", "scope"], name="suppression_by_value", opclasses=["varchar_pattern_ops"] * 2),
            models.Index(fields=["domain"], name="suppression_by_domain", opclasses=["varchar_pattern_ops"]),
            models.Index(fields=["workspace", "-id"], name="suppression_by_age"),
        )

    def __str__(self) -> str:
        return self.value


class NeverPitchQuerySet(models.QuerySet["NeverPitch"]):
    def in_workspace(self, workspace: Workspace) -> Self:
        return self.filter(workspace=workspace)


class NeverPitch(models.Model):
    """A site that a workspace never asks for a link: its own, a client's, a competitor's, a partner's.

    Apart from suppression: nobody there asked for anything, and whoever put it here may take it away again.
    """

    class Why(models.TextChoices):
        OWN = "own", "Our own site"
        CLIENT = "client", "A client's site"
        COMPETITOR = "competitor", "A competitor's site"
        PARTNER = "partner", "A partner's site"

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="+")
    domain = models.CharField(max_length=254)  # stands for its subdomains too
    why = models.CharField(max_length=10, choices=Why, default=Why.OWN)
    note = models.CharField(max_length=300, blank=True)
    created_by_id = models.BigIntegerField(null=True, blank=True)  # a user, who may be gone
    created_at = models.DateTimeField(default=timezone.now)

    objects = NeverPitchQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "sites never to pitch"
        constraints = (models.UniqueConstraint(fields=["workspace", "domain"], name="never_pitch_once"),)

    def __str__(self) -> str:
        return self.domain


class SuppressionImportQuerySet(models.QuerySet["SuppressionImport"]):
    def in_workspace(self, workspace: Workspace) -> Self:
        return self.filter(workspace=workspace)

    def unfinished(self) -> Self:
        return self.filter(finished_at=None)


class SuppressionImport(models.Model):
    """A file of addresses that are to be suppressed, worked through in pieces: each with how far it came, at once.

    So whatever dies, the rest follows: an import is never left half done, and a line is never taken twice.
    """

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="+")
    name = models.CharField(max_length=200)  # of the file
    reason = models.CharField(max_length=16, choices=Suppression.Reason)  # of lines that name none
    note = models.CharField(max_length=500, blank=True)
    packed = models.BinaryField()  # the lines as UTF-8, compressed; emptied when all are taken
    lines = models.PositiveIntegerField()
    next_line = models.PositiveIntegerField(default=0)  # how many are taken
    added = models.PositiveIntegerField(default=0)  # new, or with a stronger reason than before
    known = models.PositiveIntegerField(default=0)
    failed = models.PositiveIntegerField(default=0)
    created_by_id = models.BigIntegerField(null=True, blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    finished_at = models.DateTimeField(null=True, blank=True)

    objects = SuppressionImportQuerySet.as_manager()

    def __str__(self) -> str:
        return self.name


class ImportFault(models.Model):
    """A line of such a file that nothing could be made of, and why."""

    run = models.ForeignKey(SuppressionImport, on_delete=models.CASCADE, related_name="faults")
    line = models.PositiveIntegerField()
    text = models.CharField(max_length=320)
    sentence = models.CharField(max_length=300)

    class Meta:
        ordering = ("pk",)

    def __str__(self) -> str:
        return f"line {self.line}: {self.sentence}"


class HoldQuerySet(models.QuerySet["Hold"]):
    def in_workspace(self, workspace: Workspace) -> Self:
        return self.filter(workspace=workspace)

    def standing(self) -> Self:
        return self.filter(lifted_at=None)


class Hold(models.Model):
    """A pause that something or somebody ordered, until a person lifts it. The gate reads it as a rule."""

    workspace = models.ForeignKey(Workspace, on_delete=models.PROTECT, related_name="+")
    subject = models.CharField(max_length=300)  # mailbox:3, campaign:7, address:ed@example.org
    reason = models.CharField(max_length=500)  # a sentence for a person
    advice = models.CharField(max_length=500, blank=True)
    source = models.CharField(max_length=64, blank=True)
    placed_at = models.DateTimeField(default=timezone.now)
    lifted_at = models.DateTimeField(null=True, blank=True)
    lifted_by_id = models.BigIntegerField(null=True, blank=True)

    objects = HoldQuerySet.as_manager()

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["workspace", "subject"], condition=models.Q(lifted_at=None), name="one_standing_hold_each"
            ),
        )

    def __str__(self) -> str:
        return f"{self.subject}: {self.reason}"


class SendRecordQuerySet(models.QuerySet["SendRecord"]):
    def in_workspace(self, workspace: Workspace) -> Self:
        return self.filter(workspace_id=workspace.pk)

    def that_count(self) -> Self:
        """What caps and duplicates are counted from: reserved, uncertain and sent; a failed letter uses nothing up."""
        return self.filter(state__in=SendRecord.COUNTED)

    def unsettled(self) -> Self:
        """On their way, or uncertain. In the very words of the index ledger_unsettled: SQLite takes a partial index for
        `a = ? OR a = ?`, and never for `a IN (?, ?)`, whose values it does not know when it plans.
        """
        return self.filter(models.Q(state=SendRecord.State.RESERVED) | models.Q(state=SendRecord.State.UNCERTAIN))


class SendRecord(models.Model):
    """The ledger: one row for each letter that was let go, kept when lead and campaign are gone.

    A cap is a count over these rows, never a stored counter. `counted_at` is the moment a letter counts at: when it was
    reserved, then when it was sent. Reservations do not expire by time.
    """

    class State(models.TextChoices):
        RESERVED = "reserved", "On its way"
        SENT = "sent", "Sent"
        UNCERTAIN = "uncertain", "May have been sent"
        RELEASED = "released", "Not sent"

    COUNTED = (State.RESERVED, State.SENT, State.UNCERTAIN)

    # Three indexes begin with it: one of its own would only be written.
    workspace = models.ForeignKey(Workspace, on_delete=models.PROTECT, related_name="+", db_index=False)
    subject = models.CharField(max_length=40)  # attempt:42
    kind = models.CharField(max_length=10, choices=Kind)
    step = models.CharField(max_length=40, blank=True)  # step:9: the same address gets the same step once, for ever
    user_id = models.BigIntegerField(null=True)
    mailbox_id = models.BigIntegerField()
    campaign = models.CharField(max_length=40, blank=True)  # campaign:7
    sign_in = models.CharField(max_length=510)
    sender = models.CharField(max_length=254)
    recipient = models.CharField(max_length=254)  # as the letter is addressed
    recipient_key = models.CharField(max_length=254)  # normalised
    recipient_domain = models.CharField(max_length=254)  # registrable
    subject_digest = models.CharField(max_length=64)  # of the normalised subject line
    legal_basis = models.CharField(max_length=20, choices=LegalBasis)
    region = models.CharField(max_length=12)
    region_source = models.CharField(max_length=20, blank=True)  # regions.RegionSource
    # Its own copy of the proof, for when lead and campaign are gone.
    ground = models.CharField(max_length=12, blank=True)
    found_url = models.CharField(max_length=500, blank=True)
    found_passage = models.CharField(max_length=500, blank=True)
    found_at = models.DateTimeField(null=True, blank=True)
    message_id = models.CharField(max_length=255)
    state = models.CharField(max_length=10, choices=State, default=State.RESERVED)
    reserved_at = models.DateTimeField()
    counted_at = models.DateTimeField()
    # What came back, and when we learned of it (reputation.py).
    bounced_at = models.DateTimeField(null=True, blank=True)  # the address does not exist
    complained_at = models.DateTimeField(null=True, blank=True)  # its reader called it spam
    opted_out_at = models.DateTimeField(null=True, blank=True)  # its reader asked not to be written to

    objects = SendRecordQuerySet.as_manager()

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["subject"],
                condition=models.Q(state__in=["reserved", "sent", "uncertain"]),
                name="one_live_record_per_letter",
            ),
        )
        indexes = (
            # With the state in them, a cap is counted in the index alone.
            models.Index(fields=["workspace", "user_id", "counted_at", "state"], name="ledger_by_user"),
            models.Index(fields=["workspace", "recipient_domain", "counted_at", "state"], name="ledger_by_domain"),
            models.Index(fields=["sign_in", "counted_at", "state"], name="ledger_by_sign_in"),
            models.Index(fields=["workspace", "recipient_key", "counted_at"], name="ledger_by_recipient"),
            models.Index(fields=["mailbox_id", "counted_at", "state"], name="ledger_by_mailbox"),
            # A few letters in a hundred: found without looking at the others.
            models.Index(fields=["bounced_at"], condition=models.Q(bounced_at__isnull=False), name="ledger_bounced"),
            models.Index(
                fields=["complained_at"], condition=models.Q(complained_at__isnull=False), name="ledger_complained"
            ),
            models.Index(fields=["subject"], name="ledger_by_subject"),
            # Rows that count whatever the hour: few at any time, so that a count never walks the whole ledger.
            models.Index(
                fields=["workspace", "counted_at"],
                condition=models.Q(state="reserved") | models.Q(state="uncertain"),
                name="ledger_unsettled",
            ),
        )

    def __str__(self) -> str:
        return f"{self.subject} to {self.recipient}: {self.state}"


class PolicyResult(models.TextChoices):
    APPROVED = "approved", "Approved"
    BLOCKED = "blocked", "Blocked"
    DEFERRED = "deferred", "Has to wait"


class AuditEntryQuerySet(models.QuerySet["AuditEntry"]):
    def in_workspace(self, workspace: Workspace) -> Self:
        return self.filter(workspace_id=workspace.pk)

    def refusals(self) -> Self:
        """Answers that held a letter back, in the words of the index audit_refusals (see SendRecordQuerySet)."""
        return self.filter(models.Q(policy_result=PolicyResult.BLOCKED) | models.Q(policy_result=PolicyResult.DEFERRED))


class AuditEntry(models.Model):
    """One line of the audit log: only ever inserted. Readable people stand in AuditPerson, which an erasure deletes.

    No foreign keys: an entry outlives the workspace and the user it names.
    """

    workspace_id = models.BigIntegerField(null=True)
    user_id = models.BigIntegerField(null=True)  # who acted; None: the system
    event = models.CharField(max_length=48)  # letter.decided, suppression.added, mailbox.changed …
    about = models.CharField(max_length=64, blank=True)  # attempt:42
    policy_result = models.CharField(max_length=8, choices=PolicyResult, blank=True)
    reason = models.CharField(max_length=500, blank=True)
    legal_basis = models.CharField(max_length=20, choices=LegalBasis, blank=True)
    region = models.CharField(max_length=12, blank=True)
    checks = WrittenJSON(default=list)  # [{"rule", "outcome", "sentence"}]
    details = WrittenJSON(default=dict)
    person_digest = models.CharField(max_length=64, blank=True)  # keyed, of the readable fields
    is_preview = models.BooleanField(default=False)
    recorded_at = models.DateTimeField()

    objects = AuditEntryQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "audit entries"
        indexes = (
            models.Index(fields=["workspace_id", "-id"], name="audit_by_workspace"),
            models.Index(fields=["about"], name="audit_by_subject"),
            models.Index(
                fields=["workspace_id", "recorded_at"],
                condition=models.Q(policy_result="blocked") | models.Q(policy_result="deferred"),
                name="audit_refusals",
            ),
        )

    def __str__(self) -> str:
        return f"{self.recorded_at:%Y-%m-%d %H:%M:%S} {self.event} {self.about}"


class AuditPerson(models.Model):
    """The readable side of an audit entry: whom it was about. Deleted by an erasure; the entry stays."""

    # No constraint of the database: every new row would lock, and so rewrite, its entry's on PostgreSQL.
    entry = models.OneToOneField(
        AuditEntry, on_delete=models.CASCADE, related_name="person", primary_key=True, db_constraint=False
    )
    lead_email = models.CharField(max_length=254, blank=True)
    sender_email = models.CharField(max_length=254, blank=True)
    subject = models.CharField(max_length=998, blank=True)

    class Meta:
        indexes = (models.Index(fields=["lead_email"], name="audit_by_lead_email", opclasses=["varchar_pattern_ops"]),)

    def __str__(self) -> str:
        return self.lead_email


class AuditSeal(models.Model):
    """One link of the chain over the log: a keyed digest of an entry, its place, and the link before (chain.py).

    The first seal that stands may be a checkpoint: it has no entry, and carries the last digest of what was cut.
    """

    seq = models.BigIntegerField(primary_key=True)  # without holes, from 1
    # As in AuditPerson.
    entry = models.OneToOneField(
        AuditEntry, null=True, on_delete=models.DO_NOTHING, related_name="seal", db_constraint=False
    )
    digest = models.CharField(max_length=64)
    sealed_at = models.DateTimeField()
    checkpoint = models.CharField(max_length=64, blank=True)  # a checkpoint's own keyed digest

    def __str__(self) -> str:
        return f"{self.seq}: checkpoint" if self.checkpoint else f"{self.seq}: entry {self.entry_id}"


class AuditHead(models.Model):
    """The end of the chain, in one row: what tells that seals are missing there. The sealer's lock, and its notes.

    Every entry up to `swept_id` has its seal, and no transaction is left that could still bring one; what appears there
    later was put in by another hand. PostgreSQL gives ids out before it commits, so there `swept_id` rises only when
    the transactions of its time are over: to `rising_id`, once all before the transaction `rising_xid` are.
    """

    ONLY = 1

    seq = models.BigIntegerField(default=0)
    digest = models.CharField(max_length=64, blank=True)  # of the last seal
    swept_id = models.BigIntegerField(default=0)
    swept_at = models.DateTimeField(null=True)  # when nothing was left to seal
    top_id = models.BigIntegerField(default=0)  # the highest entry that has a seal
    rising_id = models.BigIntegerField(default=0)
    rising_xid = models.BigIntegerField(default=0)
    proof = models.CharField(max_length=64, blank=True)  # keyed digest of seq, digest and swept_id

    def __str__(self) -> str:
        return f"after {self.seq}"


class AuditCheckQuerySet(models.QuerySet["AuditCheck"]):
    def unfinished(self) -> Self:
        return self.filter(finished_at=None)

    def finished(self) -> Self:
        return self.filter(finished_at__isnull=False)


class AuditCheck(models.Model):
    """One walk over the whole chain, in slices, and what it found."""

    asked_by_id = models.BigIntegerField(null=True)  # None: the day's own
    asked_at = models.DateTimeField()
    worked_until = models.DateTimeField(null=True)  # a worker has it until then
    start_seq = models.BigIntegerField(default=0)
    end_seq = models.BigIntegerField(default=0)
    seq = models.BigIntegerField(default=0)  # how far it came, and the digest there
    digest = models.CharField(max_length=64, blank=True)
    rows = models.BigIntegerField(default=0)
    found = models.BigIntegerField(default=0)
    findings = models.JSONField(default=list)  # [{"kind", "sentence", "entry_id", "seq"}], the first hundred
    finished_at = models.DateTimeField(null=True)
    proof = models.CharField(max_length=64, blank=True)  # of an intact one: keyed digest of seq and digest

    objects = AuditCheckQuerySet.as_manager()

    def __str__(self) -> str:
        return f"asked {self.asked_at:%Y-%m-%d %H:%M}"

    @property
    def is_intact(self) -> bool:
        return self.finished_at is not None and not self.found

    @property
    def percent(self) -> int:
        length = self.end_seq - self.start_seq
        return (self.seq - self.start_seq) * 100 // length if length > 0 else 0


class UnsubscribeToken(models.Model):
    """The random token of a letter's unsubscribe link. Never expires; outlives letter, lead and campaign."""

    token = models.CharField(max_length=43)
    workspace_id = models.BigIntegerField()
    workspace_name = models.CharField(max_length=160)  # who the reader is told they will not hear from again
    address = models.CharField(max_length=254)  # normalised
    about = models.CharField(max_length=40)  # attempt:42
    created_at = models.DateTimeField(default=timezone.now)
    used_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        # Not `unique=True`, for which PostgreSQL would keep a second index, to find tokens by how they begin.
        constraints = (models.UniqueConstraint(fields=["token"], name="one_letter_per_token"),)
        indexes = (models.Index(fields=["about"], name="unsubscribe_by_subject"),)

    def __str__(self) -> str:
        return self.about
