from django.db import migrations, models


def fill(apps, schema_editor):
    """One update: an attempt stands where its campaign does."""
    Attempt, Campaign = apps.get_model("campaigns", "Attempt"), apps.get_model("campaigns", "Campaign")
    workspace = Campaign.objects.filter(pk=models.OuterRef("campaign")).values("workspace")
    Attempt.objects.filter(workspace=None).update(workspace=models.Subquery(workspace))


class Migration(migrations.Migration):
    dependencies = [("campaigns", "0006_workspace_of_attempts")]

    operations = [migrations.RunPython(fill, migrations.RunPython.noop, elidable=True)]
