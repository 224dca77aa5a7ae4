import django.core.validators
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("accounts", "0001_initial")]

    operations = [
        migrations.AddField(
            model_name="workspace",
            name="cool_off_days",
            field=models.PositiveSmallIntegerField(
                default=90,
                validators=[django.core.validators.MaxValueValidator(730)],
                verbose_name="days between letters to one site",
            ),
        ),
        migrations.AddField(
            model_name="workspace",
            name="first_letters",
            field=models.PositiveSmallIntegerField(
                default=10,
                validators=[django.core.validators.MaxValueValidator(1000)],
                verbose_name="first letters to approve",
            ),
        ),
        migrations.AddField(
            model_name="workspace",
            name="look_at_regions",
            field=models.JSONField(blank=True, default=list),
        ),
    ]
