
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0004_restored_from_a_backup'),
        ('campaigns', '0011_discovery'),
        ('mailboxes', '0004_a_rest_of_its_own'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name='attempt',
            name='is_single',
            field=models.BooleanField(default=False, editable=False),
        ),
        migrations.AddField(
            model_name='campaign',
            name='is_direct',
            field=models.BooleanField(default=False, editable=False),
        ),
        migrations.AddConstraint(
            model_name='campaign',
            constraint=models.UniqueConstraint(condition=models.Q(('is_direct', True)), fields=('workspace',), name='one_direct_campaign_each'),
        ),
    ]
