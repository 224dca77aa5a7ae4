from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("campaigns", "0021_name_the_stages")]

    operations = [
        migrations.AddField(
            model_name="attempt",
            name="must_be_read",
            field=models.BooleanField(default=False, editable=False),
        ),
    ]
