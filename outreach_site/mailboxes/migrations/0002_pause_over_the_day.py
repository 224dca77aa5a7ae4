import django.core.validators
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("mailboxes", "0001_squashed")]

    operations = [
        migrations.AlterField(
            model_name="mailbox",
            name="min_gap_seconds",
            field=models.PositiveIntegerField(
                default=5,
                help_text="At least this long passes between two letters, and campaigns are spread over the hour and "
                "the day. 0: no pause, and nothing is spread.",
                validators=[django.core.validators.MaxValueValidator(3600)],
                verbose_name="pause between letters, in seconds",
            ),
        )
    ]
