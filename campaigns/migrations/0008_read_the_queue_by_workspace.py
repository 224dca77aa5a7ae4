import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("campaigns", "0007_fill_workspace_of_attempts")]

    operations = [
        migrations.AlterField(
            model_name="attempt",
            name="workspace",
            field=models.ForeignKey(
                db_index=False,
                editable=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="+",
                to="accounts.workspace",
            ),
        ),
        migrations.AddIndex(
            model_name="attempt",
            index=models.Index(fields=["workspace", "state", "-id"], name="attempts_by_state"),
        ),
        migrations.AddIndex(
            model_name="attempt",
            index=models.Index(
                condition=models.Q(("state", "queued")), fields=["workspace", "due_at", "id"], name="attempts_next"
            ),
        ),
    ]
