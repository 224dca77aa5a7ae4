import django.core.validators
import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models


class Migration(migrations.Migration):
    replaces = [
        ("mailboxes", "0001_initial"),
        ("mailboxes", "0002_a_slow_start"),
        ("mailboxes", "0003_who_writes_already"),
        ("mailboxes", "0004_a_rest_of_its_own"),
        ("mailboxes", "0005_webhooks"),
        ("mailboxes", "0006_connections"),
        ("mailboxes", "0007_sending_domains"),
        ("mailboxes", "0008_copies_of_what_was_sent"),
    ]

    initial = True

    dependencies = [
        ("accounts", "0001_squashed"),
    ]

    operations = [
        migrations.CreateModel(
            name="Mailbox",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "workspace",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="mailboxes", to="accounts.workspace"
                    ),
                ),
                (
                    "email",
                    models.EmailField(
                        help_text="Letters come from this address.", max_length=254, verbose_name="address"
                    ),
                ),
                ("from_name", models.CharField(blank=True, max_length=120, verbose_name="name shown as sender")),
                (
                    "provider",
                    models.CharField(
                        choices=[
                            ("gmail", "Gmail or Google Workspace"),
                            ("outlook", "Outlook or Microsoft 365"),
                            ("cpanel", "Web hosting (cPanel)"),
                            ("sendgrid", "SendGrid"),
                            ("mailgun", "Mailgun"),
                            ("ses", "Amazon SES"),
                            ("rehearsal", "Rehearsal post office"),
                            ("other", "Another provider"),
                        ],
                        default="other",
                        max_length=12,
                    ),
                ),
                (
                    "reading",
                    models.CharField(
                        choices=[
                            ("dedicated", "For outreach only: everything in it is read"),
                            ("personal", "Also somebody's own: only answers to our letters are read"),
                        ],
                        default="dedicated",
                        max_length=10,
                    ),
                ),
                ("from_environment", models.BooleanField(default=False, editable=False)),
                (
                    "sign_in_by",
                    models.CharField(
                        choices=[
                            ("password", "User and password"),
                            ("google", "Connected with Google"),
                            ("microsoft", "Connected with Microsoft"),
                        ],
                        default="password",
                        editable=False,
                        max_length=10,
                    ),
                ),
                ("smtp_host", models.CharField(max_length=253, verbose_name="SMTP host")),
                (
                    "smtp_port",
                    models.PositiveIntegerField(
                        default=587,
                        validators=[django.core.validators.MaxValueValidator(65535)],
                        verbose_name="SMTP port",
                    ),
                ),
                (
                    "smtp_security",
                    models.CharField(
                        choices=[("starttls", "STARTTLS"), ("tls", "TLS from the start")],
                        default="starttls",
                        max_length=8,
                    ),
                ),
                ("smtp_user", models.CharField(max_length=254, verbose_name="SMTP user")),
                ("smtp_password_token", models.TextField(blank=True, editable=False)),
                ("smtp_password_set_at", models.DateTimeField(blank=True, editable=False, null=True)),
                ("verify_tls", models.BooleanField(default=True, verbose_name="verify the server's certificate")),
                ("imap_host", models.CharField(blank=True, max_length=253, verbose_name="IMAP host")),
                (
                    "imap_port",
                    models.PositiveIntegerField(
                        default=993,
                        validators=[django.core.validators.MaxValueValidator(65535)],
                        verbose_name="IMAP port",
                    ),
                ),
                (
                    "imap_security",
                    models.CharField(
                        choices=[("starttls", "STARTTLS"), ("tls", "TLS from the start")], default="tls", max_length=8
                    ),
                ),
                ("imap_user", models.CharField(blank=True, max_length=254, verbose_name="IMAP user")),
                ("imap_password_token", models.TextField(blank=True, editable=False)),
                ("imap_password_set_at", models.DateTimeField(blank=True, editable=False, null=True)),
                (
                    "keep_sent_copies",
                    models.BooleanField(
                        default=False,
                        help_text="Over IMAP, after a letter was sent. Gmail and Outlook keep copies by themselves.",
                        verbose_name="keep a copy of each letter in the Sent folder",
                    ),
                ),
                ("sent_copy_trouble", models.CharField(blank=True, editable=False, max_length=300)),
                ("sign_in", models.CharField(editable=False, max_length=510)),
                (
                    "hourly_limit",
                    models.PositiveIntegerField(
                        blank=True,
                        help_text="Empty means this server's own limit, which also bounds it.",
                        null=True,
                        validators=[django.core.validators.MinValueValidator(1)],
                        verbose_name="letters an hour",
                    ),
                ),
                (
                    "daily_limit",
                    models.PositiveIntegerField(
                        blank=True,
                        help_text="Empty means no limit of its own.",
                        null=True,
                        validators=[django.core.validators.MinValueValidator(1)],
                        verbose_name="letters a day",
                    ),
                ),
                (
                    "min_gap_seconds",
                    models.PositiveIntegerField(
                        default=5,
                        help_text="At least this long passes between two letters, and campaigns are spread over the hour. 0: no pause, and nothing is spread.",
                        validators=[django.core.validators.MaxValueValidator(3600)],
                        verbose_name="pause between letters, in seconds",
                    ),
                ),
                (
                    "ramps_up",
                    models.BooleanField(
                        default=True,
                        help_text="A new address sends 10 letters on its first day and 3 more each day, up to 50. Answers are not held back. Switch it off for an address that has sent for long.",
                        verbose_name="start slowly",
                    ),
                ),
                ("next_send_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ("rests_until", models.DateTimeField(blank=True, editable=False, null=True)),
                ("next_spread_at", models.DateTimeField(blank=True, editable=False, null=True)),
                ("first_sent_at", models.DateTimeField(blank=True, editable=False, null=True)),
                ("last_turn", models.CharField(blank=True, editable=False, max_length=40)),
                ("lease_token", models.UUIDField(blank=True, editable=False, null=True)),
                ("leased_until", models.DateTimeField(blank=True, editable=False, null=True)),
                ("poll_token", models.UUIDField(blank=True, editable=False, null=True)),
                ("poll_leased_until", models.DateTimeField(blank=True, editable=False, null=True)),
                ("polled_at", models.DateTimeField(blank=True, editable=False, null=True)),
                ("poll_failures", models.PositiveIntegerField(default=0, editable=False)),
                ("webhook_verified_at", models.DateTimeField(blank=True, editable=False, null=True)),
                ("next_poll_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                (
                    "sending_state",
                    models.CharField(
                        choices=[("untested", "Not tried yet"), ("ok", "Working"), ("trouble", "In trouble")],
                        default="untested",
                        editable=False,
                        max_length=10,
                    ),
                ),
                ("sending_state_at", models.DateTimeField(blank=True, editable=False, null=True)),
                ("sending_trouble", models.CharField(blank=True, editable=False, max_length=500)),
                ("sending_advice", models.CharField(blank=True, editable=False, max_length=500)),
                (
                    "receiving_state",
                    models.CharField(
                        choices=[("untested", "Not tried yet"), ("ok", "Working"), ("trouble", "In trouble")],
                        default="untested",
                        editable=False,
                        max_length=10,
                    ),
                ),
                ("receiving_state_at", models.DateTimeField(blank=True, editable=False, null=True)),
                ("receiving_trouble", models.CharField(blank=True, editable=False, max_length=500)),
                ("receiving_advice", models.CharField(blank=True, editable=False, max_length=500)),
                ("paused_at", models.DateTimeField(blank=True, editable=False, null=True)),
                ("archived_at", models.DateTimeField(blank=True, editable=False, null=True)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
            ],
            options={
                "verbose_name_plural": "mailboxes",
                "ordering": ("email", "pk"),
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("archived_at", None)),
                        fields=("sign_in",),
                        name="one_mailbox_per_smtp_sign_in",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="SendingDomain",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "workspace",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="accounts.workspace"
                    ),
                ),
                ("domain", models.CharField(max_length=253)),
                ("dkim_selectors", models.CharField(blank=True, max_length=400)),
                ("verdict", models.CharField(blank=True, editable=False, max_length=10)),
                ("checked_at", models.DateTimeField(editable=False, null=True)),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("workspace", "domain"), name="sending_domain_once")],
            },
        ),
        migrations.CreateModel(
            name="TestLetter",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("user_id", models.BigIntegerField()),
                ("sent_at", models.DateTimeField(default=django.utils.timezone.now)),
            ],
            options={
                "indexes": [models.Index(fields=["user_id", "sent_at"], name="test_letters_of_user")],
            },
        ),
        migrations.CreateModel(
            name="Connection",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "mailbox",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE, related_name="connection", to="mailboxes.mailbox"
                    ),
                ),
                ("refresh_token", models.TextField(editable=False)),
                ("refresh_expires_at", models.DateTimeField(editable=False, null=True)),
                ("access_token", models.TextField(blank=True, editable=False)),
                ("access_expires_at", models.DateTimeField(editable=False, null=True)),
                ("connected_at", models.DateTimeField(editable=False)),
                ("renewed_at", models.DateTimeField(editable=False)),
                ("tried_at", models.DateTimeField(editable=False, null=True)),
                ("renewing_token", models.UUIDField(editable=False, null=True)),
                ("renewing_until", models.DateTimeField(editable=False, null=True)),
                ("ended_at", models.DateTimeField(editable=False, null=True)),
                ("warned_at", models.DateTimeField(editable=False, null=True)),
                ("told_ended_at", models.DateTimeField(editable=False, null=True)),
            ],
        ),
        migrations.CreateModel(
            name="DomainCheck",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "sending_domain",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="checks",
                        to="mailboxes.sendingdomain",
                    ),
                ),
                ("found_at", models.DateTimeField()),
                ("confirmed_at", models.DateTimeField()),
                ("records", models.JSONField()),
            ],
        ),
    ]
