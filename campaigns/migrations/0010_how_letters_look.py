from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("campaigns", "0009_letters_of_no_step"),
    ]

    operations = [
        migrations.AddField(
            model_name="attempt",
            name="letterhead",
            field=models.JSONField(default=dict, editable=False),
        ),
        migrations.AddField(
            model_name="campaign",
            name="language",
            field=models.CharField(
                blank=True,
                choices=[
                    ("en", "English"),
                    ("de", "German"),
                    ("fr", "French"),
                    ("es", "Spanish"),
                    ("it", "Italian"),
                    ("pt", "Portuguese"),
                    ("nl", "Dutch"),
                    ("pl", "Polish"),
                ],
                max_length=2,
                verbose_name="language of its letters",
            ),
        ),
        migrations.AddField(
            model_name="campaign",
            name="reply_to",
            field=models.EmailField(blank=True, max_length=254, verbose_name="answers go to"),
        ),
        migrations.AddField(
            model_name="campaign",
            name="with_html",
            field=models.BooleanField(default=False, verbose_name="also as HTML"),
        ),
    ]
