from django.db import migrations, models

import compliance.fields
import django.db.models.deletion
from compliance import triggers


def append_only(apps, schema_editor):
    triggers.install(schema_editor.connection)


class Migration(migrations.Migration):
    dependencies = [
        ("compliance", "0003_proof_and_never_pitch"),
    ]

    operations = [
        migrations.AlterField(
            model_name="auditentry",
            name="checks",
            field=compliance.fields.WrittenJSON(default=list),
        ),
        migrations.AlterField(
            model_name="auditentry",
            name="details",
            field=compliance.fields.WrittenJSON(default=dict),
        ),
        migrations.CreateModel(
            name="AuditSeal",
            fields=[
                ("seq", models.BigIntegerField(primary_key=True, serialize=False)),
                ("digest", models.CharField(max_length=64)),
                ("sealed_at", models.DateTimeField()),
                ("checkpoint", models.CharField(blank=True, max_length=64)),
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
            ],
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
        # Last: whatever remakes these tables on SQLite loses their triggers.
        migrations.RunPython(append_only, migrations.RunPython.noop),
    ]
