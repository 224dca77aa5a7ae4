import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    """Adds: filled and tightened by the next two."""

    dependencies = [
        ("accounts", "0001_initial"),
        ("mailboxes", "0001_initial"),
        ("campaigns", "0005_what_waits_in_turn"),
    ]

    operations = [
        migrations.AddField(
            model_name="attempt",
            name="workspace",
            field=models.ForeignKey(
                db_index=False,
                editable=False,
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="+",
                to="accounts.workspace",
            ),
        ),
        migrations.CreateModel(
            name="Session",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("host", models.CharField(max_length=120)),
                ("began_at", models.DateTimeField()),
                ("ended_at", models.DateTimeField()),
                ("sent", models.PositiveIntegerField(default=0)),
                ("not_sent", models.PositiveIntegerField(default=0)),
                ("uncertain", models.PositiveIntegerField(default=0)),
                ("trouble", models.CharField(blank=True, max_length=500)),
                (
                    "mailbox",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="mailboxes.mailbox",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(fields=["mailbox", "-id"], name="sessions_of_mailbox"),
                    models.Index(fields=["ended_at"], name="sessions_by_age"),
                ],
            },
        ),
    ]
