from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("compliance", "0005_consent_and_privacy"),
    ]

    operations = [
        migrations.AddField(
            model_name="sendrecord",
            name="campaign",
            field=models.CharField(blank=True, default="", max_length=40),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="sendrecord",
            name="bounced_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="sendrecord",
            name="complained_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="sendrecord",
            name="opted_out_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddIndex(
            model_name="sendrecord",
            index=models.Index(fields=["mailbox_id", "counted_at"], name="ledger_by_mailbox"),
        ),
        migrations.AddIndex(
            model_name="sendrecord",
            index=models.Index(
                condition=models.Q(("bounced_at__isnull", False)), fields=["bounced_at"], name="ledger_bounced"
            ),
        ),
        migrations.AddIndex(
            model_name="sendrecord",
            index=models.Index(
                condition=models.Q(("complained_at__isnull", False)), fields=["complained_at"], name="ledger_complained"
            ),
        ),
        migrations.AddIndex(
            model_name="sendrecord",
            index=models.Index(fields=["subject"], name="ledger_by_subject"),
        ),
        migrations.RemoveIndex(model_name="sendrecord", name="ledger_unsettled"),
        migrations.AddIndex(
            model_name="sendrecord",
            index=models.Index(
                condition=models.Q(("state", "reserved"), ("state", "uncertain"), _connector="OR"),
                fields=["workspace", "counted_at"],
                name="ledger_unsettled",
            ),
        ),
        migrations.AddIndex(
            model_name="auditentry",
            index=models.Index(
                condition=models.Q(("policy_result", "blocked"), ("policy_result", "deferred"), _connector="OR"),
                fields=["workspace_id", "recorded_at"],
                name="audit_refusals",
            ),
        ),
    ]
