from django.db import migrations

from governance.systems import frozen

TABLES = ("assessments_comment",)


def install(apps, schema_editor):
    frozen.install(schema_editor.connection, TABLES)


def remove(apps, schema_editor):
    frozen.remove(schema_editor.connection, TABLES)


class Migration(migrations.Migration):
    dependencies = [("assessments", "0001_initial")]
    operations = [migrations.RunPython(install, remove)]
