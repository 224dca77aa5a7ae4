from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [('campaigns', '0004_no_begun_at')]

    operations = [
        migrations.RemoveIndex(model_name='attempt', name='attempts_of_no_step'),
        migrations.AddIndex(
            model_name='attempt',
            index=models.Index(
                condition=models.Q(
                    ('lease_token__isnull', True),
                    ('state', 'queued'),
                    models.Q(('step__isnull', True), ('is_single', True), _connector='OR'),
                ),
                fields=['mailbox', 'kind', 'due_at', 'id'],
                name='attempts_one_by_one',
            ),
        ),
    ]
