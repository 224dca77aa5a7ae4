import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models

REASONS = [
    ("manual", "Added by hand"),
    ("not_interested", "Said no"),
    ("opt_out", "Asked to be removed"),
    ("unsubscribe", "Used the unsubscribe link"),
    ("hard_bounce", "The address does not exist"),
    ("complaint", "Reported our letter as spam"),
    ("erasure", "Asked for erasure"),
]


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0002_what_a_person_looks_at"),
        ("compliance", "0002_find_by_beginning"),
    ]

    operations = [
        migrations.AddField(
            model_name="sendrecord",
            name="found_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="sendrecord",
            name="found_passage",
            field=models.CharField(blank=True, max_length=500),
        ),
        migrations.AddField(
            model_name="sendrecord",
            name="found_url",
            field=models.CharField(blank=True, max_length=500),
        ),
        migrations.AddField(
            model_name="sendrecord",
            name="ground",
            field=models.CharField(blank=True, max_length=12),
        ),
        migrations.AddField(
            model_name="sendrecord",
            name="region_source",
            field=models.CharField(blank=True, max_length=20),
        ),
        migrations.CreateModel(
            name="NeverPitch",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
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
                (
                    "workspace",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="accounts.workspace"
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "sites never to pitch",
                "constraints": [
                    models.UniqueConstraint(fields=("workspace", "domain"), name="never_pitch_once"),
                ],
            },
        ),
        migrations.CreateModel(
            name="SuppressionImport",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=200)),
                ("reason", models.CharField(choices=REASONS, max_length=16)),
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
                (
                    "workspace",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="accounts.workspace"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="ImportFault",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("line", models.PositiveIntegerField()),
                ("text", models.CharField(max_length=320)),
                ("sentence", models.CharField(max_length=300)),
                (
                    "run",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="faults",
                        to="compliance.suppressionimport",
                    ),
                ),
            ],
            options={"ordering": ("pk",)},
        ),
    ]
