from django.db import migrations

from governance.assessments import guard


def install(apps, schema_editor):
    guard.install(schema_editor.connection)


def remove(apps, schema_editor):
    guard.remove(schema_editor.connection)


class Migration(migrations.Migration):
    dependencies = [("assessments", "0002_written_once")]
    operations = [migrations.RunPython(install, remove)]
