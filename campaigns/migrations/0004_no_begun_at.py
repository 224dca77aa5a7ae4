from django.db import migrations, models


def forget(apps, schema_editor):
    """A database that was made by the first form of 0003 has a column that nothing fills, and that must be filled."""
    changes, connection = apps.get_model('campaigns', 'StepChange'), schema_editor.connection
    with connection.cursor() as cursor:
        columns = {each.name for each in connection.introspection.get_table_description(cursor, changes._meta.db_table)}
    if 'begun_at' in columns:
        field = models.DateTimeField()
        field.set_attributes_from_name('begun_at')
        field.model = changes
        schema_editor.remove_field(changes, field)


class Migration(migrations.Migration):
    dependencies = [('campaigns', '0003_what_is_left_to_do')]

    operations = [migrations.RunPython(forget, migrations.RunPython.noop, elidable=True)]
