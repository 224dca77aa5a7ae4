from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("desk", "0001_initial")]

    operations = [
        # A heartbeat is a minute old at most: nothing is lost with the table.
        migrations.DeleteModel(name="Heartbeat"),
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
    ]
