import django.core.validators
import django.db.models.deletion
import django.db.models.functions.text
import django.utils.timezone
import outreach_site.accounts.models
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    replaces = [
        ("accounts", "0001_initial"),
        ("accounts", "0002_what_a_person_looks_at"),
        ("accounts", "0003_a_rehearsal_flows"),
        ("accounts", "0004_restored_from_a_backup"),
        ("accounts", "0005_calls_are_counted"),
    ]

    initial = True

    dependencies = [
        ("auth", "0012_alter_user_first_name_max_length"),
    ]

    operations = [
        migrations.CreateModel(
            name="CallCount",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("who", models.CharField(max_length=48, unique=True)),
                ("minute", models.BigIntegerField(default=0)),
                ("used", models.PositiveIntegerField(default=0)),
            ],
        ),
        migrations.CreateModel(
            name="Installation",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("instance_id", models.CharField(max_length=64)),
                ("digest_check", models.CharField(max_length=64)),
                ("claimed_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("restored_from_at", models.DateTimeField(blank=True, null=True)),
            ],
        ),
        migrations.CreateModel(
            name="Workspace",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=80)),
                ("slug", models.SlugField(max_length=60, unique=True)),
                (
                    "time_zone",
                    models.CharField(
                        default="UTC", max_length=64, validators=[outreach_site.accounts.models.validate_time_zone]
                    ),
                ),
                (
                    "daily_user_cap",
                    models.PositiveIntegerField(
                        blank=True,
                        help_text="Empty means this server's own limit, which also bounds it.",
                        null=True,
                        validators=[django.core.validators.MinValueValidator(1)],
                        verbose_name="letters per person and day",
                    ),
                ),
                (
                    "daily_domain_cap",
                    models.PositiveIntegerField(
                        blank=True,
                        help_text="Empty means this server's own limit, which also bounds it.",
                        null=True,
                        validators=[django.core.validators.MinValueValidator(1)],
                        verbose_name="letters per recipient domain and day",
                    ),
                ),
                ("regions", models.JSONField(blank=True, default=dict)),
                (
                    "cool_off_days",
                    models.PositiveSmallIntegerField(
                        default=90,
                        validators=[django.core.validators.MaxValueValidator(730)],
                        verbose_name="days between letters to one site",
                    ),
                ),
                (
                    "first_letters",
                    models.PositiveSmallIntegerField(
                        default=10,
                        validators=[django.core.validators.MaxValueValidator(1000)],
                        verbose_name="first letters to approve",
                    ),
                ),
                ("look_at_regions", models.JSONField(blank=True, default=list)),
                (
                    "is_rehearsal",
                    models.BooleanField(
                        default=False,
                        editable=False,
                        help_text="Writes to the rehearsal post office only, and never to a real address.",
                    ),
                ),
                ("sending_stopped_at", models.DateTimeField(blank=True, editable=False, null=True)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
            ],
            options={
                "ordering": ("name",),
            },
        ),
        migrations.CreateModel(
            name="SenderIdentity",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "workspace",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="identities", to="accounts.workspace"
                    ),
                ),
                (
                    "name",
                    models.CharField(
                        help_text="The person who signs: {your_name}.", max_length=120, verbose_name="name"
                    ),
                ),
                ("organisation", models.CharField(max_length=160)),
                (
                    "on_behalf_of",
                    models.CharField(
                        blank=True,
                        help_text="The client, if you write for one.",
                        max_length=160,
                        verbose_name="on behalf of",
                    ),
                ),
                (
                    "postal_address",
                    models.CharField(help_text="Shown in every first letter; many laws ask for it.", max_length=300),
                ),
                (
                    "privacy_notice_url",
                    models.URLField(
                        blank=True, help_text="A web address that readers can open.", verbose_name="privacy notice"
                    ),
                ),
                (
                    "signature",
                    models.TextField(blank=True, help_text="Empty: name and organisation.", max_length=1000),
                ),
                (
                    "site",
                    models.URLField(
                        blank=True, help_text="The site that links are for: {your_site}.", verbose_name="site"
                    ),
                ),
                ("is_default", models.BooleanField(default=False)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
            ],
            options={
                "verbose_name_plural": "sender identities",
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("is_default", True)),
                        fields=("workspace",),
                        name="one_default_identity_each",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="User",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("password", models.CharField(max_length=128, verbose_name="password")),
                ("last_login", models.DateTimeField(blank=True, null=True, verbose_name="last login")),
                (
                    "is_superuser",
                    models.BooleanField(
                        default=False,
                        help_text="Designates that this user has all permissions without explicitly assigning them.",
                        verbose_name="superuser status",
                    ),
                ),
                ("email", models.EmailField(max_length=254, unique=True, verbose_name="email address")),
                ("name", models.CharField(blank=True, max_length=120, verbose_name="your name")),
                ("is_active", models.BooleanField(default=True)),
                ("is_staff", models.BooleanField(default=False, verbose_name="may open the admin")),
                (
                    "last_workspace",
                    models.ForeignKey(
                        blank=True,
                        editable=False,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="accounts.workspace",
                    ),
                ),
                ("joined_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                (
                    "groups",
                    models.ManyToManyField(
                        blank=True,
                        help_text="The groups this user belongs to. A user will get all permissions granted to each of their groups.",
                        related_name="user_set",
                        related_query_name="user",
                        to="auth.group",
                        verbose_name="groups",
                    ),
                ),
                (
                    "user_permissions",
                    models.ManyToManyField(
                        blank=True,
                        help_text="Specific permissions for this user.",
                        related_name="user_set",
                        related_query_name="user",
                        to="auth.permission",
                        verbose_name="user permissions",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(django.db.models.functions.text.Lower("email"), name="user_email_any_case")
                ],
            },
        ),
        migrations.CreateModel(
            name="Invitation",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "workspace",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="invitations",
                        to="accounts.workspace",
                    ),
                ),
                ("email", models.EmailField(max_length=254)),
                (
                    "role",
                    models.CharField(
                        choices=[
                            ("owner", "Owner"),
                            ("marketer", "Marketer"),
                            ("compliance", "Compliance"),
                            ("viewer", "Viewer"),
                        ],
                        default="marketer",
                        max_length=12,
                    ),
                ),
                ("token_digest", models.CharField(editable=False, max_length=64, unique=True)),
                (
                    "invited_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ("expires_at", models.DateTimeField()),
                ("accepted_at", models.DateTimeField(blank=True, null=True)),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        models.F("workspace"),
                        django.db.models.functions.text.Lower("email"),
                        condition=models.Q(("accepted_at", None)),
                        name="one_open_invitation_each",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Membership",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="memberships",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "workspace",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="memberships",
                        to="accounts.workspace",
                    ),
                ),
                (
                    "role",
                    models.CharField(
                        choices=[
                            ("owner", "Owner"),
                            ("marketer", "Marketer"),
                            ("compliance", "Compliance"),
                            ("viewer", "Viewer"),
                        ],
                        max_length=12,
                    ),
                ),
                ("joined_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("user", "workspace"), name="one_membership_each")],
            },
        ),
        migrations.CreateModel(
            name="ApiKey",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "membership",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="api_keys", to="accounts.membership"
                    ),
                ),
                (
                    "name",
                    models.CharField(
                        help_text="What uses it, so that you know what stops when you revoke it.", max_length=80
                    ),
                ),
                ("prefix", models.CharField(editable=False, max_length=12)),
                ("digest", models.CharField(editable=False, max_length=64, unique=True)),
                ("scopes", models.JSONField(default=list)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ("last_used_at", models.DateTimeField(blank=True, editable=False, null=True)),
                ("revoked_at", models.DateTimeField(blank=True, editable=False, null=True)),
            ],
            options={
                "ordering": ("-created_at",),
            },
        ),
    ]
