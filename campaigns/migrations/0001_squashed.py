import datetime
import django.core.validators
import django.db.models.deletion
import django.db.models.functions.text
import django.utils.timezone
from decimal import Decimal
from django.conf import settings
from django.db import migrations, models

from outreach_site.lib.migrating import CreateModels


class Migration(migrations.Migration):
    replaces = [
        ("campaigns", "0001_initial"),
        ("campaigns", "0002_what_a_person_said"),
        ("campaigns", "0003_what_comes_next"),
        ("campaigns", "0004_answers"),
        ("campaigns", "0005_what_waits_in_turn"),
        ("campaigns", "0006_workspace_of_attempts"),
        ("campaigns", "0007_fill_workspace_of_attempts"),
        ("campaigns", "0008_read_the_queue_by_workspace"),
        ("campaigns", "0009_letters_of_no_step"),
        ("campaigns", "0010_how_letters_look"),
        ("campaigns", "0011_discovery"),
        ("campaigns", "0012_letters_of_programs"),
        ("campaigns", "0013_copies_of_what_was_sent"),
        ("campaigns", "0014_files_of_leads"),
        ("campaigns", "0015_tags_and_assignees"),
        ("campaigns", "0016_changes_to_many_leads"),
        ("campaigns", "0017_sequences"),
        ("campaigns", "0018_drafts"),
        ("campaigns", "0019_what_each_day_brought"),
        ("campaigns", "0020_stages_of_ones_own"),
        ("campaigns", "0021_name_the_stages"),
        ("campaigns", "0022_must_be_read"),
        ("campaigns", "0023_how_addresses_were_found"),
        ("campaigns", "0024_placements"),
        ("campaigns", "0025_files_taken_back"),
        ("campaigns", "0026_where_test_letters_arrive"),
        ("campaigns", "0027_fewer_indexes_to_write"),
    ]

    initial = True

    dependencies = [
        ("accounts", "0001_squashed"),
        ("mailboxes", "0001_squashed"),
    ]

    operations = [CreateModels([
        migrations.CreateModel(
            name="Campaign",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "workspace",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="accounts.workspace"
                    ),
                ),
                ("name", models.CharField(max_length=120)),
                ("description", models.TextField(blank=True, max_length=2000)),
                (
                    "keywords",
                    models.CharField(
                        blank=True, help_text="What it is about; the first one fills {topic}.", max_length=500
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[("draft", "Draft"), ("running", "Running"), ("paused", "Paused")],
                        default="draft",
                        max_length=8,
                    ),
                ),
                (
                    "owner",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "identity",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="accounts.senderidentity",
                        verbose_name="who writes",
                    ),
                ),
                (
                    "mailbox",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="mailboxes.mailbox",
                        verbose_name="sent from",
                    ),
                ),
                ("reply_to", models.EmailField(blank=True, max_length=254, verbose_name="answers go to")),
                (
                    "language",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("en", "English"),
                            ("de", "German"),
                            ("fr", "French"),
                            ("es", "Spanish"),
                            ("it", "Italian"),
                            ("pt", "Portuguese"),
                            ("nl", "Dutch"),
                            ("pl", "Polish"),
                        ],
                        max_length=2,
                        verbose_name="language of its letters",
                    ),
                ),
                ("is_direct", models.BooleanField(default=False, editable=False)),
                ("with_html", models.BooleanField(default=False, verbose_name="also as HTML")),
                ("send_days", models.CharField(blank=True, max_length=7, verbose_name="days")),
                ("send_from", models.TimeField(default=datetime.time(9, 0), verbose_name="from")),
                ("send_until", models.TimeField(default=datetime.time(17, 0), verbose_name="until")),
                (
                    "send_on_holidays",
                    models.BooleanField(
                        default=False, verbose_name="also on public holidays of the recipient's country"
                    ),
                ),
                (
                    "in_their_zone",
                    models.BooleanField(
                        default=False, verbose_name="by the recipient's clock, guessed from the address"
                    ),
                ),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ("archived_at", models.DateTimeField(blank=True, editable=False, null=True)),
                ("tested_at", models.DateTimeField(editable=False, null=True)),
                (
                    "tested_by",
                    models.ForeignKey(
                        editable=False,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "test_arrived",
                    models.CharField(
                        blank=True,
                        choices=[("inbox", "In the inbox"), ("spam", "In spam"), ("nowhere", "Not at all")],
                        editable=False,
                        max_length=7,
                    ),
                ),
                (
                    "more_mailboxes",
                    models.ManyToManyField(
                        blank=True, related_name="+", to="mailboxes.mailbox", verbose_name="and also from"
                    ),
                ),
            ],
            options={
                "ordering": ("-created_at", "-pk"),
                "indexes": [models.Index(fields=["workspace", "-created_at", "-id"], name="campaigns_newest_first")],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("is_direct", True)), fields=("workspace",), name="one_direct_campaign_each"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="ColumnMeaning",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "workspace",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="accounts.workspace"
                    ),
                ),
                ("heading", models.CharField(max_length=120)),
                ("meaning", models.CharField(blank=True, max_length=24)),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("workspace", "heading"), name="heading_once_per_workspace")
                ],
            },
        ),
        migrations.CreateModel(
            name="MailDomain",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("domain", models.CharField(max_length=254, unique=True)),
                (
                    "state",
                    models.CharField(
                        choices=[("takes", "Takes mail"), ("none", "Takes no mail"), ("unknown", "Unknown")],
                        default="unknown",
                        max_length=8,
                    ),
                ),
                ("checked_at", models.DateTimeField(null=True)),
                ("asked_for_at", models.DateTimeField(default=django.utils.timezone.now)),
            ],
        ),
        migrations.CreateModel(
            name="RollupState",
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
                ("stamp", models.PositiveBigIntegerField(default=0)),
                ("zone", models.CharField(blank=True, max_length=64)),
                ("counted_at", models.DateTimeField(null=True)),
                ("passed_at", models.DateTimeField(null=True)),
                ("pass_zone", models.CharField(blank=True, max_length=64)),
                ("pass_day", models.DateField(null=True)),
                ("pass_began_at", models.DateTimeField(null=True)),
            ],
        ),
        migrations.CreateModel(
            name="Session",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "mailbox",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="mailboxes.mailbox",
                    ),
                ),
                ("host", models.CharField(max_length=120)),
                ("began_at", models.DateTimeField()),
                ("ended_at", models.DateTimeField()),
                ("sent", models.PositiveIntegerField(default=0)),
                ("not_sent", models.PositiveIntegerField(default=0)),
                ("uncertain", models.PositiveIntegerField(default=0)),
                ("trouble", models.CharField(blank=True, max_length=500)),
            ],
            options={
                "indexes": [
                    models.Index(fields=["mailbox", "-id"], name="sessions_of_mailbox"),
                    models.Index(fields=["ended_at"], name="sessions_by_age"),
                ],
            },
        ),
        migrations.CreateModel(
            name="SiteText",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "workspace",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="accounts.workspace"
                    ),
                ),
                ("domain", models.CharField(max_length=254)),
                ("pages", models.JSONField(default=list)),
                ("read_at", models.DateTimeField(default=django.utils.timezone.now)),
            ],
            options={
                "indexes": [models.Index(fields=["workspace", "read_at"], name="site_texts_by_age")],
                "constraints": [models.UniqueConstraint(fields=("workspace", "domain"), name="site_text_once")],
            },
        ),
        migrations.CreateModel(
            name="Stage",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "workspace",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="accounts.workspace"
                    ),
                ),
                ("name", models.CharField(max_length=40)),
                ("position", models.PositiveSmallIntegerField()),
            ],
            options={
                "ordering": ("position", "pk"),
                "constraints": [
                    models.UniqueConstraint(fields=("workspace", "name"), name="stage_once_per_workspace")
                ],
            },
        ),
        migrations.CreateModel(
            name="Tag",
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
                ("name", models.CharField(max_length=40)),
            ],
            options={
                "ordering": ("name",),
                "constraints": [
                    models.UniqueConstraint(
                        models.F("workspace"),
                        django.db.models.functions.text.Lower("name"),
                        name="tag_once_per_workspace",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Template",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "workspace",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="accounts.workspace"
                    ),
                ),
                ("name", models.CharField(max_length=120)),
                ("subject", models.CharField(max_length=200)),
                ("body", models.TextField(max_length=20000)),
                ("category", models.CharField(blank=True, max_length=60)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
            ],
            options={
                "ordering": ("name", "pk"),
                "constraints": [models.UniqueConstraint(fields=("workspace", "name"), name="template_name_once")],
            },
        ),
        migrations.CreateModel(
            name="TokenUse",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "workspace",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="accounts.workspace"
                    ),
                ),
                ("month", models.DateField()),
                ("tokens", models.PositiveBigIntegerField(default=0)),
                ("drafts", models.PositiveIntegerField(default=0)),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("workspace", "month"), name="token_use_once_a_month")],
            },
        ),
        migrations.CreateModel(
            name="BulkChange",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "campaign",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="bulk_changes",
                        to="campaigns.campaign",
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "action",
                    models.CharField(
                        choices=[
                            ("status", "Status"),
                            ("assign", "Assigned to"),
                            ("tag", "Tag added"),
                            ("untag", "Tag taken off"),
                            ("cancel", "Letters taken back"),
                        ],
                        max_length=8,
                    ),
                ),
                ("value", models.CharField(blank=True, max_length=40)),
                ("chosen", models.JSONField(default=list)),
                ("query", models.TextField(blank=True)),
                ("newest", models.BigIntegerField(default=0)),
                ("total", models.PositiveIntegerField(default=0)),
                ("through", models.BigIntegerField(default=0)),
                ("done", models.PositiveIntegerField(default=0)),
                ("changed", models.PositiveIntegerField(default=0)),
                ("letters", models.PositiveIntegerField(default=0)),
                ("failed", models.PositiveIntegerField(default=0)),
                ("failures", models.JSONField(default=list)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ("undone_at", models.DateTimeField(editable=False, null=True)),
                ("ended_at", models.DateTimeField(editable=False, null=True)),
            ],
            options={
                "ordering": ("-pk",),
                "indexes": [
                    models.Index(condition=models.Q(("ended_at", None)), fields=["id"], name="bulk_changes_under_way")
                ],
            },
        ),
        migrations.CreateModel(
            name="DiscoveryRun",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "campaign",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="discovery_runs",
                        to="campaigns.campaign",
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                ("keyword", models.CharField(blank=True, max_length=200)),
                ("most_sites", models.PositiveIntegerField(default=20)),
                ("known", models.PositiveIntegerField(default=0)),
                ("targets", models.JSONField(default=list)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ("finished_at", models.DateTimeField(editable=False, null=True)),
                ("cancelled_at", models.DateTimeField(editable=False, null=True)),
                ("lease_token", models.UUIDField(editable=False, null=True)),
                ("leased_until", models.DateTimeField(editable=False, null=True)),
            ],
            options={
                "ordering": ("-pk",),
                "indexes": [
                    models.Index(fields=["campaign", "-id"], name="runs_of_campaign"),
                    models.Index(condition=models.Q(("finished_at", None)), fields=["id"], name="runs_under_way"),
                ],
            },
        ),
        migrations.CreateModel(
            name="DraftRun",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "campaign",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="draft_runs", to="campaigns.campaign"
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                ("letter_subject", models.CharField(max_length=200)),
                ("letter_body", models.TextField(max_length=20000)),
                ("total", models.PositiveIntegerField(default=0)),
                ("sentence", models.CharField(blank=True, max_length=300)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ("not_before", models.DateTimeField(editable=False, null=True)),
                ("finished_at", models.DateTimeField(editable=False, null=True)),
                ("cancelled_at", models.DateTimeField(editable=False, null=True)),
                ("lease_token", models.UUIDField(editable=False, null=True)),
                ("leased_until", models.DateTimeField(editable=False, null=True)),
            ],
            options={
                "ordering": ("-pk",),
                "indexes": [
                    models.Index(condition=models.Q(("finished_at", None)), fields=["id"], name="draft_runs_under_way")
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("finished_at", None)), fields=("campaign",), name="one_draft_run_at_a_time"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="LeadImport",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "campaign",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="imports", to="campaigns.campaign"
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                ("file_name", models.CharField(max_length=200)),
                ("sheet", models.CharField(blank=True, max_length=100)),
                ("origin", models.CharField(blank=True, max_length=300)),
                ("packed", models.BinaryField(default=b"")),
                ("delimiter", models.CharField(default=",", max_length=1)),
                ("lines", models.PositiveIntegerField()),
                ("first_line", models.PositiveIntegerField(default=0)),
                ("headings", models.JSONField(default=list)),
                ("meanings", models.JSONField(default=list)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("chosen", "Not begun"),
                            ("running", "Going on"),
                            ("done", "Done"),
                            ("cancelled", "Cancelled"),
                            ("removing", "Being taken back"),
                            ("removed", "Taken back"),
                        ],
                        default="chosen",
                        max_length=9,
                    ),
                ),
                ("next_line", models.PositiveIntegerField(default=0)),
                ("added", models.PositiveIntegerField(default=0)),
                ("skipped", models.PositiveIntegerField(default=0)),
                ("failed", models.PositiveIntegerField(default=0)),
                ("added_keys", models.JSONField(default=list)),
                ("removed", models.PositiveIntegerField(default=0)),
                ("stayed", models.PositiveIntegerField(default=0)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ("begun_at", models.DateTimeField(editable=False, null=True)),
                ("finished_at", models.DateTimeField(editable=False, null=True)),
                ("lease_token", models.UUIDField(editable=False, null=True)),
                ("leased_until", models.DateTimeField(editable=False, null=True)),
            ],
            options={
                "ordering": ("-pk",),
                "indexes": [
                    models.Index(fields=["campaign", "-id"], name="imports_of_campaign"),
                    models.Index(
                        condition=models.Q(("state__in", ["running", "removing"])),
                        fields=["id"],
                        name="imports_under_way",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Rollup",
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
                    "campaign",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="campaigns.campaign",
                    ),
                ),
                ("zone", models.CharField(max_length=64)),
                ("day", models.DateField()),
                (
                    "dimension",
                    models.CharField(
                        choices=[
                            ("total", "All"),
                            ("campaign", "Campaign"),
                            ("step", "Step"),
                            ("variant", "Variant"),
                            ("template", "Template"),
                            ("mailbox", "Mailbox"),
                            ("region", "Region"),
                            ("source", "Source"),
                            ("came_back", "What came back"),
                        ],
                        max_length=10,
                    ),
                ),
                ("value", models.CharField(blank=True, max_length=64)),
                ("letters", models.PositiveIntegerField(default=0)),
                ("people", models.PositiveIntegerField(default=0)),
                ("people_answered", models.PositiveIntegerField(default=0)),
                ("people_placed", models.PositiveIntegerField(default=0)),
                ("answered", models.PositiveIntegerField(default=0)),
                ("interested", models.PositiveIntegerField(default=0)),
                ("replies", models.PositiveIntegerField(default=0)),
                ("waits", models.JSONField(default=list)),
            ],
            options={
                "indexes": [
                    models.Index(fields=["workspace", "zone", "campaign", "day"], name="rollups_by_day"),
                    models.Index(
                        fields=["workspace", "zone", "campaign", "dimension", "day"], name="rollups_by_dimension"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Step",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "campaign",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="steps", to="campaigns.campaign"
                    ),
                ),
                ("position", models.PositiveIntegerField(default=1)),
                (
                    "kind",
                    models.CharField(choices=[("letter", "Letter"), ("task", "Task")], default="letter", max_length=6),
                ),
                (
                    "wait_days",
                    models.PositiveIntegerField(
                        default=0, validators=[django.core.validators.MaxValueValidator(60)], verbose_name="wait"
                    ),
                ),
                ("new_thread", models.BooleanField(default=False, verbose_name="begins a new conversation")),
                ("letter_subject", models.CharField(blank=True, max_length=200, verbose_name="subject")),
                ("letter_body", models.TextField(blank=True, max_length=20000, verbose_name="letter")),
                ("other_subject", models.CharField(blank=True, max_length=200, verbose_name="other subject")),
                ("other_body", models.TextField(blank=True, max_length=20000, verbose_name="other letter")),
                ("retired_at", models.DateTimeField(editable=False, null=True)),
                (
                    "template",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="campaigns.template",
                    ),
                ),
            ],
            options={
                "ordering": ("position",),
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("retired_at", None)),
                        fields=("campaign", "position"),
                        name="step_position_once",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="BulkPart",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "bulk",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="parts", to="campaigns.bulkchange"
                    ),
                ),
                ("before", models.JSONField(default=dict)),
            ],
            options={
                "ordering": ("-pk",),
            },
        ),
        migrations.CreateModel(
            name="RunQuery",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "run",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="queries",
                        to="campaigns.discoveryrun",
                    ),
                ),
                ("provider", models.CharField(max_length=20)),
                ("text", models.CharField(max_length=300)),
                (
                    "state",
                    models.CharField(
                        choices=[("waiting", "Waiting"), ("done", "Asked"), ("failed", "No answer")],
                        default="waiting",
                        max_length=8,
                    ),
                ),
                ("results", models.PositiveIntegerField(default=0)),
                ("new_sites", models.PositiveIntegerField(default=0)),
                ("sentence", models.CharField(blank=True, max_length=300)),
                ("asked_at", models.DateTimeField(null=True)),
            ],
            options={
                "ordering": ("pk",),
                "constraints": [
                    models.UniqueConstraint(fields=("run", "provider", "text"), name="query_once_per_run")
                ],
            },
        ),
        migrations.CreateModel(
            name="FoundSite",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "run",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="sites", to="campaigns.discoveryrun"
                    ),
                ),
                ("url", models.URLField(max_length=500)),
                ("site_key", models.CharField(max_length=500)),
                ("domain", models.CharField(max_length=254)),
                ("title", models.CharField(blank=True, max_length=200)),
                ("snippet", models.CharField(blank=True, max_length=500)),
                ("found_by", models.JSONField(default=list)),
                (
                    "state",
                    models.CharField(
                        choices=[("waiting", "Waits to be read"), ("read", "Read"), ("failed", "Not read")],
                        default="waiting",
                        max_length=8,
                    ),
                ),
                ("sentence", models.CharField(blank=True, max_length=300)),
                ("read_at", models.DateTimeField(null=True)),
                ("pages", models.JSONField(default=list)),
                ("signals", models.JSONField(default=list)),
                ("reasons", models.JSONField(default=dict)),
                ("links_to", models.JSONField(default=list)),
                ("relevance_score", models.FloatField(null=True)),
                ("quality_score", models.FloatField(null=True)),
                ("guest_post_likelihood", models.FloatField(null=True)),
            ],
            options={
                "ordering": ("pk",),
                "indexes": [models.Index(fields=["run", "state", "id"], name="sites_of_run")],
                "constraints": [models.UniqueConstraint(fields=("run", "domain"), name="site_once_per_run")],
            },
        ),
        migrations.CreateModel(
            name="FoundContact",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "site",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="contacts", to="campaigns.foundsite"
                    ),
                ),
                ("email", models.EmailField(max_length=254)),
                ("email_key", models.CharField(max_length=254)),
                ("name", models.CharField(blank=True, max_length=120)),
                ("role", models.CharField(blank=True, max_length=120)),
                ("how", models.CharField(max_length=12)),
                ("url", models.URLField(blank=True, max_length=500)),
                ("passage", models.CharField(blank=True, max_length=500)),
                ("place", models.PositiveSmallIntegerField(default=0)),
            ],
            options={
                "ordering": ("place", "pk"),
                "indexes": [models.Index(fields=["email_key"], name="found_contacts_by_address")],
                "constraints": [models.UniqueConstraint(fields=("site", "email_key"), name="contact_once_per_site")],
            },
        ),
        migrations.CreateModel(
            name="ImportedRow",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "run",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="rows", to="campaigns.leadimport"
                    ),
                ),
                ("line", models.PositiveIntegerField()),
                (
                    "kind",
                    models.CharField(choices=[("skipped", "Skipped"), ("failed", "Not understood")], max_length=8),
                ),
                ("cells", models.JSONField(default=list)),
                ("sentence", models.CharField(max_length=300)),
            ],
            options={
                "ordering": ("line", "pk"),
                "indexes": [models.Index(fields=["run", "line"], name="rows_of_import")],
            },
        ),
        migrations.CreateModel(
            name="Lead",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "campaign",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="leads",
                        to="campaigns.campaign",
                    ),
                ),
                ("website_url", models.URLField(max_length=500, verbose_name="site")),
                ("site_key", models.CharField(editable=False, max_length=500)),
                ("domain", models.CharField(editable=False, max_length=254)),
                ("website_title", models.CharField(blank=True, max_length=200, verbose_name="site's name")),
                (
                    "topic",
                    models.CharField(blank=True, help_text="Fills {topic} in letters to this site.", max_length=120),
                ),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("discovered", "Discovered"),
                            ("contacted", "Contacted"),
                            ("replied", "Replied"),
                            ("placed", "Placed"),
                            ("lost", "Lost"),
                            ("bounced", "Bounced"),
                            ("unsubscribed", "Unsubscribed"),
                        ],
                        default="discovered",
                        max_length=12,
                    ),
                ),
                ("status_changed_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ("stage", models.CharField(blank=True, max_length=40)),
                ("next_action", models.CharField(blank=True, max_length=200)),
                ("next_action_on", models.DateField(blank=True, null=True)),
                (
                    "quoted_price",
                    models.DecimalField(blank=True, decimal_places=2, editable=False, max_digits=10, null=True),
                ),
                ("quoted_currency", models.CharField(blank=True, editable=False, max_length=3)),
                ("away_until", models.DateField(blank=True, editable=False, null=True)),
                (
                    "quality_score",
                    models.FloatField(
                        blank=True,
                        null=True,
                        validators=[
                            django.core.validators.MinValueValidator(0.0),
                            django.core.validators.MaxValueValidator(1.0),
                        ],
                    ),
                ),
                (
                    "relevance_score",
                    models.FloatField(
                        blank=True,
                        null=True,
                        validators=[
                            django.core.validators.MinValueValidator(0.0),
                            django.core.validators.MaxValueValidator(1.0),
                        ],
                    ),
                ),
                (
                    "guest_post_likelihood",
                    models.FloatField(
                        blank=True,
                        null=True,
                        validators=[
                            django.core.validators.MinValueValidator(0.0),
                            django.core.validators.MaxValueValidator(1.0),
                        ],
                    ),
                ),
                (
                    "source",
                    models.CharField(
                        choices=[
                            ("manual", "Added by hand"),
                            ("paste", "Pasted list"),
                            ("import", "Imported file"),
                            ("discovery", "Found by search"),
                            ("api", "Added through the API"),
                            ("rehearsal", "Rehearsal"),
                        ],
                        default="manual",
                        max_length=10,
                    ),
                ),
                (
                    "assignee",
                    models.ForeignKey(
                        blank=True,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="assigned to",
                    ),
                ),
                ("custom_fields", models.JSONField(blank=True, default=dict)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ("tags", models.ManyToManyField(blank=True, related_name="leads", to="campaigns.tag")),
            ],
            options={
                "ordering": ("pk",),
                "indexes": [
                    models.Index(fields=["campaign", "id"], name="leads_of_campaign"),
                    models.Index(fields=["campaign", "status", "id"], name="leads_by_status"),
                    models.Index(fields=["campaign", "quality_score", "id"], name="leads_by_quality"),
                    models.Index(fields=["campaign", "guest_post_likelihood", "id"], name="leads_by_likelihood"),
                    models.Index(fields=["campaign", "status_changed_at", "id"], name="leads_by_change"),
                    models.Index(
                        condition=models.Q(("assignee__isnull", False)),
                        fields=["campaign", "assignee", "id"],
                        name="leads_by_assignee",
                    ),
                    models.Index(fields=["domain"], name="leads_by_domain"),
                    models.Index(fields=["status_changed_at"], name="leads_changed"),
                    models.Index(
                        condition=models.Q(("next_action_on__isnull", False)),
                        fields=["next_action_on"],
                        name="leads_to_act_on",
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("campaign", "site_key"), name="site_once_per_campaign")
                ],
            },
        ),
        migrations.CreateModel(
            name="Attempt",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "campaign",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="attempts",
                        to="campaigns.campaign",
                    ),
                ),
                (
                    "workspace",
                    models.ForeignKey(
                        db_index=False,
                        editable=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="accounts.workspace",
                    ),
                ),
                (
                    "lead",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="attempts",
                        to="campaigns.lead",
                    ),
                ),
                (
                    "step",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="campaigns.step",
                    ),
                ),
                (
                    "template",
                    models.ForeignKey(
                        db_index=False,
                        editable=False,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="campaigns.template",
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[("first", "First letter"), ("follow_up", "Follow-up"), ("answer", "Answer")],
                        default="first",
                        max_length=10,
                    ),
                ),
                ("variant", models.CharField(blank=True, editable=False, max_length=1)),
                ("follows_at", models.DateTimeField(editable=False, null=True)),
                (
                    "mailbox",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="mailboxes.mailbox",
                    ),
                ),
                (
                    "identity",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="accounts.senderidentity",
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                ("recipient", models.EmailField(max_length=254)),
                ("recipient_name", models.CharField(blank=True, max_length=120)),
                ("recipient_key", models.CharField(max_length=254)),
                ("recipient_domain", models.CharField(max_length=254)),
                ("subject", models.CharField(max_length=200)),
                ("body", models.TextField()),
                ("in_reply_to", models.CharField(blank=True, max_length=255)),
                ("begins_thread", models.BooleanField(default=False, editable=False)),
                ("references", models.TextField(blank=True)),
                ("answers", models.CharField(blank=True, max_length=64)),
                (
                    "ground",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("consent", "They agreed to be written to"),
                            ("invited", "Their site invites pitches"),
                            ("published", "They publish the address for such letters"),
                            ("relationship", "We know each other"),
                            ("assessment", "We weighed their interests, and can show it"),
                        ],
                        max_length=12,
                    ),
                ),
                ("is_single", models.BooleanField(default=False, editable=False)),
                ("must_be_read", models.BooleanField(default=False, editable=False)),
                ("approved_at", models.DateTimeField(blank=True, null=True)),
                (
                    "approved_by",
                    models.ForeignKey(
                        blank=True,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                ("cool_off_waived_at", models.DateTimeField(blank=True, null=True)),
                (
                    "cool_off_waived_by",
                    models.ForeignKey(
                        blank=True,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                ("refusal_waived_at", models.DateTimeField(blank=True, null=True)),
                (
                    "refusal_waived_by",
                    models.ForeignKey(
                        blank=True,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("draft", "Draft"),
                            ("queued", "Queued"),
                            ("sending", "Sending"),
                            ("sent", "Sent"),
                            ("blocked", "Held back"),
                            ("failed", "Could not be sent"),
                            ("uncertain", "May have been sent"),
                            ("cancelled", "Cancelled"),
                        ],
                        default="queued",
                        max_length=10,
                    ),
                ),
                ("due_at", models.DateTimeField(default=django.utils.timezone.now, null=True)),
                ("reason", models.CharField(blank=True, max_length=500)),
                ("asks", models.CharField(blank=True, editable=False, max_length=120)),
                ("tries", models.PositiveIntegerField(default=0)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ("message_id", models.CharField(blank=True, max_length=255)),
                ("lease_token", models.UUIDField(editable=False, null=True)),
                ("leased_until", models.DateTimeField(editable=False, null=True)),
                ("valid_until", models.DateTimeField(editable=False, null=True)),
                ("started_at", models.DateTimeField(editable=False, null=True)),
                ("letterhead", models.JSONField(default=dict, editable=False)),
                ("finished_at", models.DateTimeField(editable=False, null=True)),
                ("settled_at", models.DateTimeField(editable=False, null=True)),
                ("verdict", models.CharField(blank=True, max_length=20)),
                ("server_words", models.CharField(blank=True, max_length=500)),
                ("wire_id", models.CharField(blank=True, max_length=255)),
            ],
            options={
                "ordering": ("-pk",),
                "indexes": [
                    models.Index(
                        condition=models.Q(("lease_token__isnull", True), ("state", "queued")),
                        fields=["mailbox", "due_at", "id"],
                        name="attempts_due",
                    ),
                    models.Index(
                        condition=models.Q(("lease_token__isnull", True), ("state", "queued")),
                        fields=["mailbox", "campaign", "due_at", "id"],
                        name="attempts_in_turn",
                    ),
                    models.Index(
                        condition=models.Q(("lease_token__isnull", True), ("state", "queued"), ("step__isnull", True)),
                        fields=["mailbox", "kind", "due_at", "id"],
                        name="attempts_of_no_step",
                    ),
                    models.Index(
                        condition=models.Q(("lease_token__isnull", False)),
                        fields=["leased_until"],
                        name="attempts_leased",
                    ),
                    models.Index(
                        condition=models.Q(
                            models.Q(("state", "sent"), ("state", "failed"), ("state", "uncertain"), _connector="OR"),
                            ("settled_at", None),
                        ),
                        fields=["id"],
                        name="attempts_unsettled",
                    ),
                    models.Index(fields=["campaign", "-id"], name="attempts_of_campaign"),
                    models.Index(
                        condition=models.Q(("state", "sent"), ("state", "uncertain"), _connector="OR"),
                        fields=["workspace", "finished_at"],
                        name="attempts_by_day",
                    ),
                    models.Index(fields=["workspace", "state", "-id"], name="attempts_by_state"),
                    models.Index(
                        condition=models.Q(("state", "queued")),
                        fields=["workspace", "due_at", "id"],
                        name="attempts_next",
                    ),
                    models.Index(fields=["recipient_key", "-id"], name="attempts_to_address"),
                    models.Index(
                        condition=models.Q(("answers", ""), _negated=True),
                        fields=["answers"],
                        name="attempts_that_answer",
                    ),
                    models.Index(
                        condition=models.Q(("template__isnull", False)),
                        fields=["template"],
                        name="attempts_from_template",
                    ),
                    models.Index(
                        condition=models.Q(("approved_by__isnull", False)),
                        fields=["approved_by"],
                        name="attempts_approved",
                    ),
                    models.Index(
                        condition=models.Q(("cool_off_waived_by__isnull", False)),
                        fields=["cool_off_waived_by"],
                        name="attempts_cool_off_waived",
                    ),
                    models.Index(
                        condition=models.Q(("refusal_waived_by__isnull", False)),
                        fields=["refusal_waived_by"],
                        name="attempts_refusal_waived",
                    ),
                    models.Index(
                        condition=models.Q(("wire_id", ""), _negated=True),
                        fields=["wire_id"],
                        name="attempts_by_wire_id",
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("lead", "step"), name="step_once_per_lead"),
                    models.UniqueConstraint(
                        condition=models.Q(("state__in", ["blocked", "cancelled"]), _negated=True),
                        fields=("step", "recipient_key"),
                        name="step_once_per_address",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("message_id", ""), _negated=True),
                        fields=("message_id",),
                        name="message_id_once",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Contact",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "lead",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="contacts", to="campaigns.lead"
                    ),
                ),
                ("email", models.EmailField(max_length=254, verbose_name="address")),
                ("email_key", models.CharField(editable=False, max_length=254)),
                ("name", models.CharField(blank=True, max_length=120)),
                ("role", models.CharField(blank=True, max_length=120)),
                ("found_url", models.URLField(blank=True, max_length=500, verbose_name="found at")),
                ("found_passage", models.CharField(blank=True, max_length=500)),
                ("found_at", models.DateTimeField(default=django.utils.timezone.now)),
                (
                    "found_how",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("mailto", "A link to write to"),
                            ("plain", "Plain text"),
                            ("structured", "Told to search engines"),
                            ("obfuscated", "Written so that only people read it"),
                        ],
                        max_length=12,
                    ),
                ),
                ("confirmed_at", models.DateTimeField(blank=True, editable=False, null=True)),
                (
                    "confirmed_by",
                    models.ForeignKey(
                        blank=True,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                ("origin", models.CharField(blank=True, max_length=500)),
            ],
            options={
                "indexes": [models.Index(fields=["email_key"], name="contacts_by_address")],
                "constraints": [models.UniqueConstraint(fields=("lead", "email_key"), name="address_once_per_lead")],
            },
        ),
        migrations.CreateModel(
            name="OwnLetter",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "lead",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE, related_name="own_letter", to="campaigns.lead"
                    ),
                ),
                (
                    "run",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="letters",
                        to="campaigns.draftrun",
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("waiting", "Waits to be written"),
                            ("proposed", "Wants to be looked at"),
                            ("accepted", "Accepted"),
                            ("failed", "Not written"),
                            ("dropped", "Dropped"),
                        ],
                        default="waiting",
                        max_length=8,
                    ),
                ),
                ("letter_subject", models.CharField(blank=True, max_length=200, verbose_name="subject")),
                ("letter_body", models.TextField(blank=True, max_length=20000, verbose_name="letter")),
                ("claims", models.JSONField(default=list)),
                ("open_claims", models.PositiveSmallIntegerField(default=0)),
                ("notes", models.JSONField(default=list)),
                ("sentence", models.CharField(blank=True, max_length=300)),
                ("tries", models.PositiveSmallIntegerField(default=0)),
                ("written_at", models.DateTimeField(editable=False, null=True)),
                ("accepted_at", models.DateTimeField(editable=False, null=True)),
                (
                    "accepted_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ("pk",),
                "indexes": [models.Index(fields=["run", "state", "id"], name="own_letters_of_run")],
            },
        ),
        migrations.CreateModel(
            name="Placement",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "lead",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="placements", to="campaigns.lead"
                    ),
                ),
                (
                    "page_url",
                    models.URLField(
                        help_text="The address of the article or page that links.",
                        max_length=1000,
                        verbose_name="page",
                    ),
                ),
                (
                    "target_url",
                    models.URLField(help_text="Your page that was agreed.", max_length=1000, verbose_name="links to"),
                ),
                (
                    "anchor",
                    models.CharField(
                        blank=True,
                        help_text="Empty: any words will do.",
                        max_length=200,
                        verbose_name="words of the link",
                    ),
                ),
                (
                    "rel",
                    models.CharField(
                        choices=[("follow", "Followed"), ("sponsored", "Sponsored"), ("any", "Whatever it says")],
                        default="follow",
                        max_length=10,
                        verbose_name="kind of link",
                    ),
                ),
                (
                    "price",
                    models.DecimalField(
                        blank=True,
                        decimal_places=2,
                        max_digits=10,
                        null=True,
                        validators=[django.core.validators.MinValueValidator(Decimal("0"))],
                    ),
                ),
                ("currency", models.CharField(blank=True, max_length=3)),
                ("agreed_on", models.DateField(blank=True, null=True, verbose_name="agreed on")),
                ("expires_on", models.DateField(blank=True, null=True, verbose_name="agreed until")),
                ("notes", models.TextField(blank=True, max_length=2000)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("expected", "Expected"),
                            ("live", "Live"),
                            ("changed", "Not as agreed"),
                            ("review", "Look yourself"),
                            ("lost", "Lost"),
                        ],
                        default="expected",
                        editable=False,
                        max_length=10,
                    ),
                ),
                ("problems", models.JSONField(default=list, editable=False)),
                ("found_rel", models.CharField(blank=True, editable=False, max_length=100)),
                ("found_anchor", models.CharField(blank=True, editable=False, max_length=300)),
                ("first_seen_at", models.DateTimeField(editable=False, null=True)),
                ("last_seen_at", models.DateTimeField(editable=False, null=True)),
                ("checked_at", models.DateTimeField(editable=False, null=True)),
                ("lost_at", models.DateTimeField(editable=False, null=True)),
                ("is_doubted", models.BooleanField(default=False, editable=False)),
                ("noted_at", models.DateTimeField(editable=False, null=True)),
                ("confirmed_at", models.DateTimeField(editable=False, null=True)),
                ("next_check_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ("checking_until", models.DateTimeField(editable=False, null=True)),
                ("asked_at", models.DateTimeField(editable=False, null=True)),
                (
                    "asked_by",
                    models.ForeignKey(
                        editable=False,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "created_by",
                    models.ForeignKey(
                        editable=False,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
            ],
            options={
                "ordering": ("pk",),
                "indexes": [models.Index(fields=["next_check_at"], name="placements_to_check")],
                "constraints": [
                    models.UniqueConstraint(fields=("lead", "page_url", "target_url"), name="one_placement_a_link")
                ],
            },
        ),
        migrations.CreateModel(
            name="Task",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "campaign",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="tasks", to="campaigns.campaign"
                    ),
                ),
                (
                    "lead",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="tasks", to="campaigns.lead"
                    ),
                ),
                (
                    "step",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.SET_NULL, related_name="+", to="campaigns.step"
                    ),
                ),
                ("due_at", models.DateTimeField()),
                ("follows_at", models.DateTimeField(editable=False, null=True)),
                ("done_at", models.DateTimeField(editable=False, null=True)),
                (
                    "done_by",
                    models.ForeignKey(
                        editable=False,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                ("dropped_at", models.DateTimeField(editable=False, null=True)),
                ("reason", models.CharField(blank=True, max_length=200)),
            ],
            options={
                "indexes": [
                    models.Index(
                        condition=models.Q(("done_at", None), ("dropped_at", None)),
                        fields=["campaign", "due_at"],
                        name="tasks_to_do",
                    )
                ],
                "constraints": [models.UniqueConstraint(fields=("lead", "step"), name="task_once_per_lead")],
            },
        ),
        migrations.CreateModel(
            name="EnclosedFile",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "attempt",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="enclosures", to="campaigns.attempt"
                    ),
                ),
                ("name", models.CharField(max_length=120)),
                ("content_type", models.CharField(max_length=120)),
                ("size", models.PositiveIntegerField()),
                ("content", models.BinaryField()),
            ],
            options={
                "ordering": ("pk",),
            },
        ),
        migrations.CreateModel(
            name="PlacementCheck",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "placement",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="checks", to="campaigns.placement"
                    ),
                ),
                ("at", models.DateTimeField()),
                (
                    "by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                ("outcome", models.CharField(max_length=12)),
                ("problems", models.JSONField(default=list)),
                ("status", models.PositiveSmallIntegerField(null=True)),
                ("final_url", models.CharField(blank=True, max_length=2000)),
                ("href", models.CharField(blank=True, max_length=2000)),
                ("rel", models.CharField(blank=True, max_length=100)),
                ("anchor", models.CharField(blank=True, max_length=300)),
                ("passage", models.CharField(blank=True, max_length=600)),
                ("sentence", models.CharField(blank=True, max_length=500)),
            ],
            options={
                "ordering": ("-at", "-pk"),
            },
        ),
        migrations.CreateModel(
            name="SentCopy",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "attempt",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="campaigns.attempt"
                    ),
                ),
                ("due_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("claimed_until", models.DateTimeField(null=True)),
                ("tries", models.PositiveIntegerField(default=0)),
                ("copied_at", models.DateTimeField(null=True)),
                ("given_up_at", models.DateTimeField(null=True)),
            ],
            options={
                "indexes": [
                    models.Index(
                        condition=models.Q(("copied_at", None), ("given_up_at", None)),
                        fields=["due_at"],
                        name="sent_copies_due",
                    )
                ],
            },
        ),
    ]),
        migrations.AddField(
            model_name="foundsite",
            name="lead",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.SET_NULL, related_name="+", to="campaigns.lead"
            ),
        ),
        migrations.AddField(
            model_name="importedrow",
            name="lead",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.SET_NULL, related_name="+", to="campaigns.lead"
            ),
        ),
        migrations.AddField(
            model_name="lead",
            name="contact",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to="campaigns.contact",
            ),
        ),
    ]
