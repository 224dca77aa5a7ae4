import django.core.validators
import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

from outreach_site.lib.migrating import CreateModels


class Migration(migrations.Migration):
    replaces = [
        ("desk", "0001_initial"),
        ("desk", "0002_heartbeats_of_hosts_and_runs"),
        ("desk", "0003_notices"),
        ("desk", "0004_outgoing_webhooks"),
        ("desk", "0005_notice_marks"),
    ]

    initial = True

    dependencies = [
        ("accounts", "0001_squashed"),
    ]

    operations = [CreateModels([
        migrations.CreateModel(
            name="Digest",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "membership",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="accounts.membership"
                    ),
                ),
                ("is_wanted", models.BooleanField(default=False, verbose_name="Send me a letter about the day")),
                (
                    "hour",
                    models.PositiveSmallIntegerField(
                        default=8, validators=[django.core.validators.MaxValueValidator(23)]
                    ),
                ),
                ("kinds", models.JSONField(default=list)),
                ("claimed_on", models.DateField(editable=False, null=True)),
                ("told_until", models.DateTimeField(editable=False, null=True)),
                ("sent_at", models.DateTimeField(editable=False, null=True)),
                ("failure", models.CharField(blank=True, editable=False, max_length=300)),
            ],
            options={
                "indexes": [models.Index(fields=["is_wanted", "id"], name="digests_wanted")],
            },
        ),
        migrations.CreateModel(
            name="Endpoint",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "workspace",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="accounts.workspace"
                    ),
                ),
                ("url", models.CharField(max_length=500, verbose_name="address")),
                ("note", models.CharField(blank=True, max_length=80, verbose_name="what it is for")),
                ("events", models.JSONField(default=list)),
                ("secret_token", models.TextField(editable=False)),
                ("old_secret_token", models.TextField(blank=True, editable=False)),
                ("old_secret_until", models.DateTimeField(editable=False, null=True)),
                (
                    "created_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ("failing_since", models.DateTimeField(editable=False, null=True)),
                ("given_up", models.PositiveIntegerField(default=0, editable=False)),
                ("off_at", models.DateTimeField(editable=False, null=True)),
                ("off_because", models.CharField(blank=True, editable=False, max_length=300)),
                ("removed_at", models.DateTimeField(editable=False, null=True)),
            ],
            options={
                "ordering": ("pk",),
            },
        ),
        migrations.CreateModel(
            name="Event",
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
                ("what", models.CharField(max_length=24)),
                ("key", models.CharField(max_length=120)),
                ("uid", models.CharField(max_length=40, unique=True)),
                ("about", models.CharField(max_length=64)),
                ("address_key", models.CharField(blank=True, max_length=254)),
                ("body", models.TextField()),
                ("created_at", models.DateTimeField()),
            ],
            options={
                "indexes": [
                    models.Index(fields=["workspace", "address_key"], name="events_of_person"),
                    models.Index(fields=["created_at"], name="events_by_age"),
                ],
                "constraints": [models.UniqueConstraint(fields=("workspace", "what", "key"), name="event_once")],
            },
        ),
        migrations.CreateModel(
            name="Heartbeat",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("cluster", models.CharField(max_length=40)),
                ("host", models.CharField(max_length=120)),
                ("beat_at", models.DateTimeField()),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("cluster", "host"), name="one_heartbeat_each")],
            },
        ),
        migrations.CreateModel(
            name="Notice",
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
                    "kind",
                    models.CharField(
                        choices=[
                            ("interested", "Interested replies"),
                            ("mailbox", "Mailboxes in trouble"),
                            ("lost_link", "Lost links"),
                            ("cap", "Limits that were reached"),
                            ("finished", "Finished campaigns"),
                            ("webhook", "Webhooks that were switched off"),
                        ],
                        max_length=12,
                    ),
                ),
                ("key", models.CharField(max_length=120)),
                ("about", models.CharField(max_length=64)),
                ("facts", models.JSONField(default=dict)),
                ("at", models.DateTimeField()),
            ],
            options={
                "ordering": ("-pk",),
                "indexes": [
                    models.Index(fields=["workspace", "-id"], name="notices_newest_first"),
                    models.Index(fields=["at"], name="notices_by_age"),
                ],
                "constraints": [models.UniqueConstraint(fields=("workspace", "kind", "key"), name="told_once")],
            },
        ),
        migrations.CreateModel(
            name="NoticeMark",
            fields=[
                (
                    "membership",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="+",
                        serialize=False,
                        to="accounts.membership",
                    ),
                ),
                ("through", models.BigIntegerField(default=0)),
            ],
        ),
        migrations.CreateModel(
            name="Run",
            fields=[
                ("schedule", models.CharField(max_length=100, primary_key=True, serialize=False)),
                ("began_at", models.DateTimeField()),
                ("seconds", models.FloatField()),
                ("worked", models.BooleanField()),
                ("host", models.CharField(max_length=120)),
                ("failed_at", models.DateTimeField(blank=True, null=True)),
                ("failure", models.CharField(blank=True, max_length=120)),
            ],
        ),
        migrations.CreateModel(
            name="Delivery",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "event",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="deliveries", to="desk.event"
                    ),
                ),
                (
                    "endpoint",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="deliveries",
                        to="desk.endpoint",
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[("waiting", "On its way"), ("delivered", "Delivered"), ("given_up", "Given up")],
                        default="waiting",
                        max_length=10,
                    ),
                ),
                ("tries", models.PositiveIntegerField(default=0)),
                ("next_try_at", models.DateTimeField()),
                ("leased_until", models.DateTimeField(null=True)),
                ("finished_at", models.DateTimeField(null=True)),
            ],
            options={
                "verbose_name_plural": "deliveries",
                "ordering": ("-pk",),
                "indexes": [
                    models.Index(fields=["endpoint", "-id"], name="deliveries_newest_first"),
                    models.Index(
                        condition=models.Q(("state", "waiting")),
                        fields=["endpoint", "next_try_at"],
                        name="deliveries_due",
                    ),
                ],
                "constraints": [models.UniqueConstraint(fields=("event", "endpoint"), name="delivery_once")],
            },
        ),
        migrations.CreateModel(
            name="NoticeRead",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "notice",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="reads",
                        to="desk.notice",
                    ),
                ),
                (
                    "membership",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="accounts.membership"
                    ),
                ),
                ("at", models.DateTimeField()),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("notice", "membership"), name="read_once")],
            },
        ),
        migrations.CreateModel(
            name="DeliveryTry",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "delivery",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="log", to="desk.delivery"
                    ),
                ),
                ("at", models.DateTimeField()),
                ("status", models.PositiveSmallIntegerField(null=True)),
                ("sentence", models.CharField(max_length=300)),
                ("milliseconds", models.PositiveIntegerField()),
                (
                    "by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "delivery tries",
                "ordering": ("-pk",),
            },
        ),
    ])]
