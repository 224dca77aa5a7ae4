import compliance.fields
import django.core.validators
import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models

from outreach_site.lib.migrating import CreateModels


class Migration(migrations.Migration):
    replaces = [
        ("compliance", "0001_initial"),
        ("compliance", "0002_find_by_beginning"),
        ("compliance", "0003_proof_and_never_pitch"),
        ("compliance", "0004_sealed_log"),
        ("compliance", "0005_consent_and_privacy"),
        ("compliance", "0006_what_came_back"),
        ("compliance", "0007_lighter_ledger_and_log"),
        ("compliance", "0008_count_in_the_index"),
        ("compliance", "0009_known_regions"),
        ("compliance", "0010_tokens_a_month"),
        ("compliance", "0011_files_taken_away"),
        ("compliance", "0012_fewer_indexes"),
    ]

    initial = True

    dependencies = [
        ("accounts", "0001_squashed"),
    ]

    operations = [CreateModels([
        migrations.CreateModel(
            name="AuditCheck",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("asked_by_id", models.BigIntegerField(null=True)),
                ("asked_at", models.DateTimeField()),
                ("worked_until", models.DateTimeField(null=True)),
                ("start_seq", models.BigIntegerField(default=0)),
                ("end_seq", models.BigIntegerField(default=0)),
                ("seq", models.BigIntegerField(default=0)),
                ("digest", models.CharField(blank=True, max_length=64)),
                ("rows", models.BigIntegerField(default=0)),
                ("found", models.BigIntegerField(default=0)),
                ("findings", models.JSONField(default=list)),
                ("finished_at", models.DateTimeField(null=True)),
                ("proof", models.CharField(blank=True, max_length=64)),
            ],
        ),
        migrations.CreateModel(
            name="AuditEntry",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("workspace_id", models.BigIntegerField(null=True)),
                ("user_id", models.BigIntegerField(null=True)),
                ("event", models.CharField(max_length=48)),
                ("about", models.CharField(blank=True, max_length=64)),
                (
                    "policy_result",
                    models.CharField(
                        blank=True,
                        choices=[("approved", "Approved"), ("blocked", "Blocked"), ("deferred", "Has to wait")],
                        max_length=8,
                    ),
                ),
                ("reason", models.CharField(blank=True, max_length=500)),
                (
                    "legal_basis",
                    models.CharField(
                        blank=True,
                        choices=[("consent", "Consent"), ("legitimate_interest", "Legitimate interest")],
                        max_length=20,
                    ),
                ),
                ("region", models.CharField(blank=True, max_length=12)),
                ("checks", compliance.fields.WrittenJSON(default=list)),
                ("details", compliance.fields.WrittenJSON(default=dict)),
                ("person_digest", models.CharField(blank=True, max_length=64)),
                ("is_preview", models.BooleanField(default=False)),
                ("recorded_at", models.DateTimeField()),
            ],
            options={
                "verbose_name_plural": "audit entries",
                "indexes": [
                    models.Index(fields=["workspace_id", "-id"], name="audit_by_workspace"),
                    models.Index(fields=["about"], name="audit_by_subject"),
                    models.Index(
                        condition=models.Q(
                            ("policy_result", "blocked"), ("policy_result", "deferred"), _connector="OR"
                        ),
                        fields=["workspace_id", "recorded_at"],
                        name="audit_refusals",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="AuditHead",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("seq", models.BigIntegerField(default=0)),
                ("digest", models.CharField(blank=True, max_length=64)),
                ("swept_id", models.BigIntegerField(default=0)),
                ("swept_at", models.DateTimeField(null=True)),
                ("top_id", models.BigIntegerField(default=0)),
                ("rising_id", models.BigIntegerField(default=0)),
                ("rising_xid", models.BigIntegerField(default=0)),
                ("proof", models.CharField(blank=True, max_length=64)),
            ],
        ),
        migrations.CreateModel(
            name="Consent",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "workspace",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="accounts.workspace"
                    ),
                ),
                ("address", models.CharField(max_length=254)),
                ("domain", models.CharField(max_length=254)),
                (
                    "status",
                    models.CharField(
                        choices=[("given", "Given"), ("withdrawn", "Withdrawn")], default="given", max_length=10
                    ),
                ),
                ("evidence_text", models.TextField(blank=True, max_length=5000)),
                ("evidence_url", models.URLField(blank=True, max_length=500)),
                ("source", models.CharField(blank=True, max_length=200)),
                ("obtained_on", models.DateField()),
                ("withdrawn_on", models.DateField(blank=True, null=True)),
                ("recorded_by_id", models.BigIntegerField(blank=True, null=True)),
                ("recorded_at", models.DateTimeField(default=django.utils.timezone.now)),
            ],
            options={
                "indexes": [
                    models.Index(fields=["address"], name="consent_by_address", opclasses=["varchar_pattern_ops"]),
                    models.Index(fields=["domain"], name="consent_by_domain", opclasses=["varchar_pattern_ops"]),
                    models.Index(fields=["workspace", "-id"], name="consent_by_age"),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("status", "given")),
                        fields=("workspace", "address"),
                        name="one_live_consent_each",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="ConsentImport",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "workspace",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="accounts.workspace"
                    ),
                ),
                ("file_name", models.CharField(max_length=200)),
                ("compressed", models.BinaryField()),
                ("lines", models.PositiveIntegerField(default=0)),
                ("next_line", models.PositiveIntegerField(default=0)),
                ("evidence_text", models.TextField(blank=True, max_length=5000)),
                ("source", models.CharField(blank=True, max_length=200)),
                ("added", models.PositiveIntegerField(default=0)),
                ("known", models.PositiveIntegerField(default=0)),
                ("refused", models.PositiveIntegerField(default=0)),
                ("started_by_id", models.BigIntegerField(blank=True, null=True)),
                ("started_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("finished_at", models.DateTimeField(blank=True, null=True)),
            ],
        ),
        migrations.CreateModel(
            name="Export",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "workspace",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="accounts.workspace",
                    ),
                ),
                (
                    "what",
                    models.CharField(
                        choices=[
                            ("leads", "Leads"),
                            ("attempts", "Letters"),
                            ("replies", "Replies"),
                            ("audit", "Audit log"),
                        ],
                        max_length=8,
                    ),
                ),
                ("about", models.CharField(max_length=40)),
                ("taken_by_id", models.BigIntegerField()),
                ("total", models.PositiveBigIntegerField()),
                ("rows", models.PositiveBigIntegerField(default=0)),
                ("begun_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("moved_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("finished_at", models.DateTimeField(blank=True, null=True)),
                ("broke_off_at", models.DateTimeField(blank=True, null=True)),
            ],
            options={
                "ordering": ("-pk",),
                "indexes": [models.Index(fields=["workspace", "about", "-id"], name="exports_by_subject")],
            },
        ),
        migrations.CreateModel(
            name="Hold",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "workspace",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="accounts.workspace"
                    ),
                ),
                ("subject", models.CharField(max_length=300)),
                ("reason", models.CharField(max_length=500)),
                ("advice", models.CharField(blank=True, max_length=500)),
                ("source", models.CharField(blank=True, max_length=64)),
                ("placed_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("lifted_at", models.DateTimeField(blank=True, null=True)),
                ("lifted_by_id", models.BigIntegerField(blank=True, null=True)),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("lifted_at", None)),
                        fields=("workspace", "subject"),
                        name="one_standing_hold_each",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="KnownRegion",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "workspace",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="accounts.workspace",
                    ),
                ),
                ("key", models.CharField(max_length=254)),
                (
                    "region",
                    models.CharField(
                        choices=[
                            ("EU", "European Union and EEA"),
                            ("UK", "United Kingdom"),
                            ("CA", "Canada"),
                            ("AU/NZ", "Australia and New Zealand"),
                            ("US", "United States, or country unknown"),
                            ("OTHER", "Elsewhere"),
                        ],
                        max_length=12,
                    ),
                ),
                ("source", models.CharField(max_length=20)),
                ("evidence", models.CharField(blank=True, max_length=300)),
                ("noted_by_id", models.BigIntegerField(blank=True, null=True)),
                ("noted_at", models.DateTimeField(default=django.utils.timezone.now)),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("workspace", "key"), name="one_known_region_each")],
            },
        ),
        migrations.CreateModel(
            name="NeverPitch",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "workspace",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="accounts.workspace"
                    ),
                ),
                ("domain", models.CharField(max_length=254)),
                (
                    "why",
                    models.CharField(
                        choices=[
                            ("own", "Our own site"),
                            ("client", "A client's site"),
                            ("competitor", "A competitor's site"),
                            ("partner", "A partner's site"),
                        ],
                        default="own",
                        max_length=10,
                    ),
                ),
                ("note", models.CharField(blank=True, max_length=300)),
                ("created_by_id", models.BigIntegerField(blank=True, null=True)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now)),
            ],
            options={
                "verbose_name_plural": "sites never to pitch",
                "constraints": [models.UniqueConstraint(fields=("workspace", "domain"), name="never_pitch_once")],
            },
        ),
        migrations.CreateModel(
            name="PrivacyRequest",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "workspace",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="accounts.workspace"
                    ),
                ),
                ("kind", models.CharField(choices=[("access", "Access"), ("erasure", "Erasure")], max_length=8)),
                ("address", models.CharField(blank=True, max_length=254)),
                ("stone", models.CharField(max_length=80)),
                ("received_on", models.DateField()),
                ("due_on", models.DateField()),
                ("note", models.CharField(blank=True, max_length=500)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("open", "To do"),
                            ("erasing", "Being erased"),
                            ("done", "Done"),
                            ("closed", "Closed without it"),
                        ],
                        default="open",
                        max_length=8,
                    ),
                ),
                ("outcome", models.CharField(blank=True, max_length=500)),
                ("progress", models.JSONField(blank=True, default=dict)),
                ("counts", models.JSONField(blank=True, default=dict)),
                ("recorded_by_id", models.BigIntegerField(blank=True, null=True)),
                ("recorded_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("done_by_id", models.BigIntegerField(blank=True, null=True)),
                ("done_at", models.DateTimeField(blank=True, null=True)),
            ],
            options={
                "indexes": [models.Index(fields=["workspace", "state", "due_on"], name="requests_by_deadline")],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("state__in", ["open", "erasing"])),
                        fields=("workspace", "kind", "stone"),
                        name="one_open_request_each",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="PrivacySettings",
            fields=[
                (
                    "workspace",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="+",
                        serialize=False,
                        to="accounts.workspace",
                    ),
                ),
                ("is_on", models.BooleanField(default=True, verbose_name="remove by itself, every day")),
                (
                    "unwritten_days",
                    models.PositiveIntegerField(
                        default=30,
                        validators=[
                            django.core.validators.MinValueValidator(1),
                            django.core.validators.MaxValueValidator(3650),
                        ],
                    ),
                ),
                (
                    "unlinked_days",
                    models.PositiveIntegerField(
                        default=30,
                        validators=[
                            django.core.validators.MinValueValidator(1),
                            django.core.validators.MaxValueValidator(3650),
                        ],
                    ),
                ),
                (
                    "raw_months",
                    models.PositiveIntegerField(
                        default=12,
                        validators=[
                            django.core.validators.MinValueValidator(1),
                            django.core.validators.MaxValueValidator(240),
                        ],
                    ),
                ),
                (
                    "reply_months",
                    models.PositiveIntegerField(
                        default=24,
                        validators=[
                            django.core.validators.MinValueValidator(1),
                            django.core.validators.MaxValueValidator(240),
                        ],
                    ),
                ),
                (
                    "audit_months",
                    models.PositiveIntegerField(
                        default=36,
                        validators=[
                            django.core.validators.MinValueValidator(1),
                            django.core.validators.MaxValueValidator(240),
                        ],
                    ),
                ),
                ("may_use_exa", models.BooleanField(default=False, verbose_name="Exa")),
                ("may_use_openai", models.BooleanField(default=False, verbose_name="OpenAI")),
                (
                    "openai_tokens",
                    models.PositiveIntegerField(
                        default=1000000,
                        validators=[
                            django.core.validators.MinValueValidator(1000),
                            django.core.validators.MaxValueValidator(1000000000),
                        ],
                        verbose_name="tokens a month",
                    ),
                ),
                ("applied_at", models.DateTimeField(blank=True, editable=False, null=True)),
                ("removed", models.JSONField(blank=True, default=dict, editable=False)),
            ],
            options={
                "verbose_name_plural": "privacy settings",
            },
        ),
        migrations.CreateModel(
            name="SendRecord",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "workspace",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="accounts.workspace",
                    ),
                ),
                ("subject", models.CharField(max_length=40)),
                (
                    "kind",
                    models.CharField(
                        choices=[("first", "First letter"), ("follow_up", "Follow-up"), ("answer", "Answer")],
                        max_length=10,
                    ),
                ),
                ("step", models.CharField(blank=True, max_length=40)),
                ("user_id", models.BigIntegerField(null=True)),
                ("mailbox_id", models.BigIntegerField()),
                ("campaign", models.CharField(blank=True, max_length=40)),
                ("sign_in", models.CharField(max_length=510)),
                ("sender", models.CharField(max_length=254)),
                ("recipient", models.CharField(max_length=254)),
                ("recipient_key", models.CharField(max_length=254)),
                ("recipient_domain", models.CharField(max_length=254)),
                ("subject_digest", models.CharField(max_length=64)),
                (
                    "legal_basis",
                    models.CharField(
                        choices=[("consent", "Consent"), ("legitimate_interest", "Legitimate interest")], max_length=20
                    ),
                ),
                ("region", models.CharField(max_length=12)),
                ("region_source", models.CharField(blank=True, max_length=20)),
                ("ground", models.CharField(blank=True, max_length=12)),
                ("found_url", models.CharField(blank=True, max_length=500)),
                ("found_passage", models.CharField(blank=True, max_length=500)),
                ("found_at", models.DateTimeField(blank=True, null=True)),
                ("message_id", models.CharField(max_length=255)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("reserved", "On its way"),
                            ("sent", "Sent"),
                            ("uncertain", "May have been sent"),
                            ("released", "Not sent"),
                        ],
                        default="reserved",
                        max_length=10,
                    ),
                ),
                ("reserved_at", models.DateTimeField()),
                ("counted_at", models.DateTimeField()),
                ("bounced_at", models.DateTimeField(blank=True, null=True)),
                ("complained_at", models.DateTimeField(blank=True, null=True)),
                ("opted_out_at", models.DateTimeField(blank=True, null=True)),
            ],
            options={
                "indexes": [
                    models.Index(fields=["workspace", "user_id", "counted_at", "state"], name="ledger_by_user"),
                    models.Index(
                        fields=["workspace", "recipient_domain", "counted_at", "state"], name="ledger_by_domain"
                    ),
                    models.Index(fields=["sign_in", "counted_at", "state"], name="ledger_by_sign_in"),
                    models.Index(fields=["workspace", "recipient_key", "counted_at"], name="ledger_by_recipient"),
                    models.Index(fields=["mailbox_id", "counted_at", "state"], name="ledger_by_mailbox"),
                    models.Index(
                        condition=models.Q(("bounced_at__isnull", False)), fields=["bounced_at"], name="ledger_bounced"
                    ),
                    models.Index(
                        condition=models.Q(("complained_at__isnull", False)),
                        fields=["complained_at"],
                        name="ledger_complained",
                    ),
                    models.Index(fields=["subject"], name="ledger_by_subject"),
                    models.Index(
                        condition=models.Q(("state", "reserved"), ("state", "uncertain"), _connector="OR"),
                        fields=["workspace", "counted_at"],
                        name="ledger_unsettled",
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("state__in", ["reserved", "sent", "uncertain"])),
                        fields=("subject",),
                        name="one_live_record_per_letter",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Suppression",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "workspace",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="accounts.workspace",
                    ),
                ),
                (
                    "scope",
                    models.CharField(
                        choices=[
                            ("address", "Address"),
                            ("domain", "Domain and its subdomains"),
                            ("erased", "Address that was erased"),
                        ],
                        default="address",
                        max_length=8,
                    ),
                ),
                ("value", models.CharField(max_length=254)),
                ("domain", models.CharField(blank=True, max_length=254)),
                (
                    "reason",
                    models.CharField(
                        choices=[
                            ("manual", "Added by hand"),
                            ("not_interested", "Said no"),
                            ("opt_out", "Asked to be removed"),
                            ("unsubscribe", "Used the unsubscribe link"),
                            ("hard_bounce", "The address does not exist"),
                            ("complaint", "Reported our letter as spam"),
                            ("erasure", "Asked for erasure"),
                        ],
                        max_length=16,
                    ),
                ),
                ("source", models.CharField(blank=True, max_length=64)),
                ("note", models.CharField(blank=True, max_length=500)),
                ("created_by_id", models.BigIntegerField(blank=True, null=True)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now)),
            ],
            options={
                "indexes": [
                    models.Index(
                        fields=["value", "scope"],
                        name="suppression_by_value",
                        opclasses=["varchar_pattern_ops", "varchar_pattern_ops"],
                    ),
                    models.Index(fields=["domain"], name="suppression_by_domain", opclasses=["varchar_pattern_ops"]),
                    models.Index(fields=["workspace", "-id"], name="suppression_by_age"),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("workspace__isnull", False)),
                        fields=("workspace", "scope", "value"),
                        name="one_suppression_each",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("workspace", None)),
                        fields=("scope", "value"),
                        name="one_global_suppression_each",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="SuppressionImport",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "workspace",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="accounts.workspace"
                    ),
                ),
                ("name", models.CharField(max_length=200)),
                (
                    "reason",
                    models.CharField(
                        choices=[
                            ("manual", "Added by hand"),
                            ("not_interested", "Said no"),
                            ("opt_out", "Asked to be removed"),
                            ("unsubscribe", "Used the unsubscribe link"),
                            ("hard_bounce", "The address does not exist"),
                            ("complaint", "Reported our letter as spam"),
                            ("erasure", "Asked for erasure"),
                        ],
                        max_length=16,
                    ),
                ),
                ("note", models.CharField(blank=True, max_length=500)),
                ("packed", models.BinaryField()),
                ("lines", models.PositiveIntegerField()),
                ("next_line", models.PositiveIntegerField(default=0)),
                ("added", models.PositiveIntegerField(default=0)),
                ("known", models.PositiveIntegerField(default=0)),
                ("failed", models.PositiveIntegerField(default=0)),
                ("created_by_id", models.BigIntegerField(blank=True, null=True)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("finished_at", models.DateTimeField(blank=True, null=True)),
            ],
        ),
        migrations.CreateModel(
            name="UnsubscribeToken",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("token", models.CharField(max_length=43)),
                ("workspace_id", models.BigIntegerField()),
                ("workspace_name", models.CharField(max_length=160)),
                ("address", models.CharField(max_length=254)),
                ("about", models.CharField(max_length=40)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("used_at", models.DateTimeField(blank=True, null=True)),
            ],
            options={
                "indexes": [models.Index(fields=["about"], name="unsubscribe_by_subject")],
                "constraints": [models.UniqueConstraint(fields=("token",), name="one_letter_per_token")],
            },
        ),
        migrations.CreateModel(
            name="AuditPerson",
            fields=[
                (
                    "entry",
                    models.OneToOneField(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="person",
                        serialize=False,
                        to="compliance.auditentry",
                    ),
                ),
                ("lead_email", models.CharField(blank=True, max_length=254)),
                ("sender_email", models.CharField(blank=True, max_length=254)),
                ("subject", models.CharField(blank=True, max_length=998)),
            ],
            options={
                "indexes": [
                    models.Index(fields=["lead_email"], name="audit_by_lead_email", opclasses=["varchar_pattern_ops"])
                ],
            },
        ),
        migrations.CreateModel(
            name="AuditSeal",
            fields=[
                ("seq", models.BigIntegerField(primary_key=True, serialize=False)),
                (
                    "entry",
                    models.OneToOneField(
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="seal",
                        to="compliance.auditentry",
                    ),
                ),
                ("digest", models.CharField(max_length=64)),
                ("sealed_at", models.DateTimeField()),
                ("checkpoint", models.CharField(blank=True, max_length=64)),
            ],
        ),
        migrations.CreateModel(
            name="ConsentFile",
            fields=[
                (
                    "consent",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="file",
                        serialize=False,
                        to="compliance.consent",
                    ),
                ),
                ("name", models.CharField(max_length=200)),
                ("size", models.PositiveIntegerField()),
                ("content", models.BinaryField()),
            ],
        ),
        migrations.CreateModel(
            name="ConsentImportProblem",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "consent_import",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="problems",
                        to="compliance.consentimport",
                    ),
                ),
                ("line", models.PositiveIntegerField()),
                ("text", models.CharField(max_length=500)),
                ("sentence", models.CharField(max_length=300)),
            ],
            options={
                "ordering": ("pk",),
            },
        ),
        migrations.CreateModel(
            name="ImportFault",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "run",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="faults",
                        to="compliance.suppressionimport",
                    ),
                ),
                ("line", models.PositiveIntegerField()),
                ("text", models.CharField(max_length=320)),
                ("sentence", models.CharField(max_length=300)),
            ],
            options={
                "ordering": ("pk",),
            },
        ),
    ])]
