from django.db import migrations

NAMES = {
    "talking": "Talking",
    "topic_agreed": "Topic agreed",
    "draft_sent": "Draft sent",
    "awaiting_publication": "Awaiting publication",
    "payment_due": "Payment due",
}


def fill(apps, schema_editor):
    """A lead's stage is the name of one of its workspace's: those that were fixed keep theirs."""
    Lead = apps.get_model("campaigns", "Lead")
    for value, name in NAMES.items():
        Lead.objects.filter(stage=value).update(stage=name)


def empty(apps, schema_editor):
    """Back to the fixed ones. A stage of somebody's own has no value there."""
    Lead = apps.get_model("campaigns", "Lead")
    for value, name in NAMES.items():
        Lead.objects.filter(stage=name).update(stage=value)
    Lead.objects.exclude(stage="").exclude(stage__in=NAMES).update(stage="")


class Migration(migrations.Migration):
    dependencies = [("campaigns", "0020_stages_of_ones_own")]

    operations = [migrations.RunPython(fill, empty, elidable=True)]
