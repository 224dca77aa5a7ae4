import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

COLUMNS = (
    "approved_by",
    "campaign",
    "cool_off_waived_by",
    "identity",
    "lead",
    "mailbox",
    "refusal_waived_by",
    "step",
    "template",
    "user",
)


def drop(apps, schema_editor):
    """Indexes of foreign keys that no question needs: each was written with every move of a letter."""
    Attempt = apps.get_model("campaigns", "Attempt")
    for name in COLUMNS:
        column = Attempt._meta.get_field(name).column
        for index in schema_editor._constraint_names(Attempt, [column], index=True, unique=False, primary_key=False):
            schema_editor.execute(schema_editor._delete_constraint_sql(schema_editor.sql_delete_index, Attempt, index))


def make_again(apps, schema_editor):
    Attempt = apps.get_model("campaigns", "Attempt")
    for name in COLUMNS:
        schema_editor.execute(schema_editor._create_index_sql(Attempt, fields=[Attempt._meta.get_field(name)]))


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0005_calls_are_counted'),
        ('campaigns', '0026_where_test_letters_arrive'),
        ('mailboxes', '0008_copies_of_what_was_sent'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RemoveIndex(
            model_name='attempt',
            name='attempts_due',
        ),
        migrations.RemoveIndex(
            model_name='attempt',
            name='attempts_in_turn',
        ),
        migrations.RemoveIndex(
            model_name='attempt',
            name='attempts_of_no_step',
        ),
        migrations.SeparateDatabaseAndState(
            # Not as AlterField would do it: SQLite would write the whole table anew for each of them.
            database_operations=[migrations.RunPython(drop, make_again, elidable=True)],
            state_operations=[
                migrations.AlterField(
                    model_name='attempt',
                    name='approved_by',
                    field=models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL),
                ),
                migrations.AlterField(
                    model_name='attempt',
                    name='campaign',
                    field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='attempts', to='campaigns.campaign'),
                ),
                migrations.AlterField(
                    model_name='attempt',
                    name='cool_off_waived_by',
                    field=models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL),
                ),
                migrations.AlterField(
                    model_name='attempt',
                    name='identity',
                    field=models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='accounts.senderidentity'),
                ),
                migrations.AlterField(
                    model_name='attempt',
                    name='lead',
                    field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='attempts', to='campaigns.lead'),
                ),
                migrations.AlterField(
                    model_name='attempt',
                    name='mailbox',
                    field=models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='mailboxes.mailbox'),
                ),
                migrations.AlterField(
                    model_name='attempt',
                    name='refusal_waived_by',
                    field=models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL),
                ),
                migrations.AlterField(
                    model_name='attempt',
                    name='step',
                    field=models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='campaigns.step'),
                ),
                migrations.AlterField(
                    model_name='attempt',
                    name='template',
                    field=models.ForeignKey(db_index=False, editable=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='campaigns.template'),
                ),
                migrations.AlterField(
                    model_name='attempt',
                    name='user',
                    field=models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL),
                ),
            ],
        ),
        migrations.AddIndex(
            model_name='attempt',
            index=models.Index(condition=models.Q(('lease_token__isnull', True), ('state', 'queued')), fields=['mailbox', 'due_at', 'id'], name='attempts_due'),
        ),
        migrations.AddIndex(
            model_name='attempt',
            index=models.Index(condition=models.Q(('lease_token__isnull', True), ('state', 'queued')), fields=['mailbox', 'campaign', 'due_at', 'id'], name='attempts_in_turn'),
        ),
        migrations.AddIndex(
            model_name='attempt',
            index=models.Index(condition=models.Q(('lease_token__isnull', True), ('state', 'queued'), ('step__isnull', True)), fields=['mailbox', 'kind', 'due_at', 'id'], name='attempts_of_no_step'),
        ),
        migrations.AddIndex(
            model_name='attempt',
            index=models.Index(condition=models.Q(('template__isnull', False)), fields=['template'], name='attempts_from_template'),
        ),
        migrations.AddIndex(
            model_name='attempt',
            index=models.Index(condition=models.Q(('approved_by__isnull', False)), fields=['approved_by'], name='attempts_approved'),
        ),
        migrations.AddIndex(
            model_name='attempt',
            index=models.Index(condition=models.Q(('cool_off_waived_by__isnull', False)), fields=['cool_off_waived_by'], name='attempts_cool_off_waived'),
        ),
        migrations.AddIndex(
            model_name='attempt',
            index=models.Index(condition=models.Q(('refusal_waived_by__isnull', False)), fields=['refusal_waived_by'], name='attempts_refusal_waived'),
        ),
    ]
