import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

from outreach_site.lib.migrating import CreateModels


class Migration(migrations.Migration):
    replaces = [
        ("inbox", "0001_initial"),
        ("inbox", "0002_what_was_made_of_it"),
        ("inbox", "0003_what_people_put_beside_it"),
        ("inbox", "0004_what_it_asks_for"),
        ("inbox", "0005_what_is_read_for"),
        ("inbox", "0006_where_reading_began"),
        ("inbox", "0007_webhooks"),
        ("inbox", "0008_what_lists_read"),
        ("inbox", "0009_what_numbers_are_counted_by"),
    ]

    initial = True

    dependencies = [
        ("accounts", "0001_squashed"),
        ("campaigns", "0001_squashed"),
        ("mailboxes", "0001_squashed"),
    ]

    operations = [CreateModels([
        migrations.CreateModel(
            name="FolderCursor",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "mailbox",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="mailboxes.mailbox"
                    ),
                ),
                ("folder", models.CharField(max_length=255)),
                ("uid_validity", models.BigIntegerField()),
                ("last_uid", models.BigIntegerField(default=0)),
                ("history_uid", models.BigIntegerField(default=0)),
                ("history_read_since", models.DateField(blank=True, null=True)),
                ("began_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("moved_at", models.DateTimeField(default=django.utils.timezone.now)),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("mailbox", "folder"), name="one_cursor_per_folder")],
            },
        ),
        migrations.CreateModel(
            name="RawMessage",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "mailbox",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="mailboxes.mailbox"
                    ),
                ),
                ("digest", models.CharField(max_length=64)),
                ("size", models.PositiveIntegerField()),
                ("folder", models.CharField(max_length=255)),
                ("is_sent", models.BooleanField(default=False)),
                ("uid_validity", models.BigIntegerField(default=0)),
                ("uid", models.BigIntegerField(default=0)),
                ("message_id", models.CharField(blank=True, max_length=998)),
                ("received_at", models.DateTimeField()),
                ("stored_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("understood_at", models.DateTimeField(blank=True, null=True)),
                ("error", models.CharField(blank=True, max_length=500)),
            ],
            options={
                "indexes": [
                    models.Index(
                        condition=models.Q(("error", ""), ("understood_at", None)),
                        fields=["mailbox", "id"],
                        name="not_understood",
                    ),
                    models.Index(fields=["mailbox", "received_at"], name="raw_by_arrival"),
                    models.Index(fields=["understood_at"], name="raw_by_understanding"),
                ],
                "constraints": [models.UniqueConstraint(fields=("mailbox", "digest"), name="same_bytes_once")],
            },
        ),
        migrations.CreateModel(
            name="ReadingPlan",
            fields=[
                (
                    "mailbox",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="+",
                        serialize=False,
                        to="mailboxes.mailbox",
                    ),
                ),
                ("folders", models.JSONField(blank=True, default=list)),
                ("history_since", models.DateField(blank=True, null=True)),
            ],
        ),
        migrations.CreateModel(
            name="Webhook",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "mailbox",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="mailboxes.mailbox"
                    ),
                ),
                (
                    "provider",
                    models.CharField(
                        choices=[("sendgrid", "SendGrid"), ("mailgun", "Mailgun"), ("ses", "Amazon SES")],
                        max_length=12,
                    ),
                ),
                ("token_digest", models.CharField(max_length=64, unique=True)),
                ("token_sealed", models.TextField(editable=False)),
                ("signing_key_sealed", models.TextField(blank=True, editable=False)),
                ("account", models.CharField(blank=True, editable=False, max_length=20)),
                ("opened_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("heard_at", models.DateTimeField(blank=True, null=True)),
                ("mail_at", models.DateTimeField(blank=True, null=True)),
                ("refused_at", models.DateTimeField(blank=True, null=True)),
                ("refused_because", models.CharField(blank=True, max_length=200)),
            ],
        ),
        migrations.CreateModel(
            name="RawBody",
            fields=[
                (
                    "message",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="body",
                        serialize=False,
                        to="inbox.rawmessage",
                    ),
                ),
                ("compressed", models.BinaryField()),
            ],
        ),
        migrations.CreateModel(
            name="Reply",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "workspace",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="accounts.workspace"
                    ),
                ),
                (
                    "mailbox",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="mailboxes.mailbox"
                    ),
                ),
                (
                    "raw",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE, related_name="reply", to="inbox.rawmessage"
                    ),
                ),
                (
                    "attempt",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="replies",
                        to="campaigns.attempt",
                    ),
                ),
                (
                    "campaign",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="replies",
                        to="campaigns.campaign",
                    ),
                ),
                (
                    "lead",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="replies",
                        to="campaigns.lead",
                    ),
                ),
                ("matched_by", models.CharField(blank=True, max_length=20)),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("reply", "Reply"),
                            ("auto_reply", "Automatic reply"),
                            ("bounce", "Bounce"),
                            ("delay", "Delay notice"),
                            ("complaint", "Complaint"),
                            ("receipt", "Receipt"),
                            ("list", "Newsletter"),
                        ],
                        max_length=12,
                    ),
                ),
                (
                    "classification",
                    models.CharField(
                        choices=[
                            ("interested", "Interested"),
                            ("not_interested", "Not interested"),
                            ("out_of_office", "Out of office"),
                            ("replied", "Replied"),
                            ("bounce", "Bounce"),
                            ("complaint", "Complaint"),
                        ],
                        max_length=16,
                    ),
                ),
                ("evidence", models.JSONField(default=list)),
                ("intents", models.JSONField(default=list)),
                ("asks_opt_out", models.BooleanField(default=False)),
                ("needs_review", models.BooleanField(default=False)),
                ("return_on", models.DateField(blank=True, null=True)),
                ("failed_recipient", models.CharField(blank=True, max_length=254)),
                ("hardness", models.CharField(blank=True, max_length=8)),
                ("server_words", models.CharField(blank=True, max_length=500)),
                ("from_name", models.CharField(blank=True, max_length=200)),
                ("from_email", models.CharField(blank=True, max_length=254)),
                ("from_key", models.CharField(blank=True, max_length=254)),
                ("subject", models.CharField(blank=True, max_length=998)),
                ("message_id", models.CharField(blank=True, max_length=998)),
                ("in_reply_to", models.CharField(blank=True, max_length=998)),
                ("text", models.TextField(blank=True)),
                ("new_text", models.TextField(blank=True)),
                ("text_digest", models.CharField(blank=True, max_length=64)),
                ("received_at", models.DateTimeField()),
                ("read_at", models.DateTimeField(blank=True, null=True)),
                ("done_at", models.DateTimeField(blank=True, null=True)),
                ("snoozed_until", models.DateTimeField(blank=True, null=True)),
                (
                    "assignee",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                ("suppressed_value", models.CharField(blank=True, max_length=254)),
            ],
            options={
                "verbose_name_plural": "replies",
                "ordering": ("-received_at", "-pk"),
                "indexes": [
                    models.Index(fields=["workspace", "-received_at", "-id"], name="replies_newest_first"),
                    models.Index(fields=["workspace", "classification", "-received_at", "-id"], name="replies_by_tag"),
                    models.Index(
                        condition=models.Q(("read_at", None)),
                        fields=["workspace", "-received_at", "-id"],
                        name="replies_unread",
                    ),
                    models.Index(
                        condition=models.Q(("needs_review", True)),
                        fields=["workspace", "-received_at", "-id"],
                        name="replies_to_review",
                    ),
                    models.Index(
                        condition=models.Q(("lead", None)),
                        fields=["workspace", "-received_at", "-id"],
                        name="replies_unlinked",
                    ),
                    models.Index(
                        condition=models.Q(("assignee__isnull", False)),
                        fields=["workspace", "assignee", "-received_at", "-id"],
                        name="replies_taken",
                    ),
                    models.Index(fields=["lead", "received_at"], name="replies_of_lead"),
                    models.Index(
                        condition=models.Q(("snoozed_until__isnull", False)),
                        fields=["workspace", "snoozed_until"],
                        name="replies_snoozed",
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("message_id", ""), _negated=True),
                        fields=("mailbox", "message_id", "text_digest"),
                        name="one_reply_per_message",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="SentByHand",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "workspace",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="accounts.workspace"
                    ),
                ),
                (
                    "mailbox",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="mailboxes.mailbox"
                    ),
                ),
                (
                    "raw",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE, related_name="sent_by_hand", to="inbox.rawmessage"
                    ),
                ),
                (
                    "lead",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="sent_by_hand", to="campaigns.lead"
                    ),
                ),
                ("recipient", models.CharField(max_length=254)),
                ("recipient_key", models.CharField(max_length=254)),
                ("recipient_domain", models.CharField(max_length=254)),
                ("subject", models.CharField(blank=True, max_length=998)),
                ("message_id", models.CharField(blank=True, max_length=998)),
                ("text", models.TextField(blank=True)),
                ("sent_at", models.DateTimeField()),
            ],
            options={
                "verbose_name_plural": "letters sent by hand",
                "indexes": [
                    models.Index(fields=["lead", "sent_at"], name="by_hand_to_lead"),
                    models.Index(fields=["workspace", "recipient_domain", "sent_at"], name="by_hand_to_site"),
                    models.Index(fields=["workspace", "recipient_key"], name="by_hand_to_address"),
                ],
            },
        ),
        migrations.CreateModel(
            name="AnswerDraft",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "reply",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="drafts", to="inbox.reply"
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                ("subject", models.CharField(blank=True, max_length=200)),
                ("body", models.TextField(blank=True, max_length=20000)),
                ("written_at", models.DateTimeField(default=django.utils.timezone.now)),
                (
                    "attempt",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="campaigns.attempt",
                    ),
                ),
                ("sent_at", models.DateTimeField(blank=True, null=True)),
            ],
            options={
                "indexes": [
                    models.Index(
                        condition=models.Q(("sent_at", None), _negated=True), fields=["sent_at"], name="drafts_sent"
                    )
                ],
                "constraints": [models.UniqueConstraint(fields=("reply", "user"), name="one_draft_each")],
            },
        ),
        migrations.CreateModel(
            name="Note",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "workspace",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="accounts.workspace"
                    ),
                ),
                (
                    "reply",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="notes",
                        to="inbox.reply",
                    ),
                ),
                (
                    "lead",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="notes",
                        to="campaigns.lead",
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                ("text", models.TextField(max_length=4000)),
                ("written_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("edited_at", models.DateTimeField(blank=True, null=True)),
            ],
            options={
                "ordering": ("-written_at", "-pk"),
            },
        ),
        migrations.CreateModel(
            name="ReplyLabel",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "reply",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="labels", to="inbox.reply"
                    ),
                ),
                (
                    "classification",
                    models.CharField(
                        choices=[
                            ("interested", "Interested"),
                            ("not_interested", "Not interested"),
                            ("out_of_office", "Out of office"),
                            ("replied", "Replied"),
                            ("bounce", "Bounce"),
                            ("complaint", "Complaint"),
                        ],
                        max_length=16,
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                ("labelled_at", models.DateTimeField(default=django.utils.timezone.now)),
            ],
            options={
                "ordering": ("labelled_at", "pk"),
                "indexes": [models.Index(fields=["labelled_at"], name="labels_by_time")],
            },
        ),
        migrations.CreateModel(
            name="ReplyLink",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "reply",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="links", to="inbox.reply"
                    ),
                ),
                (
                    "lead",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="campaigns.lead"
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                ("linked_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("undone_at", models.DateTimeField(blank=True, null=True)),
                (
                    "lead_before",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="campaigns.lead",
                    ),
                ),
                (
                    "attempt_before",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="campaigns.attempt",
                    ),
                ),
                ("matched_by_before", models.CharField(blank=True, max_length=20)),
                ("status_before", models.CharField(blank=True, max_length=12)),
            ],
            options={
                "ordering": ("linked_at", "pk"),
            },
        ),
        migrations.CreateModel(
            name="DraftFile",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "draft",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="files", to="inbox.answerdraft"
                    ),
                ),
                ("name", models.CharField(max_length=200)),
                ("size", models.PositiveIntegerField()),
                ("content", models.BinaryField()),
                ("added_at", models.DateTimeField(default=django.utils.timezone.now)),
            ],
            options={
                "ordering": ("pk",),
            },
        ),
    ])]
